//! The table of a type: its live objects, a property a column.

use std::sync::Arc;

use engine::schema::{self, PropertyType};
use engine::{Object, Snapshot, Store};

use crate::batch::{Batch, Column, Field, Schema};
use crate::json;
use crate::table::{Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};

/// The type token that a table's name stands for.
pub(super) fn token_of(_store: &Store, name: &str) -> Option<Arc<str>> {
    let found = schema::by_table(name).or_else(|| schema::by_token(name))?;
    Some(found.token.into())
}

/// The live objects of a type at a backup.
pub(super) struct Entities {
    snapshot: Snapshot,
    token: Arc<str>,
}

impl Entities {
    pub(super) fn new(snapshot: Snapshot, token: Arc<str>) -> Self {
        Self { snapshot, token }
    }
}

fn column_type(kind: PropertyType) -> Type {
    match kind {
        PropertyType::String => Type::String,
        PropertyType::Boolean => Type::Bool,
        PropertyType::Int32 => Type::Int,
        PropertyType::Int64 => Type::Long,
        PropertyType::Double => Type::Real,
        PropertyType::DateTime => Type::Datetime,
        PropertyType::Guid => Type::Guid,
        PropertyType::Dynamic => Type::Dynamic,
    }
}

impl TableSource for Entities {
    fn schema(&self) -> Schema {
        let mut fields = vec![Field::new("id", Type::String)];
        if let Some(found) = schema::by_token(&self.token) {
            fields.extend(found.properties().map(|(name, kind)| Field::new(name, column_type(kind))));
        }
        fields
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, String> {
        let failed = |error: engine::Error| error.to_string();
        let schema = self.schema();
        let mut columns = vec![Vec::new(); request.columns.len()];
        let mut row_count = 0;
        for object in self.snapshot.objects(&self.token).map_err(failed)? {
            let object = object.map_err(failed)?;
            if object.deleted {
                continue;
            }
            row_count += 1;
            for (cells, place) in columns.iter_mut().zip(&request.columns) {
                cells.push(cell(&object, &schema[*place]));
            }
        }
        let batch = Batch { columns: columns.into_iter().map(Column::of).collect(), row_count };
        Ok(Box::new(batch.split()))
    }
}

fn cell(object: &Object, field: &Field) -> Value {
    if field.name == "id" {
        return Value::text(&object.key.id);
    }
    let found = object.attributes().remove(&field.name);
    let value = found.and_then(|value| json::parse(&value.to_string())).unwrap_or(Value::Null);
    match (&value, field.kind) {
        (_, Type::Dynamic) | (Value::String(_), Type::String) | (Value::Bool(_), Type::Bool) => value,
        (Value::Long(_), Type::Long | Type::Int) => value,
        (Value::String(_), _) => crate::convert::to_type(&value, Type::String, field.kind),
        _ => Value::missing(field.kind),
    }
}
