//! The values that a step changes, path by path and whole: what differs inside complex values, what lists gain and lose,
//! and what a request says besides.

use std::collections::BTreeSet;

use ingest::plan::{Step, StepKind};
use serde_json::Value;

/// The lines that say what a step does to values.
pub(super) fn lines(step: &Step) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, after) in &step.after {
        let before = step.before.get(name).unwrap_or(&Value::Null);
        if before == after {
            lines.push(format!("{name}: {after} again"));
        }
        differences(&escaped(name), Some(before), Some(after), &mut lines);
    }
    // Of what goes for good people see what it was; of a credential or an assignment that says which one it is.
    if matches!(step.kind, StepKind::RemoveLink | StepKind::HardDelete) && step.links.is_empty() {
        let gone =
            step.before.iter().filter(|(name, value)| !step.after.contains_key(*name) && !value.is_null());
        lines.extend(gone.map(|(name, value)| format!("{}: {value} goes", escaped(name))));
    }
    if step.kind == StepKind::Restore && !step.request.body.is_null() {
        lines.push(format!("with {}", step.request.body));
    }
    if let Some(body) = step.request.body.as_object() {
        if let Some(stated) = body.get("@odata.type").filter(|_| !step.after.contains_key("@odata.type")) {
            lines.push(format!("as {stated}"));
        }
        for (name, verb) in [("addLicenses", "assigns"), ("removeLicenses", "removes")] {
            let licences = body.get(name).and_then(Value::as_array).into_iter().flatten();
            lines.extend(licences.map(|licence| format!("{verb} {licence}")));
        }
        for (name, sent) in body {
            if let Some(after) = step.after.get(name) {
                cleared(&escaped(name), sent, after, &mut lines);
            }
        }
    }
    lines
}

/// The paths inside a value that differ, each with both values; what is not there is told from null.
fn differences(path: &str, before: Option<&Value>, after: Option<&Value>, lines: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Some(Value::Object(first)), Some(Value::Object(second)))
            if !(first.is_empty() || second.is_empty()) =>
        {
            let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
            for name in names {
                differences(&format!("{path}.{}", escaped(name)), first.get(name), second.get(name), lines);
            }
        }
        (Some(Value::Array(first)), Some(Value::Array(second)))
            if !(first.is_empty() || second.is_empty()) =>
        {
            list(path, first, second, lines);
        }
        _ => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            lines.push(format!("{path}: {} -> {}", shown(before), shown(after)));
        }
    }
}

/// What a list gains and loses, and its order where that does not follow.
fn list(path: &str, before: &[Value], after: &[Value], lines: &mut Vec<String>) {
    let lost = without(before, after);
    let gained = without(after, before);
    lines.extend(lost.iter().map(|value| format!("{path}: - {value}")));
    lines.extend(gained.iter().map(|value| format!("{path}: + {value}")));
    let mut expected: Vec<&Value> = before.iter().collect();
    for value in lost {
        if let Some(place) = expected.iter().position(|other| *other == value) {
            expected.remove(place);
        }
    }
    expected.extend(gained);
    if !expected.into_iter().eq(after) {
        lines.push(format!("{path}: in the order {}", Value::Array(after.to_vec())));
    }
}

/// The elements of a list that another one does not have, counted.
fn without<'v>(values: &'v [Value], others: &[Value]) -> Vec<&'v Value> {
    let mut others: Vec<&Value> = others.iter().collect();
    let mut left = Vec::new();
    for value in values {
        match others.iter().position(|other| *other == value) {
            Some(place) => {
                others.swap_remove(place);
            }
            None => left.push(value),
        }
    }
    left
}

/// Members that a request takes away although the wanted value does not name them.
fn cleared(path: &str, sent: &Value, wanted: &Value, lines: &mut Vec<String>) {
    let (Value::Object(sent), Value::Object(_) | Value::Null) = (sent, wanted) else { return };
    for (name, value) in sent {
        let path = format!("{path}.{}", escaped(name));
        match wanted.get(name) {
            Some(wanted) => cleared(&path, value, wanted, lines),
            None => lines.push(format!("{path}: sent as {value}")),
        }
    }
}

/// A name as a part of a path: one that could be mistaken for more than one stands in quotes.
fn escaped(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-@$".contains(letter) || letter == '.';
    let is_simple = !name.is_empty() && name.chars().all(is_plain) && !name.contains('.');
    let is_annotation = name.starts_with("@odata.") || name.ends_with("@odata.type");
    if is_simple || is_annotation { name.to_owned() } else { Value::from(name).to_string() }
}
