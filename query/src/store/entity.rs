//! The table of a type: its live objects, a property a column.

use std::sync::Arc;

use engine::{Snapshot, Store, schema};

use super::attribute::EntitySchema;
use super::cache::Cache;
use super::condition::wanted_texts;
use super::reader::TypeReader;
use super::rows::{RowRange, RowSet};
use crate::batch::{BATCH_ROWS, Batch, Schema};
use crate::error::TableError;
use crate::table::{Parts, ScanRequest, TableSource};

/// The type token of a table's name: a table of the types, or the token of a type that the store has.
pub(super) fn token_of(store: &Store, name: &str) -> Option<Arc<str>> {
    if let Some(found) = schema::by_table(name).or_else(|| schema::by_token(name)) {
        return Some(found.token.into());
    }
    store.type_tokens().find(|token| &***token == name).map(Arc::clone)
}

/// The live objects of a type at a backup.
pub(super) struct Entities {
    reader: TypeReader,
    schema: Arc<EntitySchema>,
}

impl Entities {
    /// # Errors
    /// When the store cannot say which columns there are.
    pub(super) fn new(snapshot: &Snapshot, token: &str, cache: &Arc<Cache>) -> Result<Self, TableError> {
        let reader = TypeReader::new(snapshot, token, cache);
        let schema = reader.schema()?;
        Ok(Self { reader, schema })
    }
}

impl TableSource for Entities {
    fn schema(&self) -> Schema {
        self.schema.fields()
    }

    fn nested(&self, column: usize, path: &[Arc<str>]) -> Option<usize> {
        self.schema.nested(column, path)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let set = match wanted_texts(&request.conditions, 0) {
            Some(ids) => self.reader.named(&ids, false)?,
            None => self.reader.rows(false)?,
        };
        let columns = request.columns.clone();
        let (reader, schema) = (self.reader.clone(), Arc::clone(&self.schema));
        Ok(Box::new(EntityParts { reader, schema, columns, ranges: set.ranges(BATCH_ROWS), set }))
    }
}

struct EntityParts {
    reader: TypeReader,
    schema: Arc<EntitySchema>,
    columns: Vec<usize>,
    set: RowSet,
    ranges: Vec<RowRange>,
}

impl Parts for EntityParts {
    fn count(&self) -> usize {
        self.ranges.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let rows = &self.ranges[part];
        let columns = self.columns.iter().map(|column| {
            let column = &self.schema.columns[*column];
            self.reader.column(column, &self.set, rows)
        });
        Ok(Batch { columns: columns.collect::<Result<_, _>>()?, row_count: rows.range.len() })
    }
}
