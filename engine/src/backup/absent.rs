//! Absence, decided once all observations are collected: objects that are gone, relations that are empty.
//!
//! *Invariant*: a gap never makes anything gone or empty.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::basis::Basis;
use super::by_name::ByName;
use super::links::{LinkWork, ResolvedLinks};
use super::type_work::{Completeness, Objects, TypeWork};
use crate::coverage::reading::{BinExtent, Extent, TypeReading};
use crate::link_sets::EMPTY_SET;
use crate::state::VectorKind;
use crate::vector::Slot;
use crate::{BackupDetails, Result, schema};

/// Relations that are complete although no link of them was observed: type and relation.
pub(super) type CompleteRelations = BTreeSet<(Arc<str>, Arc<str>)>;

/// The relations that `complete` names; types that it names are made known.
pub(super) fn read_complete(
    basis: &Basis,
    details: &BackupDetails,
    types: &mut ByName<TypeWork>,
) -> Result<CompleteRelations> {
    let mut relations = BTreeSet::new();
    let mut names: Vec<&str> = details.complete.iter().map(String::as_str).collect();
    // Types first: a relation alone leaves the objects of its type as they are.
    names.sort_by_key(|name| name.contains('.'));
    for name in names {
        let (type_name, relation) = name.split_once('.').map_or((name, None), |(t, r)| (t, Some(r)));
        let token = schema::token_from_name(type_name);
        let work = types.get_or_insert(token, |token| TypeWork::new(basis, token))?;
        let Some(relation) = relation else {
            work.claims.completeness = Completeness::Complete;
            continue;
        };
        if work.objects.seen.is_empty() && work.claims.completeness == Completeness::Observed {
            let known = work.core.old.iter().filter(|(_, slot)| !slot.is_absent());
            work.objects.seen = known.map(|(ordinal, _)| ordinal).collect();
            work.objects.unchanged = work.objects.seen.clone();
            work.claims.completeness = Completeness::RelationsOnly;
        }
        work.relation(basis, relation)?;
        relations.insert((Arc::clone(&work.token), relation.into()));
    }
    Ok(relations)
}

/// Makes the objects gone that the data does not have; those in a recycle bin that was not read stay there.
pub(super) fn resolve_objects(types: &mut ByName<TypeWork>, is_partial: bool) {
    for work in types.values_mut() {
        let claims = &work.claims;
        let (looks_for_live, looks_for_bin) = if let Some(reading) = &claims.reading {
            (reading.extent == Extent::Whole, reading.bin == BinExtent::Whole)
        } else {
            let is_complete = claims.completeness == Completeness::Complete;
            let is_covered = !is_partial && (is_complete || !work.objects.seen.is_empty());
            (is_covered, is_covered && claims.has_bin)
        };
        let objects = &work.objects;
        let is_here = |ordinal: u32| objects.seen.contains(ordinal) || objects.kept.contains(ordinal);
        let is_looked_for =
            |slot: Slot| (slot.is_live() && looks_for_live) || (slot.is_in_bin() && looks_for_bin);
        let slots = work.core.old.iter();
        let absent = slots.filter(|(ordinal, slot)| is_looked_for(*slot) && !is_here(*ordinal));
        let absent: Vec<u32> = absent.map(|(ordinal, _)| ordinal).collect();
        for ordinal in absent {
            work.core.new.set(ordinal, Slot::GONE);
            work.volatile.new.set(ordinal, Slot::NEVER);
        }
    }
}

/// Adds the relations of objects that the import cache knew: they were read, although they were not parsed.
pub(super) fn add_listed_relations(basis: &Basis, types: &mut ByName<TypeWork>) -> Result<()> {
    let Some(previous) = &basis.previous else { return Ok(()) };
    for key in basis.state.tables.keys() {
        let VectorKind::Links(relation) = &key.kind else { continue };
        let Some(work) = types.get_mut(&key.type_token) else { continue };
        let unchanged = &work.objects.unchanged;
        let is_listed = work.claims.reading.is_none()
            && work.claims.completeness != Completeness::RelationsOnly
            && !unchanged.is_empty();
        if is_listed {
            let vector = previous.vector(key)?;
            if unchanged.iter().any(|ordinal| vector.get(ordinal).version() > EMPTY_SET) {
                work.relation(basis, relation)?;
            }
        }
    }
    Ok(())
}

