//! Reads link sets: whole ones, and those kept as the difference to an earlier one.

use std::sync::Arc;

use crate::rows::packed_at;
use crate::segment::footer::LinkEntry;
use crate::segment::format::FormatError;
use crate::segment::integers::PackedU32s;
use crate::segment::links::{self, LinkSet};
use crate::segment::reader::Segment;
use crate::state::{State, TableKey, VectorKind};
use crate::{Error, Result};

/// The number of the empty set in every relation.
pub(crate) const EMPTY_SET: u32 = 1;
/// Differences between a set and the whole one it builds on, at most.
pub(crate) const SET_DEPTH_MAX: usize = 16;

/// The set that a set is kept as a difference to, what it adds and what it removes.
pub(crate) type SetPatch = (u32, Vec<u32>, Vec<u32>);

/// The targets of a link set, ascending; none for 0 (never observed) and 1 (empty).
pub(crate) fn read_set(state: &State, key: &TableKey, number: u32) -> Result<Vec<u32>> {
    let mut patches = Vec::new();
    let mut next = number;
    let mut targets = loop {
        if next <= EMPTY_SET {
            break Vec::new();
        }
        let (segment, entry, index) = locate_set(state, key, next)?;
        match read_one(segment, entry, index)? {
            LinkSet::Whole(targets) => break targets,
            LinkSet::Patch { added, removed } => {
                let predecessor = packed_at(segment, entry.predecessors, index)?;
                if predecessor >= next || patches.len() > SET_DEPTH_MAX {
                    return Err(segment.footer_error("a link set builds on a later one, or on too many"));
                }
                patches.push((added, removed));
                next = predecessor;
            }
        }
    };
    for (added, removed) in patches.into_iter().rev() {
        targets = links::apply_patch(&targets, &added, &removed);
    }
    Ok(targets)
}

/// How many differences lie between a set and the whole one it builds on.
pub(crate) fn set_depth(state: &State, key: &TableKey, number: u32) -> Result<usize> {
    let (mut next, mut depth) = (number, 0);
    while next > EMPTY_SET && depth <= SET_DEPTH_MAX {
        let (segment, entry, index) = locate_set(state, key, next)?;
        match read_one(segment, entry, index)? {
            LinkSet::Whole(_) => break,
            LinkSet::Patch { .. } => next = packed_at(segment, entry.predecessors, index)?,
        }
        depth += 1;
    }
    Ok(depth)
}

/// Added and removed targets between two sets. Neighbours that are kept as a difference are not rebuilt.
pub(crate) fn compare_sets(
    state: &State,
    key: &TableKey,
    old: u32,
    new: u32,
) -> Result<(Vec<u32>, Vec<u32>)> {
    if new > EMPTY_SET {
        let (segment, entry, index) = locate_set(state, key, new)?;
        if packed_at(segment, entry.predecessors, index)? == old
            && let LinkSet::Patch { added, removed } = read_one(segment, entry, index)?
        {
            return Ok((added, removed));
        }
    }
    Ok(links::compare(&read_set(state, key, old)?, &read_set(state, key, new)?))
}

/// The set that a set is kept as a difference to, what it adds and what it removes; nothing for a whole one.
pub(crate) fn set_patch(state: &State, key: &TableKey, number: u32) -> Result<Option<SetPatch>> {
    let (segment, entry, index) = locate_set(state, key, number)?;
    Ok(match read_one(segment, entry, index)? {
        LinkSet::Whole(_) => None,
        LinkSet::Patch { added, removed } => {
            Some((packed_at(segment, entry.predecessors, index)?, added, removed))
        }
    })
}

fn locate_set<'s>(
    state: &'s State,
    key: &TableKey,
    number: u32,
) -> Result<(&'s Arc<Segment>, &'s LinkEntry, u32)> {
    let (segment, index) = state.locate(key, number)?;
    let VectorKind::Links(relation) = &key.kind else {
        return Err(segment.footer_error("only relations have link sets"));
    };
    let entry = segment
        .footer
        .links
        .iter()
        .find(|entry| *entry.relation == **relation && *entry.type_token == *key.type_token)
        .ok_or_else(|| segment.footer_error(format!("expected link sets of {relation} in this segment")))?;
    Ok((segment, entry, index))
}

fn read_one(segment: &Segment, entry: &LinkEntry, index: u32) -> Result<LinkSet> {
    let start = if index == 0 { 0 } else { packed_at(segment, entry.ends, index - 1)? };
    let end = packed_at(segment, entry.ends, index)?;
    let bytes = segment
        .chunk(entry.data)?
        .get(start as usize..end as usize)
        .ok_or_else(|| segment.footer_error("a link set reaches beyond its chunk"))?;
    links::decode(bytes, segment.ordinal_count()).map_err(|error| segment.format_error(entry.data, &error))
}

