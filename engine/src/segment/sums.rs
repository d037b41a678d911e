//! Checksums of the blocks of long chunks: a read of a few bytes compares only the sums of their blocks.
//!
//! Shape: the last chunk of a segment of format version 2 or later, a CRC32C (u32) for each block of [`BLOCK_SIZE`] bytes
//! of each chunk that is longer than that, in the order of the directory; a chunk's last block may be shorter.
//! A shorter chunk has its sum in the directory alone, and so have all chunks of format version 1.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::footer::ChunkEntry;

/// Bytes of a block: few enough to be checked for a look at one of them, and their sums are a four thousandth of them.
pub(crate) const BLOCK_SIZE: usize = 16 * 1024;

/// Appends the sums of a chunk's blocks.
pub(super) fn put(chunk: &[u8], sums: &mut Vec<u8>) {
    if chunk.len() > BLOCK_SIZE {
        for block in chunk.chunks(BLOCK_SIZE) {
            sums.extend_from_slice(&crc32c::crc32c(block).to_le_bytes());
        }
    }
}

/// The sums of a segment's blocks, and which blocks were compared.
pub(super) struct BlockSums {
    sums: Vec<u32>,
    checked: Box<[AtomicBool]>,
    /// Per chunk: the index of its first block.
    firsts: Vec<usize>,
}

impl BlockSums {
    /// Reads the sums of chunks; nothing if they are not as many as the chunks have blocks.
    pub(super) fn read(bytes: &[u8], chunks: &[ChunkEntry]) -> Option<Self> {
        let mut firsts = Vec::with_capacity(chunks.len());
        let mut next = 0;
        for chunk in chunks {
            firsts.push(next);
            let length = usize::try_from(chunk.length).ok()?;
            next += if length > BLOCK_SIZE { length.div_ceil(BLOCK_SIZE) } else { 0 };
        }
        let (words, rest) = bytes.as_chunks::<4>();
        let sums: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let checked = sums.iter().map(|_| AtomicBool::new(false)).collect();
        (rest.is_empty() && sums.len() == next).then_some(Self { sums, checked, firsts })
    }

    /// The first block of those that a part of a long chunk lies in whose bytes are not what was written, if any.
    pub(super) fn find_damage(&self, chunk: u32, bytes: &[u8], part: Range<usize>) -> Option<usize> {
        let first = self.firsts.get(chunk as usize)?;
        (part.start / BLOCK_SIZE..part.end.div_ceil(BLOCK_SIZE)).find(|block| {
            let (Some(sum), Some(checked)) = (self.sums.get(first + block), self.checked.get(first + block))
            else {
                return true;
            };
            if checked.load(Ordering::Relaxed) {
                return false;
            }
            let start = block * BLOCK_SIZE;
            let content = bytes.get(start..bytes.len().min(start + BLOCK_SIZE)).unwrap_or_default();
            let is_whole = crc32c::crc32c(content) == *sum;
            checked.store(is_whole, Ordering::Relaxed);
            !is_whole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_SIZE, BlockSums, put};
    use crate::segment::footer::ChunkEntry;

    #[test]
    fn a_part_is_checked_by_the_blocks_it_lies_in() {
        let contents =
            [vec![1; 10], vec![2; BLOCK_SIZE * 2 + 5], vec![3; BLOCK_SIZE], vec![4; BLOCK_SIZE + 1]];
        let entry = |bytes: &Vec<u8>| ChunkEntry { length: bytes.len() as u64, ..ChunkEntry::default() };
        let entries: Vec<ChunkEntry> = contents.iter().map(entry).collect();
        let mut sums = Vec::new();
        for chunk in &contents {
            put(chunk, &mut sums);
        }
        assert_eq!(sums.len(), 4 * (3 + 2));
        assert!(BlockSums::read(&sums[4..], &entries).is_none());
        assert!(BlockSums::read(&sums[1..], &entries).is_none());
        let read = || BlockSums::read(&sums, &entries).unwrap();
        assert_eq!(read().find_damage(1, &contents[1], 0..contents[1].len()), None);
        assert_eq!(read().find_damage(3, &contents[3], BLOCK_SIZE..BLOCK_SIZE + 1), None);
        let mut damaged = contents[1].clone();
        damaged[BLOCK_SIZE] ^= 1;
        assert_eq!(read().find_damage(1, &damaged, 0..BLOCK_SIZE), None);
        assert_eq!(read().find_damage(1, &damaged, BLOCK_SIZE - 1..BLOCK_SIZE + 1), Some(1));
        assert_eq!(read().find_damage(1, &damaged, BLOCK_SIZE * 2..BLOCK_SIZE * 2 + 5), None);
    }
}
