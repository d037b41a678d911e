//! The state of the tenant at one backup: vectors, and the objects they lead to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use crate::id::Id;
use crate::link_sets::read_set;
use crate::object::{Object, ObjectKey};
use crate::rows::{RowCells, Rows};
use crate::segment::footer::CheckpointTable;
use crate::segment::reader::Segment;
use crate::state::{State, TableKey, VectorKind};
use crate::value;
use crate::vector::{Slot, Vector};
use crate::{BackupSummary, Result, schema};

/// Slots of a vector that are read alone, at some 10 µs each, before it is read whole, which takes milliseconds.
const SINGLE_SLOT_COUNT_MAX: u32 = 100;

/// The state of the tenant at one backup. Cheap to clone; vectors are read on first use.
#[derive(Clone)]
pub struct Snapshot {
    inner: Arc<SnapshotState>,
    /// Objects have links to what is gone, too.
    has_dormant_links: bool,
}

struct SnapshotState {
    state: Arc<State>,
    sequence: u64,
    vectors: RwLock<HashMap<TableKey, Arc<Vector>>>,
    /// How many slots were read alone of each vector.
    single_reads: Mutex<HashMap<TableKey, u32>>,
    gone: OnceLock<roaring::RoaringBitmap>,
}

impl Snapshot {
    pub(crate) fn new(state: Arc<State>, sequence: u64) -> Self {
        let (vectors, single_reads, gone) = (RwLock::default(), Mutex::default(), OnceLock::new());
        Self {
            inner: Arc::new(SnapshotState { state, sequence, vectors, single_reads, gone }),
            has_dormant_links: false,
        }
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.inner.state
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.inner.sequence
    }

    /// Its position in time: 1 for the oldest, 0 for the empty state before all.
    pub(crate) fn rank(&self) -> u64 {
        self.inner.state.rank(self.inner.sequence)
    }

    /// The backup it is of.
    ///
    /// # Panics
    /// Never: a snapshot is made of a backup that is there.
    #[must_use]
    pub fn backup(&self) -> &BackupSummary {
        let index = usize::try_from(self.rank() - 1).expect("backups are few");
        &self.inner.state.commits[index]
    }

    /// The same state, whose objects have their dormant links, too: those to objects in the recycle bin, which are live
    /// again when these are restored, and those to objects that are gone.
    #[must_use]
    pub fn with_dormant_links(&self) -> Self {
        Self { has_dormant_links: true, ..self.clone() }
    }

