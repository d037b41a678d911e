//! Which backups a history is about.

use std::ops::Range;

use engine::{BackupId, Store};

use crate::error::TableError;
use crate::point::ResolvedPoint;
use crate::store::StoreTables;
use crate::store::diff::argument;
use crate::store::points::PointArgument;
use crate::value::Value;

/// The backups whose changes are listed.
#[derive(Debug, Clone)]
pub(super) struct Window {
    indexes: Range<usize>,
    /// The points that were resolved.
    pub(super) points: Vec<ResolvedPoint>,
}

impl Window {
    /// The backups after the first point up to the second, which defaults to the default point. A time before all
    /// backups takes the first backup in, too, compared with nothing.
    pub(super) fn new(tables: &StoreTables, arguments: &[Value]) -> Result<Self, TableError> {
        let from = match arguments.first() {
            Some(from) => argument("history", "from", from)?,
            None => tables.default.clone(),
        };
        let to = match arguments.get(1) {
            Some(to) => later_point(to)?,
            None => tables.default.clone(),
        };
        let is_before_all = from.is_time()
            && !tables.store.backups().is_empty()
            && from.to_point().is_ok_and(|point| tables.store.resolve(&point).is_err());
        let start = if is_before_all { None } else { Some(tables.resolve(&from)?) };
        let end = tables.resolve(&to)?;
        let last = index(tables, &end)?;
        let Some(start) = start else {
            return Ok(Self { indexes: 0..last + 1, points: vec![end] });
        };
        let first = index(tables, &start)?;
        if first > last {
            let (from, to) = (&start.written, &end.written);
            tables.log.note(format!("history: read from {to} to {from}, because {from} is later"));
        }
        Ok(Self { indexes: first.min(last) + 1..first.max(last) + 1, points: vec![start, end] })
    }

    /// The indexes of the backups, oldest first; each is compared with the one before.
    pub(super) fn indexes(&self) -> Range<usize> {
        self.indexes.clone()
    }

    /// The last backup, where names are looked up first.
    pub(super) fn last_backup(&self, store: &Store) -> Option<BackupId> {
        store.commits().get(self.indexes.end.checked_sub(1)?).map(|backup| backup.id)
    }
}

/// The second argument, which is easily mistaken for the object's ID.
fn later_point(value: &Value) -> Result<PointArgument, TableError> {
    let point = argument("history", "to", value)?;
    if point.is_live() {
        return Ok(point);
    }
    match point.to_point() {
        Ok(_) => Ok(point),
        Err(error) => {
            let help = format!("the ID of an object comes third: `history(from, \"latest\", \"{point}\")`");
            Err(TableError::Arguments { message: error.to_string(), help: Some(help) })
        }
    }
}

fn index(tables: &StoreTables, point: &ResolvedPoint) -> Result<usize, TableError> {
    let found = tables.store.commits().iter().position(|backup| backup.id == point.backup);
    found.ok_or_else(|| TableError::UnknownBackup {
        written: point.written.clone(),
        backup: point.backup.to_string(),
    })
}
