//! Owns objects that are made again because no bin gives them back: what Graph wants of a new object, and what can only
//! follow.

use std::collections::BTreeMap;

use engine::schema::{Property, Type, TypeId};
use serde_json::{Map, Value, json};

use super::draft::{Draft, DraftId, NewId, Outcome, Returns, Wanted, WantedMap};
use super::lookup::{self, Attributes, Lookup, text};
use super::property::{self, CREDENTIALS, LICENCES};
use super::request::{object_path, request};
use super::update::{licences, update_draft, whole};
use super::value::{has_text, written_value};
use super::{PASSWORD, PlanObject, RequestTemplate, StepKind, elements, phase};
use crate::plan::Result;

/// What a new object of a type gets by itself, or from elsewhere.
const DERIVED: [(TypeId, &[&str]); 4] = [
    (TypeId::User, &["identities", "passwordProfile", "accountEnabled", "onPremisesImmutableId"]),
    (TypeId::Group, &["assignedLabels", "welcomeMessageEnabled"]),
    (TypeId::Application, &["logo", "tokenEncryptionKeyId"]),
    (TypeId::ServicePrincipal, &["displayName", "info", "servicePrincipalNames", "tokenEncryptionKeyId"]),
];

/// Where a guest gets to after accepting an invitation.
const INVITE_REDIRECT: &str = "https://myapplications.microsoft.com";

/// An object that is to be made again.
struct Anew {
    object: PlanObject,
    resource: &'static Type,
    attributes: Attributes,
    step: DraftId,
}

/// Drafts objects anew. IDs that will change are known before the first request is written.
pub(super) fn draft<'o>(
    lookup: &Lookup,
    wanted: impl Iterator<Item = (&'o PlanObject, &'static Type)>,
) -> Result<(Outcome, Returns)> {
    let (mut outcome, mut returns) = (Outcome::default(), Returns::default());
    let mut anew = Vec::new();
    for (object, resource) in wanted {
        let attributes = lookup::attributes(&lookup.from, resource.token, &object.id)?.unwrap_or_default();
        if let Some(reason) = obstacle(resource, &attributes) {
            outcome.skip(object, "", reason);
            continue;
        }
        let phase = phase::of_return(resource.id);
        let request = request(resource, "POST", resource.graph.list.unwrap_or_default().to_owned());
        let step = outcome.add(Draft::new(StepKind::Recreate, phase, object.clone(), request));
        let client_id = add_new(&mut returns, resource, object, &attributes, step);
        if let Some(client_id) = client_id {
            let reason = "clients are configured with it, and the new application has another";
            outcome.leave(object, format!("the client ID {client_id}"), reason);
        }
        anew.push(Anew { object: object.clone(), resource, attributes, step });
    }
    for anew in anew {
        fill(&anew, &returns, &mut outcome);
    }
    Ok((outcome, returns))
}

/// Says what the IDs of an object become that is made again; gives the client ID that changes, if one does.
fn add_new<'a>(
    returns: &mut Returns,
    resource: &Type,
    object: &PlanObject,
    attributes: &'a Attributes,
    step: DraftId,
) -> Option<&'a str> {
    let is_chosen = |names: &&str| matches!(*names, "id" | "tenantId");
    if resource.recovery.create_required.iter().any(is_chosen) {
        // Who makes such an object chooses its ID, so that it keeps the one it had.
        returns.kept.insert(object.id.clone(), step);
        return None;
    }
    returns.renamed.insert(object.id.clone(), NewId { step, property: None });
    let client_id = attributes.get("appId").and_then(Value::as_str);
    let client_id = client_id.filter(|_| object.type_token == TypeId::Application)?;
    returns.renamed.insert(client_id.to_owned(), NewId { step, property: Some("appId") });
    Some(client_id)
}

/// What is sent to make an object, and what can only follow.
#[derive(Default)]
struct Creation {
    body: Map<String, Value>,
    later: WantedMap,
    /// Where it is sent instead of the type's list.
    path: Option<&'static str>,
    note: Option<&'static str>,
}

