//! Folders for what lasts as long as one run: rows that do not fit into memory, the stores of a rehearsal or a demo.
//!
//! *Invariants*: 1. Nobody but the user may enter one. 2. Each goes away with its owner, with a process that is
//! interrupted, and, after a process that was killed, with the next one that makes such a folder: the owner holds a
//! lock in it, and a folder whose lock is free has no owner.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use engine::disk::private_file;
use tempfile::TempDir;

/// How the names of all such folders begin.
const PREFIX: &str = "entrasnap-scratch-";
/// The file in each whose lock its owner holds.
const OWNER: &str = "owner";

/// The folders there are now. A process that ends at once drops nothing, and rows of a tenant must not stay behind.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder of one run, which only its owner may read.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Dropped before the folder, as some systems remove no folder with an open file in it.
    owner: Option<File>,
    folder: TempDir,
}

impl Scratch {
    /// Makes a folder, after those without an owner were removed.
    ///
    /// # Errors
    /// What the operating system says of the folder for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        loop {
            let folder = private(tempfile::Builder::new().prefix(PREFIX)).tempdir_in(parent)?;
            let path = folder.path().join(OWNER);
            let owner = private_file().write(true).create(true).truncate(false).open(&path)?;
            // Another process that sweeps may have interfered: it took the lock, or the folder, or both.
            let is_owned = matches!(try_lock(&owner)?, Lock::Taken) && path.exists();
            if is_owned {
                FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
                return Ok(Self { owner: Some(owner), folder });
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Nobody but the user enters the folder, from its first moment on.
#[cfg(unix)]
fn private<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(std::fs::Permissions::from_mode(0o700))
}

/// The folder for temporary files is the user's own.
#[cfg(not(unix))]
fn private<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.owner.take());
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| folder != self.path());
    }
}

enum Lock {
    Taken,
    Held,
}

fn try_lock(file: &File) -> io::Result<Lock> {
    match file.try_lock() {
        Ok(()) => Ok(Lock::Taken),
        Err(TryLockError::WouldBlock) => Ok(Lock::Held),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the folders that killed processes left. What cannot be read or removed is another user's.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            drop(remove_if_left(&entry.path()));
        }
    }
}

/// Removes a folder whose lock is free. One without a lock is being made this moment.
fn remove_if_left(folder: &Path) -> io::Result<()> {
    // A link could lead anywhere.
    if !std::fs::symlink_metadata(folder)?.is_dir() {
        return Ok(());
    }
    let owner = File::options().write(true).open(folder.join(OWNER))?;
    match try_lock(&owner)? {
        Lock::Taken => std::fs::remove_dir_all(folder),
        Lock::Held => Ok(()),
    }
}

/// Removes every folder, before the process ends without dropping anything.
pub(crate) fn remove_all() {
    for folder in FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // The process ends, so an error has no reader.
        drop(std::fs::remove_dir_all(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(parent.path()).unwrap();
        let path = scratch.path().to_owned();
        assert!(path.is_dir());
        assert!(FOLDERS.lock().unwrap().contains(&path));
        drop(scratch);
        assert!(!path.exists());
        assert!(!FOLDERS.lock().unwrap().contains(&path));
    }

    #[test]
    fn what_a_killed_process_left_goes_with_the_next_folder_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = Scratch::new_in(parent.path()).unwrap();
        // A killed process drops its lock and nothing else.
        let mut left = Scratch::new_in(parent.path()).unwrap();
        drop(left.owner.take());
        std::fs::write(left.path().join("rows"), "of a tenant").unwrap();
        let foreign = parent.path().join("entrasnap-scratch-without-lock");
        std::fs::create_dir(&foreign).unwrap();
        let next = Scratch::new_in(parent.path()).unwrap();
        assert!(!left.path().exists());
        assert!(used.path().exists() && next.path().exists() && foreign.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_enters_a_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(parent.path()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(scratch.path()), mode(&scratch.path().join(OWNER))), (0o700, 0o600));
    }
}
