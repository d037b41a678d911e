//! BLAKE3 of many short contents at once, each in a lane of its own.
//!
//! BLAKE3 fills the lanes of a vector register with the chunks (1,024 bytes) of one input. A content has one or two, so
//! hashed alone it takes one lane of eight. Here the chunks of many contents lie side by side: those with as many whole
//! blocks go together, whatever object they are of. The hashes are those of [`blake3::keyed_hash`], which a test holds
//! them to; the entry for many inputs is the crate's own. Its module `platform` is open to others but undocumented and
//! may change with any version of the crate, which therefore is pinned to the last digit.

use std::ops::Range;

use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};
use blake3::{BLOCK_LEN, CHUNK_LEN, IncrementCounter, KEY_LEN, OUT_LEN};

/// Flags of a block, from section 2.2 of the BLAKE3 paper.
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const PARENT: u8 = 1 << 2;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// Contents of more chunks fill the lanes by themselves.
const CHUNK_COUNT_MAX: usize = 2;

/// The hash of a chunk or of a whole content.
type Hash = [u8; OUT_LEN];

/// Hashes contents under one key.
#[derive(Clone)]
pub(super) struct LaneHasher {
    platform: Platform,
    key_words: [u32; 8],
    chunks: Vec<HashChunk>,
    /// For each content the hashes of its chunks; first that of its only chunk, or of the whole.
    hashes: Vec<[Hash; CHUNK_COUNT_MAX]>,
    outputs: Vec<u8>,
}

/// A chunk of one of the contents.
#[derive(Debug, Clone)]
struct HashChunk {
    /// Its number within its content, and how many whole blocks of it can be hashed in a lane.
    class: (u8, u8),
    content: u32,
    range: Range<usize>,
    is_only: bool,
}

impl HashChunk {
    fn new(content: u32, number: usize, text: &Range<usize>, count: usize) -> Self {
        let start = text.start + number * CHUNK_LEN;
        let end = text.end.min(start + CHUNK_LEN);
        let is_only = count == 1;
        let block_count = (end - start).div_ceil(BLOCK_LEN).max(1);
        // The last block carries its length and, in an only chunk, the flag of the root: it goes alone.
        let is_whole = end - start == CHUNK_LEN && !is_only;
        let lane_blocks = if is_whole { block_count } else { block_count - 1 };
        let small = |value| u8::try_from(value).expect("a content has few chunks, a chunk 16 blocks");
        Self { class: (small(number), small(lane_blocks)), content, range: start..end, is_only }
    }
}

impl std::fmt::Debug for LaneHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneHasher").field("platform", &self.platform).finish_non_exhaustive()
    }
}

impl LaneHasher {
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        Self::on(Platform::detect(), key)
    }

    fn on(platform: Platform, key: &[u8; KEY_LEN]) -> Self {
        Self {
            platform,
            key_words: words_from_le_bytes_32(key),
            chunks: Vec::new(),
            hashes: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The hash of each content, given by where it ends in `bytes`.
    pub(super) fn hash_all(&mut self, bytes: &[u8], ends: &[usize]) -> impl Iterator<Item = &Hash> {
        self.cut(bytes, ends);
        self.hash_chunks(bytes);
        self.join_pairs(ends);
        self.hashes.iter().map(|[first, _]| first)
    }

    /// Cuts the contents into chunks, those of a kind side by side; hashes the long contents.
    fn cut(&mut self, bytes: &[u8], ends: &[usize]) {
        self.chunks.clear();
        self.hashes.clear();
        self.hashes.resize(ends.len(), [[0; OUT_LEN]; CHUNK_COUNT_MAX]);
        let mut start = 0;
        for ((content, &end), hashes) in (0..).zip(ends).zip(&mut self.hashes) {
            let text = start..end;
            let count = text.len().div_ceil(CHUNK_LEN).max(1);
            if count > CHUNK_COUNT_MAX {
                hashes[0] =
                    *blake3::keyed_hash(&le_bytes_from_words_32(&self.key_words), &bytes[text]).as_bytes();
            } else {
                self.chunks.extend((0..count).map(|number| HashChunk::new(content, number, &text, count)));
            }
            start = end;
        }
        self.chunks.sort_unstable_by_key(|chunk| chunk.class);
    }

    fn hash_chunks(&mut self, bytes: &[u8]) {
        let Self { platform, key_words, chunks, hashes, outputs, .. } = self;
        for kind in chunks.chunk_by(|a, b| a.class == b.class) {
            let lanes = Lanes { platform: *platform, key: key_words, chunks: kind, bytes };
            lanes.hash_blocks(outputs);
            for (chunk, output) in kind.iter().zip(outputs.as_chunks::<OUT_LEN>().0) {
                let hash = lanes.finish(chunk, output);
                hashes[chunk.content as usize][usize::from(chunk.class.0)] = hash;
            }
        }
    }

    /// Joins the two chunks of each content that has two; the pairs are blocks themselves, and go side by side too.
    fn join_pairs(&mut self, ends: &[usize]) {
        let starts = std::iter::once(&0).chain(ends);
        let lengths = starts.zip(ends).map(|(start, end)| end - start);
        let is_pair = |length: usize| length > CHUNK_LEN && length <= CHUNK_COUNT_MAX * CHUNK_LEN;
        let pairs: Vec<usize> =
            (0..).zip(lengths).filter(|(_, length)| is_pair(*length)).map(|(content, _)| content).collect();
        let blocks: Vec<&[u8; BLOCK_LEN]> = pairs
            .iter()
            .map(|&content| self.hashes[content].as_flattened().try_into().expect("a pair is a block"))
            .collect();
        self.outputs.resize(blocks.len() * OUT_LEN, 0);
        let flags = KEYED_HASH | PARENT | ROOT;
        self.platform.hash_many(
            &blocks,
            &self.key_words,
            0,
            IncrementCounter::No,
            flags,
            0,
            0,
            &mut self.outputs,
        );
        for (&content, output) in pairs.iter().zip(self.outputs.as_chunks::<OUT_LEN>().0) {
            self.hashes[content][0] = *output;
        }
    }
}

/// Chunks of a kind.
struct Lanes<'a> {
    platform: Platform,
    key: &'a [u32; 8],
    chunks: &'a [HashChunk],
    bytes: &'a [u8],
}

