//! Reads the IDs of many ordinals at once.

use super::{Scan, TextList};
use crate::Result;
use crate::id::Id;
use crate::id_index::Ids;
use crate::state::State;

/// Fewer IDs than this are looked up one by one.
const BULK_COUNT_MIN: usize = 2048;

impl Scan {
    /// The IDs of ordinals.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn ids(&self, ordinals: &[u32]) -> Result<TextList> {
        let state = self.snapshot.state();
        let mut texts = TextList::default();
        if ordinals.len() < BULK_COUNT_MIN {
            let ids = Ids::few(state);
            for &ordinal in ordinals {
                ids.id(ordinal)?.write_text(&mut texts.bytes);
                texts.close()?;
            }
            return Ok(texts);
        }
        let ids = Ids::new(state);
        texts.bytes.reserve(ordinals.len() * 36);
        let ranges = open_ranges(state)?;
        for &ordinal in ordinals {
            let index = ranges.partition_point(|range| range.first <= ordinal);
            let guid = index.checked_sub(1).and_then(|index| ranges[index].guid(ordinal));
            match guid {
                Some(guid) => Id::Guid(*guid).write_text(&mut texts.bytes),
                None => ids.id(ordinal)?.write_text(&mut texts.bytes),
            }
            texts.close()?;
        }
        Ok(texts)
    }
}

/// IDs that one segment added.
struct Range<'s> {
    first: u32,
    keys: &'s [[u8; 16]],
    /// One bit for each ID: whether it is a text.
    textual: Vec<u64>,
}

impl Range<'_> {
    /// The GUID of an ordinal; nothing if its ID is a text, or not here.
    fn guid(&self, ordinal: u32) -> Option<&[u8; 16]> {
        let row = (ordinal - self.first) as usize;
        let word = self.textual.get(row / 64).copied().unwrap_or(0);
        if word >> (row % 64) & 1 == 1 { None } else { self.keys.get(row) }
    }
}

fn open_ranges(state: &State) -> Result<Vec<Range<'_>>> {
    let mut ranges = Vec::with_capacity(state.id_ranges.len());
    for &(first, sequence) in &state.id_ranges {
        let segment = state.segment(sequence)?;
        let entry = segment.footer.ids;
        let entry = entry.ok_or_else(|| segment.footer_error("expected IDs in this segment, found none"))?;
        let keys: &[[u8; 16]] = segment.chunk(entry.keys)?.as_chunks().0;
        let mut textual = Vec::new();
        if let Some(rows) = entry.text_rows {
            textual.resize(keys.len().div_ceil(64), 0);
            for row in segment.packed(rows)?.iter() {
                if let Some(word) = textual.get_mut(row as usize / 64) {
                    *word |= 1 << (row % 64);
                }
            }
        }
        ranges.push(Range { first, keys, textual });
    }
    Ok(ranges)
}
