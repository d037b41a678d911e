//! The links that ended because an object at one of their ends was deleted: which they are, at both ends.
//!
//! *Shape*: the links of a deleted object are in its own sets at *from*. The links to it are in the sets of other
//! objects, which do not change with it, so all sets of *from* are searched for deleted objects: once, and only where
//! an object was deleted whose links are shown.
//!
//! *Invariant*: a link that a set lost by itself is no cascade; the object that has the set shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::candidates::{self, Candidate};
use super::content::Names;
use super::view::TypeView;
use super::{Cascades, Comparison};
use crate::Result;
use crate::change::{Change, LinkAction, LinkChange, LinkEnd};
use crate::link_sets::LinkSets;
use crate::state::{TableKey, VectorKind};
use crate::vector::Slot;

/// Link sets that one thread looks through at a time: each costs some ten nanoseconds.
const CHUNK_COUNT: usize = 4096;

/// A link that ended with one of its ends.
#[derive(Debug)]
struct Lost {
    relation: Arc<str>,
    /// The object at the other end, and which end that is.
    other: u32,
    end: LinkEnd,
}

/// The links that ended with one of their ends, by the type and the ordinal of the object that shows them.
#[derive(Debug, Default)]
pub(super) struct Cascade(BTreeMap<Arc<str>, BTreeMap<u32, Vec<Lost>>>);

impl Cascade {
    fn add(&mut self, token: &Arc<str>, ordinal: u32, lost: Lost) {
        self.0.entry(Arc::clone(token)).or_default().entry(ordinal).or_default().push(lost);
    }

    /// Adds those objects of a type that nothing else changed.
    pub(super) fn add_candidates(&self, token: &str, candidates: &mut Vec<Candidate>) {
        let Some(lost) = self.0.get(token) else { return };
        let known: RoaringBitmap = candidates.iter().map(|candidate| candidate.ordinal).collect();
        let missing = lost.keys().copied().filter(|ordinal| !known.contains(*ordinal));
        candidates.extend(missing.map(|ordinal| Candidate { ordinal, ..Candidate::default() }));
        candidates.sort_unstable_by_key(|candidate| candidate.ordinal);
    }
}

/// The objects that are live at *from* and not at *to*, and whose links are shown.
#[derive(Default)]
struct Deleted {
    by_type: BTreeMap<Arc<str>, RoaringBitmap>,
    /// By ordinal, whether links to it ended too: it is live under no other type.
    has_ended: Vec<bool>,
}

