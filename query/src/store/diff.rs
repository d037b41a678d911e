//! `diff(from, to)`: a row for each object that differs.
//!
//! Columns that no step needs are not computed: without attributes and links the engine compares objects alone, and whole
//! objects are read for the columns `before` and `after` only.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{
    AttributeChange, BackupId, Cascades, Change, ChangeKind, DifferenceFilter, LinkChange, LinkEnd,
    ObjectKey, Snapshot, Store, schema,
};
use rayon::prelude::*;

use super::cells::{self, ColumnSpec};
use super::condition;
use super::part::{part_count, part_range};
use super::points::{PointArgument, described};
use super::{StoreTables, unread};
use crate::batch::{Batch, Column, Schema};
use crate::error::{TableError, counted};
use crate::point::ResolvedPoint;
use crate::table::{Condition, Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};

const COLUMNS: [ColumnSpec; 13] = [
    ("id", Type::String),
    ("type", Type::String),
    ("displayName", Type::String),
    ("change", Type::String),
    ("recoveryAction", Type::String),
    ("reason", Type::String),
    ("attributes", Type::Dynamic),
    ("links", Type::Dynamic),
    ("attributeCount", Type::Long),
    ("linkCount", Type::Long),
    ("unknown", Type::Dynamic),
    ("before", Type::Dynamic),
    ("after", Type::Dynamic),
];

const ID: usize = 0;
const TYPE: usize = 1;
const CHANGE: usize = 3;
/// Columns that only a comparison of contents fills: from here up to [`BEFORE`].
const ATTRIBUTES: usize = 6;
const LINKS: usize = 7;
const LINK_COUNT: usize = 9;
const BEFORE: usize = 11;
const AFTER: usize = 12;

/// The two sides of a difference.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) from: ResolvedPoint,
    pub(super) to: ResolvedPoint,
}

impl Sides {
    /// Resolves the arguments of `diff` or `changes`; the later side defaults to the default point.
    pub(super) fn new(tables: &StoreTables, name: &str, arguments: &[Value]) -> Result<Self, TableError> {
        let (from, to) = match arguments {
            [from] => (from, None),
            [from, to] => (from, Some(to)),
            other => {
                let count = counted(other.len(), "argument");
                return Err(TableError::Arguments {
                    message: format!("`{name}(from, to)` takes one or two points in time, found {count}"),
                    help: Some(format!("without `to` it means `{}`", tables.default)),
                });
            }
        };
        let from = tables.resolve(&argument(name, "from", from)?)?;
        let to = match to {
            Some(to) => tables.resolve(&argument(name, "to", to)?)?,
            None => tables.resolve(&tables.default)?,
        };
        let index = |id: &BackupId| tables.store.commits().iter().position(|backup| backup.id == *id);
        if index(&from.backup) > index(&to.backup) {
            let (from, to) = (&from.written, &to.written);
            tables.log.note(format!("{name}: read backwards, because {from} is later than {to}"));
        }
        Ok(Self { from, to })
    }

    pub(super) fn points(&self) -> Vec<ResolvedPoint> {
        vec![self.from.clone(), self.to.clone()]
    }

    /// Notes what of the compared data was not read at one of the two.
    pub(super) fn note_unread(
        &self,
        tables: &StoreTables,
        name: &str,
        filter: &DifferenceFilter,
    ) -> Result<(), TableError> {
        let lacks = tables.store.unread_between(&self.from.backup, &self.to.backup, filter);
        let lacks = lacks.map_err(TableError::store)?;
        if !lacks.is_empty() {
            tables.log.note(format!("{name}: not read at both sides: {}", unread::list(&lacks)));
        }
        Ok(())
    }
}

/// A point in time among the arguments of a table.
pub(super) fn argument(table: &str, name: &str, value: &Value) -> Result<PointArgument, TableError> {
    PointArgument::from_value(value).map_err(|_| {
        TableError::arguments(format!(
            "`{name}` of `{table}` must be a point in time, a string such as \"latest~1\" or a datetime such as \
             ago(5d), found {}",
            described(value)
        ))
    })
}

