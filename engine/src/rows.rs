//! Reads versions: whole rows from columns, and the patches that later versions are made of.
//!
//! A version is whole (its cells are in the columns of a row group) or patched (it names its
//! predecessor and the attributes in which it differs). A chain of patches is at most
//! [`PATCH_DEPTH_MAX`] long and ends at a whole row.
//!
//! Shape: here, few versions one by one; `cursor` reads many, one thread's share of them, with what `columns` and
//! `patches` keep `open`; `unpacked` has the patches of a segment decoded at once, for callers that read nearly all of
//! them.

mod columns;
mod cursor;
mod open;
mod patches;
mod unpacked;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) use cursor::{DifferingCells, RowCursor};
use patches::StoredPatch;
use rayon::prelude::*;
use unpacked::Unpacked;

use crate::Result;
use crate::paths::PathId;
use crate::segment::column::Cell;
use crate::segment::footer::{GroupEntry, PatchEntry, TableEntry};
use crate::segment::integers::PackedU32s;
use crate::segment::reader::Segment;
use crate::segment::reference;
use crate::state::{NumberRanges, State, TableKey};

/// Patches between a version and the whole row it builds on, at most. More would make a store smaller
/// and reading one object slower.
pub(crate) const PATCH_DEPTH_MAX: u32 = 16;
/// Segments from which on it pays to unpack patches: those of a few stay in the cache of a core as they are.
const UNPACKED_SEGMENTS_MIN: usize = 4;
/// Bytes of memory that unpacked patches take, about.
const UNPACKED_BYTES_MAX: usize = 128 << 20;

/// The cells of one row: attribute paths and their JSON texts.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowCells {
    list: Vec<(PathId, Range<usize>)>,
    texts: Vec<u8>,
}

impl RowCells {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.texts.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PathId, &[u8])> {
        self.list.iter().map(|(path, range)| (*path, &self.texts[range.clone()]))
    }

    pub(crate) fn get(&self, path: PathId) -> Option<&[u8]> {
        self.list.iter().find(|(found, _)| *found == path).map(|(_, range)| &self.texts[range.clone()])
    }

    /// Sets a cell; an empty text removes it.
    pub(crate) fn set(&mut self, path: PathId, text: &[u8]) {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        self.set_range(path, start..self.texts.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    fn set_range(&mut self, path: PathId, range: Range<usize>) {
        let index = self.list.iter().position(|(found, _)| *found == path);
        match index {
            Some(index) if range.is_empty() => {
                self.list.swap_remove(index);
            }
            Some(index) => self.list[index].1 = range,
            None if range.is_empty() => {}
            None => self.list.push((path, range)),
        }
    }
}

/// The location of a version.
pub(crate) enum Location<'state> {
    /// Row of a group.
    Whole { segment: &'state Arc<Segment>, group: &'state GroupEntry, row: u32 },
    /// Attributes `entries` of a patch chunk, on top of `predecessor`.
    Patched {
        segment: &'state Arc<Segment>,
        patch: &'state PatchEntry,
        entries: Range<u32>,
        predecessor: u32,
    },
}

/// The location of a version, before any chunk is opened.
enum Spot<'state> {
    Whole {
        segment: &'state Arc<Segment>,
        group: &'state GroupEntry,
        row: u32,
    },
    /// The patch is the one `within` its chunk; the version is the one in `row` of its table.
    Patched {
        segment: &'state Arc<Segment>,
        table: &'state TableEntry,
        patch: &'state PatchEntry,
        within: usize,
        row: u32,
    },
}

/// Reads the versions of one table.
pub(crate) struct Rows<'s> {
    state: &'s State,
    key: TableKey,
    numbers: Option<&'s NumberRanges>,
    /// Per range of numbers its segment and entry, once they are read; empty when few versions are read.
    found: Vec<OnceLock<(&'s Arc<Segment>, &'s TableEntry)>>,
    /// Per range of numbers its patches, where they were unpacked.
    unpacked: Vec<Option<Unpacked<'s>>>,
}

impl<'s> Rows<'s> {
    /// For reading few versions.
    pub(crate) fn few(state: &'s State, key: &TableKey) -> Self {
        Self {
            state,
            key: key.clone(),
            numbers: state.tables.get(key),
            found: Vec::new(),
            unpacked: Vec::new(),
        }
    }

    /// For reading many versions: remembers where the segments are.
    pub(crate) fn many(state: &'s State, key: &TableKey) -> Self {
        let mut rows = Self::few(state, key);
        let range_count = rows.numbers.map_or(0, |numbers| numbers.ranges.len());
        rows.found.resize_with(range_count, OnceLock::new);
        rows
    }

