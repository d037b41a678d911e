//! Points in time that queries name, and the backups they resolve to.
//!
//! *Invariants*: 1. A query resolves each distinct point once, so that all its tables see the same backup.
//! 2. Every resolved point is kept for the caller to show.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::{BackupSummary, Point, Store};

use crate::error::TableError;
use crate::point::ResolvedPoint;
use crate::time;
use crate::value::{Type, Value};

/// A point in time as a query writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PointArgument {
    /// A text such as `latest~1` or a backup ID.
    Text(String),
    /// A datetime, in ticks since 0001-01-01 UTC.
    Time(i64),
}

/// Finds the backup that a point in time names. Given by the caller: queries know no network, and `live` may need one.
pub trait PointResolver: Send + Sync {
    /// Finds the backup.
    ///
    /// # Errors
    /// When it names no backup.
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, TableError>;
}

/// Resolves points to the backups of a store; `live` is an error, because a store alone has no tenant.
#[derive(Debug, Clone)]
pub struct StoreResolver {
    store: Arc<Store>,
}

impl PointArgument {
    /// The newest backup.
    #[must_use]
    pub fn latest() -> Self {
        Self::Text("latest".to_owned())
    }

    /// Whether it asks for the tenant as it is now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().eq_ignore_ascii_case("live"))
    }

    /// The same as a store understands it.
    ///
    /// # Errors
    /// When it is none that a store knows; `live` is none.
    pub fn to_point(&self) -> Result<Point, TableError> {
        Point::parse(&self.to_string()).map_err(|error| TableError::Point(Arc::new(error)))
    }

    /// Reads the argument of a table.
    ///
    /// # Errors
    /// When it is neither a text nor a datetime.
    pub(crate) fn from_value(value: &Value) -> Result<Self, TableError> {
        match value {
            Value::String(text) => Ok(Self::Text(text.to_string())),
            Value::Datetime(ticks) => Ok(Self::Time(*ticks)),
            other => Err(TableError::arguments(format!(
                "expected a point in time, a string such as \"latest~1\" or a datetime such as ago(5d), found {}",
                described(other)
            ))),
        }
    }

    /// Whether it is a time, or a day, rather than a backup.
    pub(super) fn is_time(&self) -> bool {
        matches!(self.to_point(), Ok(Point::At(_) | Point::Day(_)))
    }
}

impl std::fmt::Display for PointArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Time(ticks) => f.write_str(&time::format_datetime(*ticks)),
        }
    }
}

/// Names a value in a message.
pub(super) fn described(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Bool(_) => Type::Bool,
        Value::Long(_) => Type::Long,
        Value::Real(_) => Type::Real,
        Value::String(_) => Type::String,
        Value::Datetime(_) => Type::Datetime,
        Value::Timespan(_) => Type::Timespan,
        Value::Guid(_) => Type::Guid,
        Value::Array(_) | Value::Object(_) => Type::Dynamic,
    };
    format!("the {} {}", kind.as_str(), value.to_json(kind))
}

impl ResolvedPoint {
    /// The backup that a written point resolves to.
    #[must_use]
    pub fn new(point: &PointArgument, backup: &BackupSummary) -> Self {
        Self { written: point.to_string(), backup: backup.id, taken_at: backup.taken_at }
    }
}

impl StoreResolver {
    /// Looks among the backups of a store.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl PointResolver for StoreResolver {
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, TableError> {
        if point.is_live() {
            return Err(TableError::NoTenant);
        }
        let backup = self.store.resolve(&point.to_point()?).map_err(TableError::store)?;
        Ok(ResolvedPoint::new(point, backup))
    }
}

/// The points that a query resolved, and what else its caller should know.
#[derive(Debug, Default)]
pub(super) struct PointLog {
    known: Mutex<Vec<(PointArgument, ResolvedPoint)>>,
    notes: Mutex<Vec<String>>,
}

impl PointLog {
    /// The backup of a point, taken from the resolver the first time.
    pub(super) fn resolve(
        &self,
        resolver: &dyn PointResolver,
        point: &PointArgument,
    ) -> Result<ResolvedPoint, TableError> {
        let mut known = lock(&self.known);
        if let Some((_, found)) = known.iter().find(|(other, _)| other == point) {
            return Ok(found.clone());
        }
        let found = resolver.resolve(point)?;
        known.push((point.clone(), found.clone()));
        Ok(found)
    }

    /// Keeps a sentence for the caller, once.
    pub(super) fn note(&self, note: String) {
        let mut notes = lock(&self.notes);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// The points resolved so far, in the order of the query; the next query begins anew.
    pub(super) fn take_points(&self) -> Vec<ResolvedPoint> {
        std::mem::take(&mut *lock(&self.known)).into_iter().map(|(_, resolved)| resolved).collect()
    }

    /// The sentences kept so far.
    pub(super) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.notes))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
