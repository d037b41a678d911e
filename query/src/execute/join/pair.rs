//! A row for each pair of a left row and one of its partners.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Probe;
use crate::batch::{BATCH_ROWS, Batch, Column, row_number};
use crate::error::Diagnostic;
use crate::execute::branch::{Emit, SplitBatch};
use crate::limits::Guard;
use crate::value::Value;

/// How rows are paired.
pub(super) struct Pairing<'a> {
    probe: Probe<'a>,
    right_columns: Vec<usize>,
    /// What right columns hold for a left row without a partner; without it such rows are left out.
    missing: Option<Vec<Value>>,
    /// Which right rows have a partner, where those without one are kept.
    matched: Option<Vec<AtomicBool>>,
}

impl<'a> Pairing<'a> {
    pub(super) fn new(
        probe: Probe<'a>,
        right_columns: Vec<usize>,
        missing: Option<Vec<Value>>,
        keeps_right: bool,
    ) -> Self {
        let unmatched = || std::iter::repeat_with(AtomicBool::default).take(probe.index.rows.row_count);
        let matched = keeps_right.then(|| unmatched().collect());
        Self { probe, right_columns, missing, matched }
    }

    pub(super) fn probe(&self) -> &Probe<'a> {
        &self.probe
    }

    /// Makes a row for each pair of the rows of a batch, whose keys have these entries.
    pub(super) fn pair(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        entries: &[Option<u32>],
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let rows_max = guard.rows_max(batch.columns.len() + self.right_columns.len());
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut flush = |left: &mut Vec<u32>, right: &mut Vec<Option<u32>>| {
            guard.proceed()?;
            let batch = self.paired(batch, left, right);
            left.clear();
            right.clear();
            // The cells alone: what is behind them is that of the rows that were paired.
            let mut held = guard.memory.account("`join`");
            held.grow(batch.row_count * batch.columns.len() * size_of::<Value>())?;
            emit(batch)
        };
        for (row, entry) in entries.iter().enumerate() {
            let partners = entry.map_or(&[][..], |entry| self.probe.index.partners(entry));
            if partners.is_empty() && self.missing.is_some() {
                left.push(row_number(row));
                right.push(None);
            }
            for partner in partners {
                left.push(row_number(row));
                right.push(Some(*partner));
                if let Some(matched) = &self.matched {
                    matched[*partner as usize].store(true, Ordering::Relaxed);
                }
                if left.len() >= rows_max && flush(&mut left, &mut right)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if left.len() >= rows_max && flush(&mut left, &mut right)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if left.is_empty() { Ok(ControlFlow::Continue(())) } else { flush(&mut left, &mut right) }
    }

    fn paired(&self, batch: &Batch, left: &[u32], right: &[Option<u32>]) -> Batch {
        let mut columns: Vec<Column> = batch.columns.iter().map(|column| column.gather(left)).collect();
        for index in &self.right_columns {
            let missing = self.missing.as_ref().map_or(&Value::Null, |missing| &missing[*index]);
            columns.push(self.probe.index.rows.columns[*index].gather_or(right, missing));
        }
        Batch { columns, row_count: left.len() }
    }

    /// The right rows that no left row matched, behind the values of a left row that is missing.
    pub(super) fn unmatched(&self, left: &[Value]) -> impl Iterator<Item = Batch> {
        let matched = self.matched.iter().flatten().enumerate();
        let unmatched = matched.filter(|(_, matched)| !matched.load(Ordering::Relaxed));
        let unmatched: Vec<u32> = unmatched.map(|(row, _)| row_number(row)).collect();
        // One batch at a time: the caller accounts for each before the next is made.
        (0..unmatched.len()).step_by(BATCH_ROWS).map(move |start| {
            let rows = &unmatched[start..unmatched.len().min(start + BATCH_ROWS)];
            let mut columns: Vec<Column> = left.iter().cloned().map(Column::Constant).collect();
            let right = self.right_columns.iter();
            columns.extend(right.map(|index| self.probe.index.rows.columns[*index].gather(rows)));
            Batch { columns, row_count: rows.len() }
        })
    }
}

impl SplitBatch for Pairing<'_> {
    fn split(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let entries = self.probe.entries(batch);
        // Keys that could not be computed must match nothing.
        guard.proceed()?;
        self.pair(guard, batch, &entries, emit)
    }
}
