//! Joins: one side is hashed by its keys, once, on all cores; the rows of the other look their partners up, part by part.
//!
//! The right table is hashed, and rows come in the order of the left one; where only right rows are kept, the left one
//! is. Three kinds must know all of their left rows before they are done, so they hold what they make: those that keep
//! right rows without a partner, and `innerunique`, which takes the first left row of each key.

mod index;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use index::{Index, Keep};
use rayon::prelude::*;

use super::evaluate::Formula;
use super::pipeline::{Base, Branch, Emit, Pace, Stage, Waits};
use super::{Execution, Stored};
use crate::batch::{BATCH_ROWS, Batch, Column, row_number};
use crate::error::Diagnostic;
use crate::limits::Held;
use crate::plan::{JoinKind, JoinStep, Plan};
use crate::value::Value;

/// Batches that are paired together, for each thread.
const WAITING_PER_THREAD: usize = 4;

/// The side of a join whose rows look up their partners.
pub(super) struct Probe<'a> {
    keys: Vec<Formula<'a>>,
    index: Index,
    made: Made,
}

/// What is made of a row and its partners.
enum Made {
    /// The row alone, if it has a partner.
    With,
    /// The row alone, if it has none.
    Without,
    /// A row for each partner.
    Pairs(Pairs),
}

/// How rows are paired.
struct Pairs {
    right_columns: Vec<usize>,
    /// What right columns hold for a left row without a partner; such rows are left out if nothing is said.
    missing: Option<Vec<Value>>,
    /// Which right rows have met a partner.
    met: Option<Vec<AtomicBool>>,
}

impl<'a> Execution<'a> {
    pub(super) fn compile_join(
        &self,
        left: &Arc<Plan>,
        right: &Arc<Plan>,
        join: &JoinStep,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        let made = match join.kind {
            JoinKind::LeftSemi | JoinKind::RightSemi => Made::With,
            JoinKind::LeftAnti | JoinKind::RightAnti => Made::Without,
            _ => return self.compile_pairs(left, right, join),
        };
        let right_is_kept = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let (hashed, hashed_keys, probed, probed_keys) = if right_is_kept {
            (left, &join.left_keys, right, &join.right_keys)
        } else {
            (right, &join.right_keys, left, &join.left_keys)
        };
        let index = self.index(hashed, hashed_keys, &Keep::Keys)?;
        let probe = Probe { keys: self.formulas(probed_keys)?, index, made };
        self.staged(probed, None, Stage::Probe(probe))
    }

