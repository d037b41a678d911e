//! A snapshot's vector: ordinal → number of a version or of a link set.
//!
//! Shape: blocks of 4,096 slots, shared between snapshots until one of them writes. Blocks without a
//! number cost nothing, so a type with few objects stays small however many ordinals there are.
//!
//! A slot of a core table is 0 (never there), a version (live), a version with the top bit (in the
//! recycle bin; the version is the last live one) or the top bit alone (was there once, is gone).

use std::sync::Arc;

const BLOCK_LENGTH: u32 = 4096;
const BLOCK_SIZE: usize = BLOCK_LENGTH as usize;
pub(crate) const BIN_BIT: u32 = 1 << 31;

/// A slot's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    pub(crate) const NEVER: Self = Self(0);
    /// Was there once, is neither live nor in the bin.
    pub(crate) const GONE: Self = Self(BIN_BIT);

    pub(crate) fn live(version: u32) -> Self {
        Self(version)
    }

    pub(crate) fn in_bin(version: u32) -> Self {
        Self(version | BIN_BIT)
    }

    pub(crate) fn is_live(self) -> bool {
        self.0 != 0 && self.0 & BIN_BIT == 0
    }

    pub(crate) fn is_in_bin(self) -> bool {
        self.0 & BIN_BIT != 0 && self != Self::GONE
    }

    pub(crate) fn is_absent(self) -> bool {
        self == Self::NEVER || self == Self::GONE
    }

    /// The version, live or in the bin; 0 when absent.
    pub(crate) fn version(self) -> u32 {
        self.0 & !BIN_BIT
    }

    /// The number with the bin bit at the low end, as files hold it: small numbers pack well.
    pub(crate) fn to_stored(self) -> u32 {
        self.0.rotate_left(1)
    }

    pub(crate) fn from_stored(stored: u32) -> Self {
        Self(stored.rotate_right(1))
    }
}

/// A slot that differs between two vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangedSlot {
    pub(crate) ordinal: u32,
    pub(crate) old: Slot,
    pub(crate) new: Slot,
}

type SlotBlock = [u32; BLOCK_SIZE];

/// Ordinal → slot.
#[derive(Clone, Default)]
pub(crate) struct Vector {
    blocks: Vec<Option<Arc<SlotBlock>>>,
}

impl Vector {
    /// Sets slots, as files hold them, of ordinals that ascend. Ascending ones fall into few blocks, so a block is
    /// looked up once for a run of them.
    pub(crate) fn set_stored(&mut self, ordinals: &[u32], stored: &[u32]) {
        let mut rest = ordinals;
        let mut stored = stored;
        while let Some(first) = rest.first() {
            let (number, offset) = index(*first);
            let length = rest.partition_point(|ordinal| index(*ordinal).0 == number);
            let (run, values);
            (run, rest) = rest.split_at(length);
            (values, stored) = stored.split_at(length);
            let block = Arc::make_mut(self.block_mut(number));
            let is_gapless = run.array_windows().all(|[a, b]| b.wrapping_sub(*a) == 1);
            if is_gapless && let Some(slots) = block.get_mut(offset..offset + length) {
                slots.iter_mut().zip(values).for_each(|(slot, value)| *slot = Slot::from_stored(*value).0);
                continue;
            }
            for (ordinal, value) in run.iter().zip(values) {
                block[index(*ordinal).1] = Slot::from_stored(*value).0;
            }
        }
    }

    fn block_mut(&mut self, number: usize) -> &mut Arc<SlotBlock> {
        if number >= self.blocks.len() {
            self.blocks.resize(number + 1, None);
        }
        self.blocks[number].get_or_insert_with(|| Arc::new([0; BLOCK_SIZE]))
    }

    pub(crate) fn get(&self, ordinal: u32) -> Slot {
        let (block, offset) = index(ordinal);
        match self.blocks.get(block) {
            Some(Some(block)) => Slot(block[offset]),
            _ => Slot::NEVER,
        }
    }

    pub(crate) fn set(&mut self, ordinal: u32, slot: Slot) {
        let (number, offset) = index(ordinal);
        if number >= self.blocks.len() && slot == Slot::NEVER {
            return;
        }
        let block = self.block_mut(number);
        if block[offset] != slot.0 {
            Arc::make_mut(block)[offset] = slot.0;
        }
    }

    /// How many slots are wanted.
    pub(crate) fn count(&self, is_wanted: impl Fn(Slot) -> bool + Copy) -> usize {
        self.blocks.iter().flatten().map(|block| count_in(block, is_wanted)).sum()
    }

    /// Ordinals and versions of the first slots that are wanted.
    pub(crate) fn first(
        &self,
        count: usize,
        is_wanted: impl Fn(Slot) -> bool + Copy,
    ) -> (Vec<u32>, Vec<u32>) {
        let (mut ordinals, mut versions) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (number, block) in (0..).zip(&self.blocks) {
            let Some(block) = block else { continue };
            let ordinals_of_block = (0..BLOCK_LENGTH).map(|offset| number * BLOCK_LENGTH + offset);
            let left = count - ordinals.len();
            // The objects of a type mostly have consecutive ordinals, and a block without a gap is copied.
            if left >= BLOCK_SIZE && count_in(block, is_wanted) == BLOCK_SIZE {
                ordinals.extend(ordinals_of_block);
                versions.extend(block.iter().map(|slot| Slot(*slot).version()));
                continue;
            }
            let all = ordinals_of_block.zip(block.iter().map(|slot| Slot(*slot)));
            for (ordinal, slot) in all.filter(|(_, slot)| is_wanted(*slot)).take(left) {
                ordinals.push(ordinal);
                versions.push(slot.version());
            }
        }
        (ordinals, versions)
    }

