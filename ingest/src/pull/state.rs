//! Owns what a backup leaves for the next one: where delta queries go on, and when each thing was last read whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Changes when older states can no longer be gone on from.
const VERSION: u32 = 1;

/// What a backup from Graph keeps with itself for the next one. Links hold no secret: they say where a feed stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceState {
    version: u32,
    /// Scheme and host that the links lead to.
    pub(super) endpoint: String,
    /// By type: where its delta query goes on, and what it selected.
    pub(super) delta: BTreeMap<String, Feed>,
    /// By type, or type and relation: when what no delta tells was last read.
    pub(super) swept: BTreeMap<String, Timestamp>,
    /// When everything was last read whole.
    pub(super) full_at: Option<Timestamp>,
}

/// One delta query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Feed {
    /// Where the next round begins.
    pub(super) link: String,
    /// The properties that it tells of.
    pub(super) select: Vec<String>,
}

impl SourceState {
    pub(super) fn new(endpoint: &str) -> Self {
        Self { version: VERSION, endpoint: endpoint.to_owned(), ..Self::default() }
    }

    /// Reads a state; nothing when it is of another version or of another endpoint.
    pub(super) fn read(value: serde_json::Value, endpoint: &str) -> Option<Self> {
        let state: Self = serde_json::from_value(value).ok()?;
        (state.version == VERSION && state.endpoint == endpoint).then_some(state)
    }

    pub(super) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
