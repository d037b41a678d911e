//! Joins: one side is hashed by its keys, once, on all cores; the rows of the other look their partners up, part by part.
//!
//! *Shape*: the right table is hashed, and rows come in the order of the left one; where only right rows are kept, the
//! left one is. `join/pair.rs` makes a row for each pair. Three kinds must know all of their left rows before they are
//! done, so they hold what they make: those that keep right rows without a partner, and `innerunique`, which takes the
//! first left row of each key.

mod index;
mod pair;

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::branch::{Base, BatchStage, Branch, MapBatch};
use super::drive::{Buffered, Pace, drive};
use super::evaluate::Formula;
use super::{Execution, Stored};
use crate::batch::{Batch, row_number};
use crate::error::Diagnostic;
use crate::limits::Held;
use crate::plan::{JoinKind, JoinStep, Plan};
use crate::value::Value;
use index::{Index, Payload};
use pair::Pairing;

/// Batches that are paired together, for each thread.
const WAITING_PER_THREAD: usize = 4;

/// The side of a join whose rows look up their partners.
struct Probe<'a> {
    keys: Vec<Formula<'a>>,
    index: Index,
}

impl Probe<'_> {
    /// For each row the entry of its key, if it has a partner.
    fn entries(&self, batch: &Batch) -> Vec<Option<u32>> {
        let (local, keys) = index::local_keys(&self.keys, batch);
        let found: Vec<Option<u32>> = keys.iter().map(|key| self.index.find(key)).collect();
        (0..batch.row_count).map(|row| found[local.of(row)]).collect()
    }
}

/// A semi or an anti join: keeps the rows that have a partner, or those that have none.
struct Matching<'a> {
    probe: Probe<'a>,
    /// Whether the rows with a partner are kept.
    with_partner: bool,
}

impl MapBatch for Matching<'_> {
    fn map(&self, batch: Batch) -> Batch {
        let entries = self.probe.entries(&batch);
        let kept = entries.iter().enumerate().filter(|(_, entry)| entry.is_some() == self.with_partner);
        let rows: Vec<u32> = kept.map(|(row, _)| row_number(row)).collect();
        if rows.len() == batch.row_count { batch } else { batch.gather(&rows) }
    }
}

/// The branches that give the rows of a join.
pub(super) fn branches<'a>(
    execution: &Execution<'a>,
    left: &Arc<Plan>,
    right: &Arc<Plan>,
    join: &JoinStep,
) -> Result<Vec<Branch<'a>>, Diagnostic> {
    let with_partner = match join.kind {
        JoinKind::LeftSemi | JoinKind::RightSemi => true,
        JoinKind::LeftAnti | JoinKind::RightAnti => false,
        _ => return pairs(execution, left, right, join),
    };
    let right_is_kept = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
    let (hashed, hashed_keys, probed, probed_keys) = if right_is_kept {
        (left, &join.left_keys, right, &join.right_keys)
    } else {
        (right, &join.right_keys, left, &join.left_keys)
    };
    let index = index::build(execution, hashed, hashed_keys, &Payload::None)?;
    let probe = Probe { keys: execution.formulas(probed_keys)?, index };
    execution.staged(probed, None, &BatchStage::Map(Arc::new(Matching { probe, with_partner })))
}

/// The branches of a join that makes a row for each pair.
fn pairs<'a>(
    execution: &Execution<'a>,
    left: &Arc<Plan>,
    right: &Arc<Plan>,
    join: &JoinStep,
) -> Result<Vec<Branch<'a>>, Diagnostic> {
    let payload = Payload::Columns(join.right_columns.clone());
    let index = index::build(execution, right, &join.right_keys, &payload)?;
    let keeps_left = matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter);
    let keeps_right = matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter);
    let probe = Probe { keys: execution.formulas(&join.left_keys)?, index };
    let absent = keeps_left.then(|| missing(right));
    let pairing = Pairing::new(probe, join.right_columns.clone(), absent, keeps_right);
    match join.kind {
        JoinKind::InnerUnique => first_of_each_key(execution, left, &pairing),
        _ if keeps_right => with_unmatched(execution, left, &Arc::new(pairing)),
        _ => execution.staged(left, None, &BatchStage::Split(Arc::new(pairing))),
    }
}

