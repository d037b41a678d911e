//! Values on their way back: paths inside them, and what Graph takes of them. Which are the same
//! [`engine::same::is_same`] says.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::Named;

/// The names along a path as differences show it: `employeeOrgData.division`, `['a.b'].c`.
pub(super) fn path_names(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (name, after) = split_quoted(quoted);
            names.push(name);
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            names.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    names
}

fn split_quoted(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            '\'' => return (name, text[offset + 1..].strip_prefix(']').unwrap_or(&text[offset + 1..])),
            _ => name.push(letter),
        }
    }
    (name, "")
}

/// Puts what `source` has at a path into `target`; what `source` has not, is taken away.
pub(super) fn copy_path(target: &mut Value, source: &Value, names: &[String]) {
    let Some((name, below)) = names.split_first() else {
        target.clone_from(source);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    match source.get(name) {
        Some(value) => copy_path(members.entry(name.clone()).or_insert(Value::Null), value, below),
        None if below.is_empty() => {
            members.remove(name);
        }
        None => {
            if let Some(member) = members.get_mut(name) {
                copy_path(member, &Value::Null, below);
            }
        }
    }
}

/// Sets the value at a path.
pub(super) fn set_path(target: &mut Value, names: &[String], value: Value) {
    let Some((name, below)) = names.split_first() else {
        *target = value;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(members) = target {
        set_path(members.entry(name.clone()).or_insert(Value::Null), below, value);
    }
}

/// The value of a property as Graph takes it: an authentication strength that a policy names is its ID, and nothing
/// speaks of the transport.
#[must_use]
pub fn written_value(type_token: &str, property: &str, mut value: Value) -> Value {
    strip_annotations(&mut value);
    if type_token == TypeId::ConditionalAccessPolicy
        && property == "grantControls"
        && let Some(strength) = value.get_mut("authenticationStrength")
        && let Some(id) = strength.get("id").cloned()
    {
        *strength = serde_json::json!({ "id": id });
    }
    value
}

fn strip_annotations(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !name.contains("@odata.") || name.ends_with("@odata.type"));
            members.values_mut().for_each(strip_annotations);
        }
        Value::Array(values) => values.iter_mut().for_each(strip_annotations),
        _ => {}
    }
}

/// Whether a collection of texts has one.
pub(super) fn has_text(value: &Value, text: &str) -> bool {
    value.as_array().is_some_and(|values| values.iter().any(|value| value == text))
}

/// The value of a cell; null where there is none.
pub(super) fn decoded(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| engine::scan::decode(text.as_bytes()))
}

/// The outermost name of a path.
pub(super) fn top_name(path: &str) -> String {
    if path.starts_with('[') {
        return path_names(path).into_iter().next().unwrap_or_default();
    }
    path[..path.find(['.', '[']).unwrap_or(path.len())].to_owned()
}

/// Everything that an object was, as far as a step that makes it again could write it.
pub(super) fn kept_values(type_token: &str, attributes: &Map<String, Value>) -> Named {
    let is_kept =
        |name: &str, value: &Value| !value.is_null() && name != "id" && !name.contains("@odata.context");
    (attributes.iter())
        .filter(|(name, value)| is_kept(name, value))
        .map(|(name, value)| (name.clone(), written_value(type_token, name, value.clone())))
        .collect()
}
