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

/// What becomes of links whose target lies in the bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// They are not told.
    Quiet,
    /// They are told as removed, and as added when the target comes back.
    Told,
}

/// Records being gathered, and where the newest of each object is.
struct Round<'a> {
    state: &'a State,
    token: &'a Token,
    entries: Vec<Entry>,
    places: HashMap<Handle, usize>,
}

/// Gathers what happened in a round, by object, in the order in which each was first touched.
pub(super) fn collate(state: &State, token: &Token, hidden: Hidden) -> Vec<Entry> {
    let changes = state.changes_since(token.start);
    let changes = &changes[..changes.len().min(token.until.saturating_sub(token.start))];
    let mut round = Round { state, token, entries: Vec::new(), places: HashMap::new() };
    for change in changes.iter().filter(|change| !change.silent) {
        if hidden == Hidden::Told {
            round.tell_hidden(change.handle, &change.what);
        }
        if round.concerns(change.handle) {
            round.add(change.handle, &change.what);
        }
    }
    let mut entries = round.entries;
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

impl Round<'_> {
    fn concerns(&self, handle: Handle) -> bool {
        let record = self.state.record(handle);
        self.token.kinds.contains(&record.kind) && self.token.names(&record.id)
    }

    /// Links to an object go when it goes into the bin, and come when it comes back.
    fn tell_hidden(&mut self, target: Handle, what: &What) {
        let is_back = match what {
            What::Restored => true,
            What::Deleted => false,
            _ => return,
        };
        for &(relation, source) in &self.state.record(target).incoming {
            if self.state.is_live(source) && self.concerns(source) {
                let what =
                    if is_back { What::Linked(relation, target) } else { What::Unlinked(relation, target) };
                self.add(source, &what);
            }
        }
    }

    fn add(&mut self, handle: Handle, what: &What) {
        match what {
            What::Deleted => self.remove(handle, "changed"),
            What::Purged { .. } => self.remove(handle, "deleted"),
            _ => self.change(handle, what),
        }
    }

    fn remove(&mut self, handle: Handle, reason: &'static str) {
        // What it was before it went away is of no interest any more.
        if let Some(&place) = self.places.get(&handle)
            && let Entry::Present { names, links, full, .. } = &mut self.entries[place]
        {
            names.clear();
            links.clear();
            *full = false;
        }
        self.places.insert(handle, self.entries.len());
        self.entries.push(Entry::Removed { handle, reason });
    }

    fn change(&mut self, handle: Handle, what: &What) {
        let place = *self.places.entry(handle).or_insert(self.entries.len());
        let fresh = Entry::Present { handle, names: Vec::new(), links: Vec::new(), full: false };
        match self.entries.get(place) {
            None => self.entries.push(fresh),
            // It came back in the same round: only that is told, for records come in no order.
            Some(Entry::Removed { .. }) => self.entries[place] = fresh,
            Some(Entry::Present { .. }) => {}
        }
        let kind = self.state.record(handle).kind;
        let Entry::Present { names, links, full, .. } = &mut self.entries[place] else { return };
        match what {
            What::Created | What::Restored => *full = true,
            What::Updated { names: changed, .. } => {
                for name in changed.iter().filter(|name| self.token.tracks(kind, name)) {
                    if !names.contains(name) {
                        names.push(Arc::clone(name));
                    }
                }
            }
            What::Linked(relation, target) | What::Unlinked(relation, target) => {
                let added = matches!(what, What::Linked(..));
                if self.token.relations(kind).contains(relation) {
                    // Only where a link stands at the end is told.
                    links.retain(|(found, other, _)| (found, other) != (relation, target));
                    let end = links.iter().rposition(|(found, ..)| found == relation);
                    links.insert(end.map_or(links.len(), |end| end + 1), (*relation, *target, added));
                }
            }
            What::Deleted | What::Purged { .. } => {}
        }
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
