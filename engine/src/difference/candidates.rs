//! Objects whose slots differ between two snapshots: the only ones a difference looks at.

use std::sync::Arc;

use crate::Result;
use crate::runs;
use crate::snapshot::Snapshot;
use crate::state::{State, TableKey, VectorKind};
use crate::vector::{ChangedSlot, Slot};

/// An object with slots that differ.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    pub(super) ordinal: u32,
    /// Its line in the change indexes, if they list it.
    pub(super) line: Option<u32>,
    /// Core slots of the two sides, when they differ.
    pub(super) core: Option<(Slot, Slot)>,
    /// Volatile slots, when they differ and the filter wants them.
    pub(super) volatile: Option<(Slot, Slot)>,
    /// Relations whose sets differ.
    pub(super) links: Vec<(Arc<str>, u32, u32)>,
}

impl Candidate {
    /// Whether it is live on the *from* side and not on the *to* side.
    pub(super) fn went(&self) -> bool {
        self.core.is_some_and(|(from, to)| from.is_live() && !to.is_live())
    }

    fn add(&mut self, kind: &VectorKind, old: Slot, new: Slot) {
        match kind {
            VectorKind::Core => self.core = Some((old, new)),
            VectorKind::Volatile => self.volatile = Some((old, new)),
            VectorKind::Links(relation) => {
                self.links.push((Arc::clone(relation), old.version(), new.version()));
            }
        }
    }
}

/// The candidates of a type between two snapshots, ascending by ordinal.
pub(super) fn between(
    state: &State,
    from: &Snapshot,
    to: &Snapshot,
    token: &Arc<str>,
    with_volatile: bool,
) -> Result<Vec<Candidate>> {
    let mut parts: Vec<(&VectorKind, Vec<ChangedSlot>)> = Vec::new();
    for key in state.tables.keys().filter(|key| key.type_token == *token) {
        if key.kind != VectorKind::Volatile || with_volatile {
            parts.push((&key.kind, changed_slots(state, from, to, key)?));
        }
    }
    let count = parts.iter().map(|(_, slots)| slots.len()).max().unwrap_or(0);
    let mut candidates: Vec<Candidate> = Vec::with_capacity(count);
    let mut indexes = vec![0; parts.len()];
    // The slots of each part ascend by ordinal, and there are few parts.
    loop {
        let heads = parts.iter().zip(&indexes).filter_map(|((_, slots), index)| slots.get(*index));
        let Some(ordinal) = heads.map(|slot| slot.ordinal).min() else { return Ok(candidates) };
        let mut candidate = Candidate { ordinal, ..Candidate::default() };
        for ((kind, slots), index) in parts.iter().zip(&mut indexes) {
            if let Some(slot) = slots.get(*index).filter(|slot| slot.ordinal == ordinal) {
                candidate.add(kind, slot.old, slot.new);
                *index += 1;
            }
        }
        candidates.push(candidate);
    }
}

/// What one backup changed of one object, if anything; `keys` are the tables in question.
pub(super) fn of_object(
    state: &State,
    keys: &[&TableKey],
    ordinal: u32,
    sequence: u64,
) -> Result<Option<Candidate>> {
    let mut candidate = Candidate { ordinal, ..Candidate::default() };
    let segment = state.segment(sequence)?;
    for key in keys {
        let Some(entry) = segment.slots(key) else { continue };
        let slots = segment.changed_slots(entry)?;
        if let Ok(index) = slots.binary_search_by_key(&ordinal, |slot| slot.ordinal) {
            candidate.add(&key.kind, slots[index].old, slots[index].new);
        }
    }
    Ok((candidate.core.is_some() || !candidate.links.is_empty()).then_some(candidate))
}

/// As [`of_object`], of two backups that were not committed one after the other.
pub(super) fn of_object_between(
    keys: &[&TableKey],
    ordinal: u32,
    from: &Snapshot,
    to: &Snapshot,
) -> Result<Option<Candidate>> {
    let mut candidate = Candidate { ordinal, ..Candidate::default() };
    for key in keys {
        let (old, new) = (from.slot(key, ordinal)?, to.slot(key, ordinal)?);
        if old != new {
            candidate.add(&key.kind, old, new);
        }
    }
    Ok((candidate.core.is_some() || !candidate.links.is_empty()).then_some(candidate))
}

/// The slots of a table that differ, seen from `from` to `to`.
pub(super) fn changed_slots(
    state: &State,
    from: &Snapshot,
    to: &Snapshot,
    key: &TableKey,
) -> Result<Vec<ChangedSlot>> {
    let (low, high) = (from.sequence().min(to.sequence()), from.sequence().max(to.sequence()));
    let is_backwards = from.sequence() > to.sequence();
    let Some(mut slots) = collect_slots(state, key, low, high)? else {
        return Ok(from.vector(key)?.changed(&*to.vector(key)?));
    };
    if is_backwards {
        for slot in &mut slots {
            std::mem::swap(&mut slot.old, &mut slot.new);
        }
    }
    Ok(slots)
}

/// The changed slots of the backups after `low` up to `high`, united; `None` when comparing two vectors is less work.
fn collect_slots(state: &State, key: &TableKey, low: u64, high: u64) -> Result<Option<Vec<ChangedSlot>>> {
    let mut lists = Vec::new();
    let mut count = 0;
    for sequence in low + 1..=high {
        let segment = state.segment(sequence)?;
        if let Some(entry) = segment.slots(key) {
            count += entry.count as usize;
            lists.push(segment.changed_slots(entry)?);
        }
        if lists.len() > 1 && count > state.ordinal_count as usize {
            return Ok(None);
        }
    }
    if let [only] = lists.as_slice() {
        return Ok(Some(only.to_vec()));
    }
    let slots: Vec<ChangedSlot> = lists.iter().flat_map(|slots| slots.iter().copied()).collect();
    let newer = |last: &mut ChangedSlot, slot: ChangedSlot| last.new = slot.new;
    let mut united = runs::unite(slots.into_iter(), state.ordinal_count as usize, |slot| slot.ordinal, newer);
    united.retain(|slot| slot.old != slot.new);
    Ok(Some(united))
}
