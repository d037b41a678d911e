//! Owns building a tenant from JSON objects with their links inside, in any order.

use std::borrow::Cow;
use std::collections::HashSet;

use engine::schema::TypeId;
use serde_json::Value;

use super::json::{ids_in, kind_of, take_links, to_ms};
use super::schedule::note_end;
use super::seed::add_missing;
use super::{Handle, Life, Relation, State, find_target};
use crate::body::{Members, split, to_text};
use crate::resource::Kind;

/// A tenant while it is loaded.
pub(crate) struct Loader {
    state: State,
    /// Links whose targets may be loaded later: source, relation, and the IDs as JSON.
    pending: Vec<(Handle, Relation, Box<str>)>,
}

impl Loader {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: State::empty(seed), pending: Vec::new() }
    }

    /// Adds an object; false for a text that is no object of a type that Graph serves, and for a second one of its ID.
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

    /// Adds all links, then what every tenant has, and gives the tenant.
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
            note_end(&mut self.state, handle);
        }
        set_tenant_id(&mut self.state);
        add_missing(&mut self.state);
        self.state
    }
}

/// The tenant's ID is that of its organization.
fn set_tenant_id(state: &mut State) {
    let found =
        state.single(Kind::of(TypeId::Organization)).map(|handle| state.record(handle).id.to_string());
    state.tenant_id = match found {
        Some(id) => id,
        None => state.new_id(),
    };
}

/// Says whether a text can be an ID of Graph: natural keys have other characters.
fn is_plain(id: &str) -> bool {
    id.len() <= 100 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
