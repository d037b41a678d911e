//! The cells of one attribute path for the rows of one row group: encoded by content, read in place.
//!
//! Shape of a chunk, little-endian; `varint` is LEB128, `packed` is a base, a width and bits (`integers/packed.rs`):
//!
//! | field | bytes | meaning |
//! | --- | --- | --- |
//! | encoding | 1 | how the values are stored, see below |
//! | presence | 1 or more | which rows hold values: `column/presence.rs` |
//! | values | all that is left | of the rows that hold one, in order |
//!
//! | encoding | values |
//! | --- | --- |
//! | 0 empty | none |
//! | 1 constant | one text, as long as the chunk goes on |
//! | 2 booleans | one bit each, lowest first, 1 = true |
//! | 3 integers | packed |
//! | 4 doubles | 8 bytes each |
//! | 5 date-times | `column/datetime.rs` |
//! | 6 GUIDs | 16 bytes each, in the order of the digits |
//! | 7 security identifiers | 16 bytes each: the four numbers behind `S-1-12-1-` |
//! | 8 dictionary | distinct count (varint), codes (packed), encoding (1) and values of the distinct texts, ascending |
//! | 9, 10, 11 texts | `column/text.rs`: plain, symbols, blocks |
//!
//! Invariants: (1) what is appended is byte for byte what was encoded; an encoding is chosen only if all values come
//! back so. (2) Reading never leaves the chunk; opening it whole checks every length, order and code. (3) Only blocks
//! and symbols can hold what opening has not seen: [`Column::verify`] decodes them, and a row whose bytes cannot be
//! decoded reads as unknown.
//!
//! Not here: checksums; they are checked before a column is opened.

mod blocks;
mod datetime;
mod decoded;
#[cfg(test)]
pub(super) mod document;
mod intern;
mod presence;
mod scalar;
mod symbols;
#[cfg(test)]
mod tests;
mod text;
mod values;

pub(crate) use decoded::Decoded;
pub(crate) use values::Kind;

use super::format::{FormatError, Reader};
use presence::{Presence, RowContent};

/// Rows of the longest column: row groups are shorter, but lists of IDs and of changed objects are columns too, and as
/// long as a backup makes them. It bounds what a damaged count can make a reader allocate.
pub(crate) const ROW_COUNT_MAX: u32 = 1 << 26;
/// The cell text of an unknown value.
const UNKNOWN: &[u8] = b"?";
const NULL: &[u8] = b"null";

/// What a row holds in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing: the object has no such attribute.
    Absent,
    /// An explicit `null`.
    Null,
    /// Never observed.
    Unknown,
    /// A JSON text.
    Value,
}

impl Cell {
    /// The meaning of a cell text.
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Self {
        match text {
            b"" => Self::Absent,
            NULL => Self::Null,
            UNKNOWN => Self::Unknown,
            _ => Self::Value,
        }
    }

    /// The cell text; empty for a value, which has its own.
    pub(crate) fn text(self) -> &'static [u8] {
        match self {
            Self::Absent | Self::Value => b"",
            Self::Null => NULL,
            Self::Unknown => UNKNOWN,
        }
    }
}

/// How the values of a chunk are stored; the numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Encoding {
    /// There are none.
    Empty = 0,
    /// All are the same text.
    Constant = 1,
    /// Bits.
    Booleans = 2,
    /// Packed integers.
    Integers = 3,
    /// Doubles.
    Doubles = 4,
    /// Packed ticks.
    DateTimes = 5,
    /// GUIDs.
    Guids = 6,
    /// Security identifiers.
    SecurityIds = 7,
    /// Distinct texts and codes.
    Dictionary = 8,
    /// Texts as they are.
    Plain = 9,
    /// Texts compressed one by one.
    Symbols = 10,
    /// Texts compressed in blocks.
    Blocks = 11,
}

impl Encoding {
    const ALL: [Self; 12] = [
        Self::Empty,
        Self::Constant,
        Self::Booleans,
        Self::Integers,
        Self::Doubles,
        Self::DateTimes,
        Self::Guids,
        Self::SecurityIds,
        Self::Dictionary,
        Self::Plain,
        Self::Symbols,
        Self::Blocks,
    ];

