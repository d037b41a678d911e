//! The points in time of a store at one HEAD: which backup a name means, and snapshots, of which the last few stay in
//! memory.

use std::sync::{Arc, Mutex, PoisonError};

use crate::snapshot::Snapshot;
use crate::state::State;
use crate::{BackupId, BackupSummary, Point, Result};

/// Snapshots whose vectors stay in memory.
const KEPT_COUNT_MAX: usize = 4;

/// The snapshots of a store.
pub(crate) struct Snapshots {
    state: Arc<State>,
    /// The one that was used last is the last.
    kept: Mutex<Vec<Snapshot>>,
}

impl Snapshots {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state, kept: Mutex::default() }
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The backup that a point in time names.
    pub(crate) fn resolve(&self, point: &Point) -> Result<&BackupSummary> {
        point.choose(&self.state.summaries, &self.state.commits)
    }

    /// The snapshot of a backup.
    pub(crate) fn of(&self, backup: &BackupId) -> Result<Snapshot> {
        Ok(self.at(self.sequence_of(backup)?))
    }

    pub(crate) fn sequence_of(&self, backup: &BackupId) -> Result<u64> {
        let chosen = self.resolve(&Point::Id(*backup))?;
        let index = self.state.commits.iter().position(|commit| commit.id == chosen.id);
        Ok(self.state.sequence_at(index.expect("backups are commits") as u64 + 1))
    }

    /// The snapshot of a commit.
    pub(crate) fn at(&self, sequence: u64) -> Snapshot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = kept.iter().position(|snapshot| snapshot.sequence() == sequence) {
            let snapshot = kept.remove(index);
            kept.push(snapshot.clone());
            return snapshot;
        }
        if kept.len() == KEPT_COUNT_MAX {
            kept.remove(0);
        }
        let snapshot = Snapshot::new(Arc::clone(&self.state), sequence);
        kept.push(snapshot.clone());
        snapshot
    }

    /// The snapshot of a commit; before all of them, an empty snapshot.
    pub(crate) fn at_or_empty(&self, sequence: u64) -> Snapshot {
        if sequence > 0 { self.at(sequence) } else { Snapshot::new(Arc::clone(&self.state), 0) }
    }
}
