//! Functions of arrays.

use super::{Function, MANY, Returns, RowArguments, array_of, length, or_null};
use crate::compare::{order, same};
use crate::convert;
use crate::number::to_real;
use crate::value::{Type, Value};

const DYNAMIC: Returns = Returns::Is(Type::Dynamic);
const LONG: Returns = Returns::Is(Type::Long);
/// Most elements `range` makes.
const RANGE_MAX: i64 = 1 << 20;

pub(super) const TABLE: &[Function] = &[
    Function::new("array_length(array)", "the number of elements", (1, 1), LONG, |call| {
        or_null(call.array(0), |elements| length(elements.len()))
    }),
    Function::new("array_concat(array, …)", "the elements of several arrays", (1, MANY), DYNAMIC, |call| {
        let arrays = (0..call.len()).filter_map(|index| call.array(index));
        array_of(arrays.flatten().cloned().collect())
    }),
    Function::new(
        "array_slice(array, start, end)",
        "a part of an array, both ends included",
        (3, 3),
        DYNAMIC,
        slice,
    ),
    Function::new("array_reverse(array)", "the elements in reverse", (1, 1), DYNAMIC, |call| {
        or_null(call.array(0), |elements| array_of(elements.iter().rev().cloned().collect()))
    }),
    Function::new(
        "array_sort_asc(array, …)",
        "the elements in rising order, further arrays along",
        (1, MANY),
        DYNAMIC,
        |call| sort(call, |ordering| ordering),
    ),
    Function::new(
        "array_sort_desc(array, …)",
        "the elements in falling order, further arrays along",
        (1, MANY),
        DYNAMIC,
        |call| sort(call, std::cmp::Ordering::reverse),
    ),
    Function::new("array_sum(array)", "the sum of the elements", (1, 1), Returns::Is(Type::Real), |call| {
        let elements = call.array(0).filter(|elements| !elements.is_empty());
        let sum = elements.and_then(|elements| elements.iter().map(element_number).sum());
        or_null(sum, Value::Real)
    }),
    Function::new(
        "array_index_of(array, value [, start [, length [, occurrence]]])",
        "where an element stands, -1 if nowhere",
        (2, 5),
        LONG,
        index_of,
    ),
    Function::new(
        "array_iff(conditions, then, else)",
        "for each condition one of two elements",
        (3, 3),
        DYNAMIC,
        choose,
    ),
    Function::new(
        "array_rotate_left(array, count)",
        "the elements moved round to the left",
        (2, 2),
        DYNAMIC,
        |call| rotate(call, |count| count),
    ),
    Function::new(
        "array_rotate_right(array, count)",
        "the elements moved round to the right",
        (2, 2),
        DYNAMIC,
        |call| rotate(call, i64::wrapping_neg),
    ),
    Function::new(
        "array_shift_left(array, count [, fill])",
        "the elements moved to the left",
        (2, 3),
        DYNAMIC,
        |call| shift(call, |count| count),
    ),
    Function::new(
        "array_shift_right(array, count [, fill])",
        "the elements moved to the right",
        (2, 3),
        DYNAMIC,
        |call| shift(call, i64::wrapping_neg),
    ),
    Function::new("array_split(array, indexes)", "an array cut at indexes", (2, 2), DYNAMIC, split),
    Function::new("pack_array(value, …)", "an array of values", (0, MANY), DYNAMIC, |call| {
        let all = (0..call.len()).map(|index| match (call.value(index), call.kind(index)) {
            (Value::Null, Type::String) => Value::text(""),
            (value, _) => value.clone(),
        });
        array_of(all.collect())
    }),
    Function::new("range(start, stop [, step])", "evenly spaced values", (2, 3), DYNAMIC, range),
    Function::new("repeat(value, count)", "a value several times", (2, 2), DYNAMIC, |call| {
        let count = call.long(1).filter(|count| (0..RANGE_MAX).contains(count));
        let count = count.and_then(|count| usize::try_from(count).ok());
        or_null(count, |count| array_of(vec![call.value(0).clone(); count]))
    }),
    Function::new(
        "zip(array, …)",
        "arrays of the first elements, the second elements, …",
        (2, 16),
        DYNAMIC,
        zip,
    ),
];

