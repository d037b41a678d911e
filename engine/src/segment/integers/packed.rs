//! Packs numbers into the bits they need above a base, readable one by one in place.
//!
//! | field | bytes | meaning |
//! | --- | --- | --- |
//! | base | varint (zigzag) | subtracted from every value, modulo 2⁶⁴ |
//! | width | 1 | bits per value, 0 to 64 |
//! | bits | ⌈count × width / 8⌉ | values, lowest bit first |

use crate::segment::format::{FormatError, Reader, put_varint, unzigzag, zigzag};

/// Numbers of 64 bits, packed; signed ones are stored by their two's complement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedU64s<'a> {
    bits: &'a [u8],
    base: u64,
    mask: u64,
    width: u32,
    count: usize,
}

impl<'a> PackedU64s<'a> {
    /// Opens `count` numbers that fill `bytes`.
    ///
    /// # Errors
    /// When the length does not fit.
    #[cfg(test)]
    pub(crate) fn open(bytes: &'a [u8], count: usize) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes);
        let packed = Self::read(&mut reader, count)?;
        reader.finish()?;
        Ok(packed)
    }

    /// Opens `count` numbers at the position of `reader`, and moves it behind them.
    ///
    /// # Errors
    /// When they do not fit into what is left.
    pub(crate) fn read(reader: &mut Reader<'a>, count: usize) -> Result<Self, FormatError> {
        let base = unzigzag(reader.varint()?).cast_unsigned();
        let width = u32::from(reader.byte()?);
        if width > 64 || count > usize::MAX / 64 {
            return Err(reader.error(format!("expected at most 64 bits a value, found {width}")));
        }
        let bits = reader.take(packed_len(count, width))?;
        Ok(Self { bits, base, mask: mask_of(width), width, count })
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The number at `index`; behind the last one, some number.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u64 {
        self.base.wrapping_add(load(self.bits, index, self.width) & self.mask)
    }

    /// The same number for all, if no bits are stored.
    pub(crate) fn constant(&self) -> Option<u64> {
        (self.width == 0).then_some(self.base)
    }

    /// All numbers in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.count).map(|index| self.get(index))
    }

    /// All numbers, unpacked, several times as fast as one by one; none if some could exceed 32 bits.
    pub(crate) fn to_u32s(self) -> Option<Vec<u32>> {
        let greatest = self.base.checked_add(self.mask)?;
        if greatest > u64::from(u32::MAX) && self.width > 0 {
            return None;
        }
        let base = u32::try_from(self.base).ok()?;
        Some(self.unpacked(base))
    }

    fn unpacked(&self, base: u32) -> Vec<u32> {
        let mut values = vec![0; self.count];
        unpack(self.bits, self.width, &mut values);
        if base != 0 {
            for value in &mut values {
                *value = value.wrapping_add(base);
            }
        }
        values
    }
}

/// Numbers of 32 bits, packed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedU32s<'a>(PackedU64s<'a>);

impl<'a> PackedU32s<'a> {
    /// Opens `count` numbers that fill `bytes`.
    ///
    /// # Errors
    /// When the length does not fit, or a number could exceed 32 bits.
    pub(crate) fn open(bytes: &'a [u8], count: usize) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes);
        let packed = Self::read(&mut reader, count)?;
        reader.finish()?;
        Ok(packed)
    }

    /// Opens `count` numbers at the position of `reader`, and moves it behind them.
    ///
    /// # Errors
    /// When they do not fit into what is left, or a number could exceed 32 bits.
    pub(crate) fn read(reader: &mut Reader<'a>, count: usize) -> Result<Self, FormatError> {
        let packed = PackedU64s::read(reader, count)?;
        if packed.width > 32 || packed.base > u64::from(u32::MAX) {
            return Err(reader.error("expected packed numbers of 32 bits"));
        }
        Ok(Self(packed))
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.0.count
    }

    /// The number at `index`; behind the last one, some number.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u32 {
        low_half(self.0.get(index))
    }

    /// The same number for all, if no bits are stored.
    #[cfg(test)]
    pub(crate) fn constant(&self) -> Option<u32> {
        self.0.constant().map(low_half)
    }

    /// All numbers in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(low_half)
    }

    /// All numbers, unpacked, several times as fast as one by one.
    pub(crate) fn to_vec(self) -> Vec<u32> {
        self.0.unpacked(low_half(self.0.base))
    }
}

/// Appends packed numbers, the base being the least of them.
pub(crate) fn put_packed_u32s(values: &[u32], out: &mut Vec<u8>) {
    let base = values.iter().copied().min().unwrap_or(0);
    let bits = values.iter().fold(0, |bits, value| bits | (value - base));
    let width = width_of(u64::from(bits));
    put_head(u64::from(base), width, out);
    pack(values.iter().map(|value| u64::from(value - base)), width, out);
}

