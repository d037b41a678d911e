//! Tables of changes and of the catalogue.

use std::sync::Arc;

use super::StoreTables;
use crate::table::TableSource;
use crate::value::Value;

/// Their names.
pub(super) const NAMES: &[&str] = &[];

/// Finds one of these tables.
///
/// # Errors
/// A message for the user, when the arguments are not right.
#[expect(
    clippy::unnecessary_wraps,
    reason = "tables of changes refuse points in time that no backup answers"
)]
pub(super) fn table(
    _tables: &StoreTables,
    _name: &str,
    _arguments: &[Value],
) -> Result<Option<Arc<dyn TableSource>>, String> {
    Ok(None)
}
