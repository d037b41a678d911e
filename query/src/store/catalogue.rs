//! The catalogue as tables: backups, saved differences, recoveries and their steps.

use engine::{BackupSummary, Store};
use serde_json::Value as Json;

use super::cells::{self, ColumnSpec};
use super::points::described;
use crate::batch::{Batch, Column, Schema};
use crate::error::{TableError, nearest};
use crate::table::{Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};
use crate::{convert, json};

/// The journal of saved differences, and that of recoveries; the steps of a recovery have one of their own.
const REPORTS: &str = "reports";
const RECOVERIES: &str = "recoveries";
const STEPS_PREFIX: &str = "recovery-";

const BACKUP_COLUMNS: [ColumnSpec; 11] = [
    ("id", Type::String),
    ("takenAt", Type::Datetime),
    ("source", Type::String),
    ("note", Type::String),
    ("objects", Type::Long),
    ("links", Type::Long),
    ("added", Type::Long),
    ("updated", Type::Long),
    ("deleted", Type::Long),
    ("bytes", Type::Long),
    ("warnings", Type::Dynamic),
];

const REPORT_COLUMNS: [ColumnSpec; 13] = [
    ("id", Type::String),
    ("name", Type::String),
    ("status", Type::String),
    ("from", Type::String),
    ("fromTakenAt", Type::Datetime),
    ("to", Type::String),
    ("toTakenAt", Type::Datetime),
    ("filter", Type::Dynamic),
    ("started", Type::Datetime),
    ("completed", Type::Datetime),
    ("objects", Type::Long),
    ("attributes", Type::Long),
    ("links", Type::Long),
];

const RECOVERY_COLUMNS: [ColumnSpec; 16] = [
    ("id", Type::String),
    ("status", Type::String),
    ("from", Type::String),
    ("to", Type::String),
    ("planId", Type::String),
    ("reason", Type::String),
    ("actor", Type::String),
    ("started", Type::Datetime),
    ("completed", Type::Datetime),
    ("requestedObjects", Type::Long),
    ("requestedLinks", Type::Long),
    ("modifiedObjects", Type::Long),
    ("modifiedLinks", Type::Long),
    ("failed", Type::Long),
    ("conflicts", Type::Long),
    ("skipped", Type::Long),
];

const STEP_COLUMNS: [ColumnSpec; 11] = [
    ("id", Type::String),
    ("kind", Type::String),
    ("status", Type::String),
    ("object", Type::Dynamic),
    ("before", Type::Dynamic),
    ("after", Type::Dynamic),
    ("links", Type::Dynamic),
    ("dependsOn", Type::Dynamic),
    ("request", Type::Dynamic),
    ("error", Type::Dynamic),
    ("completed", Type::Datetime),
];

/// Rows that are few and known.
pub(super) struct Listing {
    columns: &'static [ColumnSpec],
    cells: Vec<Vec<Value>>,
    row_count: usize,
}

/// Finds one of these tables.
///
/// # Errors
/// When the arguments are not right or the records cannot be read.
pub(super) fn table(store: &Store, name: &str, arguments: &[Value]) -> Result<Option<Listing>, TableError> {
    if let ("recoverySteps", arguments) = (name, arguments) {
        return steps(store, arguments).map(Some);
    }
    let listing: fn(&Store) -> Result<Listing, TableError> = match name {
        "backups" => |store| Ok(Listing::new(&BACKUP_COLUMNS, store.backups().iter().map(backup))),
        "reports" => |store| Ok(records(&REPORT_COLUMNS, &standing(&heads(store, REPORTS)?))),
        "recoveries" => |store| Ok(records(&RECOVERY_COLUMNS, &newest(&heads(store, RECOVERIES)?))),
        _ => return Ok(None),
    };
    if !arguments.is_empty() {
        let count = arguments.len();
        let message = format!("`{name}` takes no arguments, found {count}: it lists what the store keeps");
        return Err(TableError::arguments(message));
    }
    listing(store).map(Some)
}

fn heads(store: &Store, journal: &str) -> Result<Vec<Json>, TableError> {
    store.record_heads(journal).map_err(TableError::store)
}

