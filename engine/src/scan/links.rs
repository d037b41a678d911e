//! Reads the links of many objects at once.

use std::sync::Arc;

use rayon::prelude::*;

use super::Scan;
use crate::Result;
use crate::link_sets::{EMPTY_SET, SET_DEPTH_MAX};
use crate::segment::footer::LinkEntry;
use crate::segment::integers::PackedU32s;
use crate::segment::links::{LinkSet, apply_patch, decode};
use crate::segment::reader::Segment;
use crate::state::{Part, State, TableKey};
use crate::vector::Slot;

/// Objects whose links are read by one thread at a time.
const CHUNK_COUNT: usize = 4096;

/// The targets of some objects in one relation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkLists {
    /// `[objects]u32`: where the targets of each object end.
    pub ends: Vec<u32>,
    /// `[objects]bool`: whether the relation was ever observed of it.
    pub observed: Vec<bool>,
    /// Ordinals of the targets, object after object, ascending in each.
    pub targets: Vec<u32>,
}

impl LinkLists {
    /// The targets of one object.
    ///
    /// # Panics
    /// When there are not so many objects.
    #[must_use]
    pub fn get(&self, place: usize) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.targets[start as usize..self.ends[place] as usize]
    }

    fn append(&mut self, other: &Self) {
        let before = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        self.ends.extend(other.ends.iter().map(|end| end.saturating_add(before)));
        self.observed.extend_from_slice(&other.observed);
        self.targets.extend_from_slice(&other.targets);
    }
}

impl Scan {
    /// The links of some objects in one relation, dormant ones left out.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn links(&self, relation: &str, ordinals: &[u32]) -> Result<LinkLists> {
        let state = self.snapshot.state();
        let key = TableKey { type_token: Arc::clone(&self.token), part: Part::Links(relation.into()) };
        if !state.tables.contains_key(&key) {
            let count = ordinals.len();
            return Ok(LinkLists { ends: vec![0; count], observed: vec![false; count], targets: Vec::new() });
        }
        let slots = self.snapshot.slots(&key, ordinals)?;
        let gone = self.snapshot.gone()?;
        let sets = LinkSets::open(state, &key)?;
        let read = |slots: &[Slot]| -> Result<LinkLists> {
            let mut lists = LinkLists::default();
            for slot in slots {
                let number = slot.version();
                lists.observed.push(number > 0);
                let targets = sets.read(number)?;
                if gone.is_empty() {
                    lists.targets.extend(targets);
                } else {
                    lists.targets.extend(targets.into_iter().filter(|target| !gone.contains(*target)));
                }
                lists.ends.push(u32::try_from(lists.targets.len()).unwrap_or(u32::MAX));
            }
            Ok(lists)
        };
        let parts: Vec<LinkLists> = slots.par_chunks(CHUNK_COUNT).map(read).collect::<Result<_>>()?;
        let mut all = LinkLists::default();
        for part in parts {
            all.append(&part);
        }
        Ok(all)
    }

    /// Which type each ordinal is live under at this backup, as a place in the list of types: the first in order of
    /// tokens; 65,535 for none.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn live_types(&self) -> Result<(Vec<Arc<str>>, Vec<u16>)> {
        let state = self.snapshot.state();
        let mut types = Vec::new();
        let mut places = vec![u16::MAX; state.ordinal_count as usize];
        for key in self.snapshot.core_keys() {
            let place = u16::try_from(types.len()).unwrap_or(u16::MAX);
            types.push(Arc::clone(&key.type_token));
            for (ordinal, _) in self.snapshot.vector(key)?.iter().filter(|(_, slot)| slot.is_live()) {
                let found = &mut places[ordinal as usize];
                *found = (*found).min(place);
            }
        }
        Ok((types, places))
    }
}

/// The link sets of a relation, opened for reading many of them.
struct LinkSets<'s> {
    state: &'s State,
    key: &'s TableKey,
    next: u32,
    /// By the first number of each segment that has some.
    found: Vec<(u32, OpenLinkSets<'s>)>,
}

struct OpenLinkSets<'s> {
    segment: &'s Segment,
    entry: &'s LinkEntry,
    ends: PackedU32s<'s>,
    predecessors: PackedU32s<'s>,
    data: &'s [u8],
}

impl<'s> LinkSets<'s> {
    fn open(state: &'s State, key: &'s TableKey) -> Result<Self> {
        let mut found = Vec::new();
        let Some(numbers) = state.tables.get(key) else { return Ok(Self { state, key, next: 0, found }) };
        for &(first, sequence) in &numbers.ranges {
            let segment = state.segment(sequence)?;
            let mut entries = segment.footer.links.iter();
            let entry = entries
                .find(|entry| *entry.relation == *key.part.name() && *entry.type_token == *key.type_token)
                .ok_or_else(|| {
                    let relation = key.part.name();
                    segment.footer_error(format!("expected link sets of {relation} in this segment"))
                })?;
            let (ends, predecessors) = (segment.packed(entry.ends)?, segment.packed(entry.predecessors)?);
            let data = segment.chunk(entry.data)?;
            found.push((first, OpenLinkSets { segment, entry, ends, predecessors, data }));
        }
        Ok(Self { state, key, next: numbers.next, found })
    }

    /// The targets of a set, ascending.
    fn read(&self, number: u32) -> Result<Vec<u32>> {
        let mut patches = Vec::new();
        let mut next = number;
        let mut targets = loop {
            if next <= EMPTY_SET {
                break Vec::new();
            }
            let (sets, place) = self.find(next)?;
            match sets.decode(place)? {
                LinkSet::Whole(targets) => break targets,
                LinkSet::Patch { added, removed } => {
                    let before = sets.predecessors.get(place);
                    if place >= sets.predecessors.len() || before >= next || patches.len() > SET_DEPTH_MAX {
                        let what = "a link set builds on a later one, or on too many";
                        return Err(sets.segment.footer_error(what));
                    }
                    patches.push((added, removed));
                    next = before;
                }
            }
        };
        for (added, removed) in patches.into_iter().rev() {
            targets = apply_patch(&targets, &added, &removed);
        }
        Ok(targets)
    }

    fn find(&self, number: u32) -> Result<(&OpenLinkSets<'s>, usize)> {
        let place = self.found.partition_point(|(first, _)| *first <= number).checked_sub(1);
        match place.filter(|_| number < self.next) {
            Some(place) => Ok((&self.found[place].1, (number - self.found[place].0) as usize)),
            None => Err(self.state.unknown_number(self.key, number)),
        }
    }
}

impl OpenLinkSets<'_> {
    fn decode(&self, place: usize) -> Result<LinkSet> {
        let start = if place == 0 { 0 } else { self.ends.get(place - 1) };
        let bytes = (place < self.ends.len())
            .then(|| self.data.get(start as usize..self.ends.get(place) as usize))
            .flatten()
            .ok_or_else(|| self.segment.footer_error("a link set reaches beyond its chunk"))?;
        decode(bytes, self.segment.ordinal_count())
            .map_err(|error| self.segment.format_error(self.entry.data, &error))
    }
}
