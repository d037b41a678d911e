//! What a source says of how it read a type, and what it reports besides whole objects: removals, moves into the bin,
//! changes of links, gaps.
//!
//! Invariants
//! 1. Of a type with a [`TypeReading`] nothing is guessed: who is gone, which relations are empty and which properties
//!    were asked for follows from what is said.
//! 2. A gap never makes anything gone or empty.
//! 3. A link to an object that is gone stays in its set, dormant, whichever way the set was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::patches::{self, Projection};
use super::{Backup, TypeWork, resolve};
use crate::id::Id;
use crate::link_sets::EMPTY_SET;
use crate::manifest::Manifest;
use crate::state::{Part, State, TableKey};
use crate::vector::{Slot, Vector};
use crate::{Gap, GapScope, ObjectKey, Result, Warning};

/// Gaps of a type that are listed one by one; more of the same kind are only counted.
const GAP_COUNT_MAX: usize = 1000;

/// How a type was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeReading {
    /// What the live objects that came are of all live objects.
    pub extent: Extent,
    /// What the deleted objects that came are of the recycle bin.
    pub bin: BinExtent,
    /// Properties that were asked for. One that is known, is not among them and did not come keeps its value; one
    /// that is among them and did not come is gone. `None`: whatever came was all there is.
    pub properties: Option<Vec<String>>,
    /// Relations that were read; others keep their links.
    pub relations: Vec<RelationReading>,
}

/// How a relation was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelationReading {
    /// Its name, such as `members`.
    pub name: String,
    /// `Whole`: live objects for which no links were put have none. `Changes`: they keep theirs, and new objects have
    /// none.
    pub extent: Extent,
    /// When it was read.
    pub as_of: Timestamp,
}

/// What came, of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what did not come and was not kept is gone.
    Whole,
    /// What changed: the rest is as it was.
    #[default]
    Changes,
}

/// What came, of what is in the recycle bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BinExtent {
    /// All of it: what did not come is purged.
    Whole,
    /// What changed: the rest is as it was.
    Changes,
    /// Nothing is known: an object that is gone may be in it.
    #[default]
    NotRead,
}

impl TypeReading {
    pub(super) fn is_partial(&self) -> bool {
        self.extent == Extent::Changes
    }

    pub(super) fn as_of(&self) -> BTreeMap<String, Timestamp> {
        self.relations.iter().map(|relation| (relation.name.clone(), relation.as_of)).collect()
    }
}

