//! Values as bytes and back, for files that only this process reads while a query runs.

use std::ops::Range;
use std::sync::Arc;

use crate::batch::{Batch, Column};
use crate::value::Value;

/// Deepest nesting read back; values are made by a parser with a lower limit.
const DEPTH_MAX: usize = 512;

/// Writes some rows of a batch: their number, then column after column.
pub(super) fn encode(batch: &Batch, rows: Range<usize>, bytes: &mut Vec<u8>) {
    write_length(rows.len(), bytes);
    for column in &batch.columns {
        for row in rows.clone() {
            match column.text(row) {
                Some(text) => write_text(text, bytes),
                None => write_value(&column.get(row), bytes),
            }
        }
    }
}

fn write_length(length: usize, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
}

fn write_bytes(tag: u8, inside: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend_from_slice(inside);
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(5);
    write_length(text.len(), bytes);
    bytes.extend_from_slice(text.as_bytes());
}

fn write_value(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0),
        Value::Bool(false) => bytes.push(1),
        Value::Bool(true) => bytes.push(2),
        Value::Long(long) => write_bytes(3, &long.to_le_bytes(), bytes),
        Value::Real(real) => write_bytes(4, &real.to_bits().to_le_bytes(), bytes),
        Value::String(text) => write_text(text, bytes),
        Value::Datetime(ticks) => write_bytes(6, &ticks.to_le_bytes(), bytes),
        Value::Timespan(ticks) => write_bytes(7, &ticks.to_le_bytes(), bytes),
        Value::Guid(guid) => write_bytes(8, &guid.to_le_bytes(), bytes),
        Value::Array(elements) => {
            bytes.push(9);
            write_length(elements.len(), bytes);
            elements.iter().for_each(|element| write_value(element, bytes));
        }
        Value::Object(pairs) => {
            bytes.push(10);
            write_length(pairs.len(), bytes);
            for (key, value) in pairs.iter() {
                write_text(key, bytes);
                write_value(value, bytes);
            }
        }
    }
}

/// Reads rows of so many columns; nothing if the bytes are not what was written.
pub(super) fn decode(bytes: &[u8], width: usize) -> Option<Batch> {
    let mut left = Left(bytes);
    let row_count = left.length()?;
    let mut columns = Vec::with_capacity(width);
    for _ in 0..width {
        let mut values = Vec::with_capacity(row_count.min(bytes.len()));
        for _ in 0..row_count {
            values.push(left.value(DEPTH_MAX)?);
        }
        columns.push(Column::of(values));
    }
    left.0.is_empty().then_some(Batch { columns, row_count })
}

/// Bytes that were not read yet.
struct Left<'b>(&'b [u8]);

impl Left<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).ok()
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(Arc::from)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let [tag] = self.array()?;
        Some(match tag {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Long(i64::from_le_bytes(self.array()?)),
            4 => Value::Real(f64::from_bits(u64::from_le_bytes(self.array()?))),
            5 => Value::String(self.text()?),
            6 => Value::Datetime(i64::from_le_bytes(self.array()?)),
            7 => Value::Timespan(i64::from_le_bytes(self.array()?)),
            8 => Value::Guid(u128::from_le_bytes(self.array()?)),
            9 => {
                let count = self.length()?;
                let elements = (0..count).map(|_| self.value(depth));
                Value::Array(Arc::new(elements.collect::<Option<_>>()?))
            }
            10 => {
                let count = self.length()?;
                let pairs = (0..count).map(|_| {
                    let [5] = self.array()? else { return None };
                    Some((self.text()?, self.value(depth)?))
                });
                Value::Object(Arc::new(pairs.collect::<Option<_>>()?))
            }
            _ => return None,
        })
    }
}
