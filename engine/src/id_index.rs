//! IDs ↔ ordinals: the cumulative index of the last checkpoint, and the IDs added since.
//!
//! The index is a table of hash buckets: `starts[bucket]..starts[bucket + 1]` is a run of ordinals whose
//! IDs fall into that bucket, about four of them. It holds no IDs; a candidate is compared with the ID
//! of its ordinal, so a wrong index can miss an object but never name a wrong one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::Result;
use crate::id::Id;
use crate::segment::column::{Cell, Column};
use crate::segment::footer::{CheckpointEntry, IdEntry};
use crate::segment::integers::PackedU32s;
use crate::segment::reader::Segment;
use crate::state::State;

/// IDs in one bucket, on average.
pub(crate) const BUCKET_IDS: usize = 4;

/// The version of the table of types since which the case of a GUID is no part of it.
pub(crate) const CASELESS_TABLE_VERSION: u32 = 2;

impl State {
    /// The ordinal of an ID that the store has seen.
    pub(crate) fn ordinal(&self, id: &Id) -> Result<Option<u32>> {
        let found = self.ordinal_of(id, id.key())?;
        let is_old = self.manifests.iter().any(|manifest| manifest.table_version < CASELESS_TABLE_VERSION);
        if found.is_some() || !is_old {
            return Ok(found);
        }
        for (id, key) in id.older_forms() {
            if let Some(ordinal) = self.ordinal_of(&id, key)? {
                return Ok(Some(ordinal));
            }
        }
        Ok(None)
    }

    /// The ordinal of an ID that has this key.
    fn ordinal_of(&self, id: &Id, key: u128) -> Result<Option<u32>> {
        if let Some(&ordinal) = self.recent_ids()?.get(&key)
            && self.id(ordinal)?.is_same(id)
        {
            return Ok(Some(ordinal));
        }
        let Some(&sequence) = self.checkpoints.last() else { return Ok(None) };
        let segment = self.segment(sequence)?;
        let Some(checkpoint) = &segment.footer.checkpoint else { return Ok(None) };
        for candidate in candidates(segment, checkpoint, key)? {
            if self.has_key(candidate, key)? && self.id(candidate)?.is_same(id) {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    /// The ID of an ordinal.
    pub(crate) fn id(&self, ordinal: u32) -> Result<Id> {
        let (segment, entry, row) = self.locate_id(ordinal)?;
        if let (Some(rows), Some(texts)) = (entry.text_rows, entry.texts) {
            let rows = segment.packed(rows)?;
            if let Some(index) = search(&rows, row) {
                return read_text(segment, &segment.cells(texts)?, index);
            }
        }
        Ok(Id::Guid(key_bytes(segment, &entry, row)?))
    }

    fn has_key(&self, ordinal: u32, key: u128) -> Result<bool> {
        let (segment, entry, row) = self.locate_id(ordinal)?;
        Ok(key_bytes(segment, &entry, row)? == key.to_be_bytes())
    }

    fn locate_id(&self, ordinal: u32) -> Result<(&Arc<Segment>, IdEntry, u32)> {
        let index = self.id_ranges.partition_point(|(first, _)| *first <= ordinal);
        let found = index.checked_sub(1).map(|index| self.id_ranges[index]);
        let Some((first, sequence)) = found.filter(|_| ordinal < self.ordinal_count) else {
            return Err(crate::segment::reader::damaged(
                &self.root.join("segments"),
                0,
                format!("ordinal {ordinal} is named, but no segment has its ID"),
            ));
        };
        let segment = self.segment(sequence)?;
        let entry = segment
            .footer
            .ids
            .ok_or_else(|| segment.footer_error("expected IDs in this segment, found none"))?;
        Ok((segment, entry, ordinal - first))
    }

    /// IDs added after the last checkpoint.
    fn recent_ids(&self) -> Result<&HashMap<u128, u32>> {
        if let Some(ids) = self.recent_ids.get() {
            return Ok(ids);
        }
        let checkpoint = self.head.checkpoint;
        let recent = || self.id_ranges.iter().rev().take_while(|(_, sequence)| *sequence > checkpoint);
        let first = recent().last().map_or(self.ordinal_count, |(first, _)| *first);
        let mut ids = HashMap::with_capacity((self.ordinal_count - first) as usize);
        for &(first, sequence) in recent() {
            let segment = self.segment(sequence)?;
            let Some(entry) = &segment.footer.ids else { continue };
            for (ordinal, key) in (first..).zip(segment.chunk(entry.keys)?.chunks_exact(16)) {
                let key = u128::from_be_bytes(key.try_into().expect("chunks of 16 bytes"));
                ids.insert(key, ordinal);
            }
        }
        Ok(self.recent_ids.get_or_init(|| ids))
    }
}

/// Reads the IDs of many ordinals: remembers where the segments are.
pub(crate) struct Ids<'s> {
    state: &'s State,
    is_few: bool,
    /// Per range of ordinals its IDs, once they are read.
    found: Vec<OnceLock<IdList<'s>>>,
}

/// IDs as a segment lists them.
pub(crate) struct IdList<'s> {
    segment: &'s Segment,
    entry: IdEntry,
    /// All keys; nothing while few are read, which are checked one by one.
    keys: Option<&'s [[u8; 16]]>,
    texts: Option<(PackedU32s<'s>, Column<'s>)>,
}

impl<'s> IdList<'s> {
    pub(crate) fn open(segment: &'s Segment, entry: &IdEntry) -> Result<Self> {
        let keys = segment.chunk(entry.keys)?.as_chunks().0;
        Ok(Self { keys: Some(keys), ..Self::few(segment, entry)? })
    }

