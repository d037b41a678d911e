//! What a store holds at one HEAD: its backups, its segments, and the segment of each number.
//!
//! A state never changes; a commit or a refresh makes a new one. Opening reads HEAD, the segment of the
//! last checkpoint, and what was committed since; older segments are mapped on demand.

mod time;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::disk::Disk;
use crate::error::{InvalidReason, disk_error};
use crate::manifest::{Head, Manifest, StoreRecord, from_sealed_bytes};
use crate::paths::PathNames;
use crate::segment::footer::{CheckpointTable, LinkEntry, SPACE_CORE, SPACE_VOLATILE, SlotEntry, TableEntry};
use crate::segment::layout::{FORMAT_VERSION, GROUP_ROW_COUNT_MAX};
use crate::segment::reader::{Segment, damaged};
use crate::timeline::Timeline;
use crate::{BackupSummary, Error, Result};
pub(crate) use time::PassedOver;

/// Bytes that the list of backups in a checkpoint may have.
const BACKUPS_SIZE_MAX: usize = 1 << 30;
/// How many times as many bytes such a list may have as its compressed form: hashes and IDs of random digits are in
/// every line.
const BACKUPS_RATIO_MAX: usize = 1000;
/// Numbers that every table has without a segment: none, and the empty link set.
const NUMBERS_KNOWN: u32 = 2;

/// Which vector of a type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum VectorKind {
    /// Attributes that are compared.
    Core,
    /// Attributes that the server moves by itself.
    Volatile,
    /// Links of one relation.
    Links(Arc<str>),
}

impl VectorKind {
    pub(crate) fn space(&self) -> u8 {
        if *self == Self::Volatile { SPACE_VOLATILE } else { SPACE_CORE }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Core => "core",
            Self::Volatile => "volatile",
            Self::Links(relation) => relation,
        }
    }
}

/// Names a vector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TableKey {
    pub(crate) type_token: Arc<str>,
    pub(crate) kind: VectorKind,
}

/// The segments of the numbers of a table (versions) or relation (link sets).
#[derive(Debug, Clone, Default)]
pub(crate) struct NumberRanges {
    /// First number and sequence of each segment that has some, ascending.
    pub(crate) ranges: Vec<(u32, u64)>,
    /// Next free number.
    pub(crate) next: u32,
}

/// A store at one HEAD.
pub(crate) struct State {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) root: PathBuf,
    pub(crate) store_id: [u8; 16],
    pub(crate) hash_key: [u8; 32],
    pub(crate) head: Head,
    /// Backups and readings in the order of time: index n has rank n + 1.
    pub(crate) manifests: Vec<Arc<Manifest>>,
    /// What lists show of each.
    pub(crate) commits: Vec<BackupSummary>,
    pub(crate) timeline: Timeline,
    /// Backups alone, in the order of time.
    pub(crate) summaries: Vec<BackupSummary>,
    segments: Vec<OnceLock<Arc<Segment>>>,
    pub(crate) tables: BTreeMap<TableKey, NumberRanges>,
    /// First ordinal and sequence of each segment that has new IDs.
    pub(crate) id_ranges: Vec<(u32, u64)>,
    pub(crate) ordinal_count: u32,
    /// Sequences of all checkpoints, ascending.
    pub(crate) checkpoints: Vec<u64>,
    pub(crate) paths: Arc<PathNames>,
    pub(crate) recent_ids: OnceLock<HashMap<u128, u32>>,
}

impl State {
    /// Reads the store in `root` as HEAD names it.
    pub(crate) fn open(disk: Arc<dyn Disk>, root: &Path, paths: Arc<PathNames>) -> Result<Self> {
        let record: StoreRecord = read_sealed(&*disk, &root.join("store.json"), true)?;
        let head: Head = read_sealed(&*disk, &root.join("HEAD"), false)?;
        let (store_id, hash_key) = keys_of(&record, &head, root)?;
        if head.checkpoint > head.sequence {
            return Err(damaged(
                &root.join("HEAD"),
                0,
                "the newest checkpoint is newer than the newest backup",
            ));
        }
        let mut state = Self {
            disk,
            root: root.to_owned(),
            store_id,
            hash_key,
            manifests: Vec::new(),
            commits: Vec::new(),
            timeline: Timeline::default(),
            summaries: Vec::new(),
            segments: Vec::new(),
            tables: BTreeMap::new(),
            id_ranges: Vec::new(),
            ordinal_count: 0,
            checkpoints: Vec::new(),
            paths,
            recent_ids: OnceLock::new(),
            head,
        };
        state.read_checkpoint()?;
        state.read_recent()?;
        for segment in state.segments.iter().filter_map(OnceLock::get) {
            segment.bound(state.ordinal_count);
        }
        state.timeline = Timeline::arrange(&mut state.manifests);
        state.commits = state.manifests.iter().map(|manifest| manifest.summary()).collect();
        let whole = state.manifests.iter().zip(&state.commits).filter(|(manifest, _)| !manifest.is_reading());
        state.summaries = whole.map(|(_, summary)| summary.clone()).collect();
        Ok(state)
    }

