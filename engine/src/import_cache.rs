//! What the last import saw: the hash of each raw object, and which object it was.
//!
//! A keyed 64-bit hash of the raw text is enough to know an unchanged object, which then is never parsed.
//!
//! Shape (little-endian): `magic [8]` · `count u64` · `hashes [count]u64` ascending · `ordinals [count]u32` ·
//! `types [count]u16` · `checksum [32]`, the keyed BLAKE3 of the binding and of all before it.
//!
//! Invariants: whatever is wrong with an import cache, it is as if there were none; it can cost time, never data.

use rayon::prelude::*;

/// What the file begins with; the digit is the version of the layout.
pub(crate) const MAGIC: &[u8; 8] = b"esmemo1\n";

const HEADER_LENGTH: usize = 16;
const CHECKSUM_LENGTH: usize = 32;
const ENTRY_LENGTH: usize = 8 + 4 + 2;

/// A raw object: the keyed hash of its text, and its ordinal.
pub(crate) type RawForm = (u64, u32);

/// The raw objects of an import, by hash. Kept as the bytes it was read from.
#[derive(Debug)]
pub(crate) struct ImportCache {
    bytes: Vec<u8>,
    count: usize,
}

/// An import cache that is not bound yet to the backup it is of.
#[derive(Debug)]
pub(crate) struct ImportCacheContent(Vec<u8>);

impl ImportCacheContent {
    /// Lays out entries (hash, type, ordinal) as bytes. A hash of two objects is left out.
    pub(crate) fn new(mut entries: Vec<(u64, u16, u32)>) -> Self {
        entries.par_sort_unstable();
        entries.dedup();
        keep_single(&mut entries, |(hash, ..)| *hash);
        let mut bytes = Vec::with_capacity(HEADER_LENGTH + entries.len() * ENTRY_LENGTH + CHECKSUM_LENGTH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
        bytes.extend(entries.iter().flat_map(|(hash, _, _)| hash.to_le_bytes()));
        bytes.extend(entries.iter().flat_map(|(_, _, ordinal)| ordinal.to_le_bytes()));
        bytes.extend(entries.iter().flat_map(|(_, type_index, _)| type_index.to_le_bytes()));
        Self(bytes)
    }

    /// The bytes of the import cache, bound.
    pub(crate) fn seal(self, binding: &[u8; 32], key: &[u8; 32]) -> Vec<u8> {
        let Self(mut bytes) = self;
        let checksum = checksum(&bytes, binding, key);
        bytes.extend_from_slice(&checksum);
        bytes
    }
}

/// Keeps of a sorted list the items whose key no other has. In place: there are as many as objects.
pub(crate) fn keep_single<T: Copy, K: PartialEq>(sorted: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let (mut kept, mut start) = (0, 0);
    while let Some(first) = sorted.get(start).copied() {
        let same = sorted[start..].iter().take_while(|item| key(item) == key(&first)).count();
        if same == 1 {
            sorted[kept] = first;
            kept += 1;
        }
        start += same;
    }
    sorted.truncate(kept);
}

impl ImportCache {
    /// Reads what [`ImportCacheContent::seal`] made; `None` when it is for another binding or key, or damaged.
    pub(crate) fn open(bytes: Vec<u8>, binding: &[u8; 32], key: &[u8; 32]) -> Option<Self> {
        let (content, found) = bytes.split_last_chunk::<CHECKSUM_LENGTH>()?;
        if blake3::Hash::from(*found) != checksum(content, binding, key) {
            return None;
        }
        let rest = content.strip_prefix(MAGIC)?;
        let (count, rest) = rest.split_first_chunk()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        (count.checked_mul(ENTRY_LENGTH)? == rest.len()).then_some(Self { bytes, count })
    }

    /// The object that had this raw text.
    pub(crate) fn lookup(&self, hash: u64) -> Option<(u16, u32)> {
        let entries = &self.bytes[HEADER_LENGTH..self.bytes.len() - CHECKSUM_LENGTH];
        let (hashes, rest) = entries.split_at(self.count * 8);
        let (ordinals, types) = rest.split_at(self.count * 4);
        let position = find(hashes.as_chunks().0, hash)?;
        let ordinal = u32::from_le_bytes(*ordinals.as_chunks().0.get(position)?);
        let type_index = u16::from_le_bytes(*types.as_chunks().0.get(position)?);
        Some((type_index, ordinal))
    }
}

/// Finds a hash. Keyed hashes are spread evenly, so its position is nearly proportional to it: the window around that
/// guess is widened until it must hold the hash, then searched by halving.
fn find(hashes: &[[u8; 8]], hash: u64) -> Option<usize> {
    let at = |position: usize| u64::from_le_bytes(hashes[position]);
    let count = hashes.len();
    let guess = usize::try_from((u128::from(hash) * count as u128) >> 64).ok()?;
    let mut width = 64;
    loop {
        let start = guess.saturating_sub(width);
        let end = (guess + width).min(count);
        if (start == 0 || at(start) <= hash) && (end == count || at(end) > hash) {
            let window = hashes.get(start..end)?;
            let found = window.binary_search_by_key(&hash, |bytes| u64::from_le_bytes(*bytes)).ok()?;
            return Some(start + found);
        }
        width *= 4;
    }
}

fn checksum(content: &[u8], binding: &[u8; 32], key: &[u8; 32]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(binding);
    hasher.update(content);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests;
