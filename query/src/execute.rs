//! Plans to rows: pipelines on all cores, the same rows in the same order however many there are.
//!
//! *Shape*: this file cuts a plan into branches, and runs the steps that must see all their rows before they give one
//! (*breakers*: group, sort, the side of a join that is hashed, and what several steps share). `execute/branch.rs` is a
//! branch and the traits of its stages, `execute/drive.rs` drives branches in parallel. `execute/prepare.rs` computes what
//! is the same for every row; `execute/{evaluate,select,search}.rs` compute values and conditions;
//! `execute/{project,group,join,sort,expand,range}.rs` are the steps, `execute/keys.rs` and `execute/hash.rs` what they
//! share, `execute/spill.rs` what does not fit into memory.
//!
//! *Invariants*: 1. The number of threads shows nowhere in a result, nor does how a table is cut into
//! parts. 2. No thread waits for another while it computes what others wait for. 3. At most `NESTED_MAX` stages of a
//! branch nest.

mod branch;
mod drive;
mod evaluate;
mod expand;
mod group;
mod hash;
mod join;
mod keys;
mod order;
mod prepare;
mod project;
mod range;
mod search;
mod select;
mod sort;
mod spill;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use branch::{Base, BatchStage, Branch};
use drive::{Pace, drive};
use evaluate::used;
use expand::{Expansion, Parsing};
use project::{Filter, projection};
use select::CompiledPredicate;

pub(crate) use evaluate::constant;

use crate::ast::Span;
use crate::batch::{Batch, row_number};
use crate::error::Diagnostic;
use crate::limits::{Guard, Held};
use crate::plan::{Plan, Step};
use crate::value::Value;

/// Most stages of a branch that nest in one another, on the stack of a worker; rows that go through more are held between.
const NESTED_MAX: usize = if cfg!(test) { 12 } else { 48 };

/// Rows that a step holds for those after it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) batches: Vec<Batch>,
    /// Returns the memory when the rows are dropped.
    _held: Held,
}

impl Stored {
    fn new(batches: Vec<Batch>, held: Held) -> Self {
        Self { batches, _held: held }
    }
}

/// What is done with a batch of the result, and whether more are wanted.
type Sink<'s> = dyn FnMut(Batch) -> Result<ControlFlow<()>, Diagnostic> + 's;

