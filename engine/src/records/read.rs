//! Reads the records of a journal.

use std::path::Path;

use crate::Result;
use crate::journal::JournalFile;
use crate::state::State;

/// As [`Store::records`](crate::Store::records).
pub(crate) fn records(state: &State, journal: &str) -> Result<Vec<serde_json::Value>> {
    let folder = state.root.join("journals");
    let file = journal_file(state, &folder, journal);
    // A journal that lost records would read well: only HEAD knows how far it was.
    match state.head.journals.get(journal).filter(|known| known.length > 0) {
        Some(known) => Ok(file.verify(known)?.records),
        None => Ok(file.read()?.records),
    }
}

pub(crate) fn journal_file<'a>(state: &'a State, folder: &'a Path, name: &'a str) -> JournalFile<'a> {
    JournalFile { disk: &*state.disk, folder, store: &state.head.store_id, name }
}
