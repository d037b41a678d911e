//! Licences that were assigned directly come and go by a request of their own; what groups give follows from the groups.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Wanted, filled, request};
use crate::plan::draft::{Draft, DraftId};
use crate::plan::lookup::Attributes;
use crate::plan::make::Planner;
use crate::plan::{Phase, PlanObject, RequestTemplate, Skipped, StepKind};
use crate::resource::Resource;

/// The property that holds them.
pub(in crate::plan) const LICENCES: &str = "assignedLicenses";

/// Who assigned each licence, as far as it was read.
const STATES: &str = "licenseAssignmentStates";

impl Planner {
    /// Drafts the request that assigns and removes licences; `sides` are the object's properties before and after.
    pub(in crate::plan) fn plan_licences(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        values: &Wanted,
        [standing, wanted]: [&Attributes; 2],
    ) -> Option<DraftId> {
        let (before, after) = (direct(&values.before, standing), direct(&values.after, wanted));
        let added: Vec<Value> = (after.iter())
            .filter(|(sku, plans)| before.get(*sku) != Some(plans))
            .map(|(sku, plans)| json!({ "skuId": sku, "disabledPlans": plans }))
            .collect();
        let removed: Vec<&str> = before.keys().filter(|sku| !after.contains_key(*sku)).copied().collect();
        if added.is_empty() && removed.is_empty() {
            let reason = "it follows from the licences of a group".to_owned();
            self.skipped.push(Skipped { object: object.clone(), name: LICENCES.to_owned(), reason });
            return None;
        }
        let request = RequestTemplate {
            body: json!({ "addLicenses": added, "removeLicenses": removed }).into(),
            ..request(resource, "POST", format!("{}/assignLicense", filled(resource.graph.get, &object.id)))
        };
        let mut draft = Draft::new(StepKind::Update, Phase::Attributes, object.clone(), request);
        draft.before.insert(LICENCES.to_owned(), values.before.clone());
        draft.after.insert(LICENCES.to_owned(), values.after.clone());
        Some(self.drafts.add(draft))
    }
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
