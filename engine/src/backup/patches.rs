//! Finds the cells in which an observed object differs from its last version.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::table::{Columns, Patch, PatchCell};
use crate::Result;
use crate::paths::PathId;
use crate::rows::{RowCells, Rows};
use crate::state::State;

/// An object whose content differs from its last version.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangedRow {
    pub(super) row: u32,
    pub(super) ordinal: u32,
    pub(super) predecessor: u32,
    pub(super) hash: [u8; 16],
}

/// Compares rows of some columns with the versions they come after; parallel, results in order.
pub(super) fn compare_rows(
    rows: &Rows<'_>,
    Columns { cells: columns, .. }: &Columns,
    differing: &[ChangedRow],
) -> Result<Vec<Patch>> {
    let state = rows.state();
    let paths: Vec<PathId> = columns.iter().map(|cells| state.paths.id(&cells.path.text)).collect();
    differing
        .par_iter()
        .map_init(RowCells::default, |old, object| {
            old.clear();
            rows.read_cells(object.predecessor, old)?;
            let mut cells = Vec::new();
            for (column, &path) in columns.iter().zip(&paths) {
                let new = column.get(object.row).unwrap_or_default();
                let before = old.get(path).unwrap_or_default();
                if new != before {
                    cells.push(PatchCell { path, old: before.into(), new: new.into() });
                }
            }
            for (path, before) in old.iter() {
                if !paths.contains(&path) {
                    cells.push(PatchCell { path, old: before.into(), new: Box::default() });
                }
            }
            cells.sort_by_cached_key(|cell| state.paths.text(cell.path));
            Ok(Patch { predecessor: object.predecessor, hash: object.hash, cells })
        })
        .collect()
}

/// For each property of a patch: whether the old and the new side have any cell of it.
pub(super) fn tops_of(state: &State, patch: &Patch) -> BTreeMap<String, (bool, bool)> {
    let mut tops: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for cell in &patch.cells {
        let text = state.paths.text(cell.path);
        let entry = tops.entry(top_of(&text).to_owned()).or_default();
        entry.0 |= !cell.old.is_empty();
        entry.1 |= !cell.new.is_empty();
    }
    tops
}

/// The property that a path belongs to.
pub(crate) fn top_of(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}
