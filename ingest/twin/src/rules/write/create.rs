//! Owns the rules about making objects: what each type requires, and what must exist already.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::super::Refusal;
use super::policy::{POLICY_COUNT_MAX, check_policy};
use super::{check_name, check_unique};
use crate::resource::Kind;
use crate::state::{AlternateKey, Handle, Relation, State};

/// The most links that a create may carry.
const BOUND_MAX: usize = 20;
/// The role that means access without a role.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// Types that Graph lets no application make.
const UNCREATABLE: [TypeId; 3] = [TypeId::OrgContact, TypeId::SubscribedSku, TypeId::Organization];

/// Checks that an object may be made of these values.
pub(crate) fn check_create(state: &State, kind: Kind, values: &Map<String, Value>) -> Result<(), Refusal> {
    let resource = kind.resource();
    let is_uncreatable = kind.id().is_some_and(|id| UNCREATABLE.contains(&id));
    if is_uncreatable || resource.is_single() {
        return Err(Refusal::method_not_allowed());
    }
    if kind == TypeId::Device {
        return Err(Refusal::forbidden());
    }
    for required in &resource.required {
        let given = required.split('|').any(|name| values.get(name).is_some_and(|value| !value.is_null()));
        if !given {
            let name = required.split('|').next().unwrap_or(required);
            let message =
                format!("A value is required for property '{name}' of resource '{}'.", resource.token);
            return Err(Refusal::bad_request(message.as_str()).with_detail("MissingValue", &message, name));
        }
    }
    for name in values.keys().filter(|name| !name.contains('@')) {
        check_name(kind, name)?;
        let chosen = resource.required.contains(&name.as_str()) || name == "templateId";
        if resource.read_only.contains(&name.as_str()) && !chosen {
            return Err(Refusal::read_only(name, resource.odata[0]));
        }
    }
    check_unique(state, kind, None, values)?;
    check_references(state, kind, values)?;
    match kind.id() {
        Some(TypeId::User) => check_user(state, values),
        Some(TypeId::Group) => check_group(values),
        Some(TypeId::ServicePrincipal) => check_principal(state, values),
        Some(TypeId::Oauth2PermissionGrant) => check_grant(state, values),
        Some(TypeId::AppRoleAssignment) => check_app_role(state, values),
        Some(TypeId::RoleAssignment) => check_role(state, values),
        Some(TypeId::ConditionalAccessPolicy) => {
            let count = state.handles(kind).iter().filter(|&&policy| state.is_live(policy)).count();
            if count >= POLICY_COUNT_MAX {
                return Err(Refusal::new(
                    400,
                    "BadRequest",
                    "1041: The number of policies exceeds its limit.",
                ));
            }
            check_policy(state, values)
        }
        _ => check_chosen_id(state, kind, values),
    }
}

/// The objects that a new one refers to must exist.
fn check_references(state: &State, kind: Kind, values: &Map<String, Value>) -> Result<(), Refusal> {
    for name in &kind.resource().references {
        let of = if *name == "catalog" { TypeId::AccessPackageCatalog } else { TypeId::AccessPackage };
        let id = values.get(*name).and_then(|value| value["id"].as_str()).unwrap_or_default();
        state.find_live(Kind::of(of), id).ok_or_else(|| Refusal::not_found(id))?;
    }
    Ok(())
}

/// IDs that the caller chooses must be free.
fn check_chosen_id(state: &State, kind: Kind, values: &Map<String, Value>) -> Result<(), Refusal> {
    let key = kind.resource().key_name();
    let taken = values.get(key).and_then(Value::as_str).and_then(|id| state.find_live(kind, id));
    match taken {
        Some(_) => Err(Refusal::conflict("Another object with the same key value already exists.")),
        None => Ok(()),
    }
}

fn text<'a>(values: &'a Map<String, Value>, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn check_user(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    let password = values["passwordProfile"].get("password").and_then(Value::as_str).unwrap_or_default();
    if password.len() < 8 {
        let what = "The specified password does not comply with password complexity requirements.";
        return Err(Refusal::bad_request(what).with_detail("PasswordComplexity", what, "password"));
    }
    let domain = text(values, "userPrincipalName").rsplit_once('@').map_or("", |(_, domain)| domain);
    let federated = state.find(Kind::of(TypeId::Domain), domain).is_some_and(|handle| {
        state.record(handle).body.text("authenticationType").as_deref() == Some("Federated")
    });
    if federated && text(values, "onPremisesImmutableId").is_empty() {
        return Err(Refusal::bad_request(
            "A value is required for property 'onPremisesImmutableId' of resource 'user'.",
        ));
    }
    Ok(())
}

