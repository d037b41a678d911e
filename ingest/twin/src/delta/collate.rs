//! Owns collating the log by object: the entries that one round of changes reports.

use std::collections::HashMap;
use std::sync::Arc;

use super::token::DeltaToken;
use crate::state::{Event, Handle, Life, Relation, State};

/// One record of a round.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    /// It is live; `full` when it is new or restored, so that all its properties and links are reported.
    Present { handle: Handle, names: Vec<Arc<str>>, links: Vec<(Relation, Handle, bool)>, full: bool },
    /// It was deleted: `changed` into the bin, `deleted` for good.
    Removed { handle: Handle, reason: &'static str },
}

/// How a round treats links whose target is in the bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinnedLinks {
    /// It leaves them out.
    Omitted,
    /// It reports them as removed, and as added when the target is restored.
    Reported,
}

/// The entries of a round while they are gathered, and the index of the newest one of each object.
struct Round<'a> {
    state: &'a State,
    token: &'a DeltaToken,
    entries: Vec<Entry>,
    newest: HashMap<Handle, usize>,
}

/// Gathers the changes of a round by object, in the order of the first change of each.
pub(super) fn collate(state: &State, token: &DeltaToken, binned_links: BinnedLinks) -> Vec<Entry> {
    let changes = state.changes_since(token.start);
    let changes = &changes[..changes.len().min(token.until.saturating_sub(token.start))];
    let mut round = Round { state, token, entries: Vec::new(), newest: HashMap::new() };
    for change in changes.iter().filter(|change| !change.silent) {
        if binned_links == BinnedLinks::Reported {
            round.add_binned(change.handle, &change.event);
        }
        if round.concerns(change.handle) {
            round.add(change.handle, &change.event);
        }
    }
    let mut entries = round.entries;
    entries.retain(|entry| match entry {
        Entry::Removed { .. } => true,
        Entry::Present { handle, names, links, full } => {
            state.record(*handle).life != Life::Purged && (*full || !names.is_empty() || !links.is_empty())
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

    /// Reports links to an object as removed when it goes into the bin, and as added when it is restored.
    fn add_binned(&mut self, target: Handle, event: &Event) {
        let is_back = match event {
            Event::Restored => true,
            Event::Deleted => false,
            _ => return,
        };
        for &(relation, source) in &self.state.record(target).incoming {
            if self.state.is_live(source) && self.concerns(source) {
                let event =
                    if is_back { Event::Linked(relation, target) } else { Event::Unlinked(relation, target) };
                self.add(source, &event);
            }
        }
    }

    fn add(&mut self, handle: Handle, event: &Event) {
        match event {
            Event::Deleted => self.remove(handle, "changed"),
            Event::Purged { .. } => self.remove(handle, "deleted"),
            _ => self.change(handle, event),
        }
    }

    fn remove(&mut self, handle: Handle, reason: &'static str) {
        // Changes before the deletion are left out.
        if let Some(&index) = self.newest.get(&handle)
            && let Entry::Present { names, links, full, .. } = &mut self.entries[index]
        {
            names.clear();
            links.clear();
            *full = false;
        }
        self.newest.insert(handle, self.entries.len());
        self.entries.push(Entry::Removed { handle, reason });
    }

    fn change(&mut self, handle: Handle, event: &Event) {
        let index = *self.newest.entry(handle).or_insert(self.entries.len());
        let fresh = Entry::Present { handle, names: Vec::new(), links: Vec::new(), full: false };
        match self.entries.get(index) {
            None => self.entries.push(fresh),
            // It was restored in the same round: only that is reported, because records are in no order.
            Some(Entry::Removed { .. }) => self.entries[index] = fresh,
            Some(Entry::Present { .. }) => {}
        }
        let kind = self.state.record(handle).kind;
        let Entry::Present { names, links, full, .. } = &mut self.entries[index] else { return };
        match event {
            Event::Created | Event::Restored => *full = true,
            Event::Updated { names: changed, .. } => {
                for name in changed.iter().filter(|name| self.token.tracks(kind, name)) {
                    if !names.contains(name) {
                        names.push(Arc::clone(name));
                    }
                }
            }
            Event::Linked(relation, target) | Event::Unlinked(relation, target) => {
                let added = matches!(event, Event::Linked(..));
                if self.token.relations(kind).contains(relation) {
                    // Only the last change of a link is reported.
                    links.retain(|(found, other, _)| (found, other) != (relation, target));
                    let end = links.iter().rposition(|(found, ..)| found == relation);
                    links.insert(end.map_or(links.len(), |end| end + 1), (*relation, *target, added));
                }
            }
            Event::Deleted | Event::Purged { .. } => {}
        }
    }
}

/// An object that is new or restored reports all its links.
fn fill_new(entry: &mut Entry, state: &State, token: &DeltaToken) {
    let Entry::Present { handle, links, full: true, .. } = entry else { return };
    links.clear();
    for relation in token.relations(state.record(*handle).kind) {
        links.extend(state.live_targets(*handle, relation).map(|target| (relation, target, true)));
    }
}
