//! Owns the table of what Graph serves: paths, properties, page sizes, rules and costs of each type, as data.
//!
//! The table is `resource/types.json`, one type per line. Its facts come from the v1.0 metadata of 2026-08-20, the
//! permission table of 2026-08-07 and the published throttling limits; see the README of the twin for the links.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The place of a type in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind(pub(crate) u16);

/// What limits calls to a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Class {
    /// Resource units and writes, per application and tenant.
    Identity,
    /// One request a second for the whole tenant, without `Retry-After`.
    ConditionalAccess,
    /// Nothing published: only writes count.
    Unpublished,
}

/// One type as Graph serves it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    /// How the product names it.
    pub(crate) token: String,
    /// Its `@odata.type` names without `#`: its own, then derived ones.
    pub(crate) odata: Vec<String>,
    /// Where its collection, or its only object, is served; empty for those only found through others.
    #[serde(default)]
    pub(crate) path: String,
    /// Whether a tenant has exactly one, served without an ID.
    #[serde(default)]
    pub(crate) single: bool,
    /// The type below whose objects it lives.
    pub(crate) parent: Option<String>,
    /// Page size without `$top`, and the most `$top` may ask for; none where nothing is published.
    pub(crate) page: Option<(usize, usize)>,
    /// What comes without `$select`; empty for everything.
    #[serde(default)]
    pub(crate) defaults: Vec<String>,
    /// What `$select` may name.
    #[serde(default)]
    pub(crate) select: Vec<String>,
    /// Which of them are collections, so that unset means empty.
    #[serde(default)]
    collections: Vec<String>,
    /// What nobody writes.
    #[serde(default)]
    pub(crate) read_only: Vec<String>,
    /// What nobody writes on objects mastered on-premises.
    #[serde(default)]
    pub(crate) read_only_when_synced: Vec<String>,
    /// What only a create may set.
    #[serde(default)]
    pub(crate) immutable: Vec<String>,
    /// What a create must give; `a|b` is one of them.
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// Collections below an object that are part of it: kept in it, and shown below it or where they are expanded.
    #[serde(default)]
    pub(crate) inside: Vec<String>,
    /// Other objects that it hangs from: kept in it by their IDs, and shown where they are expanded.
    #[serde(default)]
    pub(crate) references: Vec<String>,
    /// What another service holds, so that lists refuse it.
    #[serde(default)]
    pub(crate) outside: Vec<String>,
    /// Whether deleted objects go to a bin.
    #[serde(default)]
    pub(crate) bin: bool,
    /// Whether `/delta` exists.
    #[serde(default)]
    pub(crate) delta: bool,
    /// What limits calls.
    throttle: Option<Class>,
    /// Resource units of reading one object.
    pub(crate) get: u32,
    /// Resource units of a list page.
    pub(crate) list: u32,
}

impl Resource {
    /// Gives the name of the property that identifies an object.
    pub(crate) fn key_name(&self) -> &'static str {
        if self.token == "crossTenantAccessPolicyConfigurationPartner" { "tenantId" } else { "id" }
    }

    /// Says whether a property only shows where somebody asks for it by a path or an expansion.
    pub(crate) fn is_hidden(&self, name: &str) -> bool {
        self.inside.iter().chain(&self.references).any(|hidden| hidden == name)
    }

    /// Gives what limits calls.
    pub(crate) fn class(&self) -> Class {
        self.throttle.unwrap_or(Class::Unpublished)
    }

    /// Says whether objects say in `@odata.type` which derived type they are.
    pub(crate) fn is_abstract(&self) -> bool {
        self.odata.len() > 1
    }

    /// Gives the text of a property that was never set.
    pub(crate) fn unset(&self, name: &str) -> &'static str {
        if self.collections.iter().any(|found| found == name) { "[]" } else { "null" }
    }
}

impl Kind {
    /// Gives its line of the table.
    pub(crate) fn resource(self) -> &'static Resource {
        &TABLE.rows[usize::from(self.0)]
    }

    /// Finds a type by the product's token, or by an `@odata.type`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        TABLE.names.get(name.trim_start_matches("#microsoft.graph.")).copied()
    }

    /// Finds a type that must be in the table.
    pub(crate) fn of(token: &'static str) -> Self {
        Self::from_name(token).expect("the table has every token that code names")
    }

    /// Finds the type served at a path, in lower case.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        TABLE.paths.get(path).copied()
    }

    /// Walks over the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.rows.len()).map(|place| Self(u16::try_from(place).expect("the table is short")))
    }

    /// Says whether it is a directory object, found under `/directoryObjects` too.
    pub(crate) fn is_directory_object(self) -> bool {
        TABLE.directory_objects.contains(&self)
    }

    /// Walks over the types of directory objects, the commonest first.
    pub(crate) fn directory_objects() -> impl Iterator<Item = Self> {
        TABLE.directory_objects.iter().copied()
    }
}

/// The types served under `/directoryObjects`.
const DIRECTORY_OBJECTS: [&str; 8] = [
    "user",
    "group",
    "servicePrincipal",
    "application",
    "device",
    "orgContact",
    "administrativeUnit",
    "directoryRole",
];

/// Other paths of the same objects, mostly those of the beta version.
const OTHER_PATHS: [(&str, &str); 4] = [
    ("administrativeunits", "administrativeUnit"),
    ("settings", "groupSetting"),
    ("directorysettings", "groupSetting"),
    ("policies/featurerolloutpolicies", "featureRolloutPolicy"),
];

struct Table {
    rows: Vec<Resource>,
    names: HashMap<String, Kind>,
    paths: HashMap<String, Kind>,
    directory_objects: Vec<Kind>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows: Vec<Resource> =
        serde_json::from_str(include_str!("resource/types.json")).expect("the table was checked by its test");
    let (mut names, mut paths) = (HashMap::new(), HashMap::new());
    for (place, row) in rows.iter().enumerate() {
        let kind = Kind(u16::try_from(place).expect("the table is short"));
        names.insert(row.token.clone(), kind);
        for odata in &row.odata {
            names.insert(odata.trim_start_matches("microsoft.graph.").to_owned(), kind);
        }
        if !row.path.is_empty() && row.parent.is_none() {
            paths.insert(row.path.to_ascii_lowercase(), kind);
        }
    }
    for (path, token) in OTHER_PATHS {
        paths.insert(path.to_owned(), names[token]);
    }
    let directory_objects = DIRECTORY_OBJECTS.iter().map(|token| names[*token]).collect();
    Table { rows, names, paths, directory_objects }
});