/// Which objects the engine compares for a table whose first columns are those of `diff`; the table chooses what of each
/// object is compared.
pub(super) fn filter(conditions: &[Condition]) -> DifferenceFilter {
    let wanted = |column| {
        let texts = condition::wanted_texts(conditions, column).unwrap_or_default();
        texts.into_iter().map(str::to_owned).collect()
    };
    DifferenceFilter {
        types: wanted(TYPE),
        ids: wanted(ID),
        all: false,
        objects_only: false,
        cascades: Cascades::Hidden,
        first_seen: false,
    }
}

/// Where the links that ended with an object are listed, if they are wanted at all: nowhere if no deleted object is.
pub(super) fn cascades(conditions: &[Condition], is_wanted: bool) -> Cascades {
    let kinds = [ChangeKind::SoftDeleted, ChangeKind::HardDeleted, ChangeKind::Deleted];
    let mut kinds = kinds.iter().map(|kind| kind.name());
    if is_wanted && kinds.any(|kind| condition::admits_text(conditions, CHANGE, kind)) {
        Cascades::AtDeleted
    } else {
        Cascades::Hidden
    }
}

/// The table.
pub(super) struct Difference {
    tables: StoreTables,
    sides: Sides,
}

impl Difference {
    pub(super) fn new(tables: &StoreTables, arguments: &[Value]) -> Result<Self, TableError> {
        let sides = Sides::new(tables, "diff", arguments)?;
        Ok(Self { tables: tables.clone(), sides })
    }
}

impl TableSource for Difference {
    fn schema(&self) -> Schema {
        cells::schema_of(&COLUMNS)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let columns = request.columns.clone();
        let is_wanted = |wanted: &[usize]| columns.iter().any(|column| wanted.contains(column));
        let filter = DifferenceFilter {
            objects_only: !columns.iter().any(|column| (ATTRIBUTES..BEFORE).contains(column)),
            cascades: cascades(&request.conditions, is_wanted(&[LINKS, LINK_COUNT])),
            ..filter(&request.conditions)
        };
        self.sides.note_unread(&self.tables, "diff", &filter)?;
        let (store, from, to) = (&self.tables.store, &self.sides.from.backup, &self.sides.to.backup);
        let failed = TableError::store;
        let changes = store.difference(from, to, &filter).map_err(failed)?;
        let needs_whole = columns.iter().any(|column| matches!(*column, BEFORE | AFTER));
        let whole = if needs_whole {
            Some(BothSnapshots::new(store, from, to, &changes).map_err(failed)?)
        } else {
            None
        };
        Ok(Box::new(DifferenceParts { changes, columns, whole }))
    }

    fn points(&self) -> Vec<ResolvedPoint> {
        self.sides.points()
    }
}

struct DifferenceParts {
    changes: Vec<Change>,
    columns: Vec<usize>,
    whole: Option<BothSnapshots>,
}

impl Parts for DifferenceParts {
    fn count(&self) -> usize {
        part_count(self.changes.len())
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let changes = &self.changes[part_range(part, self.changes.len())];
        let columns = self.columns.iter().map(|column| self.column(*column, changes));
        Ok(Batch { columns: columns.collect::<Result<_, _>>()?, row_count: changes.len() })
    }
}

