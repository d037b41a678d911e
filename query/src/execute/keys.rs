//! The groups that the rows of a batch make: numbered by small codes first, so that a key is built once a group.

use super::hash::{Cells, Hashed, QuickMap, Same};
use crate::batch::{Column, row_number};

/// A table of codes may have so many slots for each row; else they are hashed.
const SLOTS_PER_ROW: u64 = if cfg!(test) { 1 } else { 4 };
const SLOTS_MIN: u64 = if cfg!(test) { 8 } else { 1 << 12 };

/// The groups of the rows of a batch, in order of first appearance.
pub(super) struct Local {
    /// The group of each row; nothing when there is only one.
    pub(super) ids: Option<Vec<u32>>,
    /// The first row of each group.
    pub(super) firsts: Vec<u32>,
}

impl Local {
    /// Groups rows by the cells of some columns.
    pub(super) fn new(columns: &[Column], row_count: usize) -> Self {
        let mut local = Self { ids: None, firsts: if row_count == 0 { Vec::new() } else { vec![0] } };
        for column in columns {
            local = match column {
                Column::Constant(_) => local,
                Column::Dictionary { codes, .. } | Column::Texts { codes, .. } => local.split(codes),
                Column::Values(values) => {
                    let mut indexes: QuickMap<Same<'_>, u32> = QuickMap::default();
                    let code = values.iter().map(|value| {
                        let next = row_number(indexes.len());
                        *indexes.entry(Same(value)).or_insert(next)
                    });
                    let codes: Vec<u32> = code.collect();
                    local.split(&codes)
                }
            };
        }
        local
    }

    /// Cuts the groups by one more column.
    pub(super) fn split(&self, codes: &[u32]) -> Self {
        if codes.is_empty() {
            return Self { ids: None, firsts: Vec::new() };
        }
        let (least, range) = extent(codes);
        let offset = |code: &u32| u64::from(code - least);
        match &self.ids {
            None => number(codes.iter().map(offset), range, codes.len()),
            Some(ids) => {
                let pairs = ids.iter().zip(codes).map(|(id, code)| u64::from(*id) * range + offset(code));
                number(pairs, range * self.firsts.len() as u64, codes.len())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }

    /// The group of a row.
    pub(super) fn of(&self, row: usize) -> usize {
        self.ids.as_ref().map_or(0, |ids| ids[row] as usize)
    }

    /// The key of each group.
    pub(super) fn keys(&self, columns: &[Column]) -> Vec<Hashed> {
        let cells = |row: usize| match columns {
            [column] => Cells::One(column.get(row).into_owned()),
            columns => Cells::Many(columns.iter().map(|column| column.get(row).into_owned()).collect()),
        };
        self.firsts.iter().map(|row| Hashed::new(cells(*row as usize))).collect()
    }
}

/// The least code, and how many there are from it to the greatest.
pub(super) fn extent(codes: &[u32]) -> (u32, u64) {
    let (least, most) =
        codes.iter().fold((u32::MAX, 0), |(least, most), code| (least.min(*code), most.max(*code)));
    (least, u64::from(most) - u64::from(least) + 1)
}

/// Whether a table of codes is worth its slots.
pub(super) fn is_dense(bound: u64, row_count: usize) -> bool {
    bound <= (SLOTS_PER_ROW * row_count as u64).max(SLOTS_MIN)
}

/// Numbers keys below a bound in order of first appearance.
fn number(keys: impl Iterator<Item = u64>, bound: u64, row_count: usize) -> Local {
    let (mut ids, mut firsts) = (Vec::with_capacity(row_count), Vec::new());
    if is_dense(bound, row_count) {
        let mut indexes = vec![u32::MAX; usize::try_from(bound).expect("a bound near the number of rows")];
        for (row, key) in keys.enumerate() {
            let index = &mut indexes[usize::try_from(key).expect("a key below the bound")];
            if *index == u32::MAX {
                *index = row_number(firsts.len());
                firsts.push(row_number(row));
            }
            ids.push(*index);
        }
    } else {
        let mut indexes: QuickMap<u64, u32> = QuickMap::default();
        for (row, key) in keys.enumerate() {
            let next = row_number(firsts.len());
            let index = *indexes.entry(key).or_insert(next);
            if index == next {
                firsts.push(row_number(row));
            }
            ids.push(index);
        }
    }
    Local { ids: Some(ids), firsts }
}
