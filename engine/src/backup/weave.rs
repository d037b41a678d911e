//! Weaves a backup into the past: it comes after its predecessor in time, and its segment after the newest commit.
//!
//! *Invariant*: a segment leads from the newest commit to this backup, so every vector in which its predecessor in time
//! differs from the newest commit is written, those of types that it did not read included.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Backup, TypeWork};
use crate::manifest::Manifest;
use crate::rows::Rows;
use crate::snapshot::Snapshot;
use crate::state::{Part, State, TableKey};
use crate::vector::Vector;
use crate::{BackupDetails, Error, Result, Warning};

/// Refuses what is older than the newest backup, unless that is meant so.
pub(super) fn check_order(state: &State, details: &BackupDetails) -> Result<()> {
    match state.summaries.last() {
        Some(newest) if newest.taken_at > details.taken_at && !details.insert => Err(Error::OutOfOrder {
            taken_at: details.taken_at,
            newest: newest.id,
            newest_at: newest.taken_at,
            origin: details.source.clone(),
        }),
        _ => Ok(()),
    }
}

/// Refuses a backup that ended up at another place in time than the one at which it began: what it did not read was
/// taken from the backup before that place.
pub(super) fn check_place(backup: &Backup<'_>) -> Result<()> {
    let (state, details) = (&backup.state, &backup.details);
    let before = backup.previous.as_ref().map_or(0, Snapshot::sequence);
    if state.predecessor_at(details.taken_at) == before {
        return Ok(());
    }
    let other = state.commits.iter().rev().find(|commit| commit.taken_at <= details.taken_at);
    let Some(other) = other.or(state.commits.first()) else { return Ok(()) };
    Err(Error::OutOfOrder {
        taken_at: details.taken_at,
        newest: other.id,
        newest_at: other.taken_at,
        origin: details.source.clone(),
    })
}

/// Takes up every table of the store, so that what differs between the newest commit and the predecessor in time is
/// written; says which later backups go on with what they carried from before.
pub(super) fn touch_all(backup: &mut Backup<'_>) -> Result<()> {
    if backup.base.is_none() {
        return Ok(());
    }
    warn_of_carried(backup);
    let state = Arc::clone(&backup.state);
    for key in state.tables.keys() {
        backup.type_work(&key.type_token)?;
        if let Part::Links(relation) = &key.part {
            let work = backup.types.get_mut(&key.type_token).expect("made above");
            work.relation(&state, backup.previous.as_ref(), &key.type_token, relation)?;
        }
    }
    Ok(())
}

/// A later backup that did not read a type keeps what was known when it was made: it is committed, and stays as it is.
fn warn_of_carried(backup: &mut Backup<'_>) {
    let state = Arc::clone(&backup.state);
    let before = backup.previous.as_ref().map_or(0, Snapshot::sequence);
    let Some(next) = state.manifests.get(state.manifests_up_to(before).len()) else { return };
    for (token, count) in carried_by(next, &backup.types) {
        backup.warnings.push(Warning {
            type_token: token.to_string(),
            reason: format!(
                "the next backup, {} of {}, did not read these, and goes on with what was known before this one",
                next.id, next.taken_at
            ),
            count,
        });
    }
}

/// The types that a later backup did not read, and how many of their objects this one changed.
fn carried_by(next: &Manifest, types: &BTreeMap<Arc<str>, TypeWork>) -> Vec<(Arc<str>, u64)> {
    let unread = types.iter().filter(|(token, _)| !next.coverage.contains_key(&***token));
    let changed = unread.map(|(token, work)| {
        let mut changed: roaring::RoaringBitmap =
            work.core.old.changed(&work.core.new).iter().map(|slot| slot.ordinal).collect();
        for links in work.links.values() {
            changed.extend(links.old.changed(&links.new).iter().map(|slot| slot.ordinal));
        }
        (Arc::clone(token), changed.len())
    });
    changed.filter(|(_, count)| *count > 0).collect()
}

impl TypeWork {
    /// The version of an object in the newest commit, when it has this content: what is woven into the past may be known
    /// from later.
    pub(super) fn find_later(&self, rows: &Rows<'_>, ordinal: u32, hash: &[u8; 16]) -> Result<Option<u32>> {
        let version = self.later.as_ref().map_or(0, |later| later.get(ordinal).version());
        Ok((version > 0 && rows.content_hash(version)? == *hash).then_some(version))
    }
}

impl Backup<'_> {
    /// Ordinals that were objects once and were live under no type before this backup.
    pub(super) fn gone_before(&self) -> Result<roaring::RoaringBitmap> {
        match &self.previous {
            Some(previous) => Ok(previous.gone()?.clone()),
            None => Ok(roaring::RoaringBitmap::new()),
        }
    }

    /// Ordinals that were objects once and were live under no type at the newest commit.
    pub(super) fn gone_at_base(&self) -> Result<roaring::RoaringBitmap> {
        match &self.base {
            Some(base) => Ok(base.gone()?.clone()),
            None => self.gone_before(),
        }
    }

    /// What of a vector this backup has before it in the order of commits; nothing when that is its predecessor in time.
    pub(super) fn base_vector(&self, key: &TableKey) -> Result<Option<Arc<Vector>>> {
        self.base.as_ref().map(|base| base.vector(key)).transpose()
    }
}

/// A vector as it was before a backup.
pub(super) fn old_vector(state: &State, previous: Option<&Snapshot>, key: &TableKey) -> Result<Vector> {
    match previous {
        Some(previous) if state.tables.contains_key(key) => Ok((*previous.vector(key)?).clone()),
        _ => Ok(Vector::default()),
    }
}
