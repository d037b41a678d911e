//! Owns how a policy of conditional access that a plan enables only reports at first.

use engine::schema::TypeId;
use serde_json::json;

use crate::plan::Step;

/// A policy that would be enabled only reports; says whether it would be.
pub(super) fn only_report(step: &mut Step) -> bool {
    const REPORT: &str = "enabledForReportingButNotEnforced";
    let is_enabled = |state: Option<&serde_json::Value>| state.is_some_and(|state| state == "enabled");
    if step.object.type_token != TypeId::ConditionalAccessPolicy
        || !is_enabled(step.request.body.get("state"))
    {
        return false;
    }
    if is_enabled(step.after.get("state")) {
        step.after.insert("state".to_owned(), json!(REPORT));
    }
    step.request.body.set("state", json!(REPORT));
    true
}
