//! Which objects of a type there are at a backup: counted at once, listed on demand.
//!
//! A query over a million objects that only counts them, or looks at the first few, needs no list of a million.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use engine::scan::{ObjectRows, Scan};

use crate::error::TableError;

/// Where the first parts end: enough rows for a look, few enough to be read one by one.
const FIRST_ENDS: [usize; 2] = [16, 256];

/// The objects of a type that are live, or that lie in the recycle bin.
pub(super) struct RowList {
    scan: Scan,
    deleted: bool,
    count: usize,
    first: OnceLock<ObjectRows>,
    all: OnceLock<ObjectRows>,
}

/// Some rows, side by side: which objects, and their versions.
#[derive(Clone, Copy)]
pub(super) struct RowSlice<'r> {
    pub(super) ordinals: &'r [u32],
    pub(super) versions: &'r [u32],
}

impl RowList {
    /// All that are live, or all that are deleted.
    pub(super) fn whole(scan: &Scan, deleted: bool) -> Result<Self, TableError> {
        let count = scan.count(deleted).map_err(TableError::store)?;
        Ok(Self { scan: scan.clone(), deleted, count, first: OnceLock::new(), all: OnceLock::new() })
    }

    /// These alone.
    pub(super) fn of(scan: &Scan, deleted: bool, rows: ObjectRows) -> Self {
        let count = rows.ordinals.len();
        Self { scan: scan.clone(), deleted, count, first: OnceLock::new(), all: OnceLock::from(rows) }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// All of them.
    pub(super) fn all(&self) -> Result<RowSlice<'_>, TableError> {
        self.list(&self.all, self.count)
    }

    /// Those in a range.
    pub(super) fn part(&self, range: &Range<usize>) -> Result<RowSlice<'_>, TableError> {
        let [.., few] = FIRST_ENDS;
        let rows = if range.end > few || self.all.get().is_some() {
            self.all()?
        } else {
            self.list(&self.first, few)?
        };
        Ok(RowSlice { ordinals: &rows.ordinals[range.clone()], versions: &rows.versions[range.clone()] })
    }

    /// The first rows, listed once.
    fn list<'r>(
        &self,
        listed: &'r OnceLock<ObjectRows>,
        count_max: usize,
    ) -> Result<RowSlice<'r>, TableError> {
        let rows = if let Some(rows) = listed.get() {
            rows
        } else {
            let rows = self.scan.first(count_max, self.deleted).map_err(TableError::store)?;
            listed.get_or_init(|| rows)
        };
        Ok(RowSlice { ordinals: &rows.ordinals, versions: &rows.versions })
    }
}

/// Some rows of a type.
#[derive(Clone)]
pub(super) struct RowSet {
    pub(super) rows: Arc<RowList>,
    pub(super) deleted: bool,
    /// Whether these are all live, or all deleted, objects of the type.
    pub(super) complete: bool,
}

/// A part of a row set.
#[derive(Debug, Clone)]
pub(super) struct RowRange {
    pub(super) range: Range<usize>,
    /// Whether the rows are few, so that whole columns are not worth reading for them.
    pub(super) few: bool,
}

impl RowSet {
    /// Cuts the rows into parts of at most so many, the first ones small.
    pub(super) fn ranges(&self, rows_max: usize) -> Vec<RowRange> {
        let count = self.rows.count();
        let mut ranges = Vec::new();
        let mut first = 0;
        for end in FIRST_ENDS.map(|end| end.min(count)) {
            if first < end {
                ranges.push(RowRange { range: first..end, few: true });
            }
            first = end;
        }
        for start in (first..count).step_by(rows_max) {
            ranges.push(RowRange { range: start..count.min(start + rows_max), few: !self.complete });
        }
        ranges
    }
}
