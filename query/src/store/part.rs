//! Owns how rows of events are cut into parts.

use std::ops::Range;

use crate::batch::BATCH_ROWS;

/// The parts that so many rows make.
pub(super) fn part_count(rows: usize) -> usize {
    rows.div_ceil(BATCH_ROWS)
}

/// The rows of a part.
pub(super) fn part_range(part: usize, rows: usize) -> Range<usize> {
    (part * BATCH_ROWS).min(rows)..((part + 1) * BATCH_ROWS).min(rows)
}
