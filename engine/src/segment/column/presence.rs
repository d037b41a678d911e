//! For every row whether it holds a value, and which of the stored ones.
//!
//! | field | bytes | when |
//! | --- | --- | --- |
//! | head | 1 | always: low 3 bits = which rows hold values, next 2 bits = what the others are |
//! | count | varint | listed, unlisted |
//! | rows | packed | listed: rows with a value, ascending; unlisted: rows without |
//! | bits | ⌈rows / 8⌉ | bitmap: one bit per row, lowest first |
//! | ranks | packed | bitmap of more than 512 rows: values before each further 512 rows |
//! | others | packed | others mixed: 0 = absent, 1 = null, 2 = unknown for each row without a value |

use super::Cell;
use crate::segment::format::{FormatError, Reader, put_size};
use crate::segment::integers::{PackedU32s, put_packed_u32s};

/// Rows per entry of the ranks.
pub(super) const RANK_ROWS: usize = 512;

pub(super) const SET_ALL: u8 = 0;
pub(super) const SET_NONE: u8 = 1;
pub(super) const SET_BITMAP: u8 = 2;
pub(super) const SET_LISTED: u8 = 3;
pub(super) const SET_UNLISTED: u8 = 4;
/// The others differ; below it, what they all are.
pub(super) const OTHERS_MIXED: u8 = 3;

/// Which rows hold values, as stored.
#[derive(Debug, Clone)]
pub(super) struct Presence<'a> {
    row_count: usize,
    value_count: usize,
    set: Set<'a>,
    others: Others<'a>,
}

#[derive(Debug, Clone)]
enum Set<'a> {
    All,
    None,
    Bitmap { bits: &'a [u8], ranks: PackedU32s<'a> },
    Listed(PackedU32s<'a>),
    Unlisted(PackedU32s<'a>),
}

#[derive(Debug, Clone)]
enum Others<'a> {
    Alike(Cell),
    Mixed(PackedU32s<'a>),
}

/// Where a row's content is: among the stored values, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowContent {
    /// The index among the values.
    Value(usize),
    /// No value, but this.
    Other(Cell),
}

impl<'a> Presence<'a> {
    /// Reads what [`put`] wrote.
    ///
    /// # Errors
    /// When lengths, order, ranks or codes are not what the format allows.
    pub(super) fn read(reader: &mut Reader<'a>, row_count: usize) -> Result<Self, FormatError> {
        let head = reader.byte()?;
        let (set, value_count) = read_set(reader, head & 7, row_count)?;
        let others = match head >> 3 {
            OTHERS_MIXED => {
                let codes = PackedU32s::read(reader, row_count - value_count)?;
                if !reader.is_known() && codes.iter().any(|code| code > 2) {
                    return Err(reader.error("expected absent, null or unknown"));
                }
                Others::Mixed(codes)
            }
            code if code < OTHERS_MIXED => Others::Alike(other_of(u32::from(code))),
            code => return Err(reader.error(format!("expected others 0 to 3, found {code}"))),
        };
        Ok(Self { row_count, value_count, set, others })
    }

    /// How many rows hold values.
    pub(super) fn value_count(&self) -> usize {
        self.value_count
    }

    /// Where the content of `row` is; rows behind the last one are absent.
    #[inline]
    pub(super) fn slot(&self, row: usize) -> RowContent {
        if row >= self.row_count {
            return RowContent::Other(Cell::Absent);
        }
        match &self.set {
            Set::All => RowContent::Value(row),
            Set::None => self.other(row),
            Set::Bitmap { bits, ranks } => {
                let before = rank(bits, ranks, row);
                if bit(bits, row) { RowContent::Value(before) } else { self.other(row.wrapping_sub(before)) }
            }
            Set::Listed(rows) => match search(rows, row) {
                Ok(index) => RowContent::Value(index),
                Err(before) => self.other(row.wrapping_sub(before)),
            },
            Set::Unlisted(rows) => match search(rows, row) {
                Ok(index) => self.other(index),
                Err(before) => RowContent::Value(row.wrapping_sub(before)),
            },
        }
    }

    /// The contents of all rows in order, without a search for each.
    pub(super) fn slots(&self) -> impl Iterator<Item = RowContent> + '_ {
        let mut values = 0;
        (0..self.row_count).map(move |row| {
            let present = match &self.set {
                Set::All => true,
                Set::None => false,
                Set::Bitmap { bits, .. } => bit(bits, row),
                Set::Listed(rows) => values < rows.len() && rows.get(values) as usize == row,
                Set::Unlisted(rows) => {
                    let others = row - values;
                    others >= rows.len() || rows.get(others) as usize != row
                }
            };
            if !present {
                return self.other(row - values);
            }
            values += 1;
            RowContent::Value(values - 1)
        })
    }

    #[inline]
    fn other(&self, index: usize) -> RowContent {
        RowContent::Other(match &self.others {
            Others::Alike(cell) => *cell,
            Others::Mixed(codes) => other_of(codes.get(index)),
        })
    }
}

/// Appends the presence of rows that all hold values.
pub(super) fn put_all(out: &mut Vec<u8>) {
    out.push(SET_ALL);
}

/// Appends the presence of rows in the shortest of its forms.
pub(super) fn put(cells: &[Cell], out: &mut Vec<u8>) {
    let values = cells.iter().filter(|cell| **cell == Cell::Value).count();
    let others: Vec<u32> = cells.iter().filter_map(|cell| code_of(*cell)).collect();
    let alike = others.iter().all(|code| Some(code) == others.first());
    let first = others.first().copied().unwrap_or(0).to_le_bytes()[0];
    let head = if alike { first } else { OTHERS_MIXED } << 3;
    put_set(cells, values, head, out);
    if !alike {
        put_packed_u32s(&others, out);
    }
}

