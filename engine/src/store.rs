//! Opens a store, locks it, writes HEAD: the public face of everything else, with the backups in it (`backups`) and the
//! records beside them (`records`).

mod backups;
mod records;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskLock, RealDisk, replace, write_holder, write_whole};
use crate::error::disk_error;
use crate::manifest::{Head, StoreRecord, to_sealed_bytes};
use crate::paths::PathNames;
use crate::segment::layout::FORMAT_VERSION;
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::state::{State, parse_sealed};
use crate::{BackupId, BackupSummary, CreateOptions, Error, Point, Result};

/// A writer of a backup holds the one, a recovery the other.
const WRITER_LOCK: &str = "backup.lock";
const RECOVERY_LOCK: &str = "recovery.lock";

/// Tries to get the lock of HEAD, a millisecond apart: it is held for milliseconds.
const HEAD_LOCK_TRY_COUNT: u32 = 10_000;

/// A store: one folder, any number of backups.
///
/// Readers never wait: a store that is open keeps showing what was committed when it was opened, until
/// [`Store::refresh`].
pub struct Store {
    snapshots: Snapshots,
}

impl Store {
    /// Opens a store. Never waits for a writer.
    ///
    /// # Errors
    /// `NoStore`, `NewerFormat`, `Damaged` or `Disk`.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_on(Arc::new(RealDisk), path)
    }

    /// As [`Store::open`], on another disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self> {
        let state = Arc::new(State::open(disk, path, Arc::new(PathNames::default()))?);
        Ok(Self { snapshots: Snapshots::new(state) })
    }

    /// Makes an empty store, or opens the one that is there.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn create(path: &Path, options: &CreateOptions) -> Result<Self> {
        Self::create_on(Arc::new(RealDisk), path, options)
    }

    /// As [`Store::create`], on another disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn create_on(disk: Arc<dyn Disk>, path: &Path, options: &CreateOptions) -> Result<Self> {
        match disk.length(&path.join("HEAD")) {
            Ok(_) => return Self::open_on(disk, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(disk_error("cannot read", &path.join("HEAD"))(error)),
        }
        for folder in ["", "manifests", "segments", "journals", "staging"] {
            let folder = path.join(folder);
            disk.create_folder(&folder).map_err(disk_error("cannot create", &folder))?;
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for folder in [path, parent] {
            disk.sync_folder(folder).map_err(disk_error("cannot sync", folder))?;
        }
        let _lock = lock_head(&*disk, path)?;
        if disk.length(&path.join("HEAD")).is_err() {
            require_no_backups(&*disk, path)?;
            write_first_files(&*disk, path, options)?;
        }
        Self::open_on(disk, path)
    }

    /// Looks again at what is committed.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn refresh(&mut self) -> Result<()> {
        let old = self.state();
        let state = State::open(Arc::clone(&old.disk), &old.root, Arc::clone(&old.paths))?;
        self.snapshots = Snapshots::new(Arc::new(state));
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.state().root
    }

    /// The tenant's ID, when known.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.state().head.tenant.as_deref()
    }

    /// All backups, oldest first. Readings are not among them.
    #[must_use]
    pub fn backups(&self) -> &[BackupSummary] {
        &self.state().summaries
    }

    /// Backups and readings in the order of time, oldest first: the steps of a history, so that what only a reading saw
    /// is not lost. Of those of one instant the one that was committed later is later.
    #[must_use]
    pub fn commits(&self) -> &[BackupSummary] {
        &self.state().commits
    }

    /// Partial readings, oldest first.
    pub fn readings(&self) -> impl Iterator<Item = &BackupSummary> {
        let commits = self.state().manifests.iter().zip(&self.state().commits);
        commits.filter(|(manifest, _)| manifest.is_reading()).map(|(_, summary)| summary)
    }

    /// The backup that a point in time names.
    ///
    /// # Errors
    /// `NoBackup`, naming the nearest.
    pub fn resolve(&self, point: &Point) -> Result<&BackupSummary> {
        self.snapshots.resolve(point)
    }

    /// What the author of a point should know besides the backup that it names, if anything.
    #[must_use]
    pub fn remark(&self, point: &Point) -> Option<String> {
        point.remark(&self.state().summaries)
    }

    /// The state of the tenant at a backup.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn snapshot(&self, backup: &BackupId) -> Result<Snapshot> {
        self.snapshots.of(backup)
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        self.snapshots.state()
    }

    /// Changes HEAD under its lock, and reads what it names from now on. The inner error is one after the change of
    /// HEAD: the change is committed all the same.
    pub(crate) fn update_head(&mut self, change: impl FnOnce(&mut Head)) -> Result<Result<()>> {
        self.with_head_lock(|store| store.write_head(change))
    }

    /// Does something under the lock of HEAD.
    pub(crate) fn with_head_lock<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let _lock = lock_head(&*self.state().disk, &self.state().root)?;
        work(self)
    }

    /// As [`Store::update_head`], when the caller holds its lock.
    pub(crate) fn write_head(&mut self, change: impl FnOnce(&mut Head)) -> Result<Result<()>> {
        let path = self.state().root.join("HEAD");
        let disk = &*self.state().disk;
        let bytes = disk.read(&path).map_err(disk_error("cannot read", &path))?;
        let mut head: Head = parse_sealed(&path, &bytes)?;
        change(&mut head);
        replace(disk, &path, &to_sealed_bytes(&head)).map_err(disk_error("cannot write", &path))?;
        // From here on every reader sees the new HEAD, whatever else fails.
        let synced =
            disk.sync_folder(&self.state().root).map_err(disk_error("cannot sync", &self.state().root));
        let refreshed = self.refresh();
        Ok(synced.and(refreshed))
    }

    /// Takes the lock of recoveries, of which one runs at a time; backups go on beside it.
    ///
    /// # Errors
    /// `Locked`, with the holder, or `Disk`.
    pub fn lock_recovery(&self, holder: &str) -> Result<Box<dyn DiskLock>> {
        self.lock(RECOVERY_LOCK, holder)
    }

    /// The process that runs a recovery now, if one does.
    ///
    /// # Errors
    /// `Disk`.
    pub fn recovery_holder(&self) -> Result<Option<String>> {
        self.holder_of(RECOVERY_LOCK)
    }

    /// The process that writes a backup now, if one does.
    ///
    /// # Errors
    /// `Disk`.
    pub fn writer_holder(&self) -> Result<Option<String>> {
        self.holder_of(WRITER_LOCK)
    }

    fn holder_of(&self, name: &str) -> Result<Option<String>> {
        let path = self.state().root.join(name);
        let disk = &*self.state().disk;
        if disk.length(&path).is_err() {
            return Ok(None);
        }
        match disk.try_lock(&path).map_err(disk_error("cannot lock", &path))? {
            Some(_free) => Ok(None),
            None => crate::disk::read_holder(disk, &path)
                .map(|holder| Some(holder.unwrap_or_else(|| "another process".into())))
                .map_err(disk_error("cannot read the holder of", &path)),
        }
    }

    fn lock_writer(&self, holder: &str) -> Result<Box<dyn DiskLock>> {
        self.lock(WRITER_LOCK, holder)
    }

    fn lock(&self, name: &str, holder: &str) -> Result<Box<dyn DiskLock>> {
        let path = self.state().root.join(name);
        let disk = &*self.state().disk;
        let Some(lock) = disk.try_lock(&path).map_err(disk_error("cannot lock", &path))? else {
            let holder = crate::disk::read_holder(disk, &path).ok().flatten();
            return Err(Error::Locked { holder: holder.unwrap_or_else(|| "another process".into()) });
        };
        let holder = disk.user().map_or_else(|| holder.to_owned(), |user| format!("{holder}, {user}"));
        write_holder(disk, &path, &holder).map_err(disk_error("cannot write the holder of", &path))?;
        Ok(lock)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.state().root)
            .field("backups", &self.state().summaries.len())
            .finish_non_exhaustive()
    }
}

