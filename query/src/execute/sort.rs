//! Rows in order: all of them, sorted on all cores and in runs on disk where memory ends, or the first few.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::branch::{Base, Branch};
use super::drive::{Pace, drive};
use super::order::OrderBy;
use super::project::projection;
use super::spill::Runs;
use super::{Execution, Stored};
use crate::ast::Span;
use crate::batch::{BATCH_ROWS, Batch, Column, row_number};
use crate::error::{Code, Diagnostic};
use crate::plan::{Plan, Scalar, SortKey};
use crate::value::Value;

/// What is sorted, and by what.
struct Sorting<'a> {
    /// Rows with the values that are computed to sort by behind their own columns: so they are computed batch by batch,
    /// count as what the rows hold, and go to disk with them.
    branches: Vec<Branch<'a>>,
    keys: Arc<[OrderBy]>,
    /// Number of columns, with those behind the rows' own.
    full_width: usize,
    /// Number of columns that the rows have by themselves.
    width: usize,
}

/// All rows in order, or the first of them.
pub(super) fn base<'a>(
    execution: &Execution<'a>,
    input: &Arc<Plan>,
    keys: &[SortKey],
    limit: Option<&Scalar>,
    width: usize,
) -> Result<Base<'a>, Diagnostic> {
    let limit = limit.map(|limit| execution.count(limit)).transpose()?;
    if limit == Some(0) {
        return Ok(Base::Rows(Arc::new(Stored::new(Vec::new(), execution.account("`top`")))));
    }
    let sorting = sorting(execution, input, keys, width)?;
    match limit {
        Some(limit) => top(execution, sorting, limit),
        None => sort_all(execution, sorting),
    }
}

fn sorting<'a>(
    execution: &Execution<'a>,
    input: &Arc<Plan>,
    keys: &[SortKey],
    width: usize,
) -> Result<Sorting<'a>, Diagnostic> {
    let mut columns: Vec<Scalar> = (0..width).map(Scalar::Column).collect();
    let key = |key: &SortKey| {
        let index = if let Scalar::Column(index) = key.value {
            index
        } else {
            columns.push(key.value.clone());
            columns.len() - 1
        };
        OrderBy { index, descending: key.descending, nulls_first: key.nulls_first }
    };
    let keys = keys.iter().map(key).collect();
    let full_width = columns.len();
    let branches = if full_width == width {
        execution.compile(input, None)?
    } else {
        execution.staged(input, None, &projection(execution.formulas(&columns)?))?
    };
    Ok(Sorting { branches, keys, full_width, width })
}

