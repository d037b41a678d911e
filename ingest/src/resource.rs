//! Owns the table of what Graph does with each type: paths, versions, properties, tiers, costs, permissions, bins, links.
//!
//! The table is `resource/types.json`, one type per line, keyed by the engine's tokens. Its facts come from the v1.0
//! metadata of 2026-08-20, the permission table of 2026-08-07 and the published throttling limits.
//!
//! Invariants: every token is one of the engine's table of types; paths begin with `/` and name no version;
//! placeholders are `{id}`, `{targetId}`, `{tenantId}`, `{parentId}`, `{resourceId}` and `{graphId}`; what is part of an
//! object in a collection below it lives at that object's `get` path and the name.
//!
//! Sources: [metadata](https://github.com/microsoftgraph/msgraph-metadata),
//! [permissions](https://github.com/microsoftgraph/microsoft-graph-devx-content),
//! [throttling](https://learn.microsoft.com/graph/throttling-limits), read 2026-11-22.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Which version of Graph serves a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Version {
    /// `/v1.0`
    #[default]
    #[serde(rename = "v1.0")]
    V1,
    /// `/beta`: conditional access, because v1.0 leaves out policies that use what only beta has; and some bins.
    #[serde(rename = "beta")]
    Beta,
}

impl Version {
    /// The path's first segment, with its slash.
    #[must_use]
    pub fn segment(self) -> &'static str {
        match self {
            Self::V1 => "/v1.0",
            Self::Beta => "/beta",
        }
    }
}

/// What limits calls to a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// Resource units and writes, per application and tenant.
    Identity,
    /// One request a second for the whole tenant, without `Retry-After`.
    ConditionalAccess,
    /// Nothing published: only writes count.
    Unpublished,
}

/// How changes of a type, or of one of its relations, are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// By delta query.
    Tracked,
    /// Small: read whole every time.
    Polled,
    /// Read now and then, because it costs a request per object and no delta tells.
    Swept,
}

/// One type as Graph serves it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the table of types, named there")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The engine's token, such as `roleAssignment`.
    pub token: String,
    /// Where its collection, or its only object, is read; none for those only found below others.
    pub list: Option<String>,
    /// Where one object is read and, unless said otherwise, written.
    pub get: String,
    /// The type below whose objects it lives.
    pub parent: Option<Parent>,
    /// Whether a tenant has exactly one, served without an ID.
    #[serde(default)]
    pub singleton: bool,
    /// The version that serves it.
    #[serde(default)]
    pub version: Version,
    /// Where its delta query begins.
    pub delta: Option<String>,
    /// The most that `$top` may ask for; none where nothing is published.
    pub page: Option<u32>,
    /// What `$select` must name, because Graph leaves most of it out otherwise; empty where everything comes.
    #[serde(default)]
    pub select: Vec<String>,
    /// Properties that are collections, so that unset means empty.
    #[serde(default)]
    pub collections: Vec<String>,
    /// Every property of the metadata.
    pub known: Vec<String>,
    /// What nobody writes.
    #[serde(default)]
    pub read_only: Vec<String>,
    /// What nobody writes on objects mastered on-premises, besides what Graph refuses there anyway.
    #[serde(default)]
    pub read_only_when_synced: Vec<String>,
    /// What only a create may set.
    #[serde(default)]
    pub immutable: Vec<String>,
    /// When it is not empty, the only properties that may be written.
    #[serde(default)]
    pub patchable: Vec<String>,
    /// Properties that need a permission of their own to be read: without it Graph gives them as null, or refuses.
    #[serde(default)]
    pub guarded: Vec<Guarded>,
    /// Whether it is read in every backup although no delta query tells of it.
    #[serde(default)]
    pub always: bool,
    /// What another service holds, so that lists refuse it.
    #[serde(default)]
    pub outside: Vec<String>,
    /// What is written by a request of its own.
    #[serde(default)]
    pub alone: Vec<String>,
    /// What only Microsoft's own recovery writes.
    #[serde(default)]
    pub native_only: Vec<String>,
    /// Properties that other requests than an update write.
    #[serde(default)]
    pub writes: Vec<PropertyWrite>,
    /// The method that writes an object; one that replaces it whole is `PUT`.
    #[serde(default = "patch")]
    pub update: String,
    /// Whether writes must say its `@odata.type`.
    #[serde(default)]
    pub typed: bool,
    /// What a create must give; `a|b` is one of them. Nothing can be made when it is empty.
    #[serde(default)]
    pub create_required: Vec<String>,
    /// Why no application can make it, although something is required.
    pub uncreatable: Option<String>,
    /// Whether no request deletes it.
    #[serde(default)]
    pub undeletable: bool,
    /// Where deleted objects are, when there is a bin.
    pub bin: Option<Bin>,
    /// Collections below its objects that are part of them: read with each object, written one element at a time.
    #[serde(default)]
    pub inside: Vec<Inside>,
    /// What `$expand` names when one object is asked for, the fullest first; Graph may refuse what stands deep in it.
    #[serde(default)]
    pub expand: Vec<String>,
    /// Of what is expanded, the properties that hold another object, of which only the ID is kept.
    #[serde(default)]
    pub references: Vec<String>,
    /// What limits calls.
    pub throttle: Class,
    /// Resource units of reading.
    pub units: Units,
    /// Application permissions that reading needs.
    pub read: Vec<String>,
    /// Application permissions that writing needs.
    pub write: Vec<String>,
    /// Further permissions for some writes, each with what it is for.
    #[serde(default)]
    pub write_extra: Vec<String>,
    /// Its relations, as far as they are kept as links.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// The type below whose objects another one lives.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parent {
    /// The parent's token.
    pub token: String,
    /// Where the children of one parent are listed; `{id}` is the parent's.
    pub path: String,
}

