//! Checks a store: files, chains, checksums, and that every version says what its hash says.

mod counts;
mod replay;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::backup::is_hash_of;
use crate::disk::Disk;
use crate::journal::JournalFile;
use crate::link_sets::read_set;
use crate::manifest::Manifest;
use crate::paths::PathNames;
use crate::rows::{RowCells, Rows};
use crate::segment::reader::Segment;
use crate::state::{State, TableKey, VectorKind, manifest_path, parse_sealed, segment_path};
use crate::{Error, Result, leftover};

/// How far a check goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Headers, footers, chains, lengths.
    Quick,
    /// Every byte, every version, every link set, and everything that is kept twice against what it is made from.
    Deep,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    /// Files checked.
    pub checked: u64,
    /// What is wrong.
    pub errors: Vec<Fault>,
    /// What is odd but harmless.
    pub warnings: Vec<Fault>,
}

/// One finding of a check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// File, relative to the store.
    pub file: String,
    /// Byte offset in it.
    pub offset: u64,
    /// What was expected and found.
    pub what: String,
}

/// As [`Store::verify`](crate::Store::verify).
pub(crate) fn verify(disk: Arc<dyn Disk>, path: &Path, depth: Depth) -> Result<Verification> {
    let mut check =
        Check { root: path, found: Verification { checked: 2, errors: Vec::new(), warnings: Vec::new() } };
    let state = match State::open(disk, path, Arc::new(PathNames::default())) {
        Ok(state) => state,
        Err(error @ Error::NoStore { .. }) => return Err(error),
        Err(error) => {
            check.add(error);
            return Ok(check.found);
        }
    };
    check.manifests(&state);
    check.segments(&state, depth);
    check.journals(&state, depth);
    check.beyond(&state);
    if depth == Depth::Deep && check.found.errors.is_empty() {
        check.versions(&state);
        check.sets(&state);
        check.add_all(replay::check(&state));
    }
    Ok(check.found)
}

struct Check<'a> {
    root: &'a Path,
    found: Verification,
}

impl Check<'_> {
    fn add_all(&mut self, errors: Vec<Error>) {
        for error in errors {
            self.add(error);
        }
    }

    fn add(&mut self, error: Error) {
        let fault = self.fault(error);
        self.found.errors.push(fault);
    }

    fn fault(&self, error: Error) -> Fault {
        let (path, offset, what) = match error {
            Error::Damaged { path, offset, what } => (path, offset, what),
            Error::Disk { action, path, source } => (path, 0, format!("{action}: {source}")),
            other => (self.root.to_owned(), 0, other.to_string()),
        };
        let file = path.strip_prefix(self.root).unwrap_or(&path).display().to_string();
        Fault { file, offset, what }
    }

    /// Follows the chain over all manifests, those that the checkpoint lists too.
    fn manifests(&mut self, state: &State) {
        let mut expected = String::new();
        for known in state.manifests_committed() {
            self.found.checked += 1;
            let path = manifest_path(&state.root, known.sequence);
            match read_manifest(state, known.sequence) {
                Ok((manifest, hash)) => {
                    if manifest != **known || manifest.previous != expected {
                        self.add(damaged(&path, "this manifest does not follow the one before it, or is not the one that was committed"));
                    }
                    expected = hash;
                }
                Err(error) => return self.add(error),
            }
        }
        if expected != state.head.manifest {
            self.add(damaged(
                &manifest_path(&state.root, state.newest()),
                "this manifest is not the one that HEAD names",
            ));
        }
    }

    /// Whole backups that HEAD does not name. One may be that of an interrupted writer; more were committed.
    fn beyond(&mut self, state: &State) {
        let beyond = match leftover::find_beyond(state) {
            Ok(beyond) => beyond,
            Err(error) => return self.add(error),
        };
        let list = if beyond.len() > 1 { &mut self.found.errors } else { &mut self.found.warnings };
        list.extend(beyond.iter().map(|manifest| Fault {
            file: format!("manifests/{:010}.man", manifest.sequence),
            offset: 0,
            what: format!(
                "HEAD does not name backup {} of {}; put back the HEAD that does, before the next backup moves it to trash/beyond",
                manifest.id, manifest.taken_at
            ),
        }));
    }

    fn segments(&mut self, state: &State, depth: Depth) {
        let faults: Vec<Error> = state
            .manifests
            .par_iter()
            .flat_map_iter(|manifest| check_segment(state, manifest, depth).err())
            .collect();
        self.found.checked += state.manifests.len() as u64;
        self.add_all(faults);
    }

    /// Journals must pass the point that HEAD knows; records after it are those of an append that did not
    /// update HEAD. Of a file that HEAD does not know nothing was promised, and it may be foreign.
    fn journals(&mut self, state: &State, depth: Depth) {
        let folder = state.root.join("journals");
        let mut names: Vec<String> = state.head.journals.keys().cloned().collect();
        for (file, _) in state.disk.list(&folder).unwrap_or_default() {
            match file.strip_suffix(".log") {
                Some(name) if !names.iter().any(|known| known == name) => names.push(name.to_owned()),
                _ => {}
            }
        }
        for name in names {
            self.found.checked += 1;
            let is_known = state.head.journals.contains_key(&name);
            let journal =
                JournalFile { disk: &*state.disk, folder: &folder, store: &state.head.store_id, name: &name };
            let known = state.head.journals.get(&name).copied().unwrap_or_default();
            let read = if known.length > 0 { journal.verify(&known) } else { journal.read() };
            let (fault, is_torn) = match read {
                Ok(read) => (read.torn_tail.map(|offset| torn(&name, offset)), true),
                Err(error) => (Some(self.fault(error)), false),
            };
            // A crash leaves a torn tail, and nothing that was acknowledged is lost; an append in progress looks the
            // same.
            let is_harmless = !is_known || (is_torn && depth == Depth::Quick);
            let list = if is_harmless { &mut self.found.warnings } else { &mut self.found.errors };
            list.extend(fault);
        }
    }

    /// Rebuilds every version and compares its hash.
    fn versions(&mut self, state: &State) {
        for (key, numbers) in &state.tables {
            if key.kind != VectorKind::Core {
                self.volatile_versions(state, key, numbers.next);
                continue;
            }
            let rows = Rows::many(state, key);
            for &(first, sequence) in &numbers.ranges {
                let faults: Vec<Error> = match version_ordinals(state, key, sequence) {
                    Ok(ordinals) => ordinals
                        .par_iter()
                        .enumerate()
                        .flat_map_iter(|(index, &ordinal)| check_version(&rows, first, index, ordinal).err())
                        .collect(),
                    Err(error) => vec![error],
                };
                self.add_all(faults);
            }
        }
    }

    /// Volatile versions have no hash; they must at least be readable.
    fn volatile_versions(&mut self, state: &State, key: &TableKey, next: u32) {
        if key.kind == VectorKind::Volatile {
            let rows = Rows::many(state, key);
            let check = |version| rows.read_cells(version, &mut RowCells::default());
            let faults: Vec<Error> =
                (1..next).into_par_iter().flat_map_iter(|version| check(version).err()).collect();
            self.add_all(faults);
        }
    }

    fn sets(&mut self, state: &State) {
        for (key, numbers) in &state.tables {
            if matches!(key.kind, VectorKind::Links(_)) {
                let faults: Vec<Error> = (2..numbers.next)
                    .into_par_iter()
                    .flat_map_iter(|number| read_set(state, key, number).err())
                    .collect();
                self.add_all(faults);
            }
        }
    }
}

