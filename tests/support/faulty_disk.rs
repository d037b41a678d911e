//! Owns a disk in memory that fails and crashes on demand, and knows what may be left after a crash.
//!
//! Every call of [`Disk`], write and sync is one *operation*, numbered from 0. What an operation changed is *pending*
//! until a sync makes it durable: content by the file's `sync`, names (files created, renamed, removed, folders made)
//! by `sync_folder` of each folder concerned. A crash keeps or loses each pending change on its own:
//!
//! - a write is kept, lost, or torn: some of its 512-byte sectors from its beginning, and perhaps zeros for the rest;
//! - a rename is one change: both names, or none.
//!
//! After a failed `sync` the content is readable and never becomes durable by a later one, as systems do it.
//! The operation a crash falls into may have happened or not: it is pending too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::disk::{Disk, DiskFile, DiskLock, Map};

mod contents;
mod names;

use contents::{Contents, Survival};
use names::{Change, Names};

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    names: Names,
    /// Indexed by what [`Names`] says of a file; a removed file keeps its place.
    files: Vec<Contents>,
    locks: BTreeSet<PathBuf>,
    plan: Plan,
    operation_count: usize,
    counts: BTreeMap<&'static str, usize>,
    fault_count: usize,
    crashed: bool,
}

/// What is to go wrong, by number of operation.
#[derive(Debug, Default)]
struct Plan {
    crash_at: Option<usize>,
    failures: BTreeMap<usize, ErrorKind>,
    full_from: Option<usize>,
}

/// What becomes of an operation that is not refused outright.
#[must_use]
struct Fate {
    crashes: bool,
}

impl Fate {
    /// The operation's answer, after its effect: nobody hears it when the machine crashed in it.
    fn finish<T>(self, value: T) -> io::Result<T> {
        if self.crashes { Err(crash()) } else { Ok(value) }
    }
}

fn crash() -> io::Error {
    io::Error::other("the machine crashed")
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(ErrorKind::NotFound, format!("{} is missing", path.display()))
}

impl Default for FaultyDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl FaultyDisk {
    /// An empty disk without faults: it has the folder `/` alone.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State::default())) }
    }

    /// Lets the machine crash in operation `number`: that one and all after it fail.
    #[must_use]
    pub fn crash_at(self, number: usize) -> Self {
        self.state().plan.crash_at = Some(number);
        self
    }

    /// Lets operation `number` fail, without a crash and without effect (half of a write is done).
    #[must_use]
    pub fn fail_at(self, number: usize, kind: ErrorKind) -> Self {
        self.state().plan.failures.insert(number, kind);
        self
    }

    /// Lets the disk be full from operation `number` on: nothing can be created, writes are done by half.
    #[must_use]
    pub fn full_from(self, number: usize) -> Self {
        self.state().plan.full_from = Some(number);
        self
    }

    /// A disk as it may be found after a crash now, with no locks held and no faults planned. Seed 0 loses all that is
    /// pending, seed 1 keeps all of it, every other seed chooses for each change.
    #[must_use]
    pub fn after_crash(&self, seed: u64) -> Self {
        let mut choice = Choice { seed, state: seed };
        let state = self.state();
        let names = state.names.after_crash(&mut || choice.survival() != Survival::Lost);
        let files = state.files.iter().map(|file| file.after_crash(&mut choice)).collect();
        Self { state: Arc::new(Mutex::new(State { names, files, ..State::default() })) }
    }

    /// How many operations there were.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.state().operation_count
    }

    /// How many operations there were of each kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.state().counts.clone()
    }

    /// How many operations failed by plan: a test of faults checks that its fault happened.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.state().fault_count
    }

    /// Tells whether the machine crashed.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.state().crashed
    }

    /// All files and their content, as a program sees them now. No operation.
    #[must_use]
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let state = self.state();
        let content = |(path, file): (&PathBuf, &usize)| (path.clone(), state.files[*file].read().to_vec());
        state.names.files().iter().map(content).collect()
    }

    /// Changes the content of a file durably behind the program's back. No operation.
    ///
    /// # Panics
    /// When the file is missing.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names.find(path).expect("a file to be damaged must be there");
        let mut content = state.files[file].read().to_vec();
        change(&mut content);
        state.files[file] = Contents::durable(content);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of one test thread says nothing about the disk.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, file: usize, position: Option<usize>) -> Box<dyn DiskFile> {
        Box::new(FaultyFile { disk: self.clone(), file, position })
    }
}

