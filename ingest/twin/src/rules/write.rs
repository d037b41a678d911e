//! Owns the rules about objects: what may be written, made, deleted and restored, and what is required.

mod create;
mod policy;
mod unique;

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::Refusal;
use crate::resource::Kind;
use crate::state::{Handle, Life, Relation, State};
pub(crate) use create::check_create;
use policy::{check_policy_delete, check_policy_update};
use unique::{check_restored, check_unique};

/// Properties that may be written on objects mastered on-premises.
const CLOUD_OWNED: [&str; 6] = [
    "usageLocation",
    "preferredDataLocation",
    "passwordPolicies",
    "customSecurityAttributes",
    "onPremisesImmutableId",
    "employeeHireDate",
];

/// Types that no DELETE removes.
const UNDELETABLE: [TypeId; 6] = [
    TypeId::AttributeSet,
    TypeId::CustomSecurityAttributeDefinition,
    TypeId::OrgContact,
    TypeId::SubscribedSku,
    TypeId::DirectoryRole,
    TypeId::Organization,
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
    let unit = Kind::of(TypeId::AdministrativeUnit);
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
    if matches!(
        record.kind.id(),
        Some(TypeId::RoleAssignment | TypeId::AppRoleAssignment | TypeId::ExtensionProperty)
    ) {
        return Err(Refusal::method_not_allowed());
    }
    let is_synced = record.body.is_true("onPremisesSyncEnabled") && record.kind != TypeId::Organization;
    let named: Vec<&String> = values.keys().filter(|name| !name.contains('@')).collect();
    for name in &named {
        check_name(record.kind, name)?;
        let same = record.body.value(name).is_some() && record.body.tree(name) == values[*name];
        if resource.read_only.contains(&name.as_str())
            || (resource.immutable.contains(&name.as_str()) && !same)
        {
            return Err(Refusal::read_only(name, resource.odata[0]));
        }
        let is_cloud_owned =
            CLOUD_OWNED.contains(&name.as_str()) && !resource.read_only_when_synced.contains(&name.as_str());
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
    let known = resource.select.contains(&name)
        || resource.outside.contains(&name)
        || resource.select.is_empty()
        || name.starts_with("extension_")
        || resource.key_name() == name
        || resource.references.contains(&name)
        || matches!(name, "passwordProfile" | "logo");
    if known { Ok(()) } else { Err(Refusal::bad_request(format!("Invalid property '{name}'."))) }
}

/// Properties of a group that Outlook holds are written alone.
fn check_alone(kind: Kind, named: &[&String]) -> Result<(), Refusal> {
    let outside = named.iter().filter(|name| kind.resource().outside.contains(&name.as_str())).count();
    if kind == TypeId::Group && outside > 0 && outside < named.len() {
        return Err(Refusal::bad_request(
            "Property values that another service holds cannot be updated together with others.",
        ));
    }
    Ok(())
}

fn check_group_kind(state: &State, handle: Handle, named: &[&String]) -> Result<(), Refusal> {
    let record = state.record(handle);
    let kinds = record.body.value("groupTypes").unwrap_or_default();
    if record.kind == TypeId::Group
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
    let is_undeletable = record.kind.id().is_some_and(|id| UNDELETABLE.contains(&id));
    if is_undeletable || record.kind.resource().is_single() {
        return Err(Refusal::method_not_allowed());
    }
    if record.body.is_true("onPremisesSyncEnabled") {
        return Err(synced());
    }
    check_policy_delete(state, handle)
}

/// Checks that an object may be restored, under a new name where one is given.
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
    check_restored(state, handle, new_name, reconcile)
}

/// How a restore treats addresses that another object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reconcile {
    /// It drops them.
    Drop,
    /// It is refused.
    Refuse,
}

/// Says whether a service principal is a managed identity, which customers can neither restore nor purge.
pub(crate) fn is_managed_identity(state: &State, handle: Handle) -> bool {
    state.record(handle).body.text("servicePrincipalType").as_deref() == Some("ManagedIdentity")
}
