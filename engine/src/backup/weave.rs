//! Weaves a backup into the past: it follows its predecessor in time, and its segment follows the newest commit.
//!
//! *Invariant*: a segment leads from the newest commit to this backup, so every vector in which its predecessor in time
//! differs from the newest commit is written, those of types that it did not read included.

use std::sync::Arc;

use super::basis::Basis;
use super::by_name::ByName;
use super::links::ResolvedLinks;
use super::resolved::ResolvedType;
use crate::manifest::Manifest;
use crate::state::VectorKind;
use crate::{Result, Warning};

/// Takes up every table of the store, so that what differs between the newest commit and the predecessor in time is
/// written; warns of later backups that go on with what they carried from before.
pub(super) fn touch_all(basis: &Basis, types: &mut ByName<ResolvedType>) -> Result<Vec<Warning>> {
    if basis.base.is_none() {
        return Ok(Vec::new());
    }
    let warnings = warn_of_carried(basis, types);
    for key in basis.state.tables.keys() {
        let found = types.get_or_insert(&key.type_token, |token| ResolvedType::untouched(basis, token))?;
        if let VectorKind::Links(relation) = &key.kind {
            found.links.get_or_insert(relation, |_| ResolvedLinks::untouched(basis, key.clone()))?;
        }
    }
    Ok(warnings)
}

/// A later backup that did not read a type keeps what was known when it was made: it is committed, and stays as it is.
fn warn_of_carried(basis: &Basis, types: &ByName<ResolvedType>) -> Vec<Warning> {
    let Some(next) = basis.state.manifests.get(basis.earlier().len()) else { return Vec::new() };
    let carried = carried_by(next, types).into_iter().map(|(token, count)| Warning {
        type_token: token.to_string(),
        reason: format!(
            "the next backup, {} of {}, did not read these, and goes on with what was known before this one",
            next.id, next.taken_at
        ),
        count,
    });
    carried.collect()
}

/// The types that a later backup did not read, and how many of their objects this one changed.
fn carried_by(next: &Manifest, types: &ByName<ResolvedType>) -> Vec<(Arc<str>, u64)> {
    let unread = types.iter().filter(|(token, _)| !next.coverage.contains_key(&***token));
    let changed = unread.map(|(token, found)| {
        let core = &found.core;
        let mut changed: roaring::RoaringBitmap =
            core.old.changed(&core.new).iter().map(|slot| slot.ordinal).collect();
        for links in found.links.values() {
            changed.extend(links.old.changed(&links.new).iter().map(|slot| slot.ordinal));
        }
        (Arc::clone(token), changed.len())
    });
    changed.filter(|(_, count)| *count > 0).collect()
}
