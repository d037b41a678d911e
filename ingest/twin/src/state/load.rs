//! Owns building a tenant from JSON objects whose links stand inside them, in any order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use engine::schema::TypeId;
use serde_json::Value;

use super::{Handle, Life, Relation, State};
use crate::body::{Members, split, to_text};
use crate::resource::Kind;

/// A tenant being loaded.
pub(crate) struct Loader {
    state: State,
    /// Links whose targets may not be there yet: source, relation, and the IDs as they stood in the JSON.
    pending: Vec<(Handle, Relation, Box<str>)>,
}

impl Loader {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: State::empty(seed), pending: Vec::new() }
    }

    /// Adds an object; false for what is no object of a type that Graph serves.
    pub(crate) fn add(&mut self, token: &str, text: &str) -> bool {
        let Some(mut members) = split(text) else { return false };
        let Some(kind) = kind_of(token, &members) else { return false };
        let links = take_links(kind, &mut members);
        let id = self.take_id(kind, &mut members);
        let id_text = Value::from(id.as_str()).to_string();
        if kind.resource().key_name() == "id" {
            members.push((Cow::Borrowed("id"), &id_text));
        }
        let deleted = members.iter().any(|(name, value)| name == "deletedDateTime" && *value != "null");
        let life = if deleted && kind.resource().has_bin() { Life::Binned } else { Life::Live };
        let body = self.state.body(kind, &members);
        if self.state.find(kind, &id).is_some() {
            return false;
        }
        let deleted_ms = body.text("deletedDateTime").map_or(0, |moment| to_ms(&moment));
        let handle = self.state.insert(kind, &id, body, life);
        self.state.records[handle as usize].deleted_ms = deleted_ms;
        for (relation, ids) in links {
            self.pending.push((handle, relation, ids.into()));
        }
        true
    }

    /// An object without an ID of Graph gets one; those kept under their natural key have none.
    fn take_id(&mut self, kind: Kind, members: &mut Members<'_>) -> String {
        let resource = kind.resource();
        let key = resource.key_name();
        let given = members.iter().find(|(name, _)| name == key).and_then(|(_, value)| to_text(value));
        let given = given.map(Cow::into_owned);
        members.retain(|(name, _)| name != "id");
        match given {
            Some(id) if !id.is_empty() && (is_plain(&id) || !resource.is_relation_object()) => id,
            _ if resource.is_single() => resource.token.to_owned(),
            _ => self.state.new_id(),
        }
    }

    /// Ties all links and hands out the tenant.
    pub(crate) fn finish(mut self) -> State {
        for (source, relation, ids) in std::mem::take(&mut self.pending) {
            let mut targets = Vec::new();
            let mut seen = HashSet::new();
            for id in ids_in(&ids) {
                targets.extend(find_target(&self.state, relation, &id));
            }
            targets.retain(|target| seen.insert(*target));
            if !targets.is_empty() {
                self.state.attach_all(source, relation, targets);
            }
        }
        for handle in 0..self.state.records.len() {
            let handle = Handle::try_from(handle).expect("handles are 32 bits");
            self.state.attach_references(handle);
            self.state.note_end(handle);
        }
        self.state.settle_organization();
        self.state.add_missing();
        self.state
    }
}

impl State {
    /// Ties a relation object to the objects whose IDs it holds.
    pub(super) fn attach_references(&mut self, handle: Handle) {
        let kind = self.record(handle).kind;
        if !kind.resource().is_relation_object() {
            return;
        }
        for (relation, property) in Relation::references() {
            let target = self.record(handle).body.text(property).and_then(|id| {
                let role = Kind::of(TypeId::RoleDefinition);
                if relation.name() == "roleDefinition" {
                    self.find(role, &id)
                } else {
                    self.find_directory_object(&id)
                }
            });
            if let Some(target) = target {
                self.attach(handle, relation, target);
            }
        }
    }

    /// The tenant's ID is that of its organization.
    fn settle_organization(&mut self) {
        let found =
            self.single(Kind::of(TypeId::Organization)).map(|handle| self.record(handle).id.to_string());
        self.tenant_id = match found {
            Some(id) => id,
            None => self.new_id(),
        };
    }
}

/// Finds the object that a link leads to.
pub(crate) fn find_target(state: &State, relation: Relation, id: &str) -> Option<Handle> {
    if let Some(found) = state.find_directory_object(id) {
        return Some(found);
    }
    let other = match relation.name() {
        "claimsMappingPolicies" => TypeId::ClaimsMappingPolicy,
        "homeRealmDiscoveryPolicies" => TypeId::HomeRealmDiscoveryPolicy,
        "tokenLifetimePolicies" => TypeId::TokenLifetimePolicy,
        "tokenIssuancePolicies" => TypeId::TokenIssuancePolicy,
        "appManagementPolicies" => TypeId::AppManagementPolicy,
        "incompatibleAccessPackages" => TypeId::AccessPackage,
        _ => return None,
    };
    state.find(Kind::of(other), id)
}

/// An ID of Graph has no sign in it that a natural key would need.
fn is_plain(id: &str) -> bool {
    id.len() <= 100 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The type that a token and an `@odata.type` name.
pub(super) fn kind_of(token: &str, members: &Members<'_>) -> Option<Kind> {
    let odata = members.iter().find(|(name, _)| name == "@odata.type").and_then(|(_, value)| to_text(value));
    let by_token = Kind::from_name(token).or_else(|| Kind::from_name(engine::schema::token_from_name(token)));
    by_token.or_else(|| {
        let odata = odata?;
        Kind::from_name(&odata).or_else(|| Kind::from_name(engine::schema::token_from_odata_type(&odata)))
    })
}

/// Takes links out of the members, and what speaks of the transport; the derived type stays.
pub(super) fn take_links<'a>(kind: Kind, members: &mut Members<'a>) -> Vec<(Relation, &'a str)> {
    let mut links = Vec::new();
    members.retain(|(name, value)| {
        if name == "@odata.type" {
            let token = to_text(value);
            return kind.resource().is_abstract() && token.is_some();
        }
        if name.starts_with("@odata.") {
            return false;
        }
        let relation = Relation::from_name(name).filter(|relation| !relation.is_reference());
        match relation {
            Some(relation) if !kind.resource().select.contains(&&**name) => {
                links.push((relation, *value));
                false
            }
            _ => true,
        }
    });
    links
}

/// The IDs of a link: one ID, or a list of IDs or of objects with an ID.
pub(super) fn ids_in(text: &str) -> Vec<String> {
    // Long lists of plain texts are cut where their quotes are.
    if let Some(list) = text.strip_prefix('[').filter(|list| !list.contains(['{', '\\'])) {
        return list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    }
    let id_of = |value: &Value| match value {
        Value::String(id) => Some(id.clone()),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(items)) => items.iter().filter_map(id_of).collect(),
        Ok(value) => id_of(&value).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

/// Reads a moment; 0 for what is none.
pub(super) fn to_ms(moment: &str) -> i64 {
    moment.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

/// The security identifier that follows from an ID.
pub(crate) fn security_identifier(id: &str) -> Option<String> {
    let digits: String = id.chars().filter(|sign| *sign != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    let mut text = String::from("S-1-12-1");
    for word in crate::synthetic::random::Guid(number.to_be_bytes()).security_words() {
        write!(text, "-{word}").ok()?;
    }
    Some(text)
}
