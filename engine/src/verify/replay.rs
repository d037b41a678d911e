//! Derives again what segments say twice, and compares: slots with vectors, checkpoints with the sum of all changes,
//! change indexes and patches with the versions they speak of, the index of IDs with the IDs.
//!
//! *Invariant*: what any command reads of a store is read here too, so that a check is never milder than a command.

mod change_indexes;

use std::collections::BTreeMap;
use std::sync::Arc;

use change_indexes::Touched;
use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::counts;
use crate::link_sets::{EMPTY_SET, read_set, set_patch};
use crate::manifest::{Counts, Manifest};
use crate::rows::{DifferingCells, RowCells, RowCursor, Rows};
use crate::segment::footer::{CheckpointEntry, CheckpointTable, SlotEntry};
use crate::segment::links;
use crate::segment::reader::Segment;
use crate::state::{NumberRanges, State, TableKey, VectorKind};
use crate::vector::{ChangedSlot, Slot, Vector};
use crate::{Error, Result};

/// What the segments up to one make, each change applied in turn.
struct Replay<'s> {
    state: &'s State,
    vectors: BTreeMap<TableKey, Vector>,
    numbers: BTreeMap<TableKey, NumberRanges>,
    /// The object of each version, by its number; those before the first are of no object.
    owners: BTreeMap<TableKey, Vec<u32>>,
    gone: RoaringBitmap,
    ordinal_count: u32,
    id_ranges: Vec<(u32, u64)>,
    /// Sequences of the checkpoints so far.
    checkpoints: Vec<u64>,
}

/// Goes through all backups as they were committed; one finding for each that is not what those before it make.
pub(super) fn check(state: &State) -> Vec<Error> {
    let mut replay = Replay {
        state,
        vectors: BTreeMap::new(),
        numbers: BTreeMap::new(),
        owners: BTreeMap::new(),
        gone: RoaringBitmap::new(),
        ordinal_count: 0,
        id_ranges: Vec::new(),
        checkpoints: Vec::new(),
    };
    for manifest in state.manifests_committed() {
        // What follows a wrong change would be wrong for that reason alone.
        if let Err(error) = replay.add(manifest) {
            return vec![error];
        }
    }
    let mut errors: Vec<Error> = replay.links().err().into_iter().chain(replay.tables().err()).collect();
    errors.extend(check_index(state));
    errors.extend(
        state.tables.keys().filter_map(|key| check_patches(state, key, replay.owners.get(key)).err()),
    );
    errors.extend(state.tables.iter().filter_map(|(key, numbers)| check_sets(state, key, numbers).err()));
    errors
}

