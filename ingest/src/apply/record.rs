//! Recoveries by the ID that a person types, and the outcomes with which steps begin. The records are the engine's.
//!
//! Invariants: a step's `before` is durable before its request leaves; no password and no token is ever recorded.

use std::collections::BTreeMap;

use engine::Store;
use engine::records::{self, Recovery, RecoverySummary, StepOutcome, StepStatus};
use serde_json::{Map, Value};

use super::error::{Error, Result};
use crate::plan::{Plan, Step};

/// What a recovery began with.
pub(super) type Beginning = records::RecoveryStart<Plan>;

/// By step: the IDs of what it made.
pub(super) type Created = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn created_by(outcomes: &BTreeMap<String, StepOutcome>) -> Created {
    let made = outcomes.iter().filter(|(_, outcome)| !outcome.created.is_empty());
    made.map(|(id, outcome)| (id.clone(), outcome.created.clone())).collect()
}

/// The outcome of a step before anything of it is known.
pub(super) fn outcome_of(step: &Step, status: StepStatus) -> StepOutcome {
    StepOutcome {
        id: step.id.clone(),
        kind: step.kind,
        status,
        object: step.object.clone(),
        before: Value::Null,
        after: serde_json::to_value(&step.after).unwrap_or_default(),
        links: serde_json::to_value(&step.links).unwrap_or_default(),
        depends_on: step.depends_on.clone(),
        request: serde_json::to_value(&step.request).unwrap_or_default(),
        error: Value::Null,
        request_id: None,
        written: Vec::new(),
        gives_back: false,
        created: BTreeMap::new(),
        completed: None,
        other: Map::new(),
    }
}

/// What a recovery began with, and the newest state of each step.
pub(super) fn read(store: &Store, recovery: &str) -> Result<(Beginning, BTreeMap<String, StepOutcome>)> {
    match store.recovery(recovery)? {
        Some(Recovery { start, outcomes }) => Ok((start, outcomes)),
        None => Err(Error::NoJournal { recovery: recovery.to_owned() }),
    }
}

/// All recoveries, oldest first. One that did not end is running while a process holds the lock.
///
/// # Errors
/// `Store`.
pub fn recoveries(store: &Store) -> Result<Vec<RecoverySummary>> {
    Ok(store.recoveries()?)
}

/// Every step of a recovery in the order of its plan, those not reached yet included. The ID may be the beginning of
/// one.
///
/// # Errors
/// `NoRecovery`, `AmbiguousRecovery`, `Store`.
pub fn recovery_steps(store: &Store, recovery: &str) -> Result<Vec<StepOutcome>> {
    Ok(store.recovery_steps(&find(store, recovery)?)?)
}

/// The whole ID of a recovery of which the beginning is given.
///
/// # Errors
/// `NoRecovery`, `AmbiguousRecovery`, `Store`.
pub fn find(store: &Store, prefix: &str) -> Result<String> {
    let all = recoveries(store)?;
    let found: Vec<&RecoverySummary> = all.iter().filter(|summary| summary.id.starts_with(prefix)).collect();
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => Err(Error::NoRecovery { prefix: prefix.to_owned() }),
        several => Err(Error::AmbiguousRecovery { prefix: prefix.to_owned(), count: several.len() }),
    }
}
