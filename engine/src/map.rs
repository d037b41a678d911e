//! Owns the bytes of a file that is being read: a memory map, or a copy in memory.
//!
//! Invariants
//! 1. The bytes begin at a multiple of [`MAP_ALIGNMENT`], so an offset aligned in the file is aligned in memory.
//! 2. The bytes never change and never move while a clone lives.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// What the first byte of every [`Map`] is aligned to, in bytes.
pub(crate) const MAP_ALIGNMENT: usize = 64;

/// The bytes of one file, shared by clones without a copy.
#[derive(Clone)]
pub struct Map {
    bytes: Arc<Bytes>,
}

enum Bytes {
    Mapped(memmap2::Mmap),
    /// The content begins at `start`, so that it is aligned wherever the allocator put the vector.
    Owned {
        padded: Vec<u8>,
        start: usize,
    },
}

impl Map {
    /// Holds bytes that are in memory already; copies them only when they are not aligned.
    #[must_use]
    pub fn from_vec(content: Vec<u8>) -> Self {
        if content.as_ptr().align_offset(MAP_ALIGNMENT) == 0 {
            return Self { bytes: Arc::new(Bytes::Owned { padded: content, start: 0 }) };
        }
        let mut padded = Vec::<u8>::with_capacity(content.len() + MAP_ALIGNMENT);
        // `align_offset` may say "not possible" (`usize::MAX`) in theory; then alignment is given up, not safety.
        let start = padded.as_ptr().align_offset(MAP_ALIGNMENT).min(MAP_ALIGNMENT);
        padded.resize(start, 0);
        padded.extend_from_slice(&content);
        Self { bytes: Arc::new(Bytes::Owned { padded, start }) }
    }

    /// Maps an open file as long as it is now.
    ///
    /// # Errors
    /// What the operating system says of the file or of the mapping.
    #[expect(unsafe_code, reason = "a memory map is the one thing that cannot be had otherwise")]
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        // Windows refuses to map nothing.
        if file.metadata()?.len() == 0 {
            return Ok(Self::from_vec(Vec::new()));
        }
        // SAFETY: the map is sound while the file is neither changed nor shortened. Files that get mapped are immutable
        // once they have their name: they are written and synced under a temporary name, then renamed, and later only
        // replaced or removed as a whole, which leaves the mapped pages as they are.
        let mapped = unsafe { memmap2::Mmap::map(file) }?;
        Ok(Self { bytes: Arc::new(Bytes::Mapped(mapped)) })
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &*self.bytes {
            Bytes::Mapped(mapped) => mapped,
            Bytes::Owned { padded, start } => padded.get(*start..).unwrap_or_default(),
        }
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &*self.bytes {
            Bytes::Mapped(_) => "mapped",
            Bytes::Owned { .. } => "owned",
        };
        write!(formatter, "Map({} bytes, {kind})", self.len())
    }
}

#[cfg(test)]
mod tests;