    /// The segment of a backup.
    pub(crate) fn segment(&self, sequence: u64) -> Result<&Arc<Segment>> {
        let slot = usize::try_from(sequence)
            .ok()
            .and_then(|number| self.segments.get(number.checked_sub(1)?))
            .ok_or_else(|| {
                damaged(&self.root.join("HEAD"), 0, format!("segment {sequence} is named but not there"))
            })?;
        if let Some(segment) = slot.get() {
            return Ok(segment);
        }
        let path = segment_path(&self.root, sequence);
        let segment = Arc::new(Segment::open(&*self.disk, &path, self.store_id, sequence)?);
        segment.bound(self.ordinal_count);
        Ok(slot.get_or_init(|| segment))
    }

    /// Makes room for the segments up to one whose manifest was read: HEAD alone can claim any number of backups.
    fn make_room(&mut self, sequence: u64) {
        let count = usize::try_from(sequence).unwrap_or(usize::MAX);
        if self.segments.len() < count {
            self.segments.resize_with(count, OnceLock::new);
        }
    }

    /// Type tokens by the number that an import cache gives them.
    pub(crate) fn cache_types(&self) -> Vec<Arc<str>> {
        let cores = self.tables.keys().filter(|key| key.kind == VectorKind::Core);
        cores.map(|key| Arc::clone(&key.type_token)).collect()
    }

    /// The commit that was made last, whatever time it is of; 0 in an empty store.
    pub(crate) fn newest(&self) -> u64 {
        self.head.sequence
    }

    /// The segment of a number of a table, and the number's index counted from the segment's first.
    pub(crate) fn locate(&self, key: &TableKey, number: u32) -> Result<(&Arc<Segment>, u32)> {
        let numbers = self.tables.get(key).ok_or_else(|| self.unknown_number(key, number))?;
        let index = numbers.ranges.partition_point(|(first, _)| *first <= number);
        let Some(&(first, sequence)) = index.checked_sub(1).and_then(|index| numbers.ranges.get(index))
        else {
            return Err(self.unknown_number(key, number));
        };
        if number >= numbers.next {
            return Err(self.unknown_number(key, number));
        }
        Ok((self.segment(sequence)?, number - first))
    }

    pub(crate) fn unknown_number(&self, key: &TableKey, number: u32) -> Error {
        let what = format!(
            "a slot of {}/{} names number {number}, which no segment has",
            key.type_token,
            key.kind.name()
        );
        damaged(&self.root.join("segments"), 0, what)
    }

    /// The newest checkpoint at or before a backup.
    pub(crate) fn checkpoint_before(&self, sequence: u64) -> Option<u64> {
        let index = self.checkpoints.partition_point(|&checkpoint| checkpoint <= sequence);
        index.checked_sub(1).map(|index| self.checkpoints[index])
    }

    fn read_checkpoint(&mut self) -> Result<()> {
        let mut sequence = self.head.checkpoint;
        let mut newest = true;
        while sequence > 0 {
            self.checkpoints.push(sequence);
            let segment = if newest {
                let path = segment_path(&self.root, sequence);
                Arc::new(Segment::open(&*self.disk, &path, self.store_id, sequence)?)
            } else {
                Arc::clone(self.segment(sequence)?)
            };
            let Some(checkpoint) = &segment.footer.checkpoint else {
                return Err(segment.footer_error("expected a checkpoint in this segment, found none"));
            };
            if newest {
                self.read_backups(&segment, checkpoint.backups)?;
                self.make_room(sequence);
                self.segments[self.manifests.len()].get_or_init(|| Arc::clone(&segment));
                self.id_ranges.clone_from(&checkpoint.id_ranges);
                self.ordinal_count =
                    checked_count(&segment, checkpoint.bucket_ordinals, checkpoint.ordinal_count, 4)?;
                self.read_tables(&segment, &checkpoint.tables, false)?;
                self.read_tables(&segment, &checkpoint.links, true)?;
            }
            newest = false;
            if checkpoint.previous >= sequence {
                return Err(segment.footer_error("a checkpoint names a later one as its predecessor"));
            }
            sequence = checkpoint.previous;
        }
        self.checkpoints.reverse();
        Ok(())
    }

