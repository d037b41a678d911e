//! A snapshot's vector: ordinal → number of a version or of a link set.
//!
//! Shape: blocks of 4,096 slots, shared between snapshots until one of them writes. Blocks without a
//! number cost nothing, so a type with few objects stays small however many ordinals there are.
//!
//! A slot of a core table is 0 (never there), a version (live), a version with the top bit (in the
//! recycle bin; the version is the last live one) or the top bit alone (was there once, is gone).

use std::sync::Arc;

const BLOCK_SIZE: usize = 4096;
const BIN_BIT: u32 = 1 << 31;

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

type Block = [u32; BLOCK_SIZE];

/// Ordinal → slot.
#[derive(Clone, Default)]
pub(crate) struct Vector {
    blocks: Vec<Option<Arc<Block>>>,
}

impl Vector {
    /// Makes a vector of slots whose ordinals ascend.
    pub(crate) fn from_slots(slots: impl Iterator<Item = (u32, Slot)>) -> Self {
        let mut vector = Self::default();
        let (mut number, mut block) = (0, [0; BLOCK_SIZE]);
        for (ordinal, slot) in slots {
            let (wanted, offset) = place(ordinal);
            if wanted != number {
                vector.put_block(number, &mut block);
                number = wanted;
            }
            block[offset] = slot.0;
        }
        vector.put_block(number, &mut block);
        vector
    }

    /// Appends a block, unless it is empty, and clears it.
    fn put_block(&mut self, number: usize, block: &mut Block) {
        if block.iter().any(|slot| *slot != 0) {
            self.blocks.resize(number, None);
            self.blocks.push(Some(Arc::new(*block)));
            *block = [0; BLOCK_SIZE];
        }
    }

    pub(crate) fn get(&self, ordinal: u32) -> Slot {
        let (block, offset) = place(ordinal);
        match self.blocks.get(block) {
            Some(Some(block)) => Slot(block[offset]),
            _ => Slot::NEVER,
        }
    }

    pub(crate) fn set(&mut self, ordinal: u32, slot: Slot) {
        let (block, offset) = place(ordinal);
        if block >= self.blocks.len() {
            if slot == Slot::NEVER {
                return;
            }
            self.blocks.resize(block + 1, None);
        }
        let block = self.blocks[block].get_or_insert_with(|| Arc::new([0; BLOCK_SIZE]));
        if block[offset] != slot.0 {
            Arc::make_mut(block)[offset] = slot.0;
        }
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

fn place(ordinal: u32) -> (usize, usize) {
    (ordinal as usize / BLOCK_SIZE, ordinal as usize % BLOCK_SIZE)
}

fn compare_blocks(number: usize, old: Option<&Block>, new: Option<&Block>, changed: &mut Vec<ChangedSlot>) {
    const EMPTY: Block = [0; BLOCK_SIZE];
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
            let rebuilt = Vector::from_slots(newer_map.iter().map(|(&ordinal, &value)| (ordinal, Slot(value))));
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
