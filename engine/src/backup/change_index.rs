//! Writes the change index: what a difference shows of each known object that a backup touched, so that the difference
//! of neighbours reads this segment alone.

use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use super::intern::write_ids;
use super::pieces::{Piece, VectorOwner};
use super::table::ResolvedTable;
use crate::Result;
use crate::change_index::{HAS_LINK_CHANGE, IS_SYNCED, IS_UNNAMED};
use crate::id::Id;
use crate::id_index::Ids;
use crate::link_sets::EMPTY_SET;
use crate::paths::PathId;
use crate::rows::{RowCursor, Rows};
use crate::schema::SYNCED_MARKER;
use crate::segment::column;
use crate::segment::footer::{GoneEntry, IdEntry, RosterEntry, TargetEntry};
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::{State, TableKey, VectorKind};
use crate::vector::Slot;

/// Changed objects of a type that are listed, at most: when nearly all change at once, the lists would take more
/// bytes than the changes.
const OBJECT_COUNT_MAX: u64 = 1 << 17;

/// One line of a change index.
struct WrittenLine {
    ordinal: u32,
    slot: Slot,
    id: Id,
    /// The JSON text of the display name.
    name: Vec<u8>,
    flags: u32,
}

/// Writes the change indexes of all types, the targets of changed links, and the objects that are gone or back.
pub(super) fn write(
    basis: &Basis,
    pieces: &[Piece<'_>],
    gone: &roaring::RoaringBitmap,
    segment: &mut SegmentWriter,
) -> Result<()> {
    let before = basis.gone_at_base()?;
    let mut targets = roaring::RoaringBitmap::new();
    for pieces in pieces.chunk_by(|a, b| a.key.type_token == b.key.type_token) {
        let linked = compare_links(&basis.state, pieces, [&before, gone], &mut targets)?;
        write_type(&basis.state, pieces, &linked, segment)?;
    }
    segment.footer.targets = write_targets(&basis.state, &targets, segment)?;
    if before != *gone {
        let list = |ordinals: roaring::RoaringBitmap| ordinals.iter().collect::<Vec<u32>>();
        let (added, removed) = (list(gone - &before), list(&before - gone));
        segment.footer.gone =
            Some(GoneEntry { added: segment.integers(&added)?, removed: segment.integers(&removed)? });
    }
    Ok(())
}

fn write_type(
    state: &State,
    pieces: &[Piece<'_>],
    linked: &roaring::RoaringBitmap,
    segment: &mut SegmentWriter,
) -> Result<()> {
    let compared = pieces.iter().filter(|piece| piece.key.kind != VectorKind::Volatile);
    let mut changed = compared.flat_map(|piece| &piece.changed).peekable();
    let Some(Piece { key, owner, .. }) = pieces.first().filter(|_| changed.peek().is_some()) else {
        return Ok(());
    };
    let token = &key.type_token;
    let known = changed.map(|slot| slot.ordinal).filter(|&ordinal| ordinal < state.ordinal_count);
    let touched: roaring::RoaringBitmap = known.collect();
    let mut entry = RosterEntry { type_token: token.to_string(), ..RosterEntry::default() };
    entry.is_complete = touched.len() <= OBJECT_COUNT_MAX;
    if entry.is_complete && !touched.is_empty() {
        let ordinals: Vec<u32> = touched.iter().collect();
        let mut lines = read_lines(state, token, &owner.core, &ordinals)?;
        for line in lines.iter_mut().filter(|line| linked.contains(line.ordinal)) {
            line.flags |= HAS_LINK_CHANGE;
        }
        write_lines(&lines, &mut entry, segment)?;
    }
    segment.footer.rosters.push(entry);
    Ok(())
}

fn write_lines(lines: &[WrittenLine], entry: &mut RosterEntry, segment: &mut SegmentWriter) -> Result<()> {
    entry.count = index_u32(lines.len());
    let integers = |value: fn(&WrittenLine) -> u32| lines.iter().map(value).collect::<Vec<u32>>();
    entry.ordinals = segment.integers(&integers(|line| line.ordinal))?;
    entry.slots = segment.integers(&integers(|line| line.slot.to_stored()))?;
    entry.flags = segment.packed(&integers(|line| line.flags))?;
    let names: Vec<&[u8]> = lines.iter().map(|line| line.name.as_slice()).collect();
    entry.names = segment.column(&column::encode_quick(&names))?;
    entry.ids = write_list(lines.iter().map(|line| &line.id), segment)?;
    Ok(())
}

fn write_list<'a>(ids: impl Iterator<Item = &'a Id>, segment: &mut SegmentWriter) -> Result<IdEntry> {
    let (mut keys, mut texts) = (Vec::new(), Vec::new());
    for (row, id) in (0..).zip(ids) {
        keys.push(id.key());
        if let Id::Text(text) = id {
            texts.push((row, text.clone()));
        }
    }
    write_ids(&keys, &texts, segment)
}

fn read_lines(
    state: &State,
    token: &Arc<str>,
    core: &ResolvedTable,
    ordinals: &[u32],
) -> Result<Vec<WrittenLine>> {
    let key = TableKey { type_token: Arc::clone(token), kind: VectorKind::Core };
    let (rows, ids) = (Rows::many(state, &key), Ids::new(state));
    let paths = [state.paths.id("displayName"), state.paths.id(SYNCED_MARKER)];
    let lines = ordinals.par_iter().with_min_len(256).map_init(
        || RowCursor::new(&rows),
        |cursor, &ordinal| {
            let (old, slot) = (core.old.get(ordinal), core.new.get(ordinal));
            let version = if slot.version() > 0 { slot.version() } else { old.version() };
            let mut line = WrittenLine { ordinal, slot, id: ids.id(ordinal)?, name: Vec::new(), flags: 0 };
            let mut synced = Vec::new();
            let is_known = read_text(cursor, core, version, paths[0], &mut line.name)?
                && read_text(cursor, core, version, paths[1], &mut synced)?;
            line.flags = if !is_known {
                line.name.clear();
                IS_UNNAMED
            } else if synced == b"true" {
                IS_SYNCED
            } else {
                0
            };
            Ok(line)
        },
    );
    lines.collect()
}

/// Reads a text of a version, old or patched by this backup. Whole rows of this backup cannot be read back yet.
fn read_text(
    cursor: &mut RowCursor<'_, '_>,
    table: &ResolvedTable,
    version: u32,
    path: PathId,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let mut version = version;
    if version >= table.versions.first {
        let Some(kept) = (version - table.versions.first)
            .checked_sub(table.whole_count())
            .and_then(|index| table.patches.get(index as usize))
        else {
            return Ok(false);
        };
        if let Some(cell) = kept.cells.iter().find(|cell| cell.path == path) {
            out.extend_from_slice(&cell.new);
            return Ok(true);
        }
        version = kept.predecessor;
    }
    if version > 0 {
        cursor.read_cell(version, path, out)?;
    }
    Ok(true)
}

/// Collects the targets of links that were added or removed; returns the objects with a shown link among them.
fn compare_links(
    state: &State,
    pieces: &[Piece<'_>],
    [gone_before, gone]: [&roaring::RoaringBitmap; 2],
    targets: &mut roaring::RoaringBitmap,
) -> Result<roaring::RoaringBitmap> {
    let mut linked = roaring::RoaringBitmap::new();
    for piece in pieces {
        let VectorOwner::Links(links) = piece.source else { continue };
        for slot in &piece.changed {
            if slot.old.version() < EMPTY_SET || slot.new.version() < EMPTY_SET {
                continue;
            }
            let old = links.read(state, slot.old.version())?;
            let new = links.read(state, slot.new.version())?;
            let (added, removed) = crate::segment::links::compare(&old, &new);
            let came = added.into_iter().filter(|&target| !gone.contains(target));
            let is_lost = |target: &u32| !(gone_before.contains(*target) && gone.contains(*target));
            for target in came.chain(removed.into_iter().filter(is_lost)) {
                linked.insert(slot.ordinal);
                if target < state.ordinal_count {
                    targets.insert(target);
                }
            }
        }
    }
    Ok(linked)
}

fn write_targets(
    state: &State,
    targets: &roaring::RoaringBitmap,
    segment: &mut SegmentWriter,
) -> Result<Option<TargetEntry>> {
    if targets.is_empty() || targets.len() > OBJECT_COUNT_MAX {
        return Ok(None);
    }
    let ordinals: Vec<u32> = targets.iter().collect();
    let known = Ids::new(state);
    let ids: Vec<Id> = ordinals.iter().map(|&ordinal| known.id(ordinal)).collect::<Result<_>>()?;
    Ok(Some(TargetEntry { ordinals: segment.integers(&ordinals)?, ids: write_list(ids.iter(), segment)? }))
}
