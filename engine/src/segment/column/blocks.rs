//! Compresses neighbouring texts together, in zstd frames of about 4 or 8 KiB that stand alone.
//!
//! | field | bytes | meaning |
//! | --- | --- | --- |
//! | count | varint | blocks, at least 1 |
//! | firsts | packed | the index of the first text of each block, ascending from 0 |
//! | ends | packed | where the frame of each block ends, ascending |
//! | frames | all that is left | zstd frames; a block is at most 1,024 times as long as its frame |

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use crate::segment::format::{FormatError, Reader, put_size};
use crate::segment::integers::{PackedU64s, put_packed_u64s};

/// Bytes of text after which a block is full.
pub(super) const BLOCK_LEN: usize = 8 * 1024;
/// The same in small chunks of short texts, where reading one row matters more than the last percent.
pub(super) const SMALL_BLOCK_LEN: usize = 4 * 1024;
/// Bounds what a damaged length can make a reader allocate.
pub(super) const GAIN_MAX: usize = 1024;
/// Higher levels cost the import more than they save.
const LEVEL: i32 = 1;

thread_local! {
    /// Contexts are large; each thread makes one of each kind, and a buffer.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<(Decompressor<'static>, Vec<u8>)>> =
        const { RefCell::new(None) };
}

/// Where the blocks are.
#[derive(Debug, Clone)]
pub(super) struct Blocks<'a> {
    firsts: PackedU64s<'a>,
    ends: PackedU64s<'a>,
    frames: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// Reads the blocks of `text_count` texts, which fill what is left.
    ///
    /// # Errors
    /// When the blocks are not in order or do not fill the bytes.
    pub(super) fn read(reader: &mut Reader<'a>, text_count: usize) -> Result<Self, FormatError> {
        let count = reader.size(text_count)?;
        let firsts = PackedU64s::read(reader, count)?;
        let ends = PackedU64s::read(reader, count)?;
        let frames = reader.rest();
        if reader.is_known() {
            return Ok(Self { firsts, ends, frames });
        }
        let ascending = |numbers: &PackedU64s<'_>| {
            numbers.iter().zip(numbers.iter().skip(1)).all(|(before, after)| before < after)
        };
        let last_text = (count > 0).then(|| firsts.get(count - 1));
        let fitting = count > 0
            && firsts.get(0) == 0
            && last_text.is_some_and(|last| last < text_count as u64)
            && ends.get(count - 1) == frames.len() as u64;
        if !fitting || !ascending(&firsts) || !ascending(&ends) {
            return Err(reader.error("expected blocks of texts in order"));
        }
        Ok(Self { firsts, ends, frames })
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }

    /// The first text of a block; none behind the last block.
    pub(super) fn first_of(&self, block: usize) -> Option<usize> {
        (block < self.len()).then(|| usize::try_from(self.firsts.get(block)).ok()).flatten()
    }

    /// The block that holds a text.
    pub(super) fn block_of(&self, text: usize) -> usize {
        let (mut low, mut high) = (0, self.len());
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if self.firsts.get(middle) <= text as u64 { low = middle } else { high = middle }
        }
        low
    }

    /// Checks that a block is not longer than its frame allows.
    ///
    /// # Errors
    /// When it is.
    pub(super) fn check(&self, reader: &Reader<'_>, block: usize, length: usize) -> Result<(), FormatError> {
        let frame = self.frame(block).len();
        if length > frame.saturating_mul(GAIN_MAX) {
            return Err(reader.error(format!("expected no block of {length} bytes in {frame}")));
        }
        Ok(())
    }

    /// Calls `f` with the texts of a block, of `length` bytes in all; false when its frame holds something else.
    pub(super) fn with_block(&self, block: usize, length: usize, f: impl FnOnce(&[u8])) -> bool {
        DECOMPRESSOR.with_borrow_mut(|slot| {
            if slot.is_none() {
                *slot = Decompressor::new().ok().map(|new| (new, Vec::new()));
            }
            let Some((decompressor, raw)) = slot else { return false };
            let frame = self.frame(block);
            // A column that was not gone through may say anything.
            if length > frame.len().saturating_mul(GAIN_MAX) {
                return false;
            }
            raw.clear();
            raw.reserve(length);
            let decoded = decompressor.decompress_to_buffer(frame, raw);
            let whole = decoded.is_ok_and(|found| found == length);
            if whole {
                f(raw);
            }
            whole
        })
    }

    fn frame(&self, block: usize) -> &'a [u8] {
        let end = |block| usize::try_from(self.ends.get(block)).unwrap_or(usize::MAX);
        let start = if block == 0 { 0 } else { end(block - 1) };
        self.frames.get(start..end(block)).unwrap_or_default()
    }
}

/// The blocks of texts, full after `block_len` bytes; none if they cannot be stored so.
pub(super) fn encode(texts: &[&[u8]], block_len: usize) -> Option<Vec<u8>> {
    let (mut firsts, mut ends, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    let mut raw = Vec::with_capacity(block_len * 2);
    for (index, text) in texts.iter().enumerate() {
        if raw.is_empty() && (ends.len() == firsts.len()) {
            firsts.push(index as u64);
        }
        raw.extend_from_slice(text);
        if raw.len() >= block_len || index + 1 == texts.len() {
            put_frame(&raw, &mut frames)?;
            ends.push(frames.len() as u64);
            raw.clear();
        }
    }
    let mut out = Vec::with_capacity(frames.len() + 64);
    put_size(firsts.len(), &mut out);
    put_packed_u64s(&firsts, 0, &mut out);
    put_packed_u64s(&ends, ends.first().copied()?, &mut out);
    out.extend_from_slice(&frames);
    Some(out)
}

fn put_frame(raw: &[u8], frames: &mut Vec<u8>) -> Option<()> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut compressor = Compressor::new(LEVEL).ok()?;
            compressor.include_contentsize(false).ok()?;
            compressor.include_checksum(false).ok()?;
            *slot = Some(compressor);
        }
        let frame = slot.as_mut()?.compress(raw).ok()?;
        frames.extend_from_slice(&frame);
        (raw.len() <= frame.len() * GAIN_MAX).then_some(())
    })
}
