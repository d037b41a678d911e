//! The versions that a backup adds to one table: whole rows, sealed into row groups, and patches.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use crate::Result;
use crate::content::ColumnCells;
use crate::paths::PathId;
use crate::segment::column;
use crate::segment::footer::{GroupEntry, ReferenceEntry};
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::reference::{self, BASE_PATHS, Rule};
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::state::{TableKey, VectorKind};
use crate::value;
use crate::vector::{Slot, Vector};

/// Bytes of memory that rows of one table may hold while they wait for their row group to fill up.
const PENDING_BYTES_MAX: usize = 64 << 20;

/// Columns of some objects, of one space. Those of the other go their own way: either may wait longer.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) row_count: usize,
    pub(super) cells: Vec<ColumnCells>,
}

impl Columns {
    fn byte_count(&self) -> usize {
        self.cells.iter().map(ColumnCells::byte_count).sum()
    }
}

/// The head of a version: its object, its predecessor and its hash.
#[derive(Debug, Default)]
pub(super) struct VersionHeads {
    pub(super) ordinals: Vec<u32>,
    pub(super) predecessors: Vec<u32>,
    pub(super) hashes: Vec<u8>,
}

/// A changed object, until commit decides what becomes of it.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) predecessor: u32,
    pub(super) hash: [u8; 16],
    /// Path, old text, new text; an empty text is an absent cell.
    pub(super) cells: Vec<PatchCell>,
}

/// One attribute that differs.
#[derive(Debug, Clone)]
pub(super) struct PatchCell {
    pub(super) path: PathId,
    pub(super) old: Box<[u8]>,
    pub(super) new: Box<[u8]>,
}

/// The versions that a backup adds to a table.
#[derive(Debug)]
pub(super) struct Versions {
    /// Volatile contents hardly ever return, so nothing but the order of their versions is kept.
    has_hashes: bool,
    /// The first of their numbers.
    pub(super) first: u32,
    pub(super) heads: VersionHeads,
    pub(super) groups: Vec<GroupEntry>,
}

/// Rows that wait for their row group to fill up.
#[derive(Debug, Default)]
struct Pending {
    columns: Vec<(Arc<Columns>, Vec<u32>)>,
    row_count: usize,
    byte_count: usize,
}

/// One table while observations come in.
#[derive(Debug)]
pub(super) struct TableWork {
    pub(super) old: Vector,
    pub(super) new: Vector,
    pub(super) versions: Versions,
    /// Changed objects by ordinal.
    pub(super) patches: HashMap<u32, Patch>,
    pending: Pending,
}

/// One table of which every version is decided.
#[derive(Debug)]
pub(super) struct ResolvedTable {
    pub(super) old: Vector,
    pub(super) new: Vector,
    pub(super) versions: Versions,
    /// The patches among the versions, in version order, behind all whole rows.
    pub(super) patches: Vec<Patch>,
}

impl Versions {
    /// How many there are so far.
    pub(super) fn count(&self) -> u32 {
        index_u32(self.heads.predecessors.len())
    }

    /// Adds a version's head; returns its number.
    pub(super) fn add(&mut self, ordinal: u32, predecessor: u32, hash: &[u8; 16]) -> u32 {
        let version = self.first + self.count();
        self.heads.predecessors.push(predecessor);
        if self.has_hashes {
            self.heads.ordinals.push(ordinal);
            self.heads.hashes.extend_from_slice(hash);
        }
        version
    }
}

impl TableWork {
    pub(super) fn new(basis: &Basis, key: &TableKey) -> Result<Self> {
        let first = basis.state.tables.get(key).map_or(1, |numbers| numbers.next.max(1));
        let has_hashes = key.kind == VectorKind::Core;
        let (heads, groups) = (VersionHeads::default(), Vec::new());
        let old = basis.vector(key)?;
        Ok(Self {
            new: old.clone(),
            old,
            versions: Versions { has_hashes, first, heads, groups },
            patches: HashMap::new(),
            pending: Pending::default(),
        })
    }

