//! Rows in columns: what tables give and stages hand on.

mod texts;

use std::borrow::Cow;
use std::sync::Arc;

pub use texts::Texts;

use crate::compare::same;
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
    /// For each row the index of its value; what is computed from it is computed once a value.
    Dictionary {
        /// One index into `values` for each row.
        codes: Arc<Vec<u32>>,
        /// The values, each perhaps in many rows or none.
        values: Arc<Vec<Value>>,
    },
    /// For each row the index of its text: for strings most of which differ. All batches of a table, and all points
    /// in time, should share one [`Texts`], so that a search runs once over one buffer.
    Texts {
        /// One index into `texts` for each row.
        codes: Arc<Vec<u32>>,
        /// The texts, each perhaps in many rows or none.
        texts: Arc<Texts>,
    },
}

/// A cell as its column keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CellRef<'c> {
    Value(&'c Value),
    Text(&'c str),
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
        match self.cell(row) {
            CellRef::Value(value) => Cow::Borrowed(value),
            CellRef::Text(text) => Cow::Owned(Value::text(text)),
        }
    }

    /// The text of a row, without a copy; nothing if the cell holds something else.
    ///
    /// # Panics
    /// When the column has no such row.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        match self.cell(row) {
            CellRef::Value(Value::String(text)) => Some(text),
            CellRef::Value(_) => None,
            CellRef::Text(text) => Some(text),
        }
    }

    /// The cell of a row as the column keeps it.
    #[inline]
    pub(crate) fn cell(&self, row: usize) -> CellRef<'_> {
        CellRef::Value(match self {
            Self::Constant(value) => value,
            Self::Values(values) => &values[row],
            Self::Dictionary { codes, values } => &values[codes[row] as usize],
            Self::Texts { codes, texts } => return CellRef::Text(texts.get(codes[row] as usize)),
        })
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
        if let Some(rows) = rows.iter().copied().collect::<Option<Vec<u32>>>() {
            return self.gather(&rows);
        }
        let cell = |row: &Option<u32>| {
            row.map_or_else(|| missing.clone(), |row| self.get(row as usize).into_owned())
        };
        Self::of(rows.iter().map(cell).collect())
    }

    /// Several columns as one; those that share their values still do.
    fn concatenate(columns: &[(&Self, usize)]) -> Self {
        match columns {
            [(Self::Constant(first), _), rest @ ..]
                if rest
                    .iter()
                    .all(|(column, _)| matches!(column, Self::Constant(value) if same(value, first))) =>
            {
                Self::Constant(first.clone())
            }
            [(Self::Dictionary { values: first, .. }, _), ..] => {
                let shared = |column: &Self| match column {
                    Self::Dictionary { codes, values } => {
                        Arc::ptr_eq(values, first).then(|| Arc::clone(codes))
                    }
                    _ => None,
                };
                let all = all_codes(columns, shared);
                let made = all.map(|codes| Self::Dictionary { codes, values: Arc::clone(first) });
                made.unwrap_or_else(|| Self::of(all_cells(columns)))
            }
            [(Self::Texts { texts: first, .. }, _), ..] => {
                let shared = |column: &Self| match column {
                    Self::Texts { codes, texts } => Arc::ptr_eq(texts, first).then(|| Arc::clone(codes)),
                    _ => None,
                };
                let all = all_codes(columns, shared);
                let made = all.map(|codes| Self::Texts { codes, texts: Arc::clone(first) });
                made.unwrap_or_else(|| Self::of(all_cells(columns)))
            }
            columns => Self::of(all_cells(columns)),
        }
    }

    /// About how many bytes the cells take, without what they share with other columns.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Self::Constant(_) => 0,
            Self::Values(values) => values_bytes(values),
            Self::Dictionary { codes, .. } | Self::Texts { codes, .. } => codes.len() * size_of::<u32>(),
        }
    }
}

fn all_codes(
    columns: &[(&Column, usize)],
    shared: impl Fn(&Column) -> Option<Arc<Vec<u32>>>,
) -> Option<Arc<Vec<u32>>> {
    let codes: Vec<Arc<Vec<u32>>> =
        columns.iter().map(|(column, _)| shared(column)).collect::<Option<_>>()?;
    Some(Arc::new(codes.iter().flat_map(|codes| codes.iter().copied()).collect()))
}

fn all_cells(columns: &[(&Column, usize)]) -> Vec<Value> {
    let cells = columns
        .iter()
        .flat_map(|(column, row_count)| (0..*row_count).map(|row| column.get(row).into_owned()));
    cells.collect()
}

/// About how many bytes values take; what neighbours share counts once.
pub(crate) fn values_bytes(values: &[Value]) -> usize {
    let mut before = &Value::Null;
    let mut bytes = size_of_val(values);
    for value in values {
        let is_shared = match (before, value) {
            (Value::String(before), Value::String(text)) => Arc::ptr_eq(before, text),
            (Value::Array(before), Value::Array(elements)) => Arc::ptr_eq(before, elements),
            (Value::Object(before), Value::Object(pairs)) => Arc::ptr_eq(before, pairs),
            (_, Value::String(_) | Value::Array(_) | Value::Object(_)) => false,
            _ => continue,
        };
        if !is_shared {
            bytes += value_bytes(value) - size_of::<Value>();
        }
        before = value;
    }
    bytes
}

/// About how many bytes a value takes.
pub(crate) fn value_bytes(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len() + 2 * size_of::<usize>(),
        Value::Array(elements) => elements.iter().map(value_bytes).sum(),
        Value::Object(pairs) => pairs.iter().map(|(key, value)| key.len() + 32 + value_bytes(value)).sum(),
        _ => 0,
    };
    size_of::<Value>() + inside
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

/// Bytes that the cells of a batch should not exceed by much.
pub(crate) const BATCH_BYTES: usize = 64 << 20;

impl Batch {
    /// The rows with these numbers, in the order given.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.gather(rows)).collect();
        Self { columns, row_count: rows.len() }
    }

    /// As [`Batch::gather`], of the columns that are needed; the others lose their cells.
    pub(crate) fn gather_needed(&self, rows: &[u32], needed: &[bool]) -> Self {
        let columns = self.columns.iter().zip(needed).map(|(column, needed)| {
            if *needed { column.gather(rows) } else { Column::Constant(Value::Null) }
        });
        Self { columns: columns.collect(), row_count: rows.len() }
    }

    /// All rows of several batches as one.
    pub(crate) fn concatenate(batches: &[Self], width: usize) -> Self {
        if let [batch] = batches {
            return batch.clone();
        }
        let row_count = batches.iter().map(|batch| batch.row_count).sum();
        let column = |index: usize| {
            let columns: Vec<(&Column, usize)> =
                batches.iter().map(|batch| (&batch.columns[index], batch.row_count)).collect();
            Column::concatenate(&columns)
        };
        Self { columns: (0..width).map(column).collect(), row_count }
    }

    /// About how many bytes the rows take, without what they share with other batches.
    pub(crate) fn size_bytes(&self) -> usize {
        64 + self.columns.iter().map(|column| size_of::<Column>() + column.size_bytes()).sum::<usize>()
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
