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

use pipeline::Pace;

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
    /// Rows of steps that several others take, by address.
    shared: Mutex<HashMap<usize, (Arc<Plan>, Rows)>>,
    /// What lists of values hold that conditions look up, until the query ends.
    lists: Mutex<Vec<Held>>,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(guard: &Guard<'a>) -> Self {
        Self { guard: guard.clone(), shared: Mutex::default(), lists: Mutex::default() }
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
        let shared = Self::is_shared(plan);
        let address = Arc::as_ptr(plan).addr();
        if shared && let Some((_, rows)) = self.lock().get(&address) {
            return Ok(Arc::clone(rows));
        }
        let rows = self.breaker(plan)?;
        self.guard.proceed()?;
        if shared {
            self.lock().insert(address, (Arc::clone(plan), Arc::clone(&rows)));
        }
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

    /// Tells whether several steps take the rows of this one. A table is read again instead of being held.
    fn is_shared(plan: &Arc<Plan>) -> bool {
        Arc::strong_count(plan) > 1 && !matches!(plan.step, Step::Scan(_) | Step::Rows(_))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, (Arc<Plan>, Rows)>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, plan: &Arc<Plan>, pace: Pace, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        if let Step::Take { input, count } = &plan.step
            && !Self::is_shared(plan)
        {
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
        let mut held = self.account(match plan.step {
            Step::Take { .. } => "`take`",
            Step::Join { .. } => "`join`",
            _ => "the result of the query",
        });
        let mut batches = Vec::new();
        let mut keep = |batch: Batch| {
            held.grow(batch.size_bytes())?;
            batches.push(batch);
            Ok(ControlFlow::Continue(()))
        };
        if let Step::Take { input, count } = &plan.step {
            self.take(input, self.count(count)?, &mut keep)?;
        } else {
            let branches = self.compile_own(plan, None)?;
            self.drive(branches, Pace::Full, Ok, keep)?;
        }
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
            Scalar::Query(plan) => {
                let mut first = Value::Null;
                self.emit(&rewrite(plan), Pace::Careful, &mut |batch: Batch| {
                    first = batch.columns.first().map_or(Value::Null, |column| column.get(0).into_owned());
                    Ok(ControlFlow::Break(()))
                })?;
                Scalar::Constant(first)
            }
            Scalar::List(plan) => {
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
                self.lists.lock().unwrap_or_else(PoisonError::into_inner).push(held);
                Scalar::Constant(array_of(cells))
            }
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