/// Writes the request that makes an object, and drafts what can only follow.
fn fill(anew: &Anew, returns: &Returns, outcome: &mut Outcome) {
    let Anew { object, resource, attributes, step } = anew;
    let Creation { body, mut later, path, note } = special(creation(anew, returns), resource, attributes);
    let missing = whole::missing(resource, |name| attributes.contains_key(name) || later.contains_key(name));
    if whole::replaces_whole(resource) && !missing.is_empty() {
        // Such an update would take back what Graph made the object with.
        let missing = whole::Unobserved(missing);
        later.keys().for_each(|name| outcome.skip(object, name, missing.to_string()));
        later = WantedMap::new();
    }
    skip_secrets(object, attributes, outcome);
    // Without what was part of it in collections below it, it may be weaker than it was.
    for inside in resource.graph.inside {
        let list = attributes.get(inside.name).cloned().unwrap_or_default();
        let list = written_value(resource.token, inside.name, list);
        for element in list.as_array().into_iter().flatten() {
            outcome.append(elements::add_element(resource, object, inside, element));
        }
    }
    let held = attributes.get(LICENCES).filter(|value| !value.is_null() && *value != &json!([]));
    if let Some(held) = held.cloned() {
        let values = Wanted { before: json!([]), after: held };
        outcome.append(licences(resource, object, &values, [&Attributes::new(), attributes]));
    }
    let draft = &mut outcome.drafts[*step];
    if let Some(path) = path {
        path.clone_into(&mut draft.request.path);
    }
    draft.notes.extend(note.map(str::to_owned));
    let shown = body.iter().filter(|(name, _)| *name != "passwordProfile");
    draft.after = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
    draft.request.body = Value::Object(body).into();
    let made = &outcome.drafts[*step].after;
    let made = made.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    outcome.drafts.extend(later_drafts(anew, later, made));
}

/// What a create may say, and what must follow in a request of its own.
fn creation(anew: &Anew, returns: &Returns) -> Creation {
    let Anew { resource, attributes, .. } = anew;
    let mut creation = Creation::default();
    for (name, value) in attributes {
        if !is_settable(resource, name, value) {
            continue;
        }
        let value = written_value(resource.token, name, value.clone());
        let is_required =
            resource.recovery.create_required.iter().any(|names| names.split('|').any(|n| n == name));
        if is_later(resource, name) || (!is_required && returns.is_named_by(&value)) {
            creation.later.insert(name.clone(), Wanted { before: Value::Null, after: value });
        } else {
            creation.body.insert(name.clone(), value);
        }
    }
    creation
}

/// What is special about a type: guests are invited, accounts and policies are made disabled.
fn special(mut creation: Creation, resource: &Type, attributes: &Attributes) -> Creation {
    let Creation { body, later, path, note } = &mut creation;
    match resource.id {
        TypeId::User if is_guest(attributes) => {
            for (name, value) in std::mem::replace(body, invitation(attributes)) {
                if !matches!(name.as_str(), "mail" | "userPrincipalName" | "mailNickname" | "userType") {
                    later.insert(name, Wanted { before: Value::Null, after: value });
                }
            }
            *path = Some("/invitations");
            *note = Some("a guest: the invitation must be accepted again");
        }
        TypeId::User => {
            body.entry("mailNickname").or_insert_with(|| local_part(attributes));
            body.insert("accountEnabled".to_owned(), Value::Bool(false));
            let profile = json!({ "forceChangePasswordNextSignIn": true, "password": PASSWORD });
            body.insert("passwordProfile".to_owned(), profile);
            *note =
                Some("made disabled: reset the password or issue a Temporary Access Pass, then enable it");
        }
        TypeId::ConditionalAccessPolicy => {
            body.insert("state".to_owned(), json!("disabled"));
            let state = attributes.get("state").cloned().unwrap_or_default();
            if state != "disabled" {
                later.insert("state".to_owned(), Wanted { before: json!("disabled"), after: state });
            }
            *note = Some("made disabled, enabled last");
        }
        _ => {}
    }
    if resource.recovery.is_typed
        && let Some(stated) = attributes.get("@odata.type")
    {
        body.insert("@odata.type".to_owned(), stated.clone());
    }
    creation
}

