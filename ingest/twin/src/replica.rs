//! Owns views of the tenant: as it is, or as the lagging replica of a reader has it.
//!
//! Every object has its own delay at each of four kinds of replica, so that a list may miss what a get shows. All
//! changes of one object arrive in order; delta queries lag at least as far behind as the slowest other reader.

use std::collections::HashMap;
use std::sync::Arc;

use crate::body::Body;
use crate::state::{Event, Handle, Life, LogEntry, Relation, State};
use crate::synthetic::random::Source;

/// The kind of access, each with a replica of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Get,
    List,
    Delta,
    LinkWrite,
}

/// How far replicas may lag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    pub(crate) max_ms: i64,
    pub(crate) seed: u64,
}

impl Lag {
    /// Gives the delay of an object's changes at a reader's replica.
    fn delay_ms(self, handle: Handle, reader: Reader) -> i64 {
        let bound = u32::try_from(self.max_ms).unwrap_or(u32::MAX).saturating_add(1);
        let source = Source::new(self.seed).fork(reader as u64);
        let drawn = i64::from(source.below(u64::from(handle), bound));
        if reader == Reader::Delta { self.max_ms + drawn } else { drawn }
    }

    /// Says whether a change has reached a reader.
    pub(crate) fn has_reached(self, entry: &LogEntry, reader: Reader, now_ms: i64) -> bool {
        self.max_ms == 0 || entry.at_ms + self.delay_ms(entry.handle, reader) <= now_ms
    }
}

/// The tenant as a reader sees it.
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    past: HashMap<Handle, Past>,
    /// Link changes to undo, the newest first.
    links: Vec<(Handle, Relation, Handle, bool)>,
}

/// The differences of an object from the present.
#[derive(Default)]
struct Past {
    life: Option<Life>,
    body: Option<Arc<Body>>,
}

impl<'a> View<'a> {
    /// The tenant as it is.
    pub(crate) fn present(state: &'a State) -> Self {
        Self { state, past: HashMap::new(), links: Vec::new() }
    }

    /// The tenant as a reader sees it.
    pub(crate) fn new(state: &'a State, lag: Lag, reader: Reader, now_ms: i64) -> Self {
        let mut view = Self::present(state);
        if lag.max_ms == 0 {
            return view;
        }
        let recent = state.changes_since(0).iter().rev();
        for entry in recent.take_while(|entry| entry.at_ms + 2 * lag.max_ms > now_ms) {
            if !lag.has_reached(entry, reader, now_ms) {
                view.undo(entry);
            }
        }
        view
    }

    fn undo(&mut self, entry: &LogEntry) {
        let mut set_life = |life| self.past.entry(entry.handle).or_default().life = Some(life);
        match &entry.event {
            Event::Created => set_life(Life::Purged),
            Event::Deleted => set_life(Life::Live),
            Event::Purged { before } => set_life(*before),
            Event::Restored => set_life(Life::Binned),
            Event::Updated { before, .. } => {
                self.past.entry(entry.handle).or_default().body = Some(Arc::clone(before));
            }
            Event::Linked(relation, target) => self.links.push((entry.handle, *relation, *target, true)),
            Event::Unlinked(relation, target) => self.links.push((entry.handle, *relation, *target, false)),
        }
    }

    /// Gives the stage of an object's life.
    pub(crate) fn life(&self, handle: Handle) -> Life {
        let past = self.past.get(&handle).and_then(|past| past.life);
        past.unwrap_or_else(|| self.state.record(handle).life)
    }

    /// Says whether an object is live.
    pub(crate) fn is_live(&self, handle: Handle) -> bool {
        self.life(handle) == Life::Live
    }

    /// Gives an object's members.
    pub(crate) fn body(&self, handle: Handle) -> &Arc<Body> {
        let past = self.past.get(&handle).and_then(|past| past.body.as_ref());
        past.unwrap_or_else(|| &self.state.record(handle).body)
    }

    /// Gives the live targets of a relation.
    pub(crate) fn targets(&self, source: Handle, relation: Relation) -> Vec<Handle> {
        let mut targets = self.state.targets(source, relation).to_vec();
        for &(handle, found, target, added) in &self.links {
            if (handle, found) == (source, relation) {
                if added {
                    targets.retain(|&present| present != target);
                } else if !targets.contains(&target) {
                    targets.push(target);
                }
            }
        }
        targets.retain(|&target| self.is_live(target));
        targets
    }

    /// Gives the live objects that point to an object.
    pub(crate) fn sources(&self, target: Handle, relation: Relation) -> Vec<Handle> {
        let incoming = self.state.record(target).incoming.iter();
        let mut sources: Vec<Handle> =
            incoming.filter(|(found, _)| *found == relation).map(|(_, source)| *source).collect();
        for &(source, found, pointed, added) in &self.links {
            if (pointed, found) == (target, relation) {
                if added {
                    sources.retain(|&present| present != source);
                } else if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        sources.retain(|&source| self.is_live(source));
        sources
    }
}