    /// Decodes the patches of the backups after `low` up to `high`, for callers that read nearly all of them; of few
    /// backups none. What is read is the same, in less time.
    pub(crate) fn unpack_between(&mut self, low: u64, high: u64) -> Result<()> {
        let Some(numbers) = self.numbers else { return Ok(()) };
        let indexes = (0..).zip(&numbers.ranges);
        let tables = indexes.map(|(index, (_, sequence))| {
            let is_between = low < *sequence && *sequence <= high;
            let table = if is_between { Some(self.table(index)?) } else { None };
            Ok(table.filter(|(_, table)| !table.patches.is_empty()))
        });
        let tables: Vec<_> = tables.collect::<Result<_>>()?;
        let table_count = tables.iter().flatten().count();
        if table_count < UNPACKED_SEGMENTS_MIN {
            return Ok(());
        }
        let left = AtomicUsize::new(UNPACKED_BYTES_MAX);
        let unpack = |table: &Option<(&'s Arc<Segment>, &'s TableEntry)>| {
            let budget = left.load(Ordering::Relaxed);
            let Some((segment, table)) = table.filter(|_| budget > 0) else { return Ok(None) };
            let unpacked = Unpacked::read(segment, table, &self.state.paths, budget)?;
            // What does not fit is not tried again with the next segment: trying takes as long as reading.
            let size = unpacked.as_ref().map_or(usize::MAX, Unpacked::size);
            let spend = |left: usize| Some(left.saturating_sub(size));
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).expect("always some");
            Ok(unpacked)
        };
        self.unpacked = tables.par_iter().map(unpack).collect::<Result<_>>()?;
        Ok(())
    }

    pub(crate) fn state(&self) -> &'s State {
        self.state
    }

    pub(crate) fn key(&self) -> &TableKey {
        &self.key
    }

    /// The location of a version.
    pub(crate) fn location(&self, version: u32) -> Result<Location<'s>> {
        match self.spot(version)? {
            Spot::Whole { segment, group, row } => Ok(Location::Whole { segment, group, row }),
            Spot::Patched { segment, table, patch, within, row } => {
                let ends = segment.packed(patch.ends)?;
                let entries = entries_of(segment, patch, &ends, within)?;
                let predecessor = packed_at(segment, table.predecessors, row)?;
                Ok(Location::Patched { segment, patch, entries, predecessor })
            }
        }
    }

    /// The location of a version, as far as footers say it.
    fn spot(&self, version: u32) -> Result<Spot<'s>> {
        let (segment, table, row) = self.find(version)?;
        if row >= table.whole_count {
            let number = row - table.whole_count;
            let patch = holder(&table.patches, number, |patch| (patch.first_patch, patch.patch_count))
                .ok_or_else(|| segment.footer_error(format!("no patch chunk holds patch {number}")))?;
            let within = (number - patch.first_patch) as usize;
            return Ok(Spot::Patched { segment, table, patch, within, row });
        }
        let group = holder(&table.groups, row, |group| (group.first_row, group.row_count))
            .ok_or_else(|| segment.footer_error(format!("no row group holds row {row}")))?;
        Ok(Spot::Whole { segment, group, row: row - group.first_row })
    }

    /// All cells of a version.
    pub(crate) fn read_cells(&self, version: u32, cells: &mut RowCells) -> Result<()> {
        let mut patches = Vec::new();
        let mut next = version;
        loop {
            match self.location(next)? {
                Location::Whole { segment, group, row } => {
                    self.read_whole(segment, group, row, cells)?;
                    break;
                }
                Location::Patched { segment, patch, entries, predecessor } => {
                    check_predecessor(segment, predecessor, next, patches.len())?;
                    patches.push((segment, patch, entries));
                    next = predecessor;
                }
            }
        }
        for (segment, patch, entries) in patches.into_iter().rev() {
            let texts = segment.cells(patch.new_texts)?;
            let mut text = Vec::new();
            for (entry, path) in self.patch_paths(segment, patch, entries)? {
                text.clear();
                texts.append(entry, &mut text);
                cells.set(path, &text);
            }
        }
        Ok(())
    }

    /// One cell of a version, as its JSON text; `None` when absent.
    pub(crate) fn read_cell(&self, version: u32, path: PathId) -> Result<Option<Vec<u8>>> {
        let mut next = version;
        let mut depth = 0;
        loop {
            match self.location(next)? {
                Location::Whole { segment, group, row } => {
                    return self.read_column(segment, group, row, path);
                }
                Location::Patched { segment, patch, entries, predecessor } => {
                    let mut changed = self.patch_paths(segment, patch, entries)?;
                    if let Some((entry, _)) = changed.find(|(_, found)| *found == path) {
                        let mut text = Vec::new();
                        segment.cells(patch.new_texts)?.append(entry, &mut text);
                        return Ok(Some(text).filter(|text| !text.is_empty()));
                    }
                    check_predecessor(segment, predecessor, next, depth)?;
                    next = predecessor;
                    depth += 1;
                }
            }
        }
    }

    /// The content hash of a version.
    pub(crate) fn content_hash(&self, version: u32) -> Result<[u8; 16]> {
        let (segment, table, row) = self.find(version)?;
        let bytes = segment.chunk(table.hashes)?;
        let start = row as usize * 16;
        let hash = bytes
            .get(start..start + 16)
            .ok_or_else(|| segment.footer_error("the content hashes end early"))?;
        Ok(hash.try_into().expect("16 bytes"))
    }

    /// The predecessor of a version; 0 for none.
    pub(crate) fn predecessor(&self, version: u32) -> Result<u32> {
        let (segment, table, row) = self.find(version)?;
        let predecessor = packed_at(segment, table.predecessors, row)?;
        if predecessor >= version {
            return Err(segment.footer_error("a version names a later one as its predecessor"));
        }
        Ok(predecessor)
    }

    /// How many patches lie between a version and the whole row it builds on.
    pub(crate) fn patch_depth(&self, version: u32) -> Result<u32> {
        let (mut next, mut depth) = (version, 0);
        while let Location::Patched { segment, predecessor, .. } = self.location(next)? {
            check_predecessor(segment, predecessor, next, depth as usize)?;
            next = predecessor;
            depth += 1;
        }
        Ok(depth)
    }

    /// The changed attributes of a patch: entry and path.
    pub(crate) fn patch_paths(
        &self,
        segment: &'s Segment,
        patch: &PatchEntry,
        entries: Range<u32>,
    ) -> Result<impl Iterator<Item = (u32, PathId)> + use<'s>> {
        let numbers = segment.packed(patch.paths)?;
        let ids = segment.path_ids(&self.state.paths);
        let paths: Option<Vec<PathId>> =
            entries.clone().map(|entry| ids.get(numbers.get(entry as usize) as usize).copied()).collect();
        Ok(entries.zip(paths.ok_or_else(|| unknown_path(segment))?))
    }

    /// Segment, table and row of a version.
    fn find(&self, version: u32) -> Result<(&'s Arc<Segment>, &'s TableEntry, u32)> {
        let (index, row) = self.range(version)?;
        let (segment, table) = self.table(index)?;
        Ok((segment, table, row))
    }

    /// The unpacked patch that a version is, if it is one.
    fn unpacked(&self, version: u32) -> Result<Option<StoredPatch<'_, 's>>> {
        if self.unpacked.is_empty() {
            return Ok(None);
        }
        let (index, row) = self.range(version)?;
        Ok(self.unpacked[index].as_ref().and_then(|unpacked| unpacked.patch(row)).map(StoredPatch::from))
    }

    /// The range of numbers that a version lies in, and its row there.
    fn range(&self, version: u32) -> Result<(usize, u32)> {
        let unknown = || self.state.unknown_number(&self.key, version);
        let numbers = self.numbers.filter(|numbers| version < numbers.next).ok_or_else(unknown)?;
        let index = numbers.ranges.partition_point(|(first, _)| *first <= version).checked_sub(1);
        let index = index.ok_or_else(unknown)?;
        Ok((index, version - numbers.ranges[index].0))
    }

    /// Segment and table of a range of numbers.
    fn table(&self, index: usize) -> Result<(&'s Arc<Segment>, &'s TableEntry)> {
        if let Some(found) = self.found.get(index).and_then(OnceLock::get) {
            return Ok(*found);
        }
        let range = self.numbers.and_then(|numbers| numbers.ranges.get(index));
        let &(_, sequence) = range.ok_or_else(|| self.state.unknown_number(&self.key, 0))?;
        let segment = self.state.segment(sequence)?;
        let table = segment.table(&self.key.type_token, self.key.kind.space()).ok_or_else(|| {
            segment.footer_error(format!("expected versions of {} in this segment", self.key.type_token))
        })?;
        if let Some(found) = self.found.get(index) {
            found.get_or_init(|| (segment, table));
        }
        Ok((segment, table))
    }

    fn read_whole(
        &self,
        segment: &Segment,
        group: &GroupEntry,
        row: u32,
        cells: &mut RowCells,
    ) -> Result<()> {
        let ids = segment.path_ids(&self.state.paths);
        for &(path, chunk) in &group.columns {
            let start = cells.texts.len();
            if append_cell(segment, group, chunk, row, &mut cells.texts)? != Cell::Absent {
                let path = ids.get(path as usize).copied();
                let path = path.ok_or_else(|| {
                    segment.footer_error("a column names a path that the footer does not have")
                })?;
                cells.list.push((path, start..cells.texts.len()));
            }
        }
        Ok(())
    }

    fn read_column(
        &self,
        segment: &Segment,
        group: &GroupEntry,
        row: u32,
        path: PathId,
    ) -> Result<Option<Vec<u8>>> {
        let Some(number) = segment.path_number(&self.state.paths, path) else { return Ok(None) };
        let Ok(index) = group.columns.binary_search_by_key(&number, |(path, _)| *path) else {
            return Ok(None);
        };
        let mut text = Vec::new();
        let cell = append_cell(segment, group, group.columns[index].1, row, &mut text)?;
        Ok((cell != Cell::Absent).then_some(text))
    }
}