impl Replay<'_> {
    fn add(&mut self, manifest: &Manifest) -> Result<()> {
        let segment = self.state.segment(manifest.sequence)?;
        let known = self.ordinal_count;
        counts::check(segment, known)?;
        if let Some(ids) = &segment.footer.ids {
            self.id_ranges.push((self.ordinal_count, segment.sequence));
            self.ordinal_count += ids.count;
        }
        self.add_numbers(segment)?;
        let mut counts = Counts::default();
        let (mut touched, mut changed) = (RoaringBitmap::new(), Touched::new());
        for key in self.state.tables.keys() {
            let Some(entry) = segment.slots(key) else { continue };
            let slots = self.add_slots(segment, key, entry)?;
            if key.kind != VectorKind::Volatile {
                let ordinals = slots.iter().map(|slot| slot.ordinal);
                changed.entry(&*key.type_token).or_default().extend(ordinals);
            }
            if key.kind == VectorKind::Core {
                let count =
                    |is: fn(&ChangedSlot) -> bool| slots.iter().filter(|slot| is(slot)).count() as u64;
                counts.added += count(|slot| slot.new.is_live() && !slot.old.is_live());
                counts.deleted += count(|slot| slot.old.is_live() && !slot.new.is_live());
                touched.extend(slots.iter().map(|slot| slot.ordinal));
            }
        }
        let is_as_said = [counts.added, counts.deleted] == [manifest.counts.added, manifest.counts.deleted];
        if !is_as_said && !self.is_woven(manifest) {
            let what = format!(
                "{} objects came and {} went, the manifest says {} and {}",
                counts.added, counts.deleted, manifest.counts.added, manifest.counts.deleted
            );
            return Err(segment.footer_error(what));
        }
        let cores = self.vectors.iter().filter(|(key, _)| key.kind == VectorKind::Core);
        let objects: u64 = cores.map(|(_, vector)| vector.count(Slot::is_live) as u64).sum();
        if objects != manifest.counts.objects {
            let what = format!("there are {objects} objects, the manifest says {}", manifest.counts.objects);
            return Err(segment.footer_error(what));
        }
        self.add_gone(segment, &touched)?;
        self.check_change_indexes(segment, &changed, known)?;
        if let Some(targets) = &segment.footer.targets {
            self.check_ids(segment, &segment.ordinals(targets.ordinals)?, &targets.ids)?;
        }
        if let Some(entry) = &segment.footer.checkpoint {
            self.check_checkpoint(segment, entry)?;
            self.checkpoints.push(manifest.sequence);
        }
        Ok(())
    }

    /// Whether a backup was woven into the past: the objects added and deleted since its predecessor in time lead from
    /// the objects of that one to its own.
    fn is_woven(&self, manifest: &Manifest) -> bool {
        let before = self.state.predecessor_of(manifest);
        let objects = before.map_or(0, |before| before.counts.objects);
        before.map_or(0, |before| before.sequence) + 1 != manifest.sequence
            && objects.checked_add(manifest.counts.added)
                == manifest.counts.objects.checked_add(manifest.counts.deleted)
    }

    fn add_numbers(&mut self, segment: &Segment) -> Result<()> {
        let footer = &segment.footer;
        for table in &footer.tables {
            let kind = if table.space == VectorKind::Volatile.space() {
                VectorKind::Volatile
            } else {
                VectorKind::Core
            };
            let key = TableKey { type_token: table.type_token.as_str().into(), kind };
            let (count, most) = (table.version_count(), table.version_count_max(self.ordinal_count));
            let numbers = self.numbers.entry(key.clone()).or_default();
            numbers.add(segment, table.first_version, count, most)?;
            if count > 0 && key.kind == VectorKind::Core {
                let ordinals = segment.integers(table.ordinals)?;
                let owners = self.owners.entry(key).or_default();
                if ordinals.len() != count as usize || owners.len() > table.first_version as usize {
                    return Err(
                        segment.footer_error("the versions of a table do not follow those before them")
                    );
                }
                owners.resize(table.first_version as usize, u32::MAX);
                owners.extend(ordinals);
            }
        }
        for entry in &footer.links {
            let kind = VectorKind::Links(entry.relation.as_str().into());
            let key = TableKey { type_token: entry.type_token.as_str().into(), kind };
            let numbers = self.numbers.entry(key).or_default();
            numbers.add(segment, entry.first_set, entry.set_count, entry.set_count_max(segment)?)?;
        }
        Ok(())
    }

    fn add_slots(
        &mut self,
        segment: &Segment,
        key: &TableKey,
        entry: &SlotEntry,
    ) -> Result<Arc<[ChangedSlot]>> {
        let slots = segment.changed_slots(entry)?;
        let next = self.numbers.get(key).map_or(0, |numbers| numbers.next).max(EMPTY_SET + 1);
        let owners = self.owners.get(key);
        let vector = self.vectors.entry(key.clone()).or_default();
        for slot in slots.iter() {
            let found = vector.get(slot.ordinal);
            let version = slot.new.version();
            let is_own = key.kind != VectorKind::Core
                || version == 0
                || owners.and_then(|owners| owners.get(version as usize)) == Some(&slot.ordinal);
            if found != slot.old || version >= next || !is_own || slot.ordinal >= self.ordinal_count {
                let what = format!(
                    "a slot of {}/{} leads from {} to {} for ordinal {}, which had {} and may have its own below {next}",
                    key.type_token,
                    key.kind.name(),
                    slot.old.to_stored(),
                    slot.new.to_stored(),
                    slot.ordinal,
                    found.to_stored(),
                );
                return Err(segment.footer_error(what));
            }
            vector.set(slot.ordinal, slot.new);
        }
        Ok(slots)
    }

    /// Who is live under no type any more, as the segment says and as the vectors do.
    fn add_gone(&mut self, segment: &Segment, touched: &RoaringBitmap) -> Result<()> {
        let mut changed = touched.clone();
        if let Some(entry) = &segment.footer.gone {
            let (added, removed) = (segment.integers(entry.added)?, segment.integers(entry.removed)?);
            self.gone.extend(added.iter().copied());
            for ordinal in &removed {
                self.gone.remove(*ordinal);
            }
            changed.extend(added.into_iter().chain(removed));
        }
        let cores: Vec<&Vector> = self
            .vectors
            .iter()
            .filter(|(key, _)| key.kind == VectorKind::Core)
            .map(|(_, vector)| vector)
            .collect();
        for ordinal in changed {
            let is_live = cores.iter().any(|vector| vector.get(ordinal).is_live());
            // A backup that was woven into the past may be older than an object.
            let was_there = cores.iter().any(|vector| vector.get(ordinal) != Slot::NEVER);
            if self.gone.contains(ordinal) != (was_there && !is_live) {
                let what = format!("the list of who is gone is wrong about ordinal {ordinal}");
                return Err(segment.footer_error(what));
            }
        }
        Ok(())
    }

    fn check_checkpoint(&self, segment: &Segment, entry: &CheckpointEntry) -> Result<()> {
        let gone: RoaringBitmap = segment.integers(entry.gone)?.into_iter().collect();
        if gone != self.gone || entry.ordinal_count != self.ordinal_count || entry.id_ranges != self.id_ranges
        {
            return Err(segment.footer_error("the checkpoint's IDs are not those that its backups brought"));
        }
        if entry.previous != self.checkpoints.last().copied().unwrap_or(0) {
            return Err(segment.footer_error("the checkpoint does not follow the one before it"));
        }
        let mut listed = 0;
        for (table, is_links) in entry
            .tables
            .iter()
            .map(|table| (table, false))
            .chain(entry.links.iter().map(|table| (table, true)))
        {
            let key = self.vectors.keys().find(|key| is_named(key, table, is_links));
            let Some(key) = key else { continue };
            let mut count = 0;
            let mut is_same = true;
            segment.for_each_pair([table.ordinals, table.values], |ordinals, values| {
                for (ordinal, value) in ordinals.iter().zip(values) {
                    let slot = Slot::from_stored(*value);
                    count += usize::from(slot != Slot::NEVER);
                    is_same &= self.vectors[key].get(*ordinal) == slot;
                }
                Ok(())
            })?;
            let numbers = &self.numbers[key];
            let is_counted = self.vectors[key].count(|slot| slot != Slot::NEVER) == count;
            if !is_same || !is_counted || numbers.ranges != table.ranges || numbers.next != table.next {
                let what = format!(
                    "the checkpoint of {}/{} is not the sum of its backups",
                    table.type_token, table.name
                );
                return Err(segment.footer_error(what));
            }
            listed += 1;
        }
        let wanted =
            self.vectors.values().filter(|vector| vector.count(|slot| slot != Slot::NEVER) > 0).count();
        if listed < wanted {
            return Err(segment.footer_error(format!("the checkpoint has {listed} vectors of {wanted}")));
        }
        Ok(())
    }

    /// What is known of a store when it is opened is what its backups make.
    fn tables(&self) -> Result<()> {
        let wrong = self.numbers.iter().find(|(key, numbers)| {
            let known = self.state.tables.get(*key);
            known.is_none_or(|known| known.next != numbers.next || known.ranges != numbers.ranges)
        });
        let foreign = self.state.tables.keys().find(|key| !self.numbers.contains_key(*key));
        match wrong.map(|(key, _)| key).or(foreign) {
            Some(key) => {
                Err(self.state.unknown_number(key, self.state.tables.get(key).map_or(0, |known| known.next)))
            }
            None => Ok(()),
        }
    }

    /// Links between objects that are not gone, from live sources, against what the manifest of the last commit says.
    fn links(&self) -> Result<()> {
        let Some(manifest) = self.state.manifests_committed().pop() else { return Ok(()) };
        let mut total = 0;
        for (key, vector) in &self.vectors {
            let VectorKind::Links(_) = &key.kind else { continue };
            let core = TableKey { type_token: Arc::clone(&key.type_token), kind: VectorKind::Core };
            let core = self.vectors.get(&core);
            let is_live = |source| core.is_some_and(|core| core.get(source).is_live());
            let live = vector.iter().filter(|(source, slot)| slot.version() > EMPTY_SET && is_live(*source));
            let numbers: Vec<u32> = live.map(|(_, slot)| slot.version()).collect();
            let counts = numbers.par_iter().map(|&number| {
                let targets = read_set(self.state, key, number)?;
                Ok(targets.iter().filter(|target| !self.gone.contains(**target)).count() as u64)
            });
            total += counts.sum::<Result<u64>>()?;
        }
        if total != manifest.counts.links {
            let segment = self.state.segment(manifest.sequence)?;
            let what = format!("there are {total} links, the manifest says {}", manifest.counts.links);
            return Err(segment.footer_error(what));
        }
        Ok(())
    }
}

