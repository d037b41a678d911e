//! Stores vectors of whole numbers: packed ones that are read in place, and blocks that are decoded as a whole.
//!
//! Shape of a vector of u32 (`encode_u32s`), little-endian; `varint` is LEB128, `packed` see `packed.rs`:
//!
//! | field | bytes | when |
//! | --- | --- | --- |
//! | kind | 1 | always: 0 = blocks, 1 = progression |
//! | first, step | varint, varint (zigzag) | progression: the value at `i` is `first + i * step` (constant: step 0) |
//! | block: way and width | 1 | low 6 bits: bits per value; top 2 bits: 0 = distance from the base, 1 = difference from the value before |
//! | block: base | varint | the least value; with differences the first value |
//! | block: least difference | varint (zigzag) | with differences only |
//! | block: bits | ⌈values × width / 8⌉ | values, lowest bit first; with differences one less |
//!
//! A block holds 1,024 values, the last one the rest; an empty vector has no bytes at all.

mod packed;
#[cfg(test)]
mod tests;

pub(crate) use packed::{PackedU32s, PackedU64s, put_packed_u32s, put_packed_u64s};

use super::format::{FormatError, Reader, put_varint, unzigzag, zigzag};
use packed::{pack, packed_len, unpack, width_of};

/// Values per block.
pub(crate) const BLOCK: usize = 1024;

pub(super) const KIND_BLOCKS: u8 = 0;
pub(super) const KIND_PROGRESSION: u8 = 1;
/// Set in a block's first byte when it holds differences.
pub(super) const DIFFERENCES: u8 = 0x40;

/// Encodes a vector; [`decode_u32s`] needs the number of values to undo it.
pub(crate) fn encode_u32s(values: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(&first) = values.first() else { return out };
    if let Some(step) = step_of(values) {
        out.push(KIND_PROGRESSION);
        put_varint(u64::from(first), &mut out);
        put_varint(zigzag(step), &mut out);
        return out;
    }
    out.push(KIND_BLOCKS);
    for block in values.chunks(BLOCK) {
        put_block(block, &mut out);
    }
    out
}

/// Decodes `count` values. The caller vouches for `count`, which alone decides how much memory is taken.
///
/// # Errors
/// When `bytes` is not what [`encode_u32s`] writes for that many values.
pub(crate) fn decode_u32s(bytes: &[u8], count: usize) -> Result<Vec<u32>, FormatError> {
    let mut decoding = Decoding::new(bytes, count)?;
    let mut values = vec![0; count];
    for values in values.chunks_mut(BLOCK) {
        decoding.next_into(values)?;
    }
    decoding.reader.finish()?;
    Ok(values)
}

/// A vector that is decoded block by block, so that it takes no memory.
pub(crate) struct Decoding<'a> {
    reader: Reader<'a>,
    left: usize,
    progression: Option<Progression>,
}

impl<'a> Decoding<'a> {
    /// Begins a vector of `count` values.
    ///
    /// # Errors
    /// As [`decode_u32s`], and so later.
    pub(crate) fn new(bytes: &'a [u8], count: usize) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes);
        let progression = match count {
            0 => None,
            _ => match reader.byte()? {
                KIND_BLOCKS => None,
                KIND_PROGRESSION => Some(decode_progression(&mut reader)?),
                kind => return Err(reader.error(format!("expected kind 0 or 1 of a vector, found {kind}"))),
            },
        };
        Ok(Self { reader, left: count, progression })
    }

    /// The next values, none when all were given: of two vectors of the same length always equally many.
    pub(crate) fn next_block<'v>(&mut self, values: &'v mut [u32; BLOCK]) -> Result<&'v [u32], FormatError> {
        let length = self.left.min(BLOCK);
        let values = &mut values[..length];
        self.next_into(values)?;
        Ok(values)
    }

    /// Fills `values`, a whole block or all that is left.
    fn next_into(&mut self, values: &mut [u32]) -> Result<(), FormatError> {
        self.left -= values.len();
        match &mut self.progression {
            _ if values.is_empty() => self.reader.finish()?,
            Some(progression) => {
                for value in values {
                    *value = progression.first;
                    progression.first = progression.first.wrapping_add(progression.step);
                }
            }
            None => PackedBlock::read(&mut self.reader, values.len())?.unpack(values),
        }
        Ok(())
    }
}

/// The step when all values are equally far apart.
fn step_of(values: &[u32]) -> Option<i64> {
    let step = match values {
        [first, second, ..] => i64::from(*second) - i64::from(*first),
        _ => 0,
    };
    let equal = values.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step);
    equal.then_some(step)
}

fn put_block(block: &[u32], out: &mut Vec<u8>) {
    let (least, greatest) =
        block.iter().fold((u32::MAX, 0), |(low, high), value| (low.min(*value), high.max(*value)));
    let width = width_of(u64::from(greatest.saturating_sub(least)));
    if let Some((least_step, step_width)) = steps_of(block)
        && packed_len(block.len() - 1, step_width) + 2 < packed_len(block.len(), width)
    {
        out.push(width_byte(step_width) | DIFFERENCES);
        put_varint(u64::from(block[0]), out);
        put_varint(zigzag(least_step), out);
        let steps = block
            .windows(2)
            .map(|pair| (i64::from(pair[1]) - i64::from(pair[0]) - least_step).cast_unsigned());
        pack(steps, step_width, out);
    } else {
        out.push(width_byte(width));
        put_varint(u64::from(least), out);
        pack(block.iter().map(|value| u64::from(value - least)), width, out);
    }
}