/// One run of one query.
pub(crate) struct Execution<'a> {
    guard: Guard<'a>,
    /// Rows of shared steps that were computed, by their numbers.
    shared: Mutex<HashMap<u32, Arc<Stored>>>,
    /// Results of queries inside values, by their numbers, and what they hold until the query ends.
    values: Mutex<HashMap<u32, (Value, Option<Held>)>>,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(guard: &Guard<'a>) -> Self {
        Self { guard: guard.clone(), shared: Mutex::default(), values: Mutex::default() }
    }

    /// Starts the account of a step, by the name that a finding gives it.
    fn account(&self, step: &'static str) -> Held {
        self.guard.memory.account(step)
    }

    /// Computes all rows of a plan.
    ///
    /// # Errors
    /// When a table cannot be read, or a limit is reached.
    pub(crate) fn rows(&self, plan: &Arc<Plan>) -> Result<Arc<Stored>, Diagnostic> {
        if let Step::Shared { id, input } = &plan.step {
            return self.shared_rows(*id, input);
        }
        let rows = self.breaker(plan)?;
        self.guard.proceed()?;
        Ok(rows)
    }

    /// The rows of a shared step, computed when the first step takes them.
    fn shared_rows(&self, id: u32, input: &Arc<Plan>) -> Result<Arc<Stored>, Diagnostic> {
        let lock = || self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&id).map(Arc::clone);
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = self.rows(input)?;
        lock().insert(id, Arc::clone(&rows));
        Ok(rows)
    }

    /// Gives the rows of a plan, batch after batch, until the sink breaks.
    ///
    /// # Errors
    /// As [`Execution::rows`], and whatever the sink says.
    pub(crate) fn stream(&self, plan: &Arc<Plan>, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        self.emit(plan, Pace::Careful, sink)?;
        self.guard.proceed()
    }

    fn emit(&self, plan: &Arc<Plan>, pace: Pace, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        if let Step::Take { input, count } = &plan.step {
            return self.take(input, self.count(count)?, sink);
        }
        let branches = self.compile(plan, None)?;
        drive(&self.guard, branches, pace, Ok, sink)
    }

    /// Stops reading once there are enough rows.
    fn take(&self, input: &Arc<Plan>, count: usize, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        let mut left = count;
        if left == 0 {
            return Ok(());
        }
        self.emit(input, Pace::Careful, &mut |batch: Batch| {
            let batch = if batch.row_count > left {
                let rows: Vec<u32> = (0..row_number(left)).collect();
                batch.gather(&rows)
            } else {
                batch
            };
            left -= batch.row_count;
            let flow = sink(batch)?;
            Ok(if left == 0 { ControlFlow::Break(()) } else { flow })
        })
    }

    /// Computes all rows of a step, whether or not they could be had one after the other.
    fn breaker(&self, plan: &Arc<Plan>) -> Result<Arc<Stored>, Diagnostic> {
        let batches = match &plan.step {
            Step::Rows(batches) => batches.clone(),
            Step::Print(scalars) => {
                let row = Batch { columns: Vec::new(), row_count: 1 };
                let columns = self.formulas(scalars)?.iter().map(|scalar| scalar.column(&row)).collect();
                self.guard.proceed()?;
                vec![Batch { columns, row_count: 1 }]
            }
            Step::Group { input, keys, aggregates } => {
                return group::rows(self, input, keys, aggregates, plan.schema.len());
            }
            _ => return self.collect(plan),
        };
        let mut held = self.account("the query");
        if !matches!(plan.step, Step::Rows(_)) {
            held.grow(batches.iter().map(Batch::size_bytes).sum())?;
        }
        Ok(Arc::new(Stored::new(batches, held)))
    }

    /// Holds all rows of a step.
    fn collect(&self, plan: &Arc<Plan>) -> Result<Arc<Stored>, Diagnostic> {
        if let Step::Take { input, count } = &plan.step {
            let (mut held, mut batches) = (self.account("`take`"), Vec::new());
            self.take(input, self.count(count)?, &mut |batch: Batch| {
                held.grow(batch.size_bytes())?;
                batches.push(batch);
                Ok(ControlFlow::Continue(()))
            })?;
            return Ok(Arc::new(Stored::new(batches, held)));
        }
        let step = if matches!(plan.step, Step::Join { .. }) { "`join`" } else { "the result of the query" };
        self.hold(self.compile(plan, None)?, step)
    }

    /// Holds all rows that come through some branches, on the account of a step.
    fn hold(&self, branches: Vec<Branch<'a>>, step: &'static str) -> Result<Arc<Stored>, Diagnostic> {
        let (mut held, mut batches) = (self.account(step), Vec::new());
        drive(&self.guard, branches, Pace::Full, Ok, |batch: Batch| {
            held.grow(batch.size_bytes())?;
            batches.push(batch);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Arc::new(Stored::new(batches, held)))
    }

    /// Prepares to give the rows of a plan, of which only some columns are needed.
    fn compile(&self, plan: &Arc<Plan>, needed: Option<Vec<bool>>) -> Result<Vec<Branch<'a>>, Diagnostic> {
        self.guard.proceed()?;
        match &plan.step {
            Step::Shared { id, input } => Ok(vec![Branch::new(Base::Rows(self.shared_rows(*id, input)?))]),
            Step::Scan(scan) => {
                let failed = |error| Diagnostic::of_table(Span::default(), error);
                let parts = scan.source.open(&scan.request).map_err(failed)?;
                Ok(vec![Branch::new(Base::Parts(parts))])
            }
            Step::Range { from, to, step } => Ok(vec![Branch::new(range::base(self, from, to, step)?)]),
            Step::Union(inputs) => {
                let branches = inputs.iter().map(|input| self.compile(input, needed.clone()));
                Ok(branches.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            Step::Filter { input, predicate } => {
                let predicate = CompiledPredicate::new(&self.prepare(predicate)?, &self.guard);
                let below = needed.clone().map(|mut needed| {
                    predicate.columns(&mut |column| needed[column] = true);
                    needed
                });
                self.staged(input, below, &BatchStage::Map(Arc::new(Filter::new(predicate, needed))))
            }
            Step::Project { input, columns } => {
                let columns = self.formulas(columns)?;
                let needed = used(input.schema.len(), &columns);
                self.staged(input, Some(needed), &projection(columns))
            }
            Step::Expand { input, expand } => {
                let expansion = Expansion::new(self, expand, plan.schema.len())?;
                self.staged(input, None, &BatchStage::Split(Arc::new(expansion)))
            }
            Step::Parse { input, parse } => {
                let parsing = Parsing::new(self, parse, plan.schema.len())?;
                self.staged(input, None, &BatchStage::Map(Arc::new(parsing)))
            }
            Step::Join { left, right, join } => join::branches(self, left, right, join),
            Step::Sort { input, keys, limit } => {
                let base = sort::base(self, input, keys, limit.as_ref(), plan.schema.len())?;
                Ok(vec![Branch::new(base)])
            }
            _ => Ok(vec![Branch::new(Base::Rows(self.breaker(plan)?))]),
        }
    }

    /// The branches of an input, with one more stage.
    fn staged(
        &self,
        input: &Arc<Plan>,
        needed: Option<Vec<bool>>,
        stage: &BatchStage<'a>,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        self.through(self.compile(input, needed)?, stage)
    }

    /// Adds a stage that the batches of some branches go through.
    fn through(
        &self,
        mut branches: Vec<Branch<'a>>,
        stage: &BatchStage<'a>,
    ) -> Result<Vec<Branch<'a>>, Diagnostic> {
        if stage.nests() && branches.iter().any(|branch| branch.nested() >= NESTED_MAX) {
            branches = vec![Branch::new(Base::Rows(self.hold(branches, "the steps of the query")?))];
        }
        for branch in &mut branches {
            branch.push(stage);
        }
        Ok(branches)
    }
}

#[cfg(test)]
mod tests;