impl DifferenceParts {
    fn column(&self, column: usize, changes: &[Change]) -> Result<Column, TableError> {
        let values =
            |value: &(dyn Fn(&Change) -> Value + Sync)| Column::of(changes.par_iter().map(value).collect());
        Ok(match column {
            ID => Column::of(changes.iter().map(|change| cells::id(&change.id)).collect()),
            TYPE => cells::names(changes.iter().map(|change| &*change.type_token)),
            2 => cells::texts(changes.iter().map(|change| change.display_name.as_str())),
            CHANGE => cells::names(changes.iter().map(|change| change.kind.name())),
            4 => cells::names(changes.iter().map(|change| change.action.name())),
            5 => {
                let reasons: Vec<_> = changes.iter().map(Change::reason_text).collect();
                cells::names(reasons.iter().map(|reason| &**reason))
            }
            ATTRIBUTES => values(&|change| cells::array(change.attributes.iter().map(attribute).collect())),
            LINKS => values(&|change| cells::array(change.links.iter().map(link).collect())),
            8 => values(&|change| cells::count(change.attributes.len())),
            LINK_COUNT => values(&|change| cells::count(change.links.len())),
            10 => {
                values(&|change| cells::array(change.unknown.iter().map(|name| Value::text(name)).collect()))
            }
            BEFORE => self.objects(changes, |whole| &whole.from)?,
            _ => self.objects(changes, |whole| &whole.to)?,
        })
    }

    fn objects(
        &self,
        changes: &[Change],
        side: fn(&BothSnapshots) -> &Snapshot,
    ) -> Result<Column, TableError> {
        let Some(whole) = &self.whole else { return Ok(Column::Constant(Value::Null)) };
        let found = changes.par_iter().map(|change| {
            let object = side(whole).object(&whole.key(change))?;
            Ok(object.map_or(Value::Null, |object| cells::json_value(Some(&object.to_json()))))
        });
        let values = found.collect::<engine::Result<_>>().map_err(TableError::store)?;
        Ok(Column::of(values))
    }
}

fn attribute(change: &AttributeChange) -> Value {
    cells::bag([
        ("name", Value::text(&change.name)),
        ("fromValue", cells::json_value(change.from.as_deref())),
        ("toValue", cells::json_value(change.to.as_deref())),
    ])
}

fn link(change: &LinkChange) -> Value {
    let first = [
        ("relation", Value::text(&change.relation)),
        ("targetId", cells::id(&change.target_id)),
        ("change", Value::text(change.action.name())),
    ];
    let (reason, direction) = (("reason", Value::text("cascade")), ("direction", Value::text("incoming")));
    match change.cascade {
        None => cells::bag(first),
        Some(LinkEnd::Target) => cells::bag(first.into_iter().chain([reason])),
        Some(LinkEnd::Source) => cells::bag(first.into_iter().chain([reason, direction])),
    }
}

/// The two snapshots, and how to find the objects of changes in them.
struct BothSnapshots {
    from: Snapshot,
    to: Snapshot,
    /// Relation objects are shown by a volatile ID; this leads to the one in the store.
    relations: HashMap<(Arc<str>, String), String>,
}

impl BothSnapshots {
    fn new(store: &Store, from: &BackupId, to: &BackupId, changes: &[Change]) -> engine::Result<Self> {
        let (from, to) = (store.snapshot(from)?, store.snapshot(to)?);
        let mut tokens: Vec<&Arc<str>> = changes.iter().map(|change| &change.type_token).collect();
        tokens.dedup();
        tokens.retain(|token| schema::by_token(token).is_some_and(|found| found.is_relation_object));
        let mut relations = HashMap::new();
        for token in tokens {
            // The later side last: where both have an ID, its meaning there counts.
            for side in [&from, &to] {
                for object in side.objects(token)? {
                    let object = object?;
                    if let Some(serde_json::Value::String(shown)) = object.attributes().remove("id") {
                        relations.insert((Arc::clone(token), shown), object.key.id);
                    }
                }
            }
        }
        Ok(Self { from, to, relations })
    }

    fn key(&self, change: &Change) -> ObjectKey {
        let shown = (Arc::clone(&change.type_token), change.id.to_string());
        let id = self.relations.get(&shown).cloned().unwrap_or(shown.1);
        ObjectKey { type_token: shown.0, id }
    }
}
