//! Reads link sets: whole ones, and those kept as the difference to an earlier one.

use std::sync::Arc;

use crate::Result;
use crate::rows::packed_at;
use crate::segment::footer::LinkEntry;
use crate::segment::links::{self, LinkSet};
use crate::segment::reader::Segment;
use crate::state::{Part, State, TableKey};

/// The number of the empty set in every relation.
pub(crate) const EMPTY_SET: u32 = 1;
/// Differences between a set and the whole one it builds on, at most.
pub(crate) const SET_DEPTH_MAX: usize = 16;

/// The set that a set is kept as a difference to, what it adds and what it removes.
pub(crate) type SetPatch = (u32, Vec<u32>, Vec<u32>);

impl State {
    /// The targets of a link set, ascending; none for 0 (never observed) and 1 (empty).
    pub(crate) fn read_set(&self, key: &TableKey, number: u32) -> Result<Vec<u32>> {
        let mut patches = Vec::new();
        let mut next = number;
        let mut targets = loop {
            if next <= EMPTY_SET {
                break Vec::new();
            }
            let (segment, entry, place) = self.locate_set(key, next)?;
            match read_one(segment, entry, place)? {
                LinkSet::Whole(targets) => break targets,
                LinkSet::Patch { added, removed } => {
                    let predecessor = packed_at(segment, entry.predecessors, place)?;
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
    pub(crate) fn set_depth(&self, key: &TableKey, number: u32) -> Result<usize> {
        let (mut next, mut depth) = (number, 0);
        while next > EMPTY_SET && depth <= SET_DEPTH_MAX {
            let (segment, entry, place) = self.locate_set(key, next)?;
            match read_one(segment, entry, place)? {
                LinkSet::Whole(_) => break,
                LinkSet::Patch { .. } => next = packed_at(segment, entry.predecessors, place)?,
            }
            depth += 1;
        }
        Ok(depth)
    }

    /// Added and removed targets between two sets. Neighbours that are kept as a difference are not rebuilt.
    pub(crate) fn compare_sets(&self, key: &TableKey, old: u32, new: u32) -> Result<(Vec<u32>, Vec<u32>)> {
        if new > EMPTY_SET {
            let (segment, entry, place) = self.locate_set(key, new)?;
            if packed_at(segment, entry.predecessors, place)? == old
                && let LinkSet::Patch { added, removed } = read_one(segment, entry, place)?
            {
                return Ok((added, removed));
            }
        }
        Ok(links::compare(&self.read_set(key, old)?, &self.read_set(key, new)?))
    }

    /// The set that a set is kept as a difference to, what it adds and what it removes; nothing for a whole one.
    pub(crate) fn set_patch(&self, key: &TableKey, number: u32) -> Result<Option<SetPatch>> {
        let (segment, entry, place) = self.locate_set(key, number)?;
        Ok(match read_one(segment, entry, place)? {
            LinkSet::Whole(_) => None,
            LinkSet::Patch { added, removed } => {
                Some((packed_at(segment, entry.predecessors, place)?, added, removed))
            }
        })
    }

    fn locate_set<'s>(
        &'s self,
        key: &TableKey,
        number: u32,
    ) -> Result<(&'s Arc<Segment>, &'s LinkEntry, u32)> {
        let (segment, place) = self.locate(key, number)?;
        let Part::Links(relation) = &key.part else {
            return Err(segment.footer_error("only relations have link sets"));
        };
        let entry = segment
            .footer
            .links
            .iter()
            .find(|entry| *entry.relation == **relation && *entry.type_token == *key.type_token)
            .ok_or_else(|| {
                segment.footer_error(format!("expected link sets of {relation} in this segment"))
            })?;
        Ok((segment, entry, place))
    }
}

fn read_one(segment: &Segment, entry: &LinkEntry, place: u32) -> Result<LinkSet> {
    let start = if place == 0 { 0 } else { packed_at(segment, entry.ends, place - 1)? };
    let end = packed_at(segment, entry.ends, place)?;
    let bytes = segment
        .chunk(entry.data)?
        .get(start as usize..end as usize)
        .ok_or_else(|| segment.footer_error("a link set reaches beyond its chunk"))?;
    links::decode(bytes, segment.ordinal_count()).map_err(|error| segment.format_error(entry.data, &error))
}
