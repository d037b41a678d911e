//! Reads many versions of one table in about their order, one thread's share of them.
//!
//! What was opened for one version (a patch chunk, a column of a row group) mostly serves the next one too.

use std::ops::Range;
use std::sync::Arc;

use super::{GroupEntry, Rows, Spot, check_predecessor, entries_of, integer_at};
use crate::Result;
use crate::paths::PathId;
use crate::segment::column::{Cell, Column};
use crate::segment::footer::{PatchEntry, ReferenceEntry};
use crate::segment::integers::PackedU32s;
use crate::segment::reader::Segment;
use crate::segment::reference;

/// The cells in which two versions differ: path, and where old and new text stand in `texts`; an empty text is an
/// absent cell. Used again for every candidate, so that finding a difference takes no memory of its own.
#[derive(Debug, Default)]
pub(crate) struct Differing {
    cells: Vec<(PathId, Range<usize>, Range<usize>)>,
    texts: Vec<u8>,
}

impl Differing {
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

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.texts.len();
        write(&mut self.texts);
        start..self.texts.len()
    }
}

/// Patch chunks that stay open, one of a segment: a difference of backups a month apart goes back and forth between them.
const OPEN_PATCH_COUNT: usize = 64;

/// A reader of one thread.
pub(crate) struct Cursor<'r, 's> {
    rows: &'r Rows<'s>,
    /// By the sequence of the segment, modulo their number.
    patches: Vec<Option<OpenPatch<'s>>>,
    columns: Vec<OpenColumn<'s>>,
    base: Vec<u8>,
}

struct OpenPatch<'s> {
    entry: &'s PatchEntry,
    segment: &'s Segment,
    ends: PackedU32s<'s>,
    predecessors: PackedU32s<'s>,
    paths: PackedU32s<'s>,
    ids: &'s [PathId],
    old: Column<'s>,
    new: Column<'s>,
}

/// One patch of an open chunk: its attributes, and the version it is put over.
struct Patch<'c, 's> {
    open: &'c OpenPatch<'s>,
    entries: Range<u32>,
    predecessor: u32,
}

/// A column of the group last read, if the group has it, and what it repeats.
struct OpenColumn<'s> {
    path: PathId,
    group: &'s GroupEntry,
    column: Option<(Column<'s>, Option<(&'s ReferenceEntry, Column<'s>)>)>,
}

impl<'r, 's> Cursor<'r, 's> {
    pub(crate) fn new(rows: &'r Rows<'s>) -> Self {
        Self { rows, patches: Vec::new(), columns: Vec::new(), base: Vec::new() }
    }

    /// Appends one cell of a version, as its JSON text; says whether there is one.
    pub(crate) fn read_cell(&mut self, version: u32, path: PathId, out: &mut Vec<u8>) -> Result<bool> {
        let mut next = version;
        let mut depth = 0;
        loop {
            let spot = self.rows.spot(next)?;
            if let Spot::Whole { segment, group, row } = spot {
                return self.read_column(segment, group, row, path, out);
            }
            let Some(Patch { open, entries, predecessor }) = self.patch(&spot)? else { return Ok(false) };
            for entry in entries {
                if open.path(entry)? == path {
                    return Ok(open.new.append(entry, out) != Cell::Absent);
                }
            }
            check_predecessor(open.segment, predecessor, next, depth)?;
            next = predecessor;
            depth += 1;
        }
    }

    /// Adds the attributes in which `to` differs from `from`, when `to` is kept as patches that lead back to it; else
    /// says no. Several patches are united: the oldest old text, the newest new one.
    pub(crate) fn read_chain(&mut self, from: u32, to: u32, differing: &mut Differing) -> Result<bool> {
        let mut next = to;
        let mut depth = 0;
        while next > from {
            let spot = self.rows.spot(next)?;
            let Some(Patch { open, entries, predecessor }) = self.patch(&spot)? else { return Ok(false) };
            check_predecessor(open.segment, predecessor, next, depth)?;
            for entry in entries {
                let path = open.path(entry)?;
                let old = differing.append(|texts| {
                    open.old.append(entry, texts);
                });
                let later = differing.cells.iter_mut().find(|(found, ..)| depth > 0 && *found == path);
                if let Some(later) = later {
                    later.1 = old;
                    continue;
                }
                let new = differing.append(|texts| {
                    open.new.append(entry, texts);
                });
                differing.cells.push((path, old, new));
            }
            next = predecessor;
            depth += 1;
        }
        if depth > 1 {
            differing.retain_unequal();
        }
        Ok(next == from)
    }