/// Pairs the first left row of each key.
fn first_of_each_key<'a>(
    execution: &Execution<'a>,
    left: &Arc<Plan>,
    pairing: &Pairing<'a>,
) -> Result<Vec<Branch<'a>>, Diagnostic> {
    let branches = execution.compile(left, None)?;
    let mut held = execution.account("`join`");
    let mut seen = vec![false; pairing.probe().index.entry_count()];
    let mut batches = Vec::new();
    let work = |batch: Batch| {
        let entries = pairing.probe().entries(&batch);
        Ok(Probed { batch, entries })
    };
    let mut waiting: Vec<Probed> = Vec::new();
    let mut take = |window: Vec<Probed>| {
        let made = window.into_par_iter().map(|probed| paired_at_once(execution, pairing, &probed));
        for made in made.collect::<Vec<_>>() {
            let (made, of_pairs) = made?;
            drop(of_pairs);
            for batch in made {
                held.grow(batch.size_bytes())?;
                batches.push(batch);
            }
        }
        Ok(())
    };
    drive(&execution.guard, branches, Pace::Full, work, |mut probed: Probed| {
        for entry in &mut probed.entries {
            *entry = entry.filter(|entry| !std::mem::replace(&mut seen[*entry as usize], true));
        }
        waiting.push(probed);
        if waiting.len() >= rayon::current_num_threads() * WAITING_PER_THREAD {
            take(std::mem::take(&mut waiting))?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    take(waiting)?;
    Ok(vec![Branch::new(Base::Rows(Arc::new(Stored::new(batches, held))))])
}

/// The pairs of the rows of one batch, which are no more than there are rows on the right.
fn paired_at_once(
    execution: &Execution<'_>,
    pairing: &Pairing<'_>,
    probed: &Probed,
) -> Result<(Vec<Batch>, Held), Diagnostic> {
    let (mut made, mut held) = (Vec::new(), execution.account("`join`"));
    let flow = pairing.pair(&execution.guard, &probed.batch, &probed.entries, &mut |batch| {
        held.grow(batch.size_bytes())?;
        made.push(batch);
        Ok(ControlFlow::Continue(()))
    });
    flow.map(|_| (made, held))
}

/// Pairs all left rows, then adds the right rows that no left row matched.
fn with_unmatched<'a>(
    execution: &Execution<'a>,
    left: &Arc<Plan>,
    pairing: &Arc<Pairing<'a>>,
) -> Result<Vec<Branch<'a>>, Diagnostic> {
    let stage = BatchStage::Split(Arc::<Pairing<'a>>::clone(pairing));
    let branches = execution.staged(left, None, &stage)?;
    let mut held = execution.account("`join`");
    let mut batches = Vec::new();
    drive(&execution.guard, branches, Pace::Full, Ok, |batch: Batch| {
        held.grow(batch.size_bytes())?;
        batches.push(batch);
        Ok(ControlFlow::Continue(()))
    })?;
    for batch in pairing.unmatched(&missing(left)) {
        held.grow(batch.size_bytes())?;
        batches.push(batch);
    }
    Ok(vec![Branch::new(Base::Rows(Arc::new(Stored::new(batches, held))))])
}

/// What the columns of a plan hold where there is no row.
fn missing(plan: &Plan) -> Vec<Value> {
    plan.schema.iter().map(|field| Value::missing(field.kind)).collect()
}

/// Rows and the entries of their keys.
struct Probed {
    batch: Batch,
    entries: Vec<Option<u32>>,
}

impl Buffered for Probed {
    fn size_bytes(&self) -> usize {
        self.batch.size_bytes() + size_of_val(self.entries.as_slice())
    }
}
