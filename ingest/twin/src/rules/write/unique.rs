//! Owns the rules about unique values: names, addresses, client IDs, identifier URIs.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::super::Refusal;
use super::Reconcile;
use crate::resource::Kind;
use crate::state::{AlternateKey, Handle, State};

/// Refuses values that another object has.
pub(super) fn check_unique(
    state: &State,
    kind: Kind,
    own: Option<Handle>,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    if kind == TypeId::User
        && let Some(name) = values.get("userPrincipalName").and_then(Value::as_str)
    {
        check_domain(state, name)?;
    }
    for key in [AlternateKey::UserPrincipalName, AlternateKey::UniqueName] {
        let Some(value) = values.get(key.name()).and_then(Value::as_str) else { continue };
        if let Some(other) = state.find_by_key(kind, key, value).filter(|&other| Some(other) != own) {
            return Err(conflict(state, key.name(), other));
        }
    }
    if kind == TypeId::Application
        && let Some(uris) = values.get("identifierUris")
    {
        check_uris(state, own, uris)?;
    }
    Ok(())
}

/// The URIs of an application are its own, and new ones are of a form that the tenant may use: a domain of the tenant, or
/// the application's ID.
///
/// *Source.* "Restrictions on identifier URIs of Microsoft Entra applications": others stay as they are, and refuse
/// the whole update when they are set again.
fn check_uris(state: &State, own: Option<Handle>, uris: &Value) -> Result<(), Refusal> {
    let kind = Kind::of(TypeId::Application);
    let wanted = texts(uris);
    let present = own.map(|own| texts(&state.record(own).body.tree("identifierUris"))).unwrap_or_default();
    if let Some(other) = holder(state, kind, own, &wanted) {
        return Err(conflict(state, "identifierUris", other));
    }
    let app_id = own.and_then(|own| state.record(own).body.text("appId").map(std::borrow::Cow::into_owned));
    for uri in wanted.iter().filter(|uri| !present.contains(*uri)) {
        let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri.as_str()));
        let host = rest.split('/').next().unwrap_or_default();
        let is_own = app_id.as_deref().is_some_and(|app_id| rest.contains(app_id)) || host == state.tenant_id;
        let domains = state.handles(Kind::of(TypeId::Domain));
        let is_verified = domains.is_empty()
            || domains.iter().any(|&domain| {
                let domain = &*state.record(domain).id;
                host == domain || host.ends_with(&format!(".{domain}"))
            });
        if !is_own && (scheme.is_empty() || !is_verified) {
            return Err(Refusal::bad_request(
                "Values of identifierUris property must use a verified domain of the organization or its subdomain.",
            )
            .with_detail("HostNameNotOnVerifiedDomain", uri, "identifierUris"));
        }
    }
    Ok(())
}

/// A live application that has one of some URIs.
fn holder(state: &State, kind: Kind, own: Option<Handle>, wanted: &[String]) -> Option<Handle> {
    if wanted.is_empty() {
        return None;
    }
    state.handles(kind).iter().copied().filter(|&other| Some(other) != own && state.is_live(other)).find(
        |&other| {
            let body = &state.record(other).body;
            body.value("identifierUris").is_some_and(|uris| uris.len() > 2)
                && texts(&body.tree("identifierUris")).iter().any(|uri| wanted.contains(uri))
        },
    )
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().map_or(&[][..], Vec::as_slice);
    values.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}

/// A principal name ends in a domain of the tenant.
fn check_domain(state: &State, name: &str) -> Result<(), Refusal> {
    let domain = name.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domains = state.handles(Kind::of(TypeId::Domain));
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
    let mut type_name = record.kind.resource().token.to_owned();
    type_name[..1].make_ascii_uppercase();
    let message = format!("Another object with the same value for property {property} already exists.");
    Refusal::bad_request(message.as_str()).with_detail("ObjectConflict", &message, property).with_detail(
        "ConflictingObjects",
        &format!("{type_name}_{}", record.id),
        property,
    )
}

/// Refuses a restore when another object has taken a value meanwhile.
pub(super) fn check_restored(
    state: &State,
    handle: Handle,
    new_name: Option<&str>,
    reconcile: Reconcile,
) -> Result<(), Refusal> {
    let record = state.record(handle);
    let kept = record.body.text("userPrincipalName");
    if let Some(name) = new_name.or(kept.as_deref()) {
        if let Some(other) = state.find_by_key(record.kind, AlternateKey::UserPrincipalName, name) {
            return Err(conflict(state, "userPrincipalName", other));
        }
        if new_name.is_some() {
            check_domain(state, name)?;
        }
    }
    if reconcile == Reconcile::Refuse && matches!(record.kind.id(), Some(TypeId::User | TypeId::Group)) {
        let mail = record.body.text("mail").unwrap_or_default();
        let other = [TypeId::User, TypeId::Group]
            .into_iter()
            .find_map(|id| state.find_by_key(Kind::of(id), AlternateKey::Mail, &mail));
        if let Some(other) = other.filter(|_| !mail.is_empty()) {
            return Err(conflict(state, "proxyAddresses", other));
        }
    }
    let uris = texts(&record.body.tree("identifierUris"));
    if let Some(other) = holder(state, record.kind, Some(handle), &uris) {
        return Err(conflict(state, "identifierUris", other));
    }
    if record.kind == TypeId::ServicePrincipal {
        let app_id = record.body.text("appId").unwrap_or_default();
        if state.find_by_key(record.kind, AlternateKey::AppId, &app_id).is_some() {
            return Err(Refusal::conflict(
                "The service principal cannot be restored because another one with its appId exists.",
            ));
        }
    }
    Ok(())
}
