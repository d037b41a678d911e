//! Records that commands keep beside the backups: the journal is the truth, the catalog only saves reading it.
//!
//! A record may hold a whole report. Its *head* is the record without its long members; the catalog has the heads
//! of large journals, so that a list need not read what it does not show. Nothing waits for the catalog: where it is
//! missing, stale, damaged or held by another process, the journal is read.
//!
//! Reports, recoveries, their steps and lineage are types: [`report`](Report), [`recovery`](RecoverySummary),
//! [`step`](StepOutcome), [`lineage`](Lineage). Their [`Field`]s are the columns of every table that shows them.

mod field;
pub(crate) mod lineage;
pub(crate) mod read;
pub(crate) mod recovery;
mod recovery_journal;
pub(crate) mod report;
mod step;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalog::{Catalog, CatalogBinding, CatalogRecord};
use crate::error::InvalidReason;
pub use crate::recording::RecordWriter;
use crate::segment::layout::FORMAT_VERSION;
use crate::state::State;
use crate::{Error, Result};
pub use field::{Field, FieldKind, FieldValue};
pub use lineage::Lineage;
pub(crate) use lineage::lineage;
pub(crate) use read::records;
pub use recovery::{Recovery, RecoveryStart, RecoveryStatus, RecoverySummary, Remaining};
pub use recovery_journal::RecoveryJournal;
pub use report::Report;
pub use step::{PlanObject, StepKind, StepOutcome, StepStatus};

/// Members of a record whose JSON is longer than this are not part of its head, in bytes.
const HEAD_MEMBER_SIZE_MAX: usize = 4096;
/// Reading a journal up to this size costs less than opening the catalog, in bytes.
const SMALL_JOURNAL_SIZE_MAX: u64 = 4 << 20;

/// As [`Store::record_heads`](crate::Store::record_heads).
pub(crate) fn record_heads(state: &State, journal: &str) -> Result<Vec<serde_json::Value>> {
    let length = state.head.journals.get(journal).map_or(0, |head| head.length);
    if length > SMALL_JOURNAL_SIZE_MAX
        && state.disk.is_operating_systems()
        && let Some(heads) = catalogued_heads(state, journal)
    {
        return Ok(heads);
    }
    Ok(records(state, journal)?.into_iter().map(head_of).collect())
}

/// As [`Store::reindex`](crate::Store::reindex).
pub(crate) fn reindex(state: &State) -> Result<u64> {
    let heads = catalog_rows(state)?;
    let count = heads.len() as u64;
    if state.disk.is_operating_systems() {
        // Nothing was ever bound to this, so whatever is there is made anew.
        let unbound = CatalogBinding { generation: u64::MAX, ..binding_of(state) };
        let (mut catalog, _rebuilt) = Catalog::open(&state.root.join("catalog"), unbound, || heads);
        catalog.set_binding(binding_of(state));
    }
    Ok(count)
}

fn decode<T: DeserializeOwned>(state: &State, journal: &str, record: serde_json::Value) -> Result<T> {
    serde_json::from_value(record).map_err(|error| not_a_record(state, journal, &error))
}

fn not_a_record(state: &State, journal: &str, error: &serde_json::Error) -> Error {
    let path = state.root.join("journals").join(format!("{journal}.log"));
    Error::Damaged { path, offset: 0, what: format!("a record is not of this journal: {error}") }
}

/// The heads of a journal from the catalog, which is made anew when it is not up to date.
fn catalogued_heads(state: &State, journal: &str) -> Option<Vec<serde_json::Value>> {
    let rebuild = || catalog_rows(state).unwrap_or_default();
    let (catalog, _rebuilt) = Catalog::open(&state.root.join("catalog"), binding_of(state), rebuild);
    let rows = catalog.range(&prefix_of(journal)).ok()?;
    let known = state.head.journals.get(journal).map_or(0, |head| head.count);
    let heads: Vec<_> = rows.iter().filter_map(|(_, row)| serde_json::from_slice(row).ok()).collect();
    (heads.len() as u64 == known).then_some(heads)
}

fn catalog_rows(state: &State) -> Result<Vec<CatalogRecord>> {
    let mut rows = Vec::new();
    for journal in state.head.journals.keys() {
        for (number, record) in (0_u64..).zip(records(state, journal)?) {
            let mut key = prefix_of(journal);
            key.extend_from_slice(&number.to_be_bytes());
            rows.push((key, head_of(record).to_string().into_bytes()));
        }
    }
    Ok(rows)
}

/// A record as JSON, its members in the order of their names.
pub(crate) fn encode<T: Serialize>(record: &T) -> Result<serde_json::Value> {
    serde_json::to_value(record).map_err(|source| InvalidReason::RecordNotJson { source }.into())
}

/// The catalog is of so many records: journals only grow.
fn binding_of(state: &State) -> CatalogBinding {
    let generation = state.head.journals.values().map(|head| head.count).sum();
    CatalogBinding { format: FORMAT_VERSION, store: state.head.store_id.clone(), generation }
}

fn prefix_of(journal: &str) -> Vec<u8> {
    format!("{journal}/").into_bytes()
}

/// A record without its long members.
fn head_of(record: serde_json::Value) -> serde_json::Value {
    match record {
        serde_json::Value::Object(members) => {
            members.into_iter().filter(|(_, value)| value.to_string().len() <= HEAD_MEMBER_SIZE_MAX).collect()
        }
        other => other,
    }
}
