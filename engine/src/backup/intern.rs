//! IDs → ordinals while a backup is made: known IDs, and new ones.
//!
//! New IDs are looked up in batches, in a table of indexes that is hidden behind a key of the store: the memory answers
//! several at a time, and chosen IDs cannot slow an import down.

use hashbrown::HashTable;

use crate::Result;
use crate::id::Id;
use crate::segment::column;
use crate::segment::footer::IdEntry;
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::State;

/// The IDs a backup adds.
#[derive(Debug)]
pub(super) struct Interner {
    first_ordinal: u32,
    spread: Spread,
    /// Indexes into `new_keys`. The keys are there alone: a map with keys takes four times as much memory, and misses
    /// the cache as much more often.
    indexes: HashTable<u32>,
    new_keys: Vec<u128>,
    new_texts: Vec<(u32, Box<str>)>,
}

/// Spreads keys over a table. GUIDs come from the data, so that without a secret they could be made to collide.
#[derive(Clone, Copy)]
struct Spread([u64; 2]);

impl std::fmt::Debug for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spread")
    }
}

impl Spread {
    fn new(hash_key: &[u8; 32]) -> Self {
        let derived = blake3::derive_key("entrasnap spread of IDs in memory, version 1", hash_key);
        let mut words = derived.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        Self(std::array::from_fn(|_| words.next().unwrap_or_default()))
    }

    /// The two halves of a key, each hidden, multiplied; the two halves of that folded together.
    fn hash(self, key: u128) -> u64 {
        let halves = (key ^ (u128::from(self.0[0]) << 64 | u128::from(self.0[1]))).to_le_bytes();
        let [low, high] = *halves.as_chunks().0 else { return 0 };
        let product = u128::from(u64::from_le_bytes(low)) * u128::from(u64::from_le_bytes(high));
        let [low, high] = *product.to_le_bytes().as_chunks().0 else { return 0 };
        u64::from_le_bytes(low) ^ u64::from_le_bytes(high)
    }
}

/// An ID with what finds it; of a text both are hashes, and made once.
#[derive(Clone, Copy)]
struct Sought<'a> {
    id: &'a Id,
    key: u128,
    hash: u64,
}

impl<'a> Sought<'a> {
    fn new(id: &'a Id, spread: Spread) -> Self {
        let key = id.key();
        Self { id, key, hash: spread.hash(key) }
    }
}

/// IDs looked up together, at most.
const BATCH_LENGTH: usize = 64;

impl Interner {
    pub(super) fn new(state: &State) -> Self {
        Self {
            first_ordinal: state.ordinal_count,
            spread: Spread::new(&state.hash_key),
            indexes: HashTable::new(),
            new_keys: Vec::new(),
            new_texts: Vec::new(),
        }
    }

