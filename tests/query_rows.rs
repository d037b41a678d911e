//! Runs queries over stores, and gives their rows as JSON.

use std::sync::Arc;

use engine::Store;
use jiff::Timestamp;
use query::{Context, Diagnostic, PointArgument, ResultTable, StoreResolver, StoreTables, Type};
use serde_json::Value;

/// 2026-11-20 12:00 UTC, the instant of every query.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_176_000, 0);

/// The tables of a store; `latest` unless a query says when.
pub(crate) fn tables(store: &Arc<Store>) -> StoreTables {
    let resolver = StoreResolver::new(Arc::clone(store));
    StoreTables::new(Arc::clone(store), Arc::new(resolver), PointArgument::latest())
}

/// Runs a script.
pub(crate) fn run(tables: &StoreTables, text: &str) -> Result<Vec<ResultTable>, Vec<Diagnostic>> {
    query::run(text, &Context::new(tables, NOW))
}

/// The rows of a script as NDJSON, as the command line prints them.
pub(crate) fn lines(results: &[ResultTable]) -> Vec<String> {
    let rows = results.iter().flat_map(|table| {
        table.batches.iter().flat_map(move |batch| {
            (0..batch.row_count).map(move |row| {
                let cells = table.schema.iter().zip(&batch.columns).map(|(field, column)| {
                    let name = Value::from(field.name.as_str());
                    format!("{name}:{}", column.get(row).to_json(field.kind))
                });
                format!("{{{}}}", cells.collect::<Vec<_>>().join(","))
            })
        })
    });
    rows.collect()
}

/// The rows of a script that is right.
pub(crate) fn rows(tables: &StoreTables, text: &str) -> Vec<Value> {
    let results = run(tables, text).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    lines(&results).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The columns of the only table of a script: name and type.
pub(crate) fn columns(tables: &StoreTables, text: &str) -> Vec<(String, Type)> {
    let results = run(tables, text).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    results[0].schema.iter().map(|field| (field.name.clone(), field.kind)).collect()
}

/// The messages of a script that is wrong.
pub(crate) fn refusals(tables: &StoreTables, text: &str) -> Vec<String> {
    let findings = run(tables, text).err().unwrap_or_else(|| panic!("{text} is not refused"));
    findings.into_iter().map(|finding| finding.message).collect()
}
