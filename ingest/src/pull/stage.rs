//! Owns the staging of a backup: the pages that were read, so that a run that was killed goes on from there.
//!
//! Shape: one file of frames, appended as pages come. `length u32 · key length u16 · hash 16 · key · body`, integers
//! little-endian; the hash covers key and body. The first frame names the run; another run's file is begun anew.
//!
//! Invariants: what a crash leaves of the last frame is cut off; no token and no secret is ever staged.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use engine::disk::{create_private_folder, private_file};

use super::error::Result;
use crate::system::FileError;

const HEADER_SIZE: usize = 4 + 2 + 16;
const HASH_CONTEXT: &str = "entrasnap 2026-11 staged page";
/// The key of the frame that names the run.
const RUN_KEY: &str = "run";
/// The key of the frame that says when the run began.
pub(super) const BEGUN_KEY: &str = "begun";

const FILE_NAME: &str = "backup.pages";

/// The staged pages of a run.
pub(super) struct Stage {
    path: PathBuf,
    inner: Mutex<StageState>,
}

/// Where the body of each key stands, and how long it is.
type StagedPages = HashMap<String, (u64, usize)>;

struct StageState {
    file: File,
    end: u64,
    /// Where the body of each key stands, and how long it is.
    indexes: StagedPages,
}

/// How many pages a run left in a folder.
pub(super) fn left(folder: &Path) -> usize {
    let file = File::open(folder.join(FILE_NAME));
    file.and_then(|mut file| scan(&mut file)).map_or(0, |(indexes, _)| page_count(&indexes))
}

fn page_count(indexes: &StagedPages) -> usize {
    indexes.keys().filter(|key| ![RUN_KEY, BEGUN_KEY].contains(&key.as_str())).count()
}

impl Stage {
    /// Opens the staging of this run, or begins it anew when there is none or it is another run's.
    pub(super) fn open(folder: &Path, run: &str) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        let failed = |action| FileError::of(action, &path);
        create_private_folder(folder).map_err(failed("create"))?;
        let mut file = private_file()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        let (mut indexes, mut end) = scan(&mut file).map_err(failed("read"))?;
        let is_same = indexes
            .get(RUN_KEY)
            .is_some_and(|index| read_at(&mut file, *index).is_ok_and(|body| body == run.as_bytes()));
        if !is_same {
            (indexes, end) = (HashMap::new(), 0);
        }
        file.set_len(end).map_err(failed("cut"))?;
        let stage = Self { path, inner: Mutex::new(StageState { file, end, indexes }) };
        if !is_same {
            stage.put(RUN_KEY, run.as_bytes())?;
        }
        Ok(stage)
    }

    /// How many pages an earlier run left.
    pub(super) fn count(&self) -> usize {
        page_count(&self.lock().indexes)
    }

    /// The page that was staged under a key.
    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        let mut inner = self.lock();
        let index = *inner.indexes.get(key)?;
        read_at(&mut inner.file, index).ok().map(Bytes::from)
    }

    /// Stages a page.
    pub(super) fn put(&self, key: &str, body: &[u8]) -> Result<()> {
        let mut frame = Vec::with_capacity(HEADER_SIZE + key.len() + body.len());
        let (Ok(length), Ok(key_length)) = (u32::try_from(body.len()), u16::try_from(key.len())) else {
            // A page that does not fit a frame is read again.
            return Ok(());
        };
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&key_length.to_le_bytes());
        frame.extend_from_slice(&hash(key.as_bytes(), body));
        frame.extend_from_slice(key.as_bytes());
        frame.extend_from_slice(body);
        let mut inner = self.lock();
        let end = inner.end;
        let written = inner.file.seek(SeekFrom::Start(end)).and_then(|_| inner.file.write_all(&frame));
        written.map_err(FileError::of("write", &self.path))?;
        inner.indexes.insert(key.to_owned(), (end + (HEADER_SIZE + key.len()) as u64, body.len()));
        inner.end = end + frame.len() as u64;
        Ok(())
    }

    /// Removes what was staged, once it is committed.
    pub(super) fn finish(&self) {
        // What cannot be removed is of a run that is over, and the next one begins it anew.
        let _outcome = self.lock().file.set_len(0);
        let _outcome = std::fs::remove_file(&self.path);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, StageState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(key: &[u8], body: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(HASH_CONTEXT);
    hasher.update(key).update(body);
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

fn read_at(file: &mut File, (offset, length): (u64, usize)) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut body = vec![0; length];
    file.read_exact(&mut body)?;
    Ok(body)
}

/// Finds the frames that are whole, and where they end.
fn scan(file: &mut File) -> std::io::Result<(StagedPages, u64)> {
    let size = file.metadata()?.len();
    let (mut indexes, mut end) = (HashMap::new(), 0_u64);
    loop {
        file.seek(SeekFrom::Start(end))?;
        let mut header = [0; HEADER_SIZE];
        if size - end < HEADER_SIZE as u64 {
            return Ok((indexes, end));
        }
        file.read_exact(&mut header)?;
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let key_length = usize::from(u16::from_le_bytes([header[4], header[5]]));
        let next = end + (HEADER_SIZE + key_length + length) as u64;
        if next > size {
            return Ok((indexes, end));
        }
        let mut rest = vec![0; key_length + length];
        file.read_exact(&mut rest)?;
        let (key, body) = rest.split_at(key_length);
        let Ok(text) = std::str::from_utf8(key) else { return Ok((indexes, end)) };
        if header[6..] != hash(key, body) {
            return Ok((indexes, end));
        }
        indexes.insert(text.to_owned(), (end + (HEADER_SIZE + key_length) as u64, length));
        end = next;
    }
}

#[cfg(test)]
mod tests {
    use super::{Stage, left};

    #[test]
    fn pages_are_there_for_the_same_run_and_for_no_other() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(left(folder.path()), 0);
        let stage = Stage::open(folder.path(), "one").unwrap();
        assert_eq!(left(folder.path()), 0);
        stage.put("list/user/0", b"page").unwrap();
        assert_eq!(left(folder.path()), 1);
        drop(stage);
        let again = Stage::open(folder.path(), "one").unwrap();
        assert_eq!(again.count(), 1);
        assert_eq!(again.get("list/user/0").unwrap(), &b"page"[..]);
        assert_eq!(again.get("list/user/1"), None);
        drop(again);
        assert_eq!(Stage::open(folder.path(), "two").unwrap().count(), 0);
    }

    #[test]
    fn a_torn_or_flipped_end_is_cut_off_and_what_is_before_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::open(folder.path(), "one").unwrap();
        stage.put("a", b"first").unwrap();
        stage.put("b", b"second").unwrap();
        drop(stage);
        let path = folder.path().join("backup.pages");
        let whole = std::fs::read(&path).unwrap();
        for length in whole.len() - 20..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let cut = Stage::open(folder.path(), "one").unwrap();
            assert_eq!((cut.count(), cut.get("a").as_deref()), (1, Some(&b"first"[..])));
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        assert_eq!(Stage::open(folder.path(), "one").unwrap().count(), 1);
    }
}