fn put_set(cells: &[Cell], values: usize, head: u8, out: &mut Vec<u8>) {
    if values == cells.len() {
        return out.push(head | SET_ALL);
    }
    if values == 0 {
        return out.push(head | SET_NONE);
    }
    let row_bits = (cells.len().ilog2() + 1) as usize;
    let fewer = values.min(cells.len() - values);
    if fewer * row_bits + 24 >= cells.len() + cells.len() / 32 {
        out.push(head | SET_BITMAP);
        return put_bitmap(cells, out);
    }
    let listed = fewer == values;
    out.push(head | if listed { SET_LISTED } else { SET_UNLISTED });
    let rows: Vec<u32> = (0_u32..)
        .zip(cells)
        .filter(|(_, cell)| (**cell == Cell::Value) == listed)
        .map(|(row, _)| row)
        .collect();
    put_size(rows.len(), out);
    put_packed_u32s(&rows, out);
}

fn put_bitmap(cells: &[Cell], out: &mut Vec<u8>) {
    for eight in cells.chunks(8) {
        let bits = eight.iter().rev().fold(0, |bits, cell| bits << 1 | u8::from(*cell == Cell::Value));
        out.push(bits);
    }
    let mut before = 0;
    let ranks: Vec<u32> = cells
        .chunks(RANK_ROWS)
        .map(|rows| {
            before += rows.iter().map(|cell| u32::from(*cell == Cell::Value)).sum::<u32>();
            before
        })
        .collect();
    let further = ranks.len() - 1;
    if further > 0 {
        put_packed_u32s(&ranks[..further], out);
    }
}

fn read_set<'a>(reader: &mut Reader<'a>, set: u8, row_count: usize) -> Result<(Set<'a>, usize), FormatError> {
    match set {
        SET_ALL => Ok((Set::All, row_count)),
        SET_NONE => Ok((Set::None, 0)),
        SET_BITMAP => {
            let bits = reader.take(row_count.div_ceil(8))?;
            let further = row_count.div_ceil(RANK_ROWS).saturating_sub(1);
            let mut none: &[u8] = &[0, 0];
            let ranks = match further {
                0 => PackedU32s::read(&mut Reader::new(std::mem::take(&mut none)), 0)?,
                _ => PackedU32s::read(reader, further)?,
            };
            let values = check_ranks(reader, bits, &ranks, row_count)?;
            Ok((Set::Bitmap { bits, ranks }, values))
        }
        SET_LISTED | SET_UNLISTED => {
            let count = reader.size(row_count)?;
            let rows = PackedU32s::read(reader, count)?;
            check_rows(reader, &rows, row_count)?;
            match set {
                SET_LISTED => Ok((Set::Listed(rows), count)),
                _ => Ok((Set::Unlisted(rows), row_count - count)),
            }
        }
        _ => Err(reader.error(format!("expected presence 0 to 4, found {set}"))),
    }
}

/// Counts the values and compares each rank with the bits before it.
fn check_ranks(
    reader: &Reader<'_>,
    bits: &[u8],
    ranks: &PackedU32s<'_>,
    row_count: usize,
) -> Result<usize, FormatError> {
    if reader.is_known() {
        let last = row_count.saturating_sub(1);
        return Ok((rank(bits, ranks, last) + usize::from(bit(bits, last))).min(row_count));
    }
    let mut values = 0;
    for (index, block) in bits.chunks(RANK_ROWS / 8).enumerate() {
        if index > 0 && ranks.get(index - 1) != values {
            return Err(reader.error(format!("expected rank {values} of presence")));
        }
        values += ones(block);
    }
    let unused = bits.last().map_or(0, |last| match row_count % 8 {
        0 => 0,
        used => last >> used,
    });
    if unused != 0 {
        return Err(reader.error("expected no presence behind the last row"));
    }
    Ok(values as usize)
}

fn check_rows(reader: &Reader<'_>, rows: &PackedU32s<'_>, row_count: usize) -> Result<(), FormatError> {
    if reader.is_known() {
        return Ok(());
    }
    let mut next = 0;
    for row in rows.iter() {
        let row = row as usize;
        if row < next || row >= row_count {
            return Err(reader.error(format!("expected ascending rows below {row_count}")));
        }
        next = row + 1;
    }
    Ok(())
}

/// The values before `row`.
#[inline]
fn rank(bits: &[u8], ranks: &PackedU32s<'_>, row: usize) -> usize {
    let block = row / RANK_ROWS;
    let before = if block == 0 { 0 } else { ranks.get(block - 1) };
    let start = block * (RANK_ROWS / 8);
    let whole = bits.get(start..row / 8).map_or(0, ones);
    let last = bits.get(row / 8).map_or(0, |byte| (byte & ((1 << (row % 8)) - 1)).count_ones());
    before.wrapping_add(whole + last) as usize
}

#[inline]
fn ones(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words: u32 = words.iter().map(|word| u64::from_le_bytes(*word).count_ones()).sum();
    words + rest.iter().map(|byte| byte.count_ones()).sum::<u32>()
}

#[inline]
fn bit(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

/// The index of `row`, or the number of listed rows before it.
fn search(rows: &PackedU32s<'_>, row: usize) -> Result<usize, usize> {
    let (mut low, mut high) = (0, rows.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match (rows.get(middle) as usize).cmp(&row) {
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

pub(super) fn other_of(code: u32) -> Cell {
    match code {
        0 => Cell::Absent,
        1 => Cell::Null,
        _ => Cell::Unknown,
    }
}

fn code_of(cell: Cell) -> Option<u32> {
    match cell {
        Cell::Absent => Some(0),
        Cell::Null => Some(1),
        Cell::Unknown => Some(2),
        Cell::Value => None,
    }
}
