//! Plans to rows: a step at a time, batches in parallel, the same result in the same order.
//!
//! *Shape*: this file runs the plain steps and computes scalars; `execute/group.rs` groups,
//! `execute/join.rs` joins, `execute/expand.rs` makes rows and columns of what is inside cells.

mod expand;
mod group;
mod join;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::ast::Span;
use crate::batch::{Batch, Column, row_number};
use crate::compare::{Key, order};
use crate::convert;
use crate::error::{Code, Diagnostic};
use crate::function::array::sequence;
use crate::function::operator::IN;
use crate::function::{Body, Call, Function, Operand, State, array_of};
use crate::limits::Limits;
use crate::plan::{Plan, Scalar, SortKey, Step, Typed};
use crate::rewrite::rewrite;
use crate::value::{Type, Value};

/// Longest text a function may make, in bytes; a longer one is missing.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Most elements of an array a function may make; a longer one is null.
const ELEMENTS_MAX: usize = 1 << 20;

/// Rows of a step.
type Rows = Arc<Vec<Batch>>;

/// One run of one query.
pub(crate) struct Execution<'a> {
    now: i64,
    limits: &'a Limits<'a>,
    /// Rows of steps that several others take, by address.
    shared: Mutex<HashMap<usize, (Arc<Plan>, Rows)>>,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(now: i64, limits: &'a Limits<'a>) -> Self {
        Self { now, limits, shared: Mutex::new(HashMap::new()) }
    }

    /// Computes the rows of a plan.
    ///
    /// # Errors
    /// When a table cannot be read, or a limit is reached.
    pub(crate) fn rows(&self, plan: &Arc<Plan>) -> Result<Rows, Diagnostic> {
        let shared = Arc::strong_count(plan) > 1;
        let address = Arc::as_ptr(plan).addr();
        if shared && let Some((_, rows)) = self.lock().get(&address) {
            return Ok(Arc::clone(rows));
        }
        let batches = self.step(plan)?;
        let cells = batches.iter().map(|batch| batch.row_count * batch.columns.len().max(1)).sum();
        self.limits.admit(cells)?;
        let rows = Arc::new(batches);
        if shared {
            self.lock().insert(address, (Arc::clone(plan), Arc::clone(&rows)));
        }
        Ok(rows)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, (Arc<Plan>, Rows)>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, plan: &Plan) -> Result<Vec<Batch>, Diagnostic> {
        match &plan.step {
            Step::Scan(scan) => {
                let failed = |message| Diagnostic::new(Code::Invalid, Span::default(), message);
                let parts = scan.source.open(&scan.request).map_err(failed)?;
                let read = (0..parts.count()).into_par_iter().map(|part| parts.read(part).map_err(failed));
                read.collect()
            }
            Step::Rows(batches) => Ok(batches.clone()),
            Step::Print(scalars) => {
                let row = Batch { columns: Vec::new(), row_count: 1 };
                Ok(vec![self.project(&row, &self.prepare_all(scalars)?)])
            }
            Step::Range { from, to, step } => self.range(from, to, step),
            Step::Filter { input, predicate } => {
                let predicate = self.prepare(predicate)?;
                let batches = self.rows(input)?;
                self.each(&batches, |batch| self.filter(batch, &predicate))
            }
            Step::Project { input, columns } => {
                let columns = self.prepare_all(columns)?;
                let batches = self.rows(input)?;
                self.each(&batches, |batch| self.project(batch, &columns))
            }
            Step::Group { input, keys, aggregates } => self.group(plan, input, keys, aggregates),
            Step::Sort { input, keys, limit } => self.sort(plan, input, keys, limit.as_ref()),
            Step::Take { input, count } => {
                let count = self.count(count)?;
                Ok(take(&self.rows(input)?, count))
            }
            Step::Join { left, right, join } => self.join(left, right, join),
            Step::Union(inputs) => {
                let mut batches = Vec::new();
                for input in inputs {
                    batches.extend(self.rows(input)?.iter().cloned());
                }
                Ok(batches)
            }
            Step::Expand { input, expand } => self.expand(input, expand, plan.schema.len()),
            Step::Parse { input, parse } => self.parse(input, parse, plan.schema.len()),
        }
    }

    /// Does the same to every batch, on all cores.
    fn each(
        &self,
        batches: &[Batch],
        make: impl Fn(&Batch) -> Batch + Sync,
    ) -> Result<Vec<Batch>, Diagnostic> {
        let results = batches.par_iter().map(|batch| {
            self.limits.admit(0)?;
            Ok(make(batch))
        });
        results.collect()
    }

    fn range(&self, from: &Typed, to: &Typed, step: &Typed) -> Result<Vec<Batch>, Diagnostic> {
        let mut bounds = Vec::new();
        for bound in [from, to, step] {
            let real = [from, to, step].iter().any(|bound| bound.kind == Type::Real);
            let value = self.single(&bound.scalar)?;
            bounds.push(match value {
                Value::Long(long) if real => Value::Real(crate::number::to_real(long)),
                other => other,
            });
        }
        let values = sequence(&bounds[0], &bounds[1], &bounds[2]).ok_or_else(|| {
            let message = "`range` requires bounds of one type, a step that leads from one to the \
                           other, and at most 1048576 rows";
            Diagnostic::new(Code::Limit, Span::default(), message)
        })?;
        let row_count = values.len();
        Ok(Batch { columns: vec![Column::of(values)], row_count }.split())
    }

    /// A number of rows.
    fn count(&self, count: &Scalar) -> Result<usize, Diagnostic> {
        let count = convert::to_long(&self.single(count)?).unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// A value that is the same for every row.
    fn single(&self, scalar: &Scalar) -> Result<Value, Diagnostic> {
        let row = Batch { columns: Vec::new(), row_count: 1 };
        let column = evaluate(&self.prepare(scalar)?, &row, self.now);
        Ok(column.get(0).into_owned())
    }

    fn prepare_all(&self, scalars: &[Scalar]) -> Result<Vec<Scalar>, Diagnostic> {
        scalars.iter().map(|scalar| self.prepare(scalar)).collect()
    }

    /// Puts the results of inner queries in their place.
    fn prepare(&self, scalar: &Scalar) -> Result<Scalar, Diagnostic> {
        Ok(match scalar {
            Scalar::Query(plan) => {
                let rows = self.rows(&rewrite(plan))?;
                let first = rows.iter().find(|batch| batch.row_count > 0);
                let cell = first.and_then(|batch| batch.columns.first());
                Scalar::Constant(cell.map_or(Value::Null, |column| column.get(0).into_owned()))
            }
            Scalar::List(plan) => {
                let rows = self.rows(&rewrite(plan))?;
                let cells = rows.iter().flat_map(|batch| {
                    (0..batch.row_count).filter_map(|row| Some(batch.columns.first()?.get(row)))
                });
                Scalar::Constant(array_of(cells.map(Cow::into_owned).collect()))
            }
            Scalar::Call { function, arguments, kinds, kind, depth } => {
                let arguments = self.prepare_all(arguments)?;
                match member(function, &arguments, kinds) {
                    Some(member) => member,
                    None => {
                        Scalar::Call { function, arguments, kinds: kinds.clone(), kind: *kind, depth: *depth }
                    }
                }
            }
            other => other.clone(),
        })
    }

    fn filter(&self, batch: &Batch, predicate: &Scalar) -> Batch {
        let kept = evaluate(predicate, batch, self.now);
        let holds = |value: &Value| convert::to_bool(value) == Some(true);
        match &kept {
            Column::Constant(value) if holds(value) => batch.clone(),
            Column::Constant(_) => batch.gather(&[]),
            kept => {
                let rows: Vec<u32> =
                    (0..batch.row_count).filter(|row| holds(&kept.get(*row))).map(row_number).collect();
                if rows.len() == batch.row_count { batch.clone() } else { batch.gather(&rows) }
            }
        }
    }

    fn project(&self, batch: &Batch, columns: &[Scalar]) -> Batch {
        let columns = columns.iter().map(|column| evaluate(column, batch, self.now)).collect();
        Batch { columns, row_count: batch.row_count }
    }

    fn sort(
        &self,
        plan: &Plan,
        input: &Arc<Plan>,
        keys: &[SortKey],
        limit: Option<&Scalar>,
    ) -> Result<Vec<Batch>, Diagnostic> {
        let rows = self.rows(input)?;
        let batch = Batch::concatenate(&rows, plan.schema.len());
        let values = keys.iter().map(|key| Ok((evaluate(&self.prepare(&key.value)?, &batch, self.now), key)));
        let values: Vec<(Column, &SortKey)> = values.collect::<Result<_, Diagnostic>>()?;
        let mut places: Vec<u32> = (0..row_number(batch.row_count)).collect();
        places.par_sort_by(|left, right| compare_rows(&values, *left as usize, *right as usize));
        if let Some(limit) = limit {
            places.truncate(self.count(limit)?);
        }
        Ok(batch.gather(&places).split())
    }
}