    fn compile_pairs(
        &self,
        left: &Arc<Plan>,
        right: &Arc<Plan>,
        join: &JoinStep,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        let index = self.index(right, &join.right_keys, &Keep::Rows(join.right_columns.clone()))?;
        let keeps_left = matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter);
        let keeps_right = matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter);
        let unmet = || std::iter::repeat_with(AtomicBool::default).take(index.rows.row_count).collect();
        let pairs = Pairs {
            right_columns: join.right_columns.clone(),
            missing: keeps_left.then(|| missing(right)),
            met: keeps_right.then(unmet),
        };
        let probe = Probe { keys: self.formulas(&join.left_keys)?, index, made: Made::Pairs(pairs) };
        match join.kind {
            JoinKind::InnerUnique => self.first_of_each_key(left, &probe),
            _ if keeps_right => self.with_unmet(left, probe),
            _ => self.staged(left, None, Stage::Probe(probe)),
        }
    }

    /// Pairs the first left row of each key.
    fn first_of_each_key(&self, left: &Arc<Plan>, probe: &Probe<'a>) -> Result<Vec<Branch<'a>>, Diagnostic> {
        let branches = self.compile(left, None)?;
        let mut held = self.account("`join`");
        let mut seen = vec![false; probe.index.entry_count()];
        let mut batches = Vec::new();
        let work = |batch: Batch| {
            let entries = probe.entries(&batch);
            Ok(Looked { batch, entries })
        };
        let mut waiting: Vec<Looked> = Vec::new();
        let mut take = |window: Vec<Looked>| {
            for made in
                window.into_par_iter().map(|looked| self.paired_at_once(probe, &looked)).collect::<Vec<_>>()
            {
                let (made, of_pairs) = made?;
                drop(of_pairs);
                for batch in made {
                    held.grow(batch.size_bytes())?;
                    batches.push(batch);
                }
            }
            Ok(())
        };
        self.drive(branches, Pace::Full, work, |mut looked: Looked| {
            for entry in &mut looked.entries {
                *entry = entry.filter(|entry| !std::mem::replace(&mut seen[*entry as usize], true));
            }
            waiting.push(looked);
            if waiting.len() >= rayon::current_num_threads() * WAITING_PER_THREAD {
                take(std::mem::take(&mut waiting))?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        take(waiting)?;
        Ok(vec![Branch::new(Base::Rows(Arc::new(Stored::new(batches, held))))])
    }

    /// The pairs of the rows of one batch, which are no more than there are rows on the right.
    fn paired_at_once(&self, probe: &Probe<'a>, looked: &Looked) -> Result<(Vec<Batch>, Held), Diagnostic> {
        let (mut made, mut held) = (Vec::new(), self.account("`join`"));
        let flow = probe.pair(self, &looked.batch, &looked.entries, &mut |batch| {
            held.grow(batch.size_bytes())?;
            made.push(batch);
            Ok(ControlFlow::Continue(()))
        });
        flow.map(|_| (made, held))
    }

    /// Pairs all left rows, then adds the right rows that no left row met.
    fn with_unmet(&self, left: &Arc<Plan>, probe: Probe<'a>) -> Result<Vec<Branch<'a>>, Diagnostic> {
        let stage = Arc::new(Stage::Probe(probe));
        let branches = self.through(self.compile(left, None)?, &stage)?;
        let mut held = self.account("`join`");
        let mut batches = Vec::new();
        self.drive(branches, Pace::Full, Ok, |batch: Batch| {
            held.grow(batch.size_bytes())?;
            batches.push(batch);
            Ok(ControlFlow::Continue(()))
        })?;
        let Stage::Probe(probe) = &*stage else { return Ok(Vec::new()) };
        let Made::Pairs(Pairs { right_columns, met: Some(met), .. }) = &probe.made else {
            return Ok(Vec::new());
        };
        let unmet = met.iter().enumerate().filter(|(_, met)| !met.load(Ordering::Relaxed));
        let unmet: Vec<u32> = unmet.map(|(row, _)| row_number(row)).collect();
        for rows in unmet.chunks(BATCH_ROWS) {
            let mut columns: Vec<Column> = missing(left).into_iter().map(Column::Constant).collect();
            columns.extend(right_columns.iter().map(|index| probe.index.rows.columns[*index].gather(rows)));
            let batch = Batch { columns, row_count: rows.len() };
            held.grow(batch.size_bytes())?;
            batches.push(batch);
        }
        Ok(vec![Branch::new(Base::Rows(Arc::new(Stored::new(batches, held))))])
    }
}

/// What the columns of a plan hold where there is no row.
fn missing(plan: &Plan) -> Vec<Value> {
    plan.schema.iter().map(|field| Value::missing(field.kind)).collect()
}

/// Rows and the entries of their keys.
struct Looked {
    batch: Batch,
    entries: Vec<Option<u32>>,
}

impl Waits for Looked {
    fn size_bytes(&self) -> usize {
        self.batch.size_bytes() + size_of_val(self.entries.as_slice())
    }
}

impl Probe<'_> {
    /// Whether it makes rows of pairs, rather than choosing rows.
    pub(super) fn makes_pairs(&self) -> bool {
        matches!(self.made, Made::Pairs(_))
    }

    /// The rows of a batch that have a partner, or those that have none.
    pub(super) fn kept(&self, batch: Batch) -> Batch {
        let with = matches!(self.made, Made::With);
        let entries = self.entries(&batch);
        let kept = entries.iter().enumerate().filter(|(_, entry)| entry.is_some() == with);
        let rows: Vec<u32> = kept.map(|(row, _)| row_number(row)).collect();
        if rows.len() == batch.row_count { batch } else { batch.gather(&rows) }
    }

    /// Makes a row for each pair.
    pub(super) fn pair_all(
        &self,
        execution: &Execution<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let entries = self.entries(batch);
        // Keys that could not be computed must meet nobody.
        execution.guard.proceed()?;
        self.pair(execution, batch, &entries, emit)
    }

    /// For each row the entry of its key, if it has a partner.
    fn entries(&self, batch: &Batch) -> Vec<Option<u32>> {
        let (local, keys) = index::local_keys(&self.keys, batch);
        let found: Vec<Option<u32>> = keys.iter().map(|key| self.index.find(key)).collect();
        (0..batch.row_count).map(|row| found[local.of(row)]).collect()
    }

    fn pair(
        &self,
        execution: &Execution<'_>,
        batch: &Batch,
        entries: &[Option<u32>],
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let Made::Pairs(pairs) = &self.made else { return Ok(ControlFlow::Continue(())) };
        let rows_max = execution.guard.rows_max(batch.columns.len() + pairs.right_columns.len());
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut flush = |left: &mut Vec<u32>, right: &mut Vec<Option<u32>>| {
            execution.guard.proceed()?;
            let batch = self.paired(batch, pairs, left, right);
            left.clear();
            right.clear();
            // The cells alone: what is behind them is that of the rows that were paired.
            let mut held = execution.account("`join`");
            held.grow(batch.row_count * batch.columns.len() * size_of::<Value>())?;
            emit(batch)
        };
        for (row, entry) in entries.iter().enumerate() {
            let partners = entry.map_or(&[][..], |entry| self.index.partners(entry));
            if partners.is_empty() && pairs.missing.is_some() {
                left.push(row_number(row));
                right.push(None);
            }
            for partner in partners {
                left.push(row_number(row));
                right.push(Some(*partner));
                if let Some(met) = &pairs.met {
                    met[*partner as usize].store(true, Ordering::Relaxed);
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

    fn paired(&self, batch: &Batch, pairs: &Pairs, left: &[u32], right: &[Option<u32>]) -> Batch {
        let mut columns: Vec<Column> = batch.columns.iter().map(|column| column.gather(left)).collect();
        for index in &pairs.right_columns {
            let missing = pairs.missing.as_ref().map_or(&Value::Null, |missing| &missing[*index]);
            columns.push(self.index.rows.columns[*index].gather_or(right, missing));
        }
        Batch { columns, row_count: left.len() }
    }
}
