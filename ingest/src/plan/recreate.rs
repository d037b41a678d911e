//! Objects that no bin has are made again: what Graph wants of a new object, and what can only follow.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::draft::{Draft, DraftId, NewId, each_id};
use super::lookup::{self, Attributes};
use super::make::Planner;
use super::property::{self, CREDENTIALS};
use super::update::{LICENCES, Wanted, WantedMap, has_text, object_path, request};
use super::value::written_value;
use super::{PASSWORD, PlanObject, RequestTemplate, Skipped, StepKind, Unfixable, contain};
use crate::plan::Result;
use crate::resource::{Property, Resource};

/// What a new object of a type gets by itself, or from elsewhere.
const DERIVED: [(&str, &[&str]); 4] = [
    ("user", &["identities", "passwordProfile", "accountEnabled", "onPremisesImmutableId"]),
    ("group", &["assignedLabels", "welcomeMessageEnabled"]),
    ("application", &["logo", "tokenEncryptionKeyId"]),
    ("servicePrincipal", &["displayName", "info", "servicePrincipalNames", "tokenEncryptionKeyId"]),
];

/// Where a guest gets to after accepting an invitation.
const INVITE_REDIRECT: &str = "https://myapplications.microsoft.com";

/// An object that is to be made again.
struct Anew {
    object: PlanObject,
    resource: &'static Resource,
    attributes: Attributes,
    step: DraftId,
}

impl Planner {
    /// Drafts objects anew. IDs that will change are known before the first request is written.
    pub(super) fn recreate(&mut self, wanted: &[(PlanObject, &'static Resource)]) -> Result<()> {
        let mut anew = Vec::new();
        for (object, resource) in wanted {
            let attributes = lookup::attributes(&self.lookup.from, resource.token, &object.id)?;
            let attributes = attributes.unwrap_or_default();
            if let Some(reason) = obstacle(resource, &attributes) {
                self.skipped.push(Skipped { object: object.clone(), name: String::new(), reason });
                continue;
            }
            let phase = contain::phase_of_return(resource.token);
            let path = resource.graph.list.unwrap_or_default().to_owned();
            let request = request(resource, "POST", path);
            let step = self.drafts.add(Draft::new(StepKind::Recreate, phase, object.clone(), request));
            self.rename(object, &attributes, step);
            anew.push(Anew { object: object.clone(), resource, attributes, step });
        }
        for anew in anew {
            self.fill(&anew);
        }
        Ok(())
    }

    fn rename(&mut self, object: &PlanObject, attributes: &Attributes, step: DraftId) {
        let resource = crate::resource::by_token(&object.type_token);
        let is_chosen = |names: &&str| matches!(*names, "id" | "tenantId");
        if resource.is_some_and(|resource| resource.recovery.create_required.iter().any(is_chosen)) {
            // Who makes such an object chooses its ID, so that it keeps the one it had.
            self.drafts.returns.insert(object.id.clone(), step);
            return;
        }
        self.drafts.renames.insert(object.id.clone(), NewId { step, property: None });
        let app_id = attributes.get("appId").and_then(Value::as_str);
        if let Some(app_id) = app_id.filter(|_| object.type_token == "application") {
            self.drafts.renames.insert(app_id.to_owned(), NewId { step, property: Some("appId") });
            self.unfixable.push(Unfixable {
                object: object.clone(),
                reference: format!("the client ID {app_id}"),
                reason: "clients are configured with it, and the new application has another".to_owned(),
            });
        }
    }

    /// Writes the request that makes an object, and the update of what can only follow.
    fn fill(&mut self, anew: &Anew) {
        let Anew { object, resource, attributes, step } = anew;
        let mut later = WantedMap::new();
        let mut body = Map::new();
        for (name, value) in attributes {
            if !is_settable(resource, name, value) {
                continue;
            }
            let value = written_value(resource.token, name, value.clone());
            let is_required =
                resource.recovery.create_required.iter().any(|names| names.split('|').any(|n| n == name));
            let is_alone = is_later(resource, name);
            if is_alone || (!is_required && self.names_renamed(&value)) {
                later.insert(name.clone(), Wanted { before: Value::Null, after: value });
            } else {
                body.insert(name.clone(), value);
            }
        }
        self.skip_secrets(object, attributes);
        self.make_elements(anew);
        let licences = attributes.get(LICENCES).filter(|value| !value.is_null() && *value != &json!([]));
        if let Some(licences) = licences.cloned() {
            let values = Wanted { before: json!([]), after: licences };
            self.plan_licences(resource, object, &values, [&Attributes::new(), attributes]);
        }
        let mut notes = Vec::new();
        match resource.token {
            "user" if is_guest(attributes) => {
                let invitation = invitation(attributes);
                for (name, value) in std::mem::replace(&mut body, invitation) {
                    if !matches!(name.as_str(), "mail" | "userPrincipalName" | "mailNickname" | "userType") {
                        later.insert(name, Wanted { before: Value::Null, after: value });
                    }
                }
                "/invitations".clone_into(&mut self.drafts.list[*step].request.path);
                notes.push("a guest: the invitation must be accepted again");
            }
            "user" => {
                body.entry("mailNickname").or_insert_with(|| local_part(attributes));
                body.insert("accountEnabled".to_owned(), Value::Bool(false));
                let profile = json!({ "forceChangePasswordNextSignIn": true, "password": PASSWORD });
                body.insert("passwordProfile".to_owned(), profile);
                notes.push(
                    "made disabled: reset the password or issue a Temporary Access Pass, then enable it",
                );
            }
            "conditionalAccessPolicy" => {
                body.insert("state".to_owned(), json!("disabled"));
                let state = attributes.get("state").cloned().unwrap_or_default();
                if state != "disabled" {
                    later.insert("state".to_owned(), Wanted { before: json!("disabled"), after: state });
                }
                notes.push("made disabled, enabled last");
            }
            _ => {}
        }
        if resource.recovery.is_typed
            && let Some(stated) = attributes.get("@odata.type")
        {
            body.insert("@odata.type".to_owned(), stated.clone());
        }
        let draft = &mut self.drafts.list[*step];
        draft.notes.extend(notes.into_iter().map(str::to_owned));
        draft.after = body
            .iter()
            .filter(|(name, _)| *name != "passwordProfile")
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        draft.request.body = Value::Object(body).into();
        self.write_later(anew, later);
    }

    fn write_later(&mut self, anew: &Anew, later: WantedMap) {
        let Anew { object, resource, attributes, step } = anew;
        let mut together = WantedMap::new();
        let mut apart = Vec::new();
        for (name, values) in later {
            if is_later(resource, &name) {
                apart.push(WantedMap::from([(name, values)]));
            } else {
                together.insert(name, values);
            }
        }
        if resource.recovery.update == "PUT" && !(together.is_empty() && apart.is_empty()) {
            // What is replaced whole says again what it was made with.
            together.extend(apart.drain(..).flatten());
            let made = &self.drafts.list[*step].after;
            let made = made.iter().map(|(name, value)| (name.clone(), value.clone()));
            for (name, value) in made {
                if !together.contains_key(&name) {
                    together.insert(name, Wanted { before: value.clone(), after: value });
                }
            }
        }
        apart.extend((!together.is_empty()).then_some(together));
        for wanted in apart {
            let path = object_path(resource, &object.id, attributes);
            let request = RequestTemplate {
                body: json!({}).into(),
                ..request(resource, resource.recovery.update, path)
            };
            let step = self.add_update(resource, object, request, wanted);
            let draft = &mut self.drafts.list[step];
            draft.phase = draft.phase.max(contain::phase_of_later(resource.token));
        }
    }

    fn skip_secrets(&mut self, object: &PlanObject, attributes: &Attributes) {
        for name in CREDENTIALS {
            let has_some = attributes.get(name).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
            if has_some {
                let reason = property::ISSUE_ANEW.to_owned();
                self.skipped.push(Skipped { object: object.clone(), name: name.to_owned(), reason });
            }
        }
    }

    /// Makes again what was part of an object in collections below it: without that it may be weaker than it was.
    fn make_elements(&mut self, anew: &Anew) {
        let Anew { object, resource, attributes, .. } = anew;
        for inside in resource.graph.inside {
            let list = attributes.get(inside.name).cloned().unwrap_or_default();
            let list = written_value(resource.token, &inside.name, list);
            for element in list.as_array().into_iter().flatten() {
                self.add_element(resource, object, inside, element);
            }
        }
    }

    /// Whether a value names something whose ID changes.
    pub(super) fn names_renamed(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                let mut is_named = false;
                each_id(text, &mut |part| is_named |= self.drafts.renames.contains_key(part));
                is_named
            }
            Value::Array(values) => values.iter().any(|value| self.names_renamed(value)),
            Value::Object(values) => values.values().any(|value| self.names_renamed(value)),
            _ => false,
        }
    }
}

