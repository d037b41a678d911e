//! The patches of one segment, decoded at once.
//!
//! A difference of backups far apart reads nearly all patches between them, and goes back and forth between segments.
//! Reading a packed text touches six to eight cache lines (presence, code, lengths, symbols); here it touches two.
//! The caller bounds how many patches are decoded; the others are read packed.

use std::ops::Range;

use super::{attribute_count, holder, unknown_path};
use crate::Result;
use crate::paths::{PathId, PathNames};
use crate::segment::column::Decoded;
use crate::segment::footer::{PatchEntry, TableEntry};
use crate::segment::reader::Segment;

/// The patches of one table in one segment.
pub(super) struct Unpacked<'s> {
    segment: &'s Segment,
    /// Rows before the first patch.
    whole_count: u32,
    predecessors: Vec<u32>,
    chunks: Vec<PatchChunk>,
}

/// A patch chunk.
pub(super) struct PatchChunk {
    first_patch: u32,
    patch_count: u32,
    /// Where the attributes of each patch end.
    ends: Vec<u32>,
    /// Of each attribute.
    paths: Vec<PathId>,
    old: Decoded,
    new: Decoded,
}

/// A patch, and the chunk that holds it.
pub(super) struct UnpackedPatch<'u> {
    /// The version it is put over.
    pub(super) predecessor: u32,
    /// Its attributes, as entries of the chunk.
    pub(super) entries: Range<u32>,
    pub(super) segment: &'u Segment,
    pub(super) chunk: &'u PatchChunk,
}

impl<'s> Unpacked<'s> {
    /// Decodes the patches of a table; none when the texts of one of its chunks are longer than `budget` bytes.
    pub(super) fn read(
        segment: &'s Segment,
        table: &TableEntry,
        names: &PathNames,
        budget: usize,
    ) -> Result<Option<Self>> {
        let whole_count = table.whole_count;
        let predecessors = segment.packed(table.predecessors)?.iter().skip(whole_count as usize).collect();
        let chunks = table.patches.iter().map(|patch| PatchChunk::read(segment, patch, names, budget));
        let chunks: Option<Vec<PatchChunk>> = chunks.collect::<Result<_>>()?;
        Ok(chunks.map(|chunks| Self { segment, whole_count, predecessors, chunks }))
    }

    /// Bytes of memory that it takes.
    pub(super) fn size(&self) -> usize {
        let number_count = |chunk: &PatchChunk| chunk.ends.len() + chunk.paths.len();
        let size =
            |chunk: &PatchChunk| chunk.old.size() + chunk.new.size() + number_count(chunk) * size_of::<u32>();
        self.chunks.iter().map(size).sum::<usize>() + self.predecessors.len() * size_of::<u32>()
    }

    /// The patch in a row of the table; none where the row is whole.
    #[inline]
    pub(super) fn patch(&self, row: u32) -> Option<UnpackedPatch<'_>> {
        let number = row.checked_sub(self.whole_count)?;
        let predecessor = *self.predecessors.get(number as usize)?;
        let chunk = holder(&self.chunks, number, |chunk| (chunk.first_patch, chunk.patch_count))?;
        let within = (number - chunk.first_patch) as usize;
        let start = if within == 0 { 0 } else { *chunk.ends.get(within - 1)? };
        let entries = start..*chunk.ends.get(within)?;
        Some(UnpackedPatch { predecessor, entries, segment: self.segment, chunk })
    }
}

impl PatchChunk {
    fn read(segment: &Segment, patch: &PatchEntry, names: &PathNames, budget: usize) -> Result<Option<Self>> {
        let count = attribute_count(segment, patch)?;
        let ends: Vec<u32> = segment.packed(patch.ends)?.to_vec();
        if ends.len() != patch.patch_count as usize || !ends.is_sorted() || ends.last() > Some(&count) {
            return Err(segment.footer_error("patches reach beyond their chunk"));
        }
        let ids = segment.path_ids(names);
        let paths = segment.packed(patch.paths)?;
        let paths = paths.iter().map(|number| ids.get(number as usize).copied()).collect::<Option<_>>();
        let paths = paths.ok_or_else(|| unknown_path(segment))?;
        let old = segment.cells(patch.old_texts)?.decode(budget / 2);
        let new = segment.cells(patch.new_texts)?.decode(budget / 2);
        let PatchEntry { first_patch, patch_count, .. } = *patch;
        Ok(old.zip(new).map(|(old, new)| Self { first_patch, patch_count, ends, paths, old, new }))
    }

    #[inline]
    pub(super) fn path(&self, entry: u32) -> Option<PathId> {
        self.paths.get(entry as usize).copied()
    }

    /// The text of an attribute before; empty where there was no cell.
    #[inline]
    pub(super) fn old_text(&self, entry: u32) -> &[u8] {
        self.old.get(entry)
    }

    /// The text of an attribute after.
    #[inline]
    pub(super) fn new_text(&self, entry: u32) -> &[u8] {
        self.new.get(entry)
    }
}
