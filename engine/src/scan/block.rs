//! Reads one row group of a column: codes and distinct values, straight from how they are stored.

use super::{ABSENT, FIRST_VALUE, Form, NULL, UNKNOWN, chunk_of};
use crate::Result;
use crate::error::InvalidReason;
use crate::segment::column::{Cell, Column, Kind};
use crate::segment::footer::{GroupEntry, ReferenceEntry, TableEntry};
use crate::segment::reader::Segment;
use crate::segment::reference;

/// Texts one after the other in one buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextList {
    /// All their bytes.
    pub bytes: Vec<u8>,
    /// `[texts]u32`: where each ends, in bytes.
    pub ends: Vec<u32>,
}

/// A run of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Canonical JSON texts.
    Json(TextList),
    /// 64-bit integers.
    Integers(Vec<i64>),
    /// Points in time: ticks of 100 ns since 1970.
    Ticks(Vec<i64>),
}

/// A part of a column: some versions that follow one another.
#[derive(Debug, Clone)]
pub struct Block {
    pub(super) first_version: u32,
    pub(super) count: u32,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// No version has the attribute.
    Absent,
    /// A code for each version; those of values are indexes into `values`.
    Whole { codes: Vec<u32>, values: Values, repeats: Repeats },
    /// A code for each version, or that of its predecessor.
    Patched { changed: Vec<(u32, u32)>, predecessors: Vec<u32>, values: TextList },
}

/// Whether blocks mostly have the same values, so that they are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    Yes,
    No,
}

impl TextList {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One of them.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[*start as usize..*end as usize])
    }

    /// Ends the text that was appended to `bytes`.
    pub(super) fn close(&mut self) -> Result<()> {
        let length = self.bytes.len();
        self.ends.push(u32::try_from(length).map_err(|_| InvalidReason::ColumnTooLong { length })?);
        Ok(())
    }

    pub(super) fn push(&mut self, text: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(text);
        self.close()
    }
}

