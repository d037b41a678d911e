//! Texts of any length, read one by one: what all share at both ends is stored once, the rest plain or compressed.
//!
//! | field | bytes | when |
//! | --- | --- | --- |
//! | prefix, suffix | varint + that many, each | always: what all texts begin and end with |
//! | lengths | packed | always: of each rest as it is stored (in blocks: before compression) |
//! | starts | packed | lengths differ and more than 16 texts: where each further 16 rests begin |
//! | body | all that is left | plain: the rests; symbols: see `symbols.rs`; blocks: see `blocks.rs` |

use super::blocks::{self, Blocks};
use super::symbols::{self, Symbols};
use crate::segment::format::{FormatError, Reader, put_size};
use crate::segment::integers::{PackedU64s, put_packed_u64s};

/// Rests per entry of the starts.
pub(super) const GROUP: usize = 16;
/// Below this many bytes, nothing is compressed.
const COMPRESSED_MIN: usize = 512;
/// Below this many bytes, a symbol table takes longer to find than it is worth.
const SYMBOLS_MIN: usize = 32 * 1024;
/// The same for long texts that may go into blocks, which seldom lose against symbols.
const LONG_SYMBOLS_MIN: usize = 256 * 1024;
/// Below this many bytes a text, short reads matter more than size.
const BLOCK_TEXT_MIN: usize = 48;

/// How the rests of texts are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// As they are.
    Plain,
    /// Each compressed on its own with one symbol table.
    Symbols,
    /// Together in zstd blocks.
    Blocks,
}

/// Texts, read in place.
#[derive(Debug, Clone)]
pub(crate) struct Texts<'a> {
    prefix: &'a [u8],
    suffix: &'a [u8],
    lengths: PackedU64s<'a>,
    starts: Option<PackedU64s<'a>>,
    body: Body<'a>,
}