    /// Takes a row of some columns as a whole version; returns its number.
    pub(super) fn add_whole(
        &mut self,
        columns: &Arc<Columns>,
        row: u32,
        ordinal: u32,
        hash: &[u8; 16],
    ) -> u32 {
        let pending = &mut self.pending;
        match pending.columns.last_mut() {
            Some((last, rows)) if Arc::ptr_eq(last, columns) => rows.push(row),
            _ => {
                pending.columns.push((Arc::clone(columns), vec![row]));
                pending.byte_count += columns.byte_count();
            }
        }
        pending.row_count += 1;
        self.versions.add(ordinal, 0, hash)
    }

    /// Gives an object another slot, and forgets what was to be patched.
    pub(super) fn set(&mut self, ordinal: u32, slot: Slot) {
        self.patches.remove(&ordinal);
        self.new.set(ordinal, slot);
    }

    /// Leaves an object as it was before this backup.
    pub(super) fn keep(&mut self, ordinal: u32) {
        self.set(ordinal, self.old.get(ordinal));
    }

    /// Bytes of memory that waiting rows hold.
    pub(super) fn pending_bytes(&self) -> usize {
        self.pending.byte_count
    }

    /// Whether the next rows should wait until these are sealed.
    pub(super) fn is_full(&self) -> bool {
        self.pending.row_count >= GROUP_ROW_COUNT_MAX || self.pending.byte_count >= PENDING_BYTES_MAX
    }

    /// Writes the waiting rows as row groups.
    pub(super) fn seal(&mut self, segment: &mut SegmentWriter) -> Result<()> {
        let Pending { columns, row_count, .. } = std::mem::take(&mut self.pending);
        let versions = &mut self.versions;
        let mut first_row = versions.heads.predecessors.len() - row_count;
        for run in split(columns) {
            let rows: usize = run.iter().map(|(_, rows)| rows.len()).sum();
            let mut group = write_columns(&encode_columns(&run, rows), segment)?;
            (group.first_row, group.row_count) = (index_u32(first_row), index_u32(rows));
            versions.groups.push(group);
            first_row += rows;
        }
        Ok(())
    }

    /// Seals the rows that wait, and gives up the changed objects, whose versions are still to be decided.
    pub(super) fn finish(
        mut self,
        segment: &mut SegmentWriter,
    ) -> Result<(ResolvedTable, Vec<(u32, Patch)>)> {
        self.seal(segment)?;
        let Self { old, new, versions, patches, .. } = self;
        let mut patches: Vec<(u32, Patch)> = patches.into_iter().collect();
        patches.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        Ok((ResolvedTable { old, new, versions, patches: Vec::new() }, patches))
    }
}

impl ResolvedTable {
    /// A table to which this backup adds nothing.
    pub(super) fn untouched(basis: &Basis, key: &TableKey) -> Result<Self> {
        let TableWork { old, new, versions, .. } = TableWork::new(basis, key)?;
        Ok(Self { old, new, versions, patches: Vec::new() })
    }

    /// Gives an object another version; the bin bit stays.
    pub(super) fn set_version(&mut self, ordinal: u32, version: u32) {
        let is_in_bin = self.new.get(ordinal).is_in_bin();
        self.new.set(ordinal, if is_in_bin { Slot::in_bin(version) } else { Slot::live(version) });
    }

    /// How many versions are whole rows.
    pub(super) fn whole_count(&self) -> u32 {
        self.versions.count() - index_u32(self.patches.len())
    }
}

