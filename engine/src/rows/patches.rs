//! Patches that one thread reads: where they lie, from chunks that stay open, or unpacked.

use std::ops::Range;

use super::open::PerSegment;
use super::unpacked::{PatchChunk, UnpackedPatch};
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
pub(super) struct StoredPatch<'c, 's> {
    /// The version it is put over.
    pub(super) predecessor: u32,
    /// Its attributes, as entries of its chunk.
    pub(super) entries: Range<u32>,
    pub(super) segment: &'c Segment,
    pub(super) texts: PatchTexts<'c, 's>,
}

/// The chunk of a patch.
pub(super) enum PatchTexts<'c, 's> {
    Packed(&'c OpenPatch<'s>),
    Unpacked(&'c PatchChunk),
}

impl<'c> From<UnpackedPatch<'c>> for StoredPatch<'c, '_> {
    fn from(UnpackedPatch { predecessor, entries, segment, chunk }: UnpackedPatch<'c>) -> Self {
        Self { predecessor, entries, segment, texts: PatchTexts::Unpacked(chunk) }
    }
}

impl<'s> OpenPatches<'s> {
    /// The patch of a version; none where the version is a whole row.
    pub(super) fn read(&mut self, rows: &Rows<'s>, spot: &Spot<'s>) -> Result<Option<StoredPatch<'_, 's>>> {
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
        Ok(Some(StoredPatch { predecessor, entries, segment, texts: PatchTexts::Packed(open) }))
    }
}

impl StoredPatch<'_, '_> {
    /// The version it is put over, of which it must be a later one; `depth` patches were put over it before.
    pub(super) fn predecessor_of(&self, version: u32, depth: usize) -> Result<u32> {
        check_predecessor(self.segment, self.predecessor, version, depth)?;
        Ok(self.predecessor)
    }

    #[inline]
    pub(super) fn path(&self, entry: u32) -> Result<PathId> {
        let path = match self.texts {
            PatchTexts::Packed(open) => open.ids.get(open.paths.get(entry as usize) as usize).copied(),
            PatchTexts::Unpacked(chunk) => chunk.path(entry),
        };
        path.ok_or_else(|| unknown_path(self.segment))
    }

    /// Appends the text before; nothing where there was no cell.
    #[inline]
    pub(super) fn append_old(&self, entry: u32, out: &mut Vec<u8>) {
        match self.texts {
            PatchTexts::Packed(open) => _ = open.old.append(entry, out),
            PatchTexts::Unpacked(chunk) => out.extend_from_slice(chunk.old_text(entry)),
        }
    }

    /// Appends the text after; says whether there is a cell.
    #[inline]
    pub(super) fn append_new(&self, entry: u32, out: &mut Vec<u8>) -> bool {
        match self.texts {
            PatchTexts::Packed(open) => open.new.append(entry, out) != Cell::Absent,
            PatchTexts::Unpacked(chunk) => {
                let text = chunk.new_text(entry);
                out.extend_from_slice(text);
                !text.is_empty()
            }
        }
    }
}