/// The least difference of neighbours and the bits for the distance from it; none for a single value or above 32 bits.
fn steps_of(block: &[u32]) -> Option<(i64, u32)> {
    let steps = block.windows(2).map(|pair| i64::from(pair[1]) - i64::from(pair[0]));
    let (least, greatest) =
        steps.fold((i64::MAX, i64::MIN), |(low, high), step| (low.min(step), high.max(step)));
    if least > greatest {
        return None;
    }
    let width = width_of((greatest - least).cast_unsigned());
    (width <= 32).then_some((least, width))
}

/// A block whose values are still packed.
struct PackedBlock<'a> {
    /// The least value; with differences the first one.
    base: u32,
    /// With differences the least of them.
    least_step: Option<u32>,
    width: u32,
    bits: &'a [u8],
}

impl<'a> PackedBlock<'a> {
    fn read(reader: &mut Reader<'a>, length: usize) -> Result<Self, FormatError> {
        let head = reader.byte()?;
        let width = u32::from(head & 0x3f);
        if width > 32 || head & 0x80 != 0 {
            return Err(reader.error(format!("expected at most 32 bits a value, found {head:#x}")));
        }
        let base = read_u32(reader)?;
        if head & DIFFERENCES == 0 {
            let bits = reader.take(packed_len(length, width))?;
            return Ok(Self { base, least_step: None, width, bits });
        }
        let least_step = Some(low_half(unzigzag(reader.varint()?).cast_unsigned()));
        let bits = reader.take(packed_len(length - 1, width))?;
        Ok(Self { base, least_step, width, bits })
    }

    fn unpack(&self, values: &mut [u32]) {
        let Some(least) = self.least_step else {
            unpack(self.bits, self.width, values);
            for value in values {
                *value = value.wrapping_add(self.base);
            }
            return;
        };
        let (first, steps) = values.split_first_mut().expect("blocks are never empty");
        unpack(self.bits, self.width, steps);
        *first = self.base;
        let mut before = self.base;
        for value in steps {
            before = before.wrapping_add(least).wrapping_add(*value);
            *value = before;
        }
    }
}

/// A vector in which single values are looked up: heads of blocks are skimmed, and one block is unpacked.
pub(crate) struct Skimmed<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Skimmed<'a> {
    /// A vector of `count` values.
    pub(crate) fn new(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes, count }
    }

    /// The value at an index; none behind the end.
    ///
    /// # Errors
    /// When what is read of it is not what [`encode_u32s`] writes.
    pub(crate) fn get(&self, index: usize) -> Result<Option<u32>, FormatError> {
        if index >= self.count {
            return Ok(None);
        }
        let mut reader = Reader::new(self.bytes);
        if reader.byte()? != KIND_BLOCKS {
            return Ok(Some(decode_progression(&mut reader)?.get(index)));
        }
        for start in (0..=index).step_by(BLOCK) {
            let length = BLOCK.min(self.count - start);
            let block = PackedBlock::read(&mut reader, length)?;
            if index < start + length {
                let mut values = [0; BLOCK];
                block.unpack(&mut values[..length]);
                return Ok(Some(values[index - start]));
            }
        }
        Ok(None)
    }

    /// The index of a value among ascending ones.
    ///
    /// # Errors
    /// As [`Skimmed::get`].
    pub(crate) fn index_of(&self, wanted: u32) -> Result<Option<usize>, FormatError> {
        let mut reader = Reader::new(self.bytes);
        if self.count == 0 {
            return Ok(None);
        }
        if reader.byte()? != KIND_BLOCKS {
            return Ok(decode_progression(&mut reader)?.index_of(wanted, self.count));
        }
        // The base of an ascending block is its first value, so that it is in the last block that does not begin behind it.
        let mut found = None;
        for start in (0..self.count).step_by(BLOCK) {
            let length = BLOCK.min(self.count - start);
            let block = PackedBlock::read(&mut reader, length)?;
            if block.base > wanted {
                break;
            }
            found = Some((start, length, block));
        }
        let Some((start, length, block)) = found else { return Ok(None) };
        let mut values = [0; BLOCK];
        block.unpack(&mut values[..length]);
        Ok(values[..length].binary_search(&wanted).ok().map(|index| start + index))
    }
}

/// Values that are equally far apart.
struct Progression {
    first: u32,
    step: u32,
}

impl Progression {
    fn get(&self, index: usize) -> u32 {
        self.first.wrapping_add(self.step.wrapping_mul(low_half(index as u64)))
    }

    fn index_of(&self, wanted: u32, count: usize) -> Option<usize> {
        let distance = wanted.checked_sub(self.first)?;
        let index = distance.checked_div(self.step).unwrap_or(0) as usize;
        (index < count && self.get(index) == wanted).then_some(index)
    }
}

fn decode_progression(reader: &mut Reader<'_>) -> Result<Progression, FormatError> {
    let first = read_u32(reader)?;
    let step = low_half(unzigzag(reader.varint()?).cast_unsigned());
    Ok(Progression { first, step })
}

fn read_u32(reader: &mut Reader<'_>) -> Result<u32, FormatError> {
    let value = reader.varint()?;
    u32::try_from(value).map_err(|_| reader.error(format!("expected a number of 32 bits, found {value}")))
}

/// Sums of u32 are taken modulo 2³², so the lower half of a step is all that counts.
fn low_half(value: u64) -> u32 {
    let bytes = value.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn width_byte(width: u32) -> u8 {
    width.to_le_bytes()[0]
}
