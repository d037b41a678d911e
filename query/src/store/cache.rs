//! What was read and decoded, kept for the next query while it fits.
//!
//! *Invariant*: all of it is of one state of the store, which never changes, so no entry becomes stale.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::scan::{LinkLists, Space};

use super::attribute::EntitySchema;
use super::column::SharedColumn;
use super::live_types::LiveTypes;
use super::rows::RowList;
use crate::batch::Column;
use crate::value::Type;

/// Bytes of decoded columns that are kept, unless the caller says otherwise.
pub(super) const BYTES_MAX: usize = 256 << 20;

/// Names something that was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CacheKey {
    /// The columns of a type.
    Schema { token: Arc<str> },
    /// One attribute in all versions.
    Column { token: Arc<str>, space: Space, path: Arc<str>, kind: Type },
    /// The objects of a type at a backup.
    Rows { backup: Arc<str>, token: Arc<str>, deleted: bool },
    /// One column of one part of a type's objects at a backup.
    Part {
        backup: Arc<str>,
        token: Arc<str>,
        deleted: bool,
        name: Arc<str>,
        depth: usize,
        kind: Type,
        /// Its rows: tables with wide columns cut the same objects into smaller parts.
        rows: Range<usize>,
    },
    /// The links of a type's live objects in one relation at a backup.
    Links { backup: Arc<str>, token: Arc<str>, relation: Arc<str> },
    /// One column of some links in one relation at a backup.
    LinkPart { backup: Arc<str>, token: Arc<str>, relation: Arc<str>, column: usize, first: u32 },
    /// What types ordinals are live under at a backup.
    Types { backup: Arc<str> },
}

/// Something that was read.
#[derive(Clone)]
pub(super) enum Cached {
    Schema(Arc<EntitySchema>),
    Column(Arc<SharedColumn>),
    Rows(Arc<RowList>),
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
    entries: HashMap<CacheKey, Entry>,
    bytes: usize,
    clock: u64,
}

struct Entry {
    cached: Cached,
    /// What it shares its values with: both go together, and using one is using the other.
    parent: Option<CacheKey>,
    bytes: usize,
    used: u64,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inner: Mutex::default() }
    }

    /// What is kept under a key.
    pub(super) fn get(&self, key: &CacheKey) -> Option<Cached> {
        let mut inner = self.lock();
        inner.clock += 1;
        let now = inner.clock;
        let entry = inner.entries.get_mut(key)?;
        entry.used = now;
        let cached = entry.cached.clone();
        let parent = entry.parent.clone();
        if let Some(parent) = parent.and_then(|parent| inner.entries.get_mut(&parent)) {
            parent.used = now;
        }
        Some(cached)
    }

    /// Keeps something, unless the key has an entry; returns what is kept.
    pub(super) fn keep(&self, key: CacheKey, cached: Cached, bytes: usize) -> Cached {
        self.keep_with(key, cached, bytes, None)
    }

    /// As [`Self::keep`], for what shares its values with something kept.
    pub(super) fn keep_with(
        &self,
        key: CacheKey,
        cached: Cached,
        bytes: usize,
        parent: Option<CacheKey>,
    ) -> Cached {
        let mut inner = self.lock();
        inner.clock += 1;
        let used = inner.clock;
        if let Some(entry) = inner.entries.get_mut(&key) {
            entry.used = used;
            return entry.cached.clone();
        }
        inner.entries.insert(key, Entry { cached: cached.clone(), parent, bytes, used });
        inner.bytes += bytes;
        self.shrink(&mut inner);
        cached
    }

    /// Says how large something has become that was kept before it was read.
    pub(super) fn charge(&self, key: &CacheKey, bytes: usize) {
        let mut inner = self.lock();
        let Some(entry) = inner.entries.get_mut(key) else { return };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        inner.bytes = inner.bytes - before + bytes;
        self.shrink(&mut inner);
    }

    /// Drops the least recently used entries until the rest fits.
    fn shrink(&self, inner: &mut Inner) {
        while inner.bytes > self.bytes_max {
            let sized = inner.entries.iter().filter(|(_, entry)| entry.bytes > 0);
            let Some(oldest) = sized.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else {
                return;
            };
            let mut freed = 0;
            inner.entries.retain(|key, entry| {
                let goes = *key == oldest || entry.parent.as_ref() == Some(&oldest);
                freed += if goes { entry.bytes } else { 0 };
                !goes
            });
            inner.bytes -= freed;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
