//! `live` as a point in time: only what a question needs is read, and kept as a reading beside the backups.

use engine::{BackupSummary, Store};
use ingest::graph::Access;
use ingest::pull::{LiveScope, read_live};

use crate::args::tenant::Tenant;
use crate::bridge::graph::{connect, until_interrupted};
use crate::bridge::query::StoredTables;
use crate::render::{self, people_time};
use crate::report::Outcome;
use crate::session::Session;

/// Whether a point in time, as typed, is the tenant itself.
pub(super) fn is_live(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("live")
}

/// Reads what a question needs of the live tenant. With `--read-only` the store itself is not written: the reading
/// goes into a copy that ends with the run.
///
/// # Errors
/// When the tenant cannot be reached or read, or the store cannot be written.
pub(super) fn read(
    session: &mut Session<'_, '_>,
    tenant: &Tenant,
    scope: &LiveScope,
) -> Outcome<BackupSummary> {
    session.write_to_a_copy_if_read_only()?;
    let connection = connect(session, tenant, Access::ReadOnly)?;
    let mut store = Store::open(session.store_path())?;
    let reading =
        until_interrupted(session, &connection.cancel, |_| read_live(&mut store, &connection.client, scope))?;
    for warning in &reading.warnings {
        let count = render::grouped(warning.count);
        session.warn(&format!("{}: {} ({count})", warning.type_token, warning.reason));
    }
    session.note(&format!("live is the reading {} ({})", reading.id, people_time(reading.taken_at)));
    Ok(reading)
}

/// Reads what a query in KQL asks of the live tenant, if it does, and makes that `live` in its tables.
///
/// # Errors
/// As [`read`].
pub(crate) fn prepare(
    session: &mut Session<'_, '_>,
    tenant: &Tenant,
    text: &str,
    tables: &StoredTables,
) -> Outcome<()> {
    if names_live(text) {
        let reading = read(session, tenant, &scope_of_query(text))?;
        tables.set_live(session.store_path(), &reading);
    }
    Ok(())
}

/// Says which relations were not read again between two points, so that nothing is known of their changes.
pub(super) fn note_stale(session: &mut Session<'_, '_>, store: &Store, from: &str, to: &str) -> Outcome<()> {
    let stale = store.stale_between(from, to)?;
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<String> =
        stale.iter().map(|found| format!("{}.{}", found.type_token, found.relation)).collect();
    session.note(&format!(
        "not read again between the two, so their changes do not show: {} (`entrasnap backup --full` reads them)",
        names.join(", ")
    ));
    Ok(())
}

/// The part of the tenant that a query with `live` in it asks for: the types whose tables it names so, or everything.
fn scope_of_query(text: &str) -> LiveScope {
    let names_live = |table: &str| {
        text.match_indices(table).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let is_word = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
            let rest = text[at + table.len()..].trim_start();
            let argument = rest.strip_prefix('(').map(str::trim_start);
            !is_word
                && argument.is_some_and(|rest| rest.starts_with("\"live\"") || rest.starts_with("'live'"))
        })
    };
    let types: Vec<&engine::schema::Type> =
        engine::schema::types().filter(|found| names_live(found.table)).collect();
    let count = types.iter().map(|found| text.matches(found.table).count()).sum::<usize>();
    // Where `live` stands anywhere else, nobody knows what it is for.
    let others = text.matches("\"live\"").count() + text.matches("'live'").count();
    if types.is_empty() || count < others {
        return LiveScope::default();
    }
    LiveScope { types: types.iter().map(|found| found.token.to_owned()).collect(), ..LiveScope::default() }
}

/// Whether a query names the live tenant.
fn names_live(text: &str) -> bool {
    text.contains("\"live\"") || text.contains("'live'")
}
