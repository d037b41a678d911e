//! Plans cut into pipelines: parts of tables, or what a step holds, and the steps that each part goes through by itself.
//!
//! *Shape*: `compile` runs every step that must see all its rows before it gives one (they are *breakers*: group, sort,
//! the side of a join that is hashed, and what several steps share), and returns [`Branch`]es. `drive` takes their parts
//! in windows: the parts of a window are worked on in parallel, their results are handed over in order.
//!
//! *Invariants*: 1. A batch goes through all stages before the next one is made, so that a stage that makes many rows of
//! one holds one batch of them. Stages that make one batch of one are passed in a loop, the others nest, and at most
//! `NESTED_MAX` of them do. 2. What a batch holds is on an account until the last stage has taken it, and so is what
//! is made of it until it is handed over. 3. No batch is handed over that was computed after the query was to stop.

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::evaluate::{Formula, Pieces, unmeasured};
use super::expand::{Expansion, Parsing};
use super::join::Probe;
use super::select::{Predicate, Rows as Chosen};
use super::{Execution, Rows};
use crate::ast::Span;
use crate::batch::{Batch, row_number};
use crate::error::{Code, Diagnostic};
use crate::limits::Held;
use crate::plan::{Plan, Scalar, Step};
use crate::table::Parts;

/// Parts that are worked on together, for each thread: enough that one slow part does not leave the others idle.
const PARTS_PER_THREAD: usize = 4;

/// Most stages of a branch that nest in one another, on the stack of a worker; rows that go through more are held between.
const NESTED_MAX: usize = if cfg!(test) { 12 } else { 48 };

/// Where rows come from, and what they go through.
pub(super) struct Branch<'a> {
    base: Base<'a>,
    stages: Vec<Arc<Stage<'a>>>,
    /// How many of the stages nest.
    nested: usize,
}

impl<'a> Branch<'a> {
    pub(super) fn new(base: Base<'a>) -> Self {
        Self { base, stages: Vec::new(), nested: 0 }
    }

    /// Adds a step to those that each batch goes through.
    fn push(&mut self, stage: &Arc<Stage<'a>>) {
        self.nested += usize::from(stage.nests());
        self.stages.push(Arc::clone(stage));
    }
}

/// Where the rows of a branch come from.
pub(super) enum Base<'a> {
    Parts(Box<dyn Parts>),
    Rows(Rows),
    /// Batches that can only be had in order.
    Stream(Box<dyn Iterator<Item = Result<Batch, Diagnostic>> + Send + Sync + 'a>),
}

impl Base<'_> {
    /// Number of parts; one that can only be read in order counts as none.
    fn count(&self) -> usize {
        match self {
            Self::Parts(parts) => parts.count(),
            Self::Rows(rows) => rows.batches.len(),
            Self::Stream(_) => 0,
        }
    }

    fn read(&self, part: usize) -> Result<Batch, Diagnostic> {
        match self {
            Self::Parts(parts) => {
                parts.read(part).map_err(|error| Diagnostic::of_table(Span::default(), error))
            }
            Self::Rows(rows) => Ok(rows.batches[part].clone()),
            Self::Stream(_) => unreachable!("a stream has no parts"),
        }
    }
}

