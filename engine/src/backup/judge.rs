//! Judges which patches are changes that count.

use std::collections::HashMap;

use super::patches::top_of;
use super::projection::Projection;
use super::table::{Patch, PatchCell};
use crate::Result;
use crate::paths::PathId;
use crate::rows::Rows;
use crate::same::{self, Comparer, moved};

/// Tells changes from what was only written in another way.
pub(super) struct Judge<'a> {
    rows: &'a Rows<'a>,
    projection: &'a Projection,
    comparers: HashMap<PathId, Option<Comparer>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(rows: &'a Rows<'a>, projection: &'a Projection) -> Self {
        Self { rows, projection, comparers: HashMap::new() }
    }

    /// Whether a patch holds anything that is compared and was observed on both sides.
    pub(super) fn is_significant(&mut self, patch: &Patch) -> Result<bool> {
        let paths = &self.rows.state().paths;
        let cells = patch.cells.iter().map(|cell| (paths.text(cell.path), &*cell.old, &*cell.new));
        let is_move = moved::can_move(&self.rows.key().type_token) && moved::is_move(cells);
        for cell in &patch.cells {
            if is_move && moved::takes_part(&paths.text(cell.path)) {
                continue;
            }
            if self.is_change(patch, cell)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_change(&mut self, patch: &Patch, cell: &PatchCell) -> Result<bool> {
        let Self { rows, projection, comparers } = self;
        let comparer = comparers.entry(cell.path).or_insert_with(|| {
            let name = rows.state().paths.text(cell.path);
            projection.is_observed(top_of(&name)).then(|| Comparer::new(&rows.key().type_token, &name))
        });
        let Some(comparer) = comparer.as_ref().filter(|found| !found.is_same(&cell.old, &cell.new)) else {
            return Ok(false);
        };
        // An end that comes or goes is a change of its own.
        Ok(!comparer.is_start() || same::has_end(rows, patch.predecessor, cell.path)?)
    }
}
