//! The keyed hashes of raw texts and of contents.

use highway::{HighwayHash, HighwayHasher, Key};

use super::lanes::LaneHasher;

/// Hashes raw texts: fast, 64 bits, keyed so that no input can be made to collide without the store's key.
#[derive(Debug, Clone)]
pub(super) struct RawHasher {
    key: [u64; 4],
    /// The last hints and the key made of them.
    last: Option<(Option<Box<str>>, bool, [u64; 4])>,
}

impl RawHasher {
    pub(super) fn new(hash_key: &[u8; 32]) -> Self {
        let derived = blake3::derive_key("entrasnap raw text hash, version 1", hash_key);
        let mut key = [0; 4];
        for (word, bytes) in key.iter_mut().zip(derived.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self { key, last: None }
    }

    /// The hash of a raw text under its hints: the same text means something else under another type.
    pub(super) fn hash(&mut self, raw: &[u8], hint: Option<&str>, deleted_hint: bool) -> u64 {
        let key = match &self.last {
            Some((last, deleted, key)) if last.as_deref() == hint && *deleted == deleted_hint => *key,
            _ => self.key_of_hints(hint, deleted_hint),
        };
        HighwayHasher::new(Key(key)).hash64(raw)
    }

    fn key_of_hints(&mut self, hint: Option<&str>, deleted_hint: bool) -> [u64; 4] {
        let mut hasher = HighwayHasher::new(Key(self.key));
        hasher.append(&[u8::from(hint.is_some()), u8::from(deleted_hint)]);
        hasher.append(hint.unwrap_or_default().as_bytes());
        let key = hasher.finalize256();
        self.last = Some((hint.map(Into::into), deleted_hint, key));
        key
    }
}

/// Hashes contents: 16 bytes of BLAKE3 keyed with the store's key.
///
/// Hashed are: type, ID, the digest of the columns, then the identity text of each cell by ascending path ID, each after its
/// length. The hashed bytes of many contents are gathered first and hashed at once: many small updates cost more than
/// the copy, and short contents fill a vector register only together.
#[derive(Debug, Clone)]
pub(crate) struct ContentHasher {
    lanes: LaneHasher,
    gathered: Vec<u8>,
    /// Where each content ends in `gathered`.
    ends: Vec<usize>,
}

/// Bytes that may be gathered; they and their hashing stay within a core's own cache.
const GATHERED_BYTES_MAX: usize = 256 << 10;

impl ContentHasher {
    pub(crate) fn new(hash_key: [u8; 32]) -> Self {
        Self { lanes: LaneHasher::new(&hash_key), gathered: Vec::new(), ends: Vec::new() }
    }

    /// Begins a content: type, ID, and which columns its cells are of.
    pub(crate) fn begin(
        &mut self,
        type_token: &str,
        write_id: impl FnOnce(&mut Vec<u8>),
        columns: &ColumnsDigest,
    ) {
        self.sized(|out| out.extend_from_slice(type_token.as_bytes()));
        self.sized(write_id);
        self.gathered.extend_from_slice(&columns.0);
    }

    /// Adds a cell; `write` appends its identity text. Cells come in order of their path IDs.
    pub(crate) fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sized(write);
    }

    /// Ends a content.
    pub(crate) fn end(&mut self) {
        self.ends.push(self.gathered.len());
    }

    /// Whether the contents should be hashed before there are more.
    pub(crate) fn is_full(&self) -> bool {
        self.gathered.len() >= GATHERED_BYTES_MAX
    }

    /// Gives `f` the hash of each content that ended since the last time, in order.
    pub(crate) fn finish(&mut self, mut f: impl FnMut([u8; 16])) {
        for hash in self.lanes.hash_all(&self.gathered, &self.ends) {
            let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
            f(*half);
        }
        self.gathered.clear();
        self.ends.clear();
    }

    fn sized(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        // Most texts are short: their length takes one byte, a longer one four more.
        let start = self.gathered.len();
        self.gathered.push(LONG);
        write(&mut self.gathered);
        let length = self.gathered.len() - start - 1;
        match u8::try_from(length) {
            Ok(length) if length < LONG => self.gathered[start] = length,
            _ => {
                let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
                self.gathered.splice(start + 1..=start, length);
            }
        }
    }
}

/// In place of a length that takes more than a byte; the length then follows.
const LONG: u8 = 255;

/// Names the columns of a content, in the order their cells are hashed. Objects of a type mostly have the same
/// columns, so this is made once for many of them and spares hashing every path with every object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnsDigest([u8; 16]);

impl Default for ColumnsDigest {
    /// The digest of no columns: an object may have nothing but its ID.
    fn default() -> Self {
        Self::of(std::iter::empty())
    }
}

impl ColumnsDigest {
    /// The digest of columns given by ascending path IDs.
    pub(crate) fn of(path_ids: impl Iterator<Item = u64>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("entrasnap columns of a content, version 1");
        for id in path_ids {
            hasher.update(&id.to_le_bytes());
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }
}
