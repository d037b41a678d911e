//! Groups: keys in order of first appearance, and the aggregates of each.
//!
//! *Shape*: every batch makes a partial result by itself, in parallel; those are merged in the order of the batches, in
//! parallel by the hash of the key. *Invariants*: 1. What depends on the order of rows to the last bit (sums of reals)
//! is not computed in part: its rows are kept until the merge and added one by one. 2. The order of a group is the place
//! of its first row, so the number of threads shows nowhere.

mod partial;

use std::ops::ControlFlow;
use std::sync::Arc;

use partial::{Partial, Piece, States};
use rayon::prelude::*;

use super::evaluate::Formula;
use super::hash::{Hashed, QuickMap};
use super::pipeline::{Pace, used};
use super::select::Predicate;
use super::{Execution, Rows, Stored};
use crate::aggregate::{Aggregate, State};
use crate::batch::{Batch, Column, row_number, value_bytes};
use crate::compare::Key;
use crate::error::Diagnostic;
use crate::plan::{Plan, Scalar};
use crate::value::Value;

/// Most partitions of the groups: one a thread, up to so many.
const PARTITIONS_MAX: usize = 16;
/// About what a group takes beside its key and states, in bytes.
const GROUP_BYTES: usize = 96;

/// A `summarize` ready for many batches.
pub(super) struct Grouping {
    keys: Vec<Formula>,
    aggregates: Vec<Prepared>,
}

/// One aggregate with what it needs of each row.
struct Prepared {
    aggregate: Aggregate,
    arguments: Vec<Formula>,
    condition: Option<Predicate>,
}

/// Groups whose keys hash alike, while batches go by.
struct Partition {
    places: QuickMap<Hashed, u32>,
    /// Where each group appears first: its batch, and its place among the groups of that.
    orders: Vec<u64>,
    /// The states of each aggregate, by group.
    states: Vec<Vec<State>>,
    bytes: usize,
}

impl Execution<'_> {
    pub(super) fn group(
        &self,
        input: &Arc<Plan>,
        keys: &[Scalar],
        aggregates: &[Aggregate],
        width: usize,
    ) -> Result<Rows, Diagnostic> {
        let grouping = self.grouping(keys, aggregates)?;
        let mut held = self.memory.account("`summarize`");
        let branches = self.compile(input, Some(grouping.used(input.schema.len())))?;
        let count = if keys.is_empty() { 1 } else { rayon::current_num_threads().clamp(1, PARTITIONS_MAX) };
        let mut partitions: Vec<Partition> = (0..count).map(|_| Partition::new(aggregates.len())).collect();
        if keys.is_empty() {
            partitions[0].group(Hashed::new(Key(Vec::new())), 0, &grouping);
        }
        let mut order = 0;
        let work = |batch: Batch| Ok(Partial::new(&grouping, &batch).split(count));
        self.drive(branches, Pace::Full, work, |partials: Vec<Vec<Piece>>| {
            merge(&grouping, &mut partitions, partials, &mut order);
            held.set(partitions.iter().map(|partition| partition.bytes).sum())?;
            Ok(ControlFlow::Continue(()))
        })?;
        let batches = finished(partitions, width).split();
        Ok(Arc::new(Stored::new(batches, held)))
    }

    fn grouping(&self, keys: &[Scalar], aggregates: &[Aggregate]) -> Result<Grouping, Diagnostic> {
        let prepared = aggregates.iter().map(|aggregate| {
            let condition =
                aggregate.condition.as_ref().map(|condition| self.prepare(condition)).transpose()?;
            Ok(Prepared {
                aggregate: aggregate.clone(),
                arguments: self.formulas(&aggregate.arguments)?,
                condition: condition.map(|condition| Predicate::new(&condition, self.now)),
            })
        });
        let aggregates = prepared.collect::<Result<_, Diagnostic>>()?;
        Ok(Grouping { keys: self.formulas(keys)?, aggregates })
    }
}

impl Grouping {
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
fn merge(grouping: &Grouping, partitions: &mut [Partition], partials: Vec<Vec<Piece>>, order: &mut u64) {
    const GROUPS_PER_THREAD: usize = 1 << 10;
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

impl Partition {
    fn new(aggregate_count: usize) -> Self {
        let states = std::iter::repeat_with(Vec::new).take(aggregate_count).collect();
        Self { places: QuickMap::default(), orders: Vec::new(), states, bytes: 0 }
    }

    /// The place of a group, which is made if it is new.
    fn group(&mut self, key: Hashed, order: u64, grouping: &Grouping) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place as usize;
        }
        let place = self.orders.len();
        self.bytes += GROUP_BYTES + key.key.0.iter().map(value_bytes).sum::<usize>();
        self.places.insert(key, row_number(place));
        self.orders.push(order);
        for (states, prepared) in self.states.iter_mut().zip(&grouping.aggregates) {
            self.bytes += size_of::<State>();
            states.push(State::new(&prepared.aggregate));
        }
        place
    }

    fn merge(&mut self, grouping: &Grouping, order: u64, piece: Piece) {
        let keys = piece.keys.into_iter().zip(piece.orders);
        let places: Vec<usize> =
            keys.map(|(key, local)| self.group(key, order << 32 | u64::from(local), grouping)).collect();
        for (all, states) in self.states.iter_mut().zip(piece.states) {
            match states {
                States::Counts(counts) => {
                    for (place, count) in places.iter().zip(counts) {
                        all[*place].count(count);
                    }
                }
                States::Partial(partial) => {
                    for (place, state) in places.iter().zip(partial) {
                        let before = all[*place].held_bytes();
                        all[*place].merge(state);
                        self.bytes += all[*place].held_bytes().saturating_sub(before);
                    }
                }
                States::Rows(rows) => rows.replay(|group, values| all[places[group]].add(values)),
            }
        }
    }
}

/// The groups of all partitions in order.
fn finished(partitions: Vec<Partition>, width: usize) -> Batch {
    let mut groups: Vec<(u64, Vec<Value>)> = Vec::new();
    for partition in partitions {
        let mut keys: Vec<(u32, Key)> =
            partition.places.into_iter().map(|(hashed, place)| (place, hashed.key)).collect();
        keys.sort_unstable_by_key(|(place, _)| *place);
        let mut states: Vec<_> = partition.states.into_iter().map(Vec::into_iter).collect();
        for ((_, key), order) in keys.into_iter().zip(partition.orders) {
            let mut row = key.0;
            row.reserve_exact(width.saturating_sub(row.len()));
            row.extend(states.iter_mut().filter_map(Iterator::next).flat_map(State::finish));
            groups.push((order, row));
        }
    }
    groups.sort_unstable_by_key(|(order, _)| *order);
    let row_count = groups.len();
    let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(row_count); width];
    for (_, row) in groups {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    Batch { columns: columns.into_iter().map(Column::of).collect(), row_count }
}
