//! Writes a segment under a temporary name, chunk by chunk, and names it when it is whole and synced.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::column::EncodedChunk;
use super::footer::{ChunkEntry, Footer, SlotEntry};
use super::integers;
use super::layout::{CHUNK_ALIGNMENT, FOOTER_ALIGNMENT, FORMAT_VERSION, HEADER_SIZE, Header, Trailer};
use super::sums;
use crate::Result;
use crate::disk::{Disk, DiskFile};
use crate::error::{InvalidReason, disk_error};
use crate::vector::ChangedSlot;

/// Bytes that are gathered before they are written.
const BUFFER_SIZE: usize = 1 << 18;

/// A segment being written. Dropped before it is finished, it leaves no file.
pub(crate) struct SegmentWriter {
    // Closed before it is removed: fields are dropped in this order.
    file: BufferedFile,
    temporary: TemporaryName,
    hasher: blake3::Hasher,
    offset: u64,
    path_numbers: HashMap<String, u32>,
    /// Sums of the blocks of long chunks.
    block_sums: Vec<u8>,
    /// What the footer will say; callers add their entries.
    pub(crate) footer: Footer,
}

/// A file that is written in large pieces. What is buffered when it is dropped is not written.
struct BufferedFile {
    file: Box<dyn DiskFile>,
    buffer: Vec<u8>,
}

impl BufferedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_SIZE {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_SIZE {
            return self.file.write_all(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// The name of a file until it is whole; what has it is removed, unless it is kept.
struct TemporaryName {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    is_kept: bool,
}

impl Drop for TemporaryName {
    fn drop(&mut self) {
        if !self.is_kept {
            // The file is not part of the store; the next writer overwrites it if it stays.
            let _outcome = self.disk.remove(&self.path);
        }
    }
}

/// Bytes of a chunk, encoded ahead of being written.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    bytes: Cow<'a, [u8]>,
    /// Rows or values in it.
    count: usize,
}

impl<'a> Chunk<'a> {
    /// Bytes as they are, of `count` rows or values.
    pub(crate) fn plain(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes: Cow::Borrowed(bytes), count }
    }

    /// Integers, packed.
    pub(crate) fn integers(values: &[u32]) -> Self {
        Self { bytes: Cow::Owned(integers::encode_u32s(values)), count: values.len() }
    }

    /// Integers, packed with random access.
    pub(crate) fn packed(values: &[u32]) -> Self {
        let mut bytes = Vec::new();
        integers::put_packed_u32s(values, &mut bytes);
        Self { bytes: Cow::Owned(bytes), count: values.len() }
    }
}

/// Changed slots, encoded.
#[derive(Debug)]
pub(crate) struct SlotChunks {
    ordinals: Chunk<'static>,
    old_values: Chunk<'static>,
    new_values: Chunk<'static>,
}

impl SlotChunks {
    /// Encodes changed slots; nothing if there are none.
    pub(crate) fn new(changed: &[ChangedSlot]) -> Option<Self> {
        let column =
            |value: fn(&ChangedSlot) -> u32| Chunk::integers(&changed.iter().map(value).collect::<Vec<_>>());
        (!changed.is_empty()).then(|| Self {
            ordinals: column(|slot| slot.ordinal),
            old_values: column(|slot| slot.old.to_stored()),
            new_values: column(|slot| slot.new.to_stored()),
        })
    }
}

/// A segment that was written, synced and named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    pub(crate) length: u64,
    pub(crate) hash: [u8; 32],
}

