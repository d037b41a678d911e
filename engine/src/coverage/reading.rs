//! What a reader says of how it read, and what it is told meanwhile of whose data that is.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How a type was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeReading {
    /// What the live objects that came are of all live objects.
    pub extent: Extent,
    /// What the deleted objects that came are of the recycle bin.
    pub bin: BinExtent,
    /// Properties that were asked for. One that is known, is not among them and did not come keeps its value; one
    /// that is among them and did not come is gone. `None`: whatever came was all there is.
    pub properties: Option<Vec<String>>,
    /// Relations that were read; others keep their links.
    pub relations: Vec<RelationReading>,
}

/// How a relation was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelationReading {
    /// Its name, such as `members`.
    pub name: String,
    /// `Whole`: live objects for which no links were observed have none. `Changes`: they keep theirs, and new objects
    /// have none.
    pub extent: Extent,
    /// When it was read.
    pub as_of: Timestamp,
}

/// What came, of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what did not come and was not unread is gone.
    Whole,
    /// What changed: the rest is as it was.
    #[default]
    Changes,
}

/// What came, of what is in the recycle bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BinExtent {
    /// All of it: what did not come is purged.
    Whole,
    /// What changed: the rest is as it was.
    Changes,
    /// Nothing is known: an object that is gone may be in it.
    #[default]
    NotRead,
}

impl TypeReading {
    pub(crate) fn is_partial(&self) -> bool {
        self.extent == Extent::Changes
    }

    pub(crate) fn as_of(&self) -> BTreeMap<String, Timestamp> {
        self.relations.iter().map(|relation| (relation.name.clone(), relation.as_of)).collect()
    }
}

/// How many objects a store and a backup being made have in common, of the types whose IDs no two tenants share and of
/// which some came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Live objects of these types before the backup.
    pub known: u64,
    /// Objects of these types that came.
    pub came: u64,
    /// Those of them that were live before.
    pub shared: u64,
    /// Whether the organization came, and is the store's.
    pub is_of_tenant: bool,
}
