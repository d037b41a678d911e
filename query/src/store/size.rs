//! About how much memory decoded columns take, for the account of the cache.

use crate::batch::{Column, Texts};

/// About what a value takes in memory, with what hangs on it.
pub(super) const VALUE_SIZE: usize = 56;

/// About how much memory the cells of a column take, their values apart.
pub(super) fn codes_size(column: &Column) -> usize {
    match column {
        Column::Constant(_) => 64,
        Column::Values(values) => values.len() * VALUE_SIZE,
        Column::Dictionary { codes, .. } | Column::Texts { codes, .. } => codes.len() * 4,
    }
}

/// The same with the values, for a column that shares them with no other.
pub(super) fn whole_size(column: &Column) -> usize {
    let values = match column {
        Column::Constant(_) | Column::Values(_) => 0,
        Column::Dictionary { values, .. } => values.len() * VALUE_SIZE,
        Column::Texts { texts, .. } => texts_size(texts),
    };
    codes_size(column) + values
}

/// About how much memory texts take: they may be kept a second time, with letter case folded.
pub(super) fn texts_size(texts: &Texts) -> usize {
    2 * (0..texts.len()).map(|index| texts.get(index).len() + 4).sum::<usize>()
}
