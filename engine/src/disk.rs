//! Owns the few file operations a store needs, as a trait, so that a test can let each of them fail.
//!
//! Invariants
//! 1. A file becomes durable by its own `sync`, its name by `sync_folder` of the folder: both are needed.
//! 2. A file that has its final name and is ever mapped is never written again (see `map`).
//! 3. What is made belongs to its owner alone: folders 0700, files 0600, whatever the umask allows (Unix; on Windows a
//!    folder's own list of rights goes on to what is in it).

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
pub use crate::map::Map;

/// How the name of a file ends that is still being written; a writer may remove what it finds of these.
pub(crate) const TEMPORARY_SUFFIX: &str = ".tmp";

/// The folder inside a store for files that could not be removed because they are mapped.
pub(crate) const TRASH_FOLDER: &str = "trash";

/// The file operations of a store. [`RealDisk`] is the operating system's.
pub trait Disk: Send + Sync + Debug {
    /// Whether paths are those of the operating system, so that other libraries find the same files.
    fn is_operating_systems(&self) -> bool {
        false
    }

    /// Who uses this disk, for others to find: the process and its machine, when they are the operating system's.
    fn user(&self) -> Option<String> {
        None
    }

    /// Opens a file for writing; what was in it is gone.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for writing at its end; makes an empty one when it is missing.
    ///
    /// # Errors
    /// What the operating system says.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Maps a whole file that is not written any more.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn map(&self, path: &Path) -> io::Result<Map>;

    /// Tells how long a file is, in bytes.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn length(&self, path: &Path) -> io::Result<u64>;

    /// Gives a file another name, replacing the file that has it, in one step.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Sets the length of a file, in bytes.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when it is missing.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Makes a folder and those above it; one that is there already is fine.
    ///
    /// # Errors
    /// What the operating system says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable: files created, renamed, removed.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Lists the plain files of a folder with their lengths in bytes, sorted by name.
    ///
    /// # Errors
    /// What the operating system says; `NotFound` when the folder is missing.
    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>>;

    /// Takes the lock of a file; `None`, without waiting, when another process or handle holds it.
    /// It is released when the answer is dropped or the process ends. The file is made when missing and never removed.
    ///
    /// # Errors
    /// What the operating system says.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>>;
}

/// A file open for writing.
pub trait DiskFile: Write + Send + Sync {
    /// Returns when everything written is durable.
    ///
    /// # Errors
    /// What the operating system says; then nothing is known about what was written since the last success.
    fn sync(&mut self) -> io::Result<()>;
}

/// A lock that is held until dropped.
pub trait DiskLock: Send + Sync + Debug {}

/// The disk of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

/// Keeps the file open whose lock it is.
#[derive(Debug)]
struct RealLock {
    _file: File,
}

impl DiskLock for RealLock {}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Disk for RealDisk {
    fn is_operating_systems(&self) -> bool {
        true
    }

    fn user(&self) -> Option<String> {
        // Systems without this file do without the name of the machine.
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let process = format!("process {}", std::process::id());
        Some(match machine.trim() {
            "" => process,
            machine => format!("{process} on {machine}"),
        })
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(private_file().write(true).create(true).truncate(true).open(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(private_file().append(true).create(true).open(path)?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn map(&self, path: &Path) -> io::Result<Map> {
        Map::of_file(&File::open(path)?)
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.set_len(length)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        create_private_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        sync_names(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(path)? {
            // A name that is not UTF-8 was not given by a store.
            let Ok(name) = entry?.file_name().into_string() else { continue };
            match fs::metadata(path.join(&name)) {
                Ok(metadata) if metadata.is_file() => files.push((name, metadata.len())),
                Ok(_) => {}
                // Another process may remove a file while this one reads the folder.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        let file = private_file().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// How a file is opened that only its owner may read once it is made; an existing file keeps its rights.
#[must_use]
pub fn private_file() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that only its owner may enter, and those above it; an existing folder keeps its rights.
///
/// # Errors
/// What the operating system says.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Leaves only the owner's rights to a folder and all that is in it, which another library made.
///
/// # Errors
/// What the operating system says.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    let mode = if is_folder { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if is_folder {
        for entry in fs::read_dir(path)? {
            make_private(&entry?.path())?;
        }
    }
    Ok(())
}

/// Leaves only the owner's rights: a folder's own list of rights goes on to what is made in it.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(windows))]
fn sync_names(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems have no such thing for folders; there is nothing more that could be done.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Windows cannot sync a folder: its file system journals names itself.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail here")]
fn sync_names(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a whole file so that a crash leaves the old content or the new one, and a success is durable.
///
/// The content goes under a temporary name in the same folder, is synced, takes the name, and the folder is synced.
/// Two writers of one path at the same time are the caller's mistake: a lock keeps them apart.
///
/// # Errors
/// What the operating system says. The temporary file is removed when that is possible; after a failed rename or
/// folder sync either content may be the durable one.
pub fn write_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(disk, path, bytes)?;
    disk.sync_folder(folder_of(path))
}

/// As [`write_whole`], without syncing the folder: after a success every reader sees the new content.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_path(path)?;
    let renamed = write_synced(disk, &temporary, bytes).and_then(|()| disk.rename(&temporary, path));
    if renamed.is_err() {
        // The error that matters is the first one; a leftover is removed by the next writer.
        drop(disk.remove(&temporary));
    }
    renamed
}

fn write_synced(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path)?;
    file.write_all(bytes)?;
    file.sync()
}

/// The name a file has while it is written.
///
/// # Errors
/// `InvalidInput` when the path does not end in a name.
pub(crate) fn temporary_path(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a name"));
    };
    let mut name = name.to_os_string();
    name.push(TEMPORARY_SUFFIX);
    Ok(path.with_file_name(name))
}

/// The folder a file is in; `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Removes what is in the store's trash and no longer mapped; returns the number of removed files.
pub(crate) fn empty_trash(disk: &dyn Disk, store: &Path) -> usize {
    let trash = store.join(TRASH_FOLDER);
    let files = disk.list(&trash).unwrap_or_default();
    files.iter().filter(|(name, _)| disk.remove(&trash.join(name)).is_ok()).count()
}

/// Writes the holder of a lock into the readable file beside it (`backup.lock` → `backup.holder`).
///
/// # Errors
/// What the operating system says.
pub(crate) fn write_holder(disk: &dyn Disk, lock_path: &Path, holder: &str) -> io::Result<()> {
    write_whole(disk, &holder_path(lock_path), holder.as_bytes())
}

/// Reads the holder, or last holder, of a lock; `None` when none is written.
///
/// # Errors
/// What the operating system says.
pub(crate) fn read_holder(disk: &dyn Disk, lock_path: &Path) -> io::Result<Option<String>> {
    match disk.read(&holder_path(lock_path)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn holder_path(lock_path: &Path) -> PathBuf {
    lock_path.with_extension("holder")
}

/// Turns the system's error into the store's, with what was being done to which file.
pub(crate) trait DiskContext<T> {
    /// Names the action (`cannot write`) and the file.
    fn disk(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> DiskContext<T> for io::Result<T> {
    fn disk(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Disk { action, path: path.to_path_buf(), source })
    }
}

#[cfg(test)]
mod tests;
