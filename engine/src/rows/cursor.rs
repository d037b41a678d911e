//! Reads many versions of one table in about their order, one thread's share of them.
//!
//! What was opened for one version (a patch chunk, a column of a row group) mostly serves the next one too.

use std::ops::Range;

use super::columns::OpenColumns;
use super::patches::{OpenPatches, StoredPatch};
use super::{Rows, Spot};
use crate::Result;
use crate::paths::PathId;

/// The cells in which two versions differ: path, and the ranges of old and new text in `texts`; an empty text is an
/// absent cell. Used again for every candidate, so that finding a difference takes no memory of its own.
#[derive(Debug, Default)]
pub(crate) struct DifferingCells {
    cells: Vec<(PathId, Range<usize>, Range<usize>)>,
    texts: Vec<u8>,
}

impl DifferingCells {
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.texts.clear();
    }

    pub(crate) fn push(&mut self, path: PathId, old: &[u8], new: &[u8]) {
        let old = self.append(|texts| texts.extend_from_slice(old));
        let new = self.append(|texts| texts.extend_from_slice(new));
        self.cells.push((path, old, new));
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Path, old text and new text of each cell.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PathId, &[u8], &[u8])> {
        let text = |range: &Range<usize>| &self.texts[range.clone()];
        self.cells.iter().map(move |(path, old, new)| (*path, text(old), text(new)))
    }

    /// Makes the old side the new one.
    pub(crate) fn swap(&mut self) {
        for (_, old, new) in &mut self.cells {
            std::mem::swap(old, new);
        }
    }

    /// Forgets cells whose texts are the same on both sides.
    fn retain_unequal(&mut self) {
        let texts = &self.texts;
        self.cells.retain(|(_, old, new)| texts[old.clone()] != texts[new.clone()]);
    }

    /// Adds what a patch says of a path. A later one may have said what became of it; then this one says what it was.
    fn put_before(&mut self, patch: &StoredPatch<'_, '_>, entry: u32, may_be_known: bool) -> Result<()> {
        let name = patch.path(entry)?;
        let old = self.append(|texts| patch.append_old(entry, texts));
        if let Some(later) = self.cells.iter_mut().find(|(found, ..)| may_be_known && *found == name) {
            later.1 = old;
            return Ok(());
        }
        let new = self.append(|texts| _ = patch.append_new(entry, texts));
        self.cells.push((name, old, new));
        Ok(())
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.texts.len();
        write(&mut self.texts);
        start..self.texts.len()
    }
}

/// A reader of one thread.
pub(crate) struct RowCursor<'r, 's> {
    rows: &'r Rows<'s>,
    patches: OpenPatches<'s>,
    columns: OpenColumns<'s>,
}

impl<'r, 's> RowCursor<'r, 's> {
    pub(crate) fn new(rows: &'r Rows<'s>) -> Self {
        Self { rows, patches: OpenPatches::default(), columns: OpenColumns::default() }
    }

    /// Appends one cell of a version, as its JSON text; says whether there is one.
    pub(crate) fn read_cell(&mut self, version: u32, wanted: PathId, out: &mut Vec<u8>) -> Result<bool> {
        let mut next = version;
        let mut depth = 0;
        loop {
            let Some(patch) = self.patch(next)? else {
                let Spot::Whole { segment, group, row } = self.rows.spot(next)? else { return Ok(false) };
                return self.columns.read(&self.rows.state.paths, (segment, group, row), wanted, out);
            };
            for entry in patch.entries.clone() {
                if patch.path(entry)? == wanted {
                    return Ok(patch.append_new(entry, out));
                }
            }
            next = patch.predecessor_of(next, depth)?;
            depth += 1;
        }
    }

    /// Adds the attributes in which `to` differs from `from`, when `to` is kept as patches that lead back to it; else
    /// says no. Several patches are united: the oldest old text, the newest new one.
    pub(crate) fn read_chain(&mut self, from: u32, to: u32, differing: &mut DifferingCells) -> Result<bool> {
        let mut next = to;
        let mut depth = 0;
        while next > from {
            let Some(patch) = self.patch(next)? else { return Ok(false) };
            for entry in patch.entries.clone() {
                differing.put_before(&patch, entry, depth > 0)?;
            }
            next = patch.predecessor_of(next, depth)?;
            depth += 1;
        }
        if depth > 1 {
            differing.retain_unequal();
        }
        Ok(next == from)
    }

    /// The patch that a version is, if it is one.
    fn patch(&mut self, version: u32) -> Result<Option<StoredPatch<'_, 's>>> {
        match self.rows.unpacked(version)? {
            Some(patch) => Ok(Some(patch)),
            None => self.patches.read(self.rows, &self.rows.spot(version)?),
        }
    }
}