    /// The patch in a place; none where a whole row stands.
    fn patch(&mut self, spot: &Spot<'s>) -> Result<Option<Patch<'_, 's>>> {
        let &Spot::Patched { segment, table, patch, within, row } = spot else { return Ok(None) };
        let place = usize::try_from(segment.sequence).unwrap_or(0) % OPEN_PATCH_COUNT;
        if self.patches.len() <= place {
            self.patches.resize_with(place + 1, || None);
        }
        let is_open = self.patches[place].as_ref().is_some_and(|open| std::ptr::eq(open.entry, patch));
        if !is_open {
            self.patches[place] = Some(OpenPatch {
                entry: patch,
                segment,
                ends: segment.packed(patch.ends)?,
                predecessors: segment.packed(table.predecessors)?,
                paths: segment.packed(patch.paths)?,
                ids: segment.path_ids(&self.rows.state.paths),
                old: segment.cells(patch.old_texts)?,
                new: segment.cells(patch.new_texts)?,
            });
        }
        let open = self.patches[place].as_ref().expect("opened above");
        let entries = entries_of(segment, patch, &open.ends, within)?;
        let predecessor = integer_at(segment, table.predecessors, &open.predecessors, row)?;
        Ok(Some(Patch { open, entries, predecessor }))
    }

    fn read_column(
        &mut self,
        segment: &'s Arc<Segment>,
        group: &'s GroupEntry,
        row: u32,
        path: PathId,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let place = self.open_column(segment, group, path)?;
        let Some((column, base)) = &self.columns[place].column else { return Ok(false) };
        let cell = column.append(row, out);
        let Some((entry, base)) = base.as_ref().filter(|_| cell == Cell::Unknown) else {
            return Ok(cell != Cell::Absent);
        };
        self.base.clear();
        base.append(row, &mut self.base);
        if reference::append(entry, &self.base, out) {
            return Ok(true);
        }
        Err(segment.footer_error(format!("row {row} repeats a text that is not there")))
    }

    fn open_column(
        &mut self,
        segment: &'s Arc<Segment>,
        group: &'s GroupEntry,
        path: PathId,
    ) -> Result<usize> {
        let place = self.columns.iter().position(|open| open.path == path);
        if let Some(place) = place.filter(|&place| std::ptr::eq(self.columns[place].group, group)) {
            return Ok(place);
        }
        let chunk = segment.path_number(&self.rows.state.paths, path).and_then(|number| {
            let found = group.columns.binary_search_by_key(&number, |(path, _)| *path);
            found.ok().map(|place| group.columns[place].1)
        });
        let column = match chunk {
            Some(chunk) => {
                let entry = group.references.binary_search_by_key(&chunk, |entry| entry.chunk).ok();
                let entry = entry.map(|place| &group.references[place]);
                let base = entry.map(|entry| Ok::<_, crate::Error>((entry, segment.cells(entry.base)?)));
                Some((segment.cells(chunk)?, base.transpose()?))
            }
            None => None,
        };
        let open = OpenColumn { path, group, column };
        let place = place.unwrap_or(self.columns.len());
        if place < self.columns.len() {
            self.columns[place] = open;
        } else {
            self.columns.push(open);
        }
        Ok(place)
    }
}

impl OpenPatch<'_> {
    fn path(&self, entry: u32) -> Result<PathId> {
        let number = self.paths.get(entry as usize) as usize;
        self.ids
            .get(number)
            .copied()
            .ok_or_else(|| self.segment.footer_error("a patch names a path that the footer does not have"))
    }
}
