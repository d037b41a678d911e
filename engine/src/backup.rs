//! A backup being made: objects and links in, one committed segment out.
//!
//! Shape: [`Backup::put`] runs in one thread, in input order. New objects become whole rows and are sealed
//! into row groups as they come; objects that the store knows and that differ wait as patches, because
//! only the end of the data tells what it did not ask for, who is gone, and so what is a change.
//!
//! Invariants
//! 1. Until commit renames HEAD nothing of the store changes; a dropped backup leaves no trace.
//! 2. The same data in the same order makes the same bytes, however many threads took part.

mod change_index;
mod checkpoint;
mod commit;
mod count;
mod encode;
mod intern;
mod links;
mod overlap;
mod patches;
mod reading;
mod recall;
mod remember;
mod resolve;
mod table;
mod weave;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub use overlap::Overlap;
pub(crate) use patches::top_of;
pub use reading::{BinExtent, Extent, RelationReading, TypeReading};
pub(crate) use resolve::is_hash_of;

use crate::content::{Part, PartLinks, Parts, Row, Shredder, Unchanged};
use crate::disk::DiskLock;
use crate::id::Id;
use crate::rows::Rows;
use crate::segment::writer::SegmentWriter;
use crate::snapshot::Snapshot;
use crate::state::{Part as TablePart, State, TableKey, segment_path};
use crate::vector::{Slot, Vector};
use crate::{BackupDetails, BackupSummary, Error, Gap, ObjectKey, Result, Store, Warning};
use intern::Interner;
use links::LinkWork;
use patches::Differing;
use table::{Columns, Space, TableWork};
use weave::old_vector;

/// Bytes of memory that rows of all types may hold while they wait for their row groups to fill up.
const PENDING_BYTES_MAX: usize = 96 << 20;
/// Volatile cells are compared, and hardly ever return to what they were.
const NO_HASH: [u8; 16] = [0; 16];

/// A backup being made. Dropped without `commit`, it leaves no trace.
pub struct Backup<'store> {
    store: &'store mut Store,
    state: Arc<State>,
    /// The backup before it in time: what is not read is as it was then.
    previous: Option<Snapshot>,
    /// The newest commit, when that is another one: what a segment holds are the changes since then.
    base: Option<Snapshot>,
    /// Held until the end; nothing reads it.
    _lock: Box<dyn DiskLock>,
    details: BackupDetails,
    tenant: Option<String>,
    sequence: u64,
    segment: Option<SegmentWriter>,
    interner: Interner,
    types: BTreeMap<Arc<str>, TypeWork>,
    /// Type tokens by the number that the import cache gives them.
    cache_types: Vec<Arc<str>>,
    shredder: Shredder,
    warnings: Vec<Warning>,
    gaps: Vec<Gap>,
    object_count: u64,
}

/// One type of a backup being made.
#[derive(Debug)]
struct TypeWork {
    /// The versions of the newest commit, when that is not the backup before this one in time.
    later: Option<Vector>,
    core: TableWork,
    volatile: TableWork,
    links: BTreeMap<Arc<str>, LinkWork>,
    /// Ordinals of the objects that came.
    seen: roaring::RoaringBitmap,
    /// Those of them whose raw text the import cache knew.
    unchanged: roaring::RoaringBitmap,
    /// Properties of parsed objects.
    observed: BTreeSet<Box<str>>,
    bin_seen: bool,
    claim: Claim,
    /// What the source says of how it read the type; then nothing is guessed from the data.
    reading: Option<TypeReading>,
    /// Objects whose slot somebody set without their text: gone, or in the bin.
    moved: roaring::RoaringBitmap,
    /// Objects that could not be read, and stay.
    kept: roaring::RoaringBitmap,
    /// Some properties were not asked for; their earlier values are carried forward.
    carries_properties: bool,
    cache: Vec<(u64, u32)>,
    /// How often an object came that had come already.
    duplicate_count: u64,
}

/// What the data say of a type's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Those that came are all, unless none came.
    AsCame,
    /// Those that came are all, even none.
    Complete,
    /// They were not read, only some of their relations.
    RelationsOnly,
}

