//! Owns putting an object: the tenant holds exactly what its JSON says afterwards.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::json::{ids_in, kind_of, take_links};
use super::{Handle, Life, Relation, State, When, find_target};
use crate::body::{split, to_text};

/// Makes, changes, restores or deletes an object, so that it is what its JSON says, links included. None for a text
/// that is no object of a type that Graph serves.
pub(crate) fn put(state: &mut State, when: When, token: &str, text: &str) -> Option<Handle> {
    let mut members = split(text)?;
    let kind = kind_of(token, &members)?;
    let links = take_links(kind, &mut members);
    let key = kind.resource().key_name();
    let id = members.iter().find(|(name, _)| name == key).and_then(|(_, value)| to_text(value));
    let id = id.map_or_else(|| kind.resource().token.to_owned(), Cow::into_owned);
    let deleted = members.iter().any(|(name, value)| name == "deletedDateTime" && *value != "null");
    let found = state.find(kind, &id).filter(|&handle| state.record(handle).life != Life::Purged);
    let handle = match found {
        Some(handle) => {
            if !deleted && state.record(handle).life == Life::Binned {
                state.restore(when, handle);
            }
            let body = Arc::clone(&state.record(handle).body);
            let changed: Vec<(&str, &str)> = members
                .iter()
                .map(|(name, value)| (&**name, *value))
                .filter(|(name, value)| body.value(name) != Some(value))
                .filter(|(name, _)| *name != "id" && *name != "deletedDateTime")
                .collect();
            state.update_from(when, handle, &changed);
            handle
        }
        None => state.create_from(when, kind, &id, members),
    };
    for (relation, ids) in links {
        put_links(state, when, handle, relation, ids);
    }
    if deleted && state.is_live(handle) {
        state.delete(when, handle);
    }
    Some(handle)
}

fn put_links(state: &mut State, when: When, source: Handle, relation: Relation, ids: &str) {
    let ids = ids_in(ids);
    let wanted: Vec<Handle> = ids.iter().filter_map(|id| find_target(state, relation, id)).collect();
    let kept: HashSet<Handle> = wanted.iter().copied().collect();
    for target in state.targets(source, relation).to_vec() {
        if !kept.contains(&target) {
            state.unlink(when, source, relation, target);
        }
    }
    for target in wanted {
        state.link(when, source, relation, target);
    }
}
