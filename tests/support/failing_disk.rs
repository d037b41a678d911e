//! Owns the disk of the operating system on which one operation goes wrong: a store on it is found by other libraries and
//! programs, and what is left can be opened again without the fault.
//!
//! Every call that changes something is one *operation*, numbered from 1: files created, opened for appending, written,
//! synced, renamed, removed, cut, folders made and synced, locks taken.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::disk::{Disk, DiskFile, DiskLock, Map, RealDisk};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The operation fails, once; half of a write is done.
    Failed,
    /// The disk is full from the operation on: nothing is made any more, and half of a write is done.
    Full,
    /// The process is killed in the operation: that one is done by half, and nothing after it is done at all.
    Killed,
}

/// The disk of the operating system with one fault. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct FailingDisk {
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    trouble: Trouble,
    /// The operation in which the trouble begins.
    begins: usize,
    count: AtomicUsize,
    /// What failed first: the operation, and the name of its file.
    first: Mutex<Option<String>>,
}

impl FailingDisk {
    /// A disk whose trouble begins in an operation.
    #[must_use]
    pub fn new(trouble: Trouble, begins: usize) -> Self {
        let plan = Plan { trouble, begins, count: AtomicUsize::new(0), first: Mutex::default() };
        Self { plan: Arc::new(plan) }
    }

    /// What failed first, if anything did: a test of faults checks that its fault happened.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.plan.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts an operation, and lets it fail when it is to.
    fn begin(&self, kind: &'static str, path: &Path) -> io::Result<()> {
        let number = self.plan.count.fetch_add(1, Ordering::SeqCst) + 1;
        let needs_room =
            matches!(kind, "create" | "append" | "write" | "sync" | "rename" | "create_folder" | "try_lock");
        let fails = match self.plan.trouble {
            Trouble::Failed => number == self.plan.begins,
            Trouble::Full => number >= self.plan.begins && needs_room,
            Trouble::Killed => number >= self.plan.begins,
        };
        if !fails {
            return Ok(());
        }
        let mut first = self.plan.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| format!("{kind} of {}", path.display()));
        Err(self.error())
    }

    /// Nothing can be read either by a process that was killed.
    fn is_alive(&self) -> io::Result<()> {
        let is_dead = self.plan.trouble == Trouble::Killed
            && self.plan.count.load(Ordering::SeqCst) >= self.plan.begins;
        if is_dead { Err(self.error()) } else { Ok(()) }
    }

    fn error(&self) -> io::Error {
        match self.plan.trouble {
            Trouble::Failed => io::Error::other("input/output error"),
            Trouble::Full => ErrorKind::StorageFull.into(),
            Trouble::Killed => io::Error::other("the process was killed"),
        }
    }

    fn watch(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FailingFile { disk: self.clone(), path: path.into(), file })
    }
}

impl Disk for FailingDisk {
    fn is_operating_systems(&self) -> bool {
        true
    }

    fn user(&self) -> Option<String> {
        RealDisk.user()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.begin("create", path)?;
        Ok(self.watch(path, RealDisk.create(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.begin("append", path)?;
        Ok(self.watch(path, RealDisk.append(path)?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.is_alive()?;
        RealDisk.read(path)
    }

    fn map(&self, path: &Path) -> io::Result<Map> {
        self.is_alive()?;
        RealDisk.map(path)
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        self.is_alive()?;
        RealDisk.length(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.begin("rename", to)?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.begin("remove", path)?;
        RealDisk.remove(path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.begin("truncate", path)?;
        RealDisk.truncate(path, length)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.begin("create_folder", path)?;
        RealDisk.create_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.begin("sync_folder", path)?;
        RealDisk.sync_folder(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        self.is_alive()?;
        RealDisk.list(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        self.begin("try_lock", path)?;
        RealDisk.try_lock(path)
    }
}

struct FailingFile {
    disk: FailingDisk,
    path: Box<Path>,
    file: Box<dyn DiskFile>,
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let was_alive = self.disk.is_alive().is_ok();
        match self.disk.begin("write", &self.path) {
            Ok(()) => self.file.write(bytes),
            Err(error) => {
                if was_alive {
                    self.file.write_all(&bytes[..bytes.len() / 2])?;
                }
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for FailingFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.begin("sync", &self.path)?;
        self.file.sync()
    }
}