    /// The encoding of a number in a chunk.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A chunk, and what its directory entry says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedChunk {
    /// The chunk.
    pub(crate) bytes: Vec<u8>,
    /// How its values are stored: an [`Encoding`].
    pub(crate) encoding: u8,
    /// What can be known without reading it.
    pub(crate) stats: Stats,
}

/// What can be known of a chunk without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// All rows.
    pub(crate) row_count: u32,
    /// Rows with a value.
    pub(crate) present_count: u32,
    /// Rows with `null`.
    pub(crate) null_count: u32,
    /// Rows without a cell.
    pub(crate) absent_count: u32,
    /// Rows never observed.
    pub(crate) unknown_count: u32,
    /// Distinct values, where they were counted.
    pub(crate) distinct: Option<u32>,
    /// Least and greatest integer, or 100 ns ticks since 1970 where all values are date-times.
    pub(crate) range: Option<(i64, i64)>,
}

/// Encodes the cells of one column: a canonical JSON text per row, empty = absent, `?` = unknown.
///
/// A chunk of more than [`ROW_COUNT_MAX`] rows, or with a text of 2 GiB, could not be opened again.
pub(crate) fn encode(values: &[&[u8]]) -> EncodedChunk {
    encode_with(values, text::BlocksAllowed::Yes)
}

/// As [`encode`], for cells that are mostly read one by one: none of them shares a compressed block.
pub(crate) fn encode_quick(values: &[&[u8]]) -> EncodedChunk {
    encode_with(values, text::BlocksAllowed::No)
}

fn encode_with(values: &[&[u8]], blocks: text::BlocksAllowed) -> EncodedChunk {
    let mut counts = [0; 4];
    for value in values {
        counts[Cell::of(value) as usize] += 1;
    }
    let [absent_count, null_count, unknown_count, present_count] = counts;
    let mut presence = Vec::new();
    let stored = if present_count as usize == values.len() {
        presence::put_all(&mut presence);
        values::encode(values, blocks)
    } else {
        let cells: Vec<Cell> = values.iter().map(|value| Cell::of(value)).collect();
        presence::put(&cells, &mut presence);
        let mut present = Vec::with_capacity(present_count as usize);
        present.extend(values.iter().filter(|value| Cell::of(value) == Cell::Value));
        values::encode(&present, blocks)
    };
    let mut bytes = Vec::with_capacity(1 + presence.len() + stored.bytes.len());
    bytes.push(stored.encoding as u8);
    bytes.extend_from_slice(&presence);
    bytes.extend_from_slice(&stored.bytes);
    let stats = Stats {
        row_count: counts.iter().sum(),
        present_count,
        null_count,
        absent_count,
        unknown_count,
        distinct: stored.distinct,
        range: stored.range,
    };
    EncodedChunk { bytes, encoding: stored.encoding as u8, stats }
}

/// A chunk opened for reading.
#[derive(Debug, Clone)]
pub(crate) struct Column<'a> {
    row_count: u32,
    presence: Presence<'a>,
    kind: Kind<'a>,
}

impl<'a> Column<'a> {
    /// Opens a chunk whose checksum has been verified; takes time in proportion to its rows, not its texts.
    ///
    /// # Errors
    /// When a length, an order or a code is not what [`encode`] writes for that many rows.
    pub(crate) fn open(bytes: &'a [u8], row_count: u32) -> Result<Self, FormatError> {
        Self::read(Reader::new(bytes), row_count)
    }

    /// Opens a chunk in time that does not depend on its rows, because it was opened before or because only single cells
    /// of it are read. Reading stays within the chunk whatever it holds.
    ///
    /// # Errors
    /// When the chunk is shorter than its structure says.
    pub(crate) fn reopen(bytes: &'a [u8], row_count: u32) -> Result<Self, FormatError> {
        Self::read(Reader::known(bytes), row_count)
    }

