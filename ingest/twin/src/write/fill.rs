//! Owns what the server adds to the values of a write: IDs, dates, defaults, and copies from other objects.

use std::fmt::Write as _;

use engine::schema::TypeId;
use serde_json::{Map, Value};

use crate::clock::to_iso;
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::{AlternateKey, Life, State};
use crate::synthetic::random::Guid;

/// Gives the ID of a new object: mostly a new one, of a few types the one that the caller chose.
pub(super) fn choose_id(state: &mut State, kind: Kind, values: &Map<String, Value>) -> String {
    let resource = kind.resource();
    let chosen = match kind.id() {
        Some(TypeId::RoleDefinition) => values.get("templateId"),
        _ if resource.required.contains(&resource.key_name()) => values.get(resource.key_name()),
        _ => None,
    };
    let is_free = |id: &&str| {
        let found = state.find(kind, id);
        found.is_none_or(|handle| state.record(handle).life == Life::Purged)
    };
    let chosen = chosen.and_then(Value::as_str).filter(is_free);
    chosen.map_or_else(|| state.new_id(), str::to_owned)
}

/// Adds the properties that the server sets.
pub(super) fn fill(state: &mut State, now_ms: i64, kind: Kind, id: &str, values: &mut Map<String, Value>) {
    values.remove("passwordProfile");
    let now = Value::from(to_iso(now_ms));
    let resource = kind.resource();
    let has = |name: &str| resource.select.contains(&name);
    let mut set = |name: &str, value: Value| {
        if has(name) {
            values.entry(name).or_insert(value);
        }
    };
    set("createdDateTime", now.clone());
    set("deletedDateTime", Value::Null);
    match kind.id() {
        Some(TypeId::User) => set("userType", "Member".into()),
        Some(TypeId::Group) => set("renewedDateTime", now),
        Some(TypeId::Application) => {
            set("appId", state.new_id().into());
            set("signInAudience", "AzureADMyOrg".into());
            set("publisherDomain", "contoso.com".into());
        }
        Some(TypeId::ServicePrincipal) => {
            set("servicePrincipalType", "Application".into());
            set("accountEnabled", true.into());
            set("appOwnerOrganizationId", state.tenant_id.clone().into());
            copy_application(state, values);
        }
        Some(TypeId::DirectoryRole) => {
            let template = values.get("roleTemplateId").and_then(Value::as_str).unwrap_or_default();
            if let Some(definition) = state.find(Kind::of(TypeId::RoleDefinition), template) {
                let body = &state.record(definition).body;
                values.insert("displayName".into(), body.tree("displayName"));
                values.insert("description".into(), body.tree("description"));
            }
        }
        Some(TypeId::RoleDefinition) => {
            set("isBuiltIn", false.into());
            set("templateId", id.into());
        }
        Some(TypeId::AuthenticationStrengthPolicy) => set("policyType", "custom".into()),
        _ => {}
    }
    if matches!(kind.id(), Some(TypeId::User | TypeId::Group))
        && let Some(identifier) = security_identifier(id)
    {
        values.insert("securityIdentifier".into(), identifier.into());
    }
}

/// A policy holds the authentication strength it requires in full, though only its ID is written.
pub(super) fn expand_strength(state: &State, values: &mut Map<String, Value>) -> Result<(), Refusal> {
    let strength =
        values.get_mut("grantControls").and_then(|controls| controls.get_mut("authenticationStrength"));
    let Some(strength) = strength.filter(|strength| !strength.is_null()) else { return Ok(()) };
    let id = strength["id"].as_str().unwrap_or_default();
    let found = state.find_live(Kind::of(TypeId::AuthenticationStrengthPolicy), id);
    let found = found.ok_or_else(|| {
        Refusal::new(400, "BadRequest", format!("1043: The authentication strength '{id}' does not exist."))
    })?;
    let body = &state.record(found).body;
    let shown = body
        .members()
        .filter(|(name, _)| !Kind::of(TypeId::AuthenticationStrengthPolicy).resource().is_hidden(name));
    *strength = shown.map(|(name, _)| (name.to_string(), body.tree(name))).collect();
    Ok(())
}

/// A service principal copies properties of its application.
fn copy_application(state: &State, values: &mut Map<String, Value>) {
    let app_id = values.get("appId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let application = state.find_by_key(Kind::of(TypeId::Application), AlternateKey::AppId, &app_id);
    let Some(application) = application else { return };
    let body = &state.record(application).body;
    for (from, to) in [
        ("displayName", "displayName"),
        ("displayName", "appDisplayName"),
        ("signInAudience", "signInAudience"),
        ("appRoles", "appRoles"),
    ] {
        values.entry(to).or_insert_with(|| body.tree(from));
    }
    let names = Value::from(vec![app_id]);
    values.entry("servicePrincipalNames").or_insert(names);
}

/// An assignment of an application role holds the names of its principal and resource.
pub(super) fn fill_app_role(state: &State, values: &mut Map<String, Value>) {
    for (from, name, kind) in [
        ("principalId", "principalDisplayName", Some("principalType")),
        ("resourceId", "resourceDisplayName", None),
    ] {
        let id = values.get(from).and_then(Value::as_str).unwrap_or_default();
        let Some(found) = state.find_directory_object(id) else { continue };
        let record = state.record(found);
        let display = record.body.tree("displayName");
        let mut type_name = record.kind.resource().token.to_owned();
        type_name[..1].make_ascii_uppercase();
        values.insert(name.into(), display);
        if let Some(kind) = kind {
            values.insert(kind.into(), type_name.into());
        }
    }
}

/// Gives the security identifier that follows from an ID.
fn security_identifier(id: &str) -> Option<String> {
    let digits: String = id.chars().filter(|sign| *sign != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    let mut text = String::from("S-1-12-1");
    for word in Guid(number.to_be_bytes()).security_words() {
        write!(text, "-{word}").ok()?;
    }
    Some(text)
}
