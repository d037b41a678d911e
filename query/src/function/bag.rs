//! Functions of objects.

use std::sync::Arc;

use super::{Function, MANY, Returns, array_of, or_null};
use crate::convert;
use crate::json;
use crate::literal;
use crate::value::{Type, Value};

const DYNAMIC: Returns = Returns::Is(Type::Dynamic);

pub(super) const TABLE: &[Function] = &[
    Function::new("bag_pack(key, value, …)", "an object of keys and values", (0, MANY), DYNAMIC, |call| {
        let pairs = (0..call.len() / 2)
            .map(|pair| (Arc::from(&*call.text(2 * pair)), call.value(2 * pair + 1).clone()));
        literal::object(pairs.collect())
    }),
    Function::new(
        "bag_pack_present(key, value, …)",
        "as bag_pack, without nulls and empty texts",
        (0, MANY),
        DYNAMIC,
        |call| {
            let present = (0..call.len() / 2).filter(|pair| !call.text(2 * pair + 1).is_empty());
            let pairs =
                present.map(|pair| (Arc::from(&*call.text(2 * pair)), call.value(2 * pair + 1).clone()));
            literal::object(pairs.collect())
        },
    ),
    Function::new("bag_keys(object)", "the keys of an object", (1, 1), DYNAMIC, |call| {
        or_null(call.object(0), |pairs| {
            array_of(pairs.iter().map(|(key, _)| Value::String(key.clone())).collect())
        })
    }),
    Function::new(
        "bag_has_key(object, key)",
        "whether an object has a key, or a path `$.a.b`",
        (2, 2),
        Returns::Is(Type::Bool),
        |call| {
            if call.object(0).is_none() {
                return Value::Null;
            }
            Value::Bool(at_path(call.value(0), &steps(&call.text(1))).is_some())
        },
    ),
    Function::new(
        "bag_merge(object, …)",
        "the pairs of several objects, the first of a key",
        (1, MANY),
        DYNAMIC,
        |call| merge(call.values()),
    ),
    Function::new(
        "bag_remove_keys(object, keys)",
        "an object without some keys or paths",
        (2, 2),
        DYNAMIC,
        |call| {
            let Some(keys) = call.array(1).filter(|_| call.object(0).is_some()) else {
                return Value::Null;
            };
            keys.iter().fold(call.value(0).clone(), |object, key| {
                without(&object, &steps(&convert::to_text(key, Type::Dynamic)))
            })
        },
    ),
    Function::new("bag_set_key(object, key, value)", "an object with a key set", (3, 3), DYNAMIC, |call| {
        or_null(call.object(0), |pairs| {
            let new = (Arc::from(&*call.text(1)), call.value(2).clone());
            literal::object(pairs.iter().cloned().chain([new]).collect())
        })
    }),
    Function::new("treepath(value)", "the paths of everything inside a value", (1, 1), DYNAMIC, |call| {
        let mut paths = Vec::new();
        tree_paths(call.value(0), "", &mut paths);
        if paths.is_empty() { Value::Null } else { array_of(paths) }
    }),
    Function::new(
        "extract_json(path, json)",
        "the value at a path such as `$.a[0]`",
        (2, 3),
        Returns::Is(Type::String),
        |call| {
            let parsed = json::parse(&call.text(1));
            let found = parsed.as_ref().and_then(|value| at_path(value, &steps(&call.text(0))));
            or_null(found, |value| Value::text(&convert::to_text(value, Type::Dynamic)))
        },
    ),
];

/// The pairs of several objects; the first value of a key stays. Null without any object.
pub(crate) fn merge<'a>(objects: impl Iterator<Item = &'a Value>) -> Value {
    let mut merged: Option<Vec<(Arc<str>, Value)>> = None;
    let mut known = std::collections::HashSet::new();
    for object in objects {
        let Value::Object(pairs) = object else { continue };
        let merged = merged.get_or_insert_default();
        for (key, value) in pairs.iter() {
            if known.insert(key.clone()) {
                merged.push((key.clone(), value.clone()));
            }
        }
    }
    or_null(merged, |pairs| Value::Object(Arc::new(pairs)))
}

/// The steps of `$.a['b'][0]`; a text that is no path is one key.
fn steps(path: &str) -> Vec<Value> {
    let Some(rest) = path.strip_prefix('$') else { return vec![Value::text(path)] };
    let parts = rest.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.parse::<i64>() {
            Ok(index) => Value::Long(index),
            Err(_) => Value::text(part.trim_matches(['\'', '"'])),
        })
        .collect()
}

fn at_path<'a>(value: &'a Value, steps: &[Value]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Object(pairs), Value::String(key)) => {
            pairs.iter().find(|(other, _)| other == key).map(|(_, value)| value)
        }
        (Value::Array(elements), Value::Long(index)) => elements.get(usize::try_from(*index).ok()?),
        _ => None,
    })
}

fn without(value: &Value, steps: &[Value]) -> Value {
    let (Value::Object(pairs), Some((Value::String(key), rest))) = (value, steps.split_first()) else {
        return value.clone();
    };
    let kept = pairs.iter().filter_map(|(other, inner)| match (other == key, rest.is_empty()) {
        (true, true) => None,
        (true, false) => Some((other.clone(), without(inner, rest))),
        (false, _) => Some((other.clone(), inner.clone())),
    });
    Value::Object(Arc::new(kept.collect()))
}

fn tree_paths(value: &Value, prefix: &str, paths: &mut Vec<Value>) {
    match value {
        Value::Object(pairs) => {
            for (key, inner) in pairs.iter() {
                let path = format!("{prefix}['{key}']");
                paths.push(Value::text(&path));
                tree_paths(inner, &path, paths);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            let path = format!("{prefix}[0]");
            paths.push(Value::text(&path));
            tree_paths(&elements[0], &path, paths);
        }
        _ => {}
    }
}