    /// For reading few of them.
    fn few(segment: &'s Segment, entry: &IdEntry) -> Result<Self> {
        let texts = match (entry.text_rows, entry.texts) {
            (Some(rows), Some(texts)) => Some((segment.packed(rows)?, segment.cells(texts)?)),
            _ => None,
        };
        Ok(Self { segment, entry: *entry, keys: None, texts })
    }

    pub(crate) fn get(&self, row: u32) -> Result<Id> {
        if let Some((rows, texts)) = &self.texts
            && let Some(index) = search(rows, row)
        {
            return read_text(self.segment, texts, index);
        }
        let Some(keys) = self.keys else { return Ok(Id::Guid(key_bytes(self.segment, &self.entry, row)?)) };
        let key = keys.get(row as usize).ok_or_else(|| self.segment.footer_error("the IDs end early"))?;
        Ok(Id::Guid(*key))
    }
}

impl<'s> Ids<'s> {
    pub(crate) fn new(state: &'s State) -> Self {
        Self { is_few: false, ..Self::few(state) }
    }

    /// For reading few IDs of large lists.
    pub(crate) fn few(state: &'s State) -> Self {
        Self { state, is_few: true, found: state.id_ranges.iter().map(|_| OnceLock::new()).collect() }
    }

    /// The ID of an ordinal.
    pub(crate) fn id(&self, ordinal: u32) -> Result<Id> {
        let index = self.state.id_ranges.partition_point(|(first, _)| *first <= ordinal).checked_sub(1);
        let Some(index) = index.filter(|_| ordinal < self.state.ordinal_count) else {
            // The plain way says what is wrong.
            return self.state.id(ordinal);
        };
        let found = if let Some(found) = self.found[index].get() {
            found
        } else {
            let found = self.find(index)?;
            self.found[index].get_or_init(|| found)
        };
        found.get(ordinal - self.state.id_ranges[index].0)
    }

    fn find(&self, index: usize) -> Result<IdList<'s>> {
        let (_, sequence) = self.state.id_ranges[index];
        let segment = self.state.segment(sequence)?;
        let entry = segment
            .footer
            .ids
            .ok_or_else(|| segment.footer_error("expected IDs in this segment, found none"))?;
        if self.is_few { IdList::few(segment, &entry) } else { IdList::open(segment, &entry) }
    }
}

fn read_text(segment: &Segment, texts: &Column<'_>, index: u32) -> Result<Id> {
    let mut json = Vec::new();
    if texts.append(index, &mut json) == Cell::Value
        && let Ok(text) = serde_json::from_slice::<String>(&json)
    {
        return Ok(Id::Text(text.into_boxed_str()));
    }
    Err(segment.footer_error("a textual ID is missing"))
}

/// The index of a checkpoint: starts of the buckets, and the ordinals by bucket.
pub(crate) fn build_buckets(keys: &[u128]) -> (Vec<u32>, Vec<u32>) {
    let bucket_count = (keys.len() / BUCKET_IDS).max(1);
    let mut starts = vec![0_u32; bucket_count + 1];
    for &key in keys {
        starts[bucket_of(key, bucket_count) + 1] += 1;
    }
    for bucket in 0..bucket_count {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    let mut ordinals = vec![0; keys.len()];
    for (ordinal, &key) in (0_u32..).zip(keys) {
        let index = &mut next[bucket_of(key, bucket_count)];
        ordinals[*index as usize] = ordinal;
        *index += 1;
    }
    (starts, ordinals)
}

/// The two halves of a key as one word.
pub(crate) fn fold(key: u128) -> u64 {
    let bytes = key.to_le_bytes();
    let (low, high) = bytes.split_at(8);
    let word = |half: &[u8]| half.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    word(low) ^ word(high)
}

/// Spreads keys evenly: GUIDs are random but for a few bits, other keys are hashes.
fn bucket_of(key: u128, bucket_count: usize) -> usize {
    let mixed = fold(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bucket = (u128::from(mixed) * bucket_count as u128) >> 64;
    usize::try_from(bucket).expect("less than the number of buckets")
}

fn candidates(segment: &Segment, checkpoint: &CheckpointEntry, key: u128) -> Result<Vec<u32>> {
    let bucket_count = checkpoint.bucket_count as usize;
    if bucket_count == 0 {
        return Ok(Vec::new());
    }
    let bucket = bucket_of(key, bucket_count);
    let run = words(segment, checkpoint.bucket_starts, bucket..bucket + 2)?;
    let ordinals = match run.as_deref() {
        Some(&[start, end]) => words(segment, checkpoint.bucket_ordinals, start as usize..end as usize)?,
        _ => None,
    };
    ordinals.ok_or_else(|| segment.footer_error("a bucket of the ID index reaches beyond the index"))
}

/// Some of the u32 that a chunk holds one after the other; nothing where it holds fewer.
fn words(segment: &Segment, chunk: u32, indexes: Range<usize>) -> Result<Option<Vec<u32>>> {
    let bytes = segment.part(chunk, indexes.start * 4..indexes.end * 4)?;
    Ok(bytes.map(|bytes| bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()))
}

fn key_bytes(segment: &Segment, entry: &IdEntry, row: u32) -> Result<[u8; 16]> {
    let start = row as usize * 16;
    let key = segment.part(entry.keys, start..start + 16)?;
    let key = key.and_then(<[u8]>::first_chunk);
    key.copied().ok_or_else(|| segment.footer_error("the IDs end early"))
}

/// The index of `wanted` among ascending integers.
fn search(values: &PackedU32s<'_>, wanted: u32) -> Option<u32> {
    let (mut low, mut high) = (0, values.len());
    while low < high {
        let middle = low.midpoint(high);
        match values.get(middle).cmp(&wanted) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return u32::try_from(middle).ok(),
        }
    }
    None
}
