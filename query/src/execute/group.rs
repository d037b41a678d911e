//! Groups: keys in order of first appearance, and the aggregates of each.
//!
//! *Shape*: every batch makes a partial result by itself, in parallel; those are merged in the order of the batches, in
//! parallel by the hash of the key. *Invariants*: 1. What depends on the order of rows to the last bit (sums of reals)
//! is not computed in part: its rows are kept until the merge and added one by one. 2. The order of a group is the index
//! of its first row, so the number of threads shows nowhere.

mod partial;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use partial::{Partial, Piece, States};
use rayon::prelude::*;

use super::drive::{Buffered, Pace, drive};
use super::evaluate::{Formula, used};
use super::hash::{Cells, Hashed, Interner};
use super::select::CompiledPredicate;
use super::{Execution, Stored};
use crate::aggregate::{Accumulator, Kind};
use crate::batch::{Batch, Column};
use crate::error::Diagnostic;
use crate::plan::{Aggregate, Plan, Scalar};
use crate::value::Value;

/// Most partitions of the groups: one a thread, up to so many.
const PARTITIONS_MAX: usize = 16;
/// About what a group takes beside its key and states, in bytes.
const GROUP_BYTES: usize = 96;

/// Partial results that are merged together at most, and groups in them.
const PARTIALS_MAX: usize = 16;
const GROUPS_TOGETHER: usize = 1 << 18;

/// A `summarize` ready for many batches.
pub(super) struct Grouping<'a> {
    keys: Vec<Formula<'a>>,
    aggregates: Vec<PreparedAggregate<'a>>,
}

/// One aggregate with what it needs of each row.
struct PreparedAggregate<'a> {
    aggregate: Aggregate,
    arguments: Vec<Formula<'a>>,
    condition: Option<CompiledPredicate<'a>>,
}

/// Groups whose keys hash to one partition, while batches are merged.
struct Partition {
    keys: Interner,
    /// Where each group appears first: its batch, and its index among the groups of that.
    orders: Vec<u64>,
    /// The states of each aggregate.
    states: Vec<Totals>,
    bytes: usize,
}

/// The states of one aggregate, by group.
enum Totals {
    /// How many rows: most queries need no more.
    Counts(Vec<i64>),
    States(Vec<Accumulator>),
}

/// One row for each group.
pub(super) fn rows(
    execution: &Execution<'_>,
    input: &Arc<Plan>,
    keys: &[Scalar],
    aggregates: &[Aggregate],
    width: usize,
) -> Result<Arc<Stored>, Diagnostic> {
    let grouping = grouping(execution, keys, aggregates)?;
    let mut held = execution.account("`summarize`");
    let branches = execution.compile(input, Some(grouping.used(input.schema.len())))?;
    let count = if keys.is_empty() { 1 } else { rayon::current_num_threads().clamp(1, PARTITIONS_MAX) };
    let mut partitions: Vec<Partition> = (0..count).map(|_| Partition::new(aggregates)).collect();
    if keys.is_empty() {
        partitions[0].group(Hashed::new(Cells::Many(Box::default())), 0, &grouping);
    }
    let mut order = 0;
    let work = |batch: Batch| Ok(Partial::new(&grouping, &batch).split(count));
    let mut waiting = Vec::new();
    let mut group_count = 0;
    drive(&execution.guard, branches, Pace::Full, work, |pieces: Vec<Piece>| {
        group_count += pieces.iter().map(|piece| piece.keys.len()).sum::<usize>();
        waiting.push(pieces);
        // Few partial results are not worth the threads that merge them.
        if waiting.len() >= PARTIALS_MAX || group_count >= GROUPS_TOGETHER {
            merge(&grouping, &mut partitions, std::mem::take(&mut waiting), &mut order);
            group_count = 0;
            held.set(partitions.iter().map(|partition| partition.bytes).sum())?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    merge(&grouping, &mut partitions, waiting, &mut order);
    held.set(partitions.iter().map(|partition| partition.bytes).sum())?;
    let batches = finished(partitions, width).split();
    Ok(Arc::new(Stored::new(batches, held)))
}

fn grouping<'a>(
    execution: &Execution<'a>,
    keys: &[Scalar],
    aggregates: &[Aggregate],
) -> Result<Grouping<'a>, Diagnostic> {
    let prepared = aggregates.iter().map(|aggregate| {
        let condition =
            aggregate.condition.as_ref().map(|condition| execution.prepare(condition)).transpose()?;
        Ok(PreparedAggregate {
            aggregate: aggregate.clone(),
            arguments: execution.formulas(&aggregate.arguments)?,
            condition: condition.map(|condition| CompiledPredicate::new(&condition, &execution.guard)),
        })
    });
    let aggregates = prepared.collect::<Result<_, Diagnostic>>()?;
    Ok(Grouping { keys: execution.formulas(keys)?, aggregates })
}

impl Grouping<'_> {
    fn used(&self, width: usize) -> Vec<bool> {
        let arguments = self.aggregates.iter().flat_map(|aggregate| &aggregate.arguments);
        let mut used = used(width, self.keys.iter().chain(arguments));
        for condition in self.aggregates.iter().filter_map(|aggregate| aggregate.condition.as_ref()) {
            condition.columns(&mut |column| used[column] = true);
        }
        used
    }
}

