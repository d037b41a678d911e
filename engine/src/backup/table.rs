//! The versions that a backup adds to one table: whole rows, sealed into row groups, and patches.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::Result;
use crate::content::Cells;
use crate::paths::PathId;
use crate::segment::column;
use crate::segment::footer::{GroupEntry, ReferenceEntry};
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::reference::{self, BASE_PATHS, Rule};
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::value;
use crate::vector::Vector;

/// Bytes of memory that rows of one table may hold while they wait for their row group to fill up.
const PENDING_BYTES_MAX: usize = 64 << 20;

/// Which cells of its objects a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Core,
    Volatile,
}

/// Columns of some objects, of one space. Those of the other go their own way: either may wait longer.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) row_count: usize,
    pub(super) cells: Vec<Cells>,
}

impl Columns {
    fn byte_count(&self) -> usize {
        self.cells.iter().map(Cells::byte_count).sum()
    }
}

/// What a version does not say itself: which object it is of, what it came after, and its hash.
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

/// One table of a backup being made.
#[derive(Debug)]
pub(super) struct TableWork {
    space: Space,
    pub(super) old: Vector,
    pub(super) new: Vector,
    pub(super) first_version: u32,
    pub(super) heads: VersionHeads,
    pub(super) groups: Vec<GroupEntry>,
    pub(super) patches: HashMap<u32, Patch>,
    /// Patches that became versions, in version order.
    pub(super) kept_patches: Vec<Patch>,
    pending: Vec<(Arc<Columns>, Vec<u32>)>,
    pending_rows: usize,
    pending_bytes: usize,
}

impl TableWork {
    pub(super) fn new(space: Space, old: Vector, first_version: u32) -> Self {
        Self {
            space,
            new: old.clone(),
            old,
            first_version: first_version.max(1),
            heads: VersionHeads::default(),
            groups: Vec::new(),
            patches: HashMap::new(),
            kept_patches: Vec::new(),
            pending: Vec::new(),
            pending_rows: 0,
            pending_bytes: 0,
        }
    }

    /// Versions added so far.
    pub(super) fn version_count(&self) -> u32 {
        index_u32(self.heads.predecessors.len())
    }

    /// Takes a row of some columns as a whole version; returns its number.
    pub(super) fn add_whole(
        &mut self,
        columns: &Arc<Columns>,
        row: u32,
        ordinal: u32,
        hash: &[u8; 16],
    ) -> u32 {
        let version = self.first_version + self.version_count();
        self.push_head(ordinal, 0, hash);
        match self.pending.last_mut() {
            Some((last, rows)) if Arc::ptr_eq(last, columns) => rows.push(row),
            _ => {
                self.pending.push((Arc::clone(columns), vec![row]));
                self.pending_bytes += columns.byte_count();
            }
        }
        self.pending_rows += 1;
        version
    }

    /// Adds a version's head. Volatile contents hardly ever return, so nothing but their order is kept.
    pub(super) fn push_head(&mut self, ordinal: u32, predecessor: u32, hash: &[u8; 16]) {
        self.heads.predecessors.push(predecessor);
        if self.space == Space::Core {
            self.heads.ordinals.push(ordinal);
            self.heads.hashes.extend_from_slice(hash);
        }
    }

    /// Bytes of memory that waiting rows hold.
    pub(super) fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Whether the next rows should wait until these are sealed.
    pub(super) fn is_full(&self) -> bool {
        self.pending_rows >= GROUP_ROW_COUNT_MAX || self.pending_bytes >= PENDING_BYTES_MAX
    }

    /// Writes the waiting rows as row groups.
    pub(super) fn seal(&mut self, segment: &mut SegmentWriter) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let row_count = std::mem::take(&mut self.pending_rows);
        self.pending_bytes = 0;
        let mut first_row = self.heads.predecessors.len() - row_count;
        for run in split(pending) {
            let rows: usize = run.iter().map(|(_, rows)| rows.len()).sum();
            let mut group = write_columns(&encode_columns(&run, rows), segment)?;
            (group.first_row, group.row_count) = (index_u32(first_row), index_u32(rows));
            self.groups.push(group);
            first_row += rows;
        }
        Ok(())
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
type Source<'a> = (Range<usize>, &'a [u32], usize, &'a Cells);

/// An encoded column, and the base it repeats: its path and the rule.
struct EncodedColumn<'a> {
    path: &'a str,
    column: column::Encoded,
    base: Option<(&'a str, Rule<'a>)>,
}

fn encode_columns(run: &[(Arc<Columns>, Vec<u32>)], row_count: usize) -> Vec<EncodedColumn<'_>> {
    let mut by_path: BTreeMap<&str, Vec<Source<'_>>> = BTreeMap::new();
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
            place_values(pieces, row_count, &mut values);
            (*path, values)
        })
        .collect();
    let columns: Vec<_> = by_path.into_iter().collect();
    let mut encoded: Vec<_> = columns
        .par_iter()
        .map_init(Vec::new, |values, (path, pieces)| {
            place_values(pieces, row_count, values);
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
fn place_values<'a>(pieces: &[Source<'a>], row_count: usize, values: &mut Vec<&'a [u8]>) {
    values.clear();
    values.resize(row_count, b"");
    for (range, rows, all_rows, cells) in pieces {
        place_cells(&mut values[range.clone()], rows, *all_rows, cells);
    }
}

fn place_cells<'a>(values: &mut [&'a [u8]], rows: &[u32], all_rows: usize, cells: &'a Cells) {
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
