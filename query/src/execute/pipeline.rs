//! Plans cut into pipelines: parts of tables, or what a step holds, and the steps that each part goes through by itself.
//!
//! *Shape*: `compile` runs every step that must see all its rows before it gives one (they are *breakers*: group, sort,
//! the side of a join that is hashed, and what several steps share), and returns [`Branch`]es. `drive` takes their parts
//! in windows: the parts of a window are worked on in parallel, their results are handed over in order.

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::evaluate::Formula;
use super::expand::{Expansion, Parsing};
use super::join::Probe;
use super::select::{Predicate, Rows as Chosen};
use super::{Execution, Rows};
use crate::ast::Span;
use crate::batch::{Batch, row_number};
use crate::error::{Code, Diagnostic};
use crate::plan::{Plan, Scalar, Step};
use crate::table::Parts;

/// Parts that are worked on together, for each thread: enough that one slow part does not leave the others idle.
const PARTS_PER_THREAD: usize = 4;

/// Where rows come from, and what they go through.
pub(super) struct Branch {
    base: Base,
    stages: Vec<Arc<Stage>>,
}

impl Branch {
    pub(super) fn new(base: Base) -> Self {
        Self { base, stages: Vec::new() }
    }
}

/// Where the rows of a branch come from.
pub(super) enum Base {
    Parts(Box<dyn Parts>),
    Rows(Rows),
    /// Batches that can only be had in order.
    Stream(Box<dyn Iterator<Item = Result<Batch, Diagnostic>> + Send + Sync>),
}

impl Base {
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
                parts.read(part).map_err(|message| Diagnostic::new(Code::Invalid, Span::default(), message))
            }
            Self::Rows(rows) => Ok(rows.batches[part].clone()),
            Self::Stream(_) => unreachable!("a stream has no parts"),
        }
    }
}

/// A step that looks at one batch at a time.
pub(super) enum Stage {
    Filter {
        predicate: Predicate,
        /// Columns that are used further on; all when nothing is said.
        needed: Option<Vec<bool>>,
    },
    Project(Vec<Formula>),
    Expand(Expansion),
    Parse(Parsing),
    Probe(Probe),
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
enum Job {
    Part { branch: usize, part: usize },
    Batch { branch: usize, batch: Batch },
}

impl Execution<'_> {
    /// Prepares to give the rows of a plan, of which only some columns are needed.
    pub(super) fn compile(
        &self,
        plan: &Arc<Plan>,
        needed: Option<Vec<bool>>,
    ) -> Result<Vec<Branch>, Diagnostic> {
        self.limits.proceed()?;
        if Self::is_shared(plan) {
            return Ok(vec![Branch::new(Base::Rows(self.rows(plan)?))]);
        }
        self.compile_own(plan, needed)
    }

