//! Rows in columns: what tables give and stages hand on.

mod texts;

use std::borrow::Cow;
use std::sync::Arc;

pub use texts::Texts;

use crate::value::{Type, Value};

/// Name and type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: Type,
}

impl Field {
    /// Names a column.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Type) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The columns of a table, in order.
pub type Schema = Vec<Field>;

/// The cells of one column of a batch.
#[derive(Debug, Clone)]
pub enum Column {
    /// The same value in every row.
    Constant(Value),
    /// A value for each row.
    Values(Arc<Vec<Value>>),
    /// For each row the place of its value; what is computed from it is computed once a value.
    Dictionary {
        /// One place in `values` for each row.
        codes: Arc<Vec<u32>>,
        /// The values, each perhaps in many rows or none.
        values: Arc<Vec<Value>>,
    },
    /// For each row the place of its text: for strings most of which differ. All batches of a table, and all points
    /// in time, should share one [`Texts`], so that a search runs once over one buffer.
    Texts {
        /// One place in `texts` for each row.
        codes: Arc<Vec<u32>>,
        /// The texts, each perhaps in many rows or none.
        texts: Arc<Texts>,
    },
}

impl Column {
    /// Makes a column of values.
    #[must_use]
    pub fn of(values: Vec<Value>) -> Self {
        Self::Values(Arc::new(values))
    }

    /// The cell of a row. Of texts it is a copy: see [`Column::text`].
    ///
    /// # Panics
    /// When the column has no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> Cow<'_, Value> {
        Cow::Borrowed(match self {
            Self::Constant(value) => value,
            Self::Values(values) => &values[row],
            Self::Dictionary { codes, values } => &values[codes[row] as usize],
            Self::Texts { codes, texts } => return Cow::Owned(Value::text(texts.get(codes[row] as usize))),
        })
    }

    /// The text of a row, without a copy; nothing if the cell holds something else.
    ///
    /// # Panics
    /// When the column has no such row.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        let value = match self {
            Self::Constant(value) => value,
            Self::Values(values) => &values[row],
            Self::Dictionary { codes, values } => &values[codes[row] as usize],
            Self::Texts { codes, texts } => return Some(texts.get(codes[row] as usize)),
        };
        if let Value::String(text) = value { Some(text) } else { None }
    }

    /// The cells of some rows, in the order given.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(value.clone()),
            Self::Values(values) => Self::of(rows.iter().map(|row| values[*row as usize].clone()).collect()),
            Self::Dictionary { codes, values } => {
                let codes = rows.iter().map(|row| codes[*row as usize]).collect();
                Self::Dictionary { codes: Arc::new(codes), values: Arc::clone(values) }
            }
            Self::Texts { codes, texts } => {
                let codes = rows.iter().map(|row| codes[*row as usize]).collect();
                Self::Texts { codes: Arc::new(codes), texts: Arc::clone(texts) }
            }
        }
    }

    /// The cells of some rows; where there is no row, the value given.
    pub(crate) fn gather_or(&self, rows: &[Option<u32>], missing: &Value) -> Self {
        let cell = |row: &Option<u32>| {
            row.map_or_else(|| missing.clone(), |row| self.get(row as usize).into_owned())
        };
        Self::of(rows.iter().map(cell).collect())
    }
}

/// Some rows of a table.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The columns, as in the schema.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub row_count: usize,
}

/// Most rows of a batch; row numbers fit `u32`.
pub const BATCH_ROWS: usize = 65_536;

impl Batch {
    /// The rows with these numbers, in the order given.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.gather(rows)).collect();
        Self { columns, row_count: rows.len() }
    }

    /// All rows of several batches as one.
    pub(crate) fn concatenate(batches: &[Self], width: usize) -> Self {
        if let [batch] = batches {
            return batch.clone();
        }
        let row_count = batches.iter().map(|batch| batch.row_count).sum();
        let columns = (0..width).map(|index| {
            let cells = batches.iter().flat_map(|batch| {
                (0..batch.row_count).map(move |row| batch.columns[index].get(row).into_owned())
            });
            Column::of(cells.collect())
        });
        Self { columns: columns.collect(), row_count }
    }

    /// Cuts the rows into batches of at most [`BATCH_ROWS`].
    pub(crate) fn split(self) -> Vec<Self> {
        if self.row_count <= BATCH_ROWS {
            return vec![self];
        }
        let rows: Vec<u32> = (0..row_number(self.row_count)).collect();
        rows.chunks(BATCH_ROWS).map(|rows| self.gather(rows)).collect()
    }
}

/// Converts the number of a row; more than 2^32 rows are refused before they are gathered.
pub(crate) fn row_number(row: usize) -> u32 {
    u32::try_from(row).expect("the number of rows was checked against the limit")
}