/// Why an object cannot be made again, if it cannot.
fn obstacle(resource: &Resource, attributes: &Attributes) -> Option<String> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    match resource.token {
        "servicePrincipal" if text("servicePrincipalType") == "ManagedIdentity" => {
            return Some("a managed identity comes with the resource it is of".to_owned());
        }
        "group" if attributes.get("mailEnabled") == Some(&Value::Bool(true)) => {
            let kinds = attributes.get("groupTypes").unwrap_or(&Value::Null);
            if !has_text(kinds, "Unified") {
                return Some(property::EXCHANGE.to_owned());
            }
        }
        "user" if is_guest(attributes) => {
            return text("mail")
                .is_empty()
                .then(|| "gone for good: its mail address was not observed".to_owned());
        }
        _ => {}
    }
    if resource.graph.list.is_none() || resource.graph.parent.is_some() {
        return Some("gone for good: the object it belongs to was not observed".to_owned());
    }
    let is_given = |name: &str| match (resource.token, name) {
        ("user", "passwordProfile" | "accountEnabled") | ("conditionalAccessPolicy", "state") => true,
        ("user", "mailNickname") => !text("userPrincipalName").is_empty(),
        _ => attributes.get(name).is_some_and(|value| !value.is_null()),
    };
    let missing = resource.recovery.create_required.iter().find(|names| !names.split('|').any(is_given))?;
    Some(format!("gone for good: its {missing} was not observed"))
}

/// Whether a create may set a property to a value.
fn is_settable(resource: &'static Resource, name: &str, value: &Value) -> bool {
    let is_nothing = match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    };
    let derived =
        DERIVED.iter().find(|(token, _)| *token == resource.token).map_or(&[][..], |(_, names)| *names);
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
fn is_later(resource: &Resource, name: &str) -> bool {
    const LATER: [&str; 3] = ["customSecurityAttributes", "employeeLeaveDateTime", "identifierUris"];
    resource.has(name, Property::is_alone) || LATER.contains(&name)
}

fn is_guest(attributes: &Attributes) -> bool {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
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
    let name = attributes.get("userPrincipalName").and_then(Value::as_str).unwrap_or_default();
    json!(name.split('@').next().unwrap_or(name))
}
