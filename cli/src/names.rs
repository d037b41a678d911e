//! Names for the IDs that people read: every printed GUID with its name, where it is known.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{BackupId, ObjectKey, Snapshot, Store};

use crate::change::ChangeRow;

/// How many IDs are looked up in the store for one output; the rest stay plain.
pub(crate) const LOOKUP_COUNT_MAX: usize = 500;

/// What is known of an ID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Known {
    /// Type token, or empty.
    pub(crate) type_token: String,
    /// Display name, or empty.
    pub(crate) name: String,
}

/// Finds names in backups, and remembers them.
#[derive(Debug)]
pub(crate) struct Names {
    snapshots: Vec<Snapshot>,
    /// The types of the store.
    types: Vec<Arc<str>>,
    known: HashMap<String, Known>,
    lookup_count: usize,
}

impl Names {
    /// Looks names up in these backups, in this order. One that cannot be read gives no names, which is no failure.
    pub(crate) fn of(store: &Store, backups: &[BackupId]) -> Self {
        let snapshots = backups.iter().filter_map(|backup| store.snapshot(backup).ok()).collect();
        let types = store.type_tokens().map(Arc::clone).collect();
        Self { snapshots, types, known: HashMap::new(), lookup_count: 0 }
    }

    /// Knows no names.
    pub(crate) fn none() -> Self {
        Self { snapshots: Vec::new(), types: Vec::new(), known: HashMap::new(), lookup_count: 0 }
    }

    /// Learns the names that a difference holds anyway.
    pub(crate) fn learn(&mut self, changes: &[ChangeRow]) {
        for change in changes {
            let known = Known { type_token: change.type_token.clone(), name: change.display_name.clone() };
            self.known.insert(change.id.clone(), known);
        }
    }

    /// What is known of an ID; empty when nothing is.
    pub(crate) fn get(&mut self, id: &str) -> Known {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let found = self.look_up(id).unwrap_or_default();
        self.known.insert(id.to_owned(), found.clone());
        found
    }

    /// Looks up by type and ID, which is exact and quick; a search by name reads all names for an unknown ID.
    fn look_up(&mut self, id: &str) -> Option<Known> {
        if self.lookup_count >= LOOKUP_COUNT_MAX {
            return None;
        }
        self.lookup_count += 1;
        self.snapshots.iter().find_map(|snapshot| {
            self.types.iter().find_map(|type_token| {
                let key = ObjectKey { type_token: Arc::clone(type_token), id: id.to_owned() };
                let object = snapshot.object(&key).ok()??;
                Some(Known { type_token: type_token.to_string(), name: object.display_name() })
            })
        })
    }
}

/// Whether a text is shaped like a GUID.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
