//! Owns putting the log together by object: what one round of changes tells.

use std::collections::HashMap;
use std::sync::Arc;

use super::token::Token;
use crate::state::{Handle, Life, Relation, State, What};

/// One record of a round.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    /// It is there; `full` when it is new or came back, so that everything is told.
    Present { handle: Handle, names: Vec<Arc<str>>, links: Vec<(Relation, Handle, bool)>, full: bool },
    /// It went away: `changed` into the bin, `deleted` for good.
    Removed { handle: Handle, reason: &'static str },
}

/// Gathers what happened in a round, by object, in the order in which each was first touched.
pub(super) fn collate(state: &State, token: &Token) -> Vec<Entry> {
    let changes = state.changes_since(token.start);
    let changes = &changes[..changes.len().min(token.until.saturating_sub(token.start))];
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: HashMap<Handle, usize> = HashMap::new();
    for change in changes.iter().filter(|change| !change.silent) {
        let record = state.record(change.handle);
        if !token.kinds.contains(&record.kind) || !token.names(&record.id) {
            continue;
        }
        let reason = match change.what {
            What::Deleted => "changed",
            What::Purged { .. } => "deleted",
            _ => {
                let full = matches!(change.what, What::Created | What::Restored);
                let place = places.get(&change.handle).copied();
                let place = place.filter(|&place| matches!(entries[place], Entry::Present { .. }));
                let place = place.unwrap_or_else(|| {
                    let (names, links) = (Vec::new(), Vec::new());
                    entries.push(Entry::Present { handle: change.handle, names, links, full: false });
                    entries.len() - 1
                });
                places.insert(change.handle, place);
                add(&mut entries[place], token, state, &change.what, full);
                continue;
            }
        };
        // What it was before it went away is of no interest any more.
        if let Some(&place) = places.get(&change.handle)
            && let Entry::Present { names, links, full, .. } = &mut entries[place]
        {
            names.clear();
            links.clear();
            *full = false;
        }
        places.insert(change.handle, entries.len());
        entries.push(Entry::Removed { handle: change.handle, reason });
    }
    entries.retain(|entry| match entry {
        Entry::Removed { .. } => true,
        Entry::Present { handle, names, links, full } => {
            state.record(*handle).life != Life::Gone && (*full || !names.is_empty() || !links.is_empty())
        }
    });
    for entry in &mut entries {
        fill_new(entry, state, token);
    }
    entries
}

fn add(entry: &mut Entry, token: &Token, state: &State, what: &What, is_full: bool) {
    let Entry::Present { handle, names, links, full } = entry else { return };
    *full |= is_full;
    let kind = state.record(*handle).kind;
    match what {
        What::Updated { names: changed, .. } => {
            for name in changed.iter().filter(|name| token.tracks(kind, name)) {
                if !names.contains(name) {
                    names.push(Arc::clone(name));
                }
            }
        }
        What::Linked(relation, target) | What::Unlinked(relation, target) => {
            let added = matches!(what, What::Linked(..));
            if token.relations(kind).contains(relation) {
                // Only where a link stands at the end is told.
                links.retain(|(found, other, _)| (found, other) != (relation, target));
                let end = links.iter().rposition(|(found, ..)| found == relation);
                links.insert(end.map_or(links.len(), |end| end + 1), (*relation, *target, added));
            }
        }
        _ => {}
    }
}

/// An object that is new or came back tells all its links.
fn fill_new(entry: &mut Entry, state: &State, token: &Token) {
    let Entry::Present { handle, links, full: true, .. } = entry else { return };
    links.clear();
    for relation in token.relations(state.record(*handle).kind) {
        links.extend(state.live_targets(*handle, relation).map(|target| (relation, target, true)));
    }
}
