//! What one batch contributes to the groups.

use super::{Grouping, PreparedAggregate};
use crate::aggregate::{Accumulator, Kind};
use crate::batch::{Batch, Column, row_number};
use crate::convert::to_long;
use crate::execute::evaluate::SMALL_DICTIONARY;
use crate::execute::hash::Hashed;
use crate::execute::keys::{Local, extent, is_dense};
use crate::execute::select::RowSelection;
use crate::plan::Aggregate;
use crate::value::{Type, Value};

/// The groups of one batch, in order of first appearance.
pub(super) struct Partial {
    keys: Vec<Hashed>,
    /// The states of each aggregate.
    states: Vec<States>,
}

/// The groups of one batch that belong to one partition.
pub(super) struct Piece {
    pub(super) keys: Vec<Hashed>,
    /// The index of each group among all of the batch.
    pub(super) orders: Vec<u32>,
    pub(super) states: Vec<States>,
}

/// The states of one aggregate, by group.
pub(super) enum States {
    Counts(Vec<i64>),
    Partial(Vec<Accumulator>),
    /// Rows that are added when all before them were.
    Rows(Waiting),
}

/// Rows whose order matters.
pub(super) struct Waiting {
    /// The group of each row; nothing when there is only one.
    groups: Option<Vec<u32>>,
    row_count: usize,
    arguments: Vec<Column>,
}

impl Waiting {
    /// Gives the group and the values of every row.
    pub(super) fn replay(&self, mut add: impl FnMut(usize, &[&Value])) {
        for row in 0..self.row_count {
            let group = self.groups.as_ref().map_or(0, |groups| groups[row] as usize);
            with_values(&self.arguments, row, |values| add(group, values));
        }
    }
}

/// Calls with the cells of a row.
fn with_values(columns: &[Column], row: usize, call: impl FnOnce(&[&Value])) {
    match columns {
        [] => call(&[]),
        [column] => call(&[&*column.get(row)]),
        columns => {
            let cells: Vec<_> = columns.iter().map(|column| column.get(row)).collect();
            let values: Vec<&Value> = cells.iter().map(|cell| &**cell).collect();
            call(&values);
        }
    }
}

impl Partial {
    pub(super) fn new(grouping: &Grouping<'_>, batch: &Batch) -> Self {
        let columns: Vec<Column> = grouping.keys.iter().map(|key| key.column(batch)).collect();
        let only_counts = grouping
            .aggregates
            .iter()
            .all(|prepared| prepared.aggregate.kind == Kind::Count && prepared.condition.is_none());
        if only_counts && let Some((local, counts)) = counted(&columns) {
            let states = grouping.aggregates.iter().map(|_| States::Counts(counts.clone())).collect();
            return Self { keys: local.keys(&columns), states };
        }
        let local = Local::new(&columns, batch.row_count);
        let states = grouping.aggregates.iter().map(|prepared| states(prepared, batch, &local)).collect();
        Self { keys: local.keys(&columns), states }
    }

    /// Cuts the groups by their hashes.
    pub(super) fn split(self, partition_count: usize) -> Vec<Piece> {
        if partition_count == 1 {
            let orders = (0..row_number(self.keys.len())).collect();
            return vec![Piece { keys: self.keys, orders, states: self.states }];
        }
        let piece = || Piece { keys: Vec::new(), orders: Vec::new(), states: Vec::new() };
        let mut pieces: Vec<Piece> = std::iter::repeat_with(piece).take(partition_count).collect();
        let mut owners = Vec::with_capacity(self.keys.len());
        for (order, key) in self.keys.into_iter().enumerate() {
            let owner = key.owner(partition_count);
            owners.push((owner, row_number(pieces[owner].keys.len())));
            pieces[owner].keys.push(key);
            pieces[owner].orders.push(row_number(order));
        }
        for states in self.states {
            for (piece, states) in pieces.iter_mut().zip(states.split(&owners, partition_count)) {
                piece.states.push(states);
            }
        }
        pieces
    }
}

