//! Points in time that queries name, and the backups they stand for.

use std::sync::Arc;

use engine::{Point, Store};

use crate::time;
use crate::value::Value;

/// A point in time as a query writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointArgument {
    /// A text such as `latest~1` or a backup ID.
    Text(String),
    /// A datetime, in ticks since 0001-01-01 UTC.
    Time(i64),
}

/// The backup that a point stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedPoint {
    /// Its whole ID.
    pub backup: String,
}

/// Finds the backup that a point in time names.
pub trait PointResolver: Send + Sync {
    /// Finds the backup.
    ///
    /// # Errors
    /// A message for the user that names the nearest backup, when none is named.
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, String>;
}

/// Resolves points to the backups of a store.
#[derive(Debug, Clone)]
pub struct StorePoints {
    store: Arc<Store>,
}

impl StorePoints {
    /// Looks among the backups of a store.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl PointArgument {
    /// Reads the argument of a table.
    ///
    /// # Errors
    /// A message for the user, when it is neither a text nor a datetime.
    pub(crate) fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Text(text.to_string())),
            Value::Datetime(ticks) => Ok(Self::Time(*ticks)),
            _ => Err("a point in time is a constant string or datetime".to_owned()),
        }
    }
}

impl PointResolver for StorePoints {
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, String> {
        let text = match point {
            PointArgument::Text(text) => text.clone(),
            PointArgument::Time(ticks) => time::format_datetime(*ticks),
        };
        let found = Point::parse(&text).and_then(|point| self.store.resolve(&point).cloned());
        let backup = found.map_err(|error| error.to_string())?;
        Ok(ResolvedPoint { backup: backup.id })
    }
}