impl Backup<'_> {
    /// Says how a type was read; then nothing is guessed from its data. Of two readings of a type the last counts.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    ///
    /// # Panics
    /// Never: the type is made known first.
    pub fn observe(&mut self, type_token: &str, reading: TypeReading) -> Result<()> {
        let state = Arc::clone(&self.state);
        let token: Arc<str> = type_token.into();
        self.type_work(&token)?;
        let work = self.types.get_mut(&token).expect("made above");
        for relation in &reading.relations {
            work.relation(&state, self.previous.as_ref(), &token, &relation.name)?;
        }
        work.reading = Some(reading);
        Ok(())
    }

    /// Removes an object for good: it is neither live nor in the bin.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn remove(&mut self, key: &ObjectKey) -> Result<()> {
        let (work, ordinal) = self.work_of(key)?;
        let slot = if work.core.old.get(ordinal) == Slot::NEVER { Slot::NEVER } else { Slot::GONE };
        work.core.new.set(ordinal, slot);
        work.volatile.new.set(ordinal, Slot::NEVER);
        for table in [&mut work.core, &mut work.volatile] {
            table.patches.remove(&ordinal);
        }
        work.unchanged.remove(ordinal);
        work.seen.insert(ordinal);
        work.moved.insert(ordinal);
        Ok(())
    }

    /// Moves an object into the recycle bin with its last version, of which the source told no more than that.
    /// Returns false when the store does not know the object.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn bin(&mut self, key: &ObjectKey, deleted_at: Option<Timestamp>) -> Result<bool> {
        let (work, ordinal) = self.work_of(key)?;
        let version = work.core.new.get(ordinal).version();
        if version == 0 {
            return Ok(false);
        }
        let was_known = work.core.old.get(ordinal).version() == version;
        if let (Some(time), true, Some(previous)) = (deleted_at, was_known, &self.previous)
            && let Some(object) = previous.object_at(&key.type_token, ordinal)?
        {
            let mut attributes = object.attributes();
            attributes.insert("deletedDateTime".to_owned(), time.to_string().into());
            let text = serde_json::Value::Object(attributes).to_string();
            let mut shredder = self.shredder.clone();
            shredder.push(text.as_bytes(), Some(&*key.type_token), true)?;
            self.put(shredder.take())?;
        }
        let (work, ordinal) = self.work_of(key)?;
        let version = work.core.new.get(ordinal).version();
        work.core.new.set(ordinal, Slot::in_bin(version));
        work.unchanged.remove(ordinal);
        work.seen.insert(ordinal);
        work.moved.insert(ordinal);
        Ok(true)
    }

    /// The IDs of the objects of a type that the store has and that did not come until now: live ones, and those in the
    /// recycle bin when it was read whole. Whoever reads a list looks for them before they are taken for gone.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn missing(&self, type_token: &str, bin: BinExtent) -> Result<Vec<String>> {
        let Some(work) = self.types.get(type_token) else {
            let Some(previous) = &self.previous else { return Ok(Vec::new()) };
            let key = TableKey { type_token: type_token.into(), part: Part::Core };
            if !self.state.tables.contains_key(&key) {
                return Ok(Vec::new());
            }
            return ids_of(&self.state, &*previous.vector(&key)?, bin, |_| false);
        };
        ids_of(&self.state, &work.core.old, bin, |ordinal| {
            work.seen.contains(ordinal) || work.kept.contains(ordinal)
        })
    }

    /// The IDs of the objects of a type that came, that had links of a relation before, and for which none came until now:
    /// whoever reads a relation in a list asks for theirs before they are taken for none.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    ///
    /// # Panics
    /// Never: the relation is made known first.
    pub fn unlinked(&mut self, type_token: &str, relation: &str) -> Result<Vec<String>> {
        let state = Arc::clone(&self.state);
        let token: Arc<str> = type_token.into();
        self.type_work(&token)?;
        let work = self.types.get_mut(&token).expect("made above");
        work.relation(&state, self.previous.as_ref(), &token, relation)?;
        let links = work.links.get(relation).expect("made above");
        let had = links.old.iter().filter(|(_, slot)| slot.version() > EMPTY_SET);
        let unlinked = had.filter(|(source, _)| {
            work.seen.contains(*source)
                && work.core.new.get(*source).is_live()
                && !links.observed.contains(*source)
                && !links.kept.contains(*source)
        });
        unlinked.map(|(source, _)| Ok(state.id(source)?.to_string())).collect()
    }

    /// Leaves an object as it was, although it could not be read.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn keep(&mut self, key: &ObjectKey) -> Result<()> {
        let (work, ordinal) = self.work_of(key)?;
        work.kept.insert(ordinal);
        Ok(())
    }

    /// Leaves the links of an object as they were, although the relation was read whole.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    ///
    /// # Panics
    /// Never: the relation is made known first.
    pub fn keep_links(&mut self, key: &ObjectKey, relation: &str) -> Result<()> {
        let state = Arc::clone(&self.state);
        let ordinal = self.interner.ordinal(&state, &Id::from_text(&key.id))?;
        self.type_work(&key.type_token)?;
        let work = self.types.get_mut(&key.type_token).expect("made above");
        work.relation(&state, self.previous.as_ref(), &key.type_token, relation)?;
        work.links.get_mut(relation).expect("made above").kept.insert(ordinal);
        Ok(())
    }

    /// Changes the links of one relation of an object: those it had, or those that this backup gave it, and then these.
    /// Of an addition and a removal of the same link the later call counts; within one call, the removal.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    ///
    /// # Panics
    /// Never: the relation is made known first.
    pub fn change_links(
        &mut self,
        source: &ObjectKey,
        relation: &str,
        added: &[&str],
        removed: &[&str],
    ) -> Result<()> {
        let state = Arc::clone(&self.state);
        let ordinal = self.interner.ordinal(&state, &Id::from_text(&source.id))?;
        let (added, removed) = (self.ordinals(added)?, self.ordinals(removed)?);
        self.type_work(&source.type_token)?;
        let work = self.types.get_mut(&source.type_token).expect("made above");
        work.relation(&state, self.previous.as_ref(), &source.type_token, relation)?;
        let links = work.links.get_mut(relation).expect("made above");
        links.foreign.insert(ordinal);
        let mut targets = links.current(&state, ordinal)?;
        targets.extend(added);
        targets.retain(|target| !removed.contains(target));
        links.change(ordinal, targets);
        Ok(())
    }

    /// Says when the reading became consistent and ended, and what its source needs to go on from there.
    pub fn conclude(&mut self, taken_at: Timestamp, read_to: Timestamp, state: serde_json::Value) {
        (self.details.taken_at, self.details.read_to, self.details.state) = (taken_at, read_to, state);
    }

    /// Records something that could not be read, with its reason. It becomes part of the coverage and a warning.
    pub fn unread(&mut self, gap: Gap) {
        let of_type = self.gaps.iter().filter(|known| known.type_token == gap.type_token).count();
        let is_same = |known: &&mut Gap| {
            known.type_token == gap.type_token
                && known.reason == gap.reason
                && counts_with(&known.scope, &gap.scope)
        };
        match self.gaps.iter_mut().rev().find(is_same) {
            // What is not of single objects is told once.
            Some(last) if last.scope == gap.scope && !is_of_objects(&gap.scope) => {
                last.count = last.count.max(gap.count);
            }
            Some(last) if of_type >= GAP_COUNT_MAX => last.count += gap.count,
            _ => self.gaps.push(gap),
        }
    }

    fn ordinals(&mut self, ids: &[&str]) -> Result<BTreeSet<u32>> {
        let state = Arc::clone(&self.state);
        ids.iter().map(|id| self.interner.ordinal(&state, &Id::from_text(id))).collect()
    }

    fn work_of(&mut self, key: &ObjectKey) -> Result<(&mut TypeWork, u32)> {
        let state = Arc::clone(&self.state);
        let ordinal = self.interner.ordinal(&state, &Id::from_text(&key.id))?;
        Ok((self.type_work(&key.type_token)?, ordinal))
    }
}

