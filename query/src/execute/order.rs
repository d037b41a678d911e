//! Owns one column to sort by, and how its values compare.

use std::cmp::Ordering;

use crate::batch::{Batch, Column};
use crate::compare::order;
use crate::value::Value;

/// One column to sort by.
pub(super) struct OrderBy {
    pub(super) index: usize,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

impl OrderBy {
    #[cfg(test)]
    pub(super) fn ascending(index: usize) -> Self {
        Self { index, descending: false, nulls_first: true }
    }

    /// The values of a batch.
    pub(super) fn column<'b>(&self, batch: &'b Batch) -> &'b Column {
        &batch.columns[self.index]
    }

    pub(super) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        match (left.is_null(), right.is_null()) {
            (false, false) if self.descending => order(right, left),
            (false, false) => order(left, right),
            (left, right) if self.nulls_first => right.cmp(&left),
            (left, right) => left.cmp(&right),
        }
    }
}
