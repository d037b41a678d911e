//! The columns of a type: which stored paths, links or IDs each of them shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::scan::{Scan, Space, path_names};
use engine::schema::{self, PropertyType};

use crate::batch::{Field, Schema};
use crate::value::{Type, Value};

/// The property that names a subtype; objects of the type itself do not hold it.
const TYPE_PROPERTY: &str = "@odata.type";

/// The columns of a type, in order.
pub(super) struct EntitySchema {
    pub(super) columns: Vec<EntityColumn>,
}

/// One column.
pub(super) struct EntityColumn {
    pub(super) name: Arc<str>,
    pub(super) kind: Type,
    pub(super) source: Source,
}

/// What a column shows.
pub(super) enum Source {
    /// The IDs.
    Id,
    /// Cells of these paths; `missing` stands where there is none.
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

impl EntitySchema {
    /// The known properties of the type, then its links, then every other property ever seen, then nested ones.
    pub(super) fn read(scan: &Scan) -> Result<Self, String> {
        let seen = seen_paths(scan)?;
        let info = schema::by_token(scan.token());
        let mut columns = vec![EntityColumn { name: "id".into(), kind: Type::String, source: Source::Id }];
        let mut taken: BTreeSet<String> = BTreeSet::from(["id".to_owned()]);
        for (name, kind) in info.into_iter().flat_map(schema::Type::properties) {
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
        for (name, names) in nested(&seen) {
            if taken.insert(name.clone()) {
                columns.push(column(&seen, &name, &names, Type::Dynamic));
            }
        }
        Ok(Self { columns })
    }

    pub(super) fn fields(&self) -> Schema {
        self.columns.iter().map(|column| Field::new(&*column.name, column.kind)).collect()
    }
}

fn seen_paths(scan: &Scan) -> Result<Vec<Seen>, String> {
    let mut seen = Vec::new();
    for space in [Space::Core, Space::Volatile] {
        for path in scan.paths(space).map_err(|error| error.to_string())? {
            seen.extend(path_names(&path).map(|names| Seen { space, path, names }));
        }
    }
    seen.sort_by(|a, b| (&a.names, a.space).cmp(&(&b.names, b.space)));
    Ok(seen)
}

/// Nested columns by their dotted name, with the names they are made of.
fn nested(seen: &[Seen]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for seen in seen.iter().filter(|seen| seen.names.iter().all(|name| is_identifier(name))) {
        for length in 2..=seen.names.len() {
            let names = &seen.names[..length];
            found.entry(names.join(".")).or_insert_with(|| names.to_vec());
        }
    }
    found
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn top_level(seen: &[Seen], name: &str, kind: Type) -> EntityColumn {
    column(seen, name, &[name.to_owned()], kind)
}

fn column(seen: &[Seen], name: &str, names: &[String], kind: Type) -> EntityColumn {
    let inside = seen.iter().filter(|seen| seen.names.starts_with(names));
    let paths = inside.map(|seen| CellPath {
        space: seen.space,
        path: Arc::clone(&seen.path),
        below: seen.names[names.len()..].to_vec(),
    });
    // What is nested does not fit a column of a plain type.
    let paths = paths.filter(|path| kind == Type::Dynamic || path.below.is_empty()).collect();
    EntityColumn { name: name.into(), kind, source: Source::Cells { paths, missing: Value::missing(kind) } }
}

/// Objects of a subtype hold their type; the others have the one of the table.
fn type_column(seen: &[Seen], token: &str) -> EntityColumn {
    let mut found = top_level(seen, TYPE_PROPERTY, Type::String);
    let own =
        schema::by_token(token).map_or_else(|| format!("#microsoft.graph.{token}"), schema::Type::odata_type);
    if let Source::Cells { missing, .. } = &mut found.source {
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
        EntityColumn { name, kind: Type::String, source: Source::ToOne(relation) }
    } else {
        EntityColumn { name, kind: Type::Dynamic, source: Source::ToMany(relation) }
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