impl Comparison<'_> {
    /// The links that ended with one of their ends; none when the filter hides them.
    pub(super) fn cascade(&self) -> Result<&Cascade> {
        if let Some(cascade) = self.cascade.get() {
            return Ok(cascade);
        }
        let mut cascade = Cascade::default();
        if self.filter.cascades != Cascades::Hidden {
            let deleted = self.find_deleted()?;
            let relations = self.state.tables.keys().filter(|_| !deleted.by_type.is_empty());
            for key in relations {
                let VectorKind::Links(relation) = &key.kind else { continue };
                self.add_outgoing((key, relation), &deleted, &mut cascade)?;
                self.add_incoming((key, relation), &deleted, &mut cascade)?;
            }
        }
        Ok(self.cascade.get_or_init(|| cascade))
    }

    fn find_deleted(&self) -> Result<Deleted> {
        let mut deleted = Deleted::default();
        // The object at the other end shows the links of every deleted object.
        let (tokens, wanted) = match self.filter.cascades {
            Cascades::AtBothEnds => {
                (self.to.core_keys().map(|key| Arc::clone(&key.type_token)).collect(), None)
            }
            Cascades::AtDeleted | Cascades::Hidden => (self.wanted_types(), self.ordinals.as_ref()),
        };
        for type_token in tokens {
            let key = TableKey { type_token, kind: VectorKind::Core };
            let changed = candidates::changed_slots(self.state, self.from, self.to, &key)?;
            let went = changed.iter().filter(|slot| slot.old.is_live() && !slot.new.is_live());
            let mut ordinals: RoaringBitmap = went.map(|slot| slot.ordinal).collect();
            if let Some(wanted) = wanted {
                ordinals &= wanted;
            }
            if !ordinals.is_empty() {
                deleted.by_type.insert(key.type_token, ordinals);
            }
        }
        if deleted.by_type.is_empty() {
            return Ok(deleted);
        }
        deleted.has_ended = vec![false; self.state.ordinal_count as usize];
        let gone = self.to.gone()?;
        for ordinal in deleted.by_type.values().flat_map(|ordinals| ordinals & gone) {
            if let Some(has_ended) = deleted.has_ended.get_mut(ordinal as usize) {
                *has_ended = true;
            }
        }
        Ok(deleted)
    }

    /// Adds the links of one relation from deleted objects.
    fn add_outgoing(
        &self,
        (key, relation): (&TableKey, &Arc<str>),
        deleted: &Deleted,
        cascade: &mut Cascade,
    ) -> Result<()> {
        let Some(sources) = deleted.by_type.get(&key.type_token) else { return Ok(()) };
        let sources: Vec<u32> = sources.iter().collect();
        let (slots, sets) = (self.from.slots(key, &sources)?, LinkSets::open(self.state, key)?);
        let gone = self.from.gone()?;
        for (source, set) in sources.into_iter().zip(slots) {
            for other in sets.read(set.version())?.into_iter().filter(|target| !gone.contains(*target)) {
                let lost = Lost { relation: Arc::clone(relation), other, end: LinkEnd::Target };
                cascade.add(&key.type_token, source, lost);
            }
        }
        Ok(())
    }

    /// Adds the links of one relation to deleted objects.
    fn add_incoming(
        &self,
        (key, relation): (&TableKey, &Arc<str>),
        deleted: &Deleted,
        cascade: &mut Cascade,
    ) -> Result<()> {
        let has_ended = |target: u32| deleted.has_ended.get(target as usize) == Some(&true);
        let sets = LinkSets::open(self.state, key)?;
        let slots: Vec<(u32, Slot)> = self.from.vector(key)?.iter().collect();
        let find = |slots: &[(u32, Slot)]| -> Result<Vec<(u32, Vec<u32>)>> {
            let mut found = Vec::new();
            for (source, set) in slots {
                let targets = sets.wanted(set.version(), &has_ended)?;
                if !targets.is_empty() {
                    found.push((*source, targets));
                }
            }
            Ok(found)
        };
        let found: Vec<Vec<(u32, Vec<u32>)>> =
            slots.par_chunks(CHUNK_COUNT).map(find).collect::<Result<_>>()?;
        let core = TableKey { type_token: Arc::clone(&key.type_token), kind: VectorKind::Core };
        for (source, mut targets) in found.into_iter().flatten() {
            if !self.from.slot(&core, source)?.is_live() {
                continue;
            }
            let stays = self.to.slot(&core, source)?.is_live();
            if stays {
                let kept = sets.read(self.to.slot(key, source)?.version())?;
                targets.retain(|target| kept.binary_search(target).is_ok());
            }
            for target in targets {
                let lost = |other, end| Lost { relation: Arc::clone(relation), other, end };
                // The links from a deleted source are added already.
                if stays && self.filter.cascades == Cascades::AtBothEnds {
                    cascade.add(&key.type_token, source, lost(target, LinkEnd::Target));
                }
                for (token, _) in deleted.by_type.iter().filter(|(_, went)| went.contains(target)) {
                    cascade.add(token, target, lost(source, LinkEnd::Source));
                }
            }
        }
        Ok(())
    }

    /// Adds the links that ended with an object, or with the other end of a link of it.
    pub(super) fn add_cascade(
        &self,
        view: &TypeView<'_>,
        names: &Names,
        ordinal: u32,
        (from, _): (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let lost = self.cascade()?.0.get(&view.token).and_then(|lost| lost.get(&ordinal));
        for lost in lost.into_iter().flatten().filter(|_| from.is_live()) {
            change.links.push(LinkChange {
                relation: names.relation(&lost.relation),
                target_id: view.ids.id(lost.other)?.into(),
                action: LinkAction::Removed,
                cascade: Some(lost.end),
            });
        }
        change.links.sort_unstable_by(|a, b| {
            (&a.relation, &a.target_id, a.cascade).cmp(&(&b.relation, &b.target_id, b.cascade))
        });
        Ok(())
    }
}
