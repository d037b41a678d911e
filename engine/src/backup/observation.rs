//! What a source reports of a tenant: the one way by which anything enters a backup, whether a file, Graph or another
//! tool was read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::content::Parts;
use crate::{Gap, ObjectKey};

/// Something that a source reports. Later observations of an object override earlier ones.
#[derive(Debug)]
pub enum Observation<'a> {
    /// Parsed objects, in the order of the input.
    Objects(Parts),
    /// An object is neither live nor in the recycle bin.
    Gone(&'a ObjectKey),
    /// An object is in the recycle bin, with its last version; the source said no more of it than when it was deleted.
    /// One that the store does not know stays unknown.
    InBin {
        /// The object.
        object: &'a ObjectKey,
        /// When it was deleted, if the source said so.
        deleted_at: Option<Timestamp>,
    },
    /// All links of one relation of an object.
    Links {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation, such as `members`.
        relation: &'a str,
        /// IDs, in any order.
        targets: &'a [&'a str],
    },
    /// Changes of the links of one relation, made to those that the object had or that this backup gave it. Of an
    /// addition and a removal of one link the later observation counts; within one observation, the removal.
    LinkChanges {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation.
        relation: &'a str,
        /// IDs.
        added: &'a [&'a str],
        /// IDs.
        removed: &'a [&'a str],
    },
    /// An object could not be read, and stays as it was.
    UnreadObject(&'a ObjectKey),
    /// The links of one relation of an object could not be read, and stay as they were.
    UnreadLinks {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation.
        relation: &'a str,
    },
    /// Something could not be read, with the reason. It becomes part of the coverage and a warning.
    Unread(Gap),
    /// How a type was read; then nothing is guessed from its data. Of two such observations of a type the last counts.
    Read {
        /// Type token, such as `user`.
        type_token: &'a str,
        /// How it was read.
        reading: TypeReading,
    },
}

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
    pub(super) fn is_partial(&self) -> bool {
        self.extent == Extent::Changes
    }

    pub(super) fn as_of(&self) -> BTreeMap<String, Timestamp> {
        self.relations.iter().map(|relation| (relation.name.clone(), relation.as_of)).collect()
    }
}