fn lock_head(disk: &dyn Disk, root: &Path) -> Result<Box<dyn DiskLock>> {
    let path = root.join("head.lock");
    for _ in 0..HEAD_LOCK_TRY_COUNT {
        if let Some(lock) = disk.try_lock(&path).map_err(disk_error("cannot lock", &path))? {
            return Ok(lock);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Err(Error::Locked { holder: "another process, which does not let go of head.lock".into() })
}

/// A folder that has backups and no HEAD is a damaged store; a new one would be written over it.
fn require_no_backups(disk: &dyn Disk, root: &Path) -> Result<()> {
    for folder in ["manifests", "journals"] {
        let folder = root.join(folder);
        let files = disk.list(&folder).map_err(disk_error("cannot read", &folder))?;
        let is_ours = |name: &str| matches!(name.rsplit_once('.'), Some((_, "man" | "log")));
        if files.iter().any(|(name, _)| is_ours(name)) {
            let what = "expected HEAD beside the backups, found none".to_owned();
            return Err(Error::Damaged { path: root.join("HEAD"), offset: 0, what });
        }
    }
    Ok(())
}

fn write_first_files(disk: &dyn Disk, root: &Path, options: &CreateOptions) -> Result<()> {
    let id_bytes = blake3::derive_key("entrasnap store id", &options.seed);
    let store_id = blake3::Hash::from_bytes(id_bytes).to_hex()[..32].to_owned();
    let hash_key = blake3::Hash::from_bytes(blake3::derive_key("entrasnap content hash key", &options.seed));
    let record = StoreRecord {
        format_version: FORMAT_VERSION,
        store_id: store_id.clone(),
        cipher: "none".into(),
        hash_key: hash_key.to_hex().to_string(),
        key_slots: Vec::new(),
    };
    let head = Head {
        format_version: FORMAT_VERSION,
        store_id,
        generation: 0,
        sequence: 0,
        manifest: String::new(),
        checkpoint: 0,
        tenant: options.tenant.clone(),
        journals: std::collections::BTreeMap::default(),
    };
    let files: [(PathBuf, Vec<u8>); 2] =
        [(root.join("store.json"), to_sealed_bytes(&record)), (root.join("HEAD"), to_sealed_bytes(&head))];
    for (path, bytes) in files {
        write_whole(disk, &path, &bytes).map_err(disk_error("cannot write", &path))?;
    }
    Ok(())
}