#[derive(Debug, Clone)]
enum Body<'a> {
    Plain(&'a [u8]),
    Symbols(Symbols<'a>, &'a [u8]),
    Blocks(Blocks<'a>),
}

impl<'a> Texts<'a> {
    /// Reads `count` texts that fill what is left.
    ///
    /// # Errors
    /// When lengths do not fit the bytes, or plain texts are not UTF-8.
    pub(super) fn read(reader: &mut Reader<'a>, count: usize, packing: Packing) -> Result<Self, FormatError> {
        let length = reader.size(usize::MAX)?;
        let prefix = reader.take(length)?;
        let length = reader.size(usize::MAX)?;
        let suffix = reader.take(length)?;
        let lengths = PackedU64s::read(reader, count)?;
        let starts = match lengths.constant() {
            None if count > GROUP => Some(PackedU64s::read(reader, (count - 1) / GROUP)?),
            _ => None,
        };
        let total = if reader.is_known() { 0 } else { check_lengths(reader, &lengths, starts.as_ref())? };
        let body = match packing {
            Packing::Plain => Body::Plain(reader.rest()),
            Packing::Symbols => Body::Symbols(Symbols::read(reader)?, reader.rest()),
            Packing::Blocks => Body::Blocks(Blocks::read(reader, count)?),
        };
        let texts = Self { prefix, suffix, lengths, starts, body };
        if !reader.is_known() {
            texts.check(reader, total)?;
        }
        Ok(texts)
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// What every text begins with.
    #[cfg(test)]
    pub(crate) fn prefix(&self) -> &'a [u8] {
        self.prefix
    }

    /// What every text ends with.
    #[cfg(test)]
    pub(crate) fn suffix(&self) -> &'a [u8] {
        self.suffix
    }

    /// The text at `index` without what all share, if it is stored as it is.
    #[cfg(test)]
    pub(crate) fn plain(&self, index: usize) -> Option<&'a [u8]> {
        let Body::Plain(bytes) = &self.body else { return None };
        let (start, length) = self.piece(index);
        Some(cut(bytes, start, length))
    }

    /// Appends the text at `index`; whether its bytes could be decoded.
    #[inline]
    pub(super) fn append(&self, index: usize, out: &mut Vec<u8>) -> bool {
        let (start, length) = self.piece(index);
        match &self.body {
            Body::Plain(bytes) => self.frame(out, |out| {
                out.extend_from_slice(cut(bytes, start, length));
                true
            }),
            Body::Symbols(symbols, bytes) => {
                self.frame(out, |out| symbols.append(cut(bytes, start, length), out))
            }
            Body::Blocks(found) => {
                let block = found.block_of(index);
                let (first, raw_length) = self.block_extent(found, block);
                self.frame(out, |out| {
                    found.with_block(block, raw_length, |raw| {
                        out.extend_from_slice(cut(raw, start.wrapping_sub(first), length));
                    })
                })
            }
        }
    }

    /// Calls `f` with each text in order; whether all bytes could be decoded.
    pub(super) fn for_each(&self, mut f: impl FnMut(&[u8])) -> bool {
        let mut text = Vec::new();
        let mut raw = Vec::new();
        let mut block = usize::MAX;
        let (mut start, mut first) = (0, 0);
        let mut whole = true;
        for (index, length) in self.lengths.iter().map(size).enumerate() {
            text.clear();
            whole &= self.frame(&mut text, |text| match &self.body {
                Body::Plain(bytes) => {
                    text.extend_from_slice(cut(bytes, start, length));
                    true
                }
                Body::Symbols(symbols, bytes) => symbols.append(cut(bytes, start, length), text),
                Body::Blocks(found) => {
                    let mut decoded = true;
                    if found.first_of(block.wrapping_add(1)) == Some(index) {
                        block = block.wrapping_add(1);
                        let (position, raw_length) = self.block_extent(found, block);
                        first = position;
                        raw.clear();
                        decoded = found.with_block(block, raw_length, |bytes| {
                            raw.extend_from_slice(bytes);
                        });
                    }
                    text.extend_from_slice(cut(&raw, start.wrapping_sub(first), length));
                    decoded
                }
            });
            start = start.wrapping_add(length);
            f(&text);
        }
        whole
    }

    fn frame(&self, out: &mut Vec<u8>, rest: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        out.extend_from_slice(self.prefix);
        let decoded = rest(out);
        out.extend_from_slice(self.suffix);
        decoded
    }

    /// Where the rest of a text begins, and its length.
    #[inline]
    fn piece(&self, index: usize) -> (usize, usize) {
        if let Some(length) = self.lengths.constant() {
            return (index.wrapping_mul(size(length)), size(length));
        }
        let group = index / GROUP;
        let mut start = match &self.starts {
            Some(starts) if group > 0 => size(starts.get(group - 1)),
            _ => 0,
        };
        for before in group * GROUP..index {
            start = start.wrapping_add(size(self.lengths.get(before)));
        }
        (start, size(self.lengths.get(index)))
    }

    /// Where the texts of a block begin among all, and their length.
    fn block_extent(&self, blocks: &Blocks<'_>, block: usize) -> (usize, usize) {
        let (last, last_length) = self.piece(self.len() - 1);
        let position = |block| {
            let first = blocks.first_of(block).map(|index| self.piece(index).0);
            first.unwrap_or(last.wrapping_add(last_length))
        };
        let start = position(block);
        (start, position(block + 1).wrapping_sub(start))
    }

    fn check(&self, reader: &Reader<'_>, total: usize) -> Result<(), FormatError> {
        match &self.body {
            Body::Plain(bytes) => {
                check_total(reader, total, bytes.len())?;
                self.check_plain(reader, bytes)
            }
            Body::Symbols(_, bytes) => check_total(reader, total, bytes.len()),
            Body::Blocks(blocks) => (0..blocks.len())
                .try_for_each(|block| blocks.check(reader, block, self.block_extent(blocks, block).1)),
        }
    }

    /// Checks that every rest begins and ends at whole characters.
    fn check_plain(&self, reader: &Reader<'_>, bytes: &[u8]) -> Result<(), FormatError> {
        let utf8 = |bytes| {
            std::str::from_utf8(bytes).map_err(|error| reader.error(format!("expected text: {error}")))
        };
        utf8(self.prefix)?;
        utf8(self.suffix)?;
        let text = utf8(bytes)?;
        if text.is_ascii() {
            return Ok(());
        }
        let mut end = 0;
        for length in self.lengths.iter().map(size) {
            end += length;
            if !text.is_char_boundary(end) {
                return Err(reader.error("expected texts of whole characters"));
            }
        }
        Ok(())
    }
}

