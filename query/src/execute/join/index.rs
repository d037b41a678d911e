//! The side of a join that is hashed: from a key to its rows.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use crate::ast::Span;
use crate::batch::{Batch, Column, row_number};
use crate::error::{Code, Diagnostic};
use crate::execute::Execution;
use crate::execute::drive::{Buffered, Pace, drive};
use crate::execute::evaluate::{Formula, used};
use crate::execute::hash::{Hashed, Interner};
use crate::execute::keys::Local;
use crate::limits::Held;
use crate::plan::{Plan, Scalar};

/// Most maps the keys are cut into, so that several threads can fill them.
const PARTITIONS_MAX: usize = 16;
/// About what a key takes beside its values, in bytes.
const KEY_BYTES: usize = 64;

/// What an index holds of the rows beside their keys.
pub(super) enum Payload {
    None,
    /// These columns.
    Columns(Vec<usize>),
}

/// Rows by their keys. An *entry* is the number of a key.
pub(super) struct Index {
    /// `[partitions]`: the keys, cut by their hashes.
    tables: Vec<Interner>,
    /// `[entries + 1]u32`: where the rows of each entry begin in `partners`.
    starts: Vec<u32>,
    partners: Vec<u32>,
    /// All rows that were hashed.
    pub(super) rows: Batch,
    _held: Held,
}

/// The keys of one batch, and the group of each of its rows.
struct KeyedBatch {
    batch: Batch,
    local: Local,
    keys: Vec<Hashed>,
    bytes: usize,
}

impl Buffered for KeyedBatch {
    fn size_bytes(&self) -> usize {
        self.bytes
    }
}

/// The groups that the keys of a batch make.
pub(super) fn local_keys(keys: &[Formula<'_>], batch: &Batch) -> (Local, Vec<Hashed>) {
    let columns: Vec<Column> = keys.iter().map(|key| key.column(batch)).collect();
    let local = Local::new(&columns, batch.row_count);
    let keys = local.keys(&columns);
    (local, keys)
}

/// Hashes all rows of a plan by their keys.
pub(super) fn build(
    execution: &Execution<'_>,
    plan: &Arc<Plan>,
    keys: &[Scalar],
    payload: &Payload,
) -> Result<Index, Diagnostic> {
    let keys = execution.formulas(keys)?;
    let mut needed = used(plan.schema.len(), &keys);
    if let Payload::Columns(columns) = payload {
        for column in columns {
            needed[*column] = true;
        }
    }
    let branches = execution.compile(plan, Some(needed))?;
    let mut held = execution.account("`join`");
    let mut parts: Vec<KeyedBatch> = Vec::new();
    let work = |batch: Batch| {
        let (local, keys) = local_keys(&keys, &batch);
        let batch = match payload {
            Payload::None => Batch { columns: Vec::new(), row_count: batch.row_count },
            Payload::Columns(_) => batch,
        };
        let values = keys.iter().map(|key| key.cells.size_bytes()).sum::<usize>();
        let bytes = batch.size_bytes() + values + keys.len() * KEY_BYTES;
        Ok(KeyedBatch { batch, local, keys, bytes })
    };
    drive(&execution.guard, branches, Pace::Full, work, |part: KeyedBatch| {
        held.grow(part.bytes)?;
        parts.push(part);
        Ok(ControlFlow::Continue(()))
    })?;
    let width = match payload {
        Payload::None => 0,
        Payload::Columns(_) => plan.schema.len(),
    };
    Index::new(parts, width, held)
}

impl Index {
    fn new(parts: Vec<KeyedBatch>, width: usize, held: Held) -> Result<Self, Diagnostic> {
        let row_count: usize = parts.iter().map(|part| part.batch.row_count).sum();
        if u32::try_from(row_count).is_err() {
            let message = format!("`join` cannot hash {row_count} rows: at most {} are possible", u32::MAX);
            return Err(Diagnostic::new(Code::Limit, Span::default(), message));
        }
        let count = rayon::current_num_threads().clamp(1, PARTITIONS_MAX);
        let filled: Vec<(Interner, Vec<Vec<u32>>)> =
            (0..count).into_par_iter().map(|partition| fill(&parts, partition, count)).collect();
        let mut entries = Vec::with_capacity(row_count);
        for (index, part) in parts.iter().enumerate() {
            let mut next = vec![0; count];
            let of_group = part.keys.iter().map(|key| {
                let owner = key.owner(count);
                let local = filled[owner].1[index][next[owner]];
                next[owner] += 1;
                entry(local, owner, count)
            });
            let of_group: Vec<u32> = of_group.collect();
            entries.extend((0..part.batch.row_count).map(|row| of_group[part.local.of(row)]));
        }
        let tables: Vec<Interner> = filled.into_iter().map(|(table, _)| table).collect();
        let batches: Vec<Batch> = parts.into_iter().map(|part| part.batch).collect();
        let mut rows = match width {
            0 => Batch { columns: Vec::new(), row_count },
            width => Batch::concatenate(&batches, width),
        };
        rows.row_count = row_count;
        let entry_count = tables.iter().map(|table| table.len() * count).max().unwrap_or(0);
        let (starts, partners) = by_entry(&entries, entry_count);
        Ok(Self { tables, starts, partners, rows, _held: held })
    }

    /// One more than the greatest entry.
    pub(super) fn entry_count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The entry of a key.
    pub(super) fn find(&self, key: &Hashed) -> Option<u32> {
        let owner = key.owner(self.tables.len());
        self.tables[owner].find(key).map(|local| entry(local, owner, self.tables.len()))
    }

    /// The rows of an entry, in order.
    pub(super) fn partners(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.partners[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }
}

fn entry(local: u32, owner: usize, count: usize) -> u32 {
    row_number(local as usize * count + owner)
}

/// The keys of one partition, and for each part the entries of those of its keys that belong to it.
fn fill(parts: &[KeyedBatch], partition: usize, count: usize) -> (Interner, Vec<Vec<u32>>) {
    let mut table = Interner::default();
    let mut indexes = Vec::with_capacity(parts.len());
    for part in parts {
        let own = part.keys.iter().filter(|key| key.owner(count) == partition);
        indexes.push(own.map(|key| table.number(Cow::Borrowed(key))).collect());
    }
    (table, indexes)
}

/// The rows of each entry, in order: where they begin, and their numbers.
fn by_entry(entries: &[u32], entry_count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; entry_count + 1];
    for entry in entries {
        starts[*entry as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0; entries.len()];
    for (row, entry) in entries.iter().enumerate() {
        let index = &mut next[*entry as usize];
        rows[*index as usize] = row_number(row);
        *index += 1;
    }
    (starts, rows)
}