fn compare_rows(keys: &[(Column, &SortKey)], left: usize, right: usize) -> Ordering {
    for (column, key) in keys {
        let (left, right) = (column.get(left), column.get(right));
        let ordering = match (left.is_null(), right.is_null()) {
            (false, false) if key.descending => order(&right, &left),
            (false, false) => order(&left, &right),
            (left, right) if key.nulls_first => right.cmp(&left),
            (left, right) => left.cmp(&right),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

fn take(batches: &[Batch], count: usize) -> Vec<Batch> {
    let mut left = count;
    let mut taken = Vec::new();
    for batch in batches {
        if left == 0 {
            break;
        }
        let rows: Vec<u32> = (0..row_number(batch.row_count.min(left))).collect();
        left -= rows.len();
        taken.push(batch.gather(&rows));
    }
    taken
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

/// Computes a value for every row of a batch.
pub(crate) fn evaluate(scalar: &Scalar, batch: &Batch, now: i64) -> Column {
    match scalar {
        Scalar::Constant(value) => Column::Constant(value.clone()),
        Scalar::Column(index) => batch.columns[*index].clone(),
        Scalar::Call { function, arguments, kinds, kind, .. } => {
            let operands: Vec<Column> =
                arguments.iter().map(|argument| evaluate(argument, batch, now)).collect();
            apply(function, &operands, kinds, *kind, batch.row_count, now)
        }
        Scalar::Member { value, set } => {
            let column = evaluate(value, batch, now);
            let holds = |value: &Value| Value::Bool(set.contains(&Key(vec![value.clone()])));
            match &column {
                Column::Constant(value) => Column::Constant(holds(value)),
                Column::Values(values) => Column::of(values.iter().map(holds).collect()),
                Column::Dictionary { codes, values } => Column::Dictionary {
                    codes: Arc::clone(codes),
                    values: Arc::new(values.iter().map(holds).collect()),
                },
                Column::Texts { .. } => {
                    Column::of((0..batch.row_count).map(|row| holds(&column.get(row))).collect())
                }
            }
        }
        Scalar::Query(_) | Scalar::List(_) => Column::Constant(Value::Null),
    }
}

/// Applies a function to columns: once for constants, once a value for one dictionary, else once
/// a row.
fn apply(
    function: &'static Function,
    operands: &[Column],
    kinds: &[Type],
    kind: Type,
    row_count: usize,
    now: i64,
) -> Column {
    let Body::Row(code) = function.body else { return Column::Constant(Value::Null) };
    let mut state = State::new(now);
    let mut cell = |operands: &[Operand<'_>], row: usize| {
        let value = code(&mut Call { operands, kinds, row, state: &mut state });
        match value {
            Value::Null if kind == Type::String => Value::text(""),
            Value::String(text) if text.len() > TEXT_BYTES_MAX => Value::missing(kind),
            Value::Array(elements) if elements.len() > ELEMENTS_MAX => Value::Null,
            value => value,
        }
    };
    let texts: Vec<Vec<Value>> = operands.iter().map(|column| text_values(column, row_count)).collect();
    let mut all: Vec<Operand<'_>> = operands.iter().zip(&texts).map(operand).collect();
    let mut varying = operands.iter().enumerate().filter(|(_, o)| !matches!(o, Column::Constant(_)));
    match (varying.next(), varying.next()) {
        (None, _) => Column::Constant(cell(&all, 0)),
        (Some((place, Column::Dictionary { codes, values })), None) => {
            all[place] = Operand::Each(values);
            let made = (0..values.len()).map(|row| cell(&all, row)).collect();
            Column::Dictionary { codes: Arc::clone(codes), values: Arc::new(made) }
        }
        _ => Column::of((0..row_count).map(|row| cell(&all, row)).collect()),
    }
}

/// The texts of a column as values; nothing if it holds values already.
fn text_values(column: &Column, row_count: usize) -> Vec<Value> {
    match column {
        Column::Texts { .. } => (0..row_count).map(|row| column.get(row).into_owned()).collect(),
        _ => Vec::new(),
    }
}

fn operand<'a>((column, texts): (&'a Column, &'a Vec<Value>)) -> Operand<'a> {
    match column {
        Column::Constant(value) => Operand::Same(value),
        Column::Values(values) => Operand::Each(values),
        Column::Dictionary { codes, values } => Operand::Coded(codes, values),
        Column::Texts { .. } => Operand::Each(texts),
    }
}

/// Computes a function of constants.
pub(crate) fn constant(
    function: &'static Function,
    arguments: &[Scalar],
    kinds: &[Type],
    kind: Type,
    now: i64,
) -> Value {
    let row = Batch { columns: Vec::new(), row_count: 1 };
    let operands: Vec<Column> = arguments.iter().map(|argument| evaluate(argument, &row, now)).collect();
    apply(function, &operands, kinds, kind, 1, now).get(0).into_owned()
}

#[cfg(test)]
mod tests;
