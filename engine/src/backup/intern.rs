//! IDs → ordinals while a backup is made: those the store knows, and new ones.

use std::collections::HashMap;

use crate::Result;
use crate::directory::fold;
use crate::id::Id;
use crate::segment::column;
use crate::segment::footer::IdEntry;
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::State;

/// The IDs a backup adds.
#[derive(Debug)]
pub(super) struct Interner {
    first_ordinal: u32,
    /// Keys as bytes: as numbers their alignment would make the map half as large again.
    new_ordinals: HashMap<[u8; 16], u32, Spread>,
    new_keys: Vec<u128>,
    new_texts: Vec<(u32, Box<str>)>,
}

/// Keys are random or hashes already; folding them is enough for a map in memory.
#[derive(Debug, Default, Clone)]
pub(super) struct Spread;

/// The hasher of [`Spread`].
#[derive(Debug, Default)]
pub(super) struct Folded(u64);

impl std::hash::BuildHasher for Spread {
    type Hasher = Folded;
    fn build_hasher(&self) -> Folded {
        Folded(0)
    }
}

impl std::hash::Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(16) {
            let mut key = [0; 16];
            key[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0 ^ fold(u128::from_be_bytes(key))).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_usize(&mut self, _length: usize) {
        // All keys are 16 bytes long.
    }
}

impl Interner {
    pub(super) fn new(state: &State) -> Self {
        Self {
            first_ordinal: state.ordinal_count,
            new_ordinals: HashMap::default(),
            new_keys: Vec::new(),
            new_texts: Vec::new(),
        }
    }

    /// The ordinal of an ID; a new one gets the next.
    pub(super) fn ordinal(&mut self, state: &State, id: &Id) -> Result<u32> {
        let key = id.key();
        if let Some(&ordinal) = self.new_ordinals.get(&key.to_be_bytes()) {
            return Ok(ordinal);
        }
        if self.first_ordinal > 0
            && let Some(ordinal) = state.ordinal(id)?
        {
            return Ok(ordinal);
        }
        let ordinal = self.first_ordinal + index_u32(self.new_keys.len());
        if let Id::Text(text) = id {
            self.new_texts.push((ordinal - self.first_ordinal, text.clone()));
        }
        self.new_keys.push(key);
        self.new_ordinals.insert(key.to_be_bytes(), ordinal);
        Ok(ordinal)
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

/// Writes a list of IDs: their keys, and the texts of those that are no GUIDs with their places in the list.
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
