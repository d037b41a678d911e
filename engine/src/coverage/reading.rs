//! How a reader read a type, and how far the observed objects are those of the store.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How a type was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeReading {
    /// Which of all live objects the observed ones are.
    pub extent: Extent,
    /// Which of the recycle bin the observed deleted objects are.
    pub bin: BinExtent,
    /// Properties that were selected. A known property that was neither selected nor observed keeps its value; one that
    /// was selected and not observed is gone. `None`: the observed properties are all that there are.
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

/// How much of the live objects was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of them: an object that was neither observed nor unread is gone.
    Whole,
    /// What changed: the rest is as it was.
    #[default]
    Changes,
}

/// How much of the recycle bin was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BinExtent {
    /// All of it: an object that was not observed is purged.
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

/// How many objects a store and a backup being made have in common, of the observed types whose IDs no two tenants
/// share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Live objects of these types before the backup.
    pub known: u64,
    /// Observed objects of these types.
    pub came: u64,
    /// Those of them that were live before.
    pub shared: u64,
    /// Whether the organization was observed, and is the store's.
    pub is_of_tenant: bool,
}
