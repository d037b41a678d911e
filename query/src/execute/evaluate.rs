//! Scalars to columns: once for constants, once a value where one dictionary says all, else once a row.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::{Batch, Column, row_number, value_bytes, values_bytes};
use crate::compare::Key;
use crate::function::operator::ACCESS;
use crate::function::{Body, Function, Operand, RowArguments, State};
use crate::limits::{Guard, Held};
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

/// Bytes a function may make before they are put on the account.
const UNCOUNTED_BYTES: usize = if cfg!(test) { 1 << 10 } else { 1 << 18 };

/// The results for a dictionary, and the dictionary itself so that its address stays its own.
struct Kept {
    /// The attempt it was computed in: in one that ran out of memory, values may be missing.
    attempt: usize,
    values: Arc<Vec<Value>>,
    made: Arc<Vec<Value>>,
    _held: Held,
}

/// A scalar that keeps what it computed of a dictionary for all batches that share it.
pub(super) struct Formula<'a> {
    scalar: Scalar,
    /// The only column it looks at.
    column: Option<usize>,
    kept: Mutex<Vec<Kept>>,
    guard: Guard<'a>,
}

impl<'a> Formula<'a> {
    pub(super) fn new(scalar: Scalar, guard: &Guard<'a>) -> Self {
        let column = only_column(&scalar);
        Self { scalar, column, kept: Mutex::default(), guard: guard.clone() }
    }

    /// Whether its values may be much larger than those it looks at.
    pub(super) fn is_large(&self) -> bool {
        is_large(&self.scalar)
    }

    /// Visits every column it looks at.
    pub(super) fn columns(&self, visit: &mut dyn FnMut(usize)) {
        self.scalar.columns(visit);
    }

    /// Computes the value of every row.
    pub(super) fn column(&self, batch: &Batch) -> Column {
        let dictionary = self.column.map(|index| (index, &batch.columns[index]));
        match (&self.scalar, dictionary) {
            (
                Scalar::Call { .. } | Scalar::Member { .. },
                Some((index, Column::Dictionary { codes, values })),
            ) if values.len() <= SMALL_DICTIONARY.max(batch.row_count) => {
                Column::Dictionary { codes: Arc::clone(codes), values: self.computed(index, values) }
            }
            _ => evaluate(&self.scalar, batch, &self.guard),
        }
    }

    fn computed(&self, index: usize, values: &Arc<Vec<Value>>) -> Arc<Vec<Value>> {
        let attempt = self.guard.attempt();
        let kept = |all: &Vec<Kept>| {
            let mut now = all.iter().filter(|kept| kept.attempt == attempt);
            now.find(|kept| Arc::ptr_eq(&kept.values, values)).map(|kept| kept.made.clone())
        };
        if let Some(known) = kept(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        // Whether it is this thread that computes what all share must not show in how it cuts its rows.
        let batch = alone(index, Column::Values(Arc::clone(values)), values.len());
        let made = unmeasured(|| evaluate(&self.scalar, &batch, &self.guard));
        let made = match made {
            Column::Values(made) => made,
            made => Arc::new((0..values.len()).map(|row| made.get(row).into_owned()).collect()),
        };
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| kept.attempt == attempt);
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        let mut held = self.guard.memory.account("a computed column");
        // What does not fit is computed again.
        if held.try_grow_spare(values_bytes(&made)) {
            let values = Arc::clone(values);
            all.push(Kept { attempt, values, made: Arc::clone(&made), _held: held });
        }
        made
    }
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

/// Functions whose texts may be longer than their arguments.
const GROWING_TEXTS: [&str; 8] = [
    "replace_regex",
    "replace_string",
    "replace_strings",
    "strcat",
    "strcat_array",
    "strcat_delim",
    "strrep",
    "translate",
];

/// Rows that are computed together at first, where much may be made of each; more once they are known to be small.
const ROWS_TRIED: usize = 16;
/// So many times as many rows are computed together the next time.
const ROWS_FACTOR: usize = 8;

/// Whether a scalar may be much larger than the cells it is computed from.
fn is_large(scalar: &Scalar) -> bool {
    let Scalar::Call { function, kind, .. } = scalar else { return false };
    let is_part = std::ptr::eq(*function, &raw const ACCESS);
    (*kind == Type::Dynamic && !is_part) || GROWING_TEXTS.contains(&function.name)
}

/// The rows of a batch in pieces: each as long as what was made of those before it lets expect to fit.
pub(super) struct Pieces {
    from: usize,
    count: usize,
    row_count: usize,
    most_bytes: usize,
}

impl Pieces {
    pub(super) fn new(row_count: usize, guard: &Guard<'_>) -> Self {
        Self { from: 0, count: ROWS_TRIED, row_count, most_bytes: guard.batch_bytes() }
    }