fn check_predecessor(segment: &Segment, predecessor: u32, version: u32, depth: usize) -> Result<()> {
    if predecessor == 0 || predecessor >= version || depth > PATCH_DEPTH_MAX as usize {
        return Err(
            segment.footer_error(format!("version {version} is a patch without a whole row to build on"))
        );
    }
    Ok(())
}

/// Appends the text of a cell, made from its base where the column repeats another.
fn append_cell(
    segment: &Segment,
    group: &GroupEntry,
    chunk: u32,
    row: u32,
    out: &mut Vec<u8>,
) -> Result<Cell> {
    let cell = segment.cells(chunk)?.append(row, out);
    if cell != Cell::Unknown {
        return Ok(cell);
    }
    let entry = group.references.binary_search_by_key(&chunk, |entry| entry.chunk);
    let Ok(entry) = entry.map(|index| &group.references[index]) else { return Ok(cell) };
    let mut base = Vec::new();
    segment.cells(entry.base)?.append(row, &mut base);
    if reference::append(entry, &base, out) {
        return Ok(Cell::Value);
    }
    Err(segment.footer_error(format!("row {row} of chunk {chunk} repeats a text that is not there")))
}

/// Which of some parts holds a number; `extent` says a part's first number and how many it has, and parts ascend.
fn holder<T>(parts: &[T], number: u32, extent: impl Fn(&T) -> (u32, u32)) -> Option<&T> {
    let index = parts.partition_point(|part| extent(part).0 <= number);
    let part = parts.get(index.checked_sub(1)?)?;
    let (first, count) = extent(part);
    (number - first < count).then_some(part)
}