/// The updates of what can only follow; `made` is what the object is made with.
fn later_drafts(anew: &Anew, later: WantedMap, made: Attributes) -> Vec<Draft> {
    let Anew { object, resource, attributes, .. } = anew;
    let mut together = WantedMap::new();
    let mut apart = Vec::new();
    for (name, values) in later {
        if is_later(resource, &name) {
            apart.push(WantedMap::from([(name, values)]));
        } else {
            together.insert(name, values);
        }
    }
    let is_whole = whole::replaces_whole(resource);
    if is_whole && !(together.is_empty() && apart.is_empty()) {
        // What is replaced whole says again what it was made with.
        together.extend(apart.drain(..).flatten());
        for (name, value) in made {
            if !together.contains_key(&name) {
                together.insert(name, Wanted { before: value.clone(), after: value });
            }
        }
    }
    apart.extend((!together.is_empty()).then_some(together));
    let drafts = apart.into_iter().map(|wanted| {
        let path = object_path(resource, &object.id, attributes);
        // Nothing is missing: `fill` drafts no such update else.
        let standing = is_whole.then(|| whole::body(resource, attributes, &wanted).unwrap_or_default());
        let body = standing.unwrap_or_default().into();
        let request = RequestTemplate { body, ..request(resource, resource.recovery.update, path) };
        let mut draft = update_draft(resource, object, request, wanted);
        draft.phase = draft.phase.max(phase::of_later(resource.id));
        draft
    });
    drafts.collect()
}

fn skip_secrets(object: &PlanObject, attributes: &Attributes, outcome: &mut Outcome) {
    for name in CREDENTIALS {
        let has_some = attributes.get(name).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        if has_some {
            outcome.skip(object, name, property::ISSUE_ANEW);
        }
    }
}

/// Why an object cannot be made again, if it cannot.
fn obstacle(resource: &Type, attributes: &Attributes) -> Option<String> {
    let text = |name: &str| text(attributes, name);
    match resource.id {
        TypeId::ServicePrincipal if text("servicePrincipalType") == "ManagedIdentity" => {
            return Some("a managed identity comes with the resource it is of".to_owned());
        }
        TypeId::Group if attributes.get("mailEnabled") == Some(&Value::Bool(true)) => {
            let kinds = attributes.get("groupTypes").unwrap_or(&Value::Null);
            if !has_text(kinds, "Unified") {
                return Some(property::EXCHANGE.to_owned());
            }
        }
        TypeId::User if is_guest(attributes) => {
            return text("mail")
                .is_empty()
                .then(|| "gone for good: its mail address was not observed".to_owned());
        }
        _ => {}
    }
    if resource.graph.list.is_none() || resource.graph.parent.is_some() {
        return Some("gone for good: the object it belongs to was not observed".to_owned());
    }
    let is_given = |name: &str| match (resource.id, name) {
        (TypeId::User, "passwordProfile" | "accountEnabled") | (TypeId::ConditionalAccessPolicy, "state") => {
            true
        }
        (TypeId::User, "mailNickname") => !text("userPrincipalName").is_empty(),
        _ => attributes.get(name).is_some_and(|value| !value.is_null()),
    };
    let missing = resource.recovery.create_required.iter().find(|names| !names.split('|').any(is_given))?;
    Some(format!("gone for good: its {missing} was not observed"))
}

/// Whether a create may set a property to a value.
fn is_settable(resource: &'static Type, name: &str, value: &Value) -> bool {
    let is_nothing = match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    };
    let derived = DERIVED.iter().find(|(id, _)| *id == resource.id).map_or(&[][..], |(_, names)| *names);
    if is_nothing || name.contains('@') || derived.contains(&name) || CREDENTIALS.contains(&name) {
        return false;
    }
    if resource.recovery.create_required.contains(&name) || resource.has(name, Property::is_alone) {
        return true;
    }
    if resource.is_immutable(name) {
        return name != "id";
    }
    matches!(
        property::writing(resource, name),
        property::Writing::Update | property::Writing::Alone | property::Writing::Request(_)
    )
}

/// Whether a property must not decide whether the object is made at all: it follows in a request of its own.
fn is_later(resource: &Type, name: &str) -> bool {
    const LATER: [&str; 3] = ["customSecurityAttributes", "employeeLeaveDateTime", "identifierUris"];
    resource.has(name, Property::is_alone) || LATER.contains(&name)
}

fn is_guest(attributes: &Attributes) -> bool {
    let text = |name: &str| text(attributes, name);
    text("userPrincipalName").contains("#EXT#")
        || (text("userType") == "Guest" && text("creationType") == "Invitation")
}

fn invitation(attributes: &Attributes) -> Map<String, Value> {
    let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    let fields = BTreeMap::from([
        ("invitedUserEmailAddress", of("mail")),
        ("invitedUserDisplayName", of("displayName")),
        ("invitedUserType", json!("Guest")),
        ("inviteRedirectUrl", json!(INVITE_REDIRECT)),
        ("sendInvitationMessage", Value::Bool(false)),
    ]);
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn local_part(attributes: &Attributes) -> Value {
    let name = text(attributes, "userPrincipalName");
    json!(name.split('@').next().unwrap_or(name))
}