/// A step that looks at one batch at a time.
pub(super) enum Stage<'a> {
    Filter {
        predicate: Predicate<'a>,
        /// Columns that are used further on; all when nothing is said.
        needed: Option<Vec<bool>>,
    },
    Project(Vec<Formula<'a>>),
    Expand(Expansion<'a>),
    Parse(Parsing<'a>),
    Probe(Probe<'a>),
}

/// What is done with each batch that a stage makes, and whether more are wanted.
pub(super) type Emit<'e> = dyn FnMut(Batch) -> Result<ControlFlow<()>, Diagnostic> + 'e;

/// What waits for those before it to be handed over.
pub(super) trait Waits: Send {
    /// About how many bytes it holds.
    fn size_bytes(&self) -> usize;
}

impl Waits for Batch {
    fn size_bytes(&self) -> usize {
        Batch::size_bytes(self)
    }
}

/// How many parts are read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As many as keep all threads busy.
    Full,
    /// One, then more: perhaps the first rows are enough.
    Careful,
}

/// A part to work on.
#[derive(Clone)]
enum Job {
    Part { branch: usize, part: usize },
    Batch { branch: usize, batch: Batch },
}

impl<'a> Execution<'a> {
    /// Prepares to give the rows of a plan, of which only some columns are needed.
    pub(super) fn compile(
        &self,
        plan: &Arc<Plan>,
        needed: Option<Vec<bool>>,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        self.guard.proceed()?;
        match &plan.step {
            Step::Shared { id, input } => Ok(vec![Branch::new(Base::Rows(self.shared_rows(*id, input)?))]),
            Step::Scan(scan) => {
                let failed = |error| Diagnostic::of_table(Span::default(), error);
                let parts = scan.source.open(&scan.request).map_err(failed)?;
                Ok(vec![Branch::new(Base::Parts(parts))])
            }
            Step::Range { from, to, step } => Ok(vec![Branch::new(self.range(from, to, step)?)]),
            Step::Union(inputs) => {
                let branches = inputs.iter().map(|input| self.compile(input, needed.clone()));
                Ok(branches.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            Step::Filter { input, predicate } => {
                let predicate = Predicate::new(&self.prepare(predicate)?, &self.guard);
                let below = needed.clone().map(|mut needed| {
                    predicate.columns(&mut |column| needed[column] = true);
                    needed
                });
                self.staged(input, below, Stage::Filter { predicate, needed })
            }
            Step::Project { input, columns } => {
                let columns = self.formulas(columns)?;
                let needed = used(input.schema.len(), &columns);
                self.staged(input, Some(needed), Stage::Project(columns))
            }
            Step::Expand { input, expand } => {
                let expansion = self.expansion(expand, plan.schema.len())?;
                self.staged(input, None, Stage::Expand(expansion))
            }
            Step::Parse { input, parse } => {
                let parsing = self.parsing(parse, plan.schema.len())?;
                self.staged(input, None, Stage::Parse(parsing))
            }
            Step::Join { left, right, join } => self.compile_join(left, right, join),
            Step::Sort { input, keys, limit } => {
                let base = self.sort(input, keys, limit.as_ref(), plan.schema.len())?;
                Ok(vec![Branch::new(base)])
            }
            _ => Ok(vec![Branch::new(Base::Rows(self.breaker(plan)?))]),
        }
    }

    /// Adds a step to what comes before it.
    pub(super) fn staged(
        &self,
        input: &Arc<Plan>,
        needed: Option<Vec<bool>>,
        stage: Stage<'a>,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        self.through(self.compile(input, needed)?, &Arc::new(stage))
    }

    /// Adds a step to those that the batches of some branches go through.
    pub(super) fn through(
        &self,
        mut branches: Vec<Branch<'a>>,
        stage: &Arc<Stage<'a>>,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        if stage.nests() && branches.iter().any(|branch| branch.nested >= NESTED_MAX) {
            branches = vec![Branch::new(Base::Rows(self.hold(branches, "the steps of the query")?))];
        }
        for branch in &mut branches {
            branch.push(stage);
        }
        Ok(branches)
    }

    pub(super) fn formulas(&self, scalars: &[Scalar]) -> Result<Vec<Formula<'a>>, Diagnostic> {
        scalars.iter().map(|scalar| Ok(Formula::new(self.prepare(scalar)?, &self.guard))).collect()
    }

    /// Works on every batch in parallel and hands the results over in order, a window at a time, until told to stop.
    pub(super) fn drive<T: Waits>(
        &self,
        mut branches: Vec<Branch<'a>>,
        pace: Pace,
        work: impl Fn(Batch) -> Result<T, Diagnostic> + Sync,
        mut sink: impl FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let threads = rayon::current_num_threads();
        let most = if pace == Pace::Full { threads * PARTS_PER_THREAD } else { threads };
        let mut width = if pace == Pace::Full { most } else { 1 };
        let mut next = (0, 0);
        loop {
            self.guard.proceed()?;
            let jobs = jobs(&mut branches, &mut next, width)?;
            if jobs.is_empty() {
                return Ok(());
            }
            if self.window(&branches, jobs, &work, &mut sink)?.is_break() {
                return Ok(());
            }
            width = (width * 2).min(most);
        }
    }

    fn window<T: Waits>(
        &self,
        branches: &[Branch<'a>],
        jobs: Vec<Job>,
        work: &(impl Fn(Batch) -> Result<T, Diagnostic> + Sync),
        sink: &mut impl FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        // A thread that waits for others costs more than a small part.
        if jobs.len() > 1 {
            let run = |job: &Job| self.run_waiting(branches, job.clone(), work);
            let made: Result<Vec<_>, Diagnostic> =
                jobs.par_iter().map(run).collect::<Vec<_>>().into_iter().collect();
            match made {
                Ok(made) => {
                    // Whoever takes the results has accounts of its own.
                    let made: Vec<Vec<T>> = made.into_iter().map(|(made, _held)| made).collect();
                    return made.into_iter().flatten().try_fold(ControlFlow::Continue(()), |flow, made| {
                        if flow.is_break() { Ok(flow) } else { sink(made) }
                    });
                }
                // The results of all these parts, or what is made on the way to them, do not fit into memory together:
                // perhaps those of one after the other.
                Err(error) if error.code == Code::Limit && self.guard.begin_again() => {}
                Err(error) => return Err(error),
            }
        }
        for job in jobs {
            if self.run(branches, job, &mut |batch| sink(work(batch)?))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Works on a part while others are worked on.
    fn run_waiting<T: Waits>(
        &self,
        branches: &[Branch<'a>],
        job: Job,
        work: &impl Fn(Batch) -> Result<T, Diagnostic>,
    ) -> Result<(Vec<T>, Held), Diagnostic> {
        let mut held = self.account("the steps of the query that are worked on together");
        let mut made = Vec::new();
        let flow = self.run(branches, job, &mut |batch| {
            let one = work(batch)?;
            held.grow(one.size_bytes())?;
            made.push(one);
            Ok(ControlFlow::Continue(()))
        })?;
        debug_assert!(flow.is_continue(), "nothing here asks for fewer rows");
        Ok((made, held))
    }

    fn run(
        &self,
        branches: &[Branch<'a>],
        job: Job,
        sink: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        self.guard.proceed()?;
        let (branch, batch) = match job {
            Job::Part { branch, part } => (&branches[branch], branches[branch].base.read(part)?),
            Job::Batch { branch, batch } => (&branches[branch], batch),
        };
        self.pass(&branch.stages, batch, sink)
    }

    /// Takes a batch through the stages that are left for it.
    fn pass(
        &self,
        mut stages: &[Arc<Stage<'a>>],
        mut batch: Batch,
        sink: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        loop {
            self.guard.proceed()?;
            if batch.row_count == 0 {
                return Ok(ControlFlow::Continue(()));
            }
            let Some((stage, behind)) = stages.split_first() else {
                let flow = sink(batch)?;
                self.guard.proceed()?;
                return Ok(flow);
            };
            if stage.nests() {
                return stage.apply(self, batch, &mut |made| self.pass(behind, made, sink));
            }
            batch = stage.one(batch);
            stages = behind;
        }
    }
}

/// The next so many parts; `next` is the branch and its part that comes after them.
fn jobs(
    branches: &mut [Branch<'_>],
    next: &mut (usize, usize),
    width: usize,
) -> Result<Vec<Job>, Diagnostic> {
    let mut jobs = Vec::with_capacity(width);
    while jobs.len() < width && next.0 < branches.len() {
        let (branch, part) = *next;
        let base = &mut branches[branch].base;
        let job = match base {
            Base::Stream(stream) => stream.next().transpose()?.map(|batch| Job::Batch { branch, batch }),
            base => (part < base.count()).then_some(Job::Part { branch, part }),
        };
        *next = if job.is_some() { (branch, part + 1) } else { (branch + 1, 0) };
        jobs.extend(job);
    }
    Ok(jobs)
}

/// The columns that some formulas look at.
pub(super) fn used<'f, 'a: 'f>(
    width: usize,
    formulas: impl IntoIterator<Item = &'f Formula<'a>>,
) -> Vec<bool> {
    let mut used = vec![false; width];
    for formula in formulas {
        formula.columns(&mut |column| used[column] = true);
    }
    used
}

fn project(columns: &[Formula<'_>], batch: &Batch) -> Batch {
    let made = columns.iter().map(|column| column.column(batch)).collect();
    Batch { columns: made, row_count: batch.row_count }
}

/// Hands on what was computed, and holds it meanwhile.
fn hand_on(
    execution: &Execution<'_>,
    columns: &[Formula<'_>],
    made: Batch,
    emit: &mut Emit<'_>,
) -> Result<ControlFlow<()>, Diagnostic> {
    execution.guard.proceed()?;
    let mut held = execution.account("a computed column");
    let large = columns.iter().zip(&made.columns).filter(|(formula, _)| formula.is_large());
    held.grow(large.map(|(_, column)| column.size_bytes()).sum())?;
    emit(made)
}

impl<'a> Stage<'a> {
    /// Whether it makes several batches of one, or counts what it makes until all behind it have taken it.
    fn nests(&self) -> bool {
        match self {
            Self::Filter { .. } | Self::Parse(_) => false,
            Self::Project(columns) => columns.iter().any(Formula::is_large),
            Self::Expand(_) => true,
            Self::Probe(probe) => probe.makes_pairs(),
        }
    }

    /// The batch that a stage which does not nest makes of one; without meaning when the query is to stop.
    fn one(&self, batch: Batch) -> Batch {
        match self {
            Self::Filter { predicate, needed } => {
                let chosen = predicate.select(&batch, Chosen::All(row_number(batch.row_count)));
                match (chosen, needed) {
                    (Chosen::All(_), _) => batch,
                    (Chosen::Some(rows), Some(needed)) => batch.gather_needed(&rows, needed),
                    (Chosen::Some(rows), None) => batch.gather(&rows),
                }
            }
            Self::Project(columns) => project(columns, &batch),
            Self::Parse(parsing) => parsing.apply(&batch),
            Self::Probe(probe) => probe.kept(batch),
            Self::Expand(_) => batch,
        }
    }

    fn apply(
        &self,
        execution: &Execution<'a>,
        batch: Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        match self {
            Self::Project(columns) if batch.row_count > 1 => {
                let mut pieces = Pieces::new(batch.row_count, &execution.guard);
                while let Some(made) = pieces.next(|rows| project(columns, &batch.gather(rows))) {
                    if hand_on(execution, columns, made, emit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            }
            Self::Project(columns) => hand_on(execution, columns, project(columns, &batch), emit),
            Self::Expand(expansion) if batch.row_count > 1 && expansion.is_large() => {
                let mut pieces = Pieces::new(batch.row_count, &execution.guard);
                let mut emit = |made: Batch| unmeasured(|| emit(made));
                while let Some(flow) =
                    pieces.next(|rows| expansion.apply(execution, &batch.gather(rows), &mut emit))
                {
                    if flow?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            }
            Self::Expand(expansion) => expansion.apply(execution, &batch, emit),
            Self::Probe(probe) => probe.pair_all(execution, &batch, emit),
            Self::Filter { .. } | Self::Parse(_) => emit(self.one(batch)),
        }
    }
}
