//! The table of types as data: names, properties with static types, sets, volatile properties, keys, relations.
//!
//! What Graph does with a type (paths, permissions, costs) is not here, but keyed by the same token where it is needed.
//!
//! Invariants: tokens, table names and `@odata.type` names are unique over the whole table; a change of what is
//! compared raises [`TABLE_VERSION`].

mod collection;
mod rule;
mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use collection::is_collection;
pub use rule::{Rule, RuleKind};

/// The version of the table; backups record it, because it decides what counts as a change.
pub const TABLE_VERSION: u32 = 2;

/// The most parts that a natural key has.
pub(crate) const KEY_PARTS_MAX: usize = 4;

/// One type of object.
#[derive(Debug)]
pub struct Type {
    /// How the product names it, such as `roleAssignment`.
    pub token: &'static str,
    /// Its table in the query language, such as `roleAssignments`.
    pub table: &'static str,
    /// Its `@odata.type` names without `#`: its own first, then aliases and subtypes that fold into it.
    pub odata_types: &'static [&'static str],
    /// What stands behind `$metadata#` in `@odata.context`, without keys and `/$entity`.
    pub contexts: &'static [&'static str],
    /// Where `EntraExporter` puts it: folders or files without `.json`; `*` stands for the ID of a parent.
    pub folders: &'static [&'static str],
    /// Its known properties, by static type.
    pub columns: Columns,
    /// The properties that identify it where Graph's ID does not; empty for most types.
    pub natural_key: &'static [KeyPart],
    /// Links that files list inside the object.
    pub relations: &'static [Relation],
    /// Whether deleted objects go to a recycle bin first.
    pub has_bin: bool,
    /// Whether a tenant has exactly one, which may come without an ID.
    pub is_singleton: bool,
    /// Whether it relates two objects, so that Graph gives it a new ID each time it is made.
    pub is_relation_object: bool,
}

/// The known properties of a type, by static type; everything else is dynamic.
#[derive(Debug)]
pub struct Columns {
    /// Texts; enumerations and durations too.
    pub strings: &'static [&'static str],
    /// Booleans.
    pub booleans: &'static [&'static str],
    /// 32-bit integers.
    pub int32s: &'static [&'static str],
    /// 64-bit integers.
    pub int64s: &'static [&'static str],
    /// Doubles.
    pub doubles: &'static [&'static str],
    /// Points in time.
    pub date_times: &'static [&'static str],
    /// GUIDs.
    pub guids: &'static [&'static str],
    /// Collections and complex values.
    pub dynamics: &'static [&'static str],
}

/// The static type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyType {
    /// Text; enumerations and durations too.
    String,
    /// Boolean.
    Boolean,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Double.
    Double,
    /// Point in time.
    DateTime,
    /// GUID.
    Guid,
    /// Collection or complex value.
    Dynamic,
}

/// A property that is part of a natural key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPart {
    /// The property.
    pub name: &'static str,
    /// Whether null is a value of it; it counts as an empty text.
    pub may_be_null: bool,
    /// When it is given, the only value with which the part stands in the key: what was activated for a time stands beside
    /// what was assigned to the same holder, and must not take its place.
    pub only: Option<&'static str>,
}

/// Links from objects of a type to other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation {
    /// The relation, such as `members`.
    pub name: &'static str,
    /// Whether there is one target at most.
    pub to_one: bool,
}

impl KeyPart {
    const fn required(name: &'static str) -> Self {
        Self { name, may_be_null: false, only: None }
    }

    const fn nullable(name: &'static str) -> Self {
        Self { name, may_be_null: true, only: None }
    }

    const fn only(name: &'static str, value: &'static str) -> Self {
        Self { name, may_be_null: true, only: Some(value) }
    }
}

impl Relation {
    const fn to_one(name: &'static str) -> Self {
        Self { name, to_one: true }
    }

    const fn to_many(name: &'static str) -> Self {
        Self { name, to_one: false }
    }
}

