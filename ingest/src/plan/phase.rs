//! Owns the phase of each update and each return: containment takes from an intruder what was gained, and is first.

use serde_json::Value;

use super::Phase;
use super::draft::{Wanted, WantedMap};

/// What decides for the whole tenant who gets in.
const TENANT_POLICIES: [&str; 4] = [
    "authorizationPolicy",
    "crossTenantAccessPolicy",
    "crossTenantAccessPolicyConfigurationDefault",
    "crossTenantAccessPolicyConfigurationPartner",
];

/// What others refer to.
const DEFINITIONS: [&str; 4] = [
    "namedLocation",
    "authenticationStrengthPolicy",
    "authenticationContextClassReference",
    "roleDefinition",
];

const SECURITY_DEFAULTS: &str = "identitySecurityDefaultsEnforcementPolicy";

/// When an update is due.
pub(super) fn of_update(token: &str, wanted: &WantedMap) -> Phase {
    let is_set = |name: &str, is: &dyn Fn(&Wanted) -> bool| wanted.get(name).is_some_and(is);
    let turns = |to: bool| move |values: &Wanted| values.after == Value::Bool(to);
    match token {
        _ if TENANT_POLICIES.contains(&token) => Phase::Containment,
        _ if is_set("accountEnabled", &turns(false)) => Phase::Containment,
        "conditionalAccessPolicy" if is_set("state", &|values| is_enabled(&values.before)) => {
            Phase::Containment
        }
        // Security defaults and enabled policies exclude each other.
        SECURITY_DEFAULTS if is_set("isEnabled", &turns(false)) => Phase::Definitions,
        SECURITY_DEFAULTS | "conditionalAccessPolicy" => Phase::ConditionalAccess,
        _ if DEFINITIONS.contains(&token) => Phase::Definitions,
        _ => Phase::Attributes,
    }
}

/// The phase in which an object of a type is brought back.
pub(super) fn of_return(token: &str) -> Phase {
    match token {
        "conditionalAccessPolicy" => Phase::ConditionalAccess,
        _ if DEFINITIONS.contains(&token) => Phase::Definitions,
        _ => Phase::Objects,
    }
}

/// Whether a conditional access policy enforces what it says.
pub(super) fn is_enabled(state: &Value) -> bool {
    state == "enabled"
}

/// What people should know of an update.
pub(super) fn note_of_update(wanted: &WantedMap) -> Option<&'static str> {
    let values = wanted.get("accountEnabled")?;
    (values.after == Value::Bool(true)).then_some("enables the account")
}

/// When a new object gets what could not be given to it when it was made.
pub(super) fn of_later(token: &str) -> Phase {
    match token {
        "conditionalAccessPolicy" => Phase::ConditionalAccess,
        _ if DEFINITIONS.contains(&token) => Phase::Definitions,
        _ => Phase::Attributes,
    }
}