impl<'store> Backup<'store> {
    pub(crate) fn begin(
        store: &'store mut Store,
        lock: Box<dyn DiskLock>,
        details: BackupDetails,
    ) -> Result<Self> {
        let state = Arc::clone(store.state());
        let sequence = state.newest() + 1;
        weave::check_order(&state, &details)?;
        let (before, newest) = (state.predecessor_at(details.taken_at), state.newest());
        let previous = (before > 0).then(|| store.snapshot_at(before));
        let base = (before != newest).then(|| store.snapshot_at(newest));
        let path = segment_path(&state.root, sequence);
        let segment = SegmentWriter::create(Arc::clone(&state.disk), &path, state.store_id, sequence)?;
        // The import cache tells what the newest commit holds.
        let cache = if base.is_none() { commit::read_cache(&state) } else { None };
        let cache_types = state.cache_types();
        let mut backup = Self {
            shredder: Shredder::new(state.hash_key, cache.map(Arc::new)),
            interner: Interner::new(&state),
            tenant: state.head.tenant.clone(),
            store,
            state,
            previous,
            base,
            _lock: lock,
            sequence,
            segment: Some(segment),
            types: BTreeMap::new(),
            cache_types,
            warnings: Vec::new(),
            gaps: Vec::new(),
            object_count: 0,
            details,
        };
        if let Some(tenant) = backup.details.tenant.clone() {
            backup.check_tenant(&tenant)?;
        }
        Ok(backup)
    }

    /// A parser of objects for this backup; one per worker thread.
    #[must_use]
    pub fn shredder(&self) -> Shredder {
        self.shredder.clone()
    }

    /// Makes parsers made from now on refuse objects of which something was cut off; see [`Shredder::refuse_cut_off`].
    pub fn refuse_cut_off(&mut self) {
        self.shredder.refuse_cut_off();
    }

    /// How many objects were put so far, those that came twice counted twice.
    #[must_use]
    pub fn object_count(&self) -> u64 {
        self.object_count
    }

    /// Adds a warning to the backup's summary.
    pub fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Takes parsed objects, in the order they stood in the input. Of an ID that comes twice the last counts.
    ///
    /// # Errors
    /// `Disk`, `Damaged`; `OtherTenant` when an organization object is not this tenant's.
    pub fn put(&mut self, parts: Parts) -> Result<()> {
        self.object_count += u64::from(parts.object_count);
        let mut placed = HashMap::new();
        let has_unchanged = !parts.unchanged.is_empty();
        for part in parts.types {
            self.put_part(part, has_unchanged.then_some(&mut placed))?;
        }
        for unchanged in parts.unchanged {
            self.put_unchanged(unchanged, &placed)?;
        }
        Ok(())
    }

    /// Takes one object as JSON text. For tool authors; bulk loads use `shredder` and `put`.
    ///
    /// # Errors
    /// `Object` when the text is not a JSON object with an ID, else as [`Backup::put`].
    pub fn put_json(&mut self, type_token: &str, text: &[u8]) -> Result<()> {
        let mut shredder = self.shredder.clone();
        shredder.push(text, Some(type_token), false)?;
        self.put(shredder.take())
    }

    /// Sets the links of one relation of an object, whole.
    ///
    /// # Errors
    /// `Disk`, `Damaged`.
    pub fn put_links(&mut self, source: &ObjectKey, relation: &str, targets: &[&str]) -> Result<()> {
        let state = Arc::clone(&self.state);
        let source_ordinal = self.interner.ordinal(&state, &Id::from_text(&source.id))?;
        let mut ordinals = Vec::with_capacity(targets.len());
        for target in targets {
            ordinals.push(self.interner.ordinal(&state, &Id::from_text(target))?);
        }
        self.type_work(&source.type_token)?;
        let Some(work) = self.types.get_mut(&source.type_token) else { return Ok(()) };
        work.relation(&state, self.previous.as_ref(), &source.type_token, relation)?;
        let Some(links) = work.links.get_mut(relation) else { return Ok(()) };
        links.foreign.insert(source_ordinal);
        links.put(&state, source_ordinal, &mut ordinals)
    }

    /// Commits: from here on the backup exists, whole.
    ///
    /// # Errors
    /// `Disk` or `Damaged`; then the store is as it was before.
    pub fn commit(mut self) -> Result<BackupSummary> {
        commit::commit(&mut self)
    }

