//! The values of a chunk without its gaps: chooses how they are stored, and reads them.

use super::datetime::{self, DateTimes};
use super::intern::intern;
use super::text::{self, BlocksAllowed, Packing, Texts};
use super::{Encoding, scalar};
use crate::segment::format::{FormatError, Reader, put_size};
use crate::segment::integers::{PackedU32s, PackedU64s, put_packed_u32s, put_packed_u64s};

/// Raw bytes per row up to which the texts of a dictionary are kept quick to read rather than small.
const QUICK_BYTES_PER_ROW: usize = 32;

/// The values of a column, by how they are stored; indexes count values, not rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub(crate) enum Kind<'a> {
    /// No values at all.
    Empty,
    /// The same JSON text in every row that has a value.
    Constant(&'a [u8]),
    /// One bit per value.
    Booleans(Booleans<'a>),
    /// Whole numbers: `get(index).cast_signed()`.
    Integers(PackedU64s<'a>),
    /// Doubles, little-endian; all are finite.
    Doubles(&'a [[u8; 8]]),
    /// Points in time, in ticks of 100 ns since 1970.
    DateTimes(DateTimes<'a>),
    /// GUIDs in the order of their digits.
    Guids(&'a [[u8; 16]]),
    /// Security identifiers of the directory: four u32 each, little-endian.
    SecurityIds(&'a [[u8; 16]]),
    /// Distinct JSON texts in ascending order of their bytes, and one code per value.
    Dictionary(Dictionary<'a>),
    /// JSON texts.
    Texts(Texts<'a>),
}

/// Booleans, read in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Booleans<'a> {
    bits: &'a [u8],
}

impl Booleans<'_> {
    /// The value at `index`.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> bool {
        self.bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }
}

/// Distinct texts and codes, read in place.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary<'a> {
    texts: Box<Kind<'a>>,
    distinct: usize,
    codes: PackedU32s<'a>,
}

impl<'a> Dictionary<'a> {
    /// How many distinct texts there are.
    #[cfg(test)]
    pub(crate) fn distinct(&self) -> usize {
        self.distinct
    }

    /// Appends a distinct text; whether its bytes could be decoded.
    pub(crate) fn append_text(&self, code: u32, out: &mut Vec<u8>) -> bool {
        self.texts.append(code as usize, out)
    }

    /// Calls `f` with each distinct text in ascending order; whether all bytes could be decoded.
    pub(crate) fn for_each_text(&self, mut f: impl FnMut(&[u8])) -> bool {
        match &*self.texts {
            Kind::Texts(texts) => texts.for_each(f),
            texts => {
                let mut text = Vec::new();
                (0..self.distinct).all(|index| {
                    text.clear();
                    let decoded = texts.append(index, &mut text);
                    f(&text);
                    decoded
                })
            }
        }
    }

    /// One per value, each below [`Self::distinct`].
    pub(crate) fn codes(&self) -> PackedU32s<'a> {
        self.codes
    }
}

impl<'a> Kind<'a> {
    /// Reads `count` values that fill what is left.
    ///
    /// # Errors
    /// When the bytes are not what [`encode`] writes for that many values.
    pub(super) fn read(
        reader: &mut Reader<'a>,
        encoding: Encoding,
        count: usize,
    ) -> Result<Self, FormatError> {
        if (count == 0) != (encoding == Encoding::Empty) {
            return Err(reader.error(format!("expected an encoding that fits {count} values")));
        }
        let kind = match encoding {
            Encoding::Empty => Kind::Empty,
            Encoding::Constant => {
                let text = reader.rest();
                std::str::from_utf8(text).map_err(|error| reader.error(format!("expected text: {error}")))?;
                Kind::Constant(text)
            }
            Encoding::Booleans => {
                let bits = reader.take(count.div_ceil(8))?;
                let unused =
                    !count.is_multiple_of(8) && bits.last().is_some_and(|last| last >> (count % 8) != 0);
                if unused {
                    return Err(reader.error("expected no bits behind the last value"));
                }
                Kind::Booleans(Booleans { bits })
            }
            Encoding::Integers => Kind::Integers(PackedU64s::read(reader, count)?),
            Encoding::Doubles => {
                let doubles = fixed::<8>(reader, count)?;
                if doubles.iter().any(|bytes| !f64::from_le_bytes(*bytes).is_finite()) {
                    return Err(reader.error("expected finite doubles"));
                }
                Kind::Doubles(doubles)
            }
            Encoding::DateTimes => Kind::DateTimes(DateTimes::read(reader, count)?),
            Encoding::Guids => Kind::Guids(fixed::<16>(reader, count)?),
            Encoding::SecurityIds => Kind::SecurityIds(fixed::<16>(reader, count)?),
            Encoding::Dictionary => Kind::Dictionary(read_dictionary(reader, count)?),
            Encoding::Plain => Kind::Texts(Texts::read(reader, count, Packing::Plain)?),
            Encoding::Symbols => Kind::Texts(Texts::read(reader, count, Packing::Symbols)?),
            Encoding::Blocks => Kind::Texts(Texts::read(reader, count, Packing::Blocks)?),
        };
        reader.finish()?;
        Ok(kind)
    }

    /// Appends the JSON text of the value at `index`; whether its bytes could be decoded.
    #[inline]
    pub(super) fn append(&self, index: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Kind::Empty => return false,
            Kind::Constant(text) => out.extend_from_slice(text),
            Kind::Booleans(values) => {
                out.extend_from_slice(if values.get(index) { b"true" } else { b"false" });
            }
            Kind::Integers(values) => {
                scalar::append_integer(values.get(index).cast_signed(), out);
            }
            Kind::Doubles(values) => {
                let Some(value) = values.get(index) else { return false };
                scalar::append_double(f64::from_le_bytes(*value), out);
            }
            Kind::DateTimes(values) => values.append(index, out),
            Kind::Guids(values) => {
                let Some(value) = values.get(index) else { return false };
                scalar::append_guid(value, out);
            }
            Kind::SecurityIds(values) => {
                let Some(value) = values.get(index) else { return false };
                scalar::append_security_id(value, out);
            }
            Kind::Dictionary(values) => {
                return values.append_text(values.codes.get(index), out);
            }
            Kind::Texts(values) => return values.append(index, out),
        }
        true
    }

    /// Calls `f` with the JSON text of each of the `count` values in order; whether all bytes could be decoded.
    pub(super) fn for_each(&self, count: usize, mut f: impl FnMut(&[u8])) -> bool {
        match self {
            Kind::Texts(texts) => texts.for_each(f),
            Kind::Dictionary(values) => {
                let (mut texts, mut ends) = (Vec::new(), vec![0]);
                let decoded = values.for_each_text(|text| {
                    texts.extend_from_slice(text);
                    ends.push(texts.len());
                });
                for code in values.codes.to_vec() {
                    let code = code as usize;
                    let range = ends.get(code).zip(ends.get(code + 1));
                    f(range.and_then(|(start, end)| texts.get(*start..*end)).unwrap_or_default());
                }
                decoded
            }
            _ => {
                let mut text = Vec::new();
                let mut whole = true;
                for index in 0..count {
                    text.clear();
                    whole &= self.append(index, &mut text);
                    f(&text);
                }
                whole
            }
        }
    }
}

/// Values as they are stored.
pub(super) struct Stored {
    pub(super) encoding: Encoding,
    pub(super) bytes: Vec<u8>,
    /// Distinct texts, if they were counted.
    pub(super) distinct: Option<u32>,
    /// Least and greatest integer or ticks.
    pub(super) range: Option<(i64, i64)>,
}

impl Stored {
    fn new(encoding: Encoding, bytes: Vec<u8>) -> Self {
        Self { encoding, bytes, distinct: None, range: None }
    }
}

/// Chooses an encoding by content.
pub(super) fn encode(values: &[&[u8]], blocks: BlocksAllowed) -> Stored {
    let Some(first) = values.first() else { return Stored::new(Encoding::Empty, Vec::new()) };
    if values.iter().all(|value| value == first) {
        let range = encode_fixed(&values[..1]).and_then(|stored| stored.range);
        let bytes = first.to_vec();
        return Stored { distinct: Some(1), range, ..Stored::new(Encoding::Constant, bytes) };
    }
    let number = first.first().is_some_and(|byte| *byte == b'-' || byte.is_ascii_digit());
    if (number || matches!(*first, b"true" | b"false"))
        && let Some(stored) = encode_fixed(values)
    {
        return stored;
    }
    match intern(values) {
        Some(interned) => encode_interned(values, &interned.texts, &interned.codes, blocks),
        None => encode_distinct(values, blocks),
    }
}

/// A dictionary, unless repeating the texts costs less.
fn encode_interned(values: &[&[u8]], texts: &[&[u8]], codes: &[u32], blocks: BlocksAllowed) -> Stored {
    let raw: usize = texts.iter().map(|text| text.len()).sum();
    let inner_blocks = if raw > values.len() * QUICK_BYTES_PER_ROW { blocks } else { BlocksAllowed::No };
    let inner = encode_distinct(texts, inner_blocks);
    let mut packed = Vec::new();
    put_packed_u32s(codes, &mut packed);
    let repeated = inner.bytes.len() * values.len() / texts.len();
    if inner.bytes.len() + packed.len() >= repeated {
        return encode_distinct(values, blocks);
    }
    let mut bytes = Vec::with_capacity(inner.bytes.len() + packed.len() + 8);
    put_size(texts.len(), &mut bytes);
    bytes.extend_from_slice(&packed);
    bytes.push(inner.encoding as u8);
    bytes.extend_from_slice(&inner.bytes);
    let distinct = u32::try_from(texts.len()).ok();
    Stored { distinct, range: inner.range, ..Stored::new(Encoding::Dictionary, bytes) }
}

/// Any encoding but constant and dictionary.
fn encode_distinct(values: &[&[u8]], blocks: BlocksAllowed) -> Stored {
    if let Some(stored) = encode_fixed(values) {
        return stored;
    }
    let (packing, bytes) = text::encode(values, blocks);
    let encoding = match packing {
        Packing::Plain => Encoding::Plain,
        Packing::Symbols => Encoding::Symbols,
        Packing::Blocks => Encoding::Blocks,
    };
    Stored::new(encoding, bytes)
}

/// An encoding of fixed width that the first value suggests, if all values come back exactly.
fn encode_fixed(values: &[&[u8]]) -> Option<Stored> {
    match *values.first()? {
        b"true" | b"false" => encode_booleans(values),
        [b'"', b'S', b'-', ..] => encode_each(values, Encoding::SecurityIds, scalar::parse_security_id),
        [b'"', .., b'Z', b'"'] => {
            let (bytes, least, greatest) = datetime::encode(values)?;
            let range = Some((least, greatest));
            Some(Stored { range, ..Stored::new(Encoding::DateTimes, bytes) })
        }
        [b'"', ..] => encode_each(values, Encoding::Guids, scalar::parse_guid),
        [b'-' | b'0'..=b'9', ..] => encode_integers(values).or_else(|| {
            let parse = |text: &[u8]| scalar::parse_double(text).map(f64::to_le_bytes);
            encode_each(values, Encoding::Doubles, parse)
        }),
        _ => None,
    }
}

fn encode_booleans(values: &[&[u8]]) -> Option<Stored> {
    let mut bits = vec![0; values.len().div_ceil(8)];
    for (byte, eight) in bits.iter_mut().zip(values.chunks(8)) {
        for (index, value) in eight.iter().enumerate() {
            match *value {
                b"true" => *byte |= 1 << index,
                b"false" => {}
                _ => return None,
            }
        }
    }
    Some(Stored::new(Encoding::Booleans, bits))
}

fn encode_integers(values: &[&[u8]]) -> Option<Stored> {
    let (mut least, mut greatest) = (i64::MAX, i64::MIN);
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        let number = scalar::parse_integer(value)?;
        least = least.min(number);
        greatest = greatest.max(number);
        numbers.push(number.cast_unsigned());
    }
    let mut bytes = Vec::new();
    put_packed_u64s(&numbers, least.cast_unsigned(), &mut bytes);
    Some(Stored { range: Some((least, greatest)), ..Stored::new(Encoding::Integers, bytes) })
}

fn encode_each<const WIDTH: usize>(
    values: &[&[u8]],
    encoding: Encoding,
    parse: impl Fn(&[u8]) -> Option<[u8; WIDTH]>,
) -> Option<Stored> {
    parse(values.first()?)?;
    let mut bytes = Vec::with_capacity(values.len() * WIDTH);
    for value in values {
        bytes.extend_from_slice(&parse(value)?);
    }
    Some(Stored::new(encoding, bytes))
}

fn read_dictionary<'a>(reader: &mut Reader<'a>, count: usize) -> Result<Dictionary<'a>, FormatError> {
    let distinct = reader.size(count)?;
    let codes = PackedU32s::read(reader, count)?;
    let greatest = if reader.is_known() { None } else { codes.iter().max() };
    if greatest.is_some_and(|code| code as usize >= distinct) {
        return Err(reader.error(format!("expected codes below {distinct}")));
    }
    let code = reader.byte()?;
    let encoding = Encoding::from_code(code)
        .filter(|encoding| !matches!(encoding, Encoding::Empty | Encoding::Constant | Encoding::Dictionary))
        .ok_or_else(|| reader.error(format!("expected an encoding of texts, found {code}")))?;
    let texts = Box::new(Kind::read(reader, encoding, distinct)?);
    Ok(Dictionary { texts, distinct, codes })
}

fn fixed<'a, const WIDTH: usize>(
    reader: &mut Reader<'a>,
    count: usize,
) -> Result<&'a [[u8; WIDTH]], FormatError> {
    let length = count.checked_mul(WIDTH);
    let length = length.ok_or_else(|| reader.error("expected values that fit into memory"))?;
    Ok(reader.take(length)?.as_chunks().0)
}
