//! Scalars to columns: once for constants, once a value where one dictionary says all, else once a row.

use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::{Batch, Column};
use crate::compare::Key;
use crate::function::{Body, Call, Function, Operand, State};
use crate::plan::Scalar;
use crate::value::{Type, Value};

/// Longest text a function may make, in bytes; a longer one is missing.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Most elements of an array a function may make; a longer one is null.
const ELEMENTS_MAX: usize = 1 << 20;
/// A dictionary of so many values is computed whole, however few rows there are.
pub(super) const SMALL_DICTIONARY: usize = if cfg!(test) { 8 } else { 4096 };
/// Most dictionaries whose results are kept for later batches.
const KEPT_MAX: usize = 64;

/// The results for a dictionary, and the dictionary itself so that its address stays its own.
type Kept = (Arc<Vec<Value>>, Arc<Vec<Value>>);

/// A scalar that keeps what it computed of a dictionary for all batches that share it.
pub(super) struct Formula {
    scalar: Scalar,
    /// The only column it looks at.
    column: Option<usize>,
    kept: Mutex<Vec<Kept>>,
    now: i64,
}

impl Formula {
    pub(super) fn new(scalar: Scalar, now: i64) -> Self {
        let column = only_column(&scalar);
        Self { scalar, column, kept: Mutex::default(), now }
    }

    /// Visits every column it looks at.
    pub(super) fn columns(&self, visit: &mut dyn FnMut(usize)) {
        self.scalar.columns(visit);
    }

    /// Computes the value of every row.
    pub(super) fn column(&self, batch: &Batch) -> Column {
        let dictionary = self.column.map(|place| (place, &batch.columns[place]));
        match (&self.scalar, dictionary) {
            (
                Scalar::Call { .. } | Scalar::Member { .. },
                Some((place, Column::Dictionary { codes, values })),
            ) if values.len() <= SMALL_DICTIONARY.max(batch.row_count) => {
                Column::Dictionary { codes: Arc::clone(codes), values: self.computed(place, values) }
            }
            _ => evaluate(&self.scalar, batch, self.now),
        }
    }

    fn computed(&self, place: usize, values: &Arc<Vec<Value>>) -> Arc<Vec<Value>> {
        let kept =
            |all: &Vec<Kept>| all.iter().find(|(of, _)| Arc::ptr_eq(of, values)).map(|kept| kept.1.clone());
        if let Some(known) = kept(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let made =
            evaluate(&self.scalar, &alone(place, Column::Values(Arc::clone(values)), values.len()), self.now);
        let made = match made {
            Column::Values(made) => made,
            made => Arc::new((0..values.len()).map(|row| made.get(row).into_owned()).collect()),
        };
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        all.push((Arc::clone(values), Arc::clone(&made)));
        made
    }
}

/// The column a scalar is computed from, if it is one.
pub(super) fn only_column(scalar: &Scalar) -> Option<usize> {
    let (mut only, mut several) = (None, false);
    scalar.columns(&mut |column| {
        several |= only.is_some_and(|only| only != column);
        only = Some(column);
    });
    if several { None } else { only }
}

/// A batch of which only one column is there.
pub(super) fn alone(place: usize, column: Column, row_count: usize) -> Batch {
    let mut columns = vec![Column::Constant(Value::Null); place];
    columns.push(column);
    Batch { columns, row_count }
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
                Column::Dictionary { codes, values } if values.len() <= batch.row_count => {
                    Column::Dictionary {
                        codes: Arc::clone(codes),
                        values: Arc::new(values.iter().map(holds).collect()),
                    }
                }
                column => Column::of((0..batch.row_count).map(|row| holds(&column.get(row))).collect()),
            }
        }
        Scalar::Query(_) | Scalar::List(_) => Column::Constant(Value::Null),
    }
}

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
        (Some((place, Column::Dictionary { codes, values })), None) if values.len() <= row_count => {
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