fn is_named(key: &TableKey, table: &CheckpointTable, is_links: bool) -> bool {
    is_links == matches!(key.kind, VectorKind::Links(_))
        && *key.type_token == *table.type_token
        && key.kind.name() == table.name
}

/// Every ID leads back to its ordinal.
fn check_index(state: &State) -> Option<Error> {
    (0..state.ordinal_count).into_par_iter().find_map_any(|ordinal| {
        let found = state.id(ordinal).and_then(|id| Ok((state.ordinal(&id)?, id)));
        match found {
            Ok((Some(found), _)) if found == ordinal => None,
            Ok((_, id)) => {
                let folder = state.root.join("segments");
                Some(super::damaged(&folder, format!("the ID {id} is not found in the index of IDs")))
            }
            Err(error) => Some(error),
        }
    })
}

/// Every patch says of its predecessor what that holds, and belongs to the same object.
fn check_patches(state: &State, key: &TableKey, owners: Option<&Vec<u32>>) -> Result<()> {
    if matches!(key.kind, VectorKind::Links(_)) {
        return Ok(());
    }
    let next = state.tables[key].next;
    let rows = Rows::many(state, key);
    (1..next).into_par_iter().try_for_each_init(
        || (RowCursor::new(&rows), DifferingCells::default(), RowCells::default()),
        |(cursor, differing, before), version| {
            let predecessor = rows.predecessor(version)?;
            if predecessor == 0 {
                return Ok(());
            }
            let owner = |version: u32| owners.and_then(|owners| owners.get(version as usize));
            differing.clear();
            before.clear();
            let is_patch = cursor.read_chain(predecessor, version, differing)?;
            if is_patch {
                rows.read_cells(predecessor, before)?;
            }
            let is_right = |(path, old, _): (_, &[u8], _)| before.get(path).unwrap_or_default() == old;
            if owner(version) != owner(predecessor) || !differing.iter().all(is_right) {
                let (segment, _) = state.locate(key, version)?;
                let what =
                    format!("version {version} of {} does not follow version {predecessor}", key.type_token);
                return Err(segment.footer_error(what));
            }
            Ok(())
        },
    )
}

/// Every set that is kept as a difference adds what was not there and removes what was.
fn check_sets(state: &State, key: &TableKey, numbers: &NumberRanges) -> Result<()> {
    if !matches!(key.kind, VectorKind::Links(_)) {
        return Ok(());
    }
    (EMPTY_SET + 1..numbers.next).into_par_iter().try_for_each(|number| {
        let Some((predecessor, added, removed)) = set_patch(state, key, number)? else { return Ok(()) };
        let (before, after) = (read_set(state, key, predecessor)?, read_set(state, key, number)?);
        if links::compare(&before, &after) != (added, removed) {
            let (segment, _) = state.locate(key, number)?;
            let what = format!(
                "link set {number} of {} is not its difference to set {predecessor}",
                key.kind.name()
            );
            return Err(segment.footer_error(what));
        }
        Ok(())
    })
}
