//! Counts of a backup: objects and links after it, and how many of them changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use super::by_name::ByName;
use super::links::ResolvedLinks;
use super::resolved::ResolvedType;
use crate::Result;
use crate::link_sets::{EMPTY_SET, read_set};
use crate::manifest::Counts;
use crate::state::VectorKind;
use crate::vector::ChangedSlot;

/// Counts objects and links, given the objects whose attributes changed in a way that counts.
pub(super) fn count(
    basis: &Basis,
    types: &ByName<ResolvedType>,
    gone: &roaring::RoaringBitmap,
    mut updated: BTreeMap<Arc<str>, roaring::RoaringBitmap>,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let previous = basis.earlier().last().map_or_else(Counts::default, |manifest| manifest.counts);
    let gone_before = basis.gone()?;
    let mut links_changed = *gone != gone_before;
    for (token, found) in types.iter() {
        let core = &found.core;
        let updated = updated.entry(Arc::clone(token)).or_default();
        for links in found.links.values() {
            for slot in links.old.changed(&links.new) {
                links_changed = true;
                if slot.old.version() != 0 && shows_change(basis, links, slot, [&gone_before, gone])? {
                    updated.insert(slot.ordinal);
                }
            }
        }
        for slot in core.old.changed(&core.new) {
            counts.added += u64::from(slot.new.is_live() && !slot.old.is_live());
            counts.deleted += u64::from(slot.old.is_live() && !slot.new.is_live());
            // Links of an object count while it is live, whether or not they changed.
            links_changed |= slot.old.is_live() != slot.new.is_live()
                && !links_changed
                && has_links(basis, token, found, slot.ordinal)?;
        }
        let is_live = |ordinal| core.old.get(ordinal).is_live() && core.new.get(ordinal).is_live();
        counts.updated += updated.iter().filter(|&ordinal| is_live(ordinal)).count() as u64;
    }
    counts.objects = previous.objects + counts.added - counts.deleted;
    let keeps_links = !links_changed && basis.previous.is_some();
    counts.links = if keeps_links { previous.links } else { count_links(basis, types, gone)? };
    Ok(counts)
}

/// Whether an object has links, those of relations included that were carried.
fn has_links(basis: &Basis, token: &Arc<str>, found: &ResolvedType, ordinal: u32) -> Result<bool> {
    if found.links.values().any(|links| links.new.get(ordinal).version() > EMPTY_SET) {
        return Ok(true);
    }
    let Some(previous) = &basis.previous else { return Ok(false) };
    for key in basis.state.tables.keys().filter(|key| key.type_token == *token) {
        if matches!(key.kind, VectorKind::Links(_))
            && previous.vector(key)?.get(ordinal).version() > EMPTY_SET
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn shows_change(
    basis: &Basis,
    links: &ResolvedLinks,
    slot: ChangedSlot,
    [gone_before, gone]: [&roaring::RoaringBitmap; 2],
) -> Result<bool> {
    let old = links.read(&basis.state, slot.old.version())?;
    let new = links.read(&basis.state, slot.new.version())?;
    let (added, removed) = crate::segment::links::compare(&old, &new);
    let is_lost = |target: &u32| !(gone_before.contains(*target) && gone.contains(*target));
    Ok(added.iter().any(|target| !gone.contains(*target)) || removed.iter().any(is_lost))
}

/// Links between objects that are not gone, from live sources, over all relations.
fn count_links(basis: &Basis, types: &ByName<ResolvedType>, gone: &roaring::RoaringBitmap) -> Result<u64> {
    let mut total = 0;
    for (token, found) in types.iter() {
        let is_live = |source| found.core.new.get(source).is_live();
        for links in found.links.values() {
            let sets = links.new.iter();
            let live = sets.filter(|(source, slot)| slot.version() > EMPTY_SET && is_live(*source));
            let live: Vec<u32> = live.map(|(_, slot)| slot.version()).collect();
            total += count_sets(&live, gone, |number| links.read(&basis.state, number))?;
        }
        total += count_carried(basis, token, |relation| found.links.contains(relation), gone, is_live)?;
    }
    if let Some(previous) = &basis.previous {
        for key in previous.core_keys().filter(|key| !types.contains(&key.type_token)) {
            let core = previous.vector(key)?;
            let is_live = |source| core.get(source).is_live();
            total += count_carried(basis, &key.type_token, |_| false, gone, is_live)?;
        }
    }
    Ok(total)
}

fn count_carried(
    basis: &Basis,
    token: &Arc<str>,
    is_counted: impl Fn(&str) -> bool,
    gone: &roaring::RoaringBitmap,
    is_live: impl Fn(u32) -> bool,
) -> Result<u64> {
    let Some(previous) = &basis.previous else { return Ok(0) };
    let mut total = 0;
    for key in basis.state.tables.keys().filter(|key| key.type_token == *token) {
        let VectorKind::Links(relation) = &key.kind else { continue };
        if is_counted(relation) {
            continue;
        }
        let vector = previous.vector(key)?;
        let live = vector.iter().filter(|(source, slot)| slot.version() > EMPTY_SET && is_live(*source));
        let numbers: Vec<u32> = live.map(|(_, slot)| slot.version()).collect();
        total += count_sets(&numbers, gone, |number| read_set(&basis.state, key, number))?;
    }
    Ok(total)
}

fn count_sets(
    numbers: &[u32],
    gone: &roaring::RoaringBitmap,
    read: impl Fn(u32) -> Result<Vec<u32>> + Sync,
) -> Result<u64> {
    numbers
        .par_iter()
        .map(|&number| {
            let targets = read(number)?;
            let dormant =
                if gone.is_empty() { 0 } else { targets.iter().filter(|&&t| gone.contains(t)).count() };
            Ok((targets.len() - dormant) as u64)
        })
        .sum()
}
