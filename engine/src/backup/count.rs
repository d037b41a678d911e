//! How much there is after a backup, and how much of it changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::Backup;
use crate::Result;
use crate::link_sets::EMPTY_SET;
use crate::manifest::Counts;
use crate::snapshot::Snapshot;
use crate::state::Part;

/// Counts objects and links, given the objects whose attributes changed in a way that counts.
pub(super) fn count(
    backup: &Backup<'_>,
    gone: &roaring::RoaringBitmap,
    mut updated: BTreeMap<Arc<str>, roaring::RoaringBitmap>,
    counts: &mut Counts,
) -> Result<()> {
    let before = backup.previous.as_ref().map_or(0, Snapshot::sequence);
    let manifests = backup.state.manifests_up_to(before);
    let previous = manifests.last().map_or_else(Counts::default, |manifest| manifest.counts);
    let gone_before = backup.gone_before()?;
    let mut links_changed = *gone != gone_before;
    for (token, work) in &backup.types {
        let updated = updated.entry(Arc::clone(token)).or_default();
        for links in work.links.values() {
            for slot in links.old.changed(&links.new) {
                links_changed = true;
                if slot.old.version() != 0 && shows_change(backup, links, slot, gone, &gone_before)? {
                    updated.insert(slot.ordinal);
                }
            }
        }
        for slot in work.core.old.changed(&work.core.new) {
            counts.added += u64::from(slot.new.is_live() && !slot.old.is_live());
            counts.deleted += u64::from(slot.old.is_live() && !slot.new.is_live());
            // Links of an object count while it is live, whether or not they changed.
            links_changed |= slot.old.is_live() != slot.new.is_live()
                && !links_changed
                && has_links(backup, token, slot.ordinal)?;
        }
        let is_live = |ordinal| work.core.old.get(ordinal).is_live() && work.core.new.get(ordinal).is_live();
        counts.updated += updated.iter().filter(|&ordinal| is_live(ordinal)).count() as u64;
    }
    counts.objects = previous.objects + counts.added - counts.deleted;
    counts.links =
        if links_changed || backup.previous.is_none() { count_links(backup, gone)? } else { previous.links };
    Ok(())
}

/// Whether an object has links, those of relations included that were carried.
fn has_links(backup: &Backup<'_>, token: &Arc<str>, ordinal: u32) -> Result<bool> {
    let work = &backup.types[token];
    if work.links.values().any(|links| links.new.get(ordinal).version() > EMPTY_SET) {
        return Ok(true);
    }
    let Some(previous) = &backup.previous else { return Ok(false) };
    for key in backup.state.tables.keys().filter(|key| key.type_token == *token) {
        if matches!(key.part, Part::Links(_)) && previous.vector(key)?.get(ordinal).version() > EMPTY_SET {
            return Ok(true);
        }
    }
    Ok(false)
}

fn shows_change(
    backup: &Backup<'_>,
    links: &super::LinkWork,
    slot: crate::vector::ChangedSlot,
    gone: &roaring::RoaringBitmap,
    gone_before: &roaring::RoaringBitmap,
) -> Result<bool> {
    let old = links.read(&backup.state, slot.old.version())?;
    let new = links.read(&backup.state, slot.new.version())?;
    let (added, removed) = crate::segment::links::compare(&old, &new);
    let is_lost = |target: &u32| !(gone_before.contains(*target) && gone.contains(*target));
    Ok(added.iter().any(|target| !gone.contains(*target)) || removed.iter().any(is_lost))
}

/// Links between objects that are not gone, from live sources, over all relations.
fn count_links(backup: &Backup<'_>, gone: &roaring::RoaringBitmap) -> Result<u64> {
    let mut total = 0;
    for (token, work) in &backup.types {
        for links in work.links.values() {
            let live: Vec<u32> = links
                .new
                .iter()
                .filter(|(source, slot)| slot.version() > EMPTY_SET && work.core.new.get(*source).is_live())
                .map(|(_, slot)| slot.version())
                .collect();
            let state = &backup.state;
            total += count_sets(&live, gone, |number| links.read(state, number))?;
        }
        total += count_carried(
            backup,
            token,
            |relation| work.links.contains_key(relation),
            gone,
            |source| work.core.new.get(source).is_live(),
        )?;
    }
    if let Some(previous) = &backup.previous {
        for key in previous.core_keys().filter(|key| !backup.types.contains_key(&key.type_token)) {
            let core = previous.vector(key)?;
            total +=
                count_carried(backup, &key.type_token, |_| false, gone, |source| core.get(source).is_live())?;
        }
    }
    Ok(total)
}

fn count_carried(
    backup: &Backup<'_>,
    token: &Arc<str>,
    is_counted: impl Fn(&str) -> bool,
    gone: &roaring::RoaringBitmap,
    is_live: impl Fn(u32) -> bool,
) -> Result<u64> {
    let Some(previous) = &backup.previous else { return Ok(0) };
    let mut total = 0;
    for key in backup.state.tables.keys().filter(|key| key.type_token == *token) {
        let Part::Links(relation) = &key.part else { continue };
        if is_counted(relation) {
            continue;
        }
        let vector = previous.vector(key)?;
        let live = vector.iter().filter(|(source, slot)| slot.version() > EMPTY_SET && is_live(*source));
        let numbers: Vec<u32> = live.map(|(_, slot)| slot.version()).collect();
        let state = &backup.state;
        total += count_sets(&numbers, gone, |number| state.read_set(key, number))?;
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