impl Lanes<'_> {
    /// Hashes the whole blocks of the chunks; an output for each.
    fn hash_blocks(&self, outputs: &mut Vec<u8>) {
        outputs.resize(self.chunks.len() * OUT_LEN, 0);
        let outputs = &mut outputs[..];
        match self.chunks[0].class.1 {
            0 => outputs.as_chunks_mut().0.fill(le_bytes_from_words_32(self.key)),
            1 => self.hash_long::<{ BLOCK_LEN }>(outputs),
            2 => self.hash_long::<{ 2 * BLOCK_LEN }>(outputs),
            3 => self.hash_long::<{ 3 * BLOCK_LEN }>(outputs),
            4 => self.hash_long::<{ 4 * BLOCK_LEN }>(outputs),
            5 => self.hash_long::<{ 5 * BLOCK_LEN }>(outputs),
            6 => self.hash_long::<{ 6 * BLOCK_LEN }>(outputs),
            7 => self.hash_long::<{ 7 * BLOCK_LEN }>(outputs),
            8 => self.hash_long::<{ 8 * BLOCK_LEN }>(outputs),
            9 => self.hash_long::<{ 9 * BLOCK_LEN }>(outputs),
            10 => self.hash_long::<{ 10 * BLOCK_LEN }>(outputs),
            11 => self.hash_long::<{ 11 * BLOCK_LEN }>(outputs),
            12 => self.hash_long::<{ 12 * BLOCK_LEN }>(outputs),
            13 => self.hash_long::<{ 13 * BLOCK_LEN }>(outputs),
            14 => self.hash_long::<{ 14 * BLOCK_LEN }>(outputs),
            15 => self.hash_long::<{ 15 * BLOCK_LEN }>(outputs),
            16 => self.hash_long::<CHUNK_LEN>(outputs),
            more => unreachable!("a chunk has 16 blocks, not {more}"),
        }
    }

    fn hash_long<const LENGTH: usize>(&self, outputs: &mut [u8]) {
        let whole_blocks = |chunk: &HashChunk| {
            self.bytes[chunk.range.clone()]
                .first_chunk()
                .expect("chunks of a class have as many whole blocks")
        };
        let texts: Vec<&[u8; LENGTH]> = self.chunks.iter().map(whole_blocks).collect();
        let end = if LENGTH == CHUNK_LEN { CHUNK_END } else { 0 };
        let number = u64::from(self.chunks[0].class.0);
        let no = IncrementCounter::No;
        self.platform.hash_many(&texts, self.key, number, no, KEYED_HASH, CHUNK_START, end, outputs);
    }

    /// Hashes what is left of a chunk behind its whole blocks.
    fn finish(&self, chunk: &HashChunk, output: &Hash) -> Hash {
        let (number, lane_blocks) = chunk.class;
        let rest = &self.bytes[chunk.range.clone()][usize::from(lane_blocks) * BLOCK_LEN..];
        if usize::from(lane_blocks) * BLOCK_LEN == CHUNK_LEN {
            return *output;
        }
        let mut block = [0; BLOCK_LEN];
        block[..rest.len()].copy_from_slice(rest);
        let length = u8::try_from(rest.len()).expect("a block has 64 bytes");
        let mut flags = KEYED_HASH | CHUNK_END;
        flags |= if lane_blocks == 0 { CHUNK_START } else { 0 };
        flags |= if chunk.is_only { ROOT } else { 0 };
        let mut words = words_from_le_bytes_32(output);
        self.platform.compress_in_place(&mut words, &block, length, u64::from(number), flags);
        le_bytes_from_words_32(&words)
    }
}

#[cfg(test)]
mod tests;