/// A recycle bin.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bin {
    /// Where what is in it is listed.
    pub list: String,
    /// Where one object is restored, by POST.
    pub restore: String,
    /// Where one object is deleted for good; none where it cannot be.
    pub purge: Option<String>,
    /// The version that serves it.
    #[serde(default)]
    pub version: Version,
}

/// A property that another request than an update writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyWrite {
    /// The property, which is also the name in the body.
    pub property: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
}

/// A collection below an object that is part of it, such as the restrictions of an authentication strength.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inside {
    /// The property that shows it.
    pub name: String,
    /// Where an element is made, and all are listed unless they are expanded; one is `PATH/ID`.
    pub path: String,
    /// Whether an element can be changed; else it is made anew.
    #[serde(default)]
    pub changes: bool,
    /// Whether it is read by expanding it in the object.
    #[serde(default)]
    pub expanded: bool,
    /// Whether only those objects are asked for it on which somebody was granted something: of others it means nothing,
    /// and there are many.
    #[serde(default)]
    pub granted: bool,
}

/// A property that needs a permission of its own to be read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guarded {
    /// The property.
    pub property: String,
    /// Permissions of which one is enough, the least first.
    pub read: Vec<String>,
}

/// Resource units of reading.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Of one object.
    pub get: u32,
    /// Of a page of the list, without `$select`, which takes one off.
    pub list: u32,
}

/// A relation that is kept as links.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the table of types, named there")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// Its name, such as `members`.
    pub name: String,
    /// Where the targets of one object are listed.
    pub read: String,
    /// Types of targets.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Whether there is one target at most.
    #[serde(default)]
    pub to_one: bool,
    /// How a link is made: POST or PUT of a reference; none where nobody can.
    pub add: Option<Reference>,
    /// How a link is taken away; its path always ends in `/$ref`.
    pub remove: Option<Reference>,
    /// How many links one PATCH with `NAME@odata.bind` may add, all or nothing; none where it cannot.
    pub bulk_max: Option<u32>,
    /// Whether only people, and no applications, may write it.
    #[serde(default)]
    pub delegated_only: bool,
    /// Whether delta queries tell its changes.
    #[serde(default)]
    pub delta: bool,
    /// Whether it is read in every backup although no delta query tells of it.
    #[serde(default)]
    pub always: bool,
    /// Resource units of listing the targets of one object.
    pub units: u32,
}

/// A request that makes or takes away a link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
}

impl Resource {
    /// How changes of its objects are noticed.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match (&self.delta, &self.parent) {
            (Some(_), _) => Tier::Tracked,
            (None, None) => Tier::Polled,
            (None, Some(_)) => Tier::Swept,
        }
    }

    /// The relation of this name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Whether a property can be written on an object that exists and is mastered in the cloud.
    #[must_use]
    pub fn is_writable(&self, property: &str) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name == property);
        !names(&self.read_only)
            && !names(&self.immutable)
            && (self.patchable.is_empty() || names(&self.patchable))
    }

    /// The collection below its objects of this name.
    #[must_use]
    pub fn inside(&self, name: &str) -> Option<&Inside> {
        self.inside.iter().find(|inside| inside.name == name)
    }

    /// Properties that only asking for one object shows.
    pub fn shown_alone(&self) -> impl Iterator<Item = &String> {
        self.inside.iter().map(|inside| &inside.name).chain(&self.references)
    }

    /// The JSON text of a property that was never set.
    #[must_use]
    pub fn unset(&self, property: &str) -> &'static str {
        if self.collections.iter().any(|name| name == property) { "[]" } else { "null" }
    }
}

impl Link {
    /// How changes of this relation are noticed.
    #[must_use]
    pub fn tier(&self) -> Tier {
        if self.delta { Tier::Tracked } else { Tier::Swept }
    }
}

/// All types, in the table's order.
#[must_use]
pub fn all() -> &'static [Resource] {
    &TABLE.rows
}

/// The type with this token.
#[must_use]
pub fn by_token(token: &str) -> Option<&'static Resource> {
    TABLE.tokens.get(token).map(|place| &TABLE.rows[*place])
}

fn patch() -> String {
    "PATCH".to_owned()
}

struct Table {
    rows: Vec<Resource>,
    tokens: HashMap<String, usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows: Vec<Resource> =
        serde_json::from_str(include_str!("resource/types.json")).expect("the table was checked by its test");
    let tokens = rows.iter().enumerate().map(|(place, row)| (row.token.clone(), place)).collect();
    Table { rows, tokens }
});