/// Every thread keeps only so many of the rows of a part, and no more are kept of all.
fn top<'a>(execution: &Execution<'a>, sorting: Sorting<'a>, count: usize) -> Result<Base<'a>, Diagnostic> {
    let Sorting { branches, keys, full_width, width } = sorting;
    let mut held = execution.account("`top`");
    let mut kept: Vec<Batch> = Vec::new();
    let work = |batch: Batch| Ok(first_rows(batch, &keys, count));
    let mut row_count = 0;
    drive(&execution.guard, branches, Pace::Full, work, |made: Batch| {
        row_count += made.row_count;
        let (bytes, are_twice) = (made.size_bytes(), row_count / 2 >= count);
        kept.push(made);
        // Rows that are not among the first must not take the memory of the steps before.
        let fits = held.try_grow_to_half(bytes) || (!are_twice && held.try_grow(bytes));
        if !fits || (are_twice && row_count >= BATCH_ROWS) {
            let first = first_rows(Batch::concatenate(&kept, full_width), &keys, count);
            row_count = first.row_count;
            held.set(first.size_bytes())?;
            kept = vec![first];
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut all = Batch::concatenate(&kept, full_width);
    let mut indexes = sorted_indexes(&all, &keys)?;
    indexes.truncate(count);
    all.columns.truncate(width);
    Ok(Base::Rows(Arc::new(Stored::new(gathered(&all, &indexes), held))))
}

fn sort_all<'a>(execution: &Execution<'a>, sorting: Sorting<'a>) -> Result<Base<'a>, Diagnostic> {
    let Sorting { branches, keys, full_width, width } = sorting;
    let mut held = execution.account("`sort`");
    let mut batches: Vec<Batch> = Vec::new();
    let mut runs =
        execution.guard.limits.temporary.map(|folder| Runs::new(&execution.guard, folder, &keys, full_width));
    drive(&execution.guard, branches, Pace::Full, Ok, |batch: Batch| {
        // The rows as they are read, and as they are sorted.
        let bytes = 2 * batch.size_bytes();
        // Where there is a disk, the steps before the sort keep the other half of the memory for themselves.
        let fits = if runs.is_some() { held.try_grow_to_half(bytes) } else { held.try_grow(bytes) };
        batches.push(batch);
        if !fits {
            let Some(runs) = &mut runs else { return Err(held.exceeded(bytes)) };
            let all = Batch::concatenate(&std::mem::take(&mut batches), full_width);
            let sorted = gathered(&all, &sorted_indexes(&all, &keys)?);
            drop(all);
            runs.add(&sorted, &mut held)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let runs = runs.filter(|runs| !runs.is_empty());
    let mut all = Batch::concatenate(&batches, full_width);
    drop(batches);
    let indexes = sorted_indexes(&all, &keys)?;
    if runs.is_none() {
        all.columns.truncate(width);
    }
    let last = gathered(&all, &indexes);
    drop(all);
    // What follows needs memory, too.
    held.set(last.iter().map(Batch::size_bytes).sum())?;
    match runs {
        Some(runs) => Ok(Base::Stream(Box::new(runs.merge(last, width, held)?))),
        None => Ok(Base::Rows(Arc::new(Stored::new(last, held)))),
    }
}

fn gathered(all: &Batch, indexes: &[u32]) -> Vec<Batch> {
    indexes.par_chunks(BATCH_ROWS).map(|indexes| all.gather(indexes)).collect()
}

/// The rows of a batch in order; rows that are equal stay as they were.
fn sorted_indexes(batch: &Batch, keys: &[OrderBy]) -> Result<Vec<u32>, Diagnostic> {
    let Ok(row_count) = u32::try_from(batch.row_count) else {
        let message =
            format!("`sort` cannot hold {} rows: at most {} are possible", batch.row_count, u32::MAX);
        return Err(Diagnostic::new(Code::Limit, Span::default(), message));
    };
    let columns: Vec<Comparable<'_>> = keys.iter().map(|key| Comparable::new(key, batch)).collect();
    if let Some(indexes) = sorted_ranks(&columns, row_count) {
        return Ok(indexes);
    }
    let mut indexes: Vec<u32> = (0..row_count).collect();
    indexes.par_sort_by(|left, right| compare_rows(&columns, *left as usize, *right as usize));
    Ok(indexes)
}

/// The rows in order when all keys are ranks that fit one number, together with the index of the row.
fn sorted_ranks(columns: &[Comparable<'_>], row_count: u32) -> Option<Vec<u32>> {
    let (mut keys, mut bound) = (vec![0_u64; row_count as usize], 1_u64);
    for column in columns {
        let Comparable::Ranks(ranks) = column else { return None };
        let count = u64::from(ranks.iter().copied().max().unwrap_or(0)) + 1;
        bound = bound.checked_mul(count)?;
        keys.iter_mut().zip(ranks).for_each(|(key, rank)| *key = *key * count + u64::from(*rank));
    }
    let rows = u64::from(row_count);
    bound.checked_mul(rows)?;
    keys.iter_mut().zip(0_u64..).for_each(|(key, row)| *key = *key * rows + row);
    keys.par_sort_unstable();
    let index = |key: u64| u32::try_from(key % rows).expect("less than the number of rows");
    Some(keys.into_iter().map(index).collect())
}

/// The first rows of a batch in order; all of them, in any order, if there are no more.
fn first_rows(batch: Batch, keys: &[OrderBy], count: usize) -> Batch {
    if batch.row_count <= count {
        return batch;
    }
    let columns: Vec<Comparable<'_>> = keys.iter().map(|key| Comparable::new(key, &batch)).collect();
    let by_index = |left: &u32, right: &u32| {
        compare_rows(&columns, *left as usize, *right as usize).then_with(|| left.cmp(right))
    };
    let mut indexes: Vec<u32> = (0..row_number(batch.row_count)).collect();
    indexes.select_nth_unstable_by(count, by_index);
    indexes.truncate(count);
    indexes.sort_unstable_by(by_index);
    batch.gather(&indexes)
}

/// The values of one key, ready to be compared often.
enum Comparable<'k> {
    /// The rank of each row's value among the values of a dictionary.
    Ranks(Vec<u32>),
    Cells(&'k Column, &'k OrderBy),
}

impl<'k> Comparable<'k> {
    fn new(key: &'k OrderBy, batch: &'k Batch) -> Self {
        let column = key.column(batch);
        match column {
            Column::Dictionary { codes, values }
                if values.len() <= batch.row_count && is_of_one_kind(values) =>
            {
                let mut indexes: Vec<usize> = (0..values.len()).collect();
                indexes.sort_by(|left, right| key.compare(&values[*left], &values[*right]));
                let mut ranks = vec![0; values.len()];
                for pair in indexes.windows(2) {
                    let step = key.compare(&values[pair[0]], &values[pair[1]]).is_ne();
                    ranks[pair[1]] = ranks[pair[0]] + u32::from(step);
                }
                Self::Ranks(codes.iter().map(|code| ranks[*code as usize]).collect())
            }
            _ => Self::Cells(column, key),
        }
    }

    fn compare(&self, left: usize, right: usize) -> Ordering {
        match self {
            Self::Ranks(ranks) => ranks[left].cmp(&ranks[right]),
            Self::Cells(Column::Values(values), key) => key.compare(&values[left], &values[right]),
            Self::Cells(Column::Texts { codes, texts }, key) => {
                let text = |row: usize| texts.get(codes[row] as usize);
                if key.descending { text(right).cmp(text(left)) } else { text(left).cmp(text(right)) }
            }
            Self::Cells(column, key) => key.compare(&column.get(left), &column.get(right)),
        }
    }
}

/// Whether any two of the values that are not null can be compared with each other.
fn is_of_one_kind(values: &[Value]) -> bool {
    let mut kinds = values.iter().filter(|value| !value.is_null()).map(std::mem::discriminant);
    kinds.next().is_none_or(|first| kinds.all(|kind| kind == first))
}

fn compare_rows(columns: &[Comparable<'_>], left: usize, right: usize) -> Ordering {
    let mut orderings = columns.iter().map(|column| column.compare(left, right));
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}
