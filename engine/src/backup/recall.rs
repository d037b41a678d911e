//! Finds earlier versions of objects: a content that returns gets the version it had.
//!
//! A version names its predecessor, so an older version does not lead to a newer one; the changed slots of recent
//! commits hold the slots before them.

use std::collections::HashMap;

use super::table::Patch;
use crate::Result;
use crate::rows::Rows;
use crate::state::{State, TableKey};
use crate::vector::Vector;

/// Commits that are looked through, at most: each may have to be opened.
const SEGMENT_COUNT_MAX: u64 = 32;
/// Changed slots that are looked through, at most, some nanoseconds each.
const SLOT_COUNT_MAX: usize = 1 << 20;

/// Versions of objects to which the present ones do not lead back.
#[derive(Debug, Default)]
pub(super) struct Recalled(HashMap<u32, Vec<u32>>);

impl Recalled {
    /// Looks through the newest commits, and at the vector of the newest one, where a backup is woven into the past.
    pub(super) fn read(
        state: &State,
        key: &TableKey,
        ordinals: impl Iterator<Item = u32>,
        later: Option<&Vector>,
    ) -> Result<Self> {
        let wanted: roaring::RoaringBitmap = ordinals.collect();
        let mut recalled = Self::default();
        if wanted.is_empty() {
            return Ok(recalled);
        }
        for ordinal in later.iter().flat_map(|_| &wanted) {
            recalled.add(ordinal, later.map_or(0, |later| later.get(ordinal).version()));
        }
        let newest = state.newest();
        let mut slot_count = 0;
        for sequence in (newest.saturating_sub(SEGMENT_COUNT_MAX) + 1..=newest).rev() {
            let segment = state.segment(sequence)?;
            let Some(entry) = segment.slots(key) else { continue };
            slot_count += entry.count as usize;
            if slot_count > SLOT_COUNT_MAX {
                break;
            }
            for slot in segment.changed_slots(entry)?.iter().filter(|slot| wanted.contains(slot.ordinal)) {
                recalled.add(slot.ordinal, slot.old.version());
            }
        }
        Ok(recalled)
    }

    fn add(&mut self, ordinal: u32, version: u32) {
        if version > 0 {
            let known = self.0.entry(ordinal).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
    }

    /// A version of an object with the contents that a patch makes, if there is one.
    pub(super) fn find(&self, rows: &Rows<'_>, ordinal: u32, patch: &Patch) -> Result<Option<u32>> {
        let mut version = patch.predecessor;
        while version > 0 {
            if rows.content_hash(version)? == patch.hash {
                return Ok(Some(version));
            }
            version = rows.predecessor(version)?;
        }
        for &version in self.0.get(&ordinal).into_iter().flatten() {
            if rows.content_hash(version)? == patch.hash {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }
}
