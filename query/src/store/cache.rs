//! What was read and decoded, kept for the next query while there is room.
//!
//! *Invariant*: all of it is of one state of the store, which never changes, so nothing here ever gets old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::scan::{LinkLists, ObjectRows, Space};

use super::attribute::EntitySchema;
use super::column::SharedColumn;
use super::links::LiveTypes;
use crate::batch::Column;
use crate::value::Type;

/// Bytes of decoded columns that are kept, unless the caller says otherwise.
pub(super) const BYTES_MAX: usize = 256 << 20;

/// Names something that was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The columns of a type.
    Schema { token: Arc<str> },
    /// One attribute in all versions.
    Column { token: Arc<str>, space: Space, path: Arc<str>, kind: Type },
    /// The objects of a type at a backup.
    Rows { backup: Arc<str>, token: Arc<str>, deleted: bool },
    /// One column of one part of a type's objects at a backup.
    Part { backup: Arc<str>, token: Arc<str>, deleted: bool, name: Arc<str>, kind: Type, first: usize },
    /// The links of a type's live objects in one relation at a backup.
    Links { backup: Arc<str>, token: Arc<str>, relation: Arc<str> },
    /// What types ordinals are live under at a backup.
    Types { backup: Arc<str> },
}

/// Something that was read.
#[derive(Clone)]
pub(super) enum Cached {
    Schema(Arc<EntitySchema>),
    Column(Arc<SharedColumn>),
    Rows(Arc<ObjectRows>),
    Part(Column),
    Links(Arc<LinkLists>),
    Types(Arc<LiveTypes>),
}

/// Keeps what was used last, up to a number of bytes.
pub(super) struct Cache {
    bytes_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    clock: u64,
}

struct Entry {
    cached: Cached,
    bytes: usize,
    used: u64,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inner: Mutex::default() }
    }

    /// What is kept under a key.
    pub(super) fn get(&self, key: &Key) -> Option<Cached> {
        let mut inner = self.lock();
        inner.clock += 1;
        let now = inner.clock;
        let entry = inner.entries.get_mut(key)?;
        entry.used = now;
        Some(entry.cached.clone())
    }

    /// Keeps something, unless somebody else was faster; returns what is kept.
    pub(super) fn keep(&self, key: Key, cached: Cached, bytes: usize) -> Cached {
        let mut inner = self.lock();
        inner.clock += 1;
        let used = inner.clock;
        if let Some(entry) = inner.entries.get_mut(&key) {
            entry.used = used;
            return entry.cached.clone();
        }
        inner.entries.insert(key, Entry { cached: cached.clone(), bytes, used });
        inner.bytes += bytes;
        self.shrink(&mut inner);
        cached
    }

    /// Says how large something has become that was kept before it was read.
    pub(super) fn charge(&self, key: &Key, bytes: usize) {
        let mut inner = self.lock();
        let Some(entry) = inner.entries.get_mut(key) else { return };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        inner.bytes = inner.bytes - before + bytes;
        self.shrink(&mut inner);
    }

    /// Lets go of what was used longest ago.
    fn shrink(&self, inner: &mut Inner) {
        while inner.bytes > self.bytes_max {
            let sized = inner.entries.iter().filter(|(_, entry)| entry.bytes > 0);
            let Some(oldest) = sized.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some(entry) = inner.entries.remove(&oldest) {
                inner.bytes -= entry.bytes;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About how much memory the cells of a column take, values apart that other columns share.
pub(super) fn column_size(column: &Column) -> usize {
    match column {
        Column::Constant(_) => 64,
        Column::Values(values) => values.len() * std::mem::size_of::<crate::value::Value>(),
        Column::Dictionary { codes, .. } | Column::Texts { codes, .. } => codes.len() * 4,
    }
}