/// Ordinals that were objects once and are live under no type after this backup.
pub(super) fn find_gone(basis: &Basis, types: &ByName<TypeWork>) -> Result<roaring::RoaringBitmap> {
    let mut gone = basis.gone()?;
    for work in types.values() {
        for slot in work.core.old.changed(&work.core.new) {
            if slot.new.is_live() {
                gone.remove(slot.ordinal);
            } else {
                gone.insert(slot.ordinal);
            }
        }
    }
    let mut still_live = Vec::new();
    for ordinal in &gone {
        if is_live_anywhere(basis, types, ordinal)? {
            still_live.push(ordinal);
        }
    }
    for ordinal in still_live {
        gone.remove(ordinal);
    }
    Ok(gone)
}

fn is_live_anywhere(basis: &Basis, types: &ByName<TypeWork>, ordinal: u32) -> Result<bool> {
    if types.values().any(|work| work.core.new.get(ordinal).is_live()) {
        return Ok(true);
    }
    let Some(previous) = &basis.previous else { return Ok(false) };
    for key in previous.core_keys().filter(|key| !types.contains(&key.type_token)) {
        if previous.vector(key)?.get(ordinal).is_live() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Empties the relations that an object was read without, as far as they were read, and decides the link sets of a type.
pub(super) fn resolve_links(
    basis: &Basis,
    work: &mut TypeWork,
    complete: &CompleteRelations,
    is_partial: bool,
    gone: &roaring::RoaringBitmap,
) -> Result<ByName<ResolvedLinks>> {
    let links = std::mem::take(&mut work.links);
    links.try_map(|relation, mut links| {
        let without = if let Some(reading) = &work.claims.reading {
            without_links(work, reading, relation, &links)
        } else {
            let is_complete = complete.contains(&(Arc::clone(&work.token), Arc::clone(relation)));
            not_listed(work, &links, is_complete, is_partial)
        };
        for ordinal in without {
            links.put(&basis.state, ordinal, &mut Vec::new())?;
        }
        links.resolve(&basis.state, gone)
    })
}

/// Live objects for which no links were observed have none where the relation was read whole, or where they are new.
fn without_links(work: &TypeWork, reading: &TypeReading, relation: &str, links: &LinkWork) -> Vec<u32> {
    let Some(read) = reading.relations.iter().find(|read| read.name == relation) else { return Vec::new() };
    let is_empty = |ordinal: u32| match read.extent {
        Extent::Whole => !work.objects.kept.contains(ordinal) && !links.kept.contains(ordinal),
        Extent::Changes => !work.core.old.get(ordinal).is_live() && links.old.get(ordinal).version() == 0,
    };
    let live = work.core.new.iter().filter(|(_, slot)| slot.is_live()).map(|(ordinal, _)| ordinal);
    live.filter(|ordinal| !links.observed.contains(*ordinal) && is_empty(*ordinal)).collect()
}

/// Objects of a file that do not list a relation which some of the file list, or which is said to be complete.
fn not_listed(work: &TypeWork, links: &LinkWork, is_complete: bool, is_partial: bool) -> Vec<u32> {
    let Objects { seen, unchanged, .. } = &work.objects;
    // What the import cache knows was not parsed, but lists its links as it did last time.
    let has_listed = work.claims.completeness != Completeness::RelationsOnly;
    let is_listed = |ordinal| has_listed && unchanged.contains(ordinal);
    let lists_some = |ordinal| is_listed(ordinal) && links.old.get(ordinal).version() > EMPTY_SET;
    let is_observed = || !links.observed.is_empty() || unchanged.iter().any(lists_some);
    if !is_complete && (is_partial || !is_observed()) {
        return Vec::new();
    }
    let without = seen - &links.observed;
    let is_known = |ordinal| links.old.get(ordinal).version() != 0 && is_listed(ordinal);
    without.iter().filter(|&ordinal| !links.kept.contains(ordinal) && !is_known(ordinal)).collect()
}
