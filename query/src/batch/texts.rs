//! A long list of texts in one buffer, shared by every batch whose cells are among them.
//!
//! *Invariants*: 1. Every end is the end of a character of the buffer and not before the end before it.
//! 2. The last end is the length of the buffer. Both are checked in [`Texts::new`].

use std::sync::OnceLock;

use crate::error::TableError;
use crate::function::operator::fold;

/// Many texts, one after the other in one buffer.
#[derive(Debug, Default)]
pub struct Texts {
    buffer: String,
    /// `[texts]u32`: where each text ends; it begins where the one before it ends.
    ends: Vec<u32>,
    /// The same texts with letter case folded, made on first use.
    folded: OnceLock<Option<Box<Texts>>>,
}

impl Texts {
    /// Takes the bytes of all texts, and where each ends.
    ///
    /// # Errors
    /// When the bytes are no UTF-8 or the ends do not cut them into texts.
    pub fn new(bytes: Vec<u8>, ends: Vec<u32>) -> Result<Self, TableError> {
        let buffer = String::from_utf8(bytes)
            .map_err(|error| TableError::Data(format!("the texts are not UTF-8: {error}")))?;
        let mut start = 0;
        for (index, end) in ends.iter().map(|end| *end as usize).enumerate() {
            if end < start || !buffer.is_char_boundary(end) {
                return Err(TableError::Data(format!(
                    "text {index} of {} ends inside another, at byte {end}",
                    ends.len()
                )));
            }
            start = end;
        }
        if start != buffer.len() {
            return Err(TableError::Data(format!(
                "the texts end at byte {start}, their buffer at {}",
                buffer.len()
            )));
        }
        Ok(Self { buffer, ends, folded: OnceLock::new() })
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One text.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn get(&self, index: usize) -> &str {
        &self.buffer[self.start(index)..self.ends[index] as usize]
    }

    /// Where a text begins in the buffer; where it would, for the one after the last.
    pub(crate) fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    /// All texts without a gap between them.
    pub(crate) fn buffer(&self) -> &str {
        &self.buffer
    }

    /// Where each text ends in the buffer.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The texts as comparisons see them that pass over letter case; nothing if they would not fit.
    pub(crate) fn folded(&self) -> Option<&Self> {
        self.folded.get_or_init(|| self.fold().map(Box::new)).as_deref()
    }

    fn fold(&self) -> Option<Self> {
        if self.buffer.is_ascii() {
            let buffer = self.buffer.to_ascii_lowercase();
            return Some(Self { buffer, ends: self.ends.clone(), folded: OnceLock::new() });
        }
        let mut buffer = String::with_capacity(self.buffer.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        for index in 0..self.len() {
            buffer.push_str(&fold(self.get(index)));
            ends.push(u32::try_from(buffer.len()).ok()?);
        }
        Some(Self { buffer, ends, folded: OnceLock::new() })
    }
}

#[cfg(test)]
mod tests;