impl Values {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Json(texts) => texts.len(),
            Self::Integers(numbers) | Self::Ticks(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a row group; a group without the path has no content.
pub(super) fn read_group(
    segment: &Segment,
    table: &TableEntry,
    group: &GroupEntry,
    number: Option<u32>,
    form: Form,
) -> Result<Block> {
    let first_version = table.first_version.saturating_add(group.first_row);
    let count = group.row_count;
    let Some(chunk) = chunk_of(group, number) else {
        return Ok(Block { first_version, count, content: Content::Absent });
    };
    let column = segment.column(chunk)?;
    if column.row_count() != count {
        return Err(segment.footer_error(format!("chunk {chunk} has not as many rows as its row group")));
    }
    let reference = group.references.binary_search_by_key(&chunk, |entry| entry.chunk).ok();
    let content = match (reference, column.kind()) {
        (Some(position), _) => read_repeating(segment, &column, &group.references[position])?,
        (None, Kind::Integers(numbers)) if form == Form::Typed => {
            let numbers = numbers.iter().map(u64::cast_signed).collect();
            whole(&column, Values::Integers(numbers), Repeats::No, code_of_index)
        }
        (None, Kind::DateTimes(times)) if form == Form::Typed => {
            let ticks = (0..times.len()).map(|index| times.get(index)).collect();
            whole(&column, Values::Ticks(ticks), Repeats::No, code_of_index)
        }
        (None, Kind::Booleans(bits)) => {
            let values = TextList { bytes: b"falsetrue".to_vec(), ends: vec![5, 9] };
            let code = |index| FIRST_VALUE + u32::from(bits.get(index));
            whole(&column, Values::Json(values), Repeats::Yes, code)
        }
        (None, Kind::Constant(text)) => {
            let mut values = TextList::default();
            values.push(text)?;
            whole(&column, Values::Json(values), Repeats::Yes, |_| FIRST_VALUE)
        }
        (None, Kind::Dictionary(dictionary)) => {
            let mut values = TextList::default();
            let mut pushed = Ok(());
            let decoded = dictionary.for_each_text(|text| {
                if pushed.is_ok() {
                    pushed = values.push(text);
                }
            });
            pushed?;
            check_decoded(segment, chunk, decoded)?;
            let codes = dictionary.codes().to_vec();
            let code = |index: usize| codes.get(index).map_or(UNKNOWN, |code| FIRST_VALUE + code);
            whole(&column, Values::Json(values), Repeats::Yes, code)
        }
        (None, _) => read_texts(segment, chunk, &column)?,
    };
    Ok(Block { first_version, count, content })
}

fn whole(column: &Column<'_>, values: Values, repeats: Repeats, code: impl Fn(usize) -> u32) -> Content {
    let codes = column.value_indexes().map(|index| match index {
        Ok(index) => code(index),
        Err(cell) => code_of_cell(cell),
    });
    Content::Whole { codes: codes.collect(), values, repeats }
}

fn code_of_index(index: usize) -> u32 {
    FIRST_VALUE + u32::try_from(index).unwrap_or(0)
}

pub(super) fn code_of_cell(cell: Cell) -> u32 {
    match cell {
        Cell::Null => NULL,
        Cell::Unknown => UNKNOWN,
        Cell::Absent | Cell::Value => ABSENT,
    }
}

/// A column of texts, each a value of its own.
fn read_texts(segment: &Segment, chunk: u32, column: &Column<'_>) -> Result<Content> {
    let mut codes = Vec::with_capacity(column.row_count() as usize);
    let mut values = TextList::default();
    let mut pushed = Ok(());
    let decoded = column.for_each(|_, text| {
        let cell = Cell::of(text);
        if cell != Cell::Value {
            codes.push(code_of_cell(cell));
        } else if pushed.is_ok() {
            codes.push(code_of_index(values.len()));
            pushed = values.push(text);
        }
    });
    pushed?;
    check_decoded(segment, chunk, decoded)?;
    Ok(Content::Whole { codes, values: Values::Json(values), repeats: Repeats::No })
}

/// A column whose unknown cells repeat those of another one.
fn read_repeating(segment: &Segment, column: &Column<'_>, entry: &ReferenceEntry) -> Result<Content> {
    let base = segment.column(entry.base)?;
    let mut bases = TextList::default();
    let mut pushed = Ok(());
    let decoded = base.for_each(|_, text| {
        if pushed.is_ok() {
            pushed = bases.push(text);
        }
    });
    check_decoded(segment, entry.base, decoded)?;
    let mut codes = Vec::with_capacity(column.row_count() as usize);
    let mut values = TextList::default();
    let mut missing = None;
    let decoded = column.for_each(|row, text| {
        let cell = Cell::of(text);
        let made = match cell {
            Cell::Value => {
                values.bytes.extend_from_slice(text);
                true
            }
            Cell::Unknown => {
                let base = if (row as usize) < bases.len() { bases.get(row as usize) } else { b"" };
                let made = reference::append(entry, base, &mut values.bytes);
                if !made {
                    missing = Some(row);
                }
                made
            }
            Cell::Null | Cell::Absent => false,
        };
        if made {
            codes.push(code_of_index(values.len()));
            if pushed.is_ok() {
                pushed = values.close();
            }
        } else {
            codes.push(code_of_cell(cell));
        }
    });
    pushed?;
    check_decoded(segment, entry.chunk, decoded)?;
    if let Some(row) = missing {
        return Err(segment.footer_error(format!("row {row} repeats a text that is not there")));
    }
    Ok(Content::Whole { codes, values: Values::Json(values), repeats: Repeats::No })
}

fn check_decoded(segment: &Segment, chunk: u32, decoded: bool) -> Result<()> {
    if decoded {
        return Ok(());
    }
    Err(segment.footer_error(format!("chunk {chunk} holds compressed texts that cannot be decoded")))
}
