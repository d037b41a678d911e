//! Owns what a program beside the twin can do with it: change it behind the client's back, and read all of it.

use std::collections::HashSet;

use engine::schema::TypeId;
use serde_json::Value;

use crate::counts::Counts;
use crate::render::Append as _;
use crate::resource::Kind;
use crate::server::Server;
use crate::state::{Handle, Life, Relation, State, Trace, When, put};

/// Who changes a tenant behind the client's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person or program that calls Graph: delta queries report its changes.
    Caller,
    /// A native recovery, whose changes delta queries never report.
    NativeRecovery,
}

impl Server {
    fn when(&self, actor: Actor) -> When {
        let trace = if actor == Actor::Caller { Trace::Reported } else { Trace::Silent };
        When { now_ms: self.core().now_ms(), trace }
    }

    /// Makes the tenant hold an object exactly as this JSON has it, its links included: makes, changes, restores or
    /// deletes it. False for a text that is no object.
    #[must_use]
    pub fn put(&self, actor: Actor, type_token: &str, json: &str) -> bool {
        put(&mut self.core().state_mut(), self.when(actor), type_token, json).is_some()
    }

    /// Makes the tenant hold exactly these objects: type token and JSON, as those of a synthetic tenant after an
    /// incident. Types of which none is given are left alone.
    pub fn replace<T: AsRef<str>>(&self, actor: Actor, objects: impl IntoIterator<Item = (T, String)>) {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        let (mut kinds, mut kept) = (HashSet::new(), HashSet::new());
        for (token, json) in objects {
            if let Some(handle) = put(&mut state, when, token.as_ref(), &json) {
                kinds.insert(state.record(handle).kind);
                kept.insert(handle);
            }
        }
        // Singletons stay, and so do directory roles, which follow from the assignments.
        for kind in kinds.into_iter().filter(|kind| !kind.resource().is_single()) {
            for handle in state.handles(kind).to_vec() {
                if !kept.contains(&handle) && kind != TypeId::DirectoryRole {
                    state.purge(when, handle);
                }
            }
        }
    }

    /// Deletes an object, into the bin where its type has one; false when there is none.
    #[must_use]
    pub fn delete(&self, actor: Actor, type_token: &str, id: &str) -> bool {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        let found = Kind::from_name(type_token).and_then(|kind| state.find_live(kind, id));
        found.map(|handle| state.delete(when, handle)).is_some()
    }

    /// Deletes an object for good; false when there is none.
    #[must_use]
    pub fn purge(&self, actor: Actor, type_token: &str, id: &str) -> bool {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        let found = Kind::from_name(type_token).and_then(|kind| state.find(kind, id));
        found.map(|handle| state.purge(when, handle)).is_some()
    }

    /// Restores an object from the bin; false when there is none.
    #[must_use]
    pub fn restore(&self, actor: Actor, type_token: &str, id: &str) -> bool {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        let found = Kind::from_name(type_token).and_then(|kind| state.find(kind, id));
        let found = found.filter(|&handle| state.record(handle).life == Life::Binned);
        found.map(|handle| state.restore(when, handle)).is_some()
    }

    /// Adds a link between directory objects; false when an end is missing or there is such a link.
    #[must_use]
    pub fn link(&self, actor: Actor, source: &str, relation: &str, target: &str) -> bool {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        match ends(&state, source, relation, target) {
            Some((source, relation, target)) => state.link(when, source, relation, target),
            None => false,
        }
    }

    /// Removes a link between directory objects; false when there is none.
    #[must_use]
    pub fn unlink(&self, actor: Actor, source: &str, relation: &str, target: &str) -> bool {
        let when = self.when(actor);
        let mut state = self.core().state_mut();
        match ends(&state, source, relation, target) {
            Some((source, relation, target)) => state.unlink(when, source, relation, target),
            None => false,
        }
    }

    /// Gives everything, the bin included: type token and JSON with its links inside, sorted.
    #[must_use]
    pub fn objects(&self) -> Vec<(String, String)> {
        let state = self.core().state();
        let mut objects: Vec<(&str, &str, Handle)> = Kind::all()
            .flat_map(|kind| state.handles(kind).iter().map(move |&handle| (kind, handle)))
            .filter(|(_, handle)| state.record(*handle).life != Life::Purged)
            .map(|(kind, handle)| (kind.resource().token, &*state.record(handle).id, handle))
            .collect();
        objects.sort_unstable();
        objects.into_iter().map(|(token, _, handle)| (token.to_owned(), to_json(&state, handle))).collect()
    }

    /// Gives one object, whatever its life: JSON with its links inside.
    #[must_use]
    pub fn object(&self, type_token: &str, id: &str) -> Option<String> {
        let state = self.core().state();
        let handle = state.find(Kind::from_name(type_token)?, id)?;
        (state.record(handle).life != Life::Purged).then(|| to_json(&state, handle))
    }

    /// Gives the counts of calls since the start, or since the counts were last taken.
    #[must_use]
    pub fn take_counts(&self) -> Counts {
        std::mem::take(&mut *self.core().counts())
    }
}

fn ends(state: &State, source: &str, relation: &str, target: &str) -> Option<(Handle, Relation, Handle)> {
    let relation = Relation::from_name(relation)?;
    Some((state.find_directory_object(source)?, relation, state.find_directory_object(target)?))
}

/// Writes an object as files have it: its type, its members, and IDs as links.
fn to_json(state: &State, handle: Handle) -> String {
    let record = state.record(handle);
    let mut out = String::from("{");
    if !record.kind.resource().is_abstract() {
        out.append(format_args!("\"@odata.type\":\"#{}\",", record.kind.resource().odata[0]));
    }
    for (name, value) in record.body.members() {
        out.append(format_args!("{}:{value},", Value::from(&**name)));
    }
    for (relation, _) in record.links.iter().filter(|(relation, _)| !relation.is_reference()) {
        let mut ids: Vec<&str> =
            state.live_targets(handle, *relation).map(|target| &*state.record(target).id).collect();
        ids.sort_unstable();
        let value = match ids.as_slice() {
            [] if relation.is_to_one() => Value::Null,
            [id] if relation.is_to_one() => Value::from(*id),
            _ => Value::from(ids),
        };
        out.append(format_args!("\"{}\":{value},", relation.name()));
    }
    crate::render::close(&mut out, '}');
    out
}
