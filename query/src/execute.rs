//! Plans to rows: pipelines on all cores, the same rows in the same order however many there are.
//!
//! *Shape*: this file runs what must see all rows and computes what is the same for all; `execute/pipeline.rs` cuts a
//! plan into pipelines and drives them; `execute/{evaluate,select,search}.rs` compute values and conditions;
//! `execute/{group,join,sort,expand,range}.rs` are the larger steps, `execute/keys.rs` and `execute/hash.rs` what they
//! share, `execute/spill.rs` what does not fit into memory.
//!
//! *Invariants*: 1. The number of threads shows nowhere in a result, nor does how a table is cut into
//! parts. 2. No thread waits for another while it computes what others wait for.

mod evaluate;
mod expand;
mod group;
mod hash;
mod join;
mod keys;
mod order;
mod pipeline;
mod range;
mod search;
mod select;
mod sort;
mod spill;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline::{Branch, Pace};

pub(crate) use evaluate::constant;

use crate::batch::{Batch, row_number, values_bytes};
use crate::compare::Key;
use crate::convert;
use crate::error::Diagnostic;
use crate::function::operator::IN;
use crate::function::{Function, array_of};
use crate::limits::{Guard, Held};
use crate::plan::{Plan, Scalar, Step};
use crate::rewrite::rewrite;
use crate::value::{Type, Value};

/// Rows that a step holds for those after it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) batches: Vec<Batch>,
    /// Gives the memory back once nobody needs the rows.
    _held: Held,
}

impl Stored {
    fn new(batches: Vec<Batch>, held: Held) -> Self {
        Self { batches, _held: held }
    }
}

/// Rows that several steps may take.
type Rows = Arc<Stored>;

/// What is done with a batch of the result, and whether more are wanted.
type Sink<'s> = dyn FnMut(Batch) -> Result<ControlFlow<()>, Diagnostic> + 's;

