//! Owns what stands before a step, as it was read.

use serde_json::Value;

/// What stands before a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// What the plan found: the step is to be done.
    AsBefore(Image),
    /// What is wanted.
    AsWanted,
    /// Neither; what it is, and a text that says so.
    Other(Image, String),
    /// It could not be read; Graph's words, and whether they are that it is not there.
    Unread(String, bool),
}

/// What a step would overwrite.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Image {
    /// The values by property; null where nothing was.
    pub(super) values: Value,
    /// Targets of links that are still to be made or taken away.
    pub(super) targets: Vec<String>,
    /// The ID that Graph gives a relation object now.
    pub(super) graph_id: Option<String>,
}
