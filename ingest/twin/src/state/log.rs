//! Owns the log of changes: what delta queries read, and what lagging replicas take back.

use std::sync::Arc;

use super::{Handle, Life, Relation};
use crate::body::Body;

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// When it happened, in milliseconds.
    pub(crate) at_ms: i64,
    /// What it happened to; of a link the source.
    pub(crate) handle: Handle,
    pub(crate) what: What,
    /// Whether delta queries never tell of it, as of what a native recovery does.
    pub(crate) silent: bool,
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Created,
    /// These properties changed; the body was this before.
    Updated {
        names: Vec<Arc<str>>,
        before: Arc<Body>,
    },
    /// It went to the bin.
    Deleted,
    /// It is gone for good; it was in this state before.
    Purged {
        before: Life,
    },
    Restored,
    Linked(Relation, Handle),
    Unlinked(Relation, Handle),
}
