//! The link sets that a backup adds to one relation.

use std::collections::BTreeMap;

use super::basis::Basis;
use crate::Result;
use crate::link_sets::{EMPTY_SET, SET_DEPTH_MAX, read_set, set_depth};
use crate::segment::links::{self, LinkSet};
use crate::segment::writer::index_u32;
use crate::state::{State, TableKey};
use crate::vector::{Slot, Vector};

/// The link sets that a backup adds to a relation.
#[derive(Debug)]
pub(super) struct NewSets {
    /// The first of their numbers.
    pub(super) first: u32,
    pub(super) predecessors: Vec<u32>,
    pub(super) ends: Vec<u32>,
    pub(super) data: Vec<u8>,
}

/// One relation while observations are collected.
#[derive(Debug)]
pub(super) struct LinkWork {
    pub(super) key: TableKey,
    pub(super) old: Vector,
    pub(super) new: Vector,
    sets: NewSets,
    /// Sources whose links were part of the observed object.
    pub(super) observed: roaring::RoaringBitmap,
    /// Sources whose links were observed apart from the object, or that keep dormant links.
    pub(super) foreign: roaring::RoaringBitmap,
    /// Sources whose links could not be read and are kept.
    pub(super) kept: roaring::RoaringBitmap,
    /// Sets that differ from an earlier one of the same source, or may change again; which targets are gone decides
    /// at commit.
    pending: BTreeMap<u32, Vec<u32>>,
}

/// One relation of which every link set is decided.
#[derive(Debug)]
pub(super) struct ResolvedLinks {
    pub(super) key: TableKey,
    pub(super) old: Vector,
    pub(super) new: Vector,
    pub(super) sets: NewSets,
    /// Sources whose links were part of the observed object.
    pub(super) observed: roaring::RoaringBitmap,
    /// Sources whose links were observed apart from the object, or that keep dormant links.
    pub(super) foreign: roaring::RoaringBitmap,
}

impl LinkWork {
    pub(super) fn new(basis: &Basis, key: TableKey) -> Result<Self> {
        let first = basis.state.tables.get(&key).map_or(0, |numbers| numbers.next).max(EMPTY_SET + 1);
        let old = basis.vector(&key)?;
        Ok(Self {
            key,
            new: old.clone(),
            old,
            sets: NewSets { first, predecessors: Vec::new(), ends: Vec::new(), data: Vec::new() },
            observed: roaring::RoaringBitmap::new(),
            foreign: roaring::RoaringBitmap::new(),
            kept: roaring::RoaringBitmap::new(),
            pending: BTreeMap::new(),
        })
    }

    /// Sets the links of a source; `targets` in any order, repetitions allowed.
    pub(super) fn put(&mut self, state: &State, source: u32, targets: &mut Vec<u32>) -> Result<()> {
        targets.sort_unstable();
        targets.dedup();
        self.observed.insert(source);
        self.pending.remove(&source);
        let old = self.old.get(source).version();
        if old <= EMPTY_SET {
            let number = if targets.is_empty() { EMPTY_SET } else { self.sets.add_whole(0, targets) };
            self.new.set(source, Slot::live(number));
        } else if read_set(state, &self.key, old)? == *targets {
            self.new.set(source, Slot::live(old));
        } else {
            self.pending.insert(source, targets.clone());
        }
        Ok(())
    }

    /// Sets the links of a source that may be set again, slice by slice: nothing is written before the end.
    pub(super) fn change(&mut self, source: u32, mut targets: Vec<u32>) {
        targets.sort_unstable();
        targets.dedup();
        self.observed.insert(source);
        self.pending.insert(source, targets);
    }

    /// The targets of a source as far as this backup knows, dormant ones included.
    pub(super) fn current(&self, state: &State, source: u32) -> Result<Vec<u32>> {
        match self.pending.get(&source) {
            Some(targets) => Ok(targets.clone()),
            None => match self.new.get(source).version() {
                0 => Ok(Vec::new()),
                number => self.sets.read(state, &self.key, number),
            },
        }
    }

