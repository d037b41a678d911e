//! Owns the rules about policies, locations, strengths and roles.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::super::Refusal;
use crate::resource::Kind;
use crate::state::{Handle, State};

/// The states of a conditional access policy.
const STATES: [&str; 3] = ["enabled", "disabled", "enabledForReportingButNotEnforced"];

/// The most conditional access policies of a tenant, whatever their state.
pub(super) const POLICY_COUNT_MAX: usize = 195;

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "BadRequest", message)
}

/// Checks the rules about updating single types.
pub(super) fn check_policy_update(
    state: &State,
    handle: Handle,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let record = state.record(handle);
    match record.kind.id() {
        Some(TypeId::ConditionalAccessPolicy) => check_policy(state, values),
        // None: the configurations of authentication methods.
        Some(TypeId::NamedLocation) | None => {
            let given = values.get("@odata.type").and_then(Value::as_str);
            let known = record.body.text("@odata.type");
            if given.is_none() || known.is_some_and(|known| Some(&*known) != given) {
                return Err(bad("The @odata.type of the object is required and cannot be changed."));
            }
            Ok(())
        }
        Some(TypeId::RoleDefinition) if record.body.is_true("isBuiltIn") => {
            Err(Refusal::bad_request("Updating a built-in roleDefinition is not allowed."))
        }
        Some(TypeId::AuthenticationStrengthPolicy) => {
            if record.body.text("policyType").as_deref() == Some("builtIn") {
                return Err(bad("Built-in authentication strengths cannot be changed."));
            }
            if values.contains_key("allowedCombinations") {
                return Err(bad("allowedCombinations is changed by updateAllowedCombinations only."));
            }
            Ok(())
        }
        Some(TypeId::IdentitySecurityDefaultsEnforcementPolicy) => {
            let policies = state.handles(Kind::of(TypeId::ConditionalAccessPolicy)).iter();
            let enabled = policies
                .copied()
                .filter(|&policy| state.is_live(policy))
                .any(|policy| state.record(policy).body.text("state").as_deref() == Some("enabled"));
            if enabled && values.get("isEnabled") == Some(&Value::Bool(true)) {
                return Err(bad(
                    "Security defaults cannot be enabled while conditional access policies are.",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Checks the parts of a conditional access policy that are given.
pub(super) fn check_policy(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(given) = values.get("state") {
        if !given.as_str().is_some_and(|given| STATES.contains(&given)) {
            return Err(bad(format!("1024: Invalid policy state {given}.")));
        }
        let defaults = state.single(Kind::of(TypeId::IdentitySecurityDefaultsEnforcementPolicy));
        let defaults_on = defaults.is_some_and(|handle| state.record(handle).body.is_true("isEnabled"));
        if given == "enabled" && defaults_on {
            return Err(bad(
                "Security Defaults is enabled in the tenant. You must disable Security defaults before enabling a \
                 Conditional Access policy.",
            ));
        }
    }
    let Some(conditions) = values.get("conditions") else { return Ok(()) };
    let has_applications = conditions["applications"].is_object();
    let has_users = conditions["users"].is_object() || conditions["clientApplications"].is_object();
    if !has_applications || !has_users {
        return Err(bad("1011: 'conditions' must name applications and users of the policy."));
    }
    check_references(state, conditions)
}

/// Words in lists of principals and locations that are no IDs.
const WORDS: [&str; 6] =
    ["All", "None", "GuestsOrExternalUsers", "AllTrusted", "AllCompliant", "MfaTrustedIps"];

/// A policy names live objects only: one that is deleted, in the bin too, is refused.
fn check_references(state: &State, conditions: &Value) -> Result<(), Refusal> {
    let lists = [
        ("users", ["includeUsers", "excludeUsers"], TypeId::User),
        ("users", ["includeGroups", "excludeGroups"], TypeId::Group),
        ("locations", ["includeLocations", "excludeLocations"], TypeId::NamedLocation),
    ];
    for (condition, names, type_id) in lists {
        for name in names {
            let ids = conditions[condition][name].as_array().map_or(&[][..], Vec::as_slice);
            let mut ids = ids.iter().filter_map(Value::as_str).filter(|id| !WORDS.contains(id));
            if let Some(id) = ids.find(|id| state.find_live(Kind::of(type_id), id).is_none()) {
                return Err(bad(format!(
                    "1040: {name} of the policy names {type_id} '{id}', which does not exist in the directory."
                )));
            }
        }
    }
    Ok(())
}

/// Checks the rules about deleting single types.
pub(super) fn check_policy_delete(state: &State, handle: Handle) -> Result<(), Refusal> {
    let record = state.record(handle);
    match record.kind.id() {
        Some(TypeId::NamedLocation) if record.body.is_true("isTrusted") => {
            Err(bad("1109: A trusted named location cannot be deleted; set isTrusted to false first."))
        }
        Some(TypeId::AuthenticationStrengthPolicy) => {
            if record.body.text("policyType").as_deref() == Some("builtIn") {
                return Err(bad("Built-in authentication strengths cannot be deleted."));
            }
            let policies = state.handles(Kind::of(TypeId::ConditionalAccessPolicy)).iter();
            let used = policies.copied().filter(|&policy| state.is_live(policy)).any(|policy| {
                state.record(policy).body.tree("grantControls")["authenticationStrength"]["id"] == *record.id
            });
            if used { Err(bad("The authentication strength is used by a policy.")) } else { Ok(()) }
        }
        Some(TypeId::RoleDefinition) if record.body.is_true("isBuiltIn") => {
            Err(Refusal::bad_request("Deleting a built-in roleDefinition is not allowed."))
        }
        Some(TypeId::PermissionGrantPolicy) if record.id.starts_with("microsoft-") => {
            Err(Refusal::bad_request("Built-in permission grant policies cannot be deleted."))
        }
        _ => Ok(()),
    }
}