impl Columns {
    const NONE: Self = Self {
        strings: &[],
        booleans: &[],
        int32s: &[],
        int64s: &[],
        doubles: &[],
        date_times: &[],
        guids: &[],
        dynamics: &[],
    };

    fn by_type(&self) -> [(PropertyType, &'static [&'static str]); 8] {
        [
            (PropertyType::String, self.strings),
            (PropertyType::Boolean, self.booleans),
            (PropertyType::Int32, self.int32s),
            (PropertyType::Int64, self.int64s),
            (PropertyType::Double, self.doubles),
            (PropertyType::DateTime, self.date_times),
            (PropertyType::Guid, self.guids),
            (PropertyType::Dynamic, self.dynamics),
        ]
    }
}

impl Type {
    const NONE: Self = Self {
        token: "",
        table: "",
        odata_types: &[],
        contexts: &[],
        folders: &[],
        columns: Columns::NONE,
        natural_key: &[],
        relations: &[],
        has_bin: false,
        is_singleton: false,
        is_relation_object: false,
    };

    /// Its `@odata.type` as Graph writes it, such as `#microsoft.graph.user`.
    #[must_use]
    pub fn odata_type(&self) -> String {
        format!("#{}", self.odata_types.first().unwrap_or(&self.token))
    }

    /// Its known properties, `id` left out, with their static types.
    pub fn properties(&self) -> impl Iterator<Item = (&'static str, PropertyType)> {
        let by_type = self.columns.by_type();
        by_type.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (*name, kind)))
    }

    /// The static type of a property, if the property is known.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<PropertyType> {
        if name == "id" {
            return Some(PropertyType::String);
        }
        self.properties().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// A relation by name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// The rule of a kind about this path, such as `conditions/users/includeUsers`, or about one above it.
    #[must_use]
    pub fn rule(&self, path: &str, kind: RuleKind) -> Option<&'static Rule> {
        rule(self.token, path, kind)
    }

    /// All rules about this type.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        rule::of(self.token)
    }
}

/// The rule of a kind about a path of a type, or about a path above it; some rules are about all types, known or not.
#[must_use]
pub fn rule(token: &str, path: &str, kind: RuleKind) -> Option<&'static Rule> {
    let above = path.match_indices('/').map(|(position, _)| &path[..position]);
    above.chain([path]).find_map(|path| rule::find(token, path, kind))
}

/// All rules about a type, known or not.
pub(crate) fn rules_of(token: &str) -> impl Iterator<Item = &'static Rule> {
    rule::of(token)
}

/// The property that is true for objects mastered on-premises, which Graph does not let anyone write.
pub const SYNCED_MARKER: &str = "onPremisesSyncEnabled";

/// All types, in the order of the table.
pub fn types() -> impl Iterator<Item = &'static Type> {
    table::PARTS.iter().flat_map(|part| part.iter())
}

/// The type of a token, such as `user`.
#[must_use]
pub fn by_token(token: &str) -> Option<&'static Type> {
    INDEX.tokens.get(token).copied()
}

/// The type of a table, such as `users`.
#[must_use]
pub fn by_table(table: &str) -> Option<&'static Type> {
    INDEX.tables.get(table).copied()
}

/// The type of an `@odata.type`, such as `#microsoft.graph.user`, with or without `#`.
#[must_use]
pub fn by_odata_type(name: &str) -> Option<&'static Type> {
    INDEX.odata_types.get(name.strip_prefix('#').unwrap_or(name)).copied()
}

/// The type of an `@odata.context`, or of what stands behind its `$metadata#`.
#[must_use]
pub fn by_context(context: &str) -> Option<&'static Type> {
    let fragment = context.split_once('#').map_or(context, |(_, fragment)| fragment);
    let path = without_keys(fragment);
    let path = path.trim_end_matches("/$entity").trim_end_matches("/$delta").trim_matches('/');
    match path.rsplit('/').next() {
        Some(cast) if cast.starts_with("microsoft.graph.") => by_odata_type(cast),
        _ => INDEX.contexts.get(path.to_ascii_lowercase().as_str()).copied(),
    }
}

