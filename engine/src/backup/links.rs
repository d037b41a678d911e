//! The link sets that a backup adds to one relation.

use std::collections::BTreeMap;

use crate::Result;
use crate::link_sets::{EMPTY_SET, SET_DEPTH_MAX};
use crate::segment::links::{self, LinkSet};
use crate::segment::writer::index_u32;
use crate::state::{State, TableKey};
use crate::vector::{Slot, Vector};

/// One relation of a backup being made.
#[derive(Debug)]
pub(super) struct LinkWork {
    pub(super) key: TableKey,
    pub(super) old: Vector,
    pub(super) new: Vector,
    pub(super) first_set: u32,
    pub(super) predecessors: Vec<u32>,
    pub(super) ends: Vec<u32>,
    pub(super) data: Vec<u8>,
    /// Sources whose links stood in the data.
    pub(super) observed: roaring::RoaringBitmap,
    /// Sources whose links came apart from the object, or of which dormant ones were kept.
    pub(super) foreign: roaring::RoaringBitmap,
    /// Sources whose links could not be read, and stay.
    pub(super) kept: roaring::RoaringBitmap,
    /// Sets that differ from an earlier one of the same source, or may change again; which targets are gone decides
    /// at commit.
    pending: BTreeMap<u32, Vec<u32>>,
}

impl LinkWork {
    pub(super) fn new(key: TableKey, old: Vector, first_set: u32) -> Self {
        Self {
            key,
            new: old.clone(),
            old,
            first_set: first_set.max(EMPTY_SET + 1),
            predecessors: Vec::new(),
            ends: Vec::new(),
            data: Vec::new(),
            observed: roaring::RoaringBitmap::new(),
            foreign: roaring::RoaringBitmap::new(),
            kept: roaring::RoaringBitmap::new(),
            pending: BTreeMap::new(),
        }
    }

    /// Sets the links of a source; `targets` in any order, repetitions allowed.
    pub(super) fn put(&mut self, state: &State, source: u32, targets: &mut Vec<u32>) -> Result<()> {
        targets.sort_unstable();
        targets.dedup();
        self.observed.insert(source);
        self.pending.remove(&source);
        let old = self.old.get(source).version();
        if old <= EMPTY_SET {
            let number = if targets.is_empty() { EMPTY_SET } else { self.add_whole(0, targets) };
            self.new.set(source, Slot::live(number));
        } else if state.read_set(&self.key, old)? == *targets {
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
                number => self.read(state, number),
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
    pub(super) fn resolve(&mut self, state: &State, gone: &roaring::RoaringBitmap) -> Result<()> {
        for (source, targets) in std::mem::take(&mut self.pending) {
            let old_number = self.old.get(source).version();
            let old = state.read_set(&self.key, old_number)?;
            let dormant: Vec<u32> = old.iter().copied().filter(|&target| gone.contains(target)).collect();
            let wanted = links::apply_patch(&targets, &dormant, &[]);
            if wanted != targets {
                self.foreign.insert(source);
            }
            let (added, removed) = links::compare(&old, &wanted);
            let number = if wanted.is_empty() {
                EMPTY_SET
            } else if added.is_empty() && removed.is_empty() {
                old_number
            } else if old_number <= EMPTY_SET {
                self.add_whole(0, &wanted)
            } else {
                self.add_changed(state, old_number, &wanted, &added, &removed)?
            };
            self.new.set(source, Slot::live(number));
        }
        Ok(())
    }

    /// The targets of a set, old or of this backup.
    pub(super) fn read(&self, state: &State, number: u32) -> Result<Vec<u32>> {
        if number < self.first_set {
            return state.read_set(&self.key, number);
        }
        let place = (number - self.first_set) as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        let decoded = links::decode(&self.data[start..self.ends[place] as usize], u32::MAX)
            .expect("written by this backup");
        Ok(match decoded {
            LinkSet::Whole(targets) => targets,
            LinkSet::Patch { added, removed } => {
                let base = state.read_set(&self.key, self.predecessors[place])?;
                links::apply_patch(&base, &added, &removed)
            }
        })
    }

    fn add_changed(
        &mut self,
        state: &State,
        predecessor: u32,
        wanted: &[u32],
        added: &[u32],
        removed: &[u32],
    ) -> Result<u32> {
        let is_small = (added.len() + removed.len()) * 4 < wanted.len();
        if is_small && predecessor > EMPTY_SET && state.set_depth(&self.key, predecessor)? < SET_DEPTH_MAX {
            links::encode_patch(added, removed, &mut self.data);
            return Ok(self.finish_set(predecessor));
        }
        Ok(self.add_whole(predecessor, wanted))
    }

    fn add_whole(&mut self, predecessor: u32, targets: &[u32]) -> u32 {
        links::encode_whole(targets, &mut self.data);
        self.finish_set(predecessor)
    }

    fn finish_set(&mut self, predecessor: u32) -> u32 {
        let number = self.first_set + index_u32(self.ends.len());
        self.predecessors.push(predecessor);
        self.ends.push(index_u32(self.data.len()));
        number
    }
}
