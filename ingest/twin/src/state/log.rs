//! Owns the log of changes: delta queries read it, and lagging replicas undo its newest entries.

use std::sync::Arc;

use super::{Handle, Life, Relation};
use crate::body::Body;

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    /// When it happened, in milliseconds.
    pub(crate) at_ms: i64,
    /// The changed object; of a link the source.
    pub(crate) handle: Handle,
    pub(crate) event: Event,
    /// Whether delta queries leave it out, as they do with changes of a native recovery.
    pub(crate) silent: bool,
}

/// The kind of a change.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Created,
    /// These properties changed; the body was this before.
    Updated {
        names: Vec<Arc<str>>,
        before: Arc<Body>,
    },
    /// It went to the bin.
    Deleted,
    /// It was deleted for good; it was in this state before.
    Purged {
        before: Life,
    },
    Restored,
    Linked(Relation, Handle),
    Unlinked(Relation, Handle),
}

/// All changes of a tenant; the index of an entry is its sequence number.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<LogEntry>,
    /// How many entries are older than the bin keeps objects.
    expired: usize,
}

impl Log {
    /// Appends an entry.
    pub(super) fn push(&mut self, entry: LogEntry) {
        self.entries.push(entry);
    }

    /// Gives the entries from a sequence number on.
    pub(super) fn since(&self, sequence: usize) -> &[LogEntry] {
        self.entries.get(sequence..).unwrap_or(&[])
    }

    /// Gives the oldest entry that has not expired yet and reaches an age.
    pub(super) fn due(&self, age_ms: i64, now_ms: i64) -> Option<&LogEntry> {
        self.entries.get(self.expired).filter(|entry| entry.at_ms + age_ms <= now_ms)
    }

    /// Counts the oldest entry that has not expired yet as expired.
    pub(super) fn expire_one(&mut self) {
        self.expired += 1;
    }
}