fn is_of_objects(scope: &GapScope) -> bool {
    matches!(scope, GapScope::Object(_) | GapScope::Links { .. })
}

/// Whether two gaps with one reason may become one with their count: only objects and sources are too many to name.
fn counts_with(known: &GapScope, scope: &GapScope) -> bool {
    match (known, scope) {
        (GapScope::Object(_), GapScope::Object(_)) => true,
        (GapScope::Links { relation: known, .. }, GapScope::Links { relation, .. }) => known == relation,
        _ => known == scope,
    }
}

/// The IDs of a vector's objects that are not here.
fn ids_of(
    state: &State,
    vector: &Vector,
    bin: BinExtent,
    is_here: impl Fn(u32) -> bool,
) -> Result<Vec<String>> {
    let is_looked_for = |slot: Slot| slot.is_live() || (slot.is_in_bin() && bin == BinExtent::Whole);
    let missing = vector.iter().filter(|(ordinal, slot)| is_looked_for(*slot) && !is_here(*ordinal));
    missing.map(|(ordinal, _)| Ok(state.id(ordinal)?.to_string())).collect()
}

/// Objects that a reading did not find are gone, as far as it looked.
pub(super) fn resolve_absent(work: &mut TypeWork) {
    let Some(reading) = &work.reading else { return };
    let (extent, bin) = (reading.extent, reading.bin);
    let is_here = |ordinal: u32| work.seen.contains(ordinal) || work.kept.contains(ordinal);
    let absent: Vec<u32> = work
        .core
        .old
        .iter()
        .filter(|(ordinal, slot)| {
            let looked =
                (slot.is_live() && extent == Extent::Whole) || (slot.is_in_bin() && bin == BinExtent::Whole);
            looked && !is_here(*ordinal)
        })
        .map(|(ordinal, _)| ordinal)
        .collect();
    for ordinal in absent {
        work.core.new.set(ordinal, Slot::GONE);
        work.volatile.new.set(ordinal, Slot::NEVER);
    }
}

