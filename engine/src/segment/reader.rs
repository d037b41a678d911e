//! Reads a segment from its map; nothing is used before its checksum was compared.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::column::Column;
use super::footer::{ArchivedFooter, ChunkEntry, Footer, SlotEntry, TableEntry};
use super::format::FormatError;
use super::integers::{self, Decoding, PackedU32s, Skimmed};
use super::layout::{BLOCK_SUMS_SINCE, FORMAT_VERSION, GROUP_ROW_COUNT_MAX, Header, Trailer};
use super::sums::{BLOCK_SIZE, BlockSums};
use crate::disk::Disk;
use crate::error::{InvalidReason, disk_error};
use crate::map::Map;
use crate::paths::{PathId, PathNames};
use crate::vector::{ChangedSlot, Slot};
use crate::{Error, Result};

const UNCHECKED: u8 = 0;
const SUM_CHECKED: u8 = 1;
const COLUMN_CHECKED: u8 = 2;

/// An open segment.
pub(crate) struct Segment {
    path: PathBuf,
    map: Map,
    pub(crate) sequence: u64,
    pub(crate) footer: Footer,
    has_block_sums: bool,
    block_sums: OnceLock<BlockSums>,
    /// Per chunk: how much of it was checked.
    checked: Box<[AtomicU8]>,
    /// How many IDs the store has, once that is known: nothing in a segment has more entries than that, except the
    /// rows of a group and the attributes of its patches.
    ordinal_count: AtomicU32,
    path_ids: OnceLock<Box<[PathId]>>,
    path_numbers: OnceLock<HashMap<PathId, u32>>,
    /// Decoded slots by the chunk of their ordinals.
    slots: Mutex<HashMap<u32, Arc<[ChangedSlot]>>>,
}

