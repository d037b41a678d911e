//! What a backup builds on: the store when it began, the backup before it in time, and the newest commit.
//!
//! *Invariant*: a segment leads from the newest commit to its backup. Where a backup is woven into the past, that commit
//! is not its predecessor in time.

use std::sync::Arc;

use crate::manifest::Manifest;
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::state::{State, TableKey};
use crate::vector::Vector;
use crate::{BackupDetails, Error, Result};

/// What a backup builds on. It does not change while the backup is made.
pub(super) struct Basis {
    pub(super) state: Arc<State>,
    /// The backup before it in time: what is not read is as it was then.
    pub(super) previous: Option<Snapshot>,
    /// The newest commit, when that is another one: what a segment holds are the changes since then.
    pub(super) base: Option<Snapshot>,
    /// The number of this backup in the order of commits.
    pub(super) sequence: u64,
    /// Type tokens by the number that the import cache gives them.
    pub(super) cache_types: Vec<Arc<str>>,
}

impl Basis {
    /// Refuses what is older than the newest backup, unless that is meant so.
    pub(super) fn new(snapshots: &Snapshots, details: &BackupDetails) -> Result<Self> {
        let state = Arc::clone(snapshots.state());
        if let Some(newest) = state.summaries.last()
            && newest.taken_at > details.taken_at
            && !details.insert
        {
            return Err(Error::OutOfOrder {
                taken_at: details.taken_at,
                newest: newest.id,
                newest_at: newest.taken_at,
                origin: details.source.clone(),
            });
        }
        let (before, newest) = (state.predecessor_at(details.taken_at), state.newest());
        Ok(Self {
            previous: (before > 0).then(|| snapshots.at(before)),
            base: (before != newest).then(|| snapshots.at(newest)),
            sequence: newest + 1,
            cache_types: state.cache_types(),
            state,
        })
    }

    /// Refuses a backup that ended at another position in time than the one at which it began: what it did not read was
    /// taken from the backup before that position.
    pub(super) fn check_time(&self, details: &BackupDetails) -> Result<()> {
        let state = &self.state;
        if state.predecessor_at(details.taken_at) == self.previous_sequence() {
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

    /// The manifests of the backups before this one, in the order of time.
    pub(super) fn earlier(&self) -> &[Arc<Manifest>] {
        self.state.manifests_up_to(self.previous_sequence())
    }

    /// A vector as it was before this backup.
    pub(super) fn vector(&self, key: &TableKey) -> Result<Vector> {
        self.vector_at(self.previous.as_ref(), key)
    }

    /// A vector of the newest commit; nothing when that is the predecessor in time.
    pub(super) fn base_vector(&self, key: &TableKey) -> Result<Option<Arc<Vector>>> {
        self.base.as_ref().map(|base| base.vector(key)).transpose()
    }

    /// The versions of the newest commit; nothing when that is the predecessor in time.
    pub(super) fn later(&self, key: &TableKey) -> Result<Option<Vector>> {
        self.base.as_ref().map(|base| self.vector_at(Some(base), key)).transpose()
    }

    /// Ordinals that were objects once and were live under no type before this backup.
    pub(super) fn gone(&self) -> Result<roaring::RoaringBitmap> {
        match &self.previous {
            Some(previous) => Ok(previous.gone()?.clone()),
            None => Ok(roaring::RoaringBitmap::new()),
        }
    }

    /// Ordinals that were objects once and were live under no type at the newest commit.
    pub(super) fn gone_at_base(&self) -> Result<roaring::RoaringBitmap> {
        match &self.base {
            Some(base) => Ok(base.gone()?.clone()),
            None => self.gone(),
        }
    }

    fn previous_sequence(&self) -> u64 {
        self.previous.as_ref().map_or(0, Snapshot::sequence)
    }

    fn vector_at(&self, snapshot: Option<&Snapshot>, key: &TableKey) -> Result<Vector> {
        match snapshot {
            Some(snapshot) if self.state.tables.contains_key(key) => Ok((*snapshot.vector(key)?).clone()),
            _ => Ok(Vector::default()),
        }
    }
}