    /// Leaves a source as it was before this backup.
    pub(super) fn keep(&mut self, source: u32) {
        self.pending.remove(&source);
        self.new.set(source, self.old.get(source));
    }

    /// Decides the sets that differ: targets that are gone stay, dormant, so that they need not be put
    /// back when their object is restored.
    pub(super) fn resolve(self, state: &State, gone: &roaring::RoaringBitmap) -> Result<ResolvedLinks> {
        let Self { key, old, mut new, mut sets, observed, mut foreign, pending, .. } = self;
        for (source, targets) in pending {
            let old_number = old.get(source).version();
            let known = read_set(state, &key, old_number)?;
            let dormant: Vec<u32> = known.iter().copied().filter(|&target| gone.contains(target)).collect();
            let wanted = links::apply_patch(&targets, &dormant, &[]);
            if wanted != targets {
                foreign.insert(source);
            }
            let (added, removed) = links::compare(&known, &wanted);
            let number = if wanted.is_empty() {
                EMPTY_SET
            } else if added.is_empty() && removed.is_empty() {
                old_number
            } else if old_number <= EMPTY_SET {
                sets.add_whole(0, &wanted)
            } else if is_kept_as_patch(state, &key, old_number, (&wanted, &added, &removed))? {
                sets.add_patch(old_number, &added, &removed)
            } else {
                sets.add_whole(old_number, &wanted)
            };
            new.set(source, Slot::live(number));
        }
        Ok(ResolvedLinks { key, old, new, sets, observed, foreign })
    }
}

/// Whether a set is kept as what it changes of its predecessor: that is small, and few such sets lie in between.
fn is_kept_as_patch(
    state: &State,
    key: &TableKey,
    predecessor: u32,
    (wanted, added, removed): (&[u32], &[u32], &[u32]),
) -> Result<bool> {
    let is_small = (added.len() + removed.len()) * 4 < wanted.len();
    Ok(is_small && predecessor > EMPTY_SET && set_depth(state, key, predecessor)? < SET_DEPTH_MAX)
}

impl ResolvedLinks {
    /// A relation to which this backup adds nothing.
    pub(super) fn untouched(basis: &Basis, key: TableKey) -> Result<Self> {
        let LinkWork { key, old, new, sets, observed, foreign, .. } = LinkWork::new(basis, key)?;
        Ok(Self { key, old, new, sets, observed, foreign })
    }

    /// The targets of a set, old or of this backup.
    pub(super) fn read(&self, state: &State, number: u32) -> Result<Vec<u32>> {
        self.sets.read(state, &self.key, number)
    }
}

impl NewSets {
    /// How many there are so far.
    pub(super) fn count(&self) -> u32 {
        index_u32(self.ends.len())
    }

    /// The targets of a set, old or one of these.
    fn read(&self, state: &State, key: &TableKey, number: u32) -> Result<Vec<u32>> {
        if number < self.first {
            return read_set(state, key, number);
        }
        let index = (number - self.first) as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        let decoded = links::decode(&self.data[start..self.ends[index] as usize], u32::MAX)
            .expect("written by this backup");
        Ok(match decoded {
            LinkSet::Whole(targets) => targets,
            LinkSet::Patch { added, removed } => {
                let base = read_set(state, key, self.predecessors[index])?;
                links::apply_patch(&base, &added, &removed)
            }
        })
    }

    fn add_patch(&mut self, predecessor: u32, added: &[u32], removed: &[u32]) -> u32 {
        links::encode_patch(added, removed, &mut self.data);
        self.finish_set(predecessor)
    }

    fn add_whole(&mut self, predecessor: u32, targets: &[u32]) -> u32 {
        links::encode_whole(targets, &mut self.data);
        self.finish_set(predecessor)
    }

    fn finish_set(&mut self, predecessor: u32) -> u32 {
        let number = self.first + self.count();
        self.predecessors.push(predecessor);
        self.ends.push(index_u32(self.data.len()));
        number
    }
}
