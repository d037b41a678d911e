//! Tables of changes and of the catalogue: which of them a name means, and `changes(from, to)` itself.

use std::sync::Arc;

use engine::{Change, Store};

use super::diff::{Difference, Sides};
use super::event::{self, Event, Events};
use super::history::History;
use super::part;
use super::target::Targets;
use super::{StoreTables, catalogue, cells};
use crate::batch::{Batch, Column, Schema};
use crate::error::TableError;
use crate::point::ResolvedPoint;
use crate::table::{Parts, ScanRequest, TableSource};
use crate::value::Value;

/// Their names.
pub(super) const NAMES: &[&str] =
    &["diff", "changes", "history", "backups", "reports", "recoveries", "recoverySteps"];

/// Finds one of these tables.
///
/// # Errors
/// A message for the user, when the arguments are not right.
pub(super) fn table(
    tables: &StoreTables,
    name: &str,
    arguments: &[Value],
) -> Result<Option<Arc<dyn TableSource>>, TableError> {
    Ok(Some(match name {
        "diff" => Arc::new(Difference::new(tables, arguments)?),
        "changes" => Arc::new(Changes::new(tables, arguments)?),
        "history" => Arc::new(History::new(tables, arguments)?),
        _ => match catalogue::table(&tables.store, name, arguments)? {
            Some(listing) => Arc::new(listing),
            None => return Ok(None),
        },
    }))
}

/// The table.
struct Changes {
    tables: StoreTables,
    sides: Sides,
}

impl Changes {
    fn new(tables: &StoreTables, arguments: &[Value]) -> Result<Self, TableError> {
        let sides = Sides::new(tables, "changes", arguments)?;
        Ok(Self { tables: tables.clone(), sides })
    }
}

impl TableSource for Changes {
    fn schema(&self) -> Schema {
        cells::schema_of(&event::COLUMNS)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let failed = TableError::store;
        let conditions = &request.conditions;
        let filter = event::filter(conditions);
        self.sides.note_unread(&self.tables, "changes", &filter)?;
        let (from, to) = (&self.sides.from.backup, &self.sides.to.backup);
        let store = Arc::clone(&self.tables.store);
        let changes = store.difference(from, to, &filter).map_err(failed)?;
        let events = event::events(&changes, conditions);
        let sides = self.sides.clone();
        Ok(Box::new(ChangeParts { store, sides, changes, events, columns: request.columns.clone() }))
    }

    fn points(&self) -> Vec<ResolvedPoint> {
        self.sides.points()
    }
}

struct ChangeParts {
    store: Arc<Store>,
    sides: Sides,
    changes: Vec<Change>,
    events: Vec<Event>,
    columns: Vec<usize>,
}

impl Parts for ChangeParts {
    fn count(&self) -> usize {
        part::part_count(self.events.len())
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let events = &self.events[part::part_range(part, self.events.len())];
        let targets = Targets::new(&self.store, &[self.sides.to.backup, self.sides.from.backup]);
        let rows = Events { changes: &self.changes, of: events, targets: &targets, index: &|_| None };
        rows.batch(&self.columns, &|_| Column::Constant(Value::Null))
    }
}
