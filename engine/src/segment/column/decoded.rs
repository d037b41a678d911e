//! The cells of a column, decoded at once: for reading nearly all of them.

use super::presence::RowContent;
use super::{Cell, Column, Kind};

/// The texts of a column, and which of them each row holds.
pub(crate) struct Decoded {
    /// Where each text ends; the first is empty and ends at 0.
    ends: Vec<u32>,
    texts: Vec<u8>,
    /// Per row the number of its text.
    numbers: TextNumbers,
}

enum TextNumbers {
    /// Every row has its own, in order, behind the empty one.
    InOrder,
    /// Rows may share them.
    Each(Vec<u32>),
}

impl Decoded {
    /// Bytes of memory that it takes.
    pub(crate) fn size(&self) -> usize {
        let numbers = if let TextNumbers::Each(numbers) = &self.numbers { numbers.len() } else { 0 };
        self.texts.len() + (self.ends.len() + numbers) * size_of::<u32>()
    }

    /// What [`Column::append`] appends for a row; nothing behind the last row.
    #[inline]
    pub(crate) fn get(&self, row: u32) -> &[u8] {
        let number = match &self.numbers {
            TextNumbers::InOrder => row as usize + 1,
            TextNumbers::Each(numbers) => numbers.get(row as usize).map_or(0, |number| *number as usize),
        };
        let ends = number.checked_sub(1).and_then(|before| self.ends.get(before..=number));
        let text = ends.and_then(|ends| self.texts.get(ends[0] as usize..ends[1] as usize));
        text.unwrap_or_default()
    }
}

impl Column<'_> {
    /// All cells; none when their texts are longer than `budget` bytes or cannot be decoded.
    pub(crate) fn decode(&self, budget: usize) -> Option<Decoded> {
        let mut texts = BoundedTexts::new(budget);
        let numbers = if let Kind::Dictionary(values) = &self.kind {
            let decoded = values.for_each_text(|text| _ = texts.push(text));
            let null = texts.push(Cell::Null.text());
            let numbers = self.numbers(&values.codes().to_vec(), null);
            // The codes of a column that was not gone through may say anything.
            let fits = numbers.iter().all(|number| *number <= null);
            (decoded && fits).then_some(TextNumbers::Each(numbers))?
        } else {
            let decoded = self.for_each(|_, text| {
                let is_known = Cell::of(text) != Cell::Unknown;
                _ = texts.push(if is_known { text } else { b"" });
            });
            (decoded && texts.len() == self.row_count as usize).then_some(TextNumbers::InOrder)?
        };
        texts.fits.then_some(Decoded { ends: texts.ends, texts: texts.bytes, numbers })
    }

    /// Per row the number of its text.
    fn numbers(&self, codes: &[u32], null: u32) -> Vec<u32> {
        let number = |position| match position {
            RowContent::Value(index) => codes.get(index).map_or(u32::MAX, |code| code.saturating_add(1)),
            RowContent::Other(Cell::Null) => null,
            RowContent::Other(_) => 0,
        };
        self.presence.slots().map(number).collect()
    }
}

/// Texts that grow, up to a budget.
struct BoundedTexts {
    ends: Vec<u32>,
    bytes: Vec<u8>,
    budget: usize,
    fits: bool,
}

impl BoundedTexts {
    fn new(budget: usize) -> Self {
        Self { ends: vec![0], bytes: Vec::new(), budget: budget.min(u32::MAX as usize), fits: true }
    }

    /// How many there are, without the empty one.
    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Adds a text and gives its number.
    fn push(&mut self, text: &[u8]) -> u32 {
        self.fits = self.fits && self.bytes.len() + text.len() <= self.budget;
        if self.fits {
            self.bytes.extend_from_slice(text);
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        number
    }
}
