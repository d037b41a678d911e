//! Patches that one thread reads: where they lie, from chunks that stay open, or unpacked.

use std::ops::Range;

use super::open::PerSegment;
use super::unpacked::{Chunk, Found};
use super::{Rows, Spot, check_predecessor, entries_of, integer_at, unknown_path};
use crate::Result;
use crate::paths::PathId;
use crate::segment::column::{Cell, Column};
use crate::segment::footer::PatchEntry;
use crate::segment::integers::PackedU32s;
use crate::segment::reader::Segment;

/// The patch chunks that one thread has open.
#[derive(Default)]
pub(super) struct OpenPatches<'s>(PerSegment<OpenPatch<'s>>);

pub(super) struct OpenPatch<'s> {
    entry: &'s PatchEntry,
    ends: PackedU32s<'s>,
    predecessors: PackedU32s<'s>,
    paths: PackedU32s<'s>,
    ids: &'s [PathId],
    old: Column<'s>,
    new: Column<'s>,
}

/// One patch.
pub(super) struct Patch<'c, 's> {
    /// The version it is put over.
    pub(super) predecessor: u32,
    /// Its attributes, as entries of its chunk.
    pub(super) entries: Range<u32>,
    pub(super) segment: &'c Segment,
    pub(super) texts: Texts<'c, 's>,
}

/// The chunk of a patch.
pub(super) enum Texts<'c, 's> {
    InPlace(&'c OpenPatch<'s>),
    Unpacked(&'c Chunk),
}

impl<'c> From<Found<'c>> for Patch<'c, '_> {
    fn from(Found { predecessor, entries, segment, chunk }: Found<'c>) -> Self {
        Self { predecessor, entries, segment, texts: Texts::Unpacked(chunk) }
    }
}

impl<'s> OpenPatches<'s> {
    /// The patch in a place; none where a whole row stands.
    pub(super) fn read(&mut self, rows: &Rows<'s>, spot: &Spot<'s>) -> Result<Option<Patch<'_, 's>>> {
        let &Spot::Patched { segment, table, patch, within, row } = spot else { return Ok(None) };
        let open = match self.0.get(segment, |open| std::ptr::eq(open.entry, patch)) {
            Some(open) => open,
            empty => empty.insert(OpenPatch {
                entry: patch,
                ends: segment.packed(patch.ends)?,
                predecessors: segment.packed(table.predecessors)?,
                paths: segment.packed(patch.paths)?,
                ids: segment.path_ids(&rows.state.paths),
                old: segment.cells(patch.old_texts)?,
                new: segment.cells(patch.new_texts)?,
            }),
        };
        let entries = entries_of(segment, patch, &open.ends, within)?;
        let predecessor = integer_at(segment, table.predecessors, &open.predecessors, row)?;
        Ok(Some(Patch { predecessor, entries, segment, texts: Texts::InPlace(open) }))
    }
}

impl Patch<'_, '_> {
    /// The version it is put over, of which it must be a later one; `depth` patches were put over it before.
    pub(super) fn predecessor_of(&self, version: u32, depth: usize) -> Result<u32> {
        check_predecessor(self.segment, self.predecessor, version, depth)?;
        Ok(self.predecessor)
    }

    #[inline]
    pub(super) fn path(&self, entry: u32) -> Result<PathId> {
        let path = match self.texts {
            Texts::InPlace(open) => open.ids.get(open.paths.get(entry as usize) as usize).copied(),
            Texts::Unpacked(chunk) => chunk.path(entry),
        };
        path.ok_or_else(|| unknown_path(self.segment))
    }

    /// Appends the text before; nothing where there was no cell.
    #[inline]
    pub(super) fn append_old(&self, entry: u32, out: &mut Vec<u8>) {
        match self.texts {
            Texts::InPlace(open) => _ = open.old.append(entry, out),
            Texts::Unpacked(chunk) => out.extend_from_slice(chunk.old_text(entry)),
        }
    }

    /// Appends the text after; says whether there is a cell.
    #[inline]
    pub(super) fn append_new(&self, entry: u32, out: &mut Vec<u8>) -> bool {
        match self.texts {
            Texts::InPlace(open) => open.new.append(entry, out) != Cell::Absent,
            Texts::Unpacked(chunk) => {
                let text = chunk.new_text(entry);
                out.extend_from_slice(text);
                !text.is_empty()
            }
        }
    }
}
