//! Choices, tests for null and empty, and the least and greatest of several values.

use super::{Function, MANY, Returns, RowArguments, or_null};
use crate::compare::order;
use crate::convert;
use crate::value::{Type, Value};

const BOOL: Returns = Returns::Is(Type::Bool);

pub(super) const TABLE: &[Function] = &[
    Function::new("not(condition)", "true for false, false for true", (1, 1), BOOL, |call| {
        or_null(convert::to_bool(call.value(0)), |bool| Value::Bool(!bool))
    }),
    Function::new(
        "isnull(value)",
        "whether there is no value; strings always have one",
        (1, 1),
        BOOL,
        |call| Value::Bool(is_null(call)),
    ),
    Function::new("isnotnull(value)", "whether there is a value", (1, 1), BOOL, |call| {
        Value::Bool(!is_null(call))
    }),
    Function::new("isempty(value)", "whether the text of a value is empty", (1, 1), BOOL, |call| {
        Value::Bool(call.text(0).is_empty())
    }),
    Function::new("isnotempty(value)", "whether the text of a value is not empty", (1, 1), BOOL, |call| {
        Value::Bool(!call.text(0).is_empty())
    }),
    Function::new(
        "iff(condition, then, else)",
        "one of two values",
        (3, 3),
        Returns::By(choice_type),
        |call| {
            let chosen = if call.flag(0) { 1 } else { 2 };
            convert_to(call, chosen, choice_type(call.kinds))
        },
    ),
    Function::new(
        "case(condition, then, …, else)",
        "the value after the first true condition",
        (3, MANY),
        Returns::By(case_type),
        case,
    ),
    Function::new(
        "coalesce(value, …)",
        "the first value that is neither null nor empty",
        (1, MANY),
        Returns::By(common_type),
        |call| {
            let last = call.len() - 1;
            let present = |index: &usize| match call.value(*index) {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            let first = (0..last).find(present).unwrap_or(last);
            convert_to(call, first, common_type(call.kinds))
        },
    ),
    Function::new(
        "max_of(value, …)",
        "the greatest of several values",
        (1, MANY),
        Returns::By(common_type),
        |call| best(call, |candidate, best| order(candidate, best).is_gt()),
    ),
    Function::new(
        "min_of(value, …)",
        "the least of several values",
        (1, MANY),
        Returns::By(common_type),
        |call| best(call, |candidate, best| order(candidate, best).is_lt()),
    ),
    Function::new(
        "gettype(value)",
        "the name of the type of a value",
        (1, 1),
        Returns::Is(Type::String),
        |call| Value::text(type_name(call.value(0), call.kind(0))),
    ),
    Function::new("assert(condition, message)", "true; a false condition gives null", (2, 2), BOOL, |call| {
        if call.flag(0) { Value::Bool(true) } else { Value::Null }
    }),
];

fn is_null(call: &RowArguments<'_>) -> bool {
    call.kind(0) != Type::String && call.value(0).is_null()
}

/// The type all arguments can take; nothing if there is none.
pub(super) fn common_type(kinds: &[Type]) -> Option<Type> {
    let (first, rest) = kinds.split_first()?;
    rest.iter().try_fold(*first, |common, kind| match (common, *kind) {
        (left, right) if left == right => Some(left),
        (left, right) if left.is_number() && right.is_number() => {
            let real = left == Type::Real || right == Type::Real;
            Some(if real { Type::Real } else { Type::Long })
        }
        (Type::Dynamic, _) | (_, Type::Dynamic) => Some(Type::Dynamic),
        _ => None,
    })
}

fn choice_type(kinds: &[Type]) -> Option<Type> {
    common_type(kinds.get(1..)?)
}

fn case_type(kinds: &[Type]) -> Option<Type> {
    if kinds.len().is_multiple_of(2) {
        return None;
    }
    let results: Vec<Type> = kinds.iter().skip(1).step_by(2).chain(kinds.last()).copied().collect();
    common_type(&results)
}

fn case(call: &mut RowArguments<'_>) -> Value {
    let last = call.len() - 1;
    let chosen = (0..last).step_by(2).find(|index| call.flag(*index));
    convert_to(call, chosen.map_or(last, |index| index + 1), case_type(call.kinds))
}

/// An argument in the type of the result: a long among reals becomes a real.
fn convert_to(call: &RowArguments<'_>, index: usize, kind: Option<Type>) -> Value {
    match kind {
        Some(kind) if kind != call.kind(index) => convert::to_type(call.value(index), call.kind(index), kind),
        _ => call.value(index).clone(),
    }
}

fn best(call: &mut RowArguments<'_>, better: fn(&Value, &Value) -> bool) -> Value {
    if let Some(nan) = call.values().find(|value| matches!(value, Value::Real(real) if real.is_nan())) {
        return nan.clone();
    }
    let mut best: Option<&Value> = None;
    for value in call.values().filter(|value| !value.is_null()) {
        if best.is_none_or(|best| better(value, best)) {
            best = Some(value);
        }
    }
    let kind = common_type(call.kinds).unwrap_or(Type::Dynamic);
    or_null(best, |best| convert::to_type(best, kind, kind))
}

fn type_name(value: &Value, kind: Type) -> &'static str {
    if kind != Type::Dynamic {
        return kind.as_str();
    }
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Long(_) => "long",
        Value::Real(_) => "double",
        Value::String(_) => "string",
        Value::Datetime(_) => "datetime",
        Value::Timespan(_) => "timespan",
        Value::Guid(_) => "guid",
        Value::Array(_) => "array",
        Value::Object(_) => "dictionary",
    }
}