impl SegmentWriter {
    /// Begins `path` as `path.tmp`.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        path: &Path,
        store_id: [u8; 16],
        sequence: u64,
    ) -> Result<Self> {
        let temporary = path.with_extension("tmp");
        let file = disk.create(&temporary).map_err(disk_error("cannot create", &temporary))?;
        let mut writer = Self {
            file: BufferedFile { file, buffer: Vec::with_capacity(BUFFER_SIZE) },
            temporary: TemporaryName { disk, path: temporary, is_kept: false },
            hasher: blake3::Hasher::new(),
            offset: 0,
            path_numbers: HashMap::new(),
            block_sums: Vec::new(),
            footer: Footer::default(),
        };
        let header = Header { format_version: FORMAT_VERSION, cipher: 0, store_id, sequence };
        writer.write(&header.to_bytes())?;
        debug_assert_eq!(writer.offset, HEADER_SIZE as u64);
        Ok(writer)
    }

    /// The number of an attribute path in this segment.
    pub(crate) fn path_number(&mut self, path: &str) -> u32 {
        if let Some(&number) = self.path_numbers.get(path) {
            return number;
        }
        let number = index_u32(self.footer.paths.len());
        self.footer.paths.push(path.to_owned());
        self.path_numbers.insert(path.to_owned(), number);
        number
    }

    /// Appends a chunk of `count` rows or values; returns its index.
    pub(crate) fn chunk(&mut self, bytes: &[u8], count: usize) -> Result<u32> {
        self.entry(bytes, ChunkEntry { count: index_u32(count), min: 1, ..ChunkEntry::default() })
    }

    /// Appends an encoded chunk; returns its index.
    pub(crate) fn put(&mut self, chunk: &Chunk<'_>) -> Result<u32> {
        self.chunk(&chunk.bytes, chunk.count)
    }

    /// Appends integers, packed.
    pub(crate) fn integers(&mut self, values: &[u32]) -> Result<u32> {
        self.put(&Chunk::integers(values))
    }

    /// Appends integers, packed with random access.
    pub(crate) fn packed(&mut self, values: &[u32]) -> Result<u32> {
        self.put(&Chunk::packed(values))
    }

    /// Appends changed slots.
    pub(crate) fn slots(&mut self, slots: &SlotChunks) -> Result<SlotEntry> {
        Ok(SlotEntry {
            count: index_u32(slots.ordinals.count),
            ordinals: self.put(&slots.ordinals)?,
            old_values: self.put(&slots.old_values)?,
            new_values: self.put(&slots.new_values)?,
        })
    }

    /// Appends a column of cells.
    pub(crate) fn column(&mut self, encoded: &EncodedChunk) -> Result<u32> {
        let stats = &encoded.stats;
        let (min, max) = stats.range.unwrap_or((1, 0));
        let entry = ChunkEntry {
            count: stats.row_count,
            nulls: stats.null_count,
            absents: stats.absent_count,
            unknowns: stats.unknown_count,
            distinct: stats.distinct.unwrap_or(0),
            min,
            max,
            ..ChunkEntry::default()
        };
        self.entry(&encoded.bytes, entry)
    }

    /// Writes footer and trailer, syncs, and gives the file its name.
    pub(crate) fn finish(mut self, path: &Path) -> Result<WrittenFile> {
        let block_sums = std::mem::take(&mut self.block_sums);
        self.chunk(&block_sums, block_sums.len() / 4)?;
        self.pad(FOOTER_ALIGNMENT)?;
        let footer = rkyv::to_bytes::<rkyv::rancor::Error>(&self.footer)
            .map_err(|error| InvalidReason::Footer { source: error.into() })?;
        let trailer = Trailer {
            footer_offset: self.offset,
            footer_length: footer.len() as u64,
            footer_hash: *blake3::hash(&footer).as_bytes(),
            cipher: 0,
        };
        self.write(&footer)?;
        self.write(&trailer.to_bytes())?;
        let Self { mut file, mut temporary, hasher, offset, .. } = self;
        // A file that may have its name already is left to the next writer.
        temporary.is_kept = true;
        file.flush().map_err(disk_error("cannot write", &temporary.path))?;
        file.file.sync().map_err(disk_error("cannot sync", &temporary.path))?;
        drop(file);
        let disk = &*temporary.disk;
        disk.rename(&temporary.path, path).map_err(disk_error("cannot name", path))?;
        let folder = path.parent().expect("a segment stands in a folder");
        disk.sync_folder(folder).map_err(disk_error("cannot sync", folder))?;
        Ok(WrittenFile { length: offset, hash: *hasher.finalize().as_bytes() })
    }

    fn entry(&mut self, bytes: &[u8], mut entry: ChunkEntry) -> Result<u32> {
        self.pad(CHUNK_ALIGNMENT)?;
        entry.offset = self.offset;
        entry.length = bytes.len() as u64;
        entry.checksum = crc32c::crc32c(bytes);
        sums::put(bytes, &mut self.block_sums);
        self.write(bytes)?;
        self.footer.chunks.push(entry);
        Ok(index_u32(self.footer.chunks.len() - 1))
    }

    fn pad(&mut self, alignment: usize) -> Result<()> {
        let rest = usize::try_from(self.offset % alignment as u64).expect("less than the alignment");
        if rest > 0 {
            self.write(&[0; FOOTER_ALIGNMENT][..alignment - rest])?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write(bytes).map_err(disk_error("cannot write", &self.temporary.path))?;
        self.hasher.update(bytes);
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

impl std::fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentWriter")
            .field("file", &self.temporary.path)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// The checksum of a chunk, for tests that forge one.
#[cfg(test)]
pub(crate) fn checksum(chunk: &[u8]) -> u32 {
    crc32c::crc32c(chunk)
}

/// A footer as a segment holds it, for tests that forge one.
#[cfg(test)]
pub(crate) fn footer_bytes(footer: &Footer) -> Vec<u8> {
    rkyv::to_bytes::<rkyv::rancor::Error>(footer).unwrap().into_vec()
}

/// A count or index that the format holds in 32 bits.
pub(crate) fn index_u32(value: usize) -> u32 {
    u32::try_from(value).expect("the writer keeps counts below 2^32")
}
