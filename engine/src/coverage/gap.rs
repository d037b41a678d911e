//! What could not be read, and why.

use serde::{Deserialize, Serialize};

/// Something that could not be read. It keeps its earlier state, and is never taken for deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The type it concerns.
    #[serde(rename = "type")]
    pub type_token: String,
    /// What of the type.
    pub scope: GapScope,
    /// Why, such as Graph's code.
    pub reason: String,
    /// How many objects, as far as known.
    pub count: u64,
}

/// What of a type could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapScope {
    /// All of it.
    Type,
    /// Its recycle bin.
    Bin,
    /// One relation of all its objects.
    Relation(String),
    /// One property of all its objects.
    Property(String),
    /// One object, by its ID; `below ID`: the objects of the type that belong to this one.
    Object(String),
    /// One relation of one object.
    Links {
        /// The object's ID.
        source: String,
        /// The relation.
        relation: String,
    },
}
