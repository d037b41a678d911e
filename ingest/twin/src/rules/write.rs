//! Owns the rules about objects: what may be written, made, deleted and restored, and what each must give.

mod create;
mod policy;

use serde_json::{Map, Value};

use super::Refusal;
use crate::resource::Kind;
use crate::state::{Handle, Key, Life, Relation, State};
pub(crate) use create::check_create;
use policy::{check_policy_delete, check_policy_update};

/// What may be written on objects mastered on-premises.
const CLOUD_OWNED: [&str; 6] = [
    "usageLocation",
    "preferredDataLocation",
    "passwordPolicies",
    "customSecurityAttributes",
    "onPremisesImmutableId",
    "employeeHireDate",
];

/// Types that no DELETE removes.
const UNDELETABLE: [&str; 6] = [
    "attributeSet",
    "customSecurityAttributeDefinition",
    "orgContact",
    "subscribedSku",
    "directoryRole",
    "organization",
];

/// Refuses a write to an object mastered on-premises.
pub(super) fn synced() -> Refusal {
    Refusal::bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
         currently undergoing migration.",
    )
}

/// Members of a restricted unit are written only by those with a role in it, which the twin's client has not.
pub(super) fn check_writable(state: &State, handle: Handle) -> Result<(), Refusal> {
    let unit = Kind::of("administrativeUnit");
    let restricted = state
        .sources(handle, Relation::MEMBERS, Some(unit))
        .any(|unit| state.record(unit).body.is_true("isMemberManagementRestricted"));
    if restricted {
        return Err(Refusal::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation. Target object is a member of a restricted \
             management administrative unit and can only be modified by administrators scoped to that \
             administrative unit.",
        ));
    }
    Ok(())
}

/// Checks that properties may be set.
pub(crate) fn check_update(
    state: &State,
    handle: Handle,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    check_writable(state, handle)?;
    let record = state.record(handle);
    let resource = record.kind.resource();
    if matches!(resource.token.as_str(), "roleAssignment" | "appRoleAssignment" | "extensionProperty") {
        return Err(Refusal::method_not_allowed());
    }
    let is_synced = record.body.is_true("onPremisesSyncEnabled") && resource.token != "organization";
    let named: Vec<&String> = values.keys().filter(|name| !name.contains('@')).collect();
    for name in &named {
        check_name(record.kind, name)?;
        let same = record.body.value(name).is_some() && record.body.tree(name) == values[*name];
        if resource.read_only.contains(name) || (resource.immutable.contains(name) && !same) {
            return Err(Refusal::read_only(name, &resource.odata[0]));
        }
        let is_cloud_owned =
            CLOUD_OWNED.contains(&name.as_str()) && !resource.read_only_when_synced.contains(name);
        if is_synced && !is_cloud_owned {
            return Err(synced());
        }
    }
    check_alone(record.kind, &named)?;
    check_group_kind(state, handle, &named)?;
    check_unique(state, record.kind, Some(handle), values)?;
    check_permissions_disabled(state, handle, values)?;
    check_policy_update(state, handle, values)
}

/// Checks that a type has a property.
fn check_name(kind: Kind, name: &str) -> Result<(), Refusal> {
    let resource = kind.resource();
    let known = resource.select.iter().chain(&resource.outside).any(|known| known == name)
        || resource.select.is_empty()
        || name.starts_with("extension_")
        || resource.key_name() == name
        || matches!(name, "passwordProfile" | "logo");
    if known { Ok(()) } else { Err(Refusal::bad_request(format!("Invalid property '{name}'."))) }
}

/// What Outlook keeps of a group is written alone.
fn check_alone(kind: Kind, named: &[&String]) -> Result<(), Refusal> {
    let outside = named.iter().filter(|name| kind.resource().outside.contains(name)).count();
    if kind.resource().token == "group" && outside > 0 && outside < named.len() {
        return Err(Refusal::bad_request(
            "Property values that another service holds cannot be updated together with others.",
        ));
    }
    Ok(())
}

fn check_group_kind(state: &State, handle: Handle, named: &[&String]) -> Result<(), Refusal> {
    let record = state.record(handle);
    let kinds = record.body.value("groupTypes").unwrap_or_default();
    if record.kind.resource().token == "group"
        && record.body.is_true("mailEnabled")
        && !kinds.contains("Unified")
        && !named.is_empty()
    {
        return Err(Refusal::bad_request(
            "Cannot Update a mail-enabled security groups and or distribution list.",
        ));
    }
    Ok(())
}

/// Refuses values that another object has.
fn check_unique(
    state: &State,
    kind: Kind,
    own: Option<Handle>,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    if kind.resource().token == "user"
        && let Some(name) = values.get("userPrincipalName").and_then(Value::as_str)
    {
        check_domain(state, name)?;
    }
    for key in [Key::UserPrincipalName, Key::UniqueName] {
        let Some(value) = values.get(key.name()).and_then(Value::as_str) else { continue };
        if let Some(other) = state.find_by_key(kind, key, value).filter(|&other| Some(other) != own) {
            return Err(conflict(state, key.name(), other));
        }
    }
    Ok(())
}

