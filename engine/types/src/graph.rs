//! Owns how Graph serves a type: paths, versions, pages, bins, costs, permissions to read.

use serde::{Deserialize, Serialize};

use crate::TypeId;

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
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "/v1.0",
            Self::Beta => "/beta",
        }
    }
}

/// What limits calls to a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
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

/// How Graph serves a type.
#[derive(Debug)]
pub struct Graph {
    /// Where its collection, or its only object, is read; none for those only found below others.
    pub list: Option<&'static str>,
    /// Where one object is read and, unless said otherwise, written.
    pub get: &'static str,
    /// The type below whose objects it lives.
    pub parent: Option<Parent>,
    /// The version that serves it.
    pub version: Version,
    /// Where its delta query begins.
    pub delta: Option<&'static str>,
    /// The sizes of pages; none where nothing is published.
    pub page: Option<Page>,
    /// Whether lists leave most properties out unless `$select` names them.
    pub is_partial: bool,
    /// Properties that need a permission of their own to be read: without it Graph gives them as null, or refuses.
    pub guarded: &'static [Guarded],
    /// Whether it is read in every backup although no delta query tells of it.
    pub is_always_read: bool,
    /// Whether it is read only when it is named: it needs a licence and a permission that most tenants do not give.
    pub is_on_request: bool,
    /// Where deleted objects are, when there is a bin.
    pub bin: Option<Bin>,
    /// Collections below its objects that are part of them: read with each object, written one element at a time.
    pub inside: &'static [Inside],
    /// What `$expand` names when one object is asked for, the fullest first; Graph may refuse deep expansions.
    pub expand: &'static [&'static str],
    /// Of what is expanded, the properties that hold another object, of which only the ID is kept; only a create sets them.
    pub references: &'static [&'static str],
    /// What limits calls.
    pub limit: Limit,
    /// Resource units of reading.
    pub units: Units,
    /// Application permissions that reading needs.
    pub read: &'static [&'static str],
}

/// The type below whose objects another one lives.
#[derive(Debug)]
pub struct Parent {
    /// The parent.
    pub id: TypeId,
    /// Where the children of one parent are listed; `{id}` is the parent's.
    pub path: &'static str,
}

/// How many objects a page of a list has.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Without `$top`.
    pub default: u32,
    /// The most that `$top` may ask for.
    pub max: u32,
}

/// A recycle bin.
#[derive(Debug)]
pub struct Bin {
    /// Where its objects are listed.
    pub list: &'static str,
    /// Where one object is restored, by POST.
    pub restore: &'static str,
    /// Where one object is deleted for good; none where it cannot be.
    pub purge: Option<&'static str>,
    /// The version that serves it.
    pub version: Version,
}

/// A collection below an object that is part of it, such as the restrictions of an authentication strength.
#[derive(Debug)]
pub struct Inside {
    /// The property that shows it.
    pub name: &'static str,
    /// Where an element is made, and all are listed unless they are expanded; one is `PATH/ID`.
    pub path: &'static str,
    /// Whether an element can be changed; else it is made anew.
    pub can_change: bool,
    /// Whether it is read by expanding it in the object.
    pub is_expanded: bool,
    /// Whether only those objects are asked for it on which something was granted: of others it means nothing, and there
    /// are many.
    pub is_of_granted: bool,
}

/// A property that needs a permission of its own to be read.
#[derive(Debug)]
pub struct Guarded {
    /// The property.
    pub property: &'static str,
    /// Permissions of which one is enough, the least first.
    pub read: &'static [&'static str],
}

/// Resource units of reading.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// Of one object.
    pub get: u32,
    /// Of a page of the list, without `$select`, which takes one off.
    pub list: u32,
}

impl Graph {
    pub(crate) const NONE: Self = Self {
        list: None,
        get: "",
        parent: None,
        version: Version::V1,
        delta: None,
        page: None,
        is_partial: false,
        guarded: &[],
        is_always_read: false,
        is_on_request: false,
        bin: None,
        inside: &[],
        expand: &[],
        references: &[],
        limit: Limit::Unpublished,
        units: Units { get: 1, list: 1 },
        read: &[],
    };
}

impl Inside {
    pub(crate) const fn new(name: &'static str, path: &'static str) -> Self {
        Self { name, path, can_change: false, is_expanded: false, is_of_granted: false }
    }
}
