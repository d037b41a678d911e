//! The catalogue as tables: backups, saved differences, recoveries and their steps.

use engine::records::{Field, FieldKind, FieldValue, RecoverySummary, Report, StepOutcome, StepStatus};
use engine::{BackupSummary, Store};

use super::cells::{self, ColumnSpec};
use super::points::described;
use crate::batch::{Batch, Column, Schema};
use crate::error::{TableError, nearest};
use crate::json;
use crate::table::{Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};

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

/// Rows that are few and known.
pub(super) struct Listing {
    columns: Vec<ColumnSpec>,
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
        "backups" => |store| Ok(Listing::new(BACKUP_COLUMNS.to_vec(), store.backups().iter().map(backup))),
        "reports" => |store| Ok(records(&Report::FIELDS, &store.reports().map_err(TableError::store)?)),
        "recoveries" => {
            |store| Ok(records(&RecoverySummary::FIELDS, &store.recoveries().map_err(TableError::store)?))
        }
        _ => return Ok(None),
    };
    if !arguments.is_empty() {
        let count = arguments.len();
        let message = format!("`{name}` takes no arguments, found {count}: it lists what the store keeps");
        return Err(TableError::arguments(message));
    }
    listing(store).map(Some)
}

fn backup(backup: &BackupSummary) -> Vec<Value> {
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

fn steps(store: &Store, arguments: &[Value]) -> Result<Listing, TableError> {
    let [Value::String(id)] = arguments else {
        let found = arguments.iter().map(described).collect::<Vec<_>>().join(", ");
        let found = if found.is_empty() { "nothing".to_owned() } else { found };
        let message =
            format!("`recoverySteps(\"id\")` takes the ID of a recovery as a string, found {found}");
        return Err(TableError::arguments(message));
    };
    let recoveries = store.recoveries().map_err(TableError::store)?;
    let known: Vec<&str> = recoveries.iter().map(|recovery| &*recovery.id).collect();
    if !known.contains(&&**id) {
        let near = nearest(id, known.iter().copied()).map(str::to_owned);
        return Err(TableError::NoRecovery { id: id.to_string(), near, known: known.len() });
    }
    let mut steps = store.recovery_steps(id).map_err(TableError::store)?;
    steps.retain(|step| step.status != StepStatus::Pending);
    Ok(records(&StepOutcome::FIELDS, &steps))
}

/// Records as rows: a column is a field.
fn records<R>(fields: &[Field<R>], records: &[R]) -> Listing {
    let columns = fields.iter().map(|field| (field.name, type_of(field.kind))).collect();
    let row = |record| fields.iter().map(|field| cell((field.value)(record), type_of(field.kind))).collect();
    Listing::new(columns, records.iter().map(row))
}

fn type_of(kind: FieldKind) -> Type {
    match kind {
        FieldKind::Text => Type::String,
        FieldKind::Count => Type::Long,
        FieldKind::Time => Type::Datetime,
        FieldKind::Json => Type::Dynamic,
    }
}

fn cell(value: FieldValue<'_>, kind: Type) -> Value {
    match value {
        FieldValue::Null => Value::missing(kind),
        FieldValue::Text(text) => Value::text(&text),
        FieldValue::Count(count) => number(count),
        FieldValue::Time(time) => cells::datetime(time),
        FieldValue::Json(value) => json::parse(&value.to_string()).unwrap_or(Value::Null),
    }
}

fn number(number: u64) -> Value {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

impl Listing {
    fn new(columns: Vec<ColumnSpec>, rows: impl Iterator<Item = Vec<Value>>) -> Self {
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
        cells::schema_of(&self.columns)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let columns = request.columns.iter().map(|column| Column::of(self.cells[*column].clone()));
        let batch = Batch { columns: columns.collect(), row_count: self.row_count };
        Ok(Box::new(batch.split()))
    }
}
