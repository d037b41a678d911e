//! The columns of a type: which stored paths, links or IDs each of them shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::scan::{Scan, Space, path_names};
use engine::schema::{self, PropertyType};

use crate::batch::{Field, Schema};
use crate::error::TableError;
use crate::value::{Type, Value};

/// The property that names a subtype; objects of the type itself do not hold it.
const TYPE_PROPERTY: &str = "@odata.type";

/// The columns of a type, in order: those that are shown, then the nested ones that paths lead to.
pub(super) struct EntitySchema {
    pub(super) columns: Vec<EntityColumn>,
    shown_count: usize,
    /// The indexes of nested columns, by the names that lead to them.
    nested: BTreeMap<Vec<String>, usize>,
}

/// One column.
pub(super) struct EntityColumn {
    pub(super) name: Arc<str>,
    /// How many names lead to it: one, unless it is nested.
    pub(super) depth: usize,
    pub(super) kind: Type,
    pub(super) source: ColumnSource,
}

/// What a column shows.
pub(super) enum ColumnSource {
    /// The IDs.
    Id,
    /// Cells of these paths; `missing` is shown where there is none.
    Cells { paths: Vec<CellPath>, missing: Value },
    /// The one target of a relation.
    ToOne(Arc<str>),
    /// The targets of a relation.
    ToMany(Arc<str>),
}

/// A stored path, and the names that lead to it from the column.
pub(super) struct CellPath {
    pub(super) space: Space,
    pub(super) path: Arc<str>,
    pub(super) below: Vec<String>,
}

/// A path that some version has.
struct Seen {
    space: Space,
    path: Arc<str>,
    names: Vec<String>,
}

impl EntityColumn {
    /// The column `id`.
    pub(super) fn id() -> Self {
        Self { name: "id".into(), depth: 1, kind: Type::String, source: ColumnSource::Id }
    }

    /// A property that every type may have; one that is not a text may be volatile.
    pub(super) fn common(name: &str, kind: Type) -> Self {
        let spaces = if kind == Type::String { &[Space::Core][..] } else { &[Space::Core, Space::Volatile] };
        let path = |space: &Space| CellPath { space: *space, path: name.into(), below: Vec::new() };
        let paths = spaces.iter().map(path).collect();
        let source = ColumnSource::Cells { paths, missing: Value::missing(kind) };
        Self { name: name.into(), depth: 1, kind, source }
    }
}

impl EntitySchema {
    /// The known properties of the type, then its links, then every other property ever seen, then nested ones.
    pub(super) fn read(scan: &Scan) -> Result<Self, TableError> {
        let seen = seen_paths(scan)?;
        let info = schema::by_token(scan.token());
        let mut columns = vec![EntityColumn::id()];
        let mut taken: BTreeSet<String> = BTreeSet::from(["id".to_owned()]);
        for (name, kind) in info.into_iter().flat_map(schema::Type::columns) {
            let is_link = info.is_some_and(|info| info.relation(name).is_some());
            if !is_link && taken.insert(name.to_owned()) {
                columns.push(top_level(&seen, name, kind_of(kind)));
            }
        }
        let known = info.into_iter().flat_map(|info| info.relations.iter().map(|found| found.name.into()));
        let relations: Vec<Arc<str>> = known.chain(scan.relations()).collect();
        for relation in relations {
            if taken.insert(relation.to_string()) {
                columns.push(linked(scan.token(), &relation));
            }
        }
        for name in seen.iter().filter_map(|seen| seen.names.first()) {
            if name == TYPE_PROPERTY && taken.insert(name.clone()) {
                columns.push(type_column(&seen, scan.token()));
            } else if taken.insert(name.clone()) {
                columns.push(top_level(&seen, name, Type::Dynamic));
            }
        }
        let shown_count = columns.len();
        let mut nested = BTreeMap::new();
        for names in nested_names(&seen) {
            nested.insert(names.to_vec(), columns.len());
            columns.push(column(&seen, names, Type::Dynamic));
        }
        Ok(Self { columns, shown_count, nested })
    }

    pub(super) fn fields(&self) -> Schema {
        let shown = self.columns.iter().take(self.shown_count);
        shown.map(|column| Field::new(&*column.name, column.kind)).collect()
    }

    /// The index of the column for a path inside a column.
    pub(super) fn nested(&self, column: usize, path: &[Arc<str>]) -> Option<usize> {
        let column = self.columns[..self.shown_count].get(column)?;
        let is_whole = column.kind == Type::Dynamic && matches!(column.source, ColumnSource::Cells { .. });
        let names = std::iter::once(&column.name).chain(path).map(ToString::to_string);
        is_whole.then(|| self.nested.get(&names.collect::<Vec<_>>()).copied())?
    }
}

fn seen_paths(scan: &Scan) -> Result<Vec<Seen>, TableError> {
    let mut seen = Vec::new();
    for space in [Space::Core, Space::Volatile] {
        for path in scan.paths(space).map_err(TableError::store)? {
            seen.extend(path_names(&path).map(|names| Seen { space, path, names }));
        }
    }
    seen.sort_by(|a, b| (&a.names, a.space).cmp(&(&b.names, b.space)));
    Ok(seen)
}

/// The names that lead to everything inside of a property, each once.
fn nested_names(seen: &[Seen]) -> BTreeSet<&[String]> {
    seen.iter().flat_map(|seen| (2..=seen.names.len()).map(|length| &seen.names[..length])).collect()
}

fn top_level(seen: &[Seen], name: &str, kind: Type) -> EntityColumn {
    column(seen, &[name.to_owned()], kind)
}

fn column(seen: &[Seen], names: &[String], kind: Type) -> EntityColumn {
    let inside = seen.iter().filter(|seen| seen.names.starts_with(names));
    let paths = inside.map(|seen| CellPath {
        space: seen.space,
        path: Arc::clone(&seen.path),
        below: seen.names[names.len()..].to_vec(),
    });
    // What is nested does not fit a column of a plain type.
    let paths = paths.filter(|path| kind == Type::Dynamic || path.below.is_empty()).collect();
    let source = ColumnSource::Cells { paths, missing: Value::missing(kind) };
    EntityColumn { name: joined(names).into(), depth: names.len(), kind, source }
}

/// Names as one text: a name alone as it is, others so that two lists of as many of them differ.
fn joined(names: &[String]) -> String {
    match names {
        [name] => name.clone(),
        names => {
            let escaped = names.iter().map(|name| name.replace('~', "~0").replace('/', "~1"));
            escaped.collect::<Vec<_>>().join("/")
        }
    }
}

/// Objects of a subtype hold their type; the others have the one of the table.
fn type_column(seen: &[Seen], token: &str) -> EntityColumn {
    let mut found = top_level(seen, TYPE_PROPERTY, Type::String);
    let own =
        schema::by_token(token).map_or_else(|| format!("#microsoft.graph.{token}"), schema::Type::odata_type);
    if let ColumnSource::Cells { missing, .. } = &mut found.source {
        *missing = Value::text(&own);
    }
    found
}

fn linked(token: &str, relation: &Arc<str>) -> EntityColumn {
    let to_one = schema::by_token(token)
        .and_then(|info| info.relation(relation))
        .is_some_and(|relation| relation.to_one);
    let name = Arc::clone(relation);
    let relation = Arc::clone(relation);
    if to_one {
        EntityColumn { name, depth: 1, kind: Type::String, source: ColumnSource::ToOne(relation) }
    } else {
        EntityColumn { name, depth: 1, kind: Type::Dynamic, source: ColumnSource::ToMany(relation) }
    }
}

fn kind_of(kind: PropertyType) -> Type {
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