impl Piece {
    /// About how many bytes it holds.
    pub(super) fn size_bytes(&self) -> usize {
        let keys: usize = self.keys.iter().map(|key| size_of::<Hashed>() + key.cells.size_bytes()).sum();
        let states = self.states.iter().map(|states| match states {
            States::Counts(counts) => size_of_val(counts.as_slice()),
            States::Partial(states) => {
                states.iter().map(|state| size_of::<Accumulator>() + state.held_bytes()).sum()
            }
            States::Rows(waiting) => {
                let arguments: usize = waiting.arguments.iter().map(Column::size_bytes).sum();
                waiting.row_count * size_of::<u32>() + arguments
            }
        });
        keys + states.sum::<usize>()
    }
}

impl States {
    /// Cuts the groups; each has its partition and its index there.
    fn split(self, owners: &[(usize, u32)], partition_count: usize) -> Vec<Self> {
        match self {
            Self::Counts(counts) => {
                distributed(counts, owners, partition_count).into_iter().map(Self::Counts).collect()
            }
            Self::Partial(states) => {
                distributed(states, owners, partition_count).into_iter().map(Self::Partial).collect()
            }
            Self::Rows(waiting) => {
                let group = |row: usize| waiting.groups.as_ref().map_or(0, |groups| groups[row] as usize);
                let mut rows: Vec<Vec<u32>> = vec![Vec::new(); partition_count];
                let mut groups: Vec<Vec<u32>> = vec![Vec::new(); partition_count];
                for row in 0..waiting.row_count {
                    let (owner, index) = owners[group(row)];
                    rows[owner].push(row_number(row));
                    groups[owner].push(index);
                }
                let piece = |(rows, groups): (Vec<u32>, Vec<u32>)| {
                    let arguments = waiting.arguments.iter().map(|column| column.gather(&rows)).collect();
                    Self::Rows(Waiting { groups: Some(groups), row_count: rows.len(), arguments })
                };
                rows.into_iter().zip(groups).map(piece).collect()
            }
        }
    }
}

fn distributed<T>(items: Vec<T>, owners: &[(usize, u32)], count: usize) -> Vec<Vec<T>> {
    let mut lists: Vec<Vec<T>> = std::iter::repeat_with(Vec::new).take(count).collect();
    for (item, (owner, _)) in items.into_iter().zip(owners) {
        lists[*owner].push(item);
    }
    lists
}

