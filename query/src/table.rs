//! Where tables come from: what a store implements so that queries can run over it.

use std::sync::Arc;

use crate::batch::{Batch, Schema};
use crate::error::TableError;
use crate::point::ResolvedPoint;
use crate::value::Value;

/// The tables a query can name.
pub trait Tables: Sync {
    /// Finds a table by its name and the arguments written after it: points in time, ids.
    ///
    /// # Errors
    /// When there is such a table, but not for these arguments.
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError>;

    /// Lists the names, for `*` and for "did you mean".
    fn names(&self) -> Vec<String>;

    /// Lists the tables that `search` looks through when none is named: each needs no arguments, and together they hold
    /// everything once.
    fn searched(&self) -> Vec<String> {
        self.names()
    }

    /// Points in time that an argument may name, and what each is, for completion.
    fn points(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// One table at its point in time.
pub trait TableSource: Send + Sync {
    /// The columns.
    fn schema(&self) -> Schema;

    /// The index of a column beyond those of the schema that holds what lies at a path inside one of them, if the table
    /// stores that by itself: null wherever the path leads nowhere. A request may ask for it as for any other.
    fn nested(&self, column: usize, path: &[Arc<str>]) -> Option<usize> {
        let _ = (column, path);
        None
    }

    /// Prepares to read rows. Cheap: what costs belongs into [`Parts::read`], which is called in parallel and only
    /// for the parts that are needed.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError>;

    /// The points in time it shows, in the order of its arguments; none for tables that know no time.
    fn points(&self) -> Vec<ResolvedPoint> {
        Vec::new()
    }
}

/// The rows of a table, cut into batches that can be read apart.
pub trait Parts: Send + Sync {
    /// Number of parts.
    fn count(&self) -> usize;

    /// Reads one part: at most [`crate::BATCH_ROWS`] rows. Any thread may ask for any part, in any order, or never.
    /// Batches should share the values of a dictionary wherever they can: what a query computes of a value is computed
    /// once for all batches that share it.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn read(&self, part: usize) -> Result<Batch, TableError>;
}

/// What a query needs of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanRequest {
    /// The columns to give, by their indexes in the schema or those of [`TableSource::nested`], in this order.
    pub columns: Vec<usize>,
    /// Every row that is needed fulfils all of these; rows that do not may be given too.
    pub conditions: Vec<Condition>,
}

/// What a column must hold for a row to be needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The column, by its index in the schema.
    pub column: usize,
    /// The values that are needed.
    pub admitted: Admitted,
}

/// Values of a column that are needed.
#[derive(Debug, Clone, PartialEq)]
pub enum Admitted {
    /// One of these.
    OneOf(Vec<Value>),
    /// Not less than this.
    AtLeast(Value),
    /// Not more than this.
    AtMost(Value),
}

/// No tables at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTables;

impl Tables for NoTables {
    fn table(&self, _: &str, _: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        Ok(None)
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Parts for Vec<Batch> {
    fn count(&self) -> usize {
        self.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        Ok(self[part].clone())
    }
}
