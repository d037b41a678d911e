//! Owns the catalog: small records (report rows, checkpoints of ingest) in sled, for one writer at a time.
//!
//! It is a copy of what files say, and can be deleted at any time. Therefore nothing here returns an engine error: what
//! goes wrong ends in a rebuild or in [`CatalogLost`], on which the caller reads the files the record came from.
//!
//! Invariants
//! 1. sled opens only a folder that it closed itself and that is unchanged since: closing writes a *seal* beside
//!    the folder (`catalog.seal`) with the hash of every byte and the binding, opening takes the seal away. Without
//!    seal (a crash), with another hash (damage) or binding (stale, another store) all of it is made anew.
//! 2. Nothing waits for the disk before closing: a crash costs a rebuild.
//! 3. A panic inside sled is caught and ends the catalog's use, never the program.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::disk::{Disk, DiskLock, RealDisk, create_private_folder, make_private, write_whole};

/// sled's memory grows with the size of a batch, far beyond its cache.
const BATCH_RECORDS_MAX: usize = 100;
const CACHE_BYTES: u64 = 64 << 20;
const FLUSH_EVERY_MS: u64 = 500;

/// Separates this hash from every other use of BLAKE3.
const SEAL_CONTEXT: &str = "entrasnap 2026-11 catalogue seal";

/// A key and its value.
pub type CatalogRecord = (Vec<u8>, Vec<u8>);

/// Which state of which store a catalog describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogBinding {
    /// Version of the records' meaning.
    pub format: u32,
    /// The store's ID.
    pub store: String,
    /// Generation of the store's HEAD.
    pub generation: u64,
}

/// How a catalog was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rebuilt {
    /// It was there, whole and up to date.
    No,
    /// There was none, or it was not closed: a crash.
    Missing,
    /// It describes another store, another generation or has another format.
    Stale,
    /// Its bytes are not those that were closed, or sled could not read them.
    Damaged,
    /// It cannot be used now: another process has it open, or the disk refuses it. Every read is [`CatalogLost`].
    Unusable,
}

/// The catalog cannot answer: the files it was made from can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the catalog cannot be read; the files it was made from can")]
pub struct CatalogLost;

/// An open catalog. Dropping it closes it, which waits until sled has written everything.
#[derive(Debug)]
pub struct Catalog {
    path: PathBuf,
    binding: CatalogBinding,
    database: Option<sled::Db>,
    /// Set by the first failure: whatever sled says after it is not believed, and no seal is written.
    lost: OnceLock<()>,
    /// Released after the seal is written.
    _lock: Option<Box<dyn DiskLock>>,
}

/// What closing leaves beside the folder.
#[derive(Serialize, Deserialize)]
struct Seal {
    binding: CatalogBinding,
    hash: String,
}

impl Catalog {
    /// Opens the catalog in a folder of the operating system's disk, or makes it anew from what `rebuild` gives.
    /// The folder above must be there.
    pub fn open(
        path: &Path,
        binding: CatalogBinding,
        rebuild: impl FnOnce() -> Vec<CatalogRecord>,
    ) -> (Self, Rebuilt) {
        let Ok(Some(lock)) = RealDisk.try_lock(&path.with_extension("lock")) else {
            return (Self::unusable(path, binding), Rebuilt::Unusable);
        };
        let mut state = take_seal(path, &binding);
        let mut database = None;
        if state == Rebuilt::No {
            database = open_database(path);
            if database.is_none() {
                state = Rebuilt::Damaged;
            }
        }
        let records = if database.is_none() {
            database = remove_folder(path).ok().and_then(|()| open_database(path));
            rebuild()
        } else {
            Vec::new()
        };
        let catalog = Self { path: path.into(), binding, database, lost: OnceLock::new(), _lock: Some(lock) };
        catalog.put_batch(records);
        let state = if catalog.is_usable() { state } else { Rebuilt::Unusable };
        (catalog, state)
    }

    /// A catalog that answers every read with [`CatalogLost`], for a store that has no folder of its own on disk.
    #[must_use]
    pub fn unusable(path: &Path, binding: CatalogBinding) -> Self {
        Self { path: path.into(), binding, database: None, lost: OnceLock::new(), _lock: None }
    }