    fn put_part(&mut self, part: Part, placed: Option<&mut HashMap<(Arc<str>, u32), u32>>) -> Result<()> {
        let state = Arc::clone(&self.state);
        let Part { type_token: token, rows, core, volatile, links } = part;
        let ordinals = self.interner.ordinals(&state, rows.iter().map(|row| &row.id))?;
        if &*token == "organization" {
            for row in &rows {
                self.check_tenant(&row.id.to_string())?;
            }
        }
        self.type_work(&token)?;
        let work = self.types.get_mut(&token).expect("made above");
        work.observed.extend(core.iter().map(|cells| cells.path.top.clone()));
        for (row, &ordinal) in rows.iter().zip(&ordinals) {
            work.duplicate_count += u64::from(!work.seen.insert(ordinal));
            work.moved.remove(ordinal);
            work.cache.push((row.raw_hash, ordinal));
        }
        if let Some(placed) = placed {
            let put = rows.iter().zip(&ordinals);
            placed.extend(put.map(|(row, &ordinal)| ((Arc::clone(&token), ordinal), row.sequence)));
        }
        let columns = |cells| Arc::new(Columns { row_count: rows.len(), cells });
        work.put_core(&state, &token, &rows, &columns(core), &ordinals)?;
        work.put_volatile(&state, &token, &rows, &columns(volatile), &ordinals)?;
        self.put_inline_links(&state, &token, links, &ordinals)?;
        let segment = self.segment.as_mut().expect("open until commit");
        let mut tables: Vec<&mut TableWork> =
            self.types.values_mut().flat_map(|work| [&mut work.core, &mut work.volatile]).collect();
        tables.sort_unstable_by_key(|table| std::cmp::Reverse(table.pending_bytes()));
        let mut pending: usize = tables.iter().map(|table| table.pending_bytes()).sum();
        // The largest go first: their groups are the fullest.
        for table in tables {
            if table.is_full() || pending > PENDING_BYTES_MAX {
                pending -= table.pending_bytes();
                table.seal(segment)?;
            }
        }
        Ok(())
    }

    fn put_inline_links(
        &mut self,
        state: &State,
        token: &Arc<str>,
        links: Vec<PartLinks>,
        ordinals: &[u32],
    ) -> Result<()> {
        let mut targets = Vec::new();
        for links in links {
            let all_targets = self.interner.ordinals(state, links.targets.iter())?;
            let work = self.types.get_mut(token).expect("made before its links");
            work.relation(state, self.previous.as_ref(), token, &links.relation)?;
            let relation = work.links.get_mut(&links.relation).expect("made above");
            for (row, range) in links.iter() {
                targets.clear();
                targets.extend_from_slice(&all_targets[range]);
                relation.put(state, ordinals[row as usize], &mut targets)?;
            }
        }
        Ok(())
    }

    fn put_unchanged(&mut self, unchanged: Unchanged, placed: &HashMap<(Arc<str>, u32), u32>) -> Result<()> {
        let Some(token) = self.cache_types.get(usize::from(unchanged.type_index)).map(Arc::clone) else {
            return Err(Error::Invalid(
                "the cache of the last import (staging/seen.memo) names a type that is not there".into(),
            ));
        };
        let ordinal = unchanged.ordinal;
        self.type_work(&token)?;
        let work = self.types.get_mut(&token).expect("made above");
        work.cache.push((unchanged.raw_hash, ordinal));
        work.unchanged.insert(ordinal);
        work.bin_seen |= work.core.old.get(ordinal).is_in_bin();
        if work.moved.remove(ordinal) {
            // It was moved away in this backup and is back as it was.
            work.seen.insert(ordinal);
            work.keep(ordinal);
            return Ok(());
        }
        if work.seen.insert(ordinal) {
            return Ok(());
        }
        work.duplicate_count += 1;
        // The same object came in another form; whichever stands later in the input counts.
        if placed.get(&(token, ordinal)).is_none_or(|&sequence| sequence < unchanged.sequence) {
            work.keep(ordinal);
        }
        Ok(())
    }

    fn type_work(&mut self, token: &Arc<str>) -> Result<&mut TypeWork> {
        if !self.types.contains_key(token) {
            let work = TypeWork::new(&self.state, self.previous.as_ref(), self.base.as_ref(), token)?;
            self.types.insert(Arc::clone(token), work);
        }
        Ok(self.types.get_mut(token).expect("inserted above"))
    }

