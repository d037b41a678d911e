//! Licences that were assigned directly come and go by a request of their own; what groups give follows from the groups.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::plan::draft::{Draft, Outcome, Wanted};
use crate::plan::lookup::Attributes;
use crate::plan::property::LICENCES;
use crate::plan::request::{filled, request};
use crate::plan::{Phase, PlanObject, RequestTemplate, StepKind};
use engine::schema::Type;

/// Who assigned each licence, as far as it was read.
const STATES: &str = "licenseAssignmentStates";

/// Drafts the request that assigns and removes licences, if there is one; the object's properties are those it has and
/// those that are wanted.
pub(in crate::plan) fn draft(
    resource: &'static Type,
    object: &PlanObject,
    values: &Wanted,
    [standing, wanted]: [&Attributes; 2],
) -> Outcome {
    let mut outcome = Outcome::default();
    let (before, after) = (direct(&values.before, standing), direct(&values.after, wanted));
    let added: Vec<Value> = (after.iter())
        .filter(|(sku, plans)| before.get(*sku) != Some(plans))
        .map(|(sku, plans)| json!({ "skuId": sku, "disabledPlans": plans }))
        .collect();
    let removed: Vec<&str> = before.keys().filter(|sku| !after.contains_key(*sku)).copied().collect();
    if added.is_empty() && removed.is_empty() {
        outcome.skip(object, LICENCES, "it follows from the licences of a group");
        return outcome;
    }
    let request = RequestTemplate {
        body: json!({ "addLicenses": added, "removeLicenses": removed }).into(),
        ..request(resource, "POST", format!("{}/assignLicense", filled(resource.graph.get, &object.id)))
    };
    let mut draft = Draft::new(StepKind::Update, Phase::Attributes, object.clone(), request);
    draft.before.insert(LICENCES.to_owned(), values.before.clone());
    draft.after.insert(LICENCES.to_owned(), values.after.clone());
    outcome.add(draft);
    outcome
}

/// Licences that no group gives: their plans that are off, by what was sold.
fn direct<'v>(licences: &'v Value, attributes: &'v Attributes) -> BTreeMap<&'v str, BTreeSet<&'v str>> {
    let entries = |value: Option<&'v Value>| value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let sku = |entry: &'v Value| entry.get("skuId").and_then(Value::as_str).unwrap_or_default();
    let states = entries(attributes.get(STATES));
    let is_inherited = |wanted: &str| {
        let mut own = states.iter().filter(|state| sku(state) == wanted).peekable();
        own.peek().is_some() && own.all(|state| state.get("assignedByGroup").is_some_and(|by| !by.is_null()))
    };
    let plans = |entry: &'v Value| {
        entries(entry.get("disabledPlans")).iter().filter_map(Value::as_str).collect::<BTreeSet<&str>>()
    };
    let all = entries(Some(licences)).iter().map(|entry| (sku(entry), plans(entry)));
    all.filter(|(sku, _)| !is_inherited(sku)).collect()
}