fn element_number(value: &Value) -> Option<f64> {
    match value {
        Value::Array(_) | Value::Object(_) | Value::String(_) => None,
        Value::Null => Some(0.0),
        value => convert::real_of(value),
    }
}

/// An index counted from the end when negative, kept within the array.
fn clamped(index: i64, count: usize) -> usize {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let index = if index < 0 { count.saturating_add(index) } else { index };
    usize::try_from(index.clamp(0, count)).unwrap_or(0)
}

fn slice(call: &mut RowArguments<'_>) -> Value {
    let (Some(elements), Some(start), Some(end)) = (call.array(0), call.long(1), call.long(2)) else {
        return Value::Null;
    };
    let count = elements.len();
    let stop = if end < 0 {
        clamped(end.saturating_add(1).min(0), count)
    } else {
        clamped(end.saturating_add(1), count)
    };
    let stop = if end == -1 { count } else { stop };
    array_of(elements.get(clamped(start, count)..stop).unwrap_or(&[]).to_vec())
}

fn sort(call: &mut RowArguments<'_>, direct: fn(std::cmp::Ordering) -> std::cmp::Ordering) -> Value {
    let nulls_last = !matches!(call.value(call.len() - 1), Value::Bool(false));
    let Some(elements) = call.array(0) else { return Value::Null };
    let mut positions: Vec<usize> = (0..elements.len()).collect();
    positions.sort_by(|left, right| {
        let (left, right) = (&elements[*left], &elements[*right]);
        match (left.is_null(), right.is_null()) {
            (false, false) => direct(order(left, right)),
            (left, right) if nulls_last => left.cmp(&right),
            (left, right) => right.cmp(&left),
        }
    });
    let sorted = |index: usize| {
        let elements = call.array(index)?;
        (elements.len() == positions.len())
            .then(|| array_of(positions.iter().map(|position| elements[*position].clone()).collect()))
    };
    let arrays = call.values().filter(|value| !matches!(value, Value::Bool(_))).count();
    if arrays == 1 {
        return sorted(0).unwrap_or(Value::Null);
    }
    array_of((0..arrays).map(|index| sorted(index).unwrap_or(Value::Null)).collect())
}

fn index_of(call: &mut RowArguments<'_>) -> Value {
    let Some(elements) = call.array(0) else { return Value::Null };
    let (wanted, start) = (call.value(1), call.long_or(2, 0).unwrap_or(0));
    let (count, nth) = (call.long_or(3, -1).unwrap_or(-1), call.long_or(4, 1).unwrap_or(1));
    let start = clamped(start, elements.len());
    let stop = match usize::try_from(count) {
        Ok(count) => start.saturating_add(count).min(elements.len()),
        Err(_) => elements.len(),
    };
    let found = (start..stop).filter(|index| same(&elements[*index], wanted));
    let nth = usize::try_from(nth - 1).unwrap_or(0);
    found.into_iter().nth(nth).map_or(Value::Long(-1), length)
}

fn choose(call: &mut RowArguments<'_>) -> Value {
    let Some(conditions) = call.array(0) else { return Value::Null };
    let pick = |index: usize, position: usize| match call.value(index) {
        Value::Array(elements) => elements.get(position).cloned().unwrap_or(Value::Null),
        value => value.clone(),
    };
    let chosen =
        conditions.iter().enumerate().map(|(position, condition)| match convert::to_bool(condition) {
            Some(true) => pick(1, position),
            Some(false) => pick(2, position),
            None => Value::Null,
        });
    array_of(chosen.collect())
}

fn rotate(call: &mut RowArguments<'_>, direct: fn(i64) -> i64) -> Value {
    let (Some(elements), Some(count)) = (call.array(0), call.long(1)) else { return Value::Null };
    let mut rotated = elements.to_vec();
    if let Ok(size @ 1..) = i64::try_from(rotated.len()) {
        rotated.rotate_left(usize::try_from(direct(count).rem_euclid(size)).unwrap_or(0));
    }
    array_of(rotated)
}

fn shift(call: &mut RowArguments<'_>, direct: fn(i64) -> i64) -> Value {
    let (Some(elements), Some(count)) = (call.array(0), call.long(1)) else { return Value::Null };
    let (count, fill) = (direct(count), call.value(2));
    let shifted = (0..).zip(elements).map(|(index, _): (i64, _)| {
        let source = usize::try_from(index.saturating_add(count)).ok();
        source.and_then(|source| elements.get(source)).unwrap_or(fill).clone()
    });
    array_of(shifted.collect())
}