    fn read_backups(&mut self, segment: &Segment, chunk: u32) -> Result<()> {
        let compressed = segment.chunk(chunk)?;
        let most = compressed.len().saturating_mul(BACKUPS_RATIO_MAX).min(BACKUPS_SIZE_MAX);
        let length = (segment.entry(chunk)?.count as usize).min(most);
        let bytes = zstd::bulk::decompress(compressed, length)
            .map_err(|error| segment.footer_error(format!("the checkpoint's list of backups: {error}")))?;
        for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let manifest: Manifest = serde_json::from_slice(line).map_err(|error| {
                segment.footer_error(format!("the checkpoint's list of backups: {error}"))
            })?;
            if manifest.sequence != self.manifests.len() as u64 + 1 {
                return Err(segment.footer_error("the checkpoint's list of backups is not in their order"));
            }
            self.manifests.push(Arc::new(manifest));
        }
        if self.manifests.len() as u64 + 1 != segment.sequence {
            return Err(segment.footer_error("the checkpoint does not list all backups before it"));
        }
        Ok(())
    }

    fn read_tables(&mut self, segment: &Segment, tables: &[CheckpointTable], links: bool) -> Result<()> {
        // No backup gives an object two versions, or two sets of one relation.
        let most = u64::from(self.ordinal_count).saturating_mul(segment.sequence) + u64::from(NUMBERS_KNOWN);
        for table in tables {
            if u64::from(table.next) > most {
                let what = format!(
                    "{} numbers of {} are more than its backups can have",
                    table.next, table.type_token
                );
                return Err(segment.footer_error(what));
            }
            let kind = match (links, table.name.as_str()) {
                (true, relation) => VectorKind::Links(relation.into()),
                (false, "volatile") => VectorKind::Volatile,
                (false, _) => VectorKind::Core,
            };
            let key = TableKey { type_token: table.type_token.as_str().into(), kind };
            self.tables.insert(key, NumberRanges { ranges: table.ranges.clone(), next: table.next });
        }
        Ok(())
    }

    /// Manifests and numbers of the backups since the checkpoint; the hash chain is followed.
    fn read_recent(&mut self) -> Result<()> {
        let first = self.manifests.len() as u64 + 1;
        let mut expected = None;
        for sequence in first..=self.head.sequence {
            let path = manifest_path(&self.root, sequence);
            let bytes = self.disk.read(&path).map_err(disk_error("cannot read", &path))?;
            let manifest: Manifest = parse_sealed(&path, &bytes)?;
            if manifest.sequence != sequence
                || expected.as_ref().is_some_and(|hash| *hash != manifest.previous)
            {
                return Err(damaged(&path, 0, "this manifest does not follow the one before it"));
            }
            expected = Some(blake3::hash(&bytes).to_hex().to_string());
            if sequence > self.head.checkpoint {
                self.make_room(sequence);
                let segment = Arc::clone(self.segment(sequence)?);
                self.add_numbers(&segment)?;
            }
            self.manifests.push(Arc::new(manifest));
        }
        match expected {
            Some(hash) if hash != self.head.manifest => {
                let path = manifest_path(&self.root, self.head.sequence);
                Err(damaged(&path, 0, "this manifest is not the one that HEAD names"))
            }
            _ => Ok(()),
        }
    }

    fn add_numbers(&mut self, segment: &Segment) -> Result<()> {
        let footer = &segment.footer;
        if let Some(ids) = &footer.ids {
            if ids.first_ordinal != self.ordinal_count {
                let what = format!(
                    "expected new IDs from ordinal {} on, found {}",
                    self.ordinal_count, ids.first_ordinal
                );
                return Err(segment.footer_error(what));
            }
            let count = checked_count(segment, ids.keys, ids.count, 16)?;
            self.id_ranges.push((ids.first_ordinal, segment.sequence));
            self.ordinal_count = ids.first_ordinal.saturating_add(count);
        }
        let most = self.ordinal_count;
        for table in &footer.tables {
            let kind = if table.space == SPACE_VOLATILE { VectorKind::Volatile } else { VectorKind::Core };
            let key = TableKey { type_token: table.type_token.as_str().into(), kind };
            let (count, most) = (table.version_count(), table.version_count_max(most));
            self.tables.entry(key).or_default().add(segment, table.first_version, count, most)?;
        }
        for links in &footer.links {
            let kind = VectorKind::Links(links.relation.as_str().into());
            let key = TableKey { type_token: links.type_token.as_str().into(), kind };
            let most = links.set_count_max(segment)?;
            self.tables.entry(key).or_default().add(segment, links.first_set, links.set_count, most)?;
        }
        Ok(())
    }
}