impl Segment {
    /// Maps a segment and checks header, trailer and footer.
    pub(crate) fn open(disk: &dyn Disk, path: &Path, store_id: [u8; 16], sequence: u64) -> Result<Self> {
        let map = disk.map(path).map_err(disk_error("cannot read", path))?;
        let damaged = |(offset, what): (usize, String)| damaged(path, offset, what);
        let header = Header::from_bytes(&map).map_err(damaged)?;
        if header.format_version > FORMAT_VERSION {
            let (found, supported) = (header.format_version, FORMAT_VERSION);
            return Err(Error::NewerFormat { path: path.to_owned(), found, supported });
        }
        if header.cipher != 0 {
            return Err(InvalidReason::EncryptedSegment { path: path.to_owned() }.into());
        }
        if header.store_id != store_id || header.sequence != sequence {
            let what = format!(
                "expected segment {sequence} of this store, found segment {} of another store or file",
                header.sequence
            );
            return Err(damaged((16, what)));
        }
        let trailer = Trailer::from_file(&map).map_err(damaged)?;
        let footer = read_footer(&map, &trailer).map_err(damaged)?;
        let tables = footer.tables.iter().map(|table| (&table.type_token, table.space));
        let links = footer.links.iter().map(|links| (&links.type_token, &links.relation));
        if !tables.is_sorted() || !links.is_sorted() {
            return Err(damaged((0, "the tables of the footer do not ascend".to_owned())));
        }
        let checked = footer.chunks.iter().map(|_| AtomicU8::new(UNCHECKED)).collect();
        Ok(Self {
            path: path.to_owned(),
            map,
            sequence,
            footer,
            has_block_sums: header.format_version >= BLOCK_SUMS_SINCE,
            block_sums: OnceLock::new(),
            checked,
            ordinal_count: AtomicU32::new(0),
            path_ids: OnceLock::new(),
            path_numbers: OnceLock::new(),
            slots: Mutex::default(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All bytes of the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    pub(crate) fn table(&self, type_token: &str, space: u8) -> Option<&TableEntry> {
        let tables = &self.footer.tables;
        let wanted = (type_token, space);
        let index = tables.binary_search_by(|table| (table.type_token.as_str(), table.space).cmp(&wanted));
        index.ok().map(|index| &tables[index])
    }

    /// The process-wide numbers of the footer's paths.
    pub(crate) fn path_ids(&self, names: &PathNames) -> &[PathId] {
        self.path_ids.get_or_init(|| self.footer.paths.iter().map(|path| names.id(path)).collect())
    }

    /// The number of a path in this segment, if it has that path.
    pub(crate) fn path_number(&self, names: &PathNames, path: PathId) -> Option<u32> {
        let numbers = self
            .path_numbers
            .get_or_init(|| (0..).zip(self.path_ids(names)).map(|(n, id)| (*id, n)).collect());
        numbers.get(&path).copied()
    }

    /// The entry of a chunk.
    pub(crate) fn entry(&self, chunk: u32) -> Result<&ChunkEntry> {
        self.footer.chunks.get(chunk as usize).ok_or_else(|| {
            damaged(&self.path, 0, format!("the footer names chunk {chunk} of {}", self.footer.chunks.len()))
        })
    }

    /// Says how many IDs the store has.
    pub(crate) fn bound(&self, ordinal_count: u32) {
        self.ordinal_count.fetch_max(ordinal_count, Ordering::Relaxed);
    }

    /// How many IDs the store has.
    pub(crate) fn ordinal_count(&self) -> u32 {
        self.ordinal_count.load(Ordering::Relaxed)
    }

    /// How many entries a chunk has. A few bytes can claim any number, and room is made for as many: none is believed
    /// that is beyond what a store of so many IDs can have.
    fn count(&self, chunk: u32) -> Result<u32> {
        let count = self.entry(chunk)?.count;
        let ordinal_count = self.ordinal_count();
        // Two link sets are known to every store.
        let most = (ordinal_count.saturating_add(2) as usize).max(4 * GROUP_ROW_COUNT_MAX);
        if count as usize > most {
            let what = format!("expected at most {most} entries in chunk {chunk}, found {count}");
            return Err(self.footer_error(what));
        }
        Ok(count)
    }

    /// The bytes of a chunk, its checksum compared.
    pub(crate) fn chunk(&self, chunk: u32) -> Result<&[u8]> {
        let bytes = self.unchecked(chunk)?;
        let checked = &self.checked[chunk as usize];
        if checked.load(Ordering::Relaxed) == UNCHECKED {
            let entry = self.entry(chunk)?;
            if crc32c::crc32c(bytes) != entry.checksum {
                let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
                let what = format!("the checksum of chunk {chunk} does not match its bytes");
                return Err(damaged(&self.path, start, what));
            }
            checked.store(SUM_CHECKED, Ordering::Relaxed);
        }
        Ok(bytes)
    }

    /// Some bytes of a chunk, the checksums of the blocks they lie in compared; nothing where the chunk is shorter.
    pub(crate) fn part(&self, chunk: u32, part: Range<usize>) -> Result<Option<&[u8]>> {
        let bytes = self.unchecked(chunk)?;
        let is_checked = self.checked[chunk as usize].load(Ordering::Relaxed) != UNCHECKED;
        if is_checked || bytes.len() <= BLOCK_SIZE || !self.has_block_sums {
            return Ok(self.chunk(chunk)?.get(part));
        }
        let Some(found) = bytes.get(part.clone()) else { return Ok(None) };
        if let Some(block) = self.block_sums()?.find_damage(chunk, bytes, part) {
            return Err(self.format_error(chunk, &damaged_block(block)));
        }
        Ok(Some(found))
    }

    fn block_sums(&self) -> Result<&BlockSums> {
        if let Some(sums) = self.block_sums.get() {
            return Ok(sums);
        }
        let missing = || self.footer_error("the checksums of blocks are not as many as there are blocks");
        let last = u32::try_from(self.footer.chunks.len()).ok().and_then(|count| count.checked_sub(1));
        let last = last.ok_or_else(missing)?;
        let chunks = &self.footer.chunks[..last as usize];
        let sums = BlockSums::read(self.chunk(last)?, chunks).ok_or_else(missing)?;
        Ok(self.block_sums.get_or_init(|| sums))
    }

    /// Compares every checksum that there is, and decodes every column.
    pub(crate) fn verify(&self) -> Result<()> {
        for chunk in 0..u32::try_from(self.footer.chunks.len()).unwrap_or(u32::MAX) {
            let bytes = self.chunk(chunk)?;
            if self.has_block_sums
                && bytes.len() > BLOCK_SIZE
                && let Some(block) = self.block_sums()?.find_damage(chunk, bytes, 0..bytes.len())
            {
                return Err(self.format_error(chunk, &damaged_block(block)));
            }
        }
        let verify = |chunk| self.column(chunk)?.verify().map_err(|error| self.format_error(chunk, &error));
        self.column_chunks().try_for_each(verify)
    }

    /// The chunks that are columns of cells.
    fn column_chunks(&self) -> impl Iterator<Item = u32> + '_ {
        let tables = self.footer.tables.iter().flat_map(|table| {
            let columns = table.groups.iter().flat_map(|group| group.columns.iter().map(|(_, chunk)| *chunk));
            columns.chain(table.patches.iter().flat_map(|patch| [patch.old_texts, patch.new_texts]))
        });
        let change_indexes = self.footer.rosters.iter().filter(|change_index| change_index.count > 0);
        let targets = self.footer.targets.iter().map(|targets| targets.ids);
        let ids =
            change_indexes.clone().map(|change_index| change_index.ids).chain(targets).chain(self.footer.ids);
        tables
            .chain(change_indexes.map(|change_index| change_index.names))
            .chain(ids.filter_map(|ids| ids.texts))
    }

    /// The bytes of a chunk as they are stored.
    fn unchecked(&self, chunk: u32) -> Result<&[u8]> {
        let entry = self.entry(chunk)?;
        let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
        let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
        start.checked_add(length).and_then(|end| self.map.get(start..end)).ok_or_else(|| {
            damaged(&self.path, start, format!("chunk {chunk} reaches beyond the end of the file"))
        })
    }

    /// All integers of a chunk.
    pub(crate) fn integers(&self, chunk: u32) -> Result<Vec<u32>> {
        let count = self.count(chunk)? as usize;
        let bytes = self.chunk(chunk)?;
        integers::decode_u32s(bytes, count).map_err(|error| self.format_error(chunk, &error))
    }

    /// The ordinals of a chunk: they ascend, and each is assigned.
    pub(crate) fn ordinals(&self, chunk: u32) -> Result<Vec<u32>> {
        let ordinals = self.integers(chunk)?;
        let ordinal_count = self.ordinal_count();
        // A vector would make room for all that are below the last one.
        if !ordinals.is_sorted() || ordinals.last().is_some_and(|last| *last >= ordinal_count) {
            let what = format!("expected ascending ordinals below {ordinal_count} in chunk {chunk}");
            return Err(self.footer_error(what));
        }
        Ok(ordinals)
    }

    /// Gives the integers of two chunks side by side, block by block, without keeping them.
    pub(crate) fn for_each_pair(
        &self,
        chunks: [u32; 2],
        mut f: impl FnMut(&[u32], &[u32]) -> Result<()>,
    ) -> Result<()> {
        let [keys, values] = chunks;
        let begin = |chunk: u32| {
            let count = self.count(chunk)? as usize;
            let begun = Decoding::new(self.chunk(chunk)?, count);
            begun.map_err(|error| self.format_error(chunk, &error))
        };
        let (mut first, mut second) = (begin(keys)?, begin(values)?);
        if self.entry(keys)?.count != self.entry(values)?.count {
            return Err(self.footer_error(format!("chunk {keys} has not as many integers as chunk {values}")));
        }
        let (mut first_room, mut second_room) = ([0; integers::BLOCK], [0; integers::BLOCK]);
        loop {
            let left = first.next_block(&mut first_room).map_err(|error| self.format_error(keys, &error))?;
            let right = second.next_block(&mut second_room);
            let right = right.map_err(|error| self.format_error(values, &error))?;
            if left.is_empty() {
                return Ok(());
            }
            f(left, right)?;
        }
    }

    /// One integer of a chunk; none behind the end.
    pub(crate) fn integer_at(&self, chunk: u32, index: usize) -> Result<Option<u32>> {
        self.skimmed(chunk)?.get(index).map_err(|error| self.format_error(chunk, &error))
    }

    /// The index of an integer among the ascending ones of a chunk.
    pub(crate) fn index_of(&self, chunk: u32, wanted: u32) -> Result<Option<usize>> {
        self.skimmed(chunk)?.index_of(wanted).map_err(|error| self.format_error(chunk, &error))
    }

    fn skimmed(&self, chunk: u32) -> Result<Skimmed<'_>> {
        let count = self.count(chunk)? as usize;
        Ok(Skimmed::new(self.chunk(chunk)?, count))
    }

    /// Integers of a chunk with random access.
    pub(crate) fn packed(&self, chunk: u32) -> Result<PackedU32s<'_>> {
        let count = self.count(chunk)? as usize;
        let bytes = self.chunk(chunk)?;
        PackedU32s::open(bytes, count).map_err(|error| self.format_error(chunk, &error))
    }

    /// A column of cells. Its inner structure is checked whole the first time.
    pub(crate) fn column(&self, chunk: u32) -> Result<Column<'_>> {
        let rows = self.count(chunk)?;
        let bytes = self.chunk(chunk)?;
        let checked = &self.checked[chunk as usize];
        if checked.load(Ordering::Relaxed) == COLUMN_CHECKED {
            return Column::reopen(bytes, rows).map_err(|error| self.format_error(chunk, &error));
        }
        let column = Column::open(bytes, rows).map_err(|error| self.format_error(chunk, &error))?;
        checked.store(COLUMN_CHECKED, Ordering::Relaxed);
        Ok(column)
    }