/// The type that `EntraExporter` keeps in a file, by the file's path below the export's folder.
///
/// Objects are in `Folder/ID/ID.json`, the only object of its kind in `Folder/Name.json`. Folders of links, such as
/// `Groups/ID/Members`, hold no type of their own and give none.
#[must_use]
pub fn by_exporter_path(path: &str) -> Option<&'static Type> {
    let path = path.replace('\\', "/");
    let stem = path.strip_suffix(".json").unwrap_or(&path);
    let segments: Vec<&str> = stem.split('/').filter(|segment| !segment.is_empty()).collect();
    (0..3).filter(|dropped| *dropped < segments.len()).find_map(|dropped| {
        let folder = &segments[..segments.len() - dropped];
        types().find(|found| found.folders.iter().any(|pattern| is_folder(pattern, folder)))
    })
}

/// The token of an `@odata.type`: from the table, or its last dotted part.
#[must_use]
pub fn token_from_odata_type(name: &str) -> &str {
    match by_odata_type(name) {
        Some(found) => found.token,
        None => name.rsplit(['.', '#']).next().unwrap_or(name),
    }
}

/// The token of whatever name the table knows: token, table or `@odata.type`; else as [`token_from_odata_type`].
#[must_use]
pub fn token_from_name(name: &str) -> &str {
    match by_token(name).or_else(|| by_table(name)) {
        Some(found) => found.token,
        None => token_from_odata_type(name),
    }
}

/// Whether this `@odata.type` says no more than the token does.
pub(crate) fn is_odata_type_of(token: &str, name: &[u8]) -> bool {
    let Some(name) = name.strip_prefix(b"#microsoft.graph.") else { return false };
    let own = by_token(token).and_then(|found| found.odata_types.first());
    let own = own.and_then(|own| own.strip_prefix("microsoft.graph.")).unwrap_or(token);
    name == own.as_bytes()
}

/// Whether a property stands in answers of delta queries alone, which say what changed and not what is.
pub(crate) fn is_delta_name(name: &[u8]) -> bool {
    name == b"@removed" || name.ends_with(b"@delta")
}

/// Whether a property speaks of the transport, not of the object: links, tags, paging.
pub(crate) fn is_transport_annotation(name: &[u8]) -> bool {
    let Some(position) = name.iter().position(|&byte| byte == b'@') else { return false };
    let transport: [&[u8]; 13] = [
        b"odata.context",
        b"odata.etag",
        b"odata.id",
        b"odata.editLink",
        b"odata.readLink",
        b"odata.navigationLink",
        b"odata.associationLink",
        b"odata.nextLink",
        b"odata.deltaLink",
        b"odata.count",
        b"odata.mediaReadLink",
        b"odata.mediaEditLink",
        b"odata.mediaEtag",
    ];
    transport.contains(&&name[position + 1..])
}

/// Names → types.
struct Index {
    tokens: HashMap<&'static str, &'static Type>,
    tables: HashMap<&'static str, &'static Type>,
    odata_types: HashMap<&'static str, &'static Type>,
    contexts: HashMap<String, &'static Type>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| Index {
    tokens: types().map(|found| (found.token, found)).collect(),
    tables: types().map(|found| (found.table, found)).collect(),
    odata_types: types().flat_map(|found| found.odata_types.iter().map(move |name| (*name, found))).collect(),
    contexts: types()
        .flat_map(|found| found.contexts.iter().map(move |path| (path.to_ascii_lowercase(), found)))
        .collect(),
});

/// Cuts out everything in parentheses: keys and selected columns.
fn without_keys(fragment: &str) -> String {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut path = String::with_capacity(fragment.len());
    for character in fragment.chars() {
        match character {
            '\'' if depth > 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => path.push(character),
            _ => {}
        }
    }
    path
}

fn is_folder(pattern: &str, folder: &[&str]) -> bool {
    pattern.split('/').count() == folder.len()
        && pattern
            .split('/')
            .zip(folder)
            .all(|(expected, found)| expected == "*" || expected.eq_ignore_ascii_case(found))
}

#[cfg(test)]
mod tests;