    /// The type tokens that have objects at this backup, in ascending order.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn types(&self) -> Result<Vec<Arc<str>>> {
        let mut types = Vec::new();
        for key in self.core_keys() {
            if self.vector(key)?.iter().any(|(_, slot)| !slot.is_absent()) {
                types.push(Arc::clone(&key.type_token));
            }
        }
        Ok(types)
    }

    /// One object, if it is there, live or in the recycle bin.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn object(&self, key: &ObjectKey) -> Result<Option<Object>> {
        let Some(ordinal) = self.inner.state.ordinal(&Id::from_text(&key.id))? else { return Ok(None) };
        self.object_at(&key.type_token, ordinal)
    }

    /// All objects of a type: the live ones, then those in the recycle bin, each in order of their first
    /// appearance in the store.
    ///
    /// # Errors
    /// `Damaged` or `Disk`, also as an item.
    pub fn objects(&self, type_token: &str) -> Result<Box<dyn Iterator<Item = Result<Object>> + Send + '_>> {
        let key = TableKey { type_token: type_token.into(), kind: VectorKind::Core };
        let vector = self.vector(&key)?;
        let (mut ordinals, mut binned) = (Vec::new(), Vec::new());
        for (ordinal, slot) in vector.iter() {
            if slot.is_live() {
                ordinals.push(ordinal);
            } else if slot.is_in_bin() {
                binned.push(ordinal);
            }
        }
        ordinals.append(&mut binned);
        Ok(Box::new(
            ordinals
                .into_iter()
                .filter_map(move |ordinal| self.object_at(&key.type_token, ordinal).transpose()),
        ))
    }

    /// How many objects of a type are live, and how many lie in the recycle bin.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn object_count(&self, type_token: &str) -> Result<(u64, u64)> {
        let vector = self.vector(&TableKey { type_token: type_token.into(), kind: VectorKind::Core })?;
        Ok((vector.count(Slot::is_live) as u64, vector.count(Slot::is_in_bin) as u64))
    }

    pub(crate) fn core_keys(&self) -> impl Iterator<Item = &TableKey> {
        self.inner.state.tables.keys().filter(|key| key.kind == VectorKind::Core)
    }

    /// The vector of a table or relation.
    pub(crate) fn vector(&self, key: &TableKey) -> Result<Arc<Vector>> {
        let vectors = self.inner.vectors.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(vector) = vectors.get(key) {
            return Ok(Arc::clone(vector));
        }
        drop(vectors);
        let vector = Arc::new(read_vector(&self.inner.state, key, self.inner.sequence)?);
        let mut vectors = self.inner.vectors.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Arc::clone(vectors.entry(key.clone()).or_insert(vector)))
    }

    /// The slots of some ordinals: a few are read alone, for many the vector is read.
    pub(crate) fn slots(&self, key: &TableKey, ordinals: &[u32]) -> Result<Vec<Slot>> {
        if ordinals.len() <= SINGLE_SLOT_COUNT_MAX as usize {
            return ordinals.iter().map(|ordinal| self.slot(key, *ordinal)).collect();
        }
        let vector = self.vector(key)?;
        Ok(ordinals.iter().map(|ordinal| vector.get(*ordinal)).collect())
    }

    /// One slot. The first few are read alone; for further ones the whole vector is read.
    pub(crate) fn slot(&self, key: &TableKey, ordinal: u32) -> Result<Slot> {
        let vectors = self.inner.vectors.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(vector) = vectors.get(key) {
            return Ok(vector.get(ordinal));
        }
        drop(vectors);
        let mut single_reads =
            self.inner.single_reads.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = single_reads.entry(key.clone()).or_default();
        *count += 1;
        let is_alone = *count <= SINGLE_SLOT_COUNT_MAX;
        drop(single_reads);
        if is_alone {
            return read_slot(&self.inner.state, key, self.inner.sequence, ordinal);
        }
        Ok(self.vector(key)?.get(ordinal))
    }

    /// Ordinals that were objects once and are live under no type now: links to them are dormant.
    pub(crate) fn gone(&self) -> Result<&roaring::RoaringBitmap> {
        if let Some(gone) = self.inner.gone.get() {
            return Ok(gone);
        }
        let gone = read_gone(&self.inner.state, self.inner.sequence)?;
        Ok(self.inner.gone.get_or_init(|| gone))
    }

    pub(crate) fn object_at(&self, type_token: &Arc<str>, ordinal: u32) -> Result<Option<Object>> {
        let key = TableKey { type_token: Arc::clone(type_token), kind: VectorKind::Core };
        let slot = self.slot(&key, ordinal)?;
        if slot.is_absent() {
            return Ok(None);
        }
        let volatile_key = TableKey { type_token: Arc::clone(type_token), kind: VectorKind::Volatile };
        let volatile = self.volatile_slot(&volatile_key, ordinal)?;
        let state = &self.inner.state;
        let mut cells = RowCells::default();
        Rows::few(state, &key).read_cells(slot.version(), &mut cells)?;
        let mut volatile_cells = RowCells::default();
        if volatile.version() > 0 {
            Rows::few(state, &volatile_key).read_cells(volatile.version(), &mut volatile_cells)?;
        }
        let id = state.id(ordinal)?;
        let text = assemble(state, type_token, &id, &cells, &volatile_cells);
        let links = self.links_at(type_token, ordinal)?;
        Ok(Some(Object::new(
            ObjectKey { type_token: Arc::clone(type_token), id: id.to_string() },
            slot.is_in_bin(),
            text,
            links,
        )))
    }

    pub(crate) fn volatile_slot(&self, key: &TableKey, ordinal: u32) -> Result<Slot> {
        if self.inner.state.tables.contains_key(key) { self.slot(key, ordinal) } else { Ok(Slot::NEVER) }
    }

    /// The links of an object by relation; dormant ones left out unless they are wanted.
    pub(crate) fn links_at(
        &self,
        type_token: &Arc<str>,
        ordinal: u32,
    ) -> Result<Vec<(Arc<str>, Vec<String>)>> {
        let mut links = Vec::new();
        let state = &self.inner.state;
        for key in state.tables.keys().filter(|key| key.type_token == *type_token) {
            let VectorKind::Links(relation) = &key.kind else { continue };
            let number = self.slot(key, ordinal)?.version();
            if number == 0 {
                continue;
            }
            let gone = self.gone()?;
            let mut targets = Vec::new();
            for target in read_set(state, key, number)? {
                if self.has_dormant_links || !gone.contains(target) {
                    targets.push(state.id(target)?.to_string());
                }
            }
            targets.sort_unstable();
            links.push((Arc::clone(relation), targets));
        }
        Ok(links)
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("sequence", &self.inner.sequence).finish_non_exhaustive()
    }
}

