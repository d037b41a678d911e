//! Credentials that were added to applications and service principals are taken away; those that went are issued anew.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::plan::draft::{Draft, Outcome, Wanted};
use crate::plan::request::{filled, request};
use crate::plan::{Phase, PlanObject, StepKind, property};
use engine::schema::Type;

/// Drafts the removal of what was added to one of the collections of credentials.
pub(super) fn draft(resource: &'static Type, object: &PlanObject, name: &str, values: &Wanted) -> Outcome {
    let mut outcome = Outcome::default();
    let (before, after) = (by_key(&values.before), by_key(&values.after));
    if after.keys().any(|key| !before.contains_key(key)) {
        outcome.skip(object, name, property::ISSUE_ANEW);
    }
    let added: Vec<(&str, &Value)> = (before.iter().map(|(key, value)| (*key, *value)))
        .filter(|(key, _)| !after.contains_key(key))
        .collect();
    if added.is_empty() {
        return outcome;
    }
    let path = filled(resource.graph.get, &object.id);
    if name == "passwordCredentials" {
        for (key, value) in added {
            let mut request = request(resource, "POST", format!("{path}/removePassword"));
            request.body = json!({ "keyId": key }).into();
            let mut draft = Draft::new(StepKind::RemoveLink, Phase::Containment, object.clone(), request);
            draft.before.insert(name.to_owned(), json!([value]));
            draft.notes.push(format!("removes the secret {}", shown_name(value)));
            outcome.add(draft);
        }
        return outcome;
    }
    let kept: Vec<&Value> =
        before.iter().filter(|(key, _)| after.contains_key(*key)).map(|(_, value)| *value).collect();
    let mut request = request(resource, "PATCH", path);
    request.body = json!({ name: kept }).into();
    let mut draft = Draft::new(StepKind::RemoveLink, Phase::Containment, object.clone(), request);
    draft.notes.extend(added.iter().map(|(_, value)| format!("removes the key {}", shown_name(value))));
    draft.before.insert(name.to_owned(), values.before.clone());
    draft.after.insert(name.to_owned(), json!(kept));
    outcome.add(draft);
    outcome
}

/// Credentials by their key IDs.
fn by_key(value: &Value) -> BTreeMap<&str, &Value> {
    let entries = value.as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().filter_map(|entry| Some((entry.get("keyId")?.as_str()?, entry))).collect()
}

fn shown_name(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("displayName"), text("keyId")) {
        ("", key) => key.to_owned(),
        (name, key) => format!("{name} ({key})"),
    }
}
