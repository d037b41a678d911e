//! Owns the ways from names to types, and which rule holds for a path. What is known of each type is in the package of
//! types, one file per type; its names are re-exported here.
//!
//! Invariants: tokens, table names and `@odata.type` names are unique over the whole table; a change of what is
//! compared raises [`TABLE_VERSION`].

use std::collections::HashMap;
use std::sync::LazyLock;

pub use types::{
    Bin, GENERAL_RULES, Graph, Guarded, IdSource, Inside, KeyPart, Limit, Page, Parent, Property,
    PropertyType, PropertyWrite, Recovery, Reference, Relation, Rule, RuleKind, Tier, Type, TypeId, Units,
    Version,
};

/// The version of the table; backups record it, because it decides what counts as a change.
pub const TABLE_VERSION: u32 = 2;

/// The most parts that a natural key has.
pub(crate) const KEY_PARTS_MAX: usize = 4;

/// The rule of a kind about a path of a type, or about a path above it; some rules are about all types, known or not.
#[must_use]
pub fn rule(token: &str, path: &str, kind: RuleKind) -> Option<&'static Rule> {
    let of_type = by_token(token).map_or(&[][..], |found| found.rules);
    let about = |path: &str| {
        of_type.iter().chain(GENERAL_RULES).find(|rule| rule.kind == kind && rule.paths.contains(&path))
    };
    let above = path.match_indices('/').map(|(position, _)| &path[..position]);
    above.chain([path]).find_map(about)
}

/// All rules about a type, known or not: its own, then those about all.
pub fn rules_of(token: &str) -> impl Iterator<Item = &'static Rule> {
    by_token(token).map_or(&[][..], |found| found.rules).iter().chain(GENERAL_RULES)
}

/// Whether a path of a type is a collection, so that a single value there is noticed.
pub(crate) fn is_collection(token: &str, path: &str) -> bool {
    by_token(token).is_some_and(|found| found.is_collection(path))
}

/// The property that is true for objects mastered on-premises, which Graph does not let anyone write.
pub const SYNCED_MARKER: &str = "onPremisesSyncEnabled";

/// All types, in the order of the table.
pub fn types() -> impl Iterator<Item = &'static Type> {
    TypeId::ALL.iter().map(|id| id.info())
}

/// The type of a token, such as `user`.
#[must_use]
pub fn by_token(token: &str) -> Option<&'static Type> {
    TypeId::from_token(token).map(TypeId::info)
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

/// The type of an `@odata.context`, or of the part behind its `$metadata#`.
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

/// Whether only answers of delta queries have a property; they say what changed and not what is.
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
struct TypeIndex {
    tables: HashMap<&'static str, &'static Type>,
    odata_types: HashMap<&'static str, &'static Type>,
    contexts: HashMap<String, &'static Type>,
}

static INDEX: LazyLock<TypeIndex> = LazyLock::new(|| TypeIndex {
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
