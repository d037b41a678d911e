//! Begins backups, and reads those of a store: objects by name, differences, histories, coverage, sizes, faults.
//!
//! Each answer is made by a module of its own, of snapshots alone.

use std::path::Path;
use std::sync::Arc;

use super::Store;
use crate::change::Change;
use crate::coverage::{self, Coverage, Unread};
use crate::difference::{self, ChangedObject, Difference, DifferenceFilter};
use crate::disk::{Disk, RealDisk};
use crate::statistics::{self, Statistics};
use crate::verify::{self, Depth, Verification};
use crate::{Backup, BackupDetails, BackupId, BackupSummary, ObjectKey, Result, find, leftover, scan};

impl Store {
    /// Begins a backup: takes the writers' lock, held until the backup is committed or dropped.
    ///
    /// # Errors
    /// `Locked` while another process writes, `OtherTenant`, `Damaged` or `Disk`.
    pub fn begin(&mut self, details: BackupDetails) -> Result<Backup<'_>> {
        let lock = self.lock_writer(&format!("{} of {}", details.source, details.read_from))?;
        self.refresh()?;
        leftover::remove_temporary(&*self.state().disk, &self.state().root);
        Backup::begin(self, lock, details)
    }

    /// Finds an object by ID, or by user principal name, display name or application ID when just one object has
    /// it. Looks at `backup` first, and at all other backups when it is not there.
    ///
    /// # Errors
    /// `NoObject` with the nearest names, `Ambiguous`, `NoBackup`, `Damaged` or `Disk`.
    pub fn find(&self, name: &str, backup: &BackupId) -> Result<ObjectKey> {
        find::find(&self.snapshots, name, backup)
    }

    /// As [`Store::find`], for the history of an object: an ID that is, or was, of several types names all of these
    /// objects, in the order of their types.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn find_all(&self, name: &str, backup: &BackupId) -> Result<Vec<ObjectKey>> {
        find::find_all(&self.snapshots, name, backup)
    }

    /// Prepares the difference of two backups.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn compare(&self, from: &BackupId, to: &BackupId, filter: &DifferenceFilter) -> Result<Difference> {
        difference::compare(&self.snapshots, from, to, filter)
    }

    /// The difference of two backups, sorted by type and ID. Parallel inside; the same
    /// question always gives the same answer. It holds all changes; [`Store::compare`] gives them one by one.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn difference(
        &self,
        from: &BackupId,
        to: &BackupId,
        filter: &DifferenceFilter,
    ) -> Result<Vec<Change>> {
        difference::difference(&self.snapshots, from, to, filter)
    }

    /// The objects that differ between two backups: by type, then in order of their first
    /// appearance in the store. A million objects take about a millisecond when the backups are neighbours.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn changed_objects(
        &self,
        from: &BackupId,
        to: &BackupId,
        filter: &DifferenceFilter,
    ) -> Result<Vec<ChangedObject>> {
        difference::changed_objects(&self.snapshots, from, to, filter)
    }

    /// All changes of one object over all backups and readings, oldest first, its first appearance included; of one
    /// that was made again under another ID, those under all its IDs.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn history(&self, object: &ObjectKey) -> Result<Vec<(BackupSummary, Change)>> {
        difference::history(&self.snapshots, object)
    }

    /// What a backup read and could not read.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn coverage(&self, backup: &BackupId) -> Result<Coverage> {
        coverage::coverage(&self.snapshots, backup)
    }

    /// What of that which a filter asks for was not read at one of two backups: types,
    /// relations, and what else their sources could not read. By type, then relation.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn unread_between(
        &self,
        from: &BackupId,
        to: &BackupId,
        filter: &DifferenceFilter,
    ) -> Result<Vec<Unread>> {
        coverage::unread_between(&self.snapshots, from, to, filter)
    }

    /// What of that which a filter asks for was not read at a backup.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn unread_at(&self, backup: &BackupId, filter: &DifferenceFilter) -> Result<Vec<Unread>> {
        coverage::unread_at(&self.snapshots, backup, filter)
    }

    /// What the source of a backup left to go on from there.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn source_state(&self, backup: &BackupId) -> Result<serde_json::Value> {
        coverage::source_state(&self.snapshots, backup)
    }

    /// The newest whole backup of a source that left something to go on from.
    #[must_use]
    pub fn newest_state(&self, source: &str) -> Option<(&BackupSummary, serde_json::Value)> {
        coverage::newest_state(self.state(), source)
    }

    /// The tokens of all types that some backup has, ascending.
    pub fn type_tokens(&self) -> impl Iterator<Item = &Arc<str>> {
        scan::type_tokens(self.state())
    }

    /// Sizes and counts.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn statistics(&self) -> Result<Statistics> {
        statistics::statistics(&self.snapshots)
    }

    /// Checks the store in a folder. It takes no lock; a backup committed meanwhile is not looked at.
    ///
    /// # Errors
    /// `NoStore` or `Disk`, when the check itself cannot run; what it finds is in the result.
    pub fn verify(path: &Path, depth: Depth) -> Result<Verification> {
        Self::verify_on(Arc::new(RealDisk), path, depth)
    }

    /// As [`Store::verify`], on another disk.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn verify_on(disk: Arc<dyn Disk>, path: &Path, depth: Depth) -> Result<Verification> {
        verify::verify(disk, path, depth)
    }
}
