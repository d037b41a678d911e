//! The cells of one column while they wait to be stored.

use std::sync::Arc;

use super::PathName;

/// The cells of one column: canonical texts, for the rows that have one.
#[derive(Debug, Clone)]
pub(crate) struct ColumnCells {
    /// The column.
    pub(crate) path: Arc<PathName>,
    /// Row numbers, ascending. None where the cells are those of the first rows, without a gap: most columns are, and
    /// their numbers would take as much memory as the ends of the texts.
    rows: Vec<u32>,
    /// For each cell, where its text ends in `bytes`.
    ends: Vec<u32>,
    /// The texts, one after the other.
    bytes: Vec<u8>,
}

impl ColumnCells {
    /// A column without cells.
    pub(super) fn new(path: Arc<PathName>) -> Self {
        Self { path, rows: Vec::new(), ends: Vec::new(), bytes: Vec::new() }
    }

    /// Appends a row's text with `write`; the row is behind all that have one. An error leaves half a text, which
    /// [`ColumnCells::undo`] takes out.
    #[inline]
    pub(super) fn push<T, E>(
        &mut self,
        row: u32,
        write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>,
    ) -> Result<T, E> {
        let written = write(&mut self.bytes)?;
        if !self.rows.is_empty() || row as usize != self.ends.len() {
            self.push_row(row);
        }
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        Ok(written)
    }

    fn push_row(&mut self, row: u32) {
        if self.rows.is_empty() {
            self.rows.extend((0..).take(self.ends.len()));
        }
        self.rows.push(row);
    }

    /// Takes out the text of a row, which is the last if it has one, and what an error left behind.
    pub(super) fn undo(&mut self, row: u32) {
        if self.ends.len().checked_sub(1).is_some_and(|last| self.row(last) == row) {
            self.ends.pop();
            self.rows.pop();
            if self.rows.last().is_some_and(|&last| last as usize + 1 == self.rows.len()) {
                self.rows.clear();
            }
        }
        self.bytes.truncate(self.ends.last().map_or(0, |&end| end as usize));
    }

    /// The text that was pushed last.
    pub(super) fn last(&self) -> &[u8] {
        let start = match self.ends.len() {
            0 | 1 => 0,
            count => self.ends[count - 2] as usize,
        };
        &self.bytes[start..]
    }

    /// Takes the cells, if there are any, and leaves room for as many: the next block is mostly like the last.
    pub(super) fn take(&mut self) -> Option<Self> {
        (!self.ends.is_empty()).then(|| Self {
            path: Arc::clone(&self.path),
            rows: take_same_capacity(&mut self.rows),
            ends: take_same_capacity(&mut self.ends),
            bytes: take_same_capacity(&mut self.bytes),
        })
    }

    /// The canonical text of a row's cell.
    pub(crate) fn get(&self, row: u32) -> Option<&[u8]> {
        let guess = row as usize;
        let position = match self.rows.get(guess) {
            Some(&found) if found == row => guess,
            None if self.rows.is_empty() => guess,
            _ => self.rows.binary_search(&row).ok()?,
        };
        self.text(position)
    }

    /// All rows that have a cell, with its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (0..self.ends.len()).filter_map(|position| Some((self.row(position), self.text(position)?)))
    }

    /// Bytes that the cells take. The room beside them depends on the worker they come from, and does not count.
    pub(crate) fn byte_count(&self) -> usize {
        self.bytes.len() + (self.rows.len() + self.ends.len()) * size_of::<u32>()
    }

    fn row(&self, position: usize) -> u32 {
        match self.rows.get(position) {
            Some(&row) => row,
            None => u32::try_from(position).unwrap_or(u32::MAX),
        }
    }

    fn text(&self, position: usize) -> Option<&[u8]> {
        let start = match position.checked_sub(1) {
            Some(previous) => *self.ends.get(previous)?,
            None => 0,
        };
        self.bytes.get(start as usize..*self.ends.get(position)? as usize)
    }
}

fn take_same_capacity<T>(list: &mut Vec<T>) -> Vec<T> {
    let room = list.len() + list.len() / 16;
    std::mem::replace(list, Vec::with_capacity(room))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn empty() -> ColumnCells {
        ColumnCells::new(Arc::new(PathName::new("user", false, "mail")))
    }

    fn push(cells: &mut ColumnCells, row: u32, text: &[u8]) {
        let done: Result<(), ()> = cells.push(row, |out| {
            out.extend_from_slice(text);
            Ok(())
        });
        done.expect("nothing fails");
    }

    proptest! {
        #[test]
        fn cells_are_a_map_of_rows(steps in prop::collection::vec((0_u32..3, any::<bool>(), "[a-z]{0,4}"), 0..40)) {
            let (mut cells, mut map, mut row) = (empty(), BTreeMap::new(), 0);
            for (gap, is_kept, text) in steps {
                row += gap / 2;
                push(&mut cells, row, text.as_bytes());
                if is_kept {
                    map.insert(row, text);
                    row += 1;
                } else {
                    cells.undo(row);
                }
            }
            let fresh = map.iter().fold(empty(), |mut cells, (&row, text)| {
                push(&mut cells, row, text.as_bytes());
                cells
            });
            // What was undone must not show in the size either: it decides where row groups end.
            prop_assert_eq!(cells.byte_count(), fresh.byte_count());
            for row in 0..row + 2 {
                prop_assert_eq!(cells.get(row), map.get(&row).map(String::as_bytes));
            }
            let found: Vec<_> = cells.iter().collect();
            let expected: Vec<_> = map.iter().map(|(&row, text)| (row, text.as_bytes())).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(cells.take().is_some(), !map.is_empty());
            prop_assert!(cells.take().is_none());
        }
    }

    #[test]
    fn half_a_text_is_taken_out() {
        let mut cells = empty();
        push(&mut cells, 0, b"a");
        let failed: Result<(), ()> = cells.push(1, |out| {
            out.extend_from_slice(b"half");
            Err(())
        });
        assert!(failed.is_err());
        cells.undo(1);
        push(&mut cells, 1, b"b");
        assert_eq!(cells.iter().collect::<Vec<_>>(), [(0, &b"a"[..]), (1, b"b")]);
        assert_eq!(cells.last(), b"b");
    }
}
