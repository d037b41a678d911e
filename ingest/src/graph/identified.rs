//! Owns the ID of an object of an answer, where nothing else of the object is read.

use serde::Deserialize;

/// An object of which only the ID is read.
#[derive(Deserialize)]
pub(crate) struct Identified {
    pub(crate) id: String,
}
