//! Full vectors and the cumulative directory, written into a segment now and then so that opening a
//! store costs the same however many backups it has.

use std::collections::BTreeMap;

use super::basis::Basis;
use super::intern::Interner;
use super::pieces::VectorOwner;
use crate::Result;
use crate::id_index::build_buckets;
use crate::segment::footer::{CheckpointEntry, CheckpointTable, SlotEntry};
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::{NumberRanges, State, TableKey, VectorKind};
use crate::vector::Vector;

/// Segments since the last checkpoint, at most.
const SEGMENT_COUNT_MAX: u64 = 64;
/// Changed slots since the last checkpoint that make one worth its bytes, at least.
const SLOT_COUNT_MIN: u64 = 16_384;

/// Whether this backup should carry a checkpoint: after so many segments, or when more slots changed
/// than half of what a checkpoint holds.
pub(super) fn is_due(basis: &Basis, interner: &Interner, new_slots: u64) -> Result<bool> {
    let state = &basis.state;
    if basis.sequence - state.head.checkpoint >= SEGMENT_COUNT_MAX {
        return Ok(true);
    }
    let mut slots = new_slots;
    for sequence in state.head.checkpoint + 1..=state.newest() {
        let footer = &state.segment(sequence)?.footer;
        let entries = footer
            .tables
            .iter()
            .map(|table| &table.slots)
            .chain(footer.links.iter().map(|links| &links.slots));
        slots += entries.flatten().map(|entry| u64::from(entry.count)).sum::<u64>();
    }
    Ok(slots >= SLOT_COUNT_MIN.max(u64::from(interner.ordinal_count()) / 2))
}

/// What a checkpoint needs to know of a vector that this backup touched.
pub(super) struct WrittenTable<'a> {
    pub(super) source: VectorOwner<'a>,
    pub(super) slots: Option<SlotEntry>,
}

/// The index from IDs to ordinals that a checkpoint carries: where its buckets start, and the ordinals in them.
pub(super) struct IdBuckets {
    starts: Vec<u32>,
    ordinals: Vec<u32>,
}

/// Builds the index of all ordinals, those that this backup adds included.
pub(super) fn build_index(basis: &Basis, interner: &Interner) -> Result<IdBuckets> {
    let (starts, ordinals) = build_buckets(&all_keys(basis, interner)?);
    Ok(IdBuckets { starts, ordinals })
}

/// Writes the checkpoint of this backup.
pub(super) fn write(
    basis: &Basis,
    interner: &Interner,
    gone: &roaring::RoaringBitmap,
    IdBuckets { starts, ordinals }: &IdBuckets,
    written: &BTreeMap<&TableKey, WrittenTable<'_>>,
    segment: &mut SegmentWriter,
) -> Result<CheckpointEntry> {
    let state = &basis.state;
    let mut entry = CheckpointEntry {
        previous: state.head.checkpoint,
        ordinal_count: index_u32(ordinals.len()),
        bucket_count: index_u32(starts.len() - 1),
        bucket_starts: segment.chunk(&words(starts), starts.len())?,
        bucket_ordinals: segment.chunk(&words(ordinals), ordinals.len())?,
        backups: write_backups(state, segment)?,
        id_ranges: state.id_ranges.clone(),
        gone: segment.integers(&gone.iter().collect::<Vec<u32>>())?,
        ..CheckpointEntry::default()
    };
    if !interner.new_keys().is_empty() {
        entry.id_ranges.push((state.ordinal_count, basis.sequence));
    }
    let mut tables: BTreeMap<&TableKey, Option<&WrittenTable<'_>>> =
        state.tables.keys().map(|key| (key, None)).collect();
    tables.extend(written.iter().map(|(key, table)| (*key, Some(table))));
    for (key, table) in tables {
        let mut numbers = state.tables.get(key).cloned().unwrap_or_default();
        let vector = match table {
            Some(table) => {
                add_numbers(&mut numbers, table, basis.sequence);
                table.source.vectors().1.clone()
            }
            None => basis.vector(key)?,
        };
        let written = match table.and_then(|table| table.slots).filter(|_| state.newest() == 0) {
            // In the first backup the changed slots are the whole vector.
            Some(slots) => CheckpointTable {
                type_token: key.type_token.to_string(),
                name: key.kind.name().to_owned(),
                ranges: numbers.ranges,
                next: numbers.next,
                count: slots.count,
                ordinals: slots.ordinals,
                values: slots.new_values,
            },
            None => write_vector(key, numbers, &vector, segment)?,
        };
        match key.kind {
            VectorKind::Links(_) => entry.links.push(written),
            _ => entry.tables.push(written),
        }
    }
    Ok(entry)
}

fn add_numbers(numbers: &mut NumberRanges, table: &WrittenTable<'_>, sequence: u64) {
    let (first, count) = table.source.numbers();
    if count > 0 {
        numbers.ranges.push((first, sequence));
    }
    numbers.next = first + count;
}

fn write_vector(
    key: &TableKey,
    numbers: NumberRanges,
    vector: &Vector,
    segment: &mut SegmentWriter,
) -> Result<CheckpointTable> {
    let (ordinals, values): (Vec<u32>, Vec<u32>) =
        vector.iter().map(|(ordinal, slot)| (ordinal, slot.to_stored())).unzip();
    Ok(CheckpointTable {
        type_token: key.type_token.to_string(),
        name: key.kind.name().to_owned(),
        ranges: numbers.ranges,
        next: numbers.next,
        count: index_u32(ordinals.len()),
        ordinals: segment.integers(&ordinals)?,
        values: segment.integers(&values)?,
    })
}

/// The keys of all ordinals, in order.
fn all_keys(basis: &Basis, interner: &Interner) -> Result<Vec<u128>> {
    let state = &basis.state;
    let mut keys = Vec::with_capacity(interner.ordinal_count() as usize);
    for &(_, sequence) in &state.id_ranges {
        let segment = state.segment(sequence)?;
        let Some(ids) = &segment.footer.ids else { continue };
        let bytes = segment.chunk(ids.keys)?.as_chunks::<16>().0;
        keys.extend(bytes.iter().map(|key| u128::from_be_bytes(*key)));
    }
    keys.extend_from_slice(interner.new_keys());
    Ok(keys)
}

/// The manifests of all earlier backups, a line each, compressed. The chunk's count is the raw length.
fn write_backups(state: &State, segment: &mut SegmentWriter) -> Result<u32> {
    let mut lines = Vec::new();
    for manifest in state.manifests_committed() {
        serde_json::to_writer(&mut lines, &**manifest).expect("records hold only what JSON holds");
        lines.push(b'\n');
    }
    let compressed = zstd::bulk::compress(&lines, 3).expect("compressing memory cannot fail");
    segment.chunk(&compressed, lines.len())
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