    fn read(mut reader: Reader<'a>, row_count: u32) -> Result<Self, FormatError> {
        if row_count > ROW_COUNT_MAX {
            return Err(reader.error(format!("expected at most {ROW_COUNT_MAX} rows, found {row_count}")));
        }
        let code = reader.byte()?;
        let encoding = Encoding::from_code(code)
            .ok_or_else(|| reader.error(format!("expected encoding 0 to 11, found {code}")))?;
        let presence = Presence::read(&mut reader, row_count as usize)?;
        let kind = Kind::read(&mut reader, encoding, presence.value_count())?;
        Ok(Self { row_count, presence, kind })
    }

    /// How many rows there are.
    pub(crate) fn row_count(&self) -> u32 {
        self.row_count
    }

    /// How many rows hold values.
    #[cfg(test)]
    pub(crate) fn value_count(&self) -> usize {
        self.presence.value_count()
    }

    /// What a row holds; absent behind the last row.
    #[cfg(test)]
    pub(crate) fn cell(&self, row: u32) -> Cell {
        match self.presence.slot(row as usize) {
            RowContent::Value(_) => Cell::Value,
            RowContent::Other(cell) => cell,
        }
    }

    /// The index among the values of what a row holds, if it holds a value.
    #[cfg(test)]
    pub(crate) fn value_index(&self, row: u32) -> Option<usize> {
        match self.presence.slot(row as usize) {
            RowContent::Value(index) => Some(index),
            RowContent::Other(_) => None,
        }
    }

    /// For each row in order its index among the values, or what it holds instead.
    pub(crate) fn value_indexes(&self) -> impl Iterator<Item = Result<usize, Cell>> + '_ {
        self.presence.slots().map(|position| match position {
            RowContent::Value(index) => Ok(index),
            RowContent::Other(cell) => Err(cell),
        })
    }

    /// The values, by how they are stored.
    pub(crate) fn kind(&self) -> &Kind<'a> {
        &self.kind
    }

    /// Appends the JSON text of a row, `null` included; nothing if it is absent or unknown.
    #[inline]
    pub(crate) fn append(&self, row: u32, out: &mut Vec<u8>) -> Cell {
        match self.presence.slot(row as usize) {
            RowContent::Value(index) => {
                let start = out.len();
                if self.kind.append(index, out) {
                    return Cell::Value;
                }
                out.truncate(start);
                Cell::Unknown
            }
            RowContent::Other(cell) => {
                if cell == Cell::Null {
                    out.extend_from_slice(NULL);
                }
                cell
            }
        }
    }

    /// Calls `f` with each row and its cell text: empty = absent, `?` = unknown. Whether all bytes could be decoded.
    pub(crate) fn for_each(&self, mut f: impl FnMut(u32, &[u8])) -> bool {
        self.walk(&mut f)
    }

    /// Decodes everything, and checks that it is text.
    ///
    /// # Errors
    /// When a compressed text cannot be decoded, or a text is not UTF-8.
    pub(crate) fn verify(&self) -> Result<(), FormatError> {
        let mut wrong = None;
        let decoded = self.walk(&mut |row, text| {
            if wrong.is_none() && std::str::from_utf8(text).is_err() {
                wrong = Some(row);
            }
        });
        match wrong {
            Some(row) => Err(FormatError::new(0, format!("expected UTF-8 in row {row}"))),
            None if decoded => Ok(()),
            None => Err(FormatError::new(0, "expected compressed texts that can be decoded")),
        }
    }

    /// Whether all bytes could be decoded.
    fn walk(&self, f: &mut impl FnMut(u32, &[u8])) -> bool {
        let mut indexes = (0..).zip(self.presence.slots());
        let decoded = self.kind.for_each(self.presence.value_count(), |text| {
            for (row, index) in indexes.by_ref() {
                match index {
                    RowContent::Value(_) => return f(row, text),
                    RowContent::Other(cell) => f(row, cell.text()),
                }
            }
        });
        for (row, index) in indexes {
            if let RowContent::Other(cell) = index {
                f(row, cell.text());
            }
        }
        decoded
    }
}
