//! `live` as a point in time: only what a question needs is read, and kept as a reading beside the backups.

use engine::BackupSummary;
use ingest::graph::Access;
use ingest::pull::{LiveScope, read_live};

use crate::args::tenant::Tenant;
use crate::bridge::graph::{connect, until_interrupted};
use crate::bridge::query::StoredTables;
use crate::error::Outcome;
use crate::output::text::{grouped, people_time};
use crate::session::Session;

/// Whether a point in time, as typed, is the tenant itself.
pub(crate) fn is_live(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("live")
}

/// Reads what a question needs of the live tenant. With `--read-only` the store itself is not written: the reading
/// goes into a copy that ends with the run.
///
/// # Errors
/// When the tenant cannot be reached or read, or the store cannot be written.
pub(crate) fn read(
    session: &mut Session<'_, '_>,
    tenant: &Tenant,
    scope: &LiveScope,
) -> Outcome<BackupSummary> {
    session.write_to_a_copy_if_read_only()?;
    let connection = connect(session, tenant, Access::ReadOnly)?;
    let mut store = session.open()?;
    let reading =
        until_interrupted(session, &connection.cancel, |_| read_live(&mut store, &connection.client, scope))?;
    for warning in &reading.warnings {
        let count = grouped(warning.count);
        session.warn(&format!("{}: {} ({count})", warning.type_token, warning.reason));
    }
    session.note(&format!("live is the reading {} ({})", reading.id, people_time(reading.taken_at)));
    Ok(reading)
}

/// Reads what some tables of a query show of the live tenant, and makes that `live` in its tables.
///
/// # Errors
/// As [`read`].
pub(crate) fn prepare(
    session: &mut Session<'_, '_>,
    tenant: &Tenant,
    named: &[String],
    tables: &StoredTables,
) -> Outcome<()> {
    let reading = read(session, tenant, &scope_of(named))?;
    tables.set_live(session.store_path(), &reading);
    Ok(())
}

/// The part of the tenant that some tables show: their types, or everything when one of them is about no type alone.
fn scope_of(tables: &[String]) -> LiveScope {
    let token = |table: &String| engine::schema::types().find(|found| found.table == *table);
    let types: Option<Vec<String>> =
        tables.iter().map(|table| Some(token(table)?.token.to_owned())).collect();
    let mut types = types.unwrap_or_default();
    types.sort_unstable();
    types.dedup();
    LiveScope { types, ..LiveScope::default() }
}

#[cfg(test)]
mod tests {
    use super::scope_of;

    #[test]
    fn only_the_types_of_the_tables_are_read() {
        let types = |tables: &[&str]| {
            let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
            scope_of(&tables).types
        };
        assert_eq!(types(&["users", "groups", "users"]), ["group", "user"]);
        // No type is every type.
        assert!(types(&["users", "diff"]).is_empty());
    }
}