    /// As [`Execution::compile`], even if other steps take these rows too.
    pub(super) fn compile_own(
        &self,
        plan: &Arc<Plan>,
        needed: Option<Vec<bool>>,
    ) -> Result<Vec<Branch>, Diagnostic> {
        match &plan.step {
            Step::Scan(scan) => {
                let failed = |message| Diagnostic::new(Code::Invalid, Span::default(), message);
                let parts = scan.source.open(&scan.request).map_err(failed)?;
                Ok(vec![Branch::new(Base::Parts(parts))])
            }
            Step::Union(inputs) => {
                let branches = inputs.iter().map(|input| self.compile(input, needed.clone()));
                Ok(branches.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            Step::Filter { input, predicate } => {
                let predicate = Predicate::new(&self.prepare(predicate)?, self.now);
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
        stage: Stage,
    ) -> Result<Vec<Branch>, Diagnostic> {
        let mut branches = self.compile(input, needed)?;
        let stage = Arc::new(stage);
        for branch in &mut branches {
            branch.stages.push(Arc::clone(&stage));
        }
        Ok(branches)
    }

    pub(super) fn formulas(&self, scalars: &[Scalar]) -> Result<Vec<Formula>, Diagnostic> {
        scalars.iter().map(|scalar| Ok(Formula::new(self.prepare(scalar)?, self.now))).collect()
    }

    /// Works on every batch in parallel and hands the results over in order, a window at a time, until told to stop.
    pub(super) fn drive<T: Send>(
        &self,
        mut branches: Vec<Branch>,
        pace: Pace,
        work: impl Fn(Batch) -> Result<T, Diagnostic> + Sync,
        mut sink: impl FnMut(Vec<T>) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let threads = rayon::current_num_threads();
        let most = if pace == Pace::Full { threads * PARTS_PER_THREAD } else { threads };
        let mut width = if pace == Pace::Full { most } else { 1 };
        let mut next = (0, 0);
        loop {
            self.limits.proceed()?;
            let jobs = jobs(&mut branches, &mut next, width)?;
            if jobs.is_empty() {
                return Ok(());
            }
            let run = |job: Job| self.run(&branches, job, &work);
            // A thread that waits for others costs more than a small part.
            let made: Vec<Result<Vec<T>, Diagnostic>> = if jobs.len() == 1 {
                jobs.into_iter().map(run).collect()
            } else {
                jobs.into_par_iter().map(run).collect()
            };
            let made: Vec<Vec<T>> = made.into_iter().collect::<Result<_, _>>()?;
            if sink(made.into_iter().flatten().collect())?.is_break() {
                return Ok(());
            }
            width = (width * 2).min(most);
        }
    }

    fn run<T>(
        &self,
        branches: &[Branch],
        job: Job,
        work: &(impl Fn(Batch) -> Result<T, Diagnostic> + Sync),
    ) -> Result<Vec<T>, Diagnostic> {
        self.limits.proceed()?;
        let (branch, batch) = match job {
            Job::Part { branch, part } => (&branches[branch], branches[branch].base.read(part)?),
            Job::Batch { branch, batch } => (&branches[branch], batch),
        };
        let mut batches = vec![batch];
        for stage in &branch.stages {
            let mut next = Vec::with_capacity(batches.len());
            for batch in batches.into_iter().filter(|batch| batch.row_count > 0) {
                self.limits.proceed()?;
                stage.apply(self, batch, &mut next)?;
            }
            batches = next;
        }
        batches.into_iter().filter(|batch| batch.row_count > 0).map(work).collect()
    }
}

/// The next so many parts; `next` is the branch and its part that comes after them.
fn jobs(branches: &mut [Branch], next: &mut (usize, usize), width: usize) -> Result<Vec<Job>, Diagnostic> {
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
pub(super) fn used<'f>(width: usize, formulas: impl IntoIterator<Item = &'f Formula>) -> Vec<bool> {
    let mut used = vec![false; width];
    for formula in formulas {
        formula.columns(&mut |column| used[column] = true);
    }
    used
}

impl Stage {
    fn apply(
        &self,
        execution: &Execution<'_>,
        batch: Batch,
        made: &mut Vec<Batch>,
    ) -> Result<(), Diagnostic> {
        match self {
            Self::Filter { predicate, needed } => {
                match predicate.select(&batch, Chosen::All(row_number(batch.row_count))) {
                    Chosen::All(_) => made.push(batch),
                    Chosen::Some(rows) => made.push(match needed {
                        Some(needed) => batch.gather_needed(&rows, needed),
                        None => batch.gather(&rows),
                    }),
                }
            }
            Self::Project(columns) => {
                let columns = columns.iter().map(|column| column.column(&batch)).collect();
                made.push(Batch { columns, row_count: batch.row_count });
            }
            Self::Expand(expansion) => expansion.apply(execution, &batch, made)?,
            Self::Parse(parsing) => made.push(parsing.apply(&batch)),
            Self::Probe(probe) => probe.apply(execution, &batch, made)?,
        }
        Ok(())
    }
}