    /// The ordinals of many IDs, as [`Self::ordinal`] gives them one after the other.
    ///
    /// Each lookup misses the cache twice, for the index and for its key. First taking the indexes of a batch, then
    /// their keys, lets the memory answer several at a time.
    pub(super) fn ordinals<'a>(
        &mut self,
        state: &State,
        mut ids: impl Iterator<Item = &'a Id>,
    ) -> Result<Vec<u32>> {
        let mut ordinals = Vec::with_capacity(ids.size_hint().0);
        let mut batch = Vec::with_capacity(BATCH_LENGTH);
        loop {
            batch.clear();
            batch.extend(ids.by_ref().take(BATCH_LENGTH).map(|id| {
                let sought = Sought::new(id, self.spread);
                // The first index whose few bits of hash fit: mostly the right one.
                (sought, self.indexes.find(sought.hash, |_| true).copied())
            }));
            if batch.is_empty() {
                return Ok(ordinals);
            }
            for &(sought, index) in &batch {
                let known = index.filter(|&index| self.new_keys[index as usize] == sought.key);
                ordinals.push(match known {
                    Some(index) => self.first_ordinal + index,
                    None => self.find_or_add(state, sought)?,
                });
            }
        }
    }

    /// The ordinal of an ID; a new one gets the next.
    pub(super) fn ordinal(&mut self, state: &State, id: &Id) -> Result<u32> {
        self.find_or_add(state, Sought::new(id, self.spread))
    }

    fn find_or_add(&mut self, state: &State, Sought { id, key, hash }: Sought<'_>) -> Result<u32> {
        if let Some(index) = self.indexes.find(hash, |&index| self.new_keys[index as usize] == key) {
            return Ok(self.first_ordinal + index);
        }
        if self.first_ordinal > 0
            && let Some(ordinal) = state.ordinal(id)?
        {
            return Ok(ordinal);
        }
        let index = index_u32(self.new_keys.len());
        if let Id::Text(text) = id {
            self.new_texts.push((index, text.clone()));
        }
        self.new_keys.push(key);
        let (keys, spread) = (&self.new_keys, self.spread);
        self.indexes.insert_unique(hash, index, |&index| spread.hash(keys[index as usize]));
        Ok(self.first_ordinal + index)
    }

    /// Ordinals after this backup.
    pub(super) fn ordinal_count(&self) -> u32 {
        self.first_ordinal + index_u32(self.new_keys.len())
    }

    /// The keys of the new ordinals, in order.
    pub(super) fn new_keys(&self) -> &[u128] {
        &self.new_keys
    }

    /// Writes the new IDs.
    pub(super) fn write(&self, segment: &mut SegmentWriter) -> Result<()> {
        if self.new_keys.is_empty() {
            return Ok(());
        }
        let ids = write_ids(&self.new_keys, &self.new_texts, segment)?;
        segment.footer.ids = Some(IdEntry { first_ordinal: self.first_ordinal, ..ids });
        Ok(())
    }
}

/// Writes a list of IDs: their keys, and the texts of those that are no GUIDs with their indexes in the list.
pub(super) fn write_ids(
    keys: &[u128],
    texts: &[(u32, Box<str>)],
    segment: &mut SegmentWriter,
) -> Result<IdEntry> {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_be_bytes()).collect();
    let mut entry = IdEntry {
        count: index_u32(keys.len()),
        keys: segment.chunk(&bytes, keys.len())?,
        ..IdEntry::default()
    };
    if !texts.is_empty() {
        let rows: Vec<u32> = texts.iter().map(|(row, _)| *row).collect();
        let json: Vec<Vec<u8>> =
            texts.iter().map(|(_, text)| serde_json::to_vec(&**text).expect("a text is JSON")).collect();
        let values: Vec<&[u8]> = json.iter().map(Vec::as_slice).collect();
        entry.text_rows = Some(segment.packed(&rows)?);
        entry.texts = Some(segment.column(&column::encode(&values))?);
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CreateOptions, Store};

    fn id(number: u32) -> Id {
        if number.is_multiple_of(5) {
            Id::from_text(&format!("text {number}"))
        } else {
            // Consecutive numbers, as some sources make them: they must spread all the same.
            Id::from_text(&format!("00000000-0000-4000-8000-{number:012x}"))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn many_ids_get_the_ordinals_they_would_get_one_by_one(
            numbers in prop::collection::vec(0_u32..2000, 0..3000),
            first_count in 0_usize..3000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let options = CreateOptions { seed: [7; 32], tenant: None };
            let store = Store::create(&folder.path().join("store"), &options).unwrap();
            let state = store.state();
            let ids: Vec<Id> = numbers.iter().map(|number| id(*number)).collect();
            let (first, second) = ids.split_at(first_count.min(ids.len()));
            let mut alone = Interner::new(state);
            let expected: Vec<u32> = ids.iter().map(|id| alone.ordinal(state, id).unwrap()).collect();
            let mut many = Interner::new(state);
            let mut found = many.ordinals(state, first.iter()).unwrap();
            found.extend(many.ordinals(state, second.iter()).unwrap());
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(many.new_keys(), alone.new_keys());
            for (id, ordinal) in ids.iter().zip(&found) {
                prop_assert_eq!(id.key(), many.new_keys()[*ordinal as usize]);
            }
        }
    }
}