/// A number of entries of which each takes so many bytes of a chunk.
fn checked_count(segment: &Segment, chunk: u32, count: u32, size: u64) -> Result<u32> {
    let length = segment.entry(chunk)?.length;
    if u64::from(count) * size != length {
        let what = format!("expected {count} entries of {size} bytes in chunk {chunk}, found {length} bytes");
        return Err(segment.footer_error(what));
    }
    Ok(count)
}

impl NumberRanges {
    /// Adds the numbers of a segment, which follow those before it; `most` is how many its chunks can hold.
    pub(crate) fn add(&mut self, segment: &Segment, first: u32, count: u32, most: u32) -> Result<()> {
        if first > self.next.max(NUMBERS_KNOWN) || count > most {
            let what = format!(
                "expected at most {most} numbers from {} on, found {count} from {first} on",
                self.next.max(NUMBERS_KNOWN)
            );
            return Err(segment.footer_error(what));
        }
        if count > 0 {
            self.ranges.push((first, segment.sequence));
        }
        self.next = first.saturating_add(count);
        Ok(())
    }
}

impl TableEntry {
    pub(crate) fn version_count(&self) -> u32 {
        self.whole_count.saturating_add(self.patch_count)
    }

    /// Versions that the groups and so many known IDs can hold: an ID that is twice in an import has two whole rows,
    /// but never two patches.
    pub(crate) fn version_count_max(&self, ordinal_count: u32) -> u32 {
        let most = u32::try_from(GROUP_ROW_COUNT_MAX).unwrap_or(u32::MAX);
        let rows = self.groups.iter().map(|group| group.row_count.min(most));
        rows.fold(ordinal_count, u32::saturating_add)
    }
}

impl LinkEntry {
    /// Sets that the chunk of sets can hold: each takes a byte at least.
    pub(crate) fn set_count_max(&self, segment: &Segment) -> Result<u32> {
        if self.set_count == 0 {
            return Ok(0);
        }
        Ok(u32::try_from(segment.entry(self.data)?.length).unwrap_or(u32::MAX))
    }
}

impl Segment {
    /// The changed slots of a table or relation in this segment, if any.
    pub(crate) fn slots(&self, key: &TableKey) -> Option<&SlotEntry> {
        match &key.kind {
            VectorKind::Links(relation) => {
                let links = &self.footer.links;
                let wanted = (&*key.type_token, &**relation);
                let index = links
                    .binary_search_by(|entry| (entry.type_token.as_str(), &*entry.relation).cmp(&wanted));
                index.ok().and_then(|index| links[index].slots.as_ref())
            }
            kind => self.table(&key.type_token, kind.space()).and_then(|entry| entry.slots.as_ref()),
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("root", &self.root)
            .field("sequence", &self.head.sequence)
            .finish_non_exhaustive()
    }
}

pub(crate) fn segment_path(root: &Path, sequence: u64) -> PathBuf {
    root.join("segments").join(format!("{sequence:010}.seg"))
}

pub(crate) fn manifest_path(root: &Path, sequence: u64) -> PathBuf {
    root.join("manifests").join(format!("{sequence:010}.man"))
}

fn keys_of(record: &StoreRecord, head: &Head, root: &Path) -> Result<([u8; 16], [u8; 32])> {
    let path = root.join("store.json");
    for (file, found) in [("store.json", record.format_version), ("HEAD", head.format_version)] {
        if found > FORMAT_VERSION {
            return Err(Error::NewerFormat { path: root.join(file), found, supported: FORMAT_VERSION });
        }
    }
    if record.cipher != "none" {
        return Err(InvalidReason::UnknownCipher { path, cipher: record.cipher.clone() }.into());
    }
    if record.store_id != head.store_id {
        return Err(damaged(&root.join("HEAD"), 0, "HEAD is that of another store"));
    }
    let store_id = bytes_from_hex(&record.store_id);
    let hash_key = bytes_from_hex(&record.hash_key);
    match (store_id, hash_key) {
        (Some(store_id), Some(hash_key)) => Ok((store_id, hash_key)),
        _ => Err(damaged(&path, 0, "store ID or hash key is not hexadecimal of its length")),
    }
}

fn bytes_from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

fn read_sealed<T: serde::de::DeserializeOwned>(disk: &dyn Disk, path: &Path, names_store: bool) -> Result<T> {
    match disk.read(path) {
        Ok(bytes) => parse_sealed(path, &bytes),
        Err(error) if names_store && error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path).to_owned();
            if disk.length(&folder.join("HEAD")).is_ok() {
                return Err(damaged(path, 0, "this file of the store is missing"));
            }
            Err(Error::NoStore { path: folder })
        }
        Err(error) => Err(disk_error("cannot read", path)(error)),
    }
}

pub(crate) fn parse_sealed<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    from_sealed_bytes(bytes).map_err(|(offset, what)| damaged(path, offset, what))
}