impl State {
    /// Counts an operation and decides about it.
    fn begin(&mut self, kind: &'static str) -> io::Result<Fate> {
        let number = self.operation_count;
        self.operation_count += 1;
        *self.counts.entry(kind).or_default() += 1;
        if self.crashed {
            return Err(crash());
        }
        if self.plan.crash_at == Some(number) {
            self.crashed = true;
            self.fault_count += 1;
            return Ok(Fate { crashes: true });
        }
        let needs_room = matches!(kind, "create" | "append" | "write" | "create_folder");
        let full = needs_room && self.plan.full_from.is_some_and(|first| first <= number);
        let failure = self.plan.failures.get(&number).copied();
        match failure.or(full.then_some(ErrorKind::StorageFull)) {
            Some(error) => {
                self.fault_count += 1;
                Err(error.into())
            }
            None => Ok(Fate { crashes: false }),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.find(path).ok_or_else(|| missing(path))
    }

    fn find_or_make(&mut self, path: &Path) -> io::Result<usize> {
        if let Some(file) = self.names.find(path) {
            return Ok(file);
        }
        self.names.require_folder_of(path)?;
        let file = self.files.len();
        self.files.push(Contents::default());
        self.names.change(Change::Make { path: path.into(), file });
        Ok(file)
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let fate = state.begin("create")?;
        let file = state.find_or_make(path)?;
        state.files[file].truncate(0);
        fate.finish(self.open(file, Some(0)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let fate = state.begin("append")?;
        let file = state.find_or_make(path)?;
        fate.finish(self.open(file, None))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let fate = state.begin("read")?;
        let file = state.find(path)?;
        fate.finish(state.files[file].read().to_vec())
    }

    fn map(&self, path: &Path) -> io::Result<Map> {
        let mut state = self.state();
        let fate = state.begin("map")?;
        let file = state.find(path)?;
        fate.finish(Map::from_vec(state.files[file].read().to_vec()))
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.state();
        let fate = state.begin("length")?;
        let file = state.find(path)?;
        fate.finish(state.files[file].read().len() as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fate = state.begin("rename")?;
        let file = state.find(from)?;
        state.names.require_folder_of(to)?;
        state.names.change(Change::Rename { from: from.into(), to: to.into(), file });
        fate.finish(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fate = state.begin("remove")?;
        state.find(path)?;
        state.names.change(Change::Remove { path: path.into() });
        fate.finish(())
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let fate = state.begin("truncate")?;
        let file = state.find(path)?;
        let length = usize::try_from(length).map_err(|_| ErrorKind::InvalidInput)?;
        state.files[file].truncate(length);
        fate.finish(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fate = state.begin("create_folder")?;
        state.names.make_folders(path)?;
        fate.finish(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fate = state.begin("sync_folder")?;
        state.names.require_folder(path)?;
        if !fate.crashes {
            state.names.sync(path);
        }
        fate.finish(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut state = self.state();
        let fate = state.begin("list")?;
        state.names.require_folder(path)?;
        let mut files = Vec::new();
        for (name, file) in state.names.files().iter().filter(|(name, _)| name.parent() == Some(path)) {
            let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, state.files[*file].read().len() as u64));
        }
        files.sort_unstable();
        fate.finish(files)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        let mut state = self.state();
        let fate = state.begin("try_lock")?;
        state.find_or_make(path)?;
        if fate.crashes {
            return Err(crash());
        }
        if !state.locks.insert(path.into()) {
            return Ok(None);
        }
        Ok(Some(Box::new(FaultyLock { disk: self.clone(), path: path.into() })))
    }
}

#[derive(Debug)]
struct FaultyLock {
    disk: FaultyDisk,
    path: PathBuf,
}

impl DiskLock for FaultyLock {}

impl Drop for FaultyLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    file: usize,
    /// Where the next write goes; `None` is the end, wherever that is then.
    position: Option<usize>,
}

impl FaultyFile {
    fn put(&mut self, state: &mut State, bytes: &[u8]) {
        let contents = &mut state.files[self.file];
        let offset = self.position.unwrap_or(contents.read().len());
        contents.write(offset, bytes);
        self.position = self.position.map(|position| position + bytes.len());
    }
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let disk = self.disk.clone();
        let mut state = disk.state();
        let crashed = state.crashed;
        match state.begin("write") {
            Ok(fate) => {
                self.put(&mut state, bytes);
                fate.finish(bytes.len())
            }
            Err(error) => {
                if !crashed {
                    self.put(&mut state, &bytes[..bytes.len() / 2]);
                }
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let crashed = state.crashed;
        match state.begin("sync") {
            Ok(fate) => {
                if !fate.crashes {
                    state.files[self.file].sync();
                }
                fate.finish(())
            }
            Err(error) => {
                if !crashed {
                    state.files[self.file].fail_sync();
                }
                Err(error)
            }
        }
    }
}

/// A seeded source of choices (splitmix64).
struct Choice {
    seed: u64,
    state: u64,
}

impl Choice {
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn survival(&mut self) -> Survival {
        let number = self.number();
        let choice = usize::try_from(number >> 40).unwrap_or_default();
        match (self.seed, number % 4) {
            (0, _) | (2.., 0) => Survival::Lost,
            (1, _) | (2.., 1) => Survival::Kept,
            (_, 2) => Survival::Torn { choice },
            _ => Survival::TornWithZeros { choice },
        }
    }
}

#[cfg(test)]
mod tests;