fn backup(backup: &BackupSummary) -> Vec<Value> {
    let number = |number: u64| Value::Long(i64::try_from(number).unwrap_or(i64::MAX));
    let warnings = backup.warnings.iter().map(|warning| {
        cells::bag([
            ("type", Value::text(&warning.type_token)),
            ("reason", Value::text(&warning.reason)),
            ("count", number(warning.count)),
        ])
    });
    vec![
        Value::text(&backup.id),
        cells::datetime(backup.taken_at),
        Value::text(&backup.source),
        Value::text(&backup.note),
        number(backup.objects),
        number(backup.links),
        number(backup.added),
        number(backup.updated),
        number(backup.deleted),
        number(backup.bytes),
        cells::array(warnings.collect()),
    ]
}

/// Saved differences that were not deleted since.
fn standing(records: &[Json]) -> Vec<&Json> {
    let of_kind = |kind: &'static str| records.iter().filter(move |record| record["kind"] == kind);
    let deleted: Vec<&Json> = of_kind("deleted").map(|record| &record["id"]).collect();
    of_kind("created").filter(|record| !deleted.contains(&&record["id"])).collect()
}

/// The newest record of each ID, in the order of their first.
fn newest(records: &[Json]) -> Vec<&Json> {
    let mut newest: Vec<&Json> = Vec::new();
    for record in records {
        match newest.iter_mut().find(|other| other["id"] == record["id"]) {
            Some(other) => *other = record,
            None => newest.push(record),
        }
    }
    newest
}

fn steps(store: &Store, arguments: &[Value]) -> Result<Listing, TableError> {
    let [Value::String(id)] = arguments else {
        let found = arguments.iter().map(described).collect::<Vec<_>>().join(", ");
        let found = if found.is_empty() { "nothing".to_owned() } else { found };
        let message =
            format!("`recoverySteps(\"id\")` takes the ID of a recovery as a string, found {found}");
        return Err(TableError::arguments(message));
    };
    let heads = heads(store, RECOVERIES)?;
    let known: Vec<&str> = newest(&heads).iter().filter_map(|record| record["id"].as_str()).collect();
    if !known.contains(&&**id) {
        let near = nearest(id, known.iter().copied()).map(str::to_owned);
        return Err(TableError::NoRecovery { id: id.to_string(), near, known: known.len() });
    }
    let journal = format!("{STEPS_PREFIX}{id}");
    let records_found = store.records(&journal).map_err(TableError::store)?;
    let is_step = |record: &&Json| record.get("id").is_some();
    let of_steps: Vec<Json> = records_found.iter().filter(is_step).cloned().collect();
    Ok(records(&STEP_COLUMNS, &newest(&of_steps)))
}

/// Records as rows: a column is the member of its name.
fn records(columns: &'static [ColumnSpec], records: &[&Json]) -> Listing {
    let row = |record: &&Json| columns.iter().map(|(name, kind)| member(record, name, *kind)).collect();
    Listing::new(columns, records.iter().map(row))
}

fn member(record: &Json, name: &str, kind: Type) -> Value {
    let value = match &record[name] {
        Json::Null => Value::Null,
        Json::String(text) => Value::text(text),
        other => json::parse(&other.to_string()).unwrap_or(Value::Null),
    };
    match (value, kind) {
        (Value::Null, kind) => Value::missing(kind),
        (value, Type::Dynamic) => value,
        (value, kind) => convert::to_type(&value, Type::Dynamic, kind),
    }
}

impl Listing {
    fn new(columns: &'static [ColumnSpec], rows: impl Iterator<Item = Vec<Value>>) -> Self {
        let (mut cells, mut row_count) = (vec![Vec::new(); columns.len()], 0);
        for row in rows {
            row_count += 1;
            for (cells, value) in cells.iter_mut().zip(row) {
                cells.push(value);
            }
        }
        Self { columns, cells, row_count }
    }
}

impl TableSource for Listing {
    fn schema(&self) -> Schema {
        cells::schema_of(self.columns)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let columns = request.columns.iter().map(|column| Column::of(self.cells[*column].clone()));
        let batch = Batch { columns: columns.collect(), row_count: self.row_count };
        Ok(Box::new(batch.split()))
    }
}
