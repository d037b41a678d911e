//! Conversions between types.

use super::{Function, Returns, RowArguments, or_null};
use crate::convert;
use crate::json;
use crate::value::{Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("tostring(value)", "the text of a value", (1, 1), Returns::Is(Type::String), |call| {
        Value::text(&call.text(0))
    }),
    Function::new("tobool(value)", "true or false", (1, 1), Returns::Is(Type::Bool), |call| {
        cast(call, Type::Bool)
    }),
    Function::new("toint(value)", "a 32-bit integer", (1, 1), Returns::Is(Type::Int), |call| {
        cast(call, Type::Int)
    }),
    Function::new("tolong(value)", "a 64-bit integer", (1, 1), Returns::Is(Type::Long), |call| {
        cast(call, Type::Long)
    }),
    Function::new("todouble(value)", "a real", (1, 1), Returns::Is(Type::Real), |call| {
        cast(call, Type::Real)
    }),
    Function::new("todatetime(value)", "a point in time", (1, 1), Returns::Is(Type::Datetime), |call| {
        cast(call, Type::Datetime)
    }),
    Function::new("totimespan(value)", "a length of time", (1, 1), Returns::Is(Type::Timespan), |call| {
        cast(call, Type::Timespan)
    }),
    Function::new("toguid(value)", "a guid", (1, 1), Returns::Is(Type::Guid), |call| cast(call, Type::Guid)),
    Function::new(
        "tohex(number [, width])",
        "hexadecimal digits",
        (1, 2),
        Returns::Is(Type::String),
        |call| {
            let width = usize::try_from(call.long_or(1, 0).unwrap_or(0).clamp(0, 64)).unwrap_or(0);
            or_null(call.long(0), |number| Value::text(&format!("{number:0width$x}")))
        },
    ),
    Function::new(
        "parse_json(text)",
        "the value a JSON text stands for",
        (1, 1),
        Returns::Is(Type::Dynamic),
        parse_json,
    ),
    Function::new(
        "dynamic_to_json(value)",
        "JSON text with sorted keys",
        (1, 1),
        Returns::Is(Type::String),
        |call| Value::text(&json::to_text(&sorted(call.value(0)))),
    ),
];

fn cast(call: &mut RowArguments<'_>, kind: Type) -> Value {
    convert::to_type(call.value(0), call.kind(0), kind)
}

/// Text that is not JSON is kept as a text.
fn parse_json(call: &mut RowArguments<'_>) -> Value {
    match call.value(0) {
        Value::String(text) if call.kind(0) == Type::String => {
            if text.trim().is_empty() {
                return Value::Null;
            }
            json::parse(text).unwrap_or_else(|| call.value(0).clone())
        }
        value => value.clone(),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(elements) => super::array_of(elements.iter().map(sorted).collect()),
        Value::Object(pairs) => {
            let mut pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            pairs.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(std::sync::Arc::new(pairs))
        }
        other => other.clone(),
    }
}