    /// A column of which single cells are read. Its inner structure is not gone through, which would take longer than
    /// reading them: reading stays within the chunk whatever it holds, and its checksum says that it was written so.
    pub(crate) fn cells(&self, chunk: u32) -> Result<Column<'_>> {
        let rows = self.count(chunk)?;
        Column::reopen(self.chunk(chunk)?, rows).map_err(|error| self.format_error(chunk, &error))
    }

    /// Changed slots, ascending by ordinal; kept once decoded.
    pub(crate) fn changed_slots(&self, entry: &SlotEntry) -> Result<Arc<[ChangedSlot]>> {
        let mut cache = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slots) = cache.get(&entry.ordinals) {
            return Ok(Arc::clone(slots));
        }
        let ordinals = self.ordinals(entry.ordinals)?;
        let old_values = self.integers(entry.old_values)?;
        let new_values = self.integers(entry.new_values)?;
        let count = entry.count as usize;
        if [ordinals.len(), old_values.len(), new_values.len()] != [count; 3] {
            return Err(self.footer_error("some of the changed slots are missing"));
        }
        let values = old_values.iter().zip(&new_values);
        let slots: Arc<[ChangedSlot]> = ordinals
            .iter()
            .zip(values)
            .map(|(&ordinal, (&old, &new))| ChangedSlot {
                ordinal,
                old: Slot::from_stored(old),
                new: Slot::from_stored(new),
            })
            .collect();
        cache.insert(entry.ordinals, Arc::clone(&slots));
        Ok(slots)
    }

    /// Bytes of the chunks of each type's tables and relations.
    pub(crate) fn bytes_by_type(&self) -> HashMap<String, u64> {
        let mut bytes: HashMap<String, u64> = HashMap::new();
        let length = |chunk: u32| self.footer.chunks.get(chunk as usize).map_or(0, |entry| entry.length);
        for table in &self.footer.tables {
            let columns = table.groups.iter().flat_map(|group| group.columns.iter().map(|(_, chunk)| *chunk));
            let patches = table
                .patches
                .iter()
                .flat_map(|patch| [patch.ends, patch.paths, patch.old_texts, patch.new_texts]);
            let slots =
                table.slots.iter().flat_map(|slots| [slots.ordinals, slots.old_values, slots.new_values]);
            let heads = [table.ordinals, table.predecessors, table.hashes];
            let total: u64 = columns.chain(patches).chain(slots).chain(heads).map(length).sum();
            *bytes.entry(table.type_token.clone()).or_default() += total;
        }
        for change_index in self.footer.rosters.iter().filter(|change_index| change_index.count > 0) {
            let ids = [Some(change_index.ids.keys), change_index.ids.text_rows, change_index.ids.texts];
            let chunks = [change_index.ordinals, change_index.slots, change_index.flags, change_index.names];
            let total: u64 = chunks.into_iter().chain(ids.into_iter().flatten()).map(length).sum();
            *bytes.entry(change_index.type_token.clone()).or_default() += total;
        }
        for links in &self.footer.links {
            let slots =
                links.slots.iter().flat_map(|slots| [slots.ordinals, slots.old_values, slots.new_values]);
            let total: u64 = slots.chain([links.predecessors, links.ends, links.data]).map(length).sum();
            *bytes.entry(links.type_token.clone()).or_default() += total;
        }
        bytes
    }

    /// Names file and offset of a fault that a decoder found inside a chunk.
    pub(crate) fn format_error(&self, chunk: u32, error: &FormatError) -> Error {
        let start = self.footer.chunks.get(chunk as usize).map_or(0, |entry| entry.offset);
        let offset = usize::try_from(start).unwrap_or(0) + error.offset;
        damaged(&self.path, offset, format!("chunk {chunk}: {}", error.what))
    }

    /// A fault in what the footer says.
    pub(crate) fn footer_error(&self, what: impl Into<String>) -> Error {
        damaged(&self.path, 0, what.into())
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("path", &self.path).finish_non_exhaustive()
    }
}

