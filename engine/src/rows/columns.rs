//! Columns of row groups that stay open while one thread reads single cells of many versions.

use std::sync::Arc;

use super::GroupEntry;
use super::open::PerSegment;
use crate::Result;
use crate::paths::{PathId, PathNames};
use crate::segment::column::{Cell, Column, Decoded};
use crate::segment::footer::ReferenceEntry;
use crate::segment::reader::Segment;
use crate::segment::reference;

/// Rows up to which a column is decoded at once: reading two of its compressed texts may take as long.
const DECODED_ROWS_MAX: u32 = 4_096;
/// Bytes up to which it is kept so.
const DECODED_BYTES_MAX: usize = 1 << 20;

/// The columns that one thread has open.
#[derive(Default)]
pub(super) struct OpenColumns<'s> {
    /// Those of each path.
    columns: Vec<(PathId, PerSegment<OpenColumn<'s>>)>,
    base: Vec<u8>,
}

/// A column of a group, if the group has it.
struct OpenColumn<'s> {
    group: &'s GroupEntry,
    column: Option<Column<'s>>,
    /// What the column repeats.
    base: Option<(&'s ReferenceEntry, Column<'s>)>,
    /// Its texts, from the second one on that is read.
    decoded: Option<Decoded>,
    was_read: bool,
}

impl<'s> OpenColumns<'s> {
    /// Appends one cell of a row of a group; says whether it holds anything.
    pub(super) fn read(
        &mut self,
        names: &PathNames,
        (segment, group, row): (&'s Arc<Segment>, &'s GroupEntry, u32),
        path: PathId,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let of_path = self.columns.iter().position(|(found, _)| *found == path).unwrap_or_else(|| {
            self.columns.push((path, PerSegment::default()));
            self.columns.len() - 1
        });
        let open = match self.columns[of_path].1.get(segment, |open| std::ptr::eq(open.group, group)) {
            Some(open) => open,
            empty => empty.insert(OpenColumn::new(names, segment, group, path)?),
        };
        open.read(segment, row, &mut self.base, out)
    }
}

impl<'s> OpenColumn<'s> {
    fn new(
        names: &PathNames,
        segment: &'s Arc<Segment>,
        group: &'s GroupEntry,
        path: PathId,
    ) -> Result<Self> {
        let chunk = segment.path_number(names, path).and_then(|number| {
            let found = group.columns.binary_search_by_key(&number, |(path, _)| *path);
            found.ok().map(|index| group.columns[index].1)
        });
        let mut open = Self { group, column: None, base: None, decoded: None, was_read: false };
        if let Some(chunk) = chunk {
            open.column = Some(segment.cells(chunk)?);
            if let Ok(index) = group.references.binary_search_by_key(&chunk, |entry| entry.chunk) {
                let entry = &group.references[index];
                open.base = Some((entry, segment.cells(entry.base)?));
            }
        }
        Ok(open)
    }

    fn read(&mut self, segment: &Segment, row: u32, room: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<bool> {
        let Some(column) = &self.column else { return Ok(false) };
        let start = out.len();
        if let Some((entry, base)) = &self.base {
            if column.append(row, out) == Cell::Unknown {
                room.clear();
                base.append(row, room);
                if !reference::append(entry, room, out) {
                    let what = format!("row {row} repeats a text that is not there");
                    return Err(segment.footer_error(what));
                }
            }
            return Ok(out.len() > start);
        }
        if self.was_read && self.decoded.is_none() && column.row_count() <= DECODED_ROWS_MAX {
            self.decoded = column.decode(DECODED_BYTES_MAX);
        }
        self.was_read = true;
        match &self.decoded {
            Some(decoded) => out.extend_from_slice(decoded.get(row)),
            None => _ = column.append(row, out),
        }
        Ok(out.len() > start)
    }
}
