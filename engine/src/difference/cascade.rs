//! The links that ended because an object at one of their ends was deleted: which they are, at both ends.
//!
//! *Shape*: every link set of the *from* side is read once, which takes longer than the difference of neighbours; so this
//! is done only for who asks for it.
//!
//! *Invariant*: what a set lost by itself is no cascade, and is shown by the object that has the set.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::candidates::Candidate;
use super::content::Names;
use super::view::TypeView;
use super::{Cascades, Comparison};
use crate::Result;
use crate::change::{Change, LinkAction, LinkChange, LinkEnd};
use crate::state::{Part, TableKey};
use crate::vector::{Slot, Vector};

/// A link that ended with one of its ends.
#[derive(Debug)]
struct Lost {
    relation: Arc<str>,
    /// The object at the other end, and which end that is.
    other: u32,
    end: LinkEnd,
}

/// The links that ended with one of their ends, by the type and the ordinal of who shows them.
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

/// The objects that are live at *from* and not at *to*.
struct Deleted {
    by_type: BTreeMap<Arc<str>, RoaringBitmap>,
    /// Those that are live under no other type either.
    ended: RoaringBitmap,
}

impl Comparison<'_> {
    /// The links that ended with one of their ends; none unless they are asked for.
    pub(super) fn cascade(&self) -> Result<&Cascade> {
        if let Some(cascade) = self.cascade.get() {
            return Ok(cascade);
        }
        let cascade = match self.filter.cascades {
            Cascades::Shown => self.find_cascade()?,
            Cascades::Hidden => Cascade::default(),
        };
        Ok(self.cascade.get_or_init(|| cascade))
    }

    fn find_cascade(&self) -> Result<Cascade> {
        let mut cascade = Cascade::default();
        let deleted = self.find_deleted()?;
        for key in self.state.tables.keys().filter(|_| !deleted.by_type.is_empty()) {
            if matches!(key.part, Part::Links(_)) {
                self.add_lost(key, &deleted, &mut cascade)?;
            }
        }
        Ok(cascade)
    }

    fn find_deleted(&self) -> Result<Deleted> {
        let mut deleted = Deleted { by_type: BTreeMap::new(), ended: RoaringBitmap::new() };
        for key in self.to.core_keys() {
            let changed = self.from.vector(key)?.changed(&*self.to.vector(key)?).into_iter();
            let went = changed.filter(|slot| slot.old.is_live() && !slot.new.is_live());
            let ordinals: RoaringBitmap = went.map(|slot| slot.ordinal).collect();
            deleted.ended |= &ordinals;
            if !ordinals.is_empty() {
                deleted.by_type.insert(Arc::clone(&key.type_token), ordinals);
            }
        }
        for key in self.to.core_keys() {
            let vector = self.to.vector(key)?;
            let live: RoaringBitmap =
                deleted.ended.iter().filter(|ordinal| vector.get(*ordinal).is_live()).collect();
            deleted.ended -= live;
        }
        Ok(deleted)
    }

    /// Adds the links of one relation that ended with one of their ends.
    fn add_lost(&self, key: &TableKey, deleted: &Deleted, cascade: &mut Cascade) -> Result<()> {
        let Part::Links(relation) = &key.part else { return Ok(()) };
        let gone = self.from.gone()?;
        let core = TableKey { type_token: Arc::clone(&key.type_token), part: Part::Core };
        let [sources, later]: [Arc<Vector>; 2] = [self.from.vector(&core)?, self.to.vector(&core)?];
        let [sets, later_sets] = [self.from.vector(key)?, self.to.vector(key)?];
        for (source, set) in sets.iter().filter(|(source, _)| sources.get(*source).is_live()) {
            let targets = self.state.read_set(key, set.version())?;
            let mut targets: Vec<u32> =
                targets.into_iter().filter(|target| !gone.contains(*target)).collect();
            if later.get(source).is_live() {
                targets.retain(|target| deleted.ended.contains(*target));
                if targets.is_empty() {
                    continue;
                }
                let kept = self.state.read_set(key, later_sets.get(source).version())?;
                targets.retain(|target| kept.binary_search(target).is_ok());
            }
            for target in targets {
                let lost = |other, end| Lost { relation: Arc::clone(relation), other, end };
                cascade.add(&key.type_token, source, lost(target, LinkEnd::Target));
                for (token, _) in deleted.by_type.iter().filter(|(_, ended)| ended.contains(target)) {
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
