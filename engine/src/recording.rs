//! A journal held open by its writer, for records that must be durable in thousands a second.
//!
//! Each [`RecordWriter::append`] is one write and one sync. HEAD is not rewritten: a journal may be longer than HEAD
//! knows, and the chain of its records says that they belong to it. [`RecordWriter::pin`] makes HEAD know.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::disk::DiskLock;
use crate::error::disk_error;
use crate::journal::{JournalFile, JournalHead, JournalTail};
use crate::records::read::records;
use crate::state::State;
use crate::{Error, Result};

/// A journal open for appending; it cannot be opened a second time meanwhile.
pub struct RecordWriter {
    state: Arc<State>,
    name: String,
    tail: JournalTail,
    /// Held until the end; nothing reads it.
    _lock: Box<dyn DiskLock>,
}

/// As [`Store::open_journal`](crate::Store::open_journal).
pub(crate) fn open_journal(state: &Arc<State>, name: &str) -> Result<RecordWriter> {
    // What HEAD knows must still be there: a record after a loss would make the loss the truth.
    records(state, name)?;
    let state = Arc::clone(state);
    let folder = state.root.join("journals");
    let file = JournalFile { disk: &*state.disk, folder: &folder, store: &state.head.store_id, name };
    let path = file.path()?.with_extension("lock");
    let Some(lock) = state.disk.try_lock(&path).map_err(disk_error("cannot lock", &path))? else {
        return Err(Error::Locked { holder: format!("another process, which writes the journal {name}") });
    };
    let tail = file.tail()?;
    Ok(RecordWriter { name: name.to_owned(), tail, _lock: lock, state })
}

/// As [`Store::journals`](crate::Store::journals).
pub(crate) fn journals(state: &State) -> Result<Vec<String>> {
    let folder = state.root.join("journals");
    let files = state.disk.list(&folder).map_err(disk_error("cannot read", &folder))?;
    let mut names: Vec<String> =
        files.iter().filter_map(|(file, _)| Some(file.strip_suffix(".log")?.to_owned())).collect();
    names.sort_unstable();
    Ok(names)
}

impl RecordWriter {
    /// Appends records; when this returns they are durable.
    ///
    /// # Errors
    /// `Invalid` when a record could not be read again, or after an append that failed; `Disk`.
    pub fn append(&mut self, records: &[Value]) -> Result<()> {
        self.tail.append(&*self.state.disk, records)?;
        Ok(())
    }

    /// Where the journal ends.
    #[must_use]
    pub fn head(&self) -> JournalHead {
        self.tail.head()
    }

    /// The name of the journal.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for RecordWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordWriter")
            .field("name", &self.name)
            .field("head", &self.head())
            .finish_non_exhaustive()
    }
}