/// Live objects for which no links came have none where the relation was read whole, or where they are new.
pub(super) fn resolve_links(state: &State, work: &mut TypeWork, gone: &roaring::RoaringBitmap) -> Result<()> {
    let Some(reading) = work.reading.clone() else { return Ok(()) };
    for (relation, links) in &mut work.links {
        if let Some(read) = reading.relations.iter().find(|read| read.name == **relation) {
            let is_empty = |ordinal: u32| match read.extent {
                Extent::Whole => !work.kept.contains(ordinal) && !links.kept.contains(ordinal),
                Extent::Changes => {
                    !is_live_before(&work.core.old, ordinal) && links.old.get(ordinal).version() == 0
                }
            };
            let live = work.core.new.iter().filter(|(_, slot)| slot.is_live()).map(|(ordinal, _)| ordinal);
            let without: Vec<u32> =
                live.filter(|ordinal| !links.observed.contains(*ordinal) && is_empty(*ordinal)).collect();
            for ordinal in without {
                links.put(state, ordinal, &mut Vec::new())?;
            }
        }
        links.resolve(state, gone)?;
    }
    Ok(())
}

fn is_live_before(old: &crate::vector::Vector, ordinal: u32) -> bool {
    old.get(ordinal).is_live()
}

/// What the source asked for. Where it does not say, whole readings are looked at as files are: a property that many
/// objects lost or gained at once is one that Graph began or ceased to give.
pub(super) fn find_projection(
    state: &State,
    earlier: &[Arc<Manifest>],
    token: &Arc<str>,
    work: &TypeWork,
    known: &BTreeSet<String>,
) -> Result<Projection> {
    let reading = work.reading.as_ref().expect("asked for types with a reading");
    let key = TableKey { type_token: Arc::clone(token), part: Part::Core };
    let Some(asked) = &reading.properties else {
        let mut projection = resolve::find_projection(state, &key, work, known)?;
        if reading.is_partial() {
            projection.carried.clear();
            projection.unknown_before.clear();
        }
        return Ok(projection);
    };
    let came: BTreeSet<String> = work.observed.iter().map(ToString::to_string).collect();
    let is_asked = |top: &str| asked.iter().any(|name| name == top) || came.contains(top);
    let new_properties = came.iter().filter(|name| !known.contains(*name)).cloned().collect();
    let mut projection = Projection { new_properties, ..Projection::default() };
    // What an earlier reading that did not say what it asked for was not shown, it may have had to ask for.
    let before = asked_before(earlier, token);
    let is_news = |name: &&String| match before {
        Some(before) => !before.contains(name),
        None => !known.is_empty() && asked.contains(name),
    };
    projection.unknown_before = projection.new_properties.iter().filter(is_news).cloned().collect();
    projection.carried = known.iter().filter(|top| !is_asked(top)).map(|top| (top.clone(), 0)).collect();
    for patch in work.core.patches.values() {
        for (top, (had, has)) in patches::tops_of(state, patch) {
            if let Some(count) = projection.carried.get_mut(&top)
                && had
                && !has
            {
                *count += 1;
            }
        }
    }
    Ok(projection)
}

/// What the last reading of a type that says so asked for.
fn asked_before<'m>(earlier: &'m [Arc<Manifest>], token: &str) -> Option<&'m Vec<String>> {
    let mut coverage = earlier.iter().rev().filter_map(|manifest| manifest.coverage.get(token));
    coverage.find_map(|coverage| coverage.asked.as_ref())
}

/// One warning for all gaps of a kind.
pub(super) fn warn_of_gaps(backup: &mut Backup<'_>) {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for gap in &backup.gaps {
        let what = match &gap.scope {
            GapScope::Type => "not read".to_owned(),
            GapScope::Bin => "the recycle bin was not read".to_owned(),
            GapScope::Relation(relation) => format!("{relation} were not read"),
            GapScope::Property(property) => format!("the property {property} was not read"),
            GapScope::Object(_) => "some objects were not read".to_owned(),
            GapScope::Links { relation, .. } => format!("{relation} of some objects were not read"),
        };
        *counts.entry((gap.type_token.clone(), format!("{what}: {}", gap.reason))).or_default() += gap.count;
    }
    for ((type_token, reason), count) in counts {
        backup.warnings.push(Warning { type_token, reason, count });
    }
}
