//! Encodes a backup: writes its segment but for the footer, and lists what the next import need not parse.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::basis::Basis;
use super::checkpoint::WrittenTable;
use super::collect::Description;
use super::intern::Interner;
use super::pieces::{self, Piece, VectorOwner};
use super::resolved::Resolved;
use super::table::Patch;
use super::{change_index, checkpoint, remember};
use crate::Result;
use crate::import_cache::RawForm;
use crate::manifest::{Counts, CoverageRecord};
use crate::segment::column;
use crate::segment::footer::{LinkEntry, PatchEntry, SlotEntry, TableEntry};
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::State;

/// A backup whose segment is written but for its end.
pub(super) struct Encoded {
    pub(super) description: Description,
    pub(super) segment: SegmentWriter,
    pub(super) counts: Counts,
    pub(super) coverage: BTreeMap<String, CoverageRecord>,
    pub(super) carries_checkpoint: bool,
    /// Type tokens by the number that the import cache gives them once this backup is in the store.
    pub(super) cache_types: Vec<Arc<str>>,
    /// What the next import need not parse, by type.
    pub(super) forms: Vec<(Arc<str>, Vec<RawForm>)>,
}

/// Encodes what was resolved, and writes it to the segment.
pub(super) fn encode(resolved: Resolved, basis: &Basis) -> Result<Encoded> {
    let Resolved { description, mut segment, interner, types, forms, counts, coverage, gone } = resolved;
    let (pieces, forms) =
        rayon::join(|| pieces::encode(basis, &types), || remember::known_again(basis, &types, forms));
    let pieces = pieces?;
    let cache_types = remember::cache_types(&basis.state, &pieces);
    let carries_checkpoint = write(basis, &interner, &gone, &pieces, &mut segment)?;
    Ok(Encoded { description, segment, counts, coverage, carries_checkpoint, cache_types, forms })
}

/// Writes everything but the end of the segment; tells whether it has a checkpoint.
fn write(
    basis: &Basis,
    interner: &Interner,
    gone: &roaring::RoaringBitmap,
    pieces: &[Piece<'_>],
    segment: &mut SegmentWriter,
) -> Result<bool> {
    let slot_count = pieces.iter().map(|piece| piece.changed.len() as u64).sum();
    let is_due = checkpoint::is_due(basis, interner, slot_count)?;
    let write = || -> Result<_> {
        let mut written = BTreeMap::new();
        for piece in pieces {
            let slots = piece.slots.as_ref().map(|slots| segment.slots(slots)).transpose()?;
            write_piece(&basis.state, piece, slots, segment)?;
            written.insert(&piece.key, WrittenTable { source: piece.source, slots });
        }
        change_index::write(basis, pieces, gone, segment)?;
        interner.write(segment)?;
        Ok(written)
    };
    let build_index = || is_due.then(|| checkpoint::build_index(basis, interner)).transpose();
    let (written, index) = rayon::join(write, build_index);
    let written = written?;
    if let Some(index) = index? {
        let checkpoint = checkpoint::write(basis, interner, gone, &index, &written, segment)?;
        segment.footer.checkpoint = Some(checkpoint);
    }
    Ok(is_due)
}

fn write_piece(
    state: &State,
    piece: &Piece<'_>,
    slots: Option<SlotEntry>,
    segment: &mut SegmentWriter,
) -> Result<()> {
    let type_token = piece.key.type_token.to_string();
    let (first, count) = piece.source.numbers();
    let mut heads = [0; 3];
    for (head, chunk) in heads.iter_mut().zip(&piece.heads) {
        *head = segment.put(chunk)?;
    }
    match piece.source {
        VectorOwner::Table(table) => {
            let [ordinals, predecessors, hashes] = heads;
            let patches = write_patches(state, &table.patches, segment)?;
            segment.footer.tables.push(TableEntry {
                type_token,
                space: piece.key.kind.space(),
                first_version: first,
                whole_count: table.whole_count(),
                patch_count: index_u32(table.patches.len()),
                ordinals,
                predecessors,
                hashes,
                groups: table.versions.groups.clone(),
                patches,
                slots,
            });
        }
        VectorOwner::Links(_) => {
            let [predecessors, ends, data] = heads;
            segment.footer.links.push(LinkEntry {
                type_token,
                relation: piece.key.kind.name().to_owned(),
                first_set: first,
                set_count: count,
                predecessors,
                ends,
                data,
                slots,
            });
        }
    }
    Ok(())
}

/// Writes the patches that were kept.
fn write_patches(state: &State, patches: &[Patch], segment: &mut SegmentWriter) -> Result<Vec<PatchEntry>> {
    let mut entries = Vec::new();
    let mut first = 0;
    while first < patches.len() {
        let (mut count, mut cell_count) = (0, 0);
        for patch in &patches[first..] {
            if count > 0 && cell_count + patch.cells.len() > GROUP_ROW_COUNT_MAX {
                break;
            }
            cell_count += patch.cells.len();
            count += 1;
        }
        entries.push(write_patch_chunk(state, first, &patches[first..first + count], segment)?);
        first += count;
    }
    Ok(entries)
}

fn write_patch_chunk(
    state: &State,
    first_patch: usize,
    patches: &[Patch],
    segment: &mut SegmentWriter,
) -> Result<PatchEntry> {
    let (mut ends, mut paths) = (Vec::new(), Vec::new());
    let (mut old, mut new): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for patch in patches {
        for cell in &patch.cells {
            paths.push(segment.path_number(&state.paths.text(cell.path)));
            old.push(&cell.old);
            new.push(&cell.new);
        }
        ends.push(index_u32(paths.len()));
    }
    Ok(PatchEntry {
        first_patch: index_u32(first_patch),
        patch_count: index_u32(patches.len()),
        ends: segment.packed(&ends)?,
        paths: segment.packed(&paths)?,
        old_texts: segment.column(&column::encode_quick(&old))?,
        new_texts: segment.column(&column::encode_quick(&new))?,
    })
}