fn check_group(values: &Map<String, Value>) -> Result<(), Refusal> {
    let kinds = values.get("groupTypes").cloned().unwrap_or_default().to_string();
    let mail_enabled = values.get("mailEnabled") == Some(&Value::Bool(true));
    if mail_enabled != kinds.contains("Unified") {
        return Err(Refusal::bad_request(
            "The service does not currently support writes of mail-enabled groups. Please ensure that the \
             mail-enablement property is unset and the security-enablement property is set.",
        ));
    }
    let bound = |name: &str| values.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (owners, members) = (bound("owners@odata.bind"), bound("members@odata.bind"));
    if owners.len() + members.len() > BOUND_MAX {
        return Err(Refusal::bad_request(
            "The number of references in the request exceeds the maximum of 20.",
        ));
    }
    let doubled = |list: &[Value]| (1..list.len()).any(|index| list[..index].contains(&list[index]));
    if doubled(owners) || doubled(members) {
        return Err(Refusal::bad_request("Request contains a property with duplicate values."));
    }
    let dynamic = kinds.contains("DynamicMembership");
    if dynamic && text(values, "membershipRule").is_empty() {
        return Err(Refusal::bad_request("A dynamic group requires a membershipRule."));
    }
    Ok(())
}

fn check_principal(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    let app_id = text(values, "appId");
    if state.find_by_key(Kind::of(TypeId::ServicePrincipal), AlternateKey::AppId, app_id).is_some() {
        return Err(Refusal::conflict(format!(
            "The service principal cannot be created, updated, or restored because the service principal name \
             {app_id} is already in use."
        )));
    }
    if state.find_by_key(Kind::of(TypeId::Application), AlternateKey::AppId, app_id).is_none() {
        return Err(Refusal::bad_request(format!(
            "The appId '{app_id}' of the service principal does not reference a valid application object."
        )));
    }
    Ok(())
}

fn live_principal(state: &State, id: &str) -> Option<Handle> {
    state.find_directory_object(id).filter(|&handle| state.is_live(handle))
}

fn check_grant(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    let is_personal = match text(values, "consentType") {
        "Principal" => true,
        "AllPrincipals" => false,
        other => return Err(Refusal::bad_request(format!("Invalid value '{other}' of consentType."))),
    };
    let principal = text(values, "principalId");
    if is_personal == principal.is_empty() {
        return Err(Refusal::bad_request("principalId is required exactly when consentType is Principal."));
    }
    for id in [text(values, "clientId"), text(values, "resourceId")] {
        state.find_live(Kind::of(TypeId::ServicePrincipal), id).ok_or_else(|| Refusal::not_found(id))?;
    }
    let names = ["clientId", "resourceId", "principalId"];
    if has_duplicate(state, "client", text(values, "clientId"), TypeId::Oauth2PermissionGrant, &names, values)
    {
        return Err(Refusal::conflict("Permission entry already exists."));
    }
    Ok(())
}

fn check_app_role(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    let principal = text(values, "principalId");
    live_principal(state, principal).ok_or_else(|| Refusal::not_found(principal))?;
    let resource = text(values, "resourceId");
    let resource = state
        .find_live(Kind::of(TypeId::ServicePrincipal), resource)
        .ok_or_else(|| Refusal::not_found(resource))?;
    let role = text(values, "appRoleId");
    let roles = state.record(resource).body.tree("appRoles");
    let offered = roles.as_array().is_some_and(|roles| roles.iter().any(|found| found["id"] == role));
    // A tenant's copy of Microsoft's own APIs does not always list their roles.
    let lists_roles = roles.as_array().is_some_and(|roles| !roles.is_empty());
    if role != DEFAULT_ACCESS && lists_roles && !offered {
        return Err(Refusal::bad_request("Not a valid reference update."));
    }
    let names = ["principalId", "resourceId", "appRoleId"];
    if has_duplicate(state, "principal", principal, TypeId::AppRoleAssignment, &names, values) {
        return Err(Refusal::bad_request("Permission being assigned already exists on the object."));
    }
    Ok(())
}

fn check_role(state: &State, values: &Map<String, Value>) -> Result<(), Refusal> {
    let definition = text(values, "roleDefinitionId");
    state
        .find_live(Kind::of(TypeId::RoleDefinition), definition)
        .ok_or_else(|| Refusal::new(400, "Request_BadRequest", "The role definition does not exist."))?;
    let id = text(values, "principalId");
    let principal = live_principal(state, id).ok_or_else(|| Refusal::not_found(id))?;
    let record = state.record(principal);
    if record.kind == TypeId::Group && !record.body.is_true("isAssignableToRole") {
        return Err(Refusal::bad_request("The group must be assignable to roles."));
    }
    let names = ["roleDefinitionId", "principalId", "directoryScopeId"];
    if has_duplicate(state, "principal", id, TypeId::RoleAssignment, &names, values) {
        return Err(Refusal::bad_request(
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ));
    }
    Ok(())
}

/// Says whether a live relation object has the same values.
fn has_duplicate(
    state: &State,
    relation: &str,
    target: &str,
    id: TypeId,
    names: &[&str],
    values: &Map<String, Value>,
) -> bool {
    let (Some(relation), Some(target)) = (Relation::from_name(relation), state.find_directory_object(target))
    else {
        return false;
    };
    state.sources(target, relation, Some(Kind::of(id))).any(|found| {
        let body = &state.record(found).body;
        names.iter().all(|name| body.text(name).unwrap_or_default().eq_ignore_ascii_case(text(values, name)))
    })
}
