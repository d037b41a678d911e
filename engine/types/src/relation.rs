//! Owns what is known of a relation between objects, and how Graph reads and writes its links.

use crate::{Tier, TypeId};

/// Links from objects of a type to other objects.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, named in the files of types")]
pub struct Relation {
    /// The relation, such as `members`.
    pub name: &'static str,
    /// Whether there is one target at most.
    pub to_one: bool,
    /// Where the targets of one object are listed; none where links are read from the other end.
    pub read: Option<&'static str>,
    /// Types of targets.
    pub targets: &'static [TypeId],
    /// How a link is made: POST or PUT of a reference; none where no request can.
    pub add: Option<Reference>,
    /// How a link is removed; its path always ends in `/$ref`.
    pub remove: Option<Reference>,
    /// How many links one PATCH with `NAME@odata.bind` may add, all or nothing; none where it cannot.
    pub bulk_max: Option<u32>,
    /// Whether only people, and no applications, may write it.
    pub is_delegated_only: bool,
    /// Whether delta queries tell its changes.
    pub has_delta: bool,
    /// Whether it is read in every backup although no delta query tells of it.
    pub is_always_read: bool,
    /// Resource units of listing the targets of one object.
    pub units: u32,
}

/// A request that makes or removes a link.
#[derive(Debug)]
pub struct Reference {
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
}

impl Relation {
    /// What files of types complete; no file leaves the name as it is here.
    pub(crate) const NONE: Self = Self {
        name: "",
        to_one: false,
        read: None,
        targets: &[],
        add: None,
        remove: None,
        bulk_max: None,
        is_delegated_only: false,
        has_delta: false,
        is_always_read: false,
        units: 1,
    };

    /// How changes of the relation are noticed.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        if self.has_delta { Tier::Tracked } else { Tier::Swept }
    }
}

impl Reference {
    pub(crate) const fn post(path: &'static str) -> Self {
        Self { method: "POST", path }
    }

    pub(crate) const fn put(path: &'static str) -> Self {
        Self { method: "PUT", path }
    }

    pub(crate) const fn delete(path: &'static str) -> Self {
        Self { method: "DELETE", path }
    }
}
