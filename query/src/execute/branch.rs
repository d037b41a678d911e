//! Owns a branch of a pipeline: where batches come from, and the stages that each of them goes through by itself.
//!
//! *Invariants*: 1. A batch goes through all stages before the next one is made, so that a stage that makes many rows of
//! one holds one batch of them. 2. Stages that make one batch of one are passed in a loop; the others nest on the stack of
//! a worker, and a branch counts them.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Stored;
use crate::ast::Span;
use crate::batch::Batch;
use crate::error::Diagnostic;
use crate::limits::Guard;
use crate::table::Parts;

/// What is done with each batch that a stage makes, and whether more are wanted.
pub(super) type Emit<'e> = dyn FnMut(Batch) -> Result<ControlFlow<()>, Diagnostic> + 'e;

/// A stage that makes one batch of one.
pub(super) trait MapBatch: Send + Sync {
    /// The batch made of one; its cells mean nothing when the query is to stop.
    fn map(&self, batch: Batch) -> Batch;
}

/// A stage that makes several batches of one, or accounts for what it makes until all stages behind it have taken it.
pub(super) trait SplitBatch: Send + Sync {
    /// Makes batches of one and hands each on before the next is made.
    fn split(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic>;
}

/// A step that looks at one batch at a time; branches share it.
#[derive(Clone)]
pub(super) enum BatchStage<'a> {
    Map(Arc<dyn MapBatch + 'a>),
    Split(Arc<dyn SplitBatch + 'a>),
}

impl BatchStage<'_> {
    /// Whether it takes a frame on the stack of a worker for each batch.
    pub(super) fn nests(&self) -> bool {
        matches!(self, Self::Split(_))
    }
}

/// Where rows come from, and what they go through.
pub(super) struct Branch<'a> {
    base: Base<'a>,
    stages: Vec<BatchStage<'a>>,
    /// How many of the stages nest.
    nested: usize,
}

impl<'a> Branch<'a> {
    pub(super) fn new(base: Base<'a>) -> Self {
        Self { base, stages: Vec::new(), nested: 0 }
    }

    /// Adds a stage behind the others.
    pub(super) fn push(&mut self, stage: &BatchStage<'a>) {
        self.nested += usize::from(stage.nests());
        self.stages.push(stage.clone());
    }

    pub(super) fn nested(&self) -> usize {
        self.nested
    }

    pub(super) fn stages(&self) -> &[BatchStage<'a>] {
        &self.stages
    }

    pub(super) fn base(&self) -> &Base<'a> {
        &self.base
    }

    pub(super) fn base_mut(&mut self) -> &mut Base<'a> {
        &mut self.base
    }
}

/// Where the rows of a branch come from.
pub(super) enum Base<'a> {
    Parts(Box<dyn Parts>),
    Rows(Arc<Stored>),
    /// Batches that can only be had in order.
    Stream(Box<dyn Iterator<Item = Result<Batch, Diagnostic>> + Send + Sync + 'a>),
}

impl Base<'_> {
    /// Number of parts; one that can only be read in order counts as none.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Parts(parts) => parts.count(),
            Self::Rows(rows) => rows.batches.len(),
            Self::Stream(_) => 0,
        }
    }

    pub(super) fn read(&self, part: usize) -> Result<Batch, Diagnostic> {
        match self {
            Self::Parts(parts) => {
                parts.read(part).map_err(|error| Diagnostic::of_table(Span::default(), error))
            }
            Self::Rows(rows) => Ok(rows.batches[part].clone()),
            Self::Stream(_) => unreachable!("a stream has no parts"),
        }
    }
}
