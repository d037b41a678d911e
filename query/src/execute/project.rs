//! Filters and computed columns as stages of a branch.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::branch::{BatchStage, Emit, MapBatch, SplitBatch};
use super::evaluate::{Formula, Pieces};
use super::select::{CompiledPredicate, RowSelection};
use crate::batch::{Batch, row_number};
use crate::error::Diagnostic;
use crate::limits::Guard;

/// Keeps the rows for which a condition is true.
pub(super) struct Filter<'a> {
    predicate: CompiledPredicate<'a>,
    /// Columns that are used further on; all if `None`.
    needed: Option<Vec<bool>>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(predicate: CompiledPredicate<'a>, needed: Option<Vec<bool>>) -> Self {
        Self { predicate, needed }
    }
}

impl MapBatch for Filter<'_> {
    fn map(&self, batch: Batch) -> Batch {
        let selected = self.predicate.select(&batch, RowSelection::All(row_number(batch.row_count)));
        match (selected, &self.needed) {
            (RowSelection::All(_), _) => batch,
            (RowSelection::Some(rows), Some(needed)) => batch.gather_needed(&rows, needed),
            (RowSelection::Some(rows), None) => batch.gather(&rows),
        }
    }
}

/// The stage that computes columns: it nests if their values may be much larger than those they are made of.
pub(super) fn projection(columns: Vec<Formula<'_>>) -> BatchStage<'_> {
    if columns.iter().any(Formula::is_large) {
        BatchStage::Split(Arc::new(LargeProjection { columns }))
    } else {
        BatchStage::Map(Arc::new(Projection { columns }))
    }
}

struct Projection<'a> {
    columns: Vec<Formula<'a>>,
}

impl MapBatch for Projection<'_> {
    fn map(&self, batch: Batch) -> Batch {
        project(&self.columns, &batch)
    }
}

struct LargeProjection<'a> {
    columns: Vec<Formula<'a>>,
}

impl SplitBatch for LargeProjection<'_> {
    fn split(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        if batch.row_count <= 1 {
            return self.hand_on(guard, project(&self.columns, batch), emit);
        }
        let mut pieces = Pieces::new(batch.row_count, guard);
        while let Some(made) = pieces.next(|rows| project(&self.columns, &batch.gather(rows))) {
            if self.hand_on(guard, made, emit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl LargeProjection<'_> {
    /// Hands on what was computed, and holds it meanwhile.
    fn hand_on(
        &self,
        guard: &Guard<'_>,
        made: Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        guard.proceed()?;
        let mut held = guard.memory.account("a computed column");
        let large = self.columns.iter().zip(&made.columns).filter(|(formula, _)| formula.is_large());
        held.grow(large.map(|(_, column)| column.size_bytes()).sum())?;
        emit(made)
    }
}

fn project(columns: &[Formula<'_>], batch: &Batch) -> Batch {
    let made = columns.iter().map(|column| column.column(batch)).collect();
    Batch { columns: made, row_count: batch.row_count }
}
