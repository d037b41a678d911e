//! Owns the phase of each update and each return: containment takes from an intruder what was gained, and is first.

use engine::schema::TypeId;
use serde_json::Value;

use super::Phase;
use super::draft::{Wanted, WantedMap};

/// What decides for the whole tenant who gets in.
const TENANT_POLICIES: [TypeId; 4] = [
    TypeId::AuthorizationPolicy,
    TypeId::CrossTenantAccessPolicy,
    TypeId::CrossTenantAccessPolicyConfigurationDefault,
    TypeId::CrossTenantAccessPolicyConfigurationPartner,
];

/// What others refer to.
const DEFINITIONS: [TypeId; 4] = [
    TypeId::NamedLocation,
    TypeId::AuthenticationStrengthPolicy,
    TypeId::AuthenticationContextClassReference,
    TypeId::RoleDefinition,
];

/// When an update is due.
pub(super) fn of_update(type_id: TypeId, wanted: &WantedMap) -> Phase {
    let is_set = |name: &str, is: &dyn Fn(&Wanted) -> bool| wanted.get(name).is_some_and(is);
    let turns = |to: bool| move |values: &Wanted| values.after == Value::Bool(to);
    match type_id {
        _ if TENANT_POLICIES.contains(&type_id) => Phase::Containment,
        _ if is_set("accountEnabled", &turns(false)) => Phase::Containment,
        TypeId::ConditionalAccessPolicy if is_set("state", &|values| is_enabled(&values.before)) => {
            Phase::Containment
        }
        // Security defaults and enabled policies exclude each other.
        TypeId::IdentitySecurityDefaultsEnforcementPolicy if is_set("isEnabled", &turns(false)) => {
            Phase::Definitions
        }
        TypeId::IdentitySecurityDefaultsEnforcementPolicy | TypeId::ConditionalAccessPolicy => {
            Phase::ConditionalAccess
        }
        _ if DEFINITIONS.contains(&type_id) => Phase::Definitions,
        _ => Phase::Attributes,
    }
}

/// The phase in which an object of a type is brought back.
pub(super) fn of_return(type_id: TypeId) -> Phase {
    match type_id {
        TypeId::ConditionalAccessPolicy => Phase::ConditionalAccess,
        _ if DEFINITIONS.contains(&type_id) => Phase::Definitions,
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
pub(super) fn of_later(type_id: TypeId) -> Phase {
    match type_id {
        TypeId::ConditionalAccessPolicy => Phase::ConditionalAccess,
        _ if DEFINITIONS.contains(&type_id) => Phase::Definitions,
        _ => Phase::Attributes,
    }
}