/// The JSON text of an object's attributes; `deletedDateTime` and other volatile ones over the compared ones.
fn assemble(state: &State, type_token: &str, id: &Id, cells: &RowCells, volatile_cells: &RowCells) -> String {
    let mut named: Vec<(Arc<str>, &[u8])> = Vec::with_capacity(cells.len() + volatile_cells.len() + 2);
    let id_text = serde_json::to_vec(&id.to_string()).expect("a text is JSON");
    let type_name = schema::by_token(type_token)
        .map_or_else(|| format!("#microsoft.graph.{type_token}"), schema::Type::odata_type);
    let type_text = serde_json::to_vec(&type_name).expect("a text is JSON");
    named.push(("id".into(), &id_text));
    named.push(("@odata.type".into(), &type_text));
    for (path, text) in cells.iter().chain(volatile_cells.iter()) {
        let path = state.paths.text(path);
        match named.iter_mut().find(|(found, _)| *found == path) {
            Some(found) => found.1 = text,
            None => named.push((path, text)),
        }
    }
    value::assemble(named.iter().map(|(path, text)| (&**path, *text)))
}

/// The ordinals that are live under no type any more: the last checkpoint's, and every change since.
fn read_gone(state: &State, sequence: u64) -> Result<roaring::RoaringBitmap> {
    let mut gone = roaring::RoaringBitmap::new();
    let checkpoint = state.checkpoint_before(sequence).unwrap_or(0);
    if checkpoint > 0 {
        let segment = state.segment(checkpoint)?;
        if let Some(entry) = &segment.footer.checkpoint {
            gone.extend(segment.integers(entry.gone)?);
        }
    }
    for sequence in checkpoint + 1..=sequence {
        let segment = state.segment(sequence)?;
        if let Some(entry) = &segment.footer.gone {
            gone.extend(segment.integers(entry.added)?);
            for ordinal in segment.integers(entry.removed)? {
                gone.remove(ordinal);
            }
        }
    }
    Ok(gone)
}

/// A vector as of a backup: the last checkpoint's, and every change since.
fn read_vector(state: &State, key: &TableKey, sequence: u64) -> Result<Vector> {
    let checkpoint = state.checkpoint_before(sequence).unwrap_or(0);
    let mut vector = Vector::default();
    if let Some((segment, entry)) = checkpoint_table(state, key, checkpoint)? {
        set_all(state, segment, [entry.ordinals, entry.values], &mut vector)?;
    }
    for later in checkpoint + 1..=sequence {
        let segment = state.segment(later)?;
        if let Some(entry) = segment.slots(key) {
            set_all(state, segment, [entry.ordinals, entry.new_values], &mut vector)?;
        }
    }
    Ok(vector)
}

/// Sets the slots that two chunks hold: ordinals and values.
fn set_all(state: &State, segment: &Segment, chunks: [u32; 2], vector: &mut Vector) -> Result<()> {
    let mut last = None;
    segment.for_each_pair(chunks, |ordinals, values| {
        // An ordinal that no segment has would make the vector as large as the number says.
        let is_known = ordinals.last().is_none_or(|ordinal| *ordinal < state.ordinal_count);
        if !is_known || !ordinals.is_sorted() || last > ordinals.first().copied() {
            return Err(segment.footer_error("the ordinals of a vector do not ascend, or nobody has them"));
        }
        last = ordinals.last().copied();
        vector.set_stored(ordinals, values);
        Ok(())
    })
}

/// One slot of a vector as of a backup: from the newest segment that changed it, else from the last checkpoint.
fn read_slot(state: &State, key: &TableKey, sequence: u64, ordinal: u32) -> Result<Slot> {
    let checkpoint = state.checkpoint_before(sequence).unwrap_or(0);
    for later in (checkpoint + 1..=sequence).rev() {
        let segment = state.segment(later)?;
        let Some(entry) = segment.slots(key) else { continue };
        if let Some(index) = segment.index_of(entry.ordinals, ordinal)? {
            return slot_at(segment, entry.new_values, index);
        }
    }
    let Some((segment, entry)) = checkpoint_table(state, key, checkpoint)? else { return Ok(Slot::NEVER) };
    match segment.index_of(entry.ordinals, ordinal)? {
        Some(index) => slot_at(segment, entry.values, index),
        None => Ok(Slot::NEVER),
    }
}

fn slot_at(segment: &Segment, values: u32, index: usize) -> Result<Slot> {
    let value = segment.integer_at(values, index)?;
    let value = value.ok_or_else(|| segment.footer_error("the slots of a vector end early"))?;
    Ok(Slot::from_stored(value))
}

/// Where a checkpoint has a vector; nothing when there is no checkpoint.
fn checkpoint_table<'s>(
    state: &'s State,
    key: &TableKey,
    checkpoint: u64,
) -> Result<Option<(&'s Segment, &'s CheckpointTable)>> {
    if checkpoint == 0 {
        return Ok(None);
    }
    let segment = state.segment(checkpoint)?;
    Ok(segment.footer.checkpoint.as_ref().and_then(|entry| {
        let tables = if matches!(key.kind, VectorKind::Links(_)) { &entry.links } else { &entry.tables };
        let is_wanted =
            |table: &&CheckpointTable| *table.type_token == *key.type_token && table.name == key.kind.name();
        tables.iter().find(is_wanted).map(|table| (&**segment, table))
    }))
}
