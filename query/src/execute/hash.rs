//! A quick hash for keys: the same everywhere and every time, not made to resist an attacker who chooses keys.

use std::borrow::Cow;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::batch::{row_number, value_bytes};
use crate::compare::{hash, same};
use crate::value::Value;

/// A map whose keys are hashed quickly.
pub(super) type QuickMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Quick>>;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplies and folds, eight bytes at a time.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Quick {
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
        let (low, high) = (product & u128::from(u64::MAX), product >> 64);
        let folded = u64::try_from(low ^ high).expect("both halves have 64 bits");
        self.0 = folded.rotate_left(23).wrapping_add(FACTOR);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let mut whole = [0; 8];
            whole.copy_from_slice(word);
            self.add(u64::from_le_bytes(whole));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        self.add(u64::from_le_bytes(last) ^ (bytes.len() as u64).rotate_left(56));
    }

    fn write_u8(&mut self, number: u8) {
        self.add(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 29)
    }
}

/// A value among others that are the same, without a copy.
pub(super) struct Same<'a>(pub(super) &'a Value);

impl PartialEq for Same<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Same<'_> {}

impl Hash for Same<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(self.0, state);
    }
}

/// The values of a key; a single one needs no allocation.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    One(Value),
    Many(Box<[Value]>),
}

impl Cells {
    pub(super) fn as_slice(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size_bytes(&self) -> usize {
        size_of::<Hashed>() + self.as_slice().iter().map(value_bytes).sum::<usize>()
    }
}

/// A key and its hash, which is computed once although the key is looked up several times.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    hash: u64,
    pub(super) cells: Cells,
}

impl Hashed {
    pub(super) fn new(cells: Cells) -> Self {
        let mut state = Quick::default();
        cells.as_slice().iter().for_each(|value| hash(value, &mut state));
        Self { hash: state.finish(), cells }
    }

    /// Which of several tables it belongs to; not by the bits that choose its slot there.
    pub(super) fn owner(&self, count: usize) -> usize {
        usize::try_from(self.hash >> 40).expect("24 bits") % count
    }

    fn is(&self, other: &Self) -> bool {
        let (left, right) = (self.cells.as_slice(), other.cells.as_slice());
        self.hash == other.hash
            && left.len() == right.len()
            && left.iter().zip(right).all(|(left, right)| same(left, right))
    }
}

/// Keys numbered in the order in which they are added: a table of numbers beside the keys, so that it is small and growing
/// it moves no key.
#[derive(Default)]
pub(super) struct Interner {
    keys: Vec<Hashed>,
    /// The number of a key and one, at or after the slot of its hash; 0 where there is none. A power of two long.
    slots: Vec<u32>,
}

/// Of so many slots one stays free.
const SLOTS_PER_KEY: usize = 2;

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys in order.
    pub(super) fn into_keys(self) -> Vec<Hashed> {
        self.keys
    }

    pub(super) fn find(&self, key: &Hashed) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.slot(key).ok()
    }

    /// The number of a key, which is new if it equals the number of keys there were.
    pub(super) fn number(&mut self, key: Cow<'_, Hashed>) -> u32 {
        if (self.keys.len() + 1) * SLOTS_PER_KEY > self.slots.len() {
            self.grow();
        }
        match self.slot(&key) {
            Ok(number) => number,
            Err(slot) => {
                let number = row_number(self.keys.len());
                self.keys.push(key.into_owned());
                self.slots[slot] = number + 1;
                number
            }
        }
    }

    /// The number of a key, or the slot where it belongs.
    fn slot(&self, key: &Hashed) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = self.first_slot(key);
        loop {
            match self.slots[slot].checked_sub(1) {
                None => return Err(slot),
                Some(number) if self.keys[number as usize].is(key) => return Ok(number),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }

    fn first_slot(&self, key: &Hashed) -> usize {
        let mask = self.slots.len() as u64 - 1;
        usize::try_from(key.hash & mask).expect("not more than the number of slots")
    }

    fn grow(&mut self) {
        let count = (self.slots.len() * 2).max(16);
        self.slots = vec![0; count];
        for (number, key) in self.keys.iter().enumerate() {
            let mut slot = self.first_slot(key);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = row_number(number) + 1;
        }
    }
}

#[cfg(test)]
mod tests;