/// Counts rows by the only column that varies, without numbering each row's group first.
fn counted(columns: &[Column]) -> Option<(Local, Vec<i64>)> {
    let mut varying = columns.iter().filter(|column| !matches!(column, Column::Constant(_)));
    let (codes, None) = (varying.next()?, varying.next()) else { return None };
    let (Column::Dictionary { codes, .. } | Column::Texts { codes, .. }) = codes else { return None };
    if codes.is_empty() {
        return None;
    }
    let (least, range) = extent(codes);
    if !is_dense(range, codes.len()) {
        return None;
    }
    let size = usize::try_from(range).ok()?;
    // Two tables in turn, for the next row is often of the same group and would wait for this one.
    let mut tables = [vec![0_u32; size], vec![0_u32; size]];
    let mut pairs = codes.chunks_exact(2);
    for pair in &mut pairs {
        tables[0][(pair[0] - least) as usize] += 1;
        tables[1][(pair[1] - least) as usize] += 1;
    }
    for code in pairs.remainder() {
        tables[0][(code - least) as usize] += 1;
    }
    let [mut totals, others] = tables;
    totals.iter_mut().zip(others).for_each(|(total, other)| *total += other);
    let mut left = totals.iter().filter(|total| **total > 0).count();
    let (mut firsts, mut counts) = (Vec::with_capacity(left), Vec::with_capacity(left));
    for (row, code) in codes.iter().enumerate() {
        let total = std::mem::take(&mut totals[(code - least) as usize]);
        if total > 0 {
            firsts.push(row_number(row));
            counts.push(i64::from(total));
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    Some((Local { ids: None, firsts }, counts))
}

/// The states of one aggregate for the groups of a batch.
fn states(prepared: &PreparedAggregate<'_>, batch: &Batch, local: &Local) -> States {
    let all = RowSelection::All(row_number(batch.row_count));
    let chosen = prepared.condition.as_ref().map_or(all.clone(), |condition| condition.select(batch, all));
    let kind = prepared.aggregate.kind;
    if matches!(kind, Kind::Count | Kind::CountIf) {
        return States::Counts(counts(&chosen, local));
    }
    let arguments: Vec<Column> = prepared.arguments.iter().map(|argument| argument.column(batch)).collect();
    if depends_on_order(&prepared.aggregate) {
        let (rows, arguments) = match chosen {
            RowSelection::All(_) => (None, arguments),
            RowSelection::Some(rows) => {
                let arguments = arguments.iter().map(|column| column.gather(&rows)).collect();
                (Some(rows), arguments)
            }
        };
        let (groups, row_count) = match (&local.ids, rows) {
            (ids, None) => (ids.clone(), batch.row_count),
            (None, Some(rows)) => (None, rows.len()),
            (Some(ids), Some(rows)) => {
                (Some(rows.iter().map(|row| ids[*row as usize]).collect()), rows.len())
            }
        };
        return States::Rows(Waiting { groups, row_count, arguments });
    }
    let mut states: Vec<Accumulator> = (0..local.len()).map(|_| prepared.aggregate.accumulator()).collect();
    if let (Kind::Sum, RowSelection::All(_), [Column::Dictionary { codes, values }]) =
        (kind, &chosen, arguments.as_slice())
        && values.len() <= SMALL_DICTIONARY
    {
        // Longs may be summed in any order.
        let longs: Vec<i64> = values.iter().map(|value| to_long(value).unwrap_or(0)).collect();
        let mut sums = vec![0_i64; states.len()];
        for (row, code) in codes.iter().enumerate() {
            let sum = &mut sums[local.of(row)];
            *sum = sum.wrapping_add(longs[*code as usize]);
        }
        states.iter_mut().zip(sums).for_each(|(state, sum)| state.add(&[&Value::Long(sum)]));
        return States::Partial(states);
    }
    let mut add = |row: usize| {
        let state = &mut states[local.of(row)];
        with_values(&arguments, row, |values| state.add(values));
    };
    match (&chosen, arguments.as_slice()) {
        // The same value again changes nothing: only the first of each group and value is looked at.
        (RowSelection::All(_), [Column::Dictionary { codes, .. }]) if is_idempotent(kind) => {
            let pairs = local.split(codes);
            pairs.firsts.iter().for_each(|row| add(*row as usize));
        }
        (RowSelection::All(_), [Column::Constant(_)]) if is_idempotent(kind) => {
            local.firsts.iter().for_each(|row| add(*row as usize));
        }
        (RowSelection::All(count), _) => (0..*count as usize).for_each(add),
        (RowSelection::Some(rows), _) => rows.iter().for_each(|row| add(*row as usize)),
    }
    States::Partial(states)
}

fn is_idempotent(kind: Kind) -> bool {
    matches!(kind, Kind::Distinct | Kind::Least | Kind::Greatest | Kind::Any | Kind::Set | Kind::Bag)
}

fn counts(chosen: &RowSelection, local: &Local) -> Vec<i64> {
    let mut counts = vec![0; local.len()];
    match (chosen, &local.ids) {
        (RowSelection::All(count), None) => counts.iter_mut().for_each(|total| *total = i64::from(*count)),
        (RowSelection::All(_), Some(ids)) => ids.iter().for_each(|id| counts[*id as usize] += 1),
        (RowSelection::Some(rows), _) => rows.iter().for_each(|row| counts[local.of(*row as usize)] += 1),
    }
    counts
}

/// Whether the order in which rows are added shows in the result in a way that parts of it cannot be merged: reals are
/// rounded at each step, and values of several types cannot all be compared with each other.
fn depends_on_order(aggregate: &Aggregate) -> bool {
    let kind = aggregate.kinds.first().copied().unwrap_or(Type::Long);
    let whole = matches!(kind, Type::Int | Type::Long | Type::Datetime | Type::Timespan);
    match aggregate.kind {
        Kind::Sum => matches!(kind, Type::Real | Type::Dynamic),
        Kind::Average => !whole,
        Kind::Spread(_) => true,
        Kind::Least | Kind::Greatest | Kind::ArgLeast | Kind::ArgGreatest => kind == Type::Dynamic,
        _ => false,
    }
}