/// Appends packed numbers above a base, which for signed ones is their least one.
pub(crate) fn put_packed_u64s(values: &[u64], base: u64, out: &mut Vec<u8>) {
    let bits = values.iter().fold(0, |bits, value| bits | value.wrapping_sub(base));
    let width = width_of(bits);
    put_head(base, width, out);
    pack(values.iter().map(|value| value.wrapping_sub(base)), width, out);
}

fn put_head(base: u64, width: u32, out: &mut Vec<u8>) {
    put_varint(zigzag(base.cast_signed()), out);
    out.push(width.to_le_bytes()[0]);
}

/// Bits that `value` needs.
pub(super) fn width_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// Bytes that packed numbers take.
pub(super) fn packed_len(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends numbers of at most `width` bits each.
pub(super) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let mut pending = 0_u128;
    let mut filled = 0;
    for value in values {
        pending |= u128::from(value) << filled;
        filled += width;
        if filled >= 64 {
            out.extend_from_slice(&pending.to_le_bytes()[..8]);
            pending >>= 64;
            filled -= 64;
        }
    }
    out.extend_from_slice(&pending.to_le_bytes()[..filled.div_ceil(8) as usize]);
}

/// Unpacks numbers of at most 32 bits, one for each element of `values`.
pub(super) fn unpack(bits: &[u8], width: u32, values: &mut [u32]) {
    if let Some(unpack) = UNPACK.get(width as usize) {
        unpack(bits, values);
    }
}

type Unpack = fn(&[u8], &mut [u32]);

/// One function per width, so that all shifts are constants.
const UNPACK: [Unpack; 33] = [
    unpack_width::<0>,
    unpack_width::<1>,
    unpack_width::<2>,
    unpack_width::<3>,
    unpack_width::<4>,
    unpack_width::<5>,
    unpack_width::<6>,
    unpack_width::<7>,
    unpack_width::<8>,
    unpack_width::<9>,
    unpack_width::<10>,
    unpack_width::<11>,
    unpack_width::<12>,
    unpack_width::<13>,
    unpack_width::<14>,
    unpack_width::<15>,
    unpack_width::<16>,
    unpack_width::<17>,
    unpack_width::<18>,
    unpack_width::<19>,
    unpack_width::<20>,
    unpack_width::<21>,
    unpack_width::<22>,
    unpack_width::<23>,
    unpack_width::<24>,
    unpack_width::<25>,
    unpack_width::<26>,
    unpack_width::<27>,
    unpack_width::<28>,
    unpack_width::<29>,
    unpack_width::<30>,
    unpack_width::<31>,
    unpack_width::<32>,
];

/// Eight numbers of `WIDTH` bits fill `WIDTH` bytes.
fn unpack_width<const WIDTH: usize>(bits: &[u8], values: &mut [u32]) {
    if WIDTH == 0 {
        values.fill(0);
        return;
    }
    let mask = mask_of(width_of_const::<WIDTH>());
    let whole = values.len() / 8 * 8;
    let (eights, rest) = values.split_at_mut(whole);
    for (eight, group) in eights.chunks_exact_mut(8).zip(bits.chunks_exact(WIDTH)) {
        let mut words = [0; 40];
        words[..WIDTH].copy_from_slice(group);
        for (index, value) in eight.iter_mut().enumerate() {
            let bit = index * WIDTH;
            let mut word = [0; 8];
            word.copy_from_slice(&words[bit / 8..bit / 8 + 8]);
            *value = low_half((u64::from_le_bytes(word) >> (bit % 8)) & mask);
        }
    }
    for (index, value) in rest.iter_mut().enumerate() {
        *value = low_half(load(bits, whole + index, width_of_const::<WIDTH>()) & mask);
    }
}

const fn width_of_const<const WIDTH: usize>() -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "a width is at most 32")]
    let width = WIDTH as u32;
    width
}

/// The word whose lowest `width` bits are the number at `index`; zero bits behind the end.
#[inline]
fn load(bits: &[u8], index: usize, width: u32) -> u64 {
    let bit = index.wrapping_mul(width as usize);
    let (byte, shift) = (bit / 8, bit % 8);
    let tail = bits.get(byte..).unwrap_or_default();
    let word = match tail.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => last_word(tail),
    };
    let low = word >> shift;
    if shift + width as usize > 64 {
        let high = tail.get(8).copied().unwrap_or(0);
        return low | (u64::from(high) << (64 - shift));
    }
    low
}

#[cold]
fn last_word(tail: &[u8]) -> u64 {
    tail.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

fn mask_of(width: u32) -> u64 {
    u64::MAX.checked_shr(64 - width).unwrap_or(0)
}

fn low_half(value: u64) -> u32 {
    let bytes = value.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