/// The attributes of a patch, as entries of its chunk; `ends` says where those of each patch end.
fn entries_of(
    segment: &Segment,
    patch: &PatchEntry,
    ends: &PackedU32s<'_>,
    within: usize,
) -> Result<Range<u32>> {
    let start = if within == 0 { 0 } else { ends.get(within - 1) };
    let end = ends.get(within);
    if start > end || end > attribute_count(segment, patch)? {
        return Err(segment.footer_error("a patch reaches beyond its chunk"));
    }
    Ok(start..end)
}

/// How many attributes the patches of a chunk have.
fn attribute_count(segment: &Segment, patch: &PatchEntry) -> Result<u32> {
    let count = segment.entry(patch.paths)?.count;
    let counts = [segment.entry(patch.old_texts)?.count, segment.entry(patch.new_texts)?.count];
    if counts != [count; 2] {
        return Err(segment.footer_error("a patch has not as many texts as attributes"));
    }
    Ok(count)
}

fn unknown_path(segment: &Segment) -> crate::Error {
    segment.footer_error("a patch names a path that the footer does not have")
}

/// One of packed integers, its index checked.
pub(crate) fn packed_at(segment: &Segment, chunk: u32, index: u32) -> Result<u32> {
    integer_at(segment, chunk, &segment.packed(chunk)?, index)
}

fn integer_at(segment: &Segment, chunk: u32, packed: &PackedU32s<'_>, index: u32) -> Result<u32> {
    if (index as usize) < packed.len() {
        return Ok(packed.get(index as usize));
    }
    let what = format!("chunk {chunk} has {} integers, expected more than {index}", packed.len());
    Err(segment.footer_error(what))
}