    /// Reads one record.
    ///
    /// # Errors
    /// `CatalogLost` when the catalog cannot be used.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, CatalogLost> {
        self.guarded(|database| Ok(database.get(key)?.map(|value| value.to_vec())))
    }

    /// Reads the records whose keys begin with a prefix, sorted by key.
    ///
    /// # Errors
    /// `CatalogLost` when the catalog cannot be used.
    pub fn range(&self, prefix: &[u8]) -> Result<Vec<CatalogRecord>, CatalogLost> {
        let owned = |(key, value): (sled::IVec, sled::IVec)| (key.to_vec(), value.to_vec());
        self.guarded(|database| database.scan_prefix(prefix).map(|entry| entry.map(owned)).collect())
    }

    /// Writes records; later ones win. A failure makes the catalog lost until it is opened again.
    pub fn put_batch(&self, records: impl IntoIterator<Item = CatalogRecord>) {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let mut batch = sled::Batch::default();
            for (key, value) in records.by_ref().take(BATCH_RECORDS_MAX) {
                batch.insert(key, value);
            }
            if self.guarded(|database| database.apply_batch(batch)).is_err() {
                return;
            }
        }
    }

    /// Says which state of the store the records describe from now on.
    pub fn set_binding(&mut self, binding: CatalogBinding) {
        self.binding = binding;
    }

    /// Whether reads are answered.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.database.is_some() && self.lost.get().is_none()
    }

    /// Calls sled; its errors and panics become [`CatalogLost`].
    fn guarded<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, CatalogLost> {
        let database = self.database.as_ref().filter(|_| self.is_usable()).ok_or(CatalogLost)?;
        // A panic may leave sled's memory inconsistent: it is never called again, which makes crossing the unwind safe.
        if let Ok(Ok(value)) = catch_unwind(AssertUnwindSafe(|| call(database))) {
            return Ok(value);
        }
        self.lost.get_or_init(|| ());
        Err(CatalogLost)
    }
}

impl Drop for Catalog {
    fn drop(&mut self) {
        let usable = self.is_usable();
        let Some(database) = self.database.take() else { return };
        let closed = catch_unwind(AssertUnwindSafe(|| drop(database)));
        if usable && closed.is_ok() {
            // Without a seal the next opening makes the catalog anew: nothing is lost but time.
            drop(write_seal(&self.path, &self.binding));
        }
    }
}

fn open_database(path: &Path) -> Option<sled::Db> {
    let config =
        sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
    // sled's files have the rights that the umask leaves: the folder is closed to others before they are there.
    create_private_folder(path).and_then(|()| make_private(path)).ok()?;
    catch_unwind(AssertUnwindSafe(|| config.open())).ok()?.ok()
}

fn seal_path(path: &Path) -> PathBuf {
    path.with_extension("seal")
}

/// Takes the seal away, so that a crash from now on shows, and compares it with the folder.
fn take_seal(path: &Path, binding: &CatalogBinding) -> Rebuilt {
    let seal_path = seal_path(path);
    let Ok(bytes) = RealDisk.read(&seal_path) else { return Rebuilt::Missing };
    if RealDisk.remove(&seal_path).is_err() {
        // A seal that stays would hide a crash: what it seals is not used.
        return Rebuilt::Damaged;
    }
    let Ok(seal) = serde_json::from_slice::<Seal>(&bytes) else { return Rebuilt::Damaged };
    if seal.binding != *binding {
        return Rebuilt::Stale;
    }
    match folder_hash(path) {
        Ok(hash) if hash == seal.hash => Rebuilt::No,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Rebuilt::Missing,
        Ok(_) | Err(_) => Rebuilt::Damaged,
    }
}

fn write_seal(path: &Path, binding: &CatalogBinding) -> io::Result<()> {
    make_private(path)?;
    let seal = Seal { binding: binding.clone(), hash: folder_hash(path)? };
    write_whole(&RealDisk, &seal_path(path), &serde_json::to_vec(&seal)?)
}

/// Hashes names, lengths and bytes of all files below a folder.
fn folder_hash(folder: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new_derive_key(SEAL_CONTEXT);
    hash_folder(folder, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn hash_folder(folder: &Path, hasher: &mut blake3::Hasher) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    for name in names {
        let path = folder.join(&name);
        let name = name.as_encoded_bytes();
        hasher.update(name).update(b"/");
        // A link to a folder could lead in a circle: sled makes none, and reading it as a file is an error.
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            hasher.update(b"(");
            hash_folder(&path, hasher)?;
            hasher.update(b")");
        } else {
            hasher.update(b"=").update(&metadata.len().to_le_bytes());
            hasher.update_reader(fs::File::open(&path)?)?;
        }
    }
    Ok(())
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(path),
        result => result,
    }
}

#[cfg(test)]
mod tests;