    /// All slots that are not `NEVER`, ascending by ordinal.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        self.blocks.iter().enumerate().flat_map(|(number, block)| {
            let first = number * BLOCK_SIZE;
            block.iter().flat_map(move |block| {
                block.iter().enumerate().filter(|(_, slot)| **slot != 0).map(move |(offset, &slot)| {
                    (u32::try_from(first + offset).expect("ordinals fit in 32 bits"), Slot(slot))
                })
            })
        })
    }

    /// The slots that differ, ascending by ordinal. Blocks that both share are not looked at.
    pub(crate) fn changed(&self, newer: &Self) -> Vec<ChangedSlot> {
        let mut changed = Vec::new();
        for number in 0..self.blocks.len().max(newer.blocks.len()) {
            let old = self.blocks.get(number).and_then(Option::as_ref);
            let new = newer.blocks.get(number).and_then(Option::as_ref);
            match (old, new) {
                (None, None) => {}
                (Some(old), Some(new)) if Arc::ptr_eq(old, new) => {}
                _ => compare_blocks(number, old.map(|b| &**b), new.map(|b| &**b), &mut changed),
            }
        }
        changed
    }
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vector").field("blocks", &self.blocks.len()).finish()
    }
}

/// How many slots of a block are wanted, counted without branches, several slots at a time.
fn count_in(block: &SlotBlock, is_wanted: impl Fn(Slot) -> bool) -> usize {
    block.iter().map(|slot| u32::from(is_wanted(Slot(*slot)))).sum::<u32>() as usize
}

fn index(ordinal: u32) -> (usize, usize) {
    (ordinal as usize / BLOCK_SIZE, ordinal as usize % BLOCK_SIZE)
}

fn compare_blocks(
    number: usize,
    old: Option<&SlotBlock>,
    new: Option<&SlotBlock>,
    changed: &mut Vec<ChangedSlot>,
) {
    const EMPTY: SlotBlock = [0; BLOCK_SIZE];
    let (old, new) = (old.unwrap_or(&EMPTY), new.unwrap_or(&EMPTY));
    // Runs of equal slots are compared as memory, which is as fast as memory can be read.
    for (run, (old_run, new_run)) in old.chunks_exact(64).zip(new.chunks_exact(64)).enumerate() {
        if old_run == new_run {
            continue;
        }
        for (offset, (&old, &new)) in old_run.iter().zip(new_run).enumerate() {
            if old != new {
                let ordinal = number * BLOCK_SIZE + run * 64 + offset;
                let ordinal = u32::try_from(ordinal).expect("ordinals fit in 32 bits");
                changed.push(ChangedSlot { ordinal, old: Slot(old), new: Slot(new) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Slot, Vector};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_vector_is_a_map_and_its_changes_are_the_maps_changes(
            first in proptest::collection::vec((0..20_000u32, 0..5u32), 0..60),
            second in proptest::collection::vec((0..20_000u32, 0..5u32), 0..60),
        ) {
            let (mut vector, mut map) = (Vector::default(), BTreeMap::new());
            for (ordinal, value) in first {
                vector.set(ordinal, Slot(value));
                map.insert(ordinal, value);
            }
            let (mut newer, mut newer_map) = (vector.clone(), map.clone());
            for (ordinal, value) in second {
                newer.set(ordinal, Slot(value));
                newer_map.insert(ordinal, value);
            }
            let mut rebuilt = Vector::default();
            let (ordinals, slots): (Vec<_>, Vec<_>) =
                newer_map.iter().map(|(&ordinal, &value)| (ordinal, Slot(value).to_stored())).unzip();
            rebuilt.set_stored(&ordinals, &slots);
            prop_assert_eq!(rebuilt.changed(&newer), vec![]);
            let expected: Vec<_> = newer_map
                .iter()
                .map(|(&ordinal, &new)| (ordinal, map.get(&ordinal).copied().unwrap_or(0), new))
                .filter(|(_, old, new)| old != new)
                .collect();
            let found: Vec<_> = vector.changed(&newer).iter().map(|c| (c.ordinal, c.old.0, c.new.0)).collect();
            prop_assert_eq!(found, expected);
            let live: Vec<_> = map.into_iter().filter(|(_, value)| *value != 0).collect();
            prop_assert_eq!(vector.iter().map(|(o, s)| (o, s.0)).collect::<Vec<_>>(), live);
        }
    }

    #[test]
    fn the_bin_bit_survives_storing() {
        for slot in [Slot::NEVER, Slot::GONE, Slot::live(7), Slot::in_bin(7)] {
            assert_eq!(Slot::from_stored(slot.to_stored()), slot);
        }
        assert!(Slot::in_bin(7).is_in_bin() && !Slot::GONE.is_in_bin() && Slot::GONE.is_absent());
    }
}