/// Merges the partial results of a window, each partition on its own thread if there is enough to do.
fn merge(grouping: &Grouping<'_>, partitions: &mut [Partition], partials: Vec<Vec<Piece>>, order: &mut u64) {
    const GROUPS_PER_THREAD: usize = if cfg!(test) { 16 } else { 1 << 10 };
    let mut lists: Vec<Vec<(u64, Piece)>> = partitions.iter().map(|_| Vec::new()).collect();
    let mut group_count = 0;
    for pieces in partials {
        for (list, piece) in lists.iter_mut().zip(pieces) {
            group_count += piece.keys.len();
            list.push((*order, piece));
        }
        *order += 1;
    }
    let one = |(partition, list): (&mut Partition, Vec<(u64, Piece)>)| {
        for (order, piece) in list {
            partition.merge(grouping, order, piece);
        }
    };
    if group_count < GROUPS_PER_THREAD || partitions.len() == 1 {
        partitions.iter_mut().zip(lists).for_each(one);
    } else {
        partitions.par_iter_mut().zip(lists).for_each(one);
    }
}

impl Buffered for Vec<Piece> {
    fn size_bytes(&self) -> usize {
        self.iter().map(Piece::size_bytes).sum()
    }
}

impl Partition {
    fn new(aggregates: &[Aggregate]) -> Self {
        let totals = |aggregate: &Aggregate| match aggregate.kind {
            Kind::Count | Kind::CountIf => Totals::Counts(Vec::new()),
            _ => Totals::States(Vec::new()),
        };
        let states = aggregates.iter().map(totals).collect();
        Self { keys: Interner::default(), orders: Vec::new(), states, bytes: 0 }
    }

    /// The index of a group, which is added if it is new.
    fn group(&mut self, key: Hashed, order: u64, grouping: &Grouping<'_>) -> usize {
        let key_bytes = key.cells.size_bytes();
        let index = self.keys.number(Cow::Owned(key)) as usize;
        if index < self.orders.len() {
            return index;
        }
        self.bytes += GROUP_BYTES + key_bytes;
        self.orders.push(order);
        for (totals, prepared) in self.states.iter_mut().zip(&grouping.aggregates) {
            match totals {
                Totals::Counts(counts) => counts.push(0),
                Totals::States(states) => {
                    self.bytes += size_of::<Accumulator>();
                    states.push(prepared.aggregate.accumulator());
                }
            }
        }
        index
    }

    fn merge(&mut self, grouping: &Grouping<'_>, order: u64, piece: Piece) {
        let keys = piece.keys.into_iter().zip(piece.orders);
        let indexes: Vec<usize> =
            keys.map(|(key, local)| self.group(key, order << 32 | u64::from(local), grouping)).collect();
        for (totals, states) in self.states.iter_mut().zip(piece.states) {
            match (totals, states) {
                (Totals::Counts(totals), States::Counts(counts)) => {
                    for (index, count) in indexes.iter().zip(counts) {
                        totals[*index] += count;
                    }
                }
                (Totals::States(all), States::Partial(partial)) => {
                    for (index, state) in indexes.iter().zip(partial) {
                        let before = all[*index].held_bytes();
                        all[*index].merge(state);
                        self.bytes += all[*index].held_bytes().saturating_sub(before);
                    }
                }
                (Totals::States(all), States::Rows(rows)) => {
                    rows.replay(|group, values| all[indexes[group]].add(values));
                }
                _ => unreachable!("counts are counted in every part"),
            }
        }
    }
}

/// The groups of all partitions in order.
fn finished(partitions: Vec<Partition>, width: usize) -> Batch {
    let orders = partitions.iter().enumerate().flat_map(|(owner, partition)| {
        partition.orders.iter().enumerate().map(move |(index, order)| (*order, owner, index))
    });
    let mut orders: Vec<(u64, usize, usize)> = orders.collect();
    orders.sort_unstable();
    let row_count = orders.len();
    let mut columns: Vec<Vec<Value>> =
        std::iter::repeat_with(|| Vec::with_capacity(row_count)).take(width).collect();
    // Within a partition groups are in order already, so each is taken from where the one before it ended.
    let mut partitions: Vec<_> = partitions
        .into_iter()
        .map(|partition| {
            let states: Vec<_> = partition.states.into_iter().map(Totals::into_results).collect();
            (partition.keys.into_keys().into_iter(), states)
        })
        .collect();
    for (_, owner, _) in orders {
        let (keys, states) = &mut partitions[owner];
        let mut columns = columns.iter_mut();
        let cells = keys.next().map_or(Cells::Many(Box::default()), |key| key.cells);
        match cells {
            Cells::One(value) => {
                columns.by_ref().take(1).zip([value]).for_each(|(column, value)| column.push(value));
            }
            Cells::Many(values) => {
                values.into_iter().zip(columns.by_ref()).for_each(|(value, column)| column.push(value));
            }
        }
        for results in states {
            results
                .next()
                .into_iter()
                .flatten()
                .zip(columns.by_ref())
                .for_each(|(value, column)| column.push(value));
        }
    }
    Batch { columns: columns.into_iter().map(Column::of).collect(), row_count }
}

impl Totals {
    /// The columns of each group.
    fn into_results(self) -> Box<dyn Iterator<Item = Vec<Value>>> {
        match self {
            Self::Counts(counts) => Box::new(counts.into_iter().map(|count| vec![Value::Long(count)])),
            Self::States(states) => Box::new(states.into_iter().map(Accumulator::finish)),
        }
    }
}