fn write_columns(encoded: &[EncodedColumn<'_>], segment: &mut SegmentWriter) -> Result<GroupEntry> {
    let mut group = GroupEntry::default();
    let mut chunks = BTreeMap::new();
    for EncodedColumn { path, column, .. } in encoded {
        let chunk = segment.column(column)?;
        chunks.insert(*path, chunk);
        group.columns.push((segment.path_number(path), chunk));
    }
    group.columns.sort_unstable();
    for EncodedColumn { path, base, .. } in encoded {
        if let Some((base, rule)) = base {
            group.references.push(ReferenceEntry {
                chunk: chunks[path],
                base: chunks[base],
                part: rule.part.code(),
                prefix: rule.prefix.into(),
                suffix: rule.suffix.into(),
            });
        }
    }
    Ok(group)
}

/// Rows in runs that fit in a row group each.
fn split(pending: Vec<(Arc<Columns>, Vec<u32>)>) -> Vec<Vec<(Arc<Columns>, Vec<u32>)>> {
    let mut runs = Vec::new();
    let (mut run, mut row_count) = (Vec::new(), 0);
    for (columns, mut rows) in pending {
        while row_count + rows.len() > GROUP_ROW_COUNT_MAX {
            let rest = rows.split_off(GROUP_ROW_COUNT_MAX - row_count);
            run.push((Arc::clone(&columns), rows));
            runs.push(std::mem::take(&mut run));
            (rows, row_count) = (rest, 0);
        }
        row_count += rows.len();
        run.push((columns, rows));
    }
    if row_count > 0 {
        runs.push(run);
    }
    runs
}

/// Where rows of some columns go, and the column they come from.
type ColumnSource<'a> = (Range<usize>, &'a [u32], usize, &'a ColumnCells);

/// An encoded column, and the base it repeats: its path and the rule.
struct EncodedColumn<'a> {
    path: &'a str,
    column: column::EncodedChunk,
    base: Option<(&'a str, Rule<'a>)>,
}

fn encode_columns(run: &[(Arc<Columns>, Vec<u32>)], row_count: usize) -> Vec<EncodedColumn<'_>> {
    let mut by_path: BTreeMap<&str, Vec<ColumnSource<'_>>> = BTreeMap::new();
    let mut first = 0;
    for (columns, rows) in run {
        let range = first..first + rows.len();
        for cells in &columns.cells {
            by_path.entry(&cells.path.text).or_default().push((
                range.clone(),
                rows,
                columns.row_count,
                cells,
            ));
        }
        first = range.end;
    }
    let bases: Vec<(&str, Vec<&[u8]>)> = BASE_PATHS
        .iter()
        .filter_map(|path| by_path.get_key_value(path))
        .map(|(path, pieces)| {
            let mut values = Vec::new();
            put_values(pieces, row_count, &mut values);
            (*path, values)
        })
        .collect();
    let columns: Vec<_> = by_path.into_iter().collect();
    let mut encoded: Vec<_> = columns
        .par_iter()
        .map_init(Vec::new, |values, (path, pieces)| {
            put_values(pieces, row_count, values);
            encode_column(path, values, &bases)
        })
        .collect();
    encoded.retain(|encoded| encoded.column.stats.absent_count < encoded.column.stats.row_count);
    encoded
}

fn encode_column<'a>(
    path: &'a str,
    values: &mut [&'a [u8]],
    bases: &[(&'a str, Vec<&'a [u8]>)],
) -> EncodedColumn<'a> {
    let is_base = bases.iter().any(|(base, _)| *base == path);
    let found = bases
        .iter()
        .filter(|_| !is_base)
        .find_map(|base| Some((base, reference::find_rule(values, &base.1)?)));
    let Some(((base, base_values), rule)) = found else {
        return EncodedColumn { path, column: column::encode(values), base: None };
    };
    for (value, base_value) in values.iter_mut().zip(base_values) {
        if rule.makes(value, base_value) {
            *value = value::UNKNOWN;
        }
    }
    EncodedColumn { path, column: column::encode(values), base: Some((base, rule)) }
}

/// Lays the texts of a column side by side; `values` is used again for every column, as fresh memory costs more.
fn put_values<'a>(pieces: &[ColumnSource<'a>], row_count: usize, values: &mut Vec<&'a [u8]>) {
    values.clear();
    values.resize(row_count, b"");
    for (range, rows, all_rows, cells) in pieces {
        put_cells(&mut values[range.clone()], rows, *all_rows, cells);
    }
}

fn put_cells<'a>(values: &mut [&'a [u8]], rows: &[u32], all_rows: usize, cells: &'a ColumnCells) {
    if rows.len() == all_rows {
        for (row, text) in cells.iter() {
            values[row as usize] = text;
        }
    } else {
        for (value, &row) in values.iter_mut().zip(rows) {
            *value = cells.get(row).unwrap_or_default();
        }
    }
}