/// The stored form of texts, of which there is at least one.
pub(super) fn encode(texts: &[&[u8]], blocks_allowed: BlocksAllowed) -> (Packing, Vec<u8>) {
    let (prefix, suffix) = shared_ends(texts);
    let mut total = 0;
    let rests: Vec<&[u8]> = texts
        .iter()
        .map(|text| {
            let rest = &text[prefix.len()..text.len() - suffix.len()];
            total += rest.len();
            rest
        })
        .collect();
    let mut out = Vec::with_capacity(total / 2 + 64);
    for shared in [prefix, suffix] {
        put_size(shared.len(), &mut out);
        out.extend_from_slice(shared);
    }
    let packing = if total < COMPRESSED_MIN {
        put_plain(&rests, &mut out);
        Packing::Plain
    } else if total < symbols_min(total / texts.len(), blocks_allowed) {
        put_small(&rests, total, blocks_allowed, &mut out)
    } else {
        put_large(&rests, total, blocks_allowed, &mut out)
    };
    (packing, out)
}

/// Whether whole blocks may have to be decoded to read one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlocksAllowed {
    /// Where they save enough.
    Yes,
    /// Never.
    No,
}

fn symbols_min(text_len: usize, blocks_allowed: BlocksAllowed) -> usize {
    let long = text_len >= BLOCK_TEXT_MIN && blocks_allowed == BlocksAllowed::Yes;
    if long { LONG_SYMBOLS_MIN } else { SYMBOLS_MIN }
}

fn put_small(rests: &[&[u8]], total: usize, allowed: BlocksAllowed, out: &mut Vec<u8>) -> Packing {
    let long = total / rests.len() >= BLOCK_TEXT_MIN;
    let block_len = if long { blocks::BLOCK_LEN } else { blocks::SMALL_BLOCK_LEN };
    if allowed == BlocksAllowed::Yes
        && let Some(body) = blocks::encode(rests, block_len)
        && body.len() * 4 <= total * 3
    {
        put_lengths(rests.iter().map(|rest| rest.len() as u64), out);
        out.extend_from_slice(&body);
        return Packing::Blocks;
    }
    put_plain(rests, out);
    Packing::Plain
}

fn put_large(rests: &[&[u8]], total: usize, allowed: BlocksAllowed, out: &mut Vec<u8>) -> Packing {
    let symbols = symbols::Trained::new(rests);
    let sample = sample(rests);
    let sample_len: usize = sample.iter().map(|rest| rest.len()).sum();
    let by_symbols = symbols.encode(sample).0.len();
    let try_blocks = allowed == BlocksAllowed::Yes && total / rests.len() >= BLOCK_TEXT_MIN;
    if try_blocks
        && blocks::encode(sample, blocks::BLOCK_LEN)
            .is_some_and(|body| body.len() * 4 <= by_symbols.min(sample_len) * 3)
        && let Some(body) = blocks::encode(rests, blocks::BLOCK_LEN)
    {
        put_lengths(rests.iter().map(|rest| rest.len() as u64), out);
        out.extend_from_slice(&body);
        return Packing::Blocks;
    }
    if by_symbols * 10 >= sample_len * 9 {
        put_plain(rests, out);
        return Packing::Plain;
    }
    let (body, ends) = symbols.encode(rests);
    let mut start = 0;
    let lengths = ends.iter().map(|end| {
        let length = *end - start;
        start = *end;
        length
    });
    put_lengths(lengths, out);
    symbols.put_table(out);
    out.extend_from_slice(&body);
    Packing::Symbols
}

