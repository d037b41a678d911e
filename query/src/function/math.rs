//! Arithmetic by name: rounding, powers, trigonometry, bins.

use super::{Function, Returns, RowArguments, or_null};
use crate::number::{to_integer, to_real};
use crate::time;
use crate::value::{Type, Value};

const REAL: Returns = Returns::Is(Type::Real);
const BOOL: Returns = Returns::Is(Type::Bool);

pub(super) const TABLE: &[Function] = &[
    Function::new("abs(number)", "the distance from zero", (1, 1), Returns::By(number_type), abs),
    Function::new("ceiling(number)", "the next whole number up", (1, 1), Returns::By(number_type), |call| {
        rounded(call, f64::ceil)
    }),
    Function::new("round(number [, digits])", "the nearest number with so many digits", (1, 2), REAL, round),
    Function::new("sign(number)", "-1, 0 or 1", (1, 1), REAL, |call| {
        real(call, |number| f64::from(i8::from(number > 0.0) - i8::from(number < 0.0)))
    }),
    Function::new("sqrt(number)", "the square root", (1, 1), REAL, |call| real(call, f64::sqrt)),
    Function::new("pow(base, exponent)", "a power", (2, 2), REAL, |call| real_pair(call, f64::powf)),
    Function::new("exp(number)", "a power of e", (1, 1), REAL, |call| real(call, f64::exp)),
    Function::new("exp2(number)", "a power of 2", (1, 1), REAL, |call| real(call, f64::exp2)),
    Function::new("exp10(number)", "a power of 10", (1, 1), REAL, |call| {
        real(call, |number| 10_f64.powf(number))
    }),
    Function::new("log(number)", "the natural logarithm", (1, 1), REAL, |call| logarithm(call, f64::ln)),
    Function::new("log2(number)", "the logarithm to base 2", (1, 1), REAL, |call| logarithm(call, f64::log2)),
    Function::new("log10(number)", "the logarithm to base 10", (1, 1), REAL, |call| {
        logarithm(call, f64::log10)
    }),
    Function::new("sin(radians)", "the sine", (1, 1), REAL, |call| real(call, f64::sin)),
    Function::new("cos(radians)", "the cosine", (1, 1), REAL, |call| real(call, f64::cos)),
    Function::new("tan(radians)", "the tangent", (1, 1), REAL, |call| real(call, f64::tan)),
    Function::new("cot(radians)", "the cotangent", (1, 1), REAL, |call| {
        real(call, |angle| 1.0 / angle.tan())
    }),
    Function::new("asin(number)", "the angle of a sine", (1, 1), REAL, |call| real(call, f64::asin)),
    Function::new("acos(number)", "the angle of a cosine", (1, 1), REAL, |call| real(call, f64::acos)),
    Function::new("atan(number)", "the angle of a tangent", (1, 1), REAL, |call| real(call, f64::atan)),
    Function::new("atan2(y, x)", "the angle of a point", (2, 2), REAL, |call| real_pair(call, f64::atan2)),
    Function::new("degrees(radians)", "an angle in degrees", (1, 1), REAL, |call| {
        real(call, |angle| angle * 180.0 / std::f64::consts::PI)
    }),
    Function::new("radians(degrees)", "an angle in radians", (1, 1), REAL, |call| {
        real(call, |angle| angle * std::f64::consts::PI / 180.0)
    }),
    Function::new("pi()", "3.14…", (0, 0), REAL, |_| Value::Real(std::f64::consts::PI)),
    Function::new("isnan(number)", "whether a real is not a number", (1, 1), BOOL, |call| {
        test(call, f64::is_nan)
    }),
    Function::new("isinf(number)", "whether a real is infinite", (1, 1), BOOL, |call| {
        test(call, f64::is_infinite)
    }),
    Function::new("isfinite(number)", "whether a real is neither", (1, 1), BOOL, |call| {
        test(call, f64::is_finite)
    }),
    Function::new(
        "bin(value, size)",
        "the multiple of a size at or below a value",
        (2, 2),
        Returns::By(bin_type),
        bin,
    ),
    Function::new(
        "floor(value, size)",
        "the multiple of a size at or below a value",
        (1, 2),
        Returns::By(bin_type),
        bin,
    ),
    Function::new(
        "bin_at(value, size, origin)",
        "as bin, counted from an origin",
        (3, 3),
        Returns::By(bin_type),
        bin_at,
    ),
    Function::new("binary_and(a, b)", "bits set in both", (2, 2), Returns::Is(Type::Long), |call| {
        bits(call, |a, b| a & b)
    }),
    Function::new("binary_or(a, b)", "bits set in one", (2, 2), Returns::Is(Type::Long), |call| {
        bits(call, |a, b| a | b)
    }),
    Function::new("binary_xor(a, b)", "bits that differ", (2, 2), Returns::Is(Type::Long), |call| {
        bits(call, |a, b| a ^ b)
    }),
    Function::new("binary_not(a)", "every bit turned round", (1, 1), Returns::Is(Type::Long), |call| {
        or_null(call.long(0), |number| Value::Long(!number))
    }),
];

