//! Turns the changes of known objects into versions: one they had before, a patch, or a whole row.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::patches::top_of;
use super::projection::Projection;
use super::recall::Recalled;
use super::table::{Patch, ResolvedTable, TableWork};
use crate::Result;
use crate::content::{content_hash, first_content_hash};
use crate::id::Id;
use crate::rows::{PATCH_DEPTH_MAX, RowCells, Rows};
use crate::segment::column;
use crate::segment::footer::GroupEntry;
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::{State, TableKey, VectorKind};
use crate::vector::Vector;

/// Attributes that a patch may have; an object that changed in more is kept whole.
const PATCH_CELL_COUNT_MAX: usize = 64;

/// A row that is kept whole although its object was known.
struct WholeRow {
    ordinal: u32,
    predecessor: u32,
    hash: [u8; 16],
    cells: RowCells,
}

/// Decides the versions of a table. `later` has those of the newest commit, where a backup is woven into the past.
pub(super) fn resolve(
    state: &State,
    key: &TableKey,
    (work, later): (TableWork, Option<&Vector>),
    projection: &Projection,
    segment: &mut SegmentWriter,
) -> Result<ResolvedTable> {
    let (mut table, patches) = work.finish(segment)?;
    let rows = Rows::many(state, key);
    let recalled = match key.kind {
        VectorKind::Core => Recalled::read(state, key, patches.iter().map(|(ordinal, _)| *ordinal), later)?,
        _ => Recalled::default(),
    };
    let (mut kept, mut rebuilt) = (Vec::new(), Vec::new());
    for (ordinal, mut patch) in patches {
        let is_stripped = strip_carried(state, &mut patch, projection);
        if patch.cells.is_empty() {
            continue;
        }
        if is_stripped {
            patch.hash = hash_of_patched(&rows, ordinal, &patch)?;
        }
        if key.kind == VectorKind::Core
            && let Some(version) = recalled.find(&rows, ordinal, &patch)?
        {
            table.set_version(ordinal, version);
        } else if patch.cells.len() > PATCH_CELL_COUNT_MAX
            || rows.patch_depth(patch.predecessor)? >= PATCH_DEPTH_MAX
        {
            let cells = patched_cells(&rows, &patch)?;
            rebuilt.push(WholeRow { ordinal, predecessor: patch.predecessor, hash: patch.hash, cells });
        } else {
            kept.push((ordinal, patch));
        }
    }
    for rows in rebuilt.chunks(GROUP_ROW_COUNT_MAX) {
        add_rebuilt(state, &mut table, rows, segment)?;
    }
    for (ordinal, patch) in &kept {
        let version = table.versions.add(*ordinal, patch.predecessor, &patch.hash);
        table.set_version(*ordinal, version);
    }
    table.patches = kept.into_iter().map(|(_, patch)| patch).collect();
    Ok(table)
}

/// Takes out what the data did not ask for; says whether there was any.
fn strip_carried(state: &State, patch: &mut Patch, projection: &Projection) -> bool {
    if projection.carried.is_empty() {
        return false;
    }
    let count = patch.cells.len();
    patch.cells.retain(|cell| !projection.carried.contains_key(top_of(&state.paths.text(cell.path))));
    patch.cells.len() < count
}

fn patched_cells(rows: &Rows<'_>, patch: &Patch) -> Result<RowCells> {
    let mut cells = RowCells::default();
    rows.read_cells(patch.predecessor, &mut cells)?;
    for cell in &patch.cells {
        cells.set(cell.path, &cell.new);
    }
    Ok(cells)
}

fn hash_of_patched(rows: &Rows<'_>, ordinal: u32, patch: &Patch) -> Result<[u8; 16]> {
    let cells = patched_cells(rows, patch)?;
    let id = rows.state().id(ordinal)?;
    Ok(hash_cells(rows.state(), rows.key(), &id, &cells))
}

/// The content hash of core cells read back from the store.
fn hash_cells(state: &State, key: &TableKey, id: &Id, cells: &RowCells) -> [u8; 16] {
    let named = named_cells(state, cells);
    content_hash(&state.hash_key, &key.type_token, id, &borrowed(&named))
}

/// Whether core cells read back from the store are what a content hash is of, in any version of the table of types.
pub(crate) fn is_hash_of(hash: [u8; 16], state: &State, key: &TableKey, id: &Id, cells: &RowCells) -> bool {
    let named = named_cells(state, cells);
    let cells = borrowed(&named);
    content_hash(&state.hash_key, &key.type_token, id, &cells) == hash
        || first_content_hash(&state.hash_key, &key.type_token, id, &cells) == hash
}

fn named_cells<'c>(state: &State, cells: &'c RowCells) -> Vec<(Arc<str>, &'c [u8])> {
    cells.iter().map(|(path, text)| (state.paths.text(path), text)).collect()
}

fn borrowed<'c>(named: &'c [(Arc<str>, &'c [u8])]) -> Vec<(&'c str, &'c [u8])> {
    named.iter().map(|(path, text)| (&**path, *text)).collect()
}

fn add_rebuilt(
    state: &State,
    table: &mut ResolvedTable,
    rows: &[WholeRow],
    segment: &mut SegmentWriter,
) -> Result<()> {
    let mut columns: BTreeMap<Arc<str>, Vec<&[u8]>> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        for (path, text) in row.cells.iter() {
            columns.entry(state.paths.text(path)).or_insert_with(|| vec![b""; rows.len()])[number] = text;
        }
    }
    let columns: Vec<_> = columns.into_iter().collect();
    let encoded: Vec<_> = columns.par_iter().map(|(_, values)| column::encode(values)).collect();
    let mut entries = Vec::with_capacity(columns.len());
    for ((path, _), encoded) in columns.iter().zip(&encoded) {
        entries.push((segment.path_number(path), segment.column(encoded)?));
    }
    entries.sort_unstable();
    let first_row = table.versions.count();
    let row_count = index_u32(rows.len());
    table.versions.groups.push(GroupEntry { first_row, row_count, columns: entries, references: Vec::new() });
    for row in rows {
        let version = table.versions.add(row.ordinal, row.predecessor, &row.hash);
        table.set_version(row.ordinal, version);
    }
    Ok(())
}
