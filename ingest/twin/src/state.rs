//! Owns a tenant in memory: objects, links in both directions, the bin, and the log of all changes.
//!
//! *Shape.* Every object is a record with a number, its *handle*, for ever; a purged object stays as a tombstone. The
//! methods of the state look up, link and edit objects; functions over it build on them.
//!
//! ```text
//!   load ─> seed ──────────┐
//!   put ───────────────────┼─> edit ─> link ─> state: records, key, log
//!   expiry ─> schedule ────┘
//! ```
//!
//! *Invariants.* (1) A link is in the record of its source and in that of its target. (2) Every change is in the log,
//! in the order in which it happened; the index in the log is its sequence number.

mod edit;
mod expiry;
mod json;
mod key;
mod link;
mod load;
mod log;
mod put;
mod schedule;
mod seed;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::body::{Body, Members, Shapes};
use crate::resource::Kind;
use crate::synthetic::random::Source;
pub(crate) use edit::{Trace, When};
pub(crate) use expiry::{expire, has_expired};
pub(crate) use key::AlternateKey;
use key::KeyIndex;
pub(crate) use link::{Relation, find_target};
pub(crate) use load::Loader;
use log::Log;
pub(crate) use log::{Event, LogEntry};
pub(crate) use put::put;
pub(crate) use schedule::{end_schedule, end_schedules_of, show_schedule};

/// The number of an object.
pub(crate) type Handle = u32;

/// The stage of an object's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// In the directory.
    Live,
    /// In the bin.
    Binned,
    /// In neither, for good.
    Purged,
}

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) id: Arc<str>,
    pub(crate) body: Arc<Body>,
    pub(crate) life: Life,
    /// When it was deleted, in milliseconds; 0 when it never was.
    pub(crate) deleted_ms: i64,
    /// The object it lives below, such as the application of a federated credential.
    pub(crate) parent: Option<Handle>,
    pub(crate) links: Vec<(Relation, Vec<Handle>)>,
    pub(crate) incoming: Vec<(Relation, Handle)>,
}

/// A tenant.
pub(crate) struct State {
    pub(crate) tenant_id: String,
    records: Vec<Record>,
    by_kind: Vec<Vec<Handle>>,
    ids: Vec<HashMap<Arc<str>, Handle>>,
    keys: KeyIndex,
    shapes: Shapes,
    log: Log,
    /// Schedules of roles that end, by the time of their end.
    ends: BTreeSet<(i64, Handle)>,
    source: Source,
    made: u64,
}

impl State {
    fn empty(seed: u64) -> Self {
        let kinds = Kind::all().count();
        Self {
            tenant_id: String::new(),
            records: Vec::new(),
            by_kind: vec![Vec::new(); kinds],
            ids: vec![HashMap::new(); kinds],
            keys: KeyIndex::default(),
            shapes: Shapes::default(),
            log: Log::default(),
            ends: BTreeSet::new(),
            source: Source::new(seed).fork(0x7477_696e),
            made: 0,
        }
    }

    /// Gives the changes from a sequence number on.
    pub(crate) fn changes_since(&self, sequence: usize) -> &[LogEntry] {
        self.log.since(sequence)
    }

    /// Gives an object.
    pub(crate) fn record(&self, handle: Handle) -> &Record {
        &self.records[handle as usize]
    }

    /// Gives all objects of a type, tombstones included, in the order in which they were made.
    pub(crate) fn handles(&self, kind: Kind) -> &[Handle] {
        &self.by_kind[usize::from(kind.0)]
    }

    /// Finds an object by its ID, whatever its life.
    pub(crate) fn find(&self, kind: Kind, id: &str) -> Option<Handle> {
        let ids = &self.ids[usize::from(kind.0)];
        ids.get(id).or_else(|| ids.get(id.to_ascii_lowercase().as_str())).copied()
    }

    /// Finds a live object by its ID.
    pub(crate) fn find_live(&self, kind: Kind, id: &str) -> Option<Handle> {
        self.find(kind, id).filter(|&handle| self.record(handle).life == Life::Live)
    }

    /// Finds a directory object of any type.
    pub(crate) fn find_directory_object(&self, id: &str) -> Option<Handle> {
        Kind::directory_objects().find_map(|kind| self.find(kind, id))
    }

    /// Finds an object by another value that identifies it.
    pub(crate) fn find_by_key(&self, kind: Kind, key: AlternateKey, value: &str) -> Option<Handle> {
        self.keys.find(kind, key, value)
    }

    /// Says whether an object is live.
    pub(crate) fn is_live(&self, handle: Handle) -> bool {
        self.record(handle).life == Life::Live
    }

    /// Finds the only object of a type.
    pub(crate) fn single(&self, kind: Kind) -> Option<Handle> {
        self.handles(kind).iter().copied().find(|&handle| self.record(handle).life == Life::Live)
    }

    /// Makes a new ID.
    pub(crate) fn new_id(&mut self) -> String {
        self.made += 1;
        self.source.guid(self.made).to_string()
    }

    /// Keeps members as a body.
    pub(crate) fn body(&mut self, kind: Kind, members: &Members<'_>) -> Body {
        self.shapes.body(kind, members)
    }

    /// Adds an object without an entry in the log.
    fn insert(&mut self, kind: Kind, id: &str, body: Body, life: Life) -> Handle {
        let handle = Handle::try_from(self.records.len()).expect("tenants are below four billion objects");
        let id: Arc<str> = id.into();
        let record = Record {
            kind,
            id: Arc::clone(&id),
            body: Arc::new(body),
            life,
            deleted_ms: 0,
            parent: None,
            links: Vec::new(),
            incoming: Vec::new(),
        };
        self.records.push(record);
        self.by_kind[usize::from(kind.0)].push(handle);
        let ids = &mut self.ids[usize::from(kind.0)];
        if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
            ids.insert(id.to_ascii_lowercase().into(), handle);
        }
        ids.insert(id, handle);
        if life == Life::Live {
            self.index_keys(handle);
        }
        handle
    }

    fn index_keys(&mut self, handle: Handle) {
        let record = &self.records[handle as usize];
        self.keys.add(handle, record.kind, &record.body);
    }

    fn forget_keys(&mut self, handle: Handle) {
        let record = &self.records[handle as usize];
        self.keys.remove(handle, record.kind, &record.body);
    }
}
