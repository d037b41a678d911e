//! Arithmetic: numbers, lengths of time and points in time.

use super::super::{Function, Returns, RowArguments, or_null};
use crate::convert;
use crate::number::to_real;
use crate::time;
use crate::value::{Type, Value};

pub(crate) static NEGATE: Function = Function::new("-", "", (1, 1), Returns::By(negated_type), negate);
pub(crate) static ADD: Function = Function::new("+", "", (2, 2), Returns::By(sum_type), add);
pub(crate) static SUBTRACT: Function = Function::new("-", "", (2, 2), Returns::By(difference_type), subtract);
pub(crate) static MULTIPLY: Function = Function::new("*", "", (2, 2), Returns::By(product_type), multiply);
pub(crate) static DIVIDE: Function = Function::new("/", "", (2, 2), Returns::By(quotient_type), divide);
pub(crate) static MODULO: Function = Function::new("%", "", (2, 2), Returns::By(remainder_type), modulo);

fn numbers(kinds: &[Type]) -> Option<Type> {
    let number = |kind: &Type| kind.is_number() || matches!(kind, Type::Dynamic | Type::Bool);
    if !kinds.iter().all(number) {
        return None;
    }
    let whole = |kind: &Type| matches!(kind, Type::Int | Type::Long | Type::Bool);
    Some(if kinds.iter().all(whole) { Type::Long } else { Type::Real })
}

fn negated_type(kinds: &[Type]) -> Option<Type> {
    match kinds {
        [Type::Timespan] => Some(Type::Timespan),
        _ => numbers(kinds),
    }
}

fn sum_type(kinds: &[Type]) -> Option<Type> {
    use Type::{Datetime, Dynamic, Timespan};
    match kinds {
        [Datetime, Timespan | Dynamic] | [Timespan | Dynamic, Datetime] => Some(Datetime),
        [Timespan, Timespan | Dynamic] | [Dynamic, Timespan] => Some(Timespan),
        _ => numbers(kinds),
    }
}

fn difference_type(kinds: &[Type]) -> Option<Type> {
    use Type::{Datetime, Dynamic, Timespan};
    match kinds {
        [Datetime, Datetime] | [Timespan, Timespan | Dynamic] => Some(Timespan),
        [Datetime, Timespan | Dynamic] => Some(Datetime),
        _ => numbers(kinds),
    }
}

fn product_type(kinds: &[Type]) -> Option<Type> {
    match kinds {
        [Type::Timespan, other] | [other, Type::Timespan] if other.is_number() || *other == Type::Dynamic => {
            Some(Type::Timespan)
        }
        _ => numbers(kinds),
    }
}

fn quotient_type(kinds: &[Type]) -> Option<Type> {
    match kinds {
        [Type::Timespan, Type::Timespan] => Some(Type::Real),
        [Type::Timespan, other] if other.is_number() => Some(Type::Timespan),
        _ => numbers(kinds),
    }
}

fn remainder_type(kinds: &[Type]) -> Option<Type> {
    match kinds {
        [Type::Timespan | Type::Datetime, Type::Timespan] => Some(Type::Timespan),
        _ => numbers(kinds),
    }
}

/// Two numbers in one type.
enum Pair {
    Longs(i64, i64),
    Reals(f64, f64),
}

fn pair(call: &RowArguments<'_>) -> Option<Pair> {
    let (left, right) = (number(call, 0)?, number(call, 1)?);
    Some(match (left, right) {
        (Value::Long(left), Value::Long(right)) => Pair::Longs(left, right),
        (left, right) => Pair::Reals(convert::real_of(&left)?, convert::real_of(&right)?),
    })
}

fn number(call: &RowArguments<'_>, index: usize) -> Option<Value> {
    match call.value(index) {
        Value::Bool(bool) => Some(Value::Long(i64::from(*bool))),
        value @ (Value::Long(_) | Value::Real(_)) => Some(value.clone()),
        value => convert::real_of(value).map(Value::Real),
    }
}

/// Keeps a result in the type the binder found: dynamic operands may have been whole.
fn arithmetic(
    call: &RowArguments<'_>,
    longs: fn(i64, i64) -> Option<i64>,
    reals: fn(f64, f64) -> f64,
) -> Value {
    match pair(call) {
        Some(Pair::Longs(left, right)) if numbers(call.kinds) == Some(Type::Long) => {
            or_null(longs(left, right), Value::Long)
        }
        Some(Pair::Longs(left, right)) => Value::Real(reals(to_real(left), to_real(right))),
        Some(Pair::Reals(left, right)) => Value::Real(reals(left, right)),
        None => Value::Null,
    }
}

fn negate(call: &mut RowArguments<'_>) -> Value {
    match call.value(0) {
        Value::Long(long) if call.kind(0) != Type::Dynamic => Value::Long(long.wrapping_neg()),
        Value::Timespan(ticks) => Value::Timespan(ticks.wrapping_neg()),
        value => or_null(convert::real_of(value), |real| Value::Real(-real)),
    }
}

fn add(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Datetime(left), Value::Timespan(right)) | (Value::Timespan(left), Value::Datetime(right)) => {
            moment(left.checked_add(*right))
        }
        (Value::Timespan(left), Value::Timespan(right)) => Value::Timespan(left.wrapping_add(*right)),
        _ => arithmetic(call, |l, r| Some(l.wrapping_add(r)), |l, r| l + r),
    }
}

fn subtract(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Datetime(left), Value::Timespan(right)) => moment(left.checked_sub(*right)),
        (Value::Datetime(left), Value::Datetime(right)) | (Value::Timespan(left), Value::Timespan(right)) => {
            Value::Timespan(left.wrapping_sub(*right))
        }
        _ => arithmetic(call, |l, r| Some(l.wrapping_sub(r)), |l, r| l - r),
    }
}

fn moment(ticks: Option<i64>) -> Value {
    or_null(ticks.and_then(time::in_range), Value::Datetime)
}

fn multiply(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Timespan(ticks), Value::Long(factor)) | (Value::Long(factor), Value::Timespan(ticks)) => {
            Value::Timespan(ticks.wrapping_mul(*factor))
        }
        (Value::Timespan(ticks), Value::Real(factor)) | (Value::Real(factor), Value::Timespan(ticks)) => {
            span(to_real(*ticks) * factor)
        }
        _ => arithmetic(call, |l, r| Some(l.wrapping_mul(r)), |l, r| l * r),
    }
}

fn span(ticks: f64) -> Value {
    or_null(crate::number::to_integer(ticks), Value::Timespan)
}

fn divide(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Timespan(left), Value::Timespan(right)) => Value::Real(to_real(*left) / to_real(*right)),
        (Value::Timespan(ticks), Value::Long(divisor)) => {
            or_null(ticks.checked_div(*divisor), Value::Timespan)
        }
        (Value::Timespan(ticks), Value::Real(divisor)) => span(to_real(*ticks) / divisor),
        _ => arithmetic(call, |l, r| if r == 0 { None } else { Some(l.wrapping_div(r)) }, |l, r| l / r),
    }
}

fn modulo(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Timespan(left) | Value::Datetime(left), Value::Timespan(right)) => {
            or_null(left.checked_rem_euclid(*right), Value::Timespan)
        }
        _ => arithmetic(call, whole_remainder, real_remainder),
    }
}

fn whole_remainder(left: i64, right: i64) -> Option<i64> {
    if right == 0 { None } else { Some(left.wrapping_rem_euclid(right)) }
}

fn real_remainder(left: f64, right: f64) -> f64 {
    left.rem_euclid(right)
}