    /// Computes something of the next rows; nothing when there are no more.
    pub(super) fn next<T>(&mut self, compute: impl FnOnce(&[u32]) -> T) -> Option<T> {
        let until = self.row_count.min(self.from + self.count);
        let rows: Vec<u32> = (row_number(self.from)..row_number(until)).collect();
        if rows.is_empty() {
            return None;
        }
        let (bytes, made) = made_during(|| compute(&rows));
        let fitting = self.most_bytes / (bytes / rows.len()).max(1);
        self.count = (self.count * ROWS_FACTOR).min(fitting).max(1);
        self.from = until;
        Some(made)
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
pub(super) fn alone(index: usize, column: Column, row_count: usize) -> Batch {
    let mut columns = vec![Column::Constant(Value::Null); index];
    columns.push(column);
    Batch { columns, row_count }
}

/// Computes a value for every row of a batch.
pub(crate) fn evaluate(scalar: &Scalar, batch: &Batch, guard: &Guard<'_>) -> Column {
    match scalar {
        Scalar::Constant(value) => Column::Constant(value.clone()),
        Scalar::Column(index) => batch.columns[*index].clone(),
        Scalar::Call { arguments, kind, .. } => {
            if batch.row_count <= ROWS_TRIED || !arguments.iter().any(is_large) {
                return call(scalar, batch, guard);
            }
            let mut needed = vec![false; batch.columns.len()];
            scalar.columns(&mut |column| needed[column] = true);
            let mut values = Vec::with_capacity(batch.row_count);
            let mut pieces = Pieces::new(batch.row_count, guard);
            while guard.goes_on()
                && let Some((made, count)) =
                    pieces.next(|rows| (call(scalar, &batch.gather_needed(rows, &needed), guard), rows.len()))
            {
                values.extend((0..count).map(|row| made.get(row).into_owned()));
            }
            // The caller proceeds to the error; until then there is a value for each row.
            values.resize(batch.row_count, Value::missing(*kind));
            Column::of(values)
        }
        Scalar::Member { value, set } => {
            let column = evaluate(value, batch, guard);
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
        Scalar::Query { .. } | Scalar::List { .. } => Column::Constant(Value::Null),
    }
}

/// Computes a call for all rows of a batch at once.
fn call(scalar: &Scalar, batch: &Batch, guard: &Guard<'_>) -> Column {
    let Scalar::Call { function, arguments, kinds, kind, .. } = scalar else {
        return Column::Constant(Value::Null);
    };
    // What the arguments are is held until the result is made of them.
    let mut held = guard.memory.account(function.name);
    let operand = |argument: &Scalar| {
        let operand = evaluate(argument, batch, guard);
        if is_large(argument)
            && let Err(why) = held.grow(operand.size_bytes())
        {
            guard.give_up(why);
        }
        operand
    };
    let operands: Vec<Column> = arguments.iter().map(operand).collect();
    apply(function, &operands, kinds, *kind, batch.row_count, guard)
}

fn apply(
    function: &'static Function,
    operands: &[Column],
    kinds: &[Type],
    kind: Type,
    row_count: usize,
    guard: &Guard<'_>,
) -> Column {
    let Body::Row(code) = function.body else { return Column::Constant(Value::Null) };
    let mut state = State::new(guard.now);
    let mut making = Making::new(function, guard);
    let mut cell = |operands: &[Operand<'_>], row: usize| {
        if !guard.goes_on() {
            return Value::missing(kind);
        }
        let value = code(&mut RowArguments { operands, kinds, row, state: &mut state });
        making.count(&value);
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
        (Some((index, Column::Dictionary { codes, values })), None) if values.len() <= row_count => {
            all[index] = Operand::Each(values);
            let made = (0..values.len()).map(|row| cell(&all, row)).collect();
            Column::Dictionary { codes: Arc::clone(codes), values: Arc::new(made) }
        }
        _ => Column::of((0..row_count).map(|row| cell(&all, row)).collect()),
    }
}

thread_local! {
    /// Bytes that functions made on this thread since it began, modulo the greatest number.
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// How many bytes functions make on this thread while something is done.
fn made_during<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = MADE.get();
    let done = work();
    (MADE.get().wrapping_sub(before), done)
}

/// Does something whose bytes are not those of the rows that are cut into pieces.
pub(super) fn unmeasured<T>(work: impl FnOnce() -> T) -> T {
    let before = MADE.get();
    let done = work();
    MADE.set(before);
    done
}

/// The bytes that one function makes, while it makes them.
struct Making<'g> {
    guard: &'g Guard<'g>,
    held: Held,
    /// Whether its values are its own, not parts of its arguments.
    is_counted: bool,
    uncounted_bytes: usize,
}

impl<'g> Making<'g> {
    fn new(function: &'static Function, guard: &'g Guard<'g>) -> Self {
        let is_counted = !std::ptr::eq(function, &raw const ACCESS);
        Self { guard, held: guard.memory.account(function.name), is_counted, uncounted_bytes: 0 }
    }

    /// Puts a value on the account; if it does not fit, the query ends.
    fn count(&mut self, value: &Value) {
        if !self.is_counted || !matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) {
            return;
        }
        let bytes = value_bytes(value);
        MADE.set(MADE.get().wrapping_add(bytes));
        self.uncounted_bytes += bytes;
        if self.uncounted_bytes >= UNCOUNTED_BYTES
            && let Err(why) = self.held.grow(std::mem::take(&mut self.uncounted_bytes))
        {
            self.guard.give_up(why);
        }
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
    guard: &Guard<'_>,
) -> Value {
    let row = Batch { columns: Vec::new(), row_count: 1 };
    let operands: Vec<Column> = arguments.iter().map(|argument| evaluate(argument, &row, guard)).collect();
    apply(function, &operands, kinds, kind, 1, guard).get(0).into_owned()
}