fn number_type(kinds: &[Type]) -> Option<Type> {
    match kinds.first()? {
        Type::Dynamic => Some(Type::Real),
        Type::Bool => Some(Type::Long),
        kind if kind.is_number() || *kind == Type::Timespan => Some(*kind),
        _ => None,
    }
}

fn abs(call: &mut RowArguments<'_>) -> Value {
    match call.value(0) {
        Value::Long(long) if call.kind(0) != Type::Dynamic => Value::Long(long.wrapping_abs()),
        Value::Timespan(ticks) => Value::Timespan(ticks.wrapping_abs()),
        _ => real(call, f64::abs),
    }
}

fn rounded(call: &mut RowArguments<'_>, code: fn(f64) -> f64) -> Value {
    match call.value(0) {
        Value::Long(long) if call.kind(0) != Type::Dynamic => Value::Long(*long),
        _ => real(call, code),
    }
}

/// Half goes away from zero.
fn round(call: &mut RowArguments<'_>) -> Value {
    let digits = call.long_or(1, 0);
    or_null(call.real(0).zip(digits), |(number, digits)| {
        let scale = 10_f64.powi(i32::try_from(digits.clamp(-300, 300)).unwrap_or(0));
        let scaled = number * scale;
        Value::Real(if scaled.is_finite() { scaled.round() / scale } else { number })
    })
}

fn real(call: &RowArguments<'_>, code: impl Fn(f64) -> f64) -> Value {
    or_null(call.real(0), |number| Value::Real(code(number)))
}

fn real_pair(call: &RowArguments<'_>, code: fn(f64, f64) -> f64) -> Value {
    or_null(call.real(0).zip(call.real(1)), |(left, right)| Value::Real(code(left, right)))
}

/// There is no logarithm of a negative number.
fn logarithm(call: &RowArguments<'_>, code: fn(f64) -> f64) -> Value {
    or_null(call.real(0).filter(|number| *number >= 0.0), |number| Value::Real(code(number)))
}

fn test(call: &RowArguments<'_>, code: fn(f64) -> bool) -> Value {
    or_null(call.real(0), |number| Value::Bool(code(number)))
}

fn bits(call: &RowArguments<'_>, code: fn(i64, i64) -> i64) -> Value {
    or_null(call.long(0).zip(call.long(1)), |(left, right)| Value::Long(code(left, right)))
}

fn bin_type(kinds: &[Type]) -> Option<Type> {
    match kinds {
        [Type::Datetime, ..] => Some(Type::Datetime),
        [Type::Timespan, ..] => Some(Type::Timespan),
        [Type::Int | Type::Long | Type::Bool] | [Type::Int | Type::Long, Type::Int | Type::Long, ..] => {
            Some(Type::Long)
        }
        [kind, ..] if kind.is_number() || *kind == Type::Dynamic => Some(Type::Real),
        _ => None,
    }
}

fn bin(call: &mut RowArguments<'_>) -> Value {
    let one = Value::Long(1);
    let size = if call.has(1) { call.value(1) } else { &one };
    binned(call, size, &Value::Null)
}

fn bin_at(call: &mut RowArguments<'_>) -> Value {
    if call.value(2).is_null() {
        return Value::Null;
    }
    binned(call, call.value(1), call.value(2))
}

fn binned(call: &RowArguments<'_>, size: &Value, origin: &Value) -> Value {
    let ticks = |value: &Value| match value {
        Value::Datetime(ticks) | Value::Timespan(ticks) | Value::Long(ticks) => Some(*ticks),
        Value::Null => Some(0),
        Value::Real(real) => to_integer(*real),
        _ => None,
    };
    match (call.value(0), size) {
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::Datetime(value), size) => {
            let bin = whole_bin(*value, ticks(size), ticks(origin));
            or_null(bin.and_then(time::in_range), Value::Datetime)
        }
        (Value::Timespan(value), size) => {
            or_null(whole_bin(*value, ticks(size), ticks(origin)), Value::Timespan)
        }
        (Value::Long(value), Value::Long(size))
            if bin_type(call.kinds) == Some(Type::Long) && !matches!(origin, Value::Real(_)) =>
        {
            or_null(whole_bin(*value, Some(*size), ticks(origin)), Value::Long)
        }
        (value, size) => real_bin(value, size, origin),
    }
}

fn whole_bin(value: i64, size: Option<i64>, origin: Option<i64>) -> Option<i64> {
    let (size, origin) = (size.filter(|size| *size > 0)?, origin?);
    let distance = value.checked_sub(origin)?;
    origin.checked_add(distance.checked_sub(distance.rem_euclid(size))?)
}

fn real_bin(value: &Value, size: &Value, origin: &Value) -> Value {
    let real = |value: &Value| match value {
        Value::Real(real) => Some(*real),
        Value::Long(long) => Some(to_real(*long)),
        Value::Null => Some(0.0),
        _ => None,
    };
    let (Some(value), Some(size), Some(origin)) = (real(value), real(size), real(origin)) else {
        return Value::Null;
    };
    if size <= 0.0 {
        return Value::Null;
    }
    Value::Real(((value - origin) / size).floor() * size + origin)
}