/// The link sets of a relation, opened for reading many of them.
pub(crate) struct LinkSets<'s> {
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
    data: &'s [u8],
}

impl<'s> LinkSets<'s> {
    pub(crate) fn open(state: &'s State, key: &'s TableKey) -> Result<Self> {
        let mut found = Vec::new();
        let Some(numbers) = state.tables.get(key) else { return Ok(Self { state, key, next: 0, found }) };
        for &(first, sequence) in &numbers.ranges {
            let segment = state.segment(sequence)?;
            let mut entries = segment.footer.links.iter();
            let entry = entries
                .find(|entry| *entry.relation == *key.kind.name() && *entry.type_token == *key.type_token)
                .ok_or_else(|| {
                    let relation = key.kind.name();
                    segment.footer_error(format!("expected link sets of {relation} in this segment"))
                })?;
            let (ends, data) = (segment.packed(entry.ends)?, segment.chunk(entry.data)?);
            found.push((first, OpenLinkSets { segment, entry, ends, data }));
        }
        Ok(Self { state, key, next: numbers.next, found })
    }

    /// The targets of a set, ascending.
    pub(crate) fn read(&self, number: u32) -> Result<Vec<u32>> {
        let mut patches = Vec::new();
        let mut next = number;
        let mut targets = loop {
            if next <= EMPTY_SET {
                break Vec::new();
            }
            let (sets, index) = self.find(next)?;
            match sets.decode(index)? {
                LinkSet::Whole(targets) => break targets,
                LinkSet::Patch { added, removed } => {
                    next = sets.predecessor(index, next, patches.len())?;
                    patches.push((added, removed));
                }
            }
        };
        for (added, removed) in patches.into_iter().rev() {
            targets = links::apply_patch(&targets, &added, &removed);
        }
        Ok(targets)
    }

    /// Those targets of a set that are wanted, ascending. That a set has none is seen without making it.
    pub(crate) fn wanted(&self, number: u32, is_wanted: &impl Fn(u32) -> bool) -> Result<Vec<u32>> {
        if !self.may_have(number, is_wanted)? {
            return Ok(Vec::new());
        }
        let mut targets = self.read(number)?;
        targets.retain(|target| is_wanted(*target));
        Ok(targets)
    }

    /// Whether a set, or one that it builds on, names a target that is wanted.
    fn may_have(&self, number: u32, is_wanted: &impl Fn(u32) -> bool) -> Result<bool> {
        let mut next = number;
        for depth in 0.. {
            if next <= EMPTY_SET {
                break;
            }
            let (sets, index) = self.find(next)?;
            let bytes = sets.bytes(index)?;
            if links::names_any(bytes, is_wanted).map_err(|error| sets.format_error(&error))? {
                return Ok(true);
            }
            if !links::is_patch(bytes) {
                break;
            }
            next = sets.predecessor(index, next, depth)?;
        }
        Ok(false)
    }

    fn find(&self, number: u32) -> Result<(&OpenLinkSets<'s>, usize)> {
        let index = self.found.partition_point(|(first, _)| *first <= number).checked_sub(1);
        match index.filter(|_| number < self.next) {
            Some(index) => Ok((&self.found[index].1, (number - self.found[index].0) as usize)),
            None => Err(self.state.unknown_number(self.key, number)),
        }
    }
}

impl OpenLinkSets<'_> {
    fn bytes(&self, index: usize) -> Result<&[u8]> {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1) };
        (index < self.ends.len())
            .then(|| self.data.get(start as usize..self.ends.get(index) as usize))
            .flatten()
            .ok_or_else(|| self.segment.footer_error("a link set reaches beyond its chunk"))
    }

    fn decode(&self, index: usize) -> Result<LinkSet> {
        links::decode(self.bytes(index)?, self.segment.ordinal_count())
            .map_err(|error| self.format_error(&error))
    }

    /// The set that a set of this number builds on, behind so many others that build on one another. Most sets build on
    /// none, so nothing is opened for it before.
    fn predecessor(&self, index: usize, number: u32, depth: usize) -> Result<u32> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let before = packed_at(self.segment, self.entry.predecessors, index)?;
        if before >= number || depth > SET_DEPTH_MAX {
            return Err(self.segment.footer_error("a link set builds on a later one, or on too many"));
        }
        Ok(before)
    }

    fn format_error(&self, error: &FormatError) -> Error {
        self.segment.format_error(self.entry.data, error)
    }
}
