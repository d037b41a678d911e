//! Owns the content of bodies: values that are written, members that are cleared, licences, references.

use serde_json::Value;

use super::StepFault;
use super::fault::{Verdict, odd_body};
use crate::plan::{ENDPOINT, TARGET};
use engine::schema::Relation;

/// Whether what is sent for a value writes the wanted one: the same, or that with explicit nothing for members which
/// stand and are not wanted, as Graph merges complex values.
pub(super) fn is_written(sent: &Value, standing: &Value, wanted: &Value) -> bool {
    if sent == wanted {
        return true;
    }
    let nothing = serde_json::Map::new();
    match (sent, wanted) {
        (Value::Object(sent), Value::Object(_) | Value::Null) => {
            let wanted = wanted.as_object().unwrap_or(&nothing);
            let is_right = |(name, value): (&String, &Value)| match wanted.get(name) {
                Some(wanted) => is_written(value, standing.get(name).unwrap_or(&Value::Null), wanted),
                None => is_annotation(name, value) || (standing.get(name).is_some() && is_cleared(value)),
            };
            sent.iter().all(is_right) && wanted.keys().all(|name| sent.contains_key(name))
        }
        _ => is_nothing(sent) && is_nothing(wanted),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether a value only takes away.
fn is_cleared(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().all(|(name, value)| is_annotation(name, value) || is_cleared(value))
        }
        other => is_nothing(other),
    }
}

/// Whether a member only says of what type another is.
fn is_annotation(name: &str, value: &Value) -> bool {
    name.ends_with("@odata.type") && value.as_str().is_some_and(|text| text.starts_with('#'))
}

/// Whether a request assigns only licences that are wanted, and removes only those that stand.
pub(super) fn licences(body: &Value, standing: &Value, wanted: &Value) -> Verdict {
    let members = body.as_object().filter(|body| body.len() == 2);
    let list = |name: &str| members.and_then(|body| body.get(name)).and_then(Value::as_array);
    let (Some(added), Some(removed)) = (list("addLicenses"), list("removeLicenses")) else {
        return Err(odd_body(body));
    };
    if added.is_empty() && removed.is_empty() {
        return Err(StepFault::Shape("a licence to be assigned or removed"));
    }
    let entries = |side: &Value| side.as_array().cloned().unwrap_or_default();
    let is_wanted = |licence: &Value| entries(wanted).iter().any(|entry| is_same_licence(entry, licence));
    let has = |side: &Value, sku: &Value| entries(side).iter().any(|entry| entry.get("skuId") == Some(sku));
    if let Some(odd) = added.iter().find(|licence| !is_wanted(licence)) {
        return Err(StepFault::found("only wanted licences to be assigned", odd));
    }
    // A licence that a group gives stays; only its direct assignment is removed.
    match removed.iter().find(|sku| !has(standing, sku)) {
        Some(odd) => Err(StepFault::found("only licences that stand to be removed", odd)),
        None => Ok(()),
    }
}

fn is_same_licence(a: &Value, b: &Value) -> bool {
    let plans = |licence: &Value| {
        let plans = licence.get("disabledPlans").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut plans: Vec<String> = plans.iter().map(Value::to_string).collect();
        plans.sort_unstable();
        plans.dedup();
        plans
    };
    let is_known = |licence: &Value| {
        licence
            .as_object()
            .is_some_and(|it| it.keys().all(|name| matches!(&**name, "skuId" | "disabledPlans")))
    };
    is_known(b) && a.get("skuId") == b.get("skuId") && plans(a) == plans(b)
}

/// Whether a reference leads to the other end of a link, by one of the paths that Graph takes there.
pub(super) fn is_reference_to(reference: &Value, link: &Relation) -> bool {
    let path = reference.as_str().and_then(|text| text.strip_prefix(ENDPOINT)?.strip_prefix("/v1.0"));
    let Some(above) = path.and_then(|path| path.strip_suffix(TARGET)) else { return false };
    let own = link.targets.iter().map(|target| target.info());
    let is_own = own.into_iter().any(|target| target.graph.get.strip_suffix("{id}") == Some(above));
    is_own || above == "/directoryObjects/" || (above == "/users/" && link.to_one)
}
