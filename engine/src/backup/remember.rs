//! Which objects the import cache may name: those of which the store holds just what their raw text says.
//!
//! What was carried forward, came apart from the object, or is dormant does not stand in the text. If such an
//! object were passed on unparsed, the next backup would come out differently with the import cache than without it.

use std::sync::Arc;

use super::{Backup, TypeWork};
use crate::Result;
use crate::link_sets::EMPTY_SET;
use crate::state::Part;
use crate::vector::Vector;

/// Tells for one type which of its objects may be remembered.
pub(super) struct Rememberable<'a> {
    work: &'a TypeWork,
    /// Relations that were not read this time.
    carried: Vec<Arc<Vector>>,
}

impl<'a> Rememberable<'a> {
    pub(super) fn new(backup: &Backup<'_>, token: &str, work: &'a TypeWork) -> Result<Self> {
        let mut carried = Vec::new();
        for key in backup.state.tables.keys().filter(|key| *key.type_token == *token) {
            let Part::Links(relation) = &key.part else { continue };
            if let Some(previous) = backup.previous.as_ref().filter(|_| !work.links.contains_key(relation)) {
                carried.push(previous.vector(key)?);
            }
        }
        Ok(Self { work, carried })
    }

    pub(super) fn contains(&self, ordinal: u32) -> bool {
        // An object that the import cache knew said all of itself last time already.
        let is_unchanged = self.work.unchanged.contains(ordinal);
        let is_listed = self.work.links.values().all(|links| {
            let new = links.new.get(ordinal);
            !links.foreign.contains(ordinal)
                && (new.version() <= EMPTY_SET
                    || links.observed.contains(ordinal)
                    || (is_unchanged && new == links.old.get(ordinal)))
        });
        let has_carried = || self.carried.iter().any(|vector| vector.get(ordinal).version() > EMPTY_SET);
        !self.work.carries_properties && is_listed && (is_unchanged || !has_carried())
    }
}