/// One run of one query.
pub(crate) struct Execution<'a> {
    guard: Guard<'a>,
    /// Rows of shared steps that were computed, by their numbers.
    shared: Mutex<HashMap<u32, Rows>>,
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
    pub(crate) fn rows(&self, plan: &Arc<Plan>) -> Result<Rows, Diagnostic> {
        if let Step::Shared { id, input } = &plan.step {
            return self.shared_rows(*id, input);
        }
        let rows = self.breaker(plan)?;
        self.guard.proceed()?;
        Ok(rows)
    }

    /// The rows of a shared step, computed when the first step takes them.
    fn shared_rows(&self, id: u32, input: &Arc<Plan>) -> Result<Rows, Diagnostic> {
        let lock = || self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&id).map(Arc::clone);
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = self.rows(input)?;
        lock().insert(id, Arc::clone(&rows));
        Ok(rows)
    }

    /// Gives the rows of a plan, batch after batch, until told to stop.
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
        self.drive(branches, pace, Ok, sink)
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
    fn breaker(&self, plan: &Arc<Plan>) -> Result<Rows, Diagnostic> {
        let batches = match &plan.step {
            Step::Rows(batches) => batches.clone(),
            Step::Print(scalars) => {
                let row = Batch { columns: Vec::new(), row_count: 1 };
                let columns = self.formulas(scalars)?.iter().map(|scalar| scalar.column(&row)).collect();
                self.guard.proceed()?;
                vec![Batch { columns, row_count: 1 }]
            }
            Step::Group { input, keys, aggregates } => {
                return self.group(input, keys, aggregates, plan.schema.len());
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
    fn collect(&self, plan: &Arc<Plan>) -> Result<Rows, Diagnostic> {
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
    fn hold(&self, branches: Vec<Branch<'a>>, step: &'static str) -> Result<Rows, Diagnostic> {
        let (mut held, mut batches) = (self.account(step), Vec::new());
        self.drive(branches, Pace::Full, Ok, |batch: Batch| {
            held.grow(batch.size_bytes())?;
            batches.push(batch);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Arc::new(Stored::new(batches, held)))
    }

    /// A number of rows.
    fn count(&self, count: &Scalar) -> Result<usize, Diagnostic> {
        let count = convert::to_long(&self.single(count)?).unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// A value that is the same for every row.
    fn single(&self, scalar: &Scalar) -> Result<Value, Diagnostic> {
        let row = Batch { columns: Vec::new(), row_count: 1 };
        let column = evaluate::evaluate(&self.prepare(scalar)?, &row, &self.guard);
        self.guard.proceed()?;
        Ok(column.get(0).into_owned())
    }

    /// Puts the results of inner queries in their place.
    fn prepare(&self, scalar: &Scalar) -> Result<Scalar, Diagnostic> {
        Ok(match scalar {
            Scalar::Query { id, plan } => Scalar::Constant(self.once(*id, || self.first_value(plan))?),
            Scalar::List { id, plan } => Scalar::Constant(self.once(*id, || self.all_values(plan))?),
            Scalar::Call { function, arguments, kinds, kind, depth } => {
                let arguments =
                    arguments.iter().map(|argument| self.prepare(argument)).collect::<Result<Vec<_>, _>>()?;
                member(function, &arguments, kinds).unwrap_or_else(|| Scalar::Call {
                    function,
                    arguments,
                    kinds: kinds.clone(),
                    kind: *kind,
                    depth: *depth,
                })
            }
            other => other.clone(),
        })
    }

    /// The result of a query inside a value.
    fn once(
        &self,
        id: u32,
        compute: impl FnOnce() -> Result<(Value, Option<Held>), Diagnostic>,
    ) -> Result<Value, Diagnostic> {
        let lock = || self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&id).map(|(value, _)| value.clone());
        if let Some(value) = known {
            return Ok(value);
        }
        let (value, held) = compute()?;
        lock().insert(id, (value.clone(), held));
        Ok(value)
    }

    fn first_value(&self, plan: &Arc<Plan>) -> Result<(Value, Option<Held>), Diagnostic> {
        let mut first = Value::Null;
        self.emit(&rewrite(plan), Pace::Careful, &mut |batch: Batch| {
            first = batch.columns.first().map_or(Value::Null, |column| column.get(0).into_owned());
            Ok(ControlFlow::Break(()))
        })?;
        Ok((first, None))
    }

    fn all_values(&self, plan: &Arc<Plan>) -> Result<(Value, Option<Held>), Diagnostic> {
        let mut held = self.account("a list of values");
        let mut cells = Vec::new();
        self.emit(&rewrite(plan), Pace::Full, &mut |batch: Batch| {
            if let Some(column) = batch.columns.first() {
                let from = cells.len();
                cells.extend((0..batch.row_count).map(|row| column.get(row)).map(Cow::into_owned));
                // The values, and what finds them.
                held.grow(2 * values_bytes(&cells[from..]))?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((array_of(cells), Some(held)))
    }
}

/// `in` with many constants of the type of the value becomes a look-up.
fn member(function: &'static Function, arguments: &[Scalar], kinds: &[Type]) -> Option<Scalar> {
    let (value, list) = arguments.split_first()?;
    let kind = *kinds.first()?;
    let exact = matches!(kind, Type::String | Type::Long | Type::Int | Type::Datetime | Type::Guid);
    if !std::ptr::eq(function, &raw const IN) || !exact {
        return None;
    }
    let mut set = HashSet::new();
    for element in list {
        let Scalar::Constant(element) = element else { return None };
        let elements = match element {
            Value::Array(elements) => elements.as_slice(),
            element => std::slice::from_ref(element),
        };
        for element in elements {
            let fits = match element {
                Value::Null => continue,
                Value::String(_) => kind == Type::String,
                Value::Long(_) => matches!(kind, Type::Long | Type::Int),
                Value::Datetime(_) => kind == Type::Datetime,
                Value::Guid(_) => kind == Type::Guid,
                _ => false,
            };
            if !fits {
                return None;
            }
            set.insert(Key(vec![element.clone()]));
        }
    }
    (set.len() > 4).then(|| Scalar::Member { value: Box::new(value.clone()), set: Arc::new(set) })
}

#[cfg(test)]
mod tests;
