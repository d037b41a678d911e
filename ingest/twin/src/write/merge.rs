//! Owns how a PATCH changes a complex value: it is merged, never replaced; null clears, and a collection is written whole.
//!
//! *Sources.* An update of a directory object leaves members of complex values alone that it does not name
//! (microsoft-graph-docs issue 20335); custom security attributes are an open type, whose values go by null, or by an empty
//! collection (Graph reference, "Assign, update, list or remove custom security attributes").

use serde_json::{Map, Value};

/// A property whose members have no fixed names: a cleared one is absent.
const OPEN: &str = "customSecurityAttributes";

/// Gives the value of a property after a write, from its value before.
pub(super) fn merged(property: &str, before: Value, written: Value) -> Value {
    let mut value = merge(before, written);
    if property == OPEN {
        prune(&mut value);
    }
    value
}

fn merge(before: Value, written: Value) -> Value {
    match (before, written) {
        (Value::Object(mut members), Value::Object(written)) => {
            for (name, value) in written {
                let old = members.remove(&name).unwrap_or(Value::Null);
                members.insert(name, merge(old, value));
            }
            Value::Object(members)
        }
        (_, written) => written,
    }
}

/// Removes members without a value: nulls, empty collections with their types, and sets in which only the type is left.
fn prune(value: &mut Value) {
    let Value::Object(members) = value else { return };
    members.values_mut().for_each(prune);
    members.retain(|_, value| !is_nothing(value));
    let names: Vec<String> = members.keys().cloned().collect();
    members.retain(|name, _| {
        name.strip_suffix("@odata.type").is_none_or(|of| of.is_empty() || names.iter().any(|n| n == of))
    });
    if members.keys().all(|name| name.contains("@odata.")) {
        *value = Value::Object(Map::new());
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
