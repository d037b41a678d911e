//! Prepares scalars for a run: inner queries become their results, and what is the same for every row is computed once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use super::Execution;
use super::drive::Pace;
use super::evaluate::{Formula, evaluate};
use crate::batch::{Batch, values_bytes};
use crate::compare::Key;
use crate::convert;
use crate::error::Diagnostic;
use crate::function::operator::IN;
use crate::function::{Function, array_of};
use crate::limits::Held;
use crate::plan::{Plan, Scalar};
use crate::rewrite::rewrite;
use crate::value::{Type, Value};

impl<'a> Execution<'a> {
    /// Scalars that are computed for many batches.
    pub(super) fn formulas(&self, scalars: &[Scalar]) -> Result<Vec<Formula<'a>>, Diagnostic> {
        scalars.iter().map(|scalar| self.formula(scalar)).collect()
    }

    /// A scalar that is computed for many batches.
    pub(super) fn formula(&self, scalar: &Scalar) -> Result<Formula<'a>, Diagnostic> {
        Ok(Formula::new(self.prepare(scalar)?, &self.guard))
    }

    /// A number of rows.
    pub(super) fn count(&self, count: &Scalar) -> Result<usize, Diagnostic> {
        let count = convert::to_long(&self.single(count)?).unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// A value that is the same for every row.
    pub(super) fn single(&self, scalar: &Scalar) -> Result<Value, Diagnostic> {
        let row = Batch { columns: Vec::new(), row_count: 1 };
        let column = evaluate(&self.prepare(scalar)?, &row, &self.guard);
        self.guard.proceed()?;
        Ok(column.get(0).into_owned())
    }

    /// Replaces inner queries by their results.
    pub(super) fn prepare(&self, scalar: &Scalar) -> Result<Scalar, Diagnostic> {
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
