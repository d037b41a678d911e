//! The tables `objects` and `deletedItems`: objects of every type, as bags.

use std::sync::Arc;

use engine::Snapshot;
use engine::scan::decode;

use super::attribute::EntityColumn;
use super::cache::Cache;
use super::condition::wanted_texts;
use super::reader::TypeReader;
use super::rows::{RowRange, RowSet};
use crate::batch::{BATCH_ROWS, Batch, Column, Field, Schema};
use crate::error::TableError;
use crate::json;
use crate::table::{Admitted, Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};

/// Whole objects are large: fewer of them make a part.
const BAG_ROWS: usize = 4096;

const ID: usize = 0;
const TYPE: usize = 1;
const DISPLAY_NAME: usize = 2;
const ATTRIBUTES: usize = 3;
const DELETED: usize = 4;

/// Which of the two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Live and deleted ones.
    All,
    /// Those in the recycle bin.
    Deleted,
}

/// Objects of every type at a backup.
pub(super) struct Objects {
    snapshot: Snapshot,
    which: Which,
    cache: Arc<Cache>,
}

impl Which {
    /// Their names.
    pub(super) const NAMES: [&str; 2] = ["objects", "deletedItems"];

    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "objects" => Some(Self::All),
            "deletedItems" => Some(Self::Deleted),
            _ => None,
        }
    }
}

impl Objects {
    pub(super) fn new(snapshot: &Snapshot, which: Which, cache: &Arc<Cache>) -> Self {
        Self { snapshot: snapshot.clone(), which, cache: Arc::clone(cache) }
    }
}

impl TableSource for Objects {
    fn schema(&self) -> Schema {
        let mut fields = vec![
            Field::new("id", Type::String),
            Field::new("type", Type::String),
            Field::new("displayName", Type::String),
            Field::new("attributes", Type::Dynamic),
            Field::new("deleted", Type::Bool),
        ];
        if self.which == Which::Deleted {
            fields.push(Field::new("deletedDateTime", Type::Datetime));
        }
        fields
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let ids = wanted_texts(&request.conditions, ID);
        let types = wanted_texts(&request.conditions, TYPE);
        let rows_max = if request.columns.contains(&ATTRIBUTES) { BAG_ROWS } else { BATCH_ROWS };
        let mut parts = Vec::new();
        for token in self.snapshot.types().map_err(TableError::store)? {
            if types.as_ref().is_some_and(|types| !types.contains(&&*token)) {
                continue;
            }
            let reader = TypeReader::new(&self.snapshot, &token, &self.cache);
            for deleted in [false, true] {
                if !(deleted || self.which == Which::All) || !admits(request, deleted) {
                    continue;
                }
                let set = match &ids {
                    Some(ids) => reader.named(ids, deleted)?,
                    None => reader.rows(deleted)?,
                };
                let ranges = set.ranges(rows_max).into_iter();
                parts.extend(ranges.map(|rows| ObjectPart {
                    reader: reader.clone(),
                    set: set.clone(),
                    rows,
                }));
            }
        }
        Ok(Box::new(ObjectParts { columns: request.columns.clone(), parts }))
    }
}

/// Whether conditions on `deleted` admit a value.
fn admits(request: &ScanRequest, deleted: bool) -> bool {
    request.conditions.iter().filter(|condition| condition.column == DELETED).all(
        |condition| match &condition.admitted {
            Admitted::OneOf(values) => values.contains(&Value::Bool(deleted)),
            _ => true,
        },
    )
}

struct ObjectParts {
    columns: Vec<usize>,
    parts: Vec<ObjectPart>,
}

struct ObjectPart {
    reader: TypeReader,
    set: RowSet,
    rows: RowRange,
}

impl Parts for ObjectParts {
    fn count(&self) -> usize {
        self.parts.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let part = &self.parts[part];
        let columns = self.columns.iter().map(|column| part.column(*column));
        Ok(Batch { columns: columns.collect::<Result<_, _>>()?, row_count: part.rows.range.len() })
    }
}

impl ObjectPart {
    fn column(&self, column: usize) -> Result<Column, TableError> {
        let read = |column: &EntityColumn| self.reader.column(column, &self.set, &self.rows);
        match column {
            ID => read(&EntityColumn::id()),
            TYPE => Ok(Column::Constant(Value::text(self.reader.scan.token()))),
            DISPLAY_NAME => read(&EntityColumn::common("displayName", Type::String)),
            ATTRIBUTES => self.bags(),
            DELETED => Ok(Column::Constant(Value::Bool(self.set.deleted))),
            _ => read(&EntityColumn::common("deletedDateTime", Type::Datetime)),
        }
    }

    fn bags(&self) -> Result<Column, TableError> {
        let bags = self.set.rows.part(&self.rows.range)?.ordinals.iter().map(|ordinal| {
            let object = self.reader.scan.object(*ordinal).map_err(TableError::store)?;
            let Some(object) = object else { return Ok(Value::Null) };
            let text = object.attributes_json();
            let bag = json::parse(text).or_else(|| json::parse(&decode(text.as_bytes()).to_string()));
            Ok(bag.unwrap_or_default())
        });
        Ok(Column::of(bags.collect::<Result<_, TableError>>()?))
    }
}