/// A principal name ends in a domain of the tenant.
fn check_domain(state: &State, name: &str) -> Result<(), Refusal> {
    let domain = name.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domains = state.handles(Kind::of("domain"));
    let known = domains.iter().any(|&handle| state.record(handle).id.eq_ignore_ascii_case(domain));
    if known || domains.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad_request(
        "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain \
         names in your organization.",
    )
    .with_detail("InvalidValue", "The specified value is invalid.", "userPrincipalName"))
}

/// Refuses a value that an object has already.
fn conflict(state: &State, property: &str, other: Handle) -> Refusal {
    let record = state.record(other);
    let mut type_name = record.kind.resource().token.clone();
    type_name[..1].make_ascii_uppercase();
    let message = format!("Another object with the same value for property {property} already exists.");
    Refusal::bad_request(message.as_str()).with_detail("ObjectConflict", &message, property).with_detail(
        "ConflictingObjects",
        &format!("{type_name}_{}", record.id),
        property,
    )
}

/// Permissions that an application offers are disabled first, then changed or removed.
fn check_permissions_disabled(
    state: &State,
    handle: Handle,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let body = &state.record(handle).body;
    let before = [body.tree("appRoles"), body.tree("api")["oauth2PermissionScopes"].clone()];
    let roles = values.get("appRoles").cloned();
    let scopes = values.get("api").and_then(|api| api.get("oauth2PermissionScopes")).cloned();
    for (old, new) in before.iter().zip([roles, scopes]) {
        let (Some(new), Some(old)) = (new, old.as_array()) else { continue };
        let new = new.as_array().cloned().unwrap_or_default();
        let changed = old.iter().filter(|entry| entry["isEnabled"] == true).any(|entry| {
            let Some(kept) = new.iter().find(|found| found["id"] == entry["id"]) else { return true };
            let mut disabled = entry.clone();
            disabled["isEnabled"] = Value::Bool(false);
            kept != entry && kept != &disabled
        });
        if changed {
            return Err(Refusal::bad_request(
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
            )
            .with_detail(
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Disable the permission first.",
                "appRoles",
            ));
        }
    }
    Ok(())
}

/// Checks that an object may be deleted.
pub(crate) fn check_delete(state: &State, handle: Handle) -> Result<(), Refusal> {
    check_writable(state, handle)?;
    let record = state.record(handle);
    let resource = record.kind.resource();
    if UNDELETABLE.contains(&resource.token.as_str()) || resource.single {
        return Err(Refusal::method_not_allowed());
    }
    if record.body.is_true("onPremisesSyncEnabled") {
        return Err(synced());
    }
    check_policy_delete(state, handle)
}

/// Checks that an object may come back, under a new name where one is given.
pub(crate) fn check_restore(
    state: &State,
    handle: Handle,
    new_name: Option<&str>,
    reconcile: Reconcile,
) -> Result<(), Refusal> {
    let record = state.record(handle);
    if record.life != Life::Binned {
        return Err(Refusal::not_found(&record.id));
    }
    if is_managed_identity(state, handle) {
        return Err(Refusal::bad_request("Managed identities cannot be restored."));
    }
    let kept = record.body.text("userPrincipalName");
    if let Some(name) = new_name.or(kept.as_deref()) {
        if let Some(other) = state.find_by_key(record.kind, Key::UserPrincipalName, name) {
            return Err(conflict(state, "userPrincipalName", other));
        }
        if new_name.is_some() {
            check_domain(state, name)?;
        }
    }
    if reconcile == Reconcile::Refuse && matches!(record.kind.resource().token.as_str(), "user" | "group") {
        let mail = record.body.text("mail").unwrap_or_default();
        let other = ["user", "group"]
            .into_iter()
            .find_map(|token| state.find_by_key(Kind::of(token), Key::Mail, &mail));
        if let Some(other) = other.filter(|_| !mail.is_empty()) {
            return Err(conflict(state, "proxyAddresses", other));
        }
    }
    if record.kind == Kind::of("servicePrincipal") {
        let app_id = record.body.text("appId").unwrap_or_default();
        if state.find_by_key(record.kind, Key::AppId, &app_id).is_some() {
            return Err(Refusal::conflict(
                "The service principal cannot be restored because another one with its appId exists.",
            ));
        }
    }
    Ok(())
}

/// What a restore does with addresses that others have taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reconcile {
    /// It comes back without them.
    Drop,
    /// It is refused.
    Refuse,
}

/// Says whether a service principal is a managed identity, which customers can neither restore nor purge.
pub(crate) fn is_managed_identity(state: &State, handle: Handle) -> bool {
    state.record(handle).body.text("servicePrincipalType").as_deref() == Some("ManagedIdentity")
}