    fn check_tenant(&mut self, found: &str) -> Result<()> {
        match &self.tenant {
            Some(expected) if !expected.eq_ignore_ascii_case(found) => {
                Err(Error::OtherTenant { expected: expected.clone(), found: found.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                self.tenant = Some(found.to_owned());
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for Backup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backup")
            .field("sequence", &self.sequence)
            .field("objects", &self.object_count)
            .finish_non_exhaustive()
    }
}

impl Drop for Backup<'_> {
    fn drop(&mut self) {
        if let Some(segment) = self.segment.take() {
            segment.abandon();
        }
    }
}

impl TypeWork {
    fn new(
        state: &State,
        previous: Option<&Snapshot>,
        base: Option<&Snapshot>,
        token: &Arc<str>,
    ) -> Result<Self> {
        let core_key = TableKey { type_token: Arc::clone(token), part: TablePart::Core };
        let later = base.map(|base| old_vector(state, Some(base), &core_key)).transpose()?;
        let table = |part: TablePart, space| -> Result<TableWork> {
            let key = TableKey { type_token: Arc::clone(token), part };
            let first = state.tables.get(&key).map_or(1, |numbers| numbers.next);
            Ok(TableWork::new(space, old_vector(state, previous, &key)?, first))
        };
        Ok(Self {
            later,
            core: table(TablePart::Core, Space::Core)?,
            volatile: table(TablePart::Volatile, Space::Volatile)?,
            links: BTreeMap::new(),
            seen: roaring::RoaringBitmap::new(),
            unchanged: roaring::RoaringBitmap::new(),
            observed: BTreeSet::new(),
            bin_seen: false,
            claim: Claim::AsCame,
            reading: None,
            moved: roaring::RoaringBitmap::new(),
            kept: roaring::RoaringBitmap::new(),
            carries_properties: false,
            cache: Vec::new(),
            duplicate_count: 0,
        })
    }

    fn relation(
        &mut self,
        state: &State,
        previous: Option<&Snapshot>,
        token: &Arc<str>,
        relation: &str,
    ) -> Result<()> {
        if !self.links.contains_key(relation) {
            let name: Arc<str> = relation.into();
            let key = TableKey { type_token: Arc::clone(token), part: TablePart::Links(Arc::clone(&name)) };
            let first = state.tables.get(&key).map_or(0, |numbers| numbers.next);
            let old = old_vector(state, previous, &key)?;
            self.links.insert(name, LinkWork::new(key, old, first));
        }
        Ok(())
    }

    /// Leaves an object as it was before this backup.
    fn keep(&mut self, ordinal: u32) {
        for table in [&mut self.core, &mut self.volatile] {
            table.patches.remove(&ordinal);
            table.new.set(ordinal, table.old.get(ordinal));
        }
        for links in self.links.values_mut() {
            links.keep(ordinal);
        }
    }

    fn put_core(
        &mut self,
        state: &State,
        token: &Arc<str>,
        rows: &[Row],
        columns: &Arc<Columns>,
        ordinals: &[u32],
    ) -> Result<()> {
        let key = TableKey { type_token: Arc::clone(token), part: TablePart::Core };
        let known = Rows::many(state, &key);
        let mut differing = Vec::new();
        for ((number, row), &ordinal) in (0_u32..).zip(rows).zip(ordinals) {
            self.bin_seen |= row.deleted;
            let old = self.core.old.get(ordinal).version();
            self.core.patches.remove(&ordinal);
            let version = if old == 0 {
                match self.find_later(&known, ordinal, &row.core_hash)? {
                    Some(version) => version,
                    None => self.core.add_whole(columns, number, ordinal, &row.core_hash),
                }
            } else {
                if !row.deleted && known.content_hash(old)? != row.core_hash {
                    differing.push(Differing { row: number, ordinal, predecessor: old, hash: row.core_hash });
                }
                old
            };
            let slot = if row.deleted { Slot::in_bin(version) } else { Slot::live(version) };
            self.core.new.set(ordinal, slot);
        }
        keep_latest(&mut differing, ordinals);
        let patches = patches::compare_rows(&known, columns, &differing)?;
        self.core.patches.extend(differing.iter().map(|object| object.ordinal).zip(patches));
        Ok(())
    }

    fn put_volatile(
        &mut self,
        state: &State,
        token: &Arc<str>,
        rows: &[Row],
        columns: &Arc<Columns>,
        ordinals: &[u32],
    ) -> Result<()> {
        let key = TableKey { type_token: Arc::clone(token), part: TablePart::Volatile };
        let mut differing = Vec::new();
        for ((number, row), &ordinal) in (0_u32..).zip(rows).zip(ordinals) {
            let old = self.volatile.old.get(ordinal).version();
            self.volatile.patches.remove(&ordinal);
            let slot = if !row.has_volatile {
                Slot::NEVER
            } else if old == 0 {
                Slot::live(self.volatile.add_whole(columns, number, ordinal, &NO_HASH))
            } else {
                differing.push(Differing { row: number, ordinal, predecessor: old, hash: NO_HASH });
                Slot::live(old)
            };
            self.volatile.new.set(ordinal, slot);
        }
        keep_latest(&mut differing, ordinals);
        let patches = patches::compare_rows(&Rows::many(state, &key), columns, &differing)?;
        self.volatile.patches.extend(differing.iter().map(|object| object.ordinal).zip(patches));
        Ok(())
    }
}

/// Of an object that stands in a part twice only the last row counts.
fn keep_latest(differing: &mut Vec<Differing>, ordinals: &[u32]) {
    let distinct: roaring::RoaringBitmap = ordinals.iter().copied().collect();
    if distinct.len() < ordinals.len() as u64 {
        let rows = (0_u32..).zip(ordinals);
        let latest: HashMap<u32, u32> = rows.map(|(row, &ordinal)| (ordinal, row)).collect();
        differing.retain(|object| latest.get(&object.ordinal) == Some(&object.row));
    }
}