fn split(call: &mut RowArguments<'_>) -> Value {
    let Some(elements) = call.array(0) else { return Value::Null };
    let positions: Vec<i64> = match call.value(1) {
        Value::Array(positions) => positions.iter().filter_map(convert::to_long).collect(),
        value => convert::to_long(value).into_iter().collect(),
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for index in positions {
        let stop = clamped(index, elements.len()).max(start);
        parts.push(array_of(elements[start..stop].to_vec()));
        start = stop;
    }
    parts.push(array_of(elements[start..].to_vec()));
    array_of(parts)
}

fn zip(call: &mut RowArguments<'_>) -> Value {
    let arrays: Vec<&[Value]> = (0..call.len()).map(|index| call.array(index).unwrap_or(&[])).collect();
    let longest = arrays.iter().map(|array| array.len()).max().unwrap_or(0);
    let row = |position: usize| {
        let cells = arrays.iter().map(|array| array.get(position).cloned().unwrap_or(Value::Null));
        array_of(cells.collect())
    };
    array_of((0..longest).map(row).collect())
}

fn range(call: &mut RowArguments<'_>) -> Value {
    let default = match call.value(0) {
        Value::Datetime(_) | Value::Timespan(_) => Value::Timespan(crate::time::TICKS_PER_HOUR),
        _ => Value::Long(1),
    };
    let step = if call.has(2) { call.value(2) } else { &default };
    let sequence = Sequence::new(call.value(0), call.value(1), step);
    or_null(sequence, |sequence| array_of(sequence.values(0..sequence.count)))
}

/// Evenly spaced values, made on demand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence {
    /// Number of values.
    pub(crate) count: usize,
    spacing: Spacing,
}

#[derive(Debug, Clone, Copy)]
enum Spacing {
    Whole { from: i64, step: i64, make: fn(i64) -> Value },
    Real { from: f64, step: f64 },
}

impl Sequence {
    /// The values from one to another; nothing when they are too many or do not end.
    pub(crate) fn new(from: &Value, to: &Value, step: &Value) -> Option<Self> {
        use Value::{Datetime, Long, Real, Timespan};
        let make: fn(i64) -> Value = match (from, to, step) {
            (Long(_), Long(_), Long(_)) => Long,
            (Datetime(_), Datetime(_), Timespan(_)) => Datetime,
            (Timespan(_), Timespan(_), Timespan(_)) => Timespan,
            (Long(_) | Real(_), Long(_) | Real(_), Long(_) | Real(_)) => {
                return Self::of_reals(
                    convert::real_of(from)?,
                    convert::real_of(to)?,
                    convert::real_of(step)?,
                );
            }
            _ => return None,
        };
        let (from, to, step) = (convert::to_long(from)?, convert::to_long(to)?, convert::to_long(step)?);
        let last = to.checked_sub(from)?.checked_div(step)?;
        let leads_away = (to > from) != (step > 0) && to != from;
        Self::counted(if leads_away { -1 } else { last }, Spacing::Whole { from, step, make })
    }

    fn of_reals(from: f64, to: f64, step: f64) -> Option<Self> {
        let last = crate::number::to_integer(((to - from) / step + 1e-9).floor())?;
        Self::counted(last.max(-1), Spacing::Real { from, step })
    }

    /// Values up to the index of the last one, which is -1 when there is none.
    fn counted(last: i64, spacing: Spacing) -> Option<Self> {
        let count = usize::try_from(last.checked_add(1)?).ok()?;
        (last < RANGE_MAX).then_some(Self { count, spacing })
    }

    /// The values at some indexes.
    pub(crate) fn values(&self, indexes: std::ops::Range<usize>) -> Vec<Value> {
        let indexes = (0_i64..).skip(indexes.start).take(indexes.len());
        match self.spacing {
            Spacing::Whole { from, step, make } => indexes.map(|n| make(from + n * step)).collect(),
            Spacing::Real { from, step } => indexes.map(|n| Value::Real(from + to_real(n) * step)).collect(),
        }
    }
}