fn read_footer(file: &[u8], trailer: &Trailer) -> Result<Footer, (usize, String)> {
    let start = usize::try_from(trailer.footer_offset).unwrap_or(usize::MAX);
    let length = usize::try_from(trailer.footer_length).unwrap_or(usize::MAX);
    let bytes = start
        .checked_add(length)
        .and_then(|end| file.get(start..end))
        .ok_or_else(|| (start, "the footer reaches beyond the end of the file".to_owned()))?;
    if *blake3::hash(bytes).as_bytes() != trailer.footer_hash {
        return Err((start, "the footer's hash does not match its bytes".into()));
    }
    footer_of(bytes).map_err(|error| (start, error.to_string()))
}

/// Why bytes are no footer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FooterError {
    /// Their layout is another one.
    #[error("the footer is not one of format {FORMAT_VERSION}: {0}")]
    OtherFormat(rkyv::rancor::Error),
    /// Their layout is right, and a value in it is not.
    #[error("the footer cannot be read: {0}")]
    Unreadable(rkyv::rancor::Error),
}

/// The footer that bytes are, of which nothing is believed yet.
pub(crate) fn footer_of(bytes: &[u8]) -> Result<Footer, FooterError> {
    // rkyv needs alignment that a map of a foreign file does not promise.
    let mut aligned = rkyv::util::AlignedVec::<16>::with_capacity(bytes.len());
    aligned.extend_from_slice(bytes);
    let archived =
        rkyv::access::<ArchivedFooter, rkyv::rancor::Error>(&aligned).map_err(FooterError::OtherFormat)?;
    rkyv::deserialize::<Footer, rkyv::rancor::Error>(archived).map_err(FooterError::Unreadable)
}

fn damaged_block(block: usize) -> FormatError {
    FormatError::new(block * BLOCK_SIZE, "the checksum of these bytes does not match them")
}

pub(crate) fn damaged(path: &Path, offset: usize, what: impl Into<String>) -> Error {
    Error::Damaged { path: path.to_owned(), offset: offset as u64, what: what.into() }
}
