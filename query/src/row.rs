//! Rows of a result: iterators, values by the names of their columns, and rows read into the types of a caller.
//!
//! ```
//! use entrasnap_query::{Context, NoTables, run};
//! use jiff::Timestamp;
//!
//! #[derive(serde::Deserialize)]
//! struct Person<'r> {
//!     name: &'r str,
//!     age: Option<u8>,
//! }
//!
//! let context = Context::new(&NoTables, Timestamp::UNIX_EPOCH);
//! let tables = run("datatable(name:string, age:long) ['Ada', 41, 'Bo', long(null)]", &context).expect("it is right");
//! let people: Vec<Person> = tables[0].read().collect::<Result<_, _>>().expect("the rows are people");
//! assert_eq!((people[0].name, people[0].age, people[1].age), ("Ada", Some(41), None));
//! ```

mod read;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;

use crate::batch::{Batch, Field};
use crate::script::ResultTable;
use crate::value::Value;

pub use read::RowError;

/// One row of a result. A copy is cheap.
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    schema: &'t [Field],
    batch: &'t Batch,
    /// Its index in the batch.
    index: usize,
    /// Its number in the result, from 0.
    number: usize,
}

impl<'t> Row<'t> {
    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &'t [Field] {
        self.schema
    }

    /// The value in the column of a name; none if there is no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<Cow<'t, Value>> {
        Some(self.batch.columns[self.index_of(column)?].get(self.index))
    }

    /// The text in the column of a name, without a copy; none if there is no such column, or it holds something else.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&'t str> {
        self.batch.columns[self.index_of(column)?].text(self.index)
    }

    /// The values, in the order of the columns.
    pub fn values(&self) -> impl Iterator<Item = Cow<'t, Value>> {
        let index = self.index;
        self.batch.columns.iter().map(move |column| column.get(index))
    }

    /// Reads the row into a type with a field for each column that it needs, or a tuple of all columns.
    ///
    /// Values come as in NDJSON output: datetimes, timespans and GUIDs as texts, a string that is missing as `""`, other
    /// missing values as none. A real is a number, also where JSON has none for it.
    ///
    /// # Errors
    /// When a column is missing, or a value does not fit its field.
    pub fn read<T: Deserialize<'t>>(&self) -> Result<T, RowError> {
        T::deserialize(*self).map_err(|error| error.in_row(self.number))
    }

    fn index_of(&self, column: &str) -> Option<usize> {
        self.schema.iter().position(|field| field.name == column)
    }
}

/// The rows of a result, in its order.
#[derive(Debug, Clone)]
pub struct Rows<'t> {
    schema: &'t [Field],
    batches: &'t [Batch],
    /// Index of the next row in the first of the batches.
    index: usize,
    /// Number of rows before.
    number: usize,
}

impl<'t> Iterator for Rows<'t> {
    type Item = Row<'t>;

    fn next(&mut self) -> Option<Row<'t>> {
        loop {
            let (batch, rest) = self.batches.split_first()?;
            if self.index < batch.row_count {
                let row = Row { schema: self.schema, batch, index: self.index, number: self.number };
                self.index += 1;
                self.number += 1;
                return Some(row);
            }
            self.batches = rest;
            self.index = 0;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = row_count(self.batches) - self.index;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Rows<'_> {}

impl Batch {
    /// The rows; the schema is that of the result the batch belongs to.
    #[must_use]
    pub fn rows<'t>(&'t self, schema: &'t [Field]) -> Rows<'t> {
        Rows { schema, batches: std::slice::from_ref(self), index: 0, number: 0 }
    }
}

impl ResultTable {
    /// The rows.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        Rows { schema: &self.schema, batches: &self.batches, index: 0, number: 0 }
    }

    /// Number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        row_count(&self.batches)
    }

    /// Reads each row into a type: see [`Row::read`].
    pub fn read<'t, T: Deserialize<'t>>(&'t self) -> impl Iterator<Item = Result<T, RowError>> {
        self.rows().map(|row| row.read())
    }
}

fn row_count(batches: &[Batch]) -> usize {
    batches.iter().map(|batch| batch.row_count).sum()
}