fn put_plain(rests: &[&[u8]], out: &mut Vec<u8>) {
    put_lengths(rests.iter().map(|rest| rest.len() as u64), out);
    for rest in rests {
        out.extend_from_slice(rest);
    }
}

fn put_lengths(lengths: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let lengths: Vec<u64> = lengths.collect();
    let least = lengths.iter().copied().min().unwrap_or(0);
    put_packed_u64s(&lengths, least, out);
    if lengths.len() > GROUP && lengths.iter().any(|length| *length != least) {
        let mut start = 0;
        let starts: Vec<u64> = lengths
            .chunks(GROUP)
            .map(|group| {
                start += group.iter().sum::<u64>();
                start
            })
            .collect();
        let further = (lengths.len() - 1) / GROUP;
        put_packed_u64s(&starts[..further], starts[0], out);
    }
}

/// A run of neighbours from the middle, large enough for two or three blocks.
fn sample<'s, 'a>(rests: &'s [&'a [u8]]) -> &'s [&'a [u8]] {
    let middle = &rests[rests.len() / 2..];
    let mut total = 0;
    let count = middle
        .iter()
        .take_while(|rest| {
            let more = total < 3 * blocks::BLOCK_LEN;
            total += rest.len();
            more
        })
        .count();
    &middle[..count]
}

/// What all texts begin and end with, whole characters each, not overlapping in any text.
fn shared_ends<'a>(texts: &[&'a [u8]]) -> (&'a [u8], &'a [u8]) {
    let Some((first, others)) = texts.split_first() else { return (&[], &[]) };
    let mut prefix = first.len();
    let mut shortest = first.len();
    for text in others {
        if text.get(..prefix) != first.get(..prefix) {
            prefix = first.iter().zip(*text).take(prefix).take_while(|(a, b)| a == b).count();
        }
        shortest = shortest.min(text.len());
    }
    while prefix > 0 && first.get(prefix).is_some_and(|byte| is_inside_character(*byte)) {
        prefix -= 1;
    }
    let mut suffix = shortest - prefix.min(shortest);
    for text in others {
        if !text.ends_with(&first[first.len() - suffix..]) {
            let ends = first.iter().rev().zip(text.iter().rev());
            suffix = ends.take(suffix).take_while(|(a, b)| a == b).count();
        }
    }
    while suffix > 0 && is_inside_character(first[first.len() - suffix]) {
        suffix -= 1;
    }
    (&first[..prefix], &first[first.len() - suffix..])
}

fn is_inside_character(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Adds up the lengths and compares them with the starts.
fn check_lengths(
    reader: &Reader<'_>,
    lengths: &PackedU64s<'_>,
    starts: Option<&PackedU64s<'_>>,
) -> Result<usize, FormatError> {
    let too_long = || reader.error("expected texts that fit into memory");
    if let Some(length) = lengths.constant() {
        let total = size(length).checked_mul(lengths.len());
        return total.filter(|total| *total < isize::MAX as usize).ok_or_else(too_long);
    }
    let Some(narrow) = lengths.to_u32s() else {
        return Err(too_long());
    };
    let mut total = 0;
    for (group, lengths) in narrow.chunks(GROUP).enumerate() {
        if group > 0 && starts.is_none_or(|starts| starts.get(group - 1) != total) {
            return Err(reader.error(format!("expected group {group} of texts to start at {total}")));
        }
        total += lengths.iter().map(|length| u64::from(*length)).sum::<u64>();
    }
    usize::try_from(total).map_err(|_| too_long())
}

fn check_total(reader: &Reader<'_>, expected: usize, found: usize) -> Result<(), FormatError> {
    if expected == found {
        return Ok(());
    }
    Err(reader.error(format!("expected {expected} bytes of text, found {found}")))
}

fn cut(bytes: &[u8], start: usize, length: usize) -> &[u8] {
    bytes.get(start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}

/// Lengths beyond the address space exceed every limit they are compared with.
fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
