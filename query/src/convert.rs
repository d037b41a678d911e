//! Conversions between types. What cannot be converted is null, never an error.

use crate::json;
use crate::literal;
use crate::number::{format_real, parse_integer, parse_real, to_real};
use crate::time;
use crate::value::{Type, Value};

/// Converts a value to a type.
pub(crate) fn to_type(value: &Value, from: Type, to: Type) -> Value {
    match to {
        Type::String => Value::text(&to_text(value, from)),
        Type::Dynamic => value.clone(),
        _ => typed(value, to),
    }
}

fn typed(value: &Value, to: Type) -> Value {
    let converted = match to {
        Type::Bool => to_bool(value).map(Value::Bool),
        Type::Int => to_int(value).map(Value::Long),
        Type::Long => to_long(value).map(Value::Long),
        Type::Real => real_of(value).map(Value::Real),
        Type::Datetime => to_datetime(value).map(Value::Datetime),
        Type::Timespan => to_timespan(value).map(Value::Timespan),
        Type::Guid => to_guid(value).map(Value::Guid),
        Type::String | Type::Dynamic => Some(value.clone()),
    };
    converted.unwrap_or(Value::Null)
}

/// Writes a value as text; null is `""`.
pub(crate) fn to_text(value: &Value, kind: Type) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(bool) if kind == Type::Dynamic => bool.to_string(),
        Value::Bool(bool) => if *bool { "True" } else { "False" }.to_owned(),
        Value::Long(long) => long.to_string(),
        Value::Real(real) => format_real(*real),
        Value::String(text) => text.to_string(),
        Value::Datetime(ticks) => time::format_datetime(*ticks),
        Value::Timespan(ticks) => time::format_timespan(*ticks),
        Value::Guid(guid) => literal::format_guid(*guid),
        Value::Array(_) | Value::Object(_) => json::to_text(value),
    }
}

pub(crate) fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(bool) => Some(*bool),
        Value::Long(long) => Some(*long != 0),
        Value::Real(real) => Some(*real != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => parse_integer(other).map(|number| number != 0),
        },
        _ => None,
    }
}

/// A long; reals are cut toward zero and kept in range.
pub(crate) fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(bool) => Some(i64::from(*bool)),
        Value::Long(ticks) | Value::Datetime(ticks) | Value::Timespan(ticks) => Some(*ticks),
        Value::Real(real) => saturate(*real),
        Value::String(text) => parse_integer(text),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as the language does")]
fn saturate(real: f64) -> Option<i64> {
    real.is_finite().then_some(real as i64)
}

/// An int: of longs the low 32 bits, of reals the nearest in range, of texts those in range.
pub(crate) fn to_int(value: &Value) -> Option<i64> {
    let long = to_long(value)?;
    match value {
        Value::Real(_) => Some(long.clamp(i64::from(i32::MIN), i64::from(i32::MAX))),
        Value::String(_) => i32::try_from(long).ok().map(i64::from),
        _ => Some(i64::from(low_bits(long))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is asked for")]
fn low_bits(long: i64) -> i32 {
    long as i32
}

/// A real of anything that has one, texts included.
pub(crate) fn real_of(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(bool) => Some(f64::from(*bool)),
        Value::Long(ticks) | Value::Datetime(ticks) | Value::Timespan(ticks) => Some(to_real(*ticks)),
        Value::Real(real) => Some(*real),
        Value::String(text) => parse_real(text),
        _ => None,
    }
}

pub(crate) fn to_datetime(value: &Value) -> Option<i64> {
    match value {
        Value::Datetime(ticks) => Some(*ticks),
        Value::Long(ticks) => time::in_range(*ticks),
        Value::String(text) => time::parse_datetime(text),
        _ => None,
    }
}

pub(crate) fn to_timespan(value: &Value) -> Option<i64> {
    match value {
        Value::Timespan(ticks) | Value::Long(ticks) => Some(*ticks),
        Value::String(text) => time::parse_timespan(text),
        _ => None,
    }
}

pub(crate) fn to_guid(value: &Value) -> Option<u128> {
    match value {
        Value::Guid(guid) => Some(*guid),
        Value::String(text) => literal::parse_guid(text),
        _ => None,
    }
}