fn read_manifest(state: &State, sequence: u64) -> Result<(Manifest, String)> {
    let path = manifest_path(&state.root, sequence);
    let bytes = state.disk.read(&path).map_err(crate::error::disk_error("cannot read", &path))?;
    Ok((parse_sealed(&path, &bytes)?, blake3::hash(&bytes).to_hex().to_string()))
}

fn check_segment(state: &State, manifest: &Manifest, depth: Depth) -> Result<()> {
    let path = segment_path(&state.root, manifest.sequence);
    // A segment of its own: what this process has checked before says nothing about the file now.
    let segment = Segment::open(&*state.disk, &path, state.store_id, manifest.sequence)?;
    segment.bound(state.ordinal_count);
    if segment.bytes().len() as u64 != manifest.segment.length {
        return Err(damaged(
            &path,
            format!("expected {} bytes, found {}", manifest.segment.length, segment.bytes().len()),
        ));
    }
    if depth == Depth::Deep {
        segment.verify()?;
        if *blake3::hash(segment.bytes()).to_hex() != *manifest.segment.hash {
            return Err(damaged(&path, "the file's hash is not the one in its manifest"));
        }
    }
    Ok(())
}

fn torn(name: &str, offset: u64) -> Fault {
    let what = "bytes follow the last whole record; the next record cuts them off".to_owned();
    Fault { file: format!("journals/{name}.log"), offset, what }
}

/// The objects that the versions of a segment are of.
pub(crate) fn version_ordinals(state: &State, key: &TableKey, sequence: u64) -> Result<Vec<u32>> {
    let segment = state.segment(sequence)?;
    let table = segment.table(&key.type_token, key.kind.space());
    let table =
        table.ok_or_else(|| damaged(segment.path(), "versions are named that this segment does not have"))?;
    segment.integers(table.ordinals)
}

fn check_version(rows: &Rows<'_>, first: u32, index: usize, ordinal: u32) -> Result<()> {
    let (state, key) = (rows.state(), rows.key());
    let version = first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
    let mut cells = RowCells::default();
    rows.read_cells(version, &mut cells)?;
    let id = state.id(ordinal)?;
    if !is_hash_of(rows.content_hash(version)?, state, key, &id, &cells) {
        let (segment, _) = state.locate(key, version)?;
        return Err(damaged(
            segment.path(),
            format!("version {version} of {} is not what its hash says", key.type_token),
        ));
    }
    Ok(())
}

fn damaged(path: &Path, what: impl Into<String>) -> Error {
    Error::Damaged { path: path.to_owned(), offset: 0, what: what.into() }
}
