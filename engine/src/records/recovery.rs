//! Recoveries: their summaries (journal `recoveries`), and what each began with and did (journal `recovery-ID`).
//!
//! Shape: `recoveries` has a summary at the beginning and at the end of each recovery; the newest of an ID counts.
//! `recovery-ID` begins with a [`RecoveryStart`]; every other record with an `id` is the newest state of that step; a
//! record with `end` holds the summary again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, FieldKind as Kind, FieldValue as Cell};
use super::step::{PlanObject, StepOutcome};
use super::{decode, not_a_record, records};
use crate::Result;
use crate::state::State;

/// The journal of summaries.
pub(super) const SUMMARIES: &str = "recoveries";

/// The state of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryStatus {
    /// A process applies it now.
    Running,
    /// It did not end, and no process applies it.
    Interrupted,
    /// Every step took effect, and everything that the plan undoes is as wanted when read again.
    Completed,
    /// A step failed, was in conflict or could not be confirmed, or something is not as wanted at the end.
    CompletedWithWarnings,
    /// No step took effect.
    Failed,
    /// It was stopped on request; it can be resumed.
    Cancelled,
}

/// A recovery in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverySummary {
    /// 16 letters `k` to `z`.
    pub id: String,
    /// Its state.
    pub status: RecoveryStatus,
    /// The backup that is wanted back.
    pub from: String,
    /// The backup or reading whose values were to be replaced.
    pub to: String,
    /// The plan.
    pub plan_id: String,
    /// The reason, as it was given.
    pub reason: String,
    /// The person or process that applied it.
    pub actor: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// Objects that the plan touches.
    pub requested_objects: u64,
    /// Links that the plan touches.
    pub requested_links: u64,
    /// Objects that were changed.
    pub modified_objects: u64,
    /// Links that were changed.
    pub modified_links: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Steps whose observed values were neither as planned nor as wanted.
    pub conflicts: u64,
    /// Steps that were left because others failed, and changes that the plan skips.
    pub skipped: u64,
    /// Steps of which it is not known whether they took effect, or whose effect could not be read back.
    #[serde(default)]
    pub unconfirmed: u64,
    /// Steps whose values were as wanted, so that nothing was sent.
    #[serde(default)]
    pub already: u64,
    /// Steps that were left because others failed.
    #[serde(default)]
    pub waiting: u64,
    /// Changes that the plan lists as not undone; once it was looked, those of them that still differ.
    #[serde(default)]
    pub not_undone: u64,
    /// Steps whose values were not as wanted when everything was read again at the end, and changes that the plan lists as
    /// not undone and that still differ; none when it was not read.
    #[serde(default)]
    pub remaining_count: Option<u64>,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<Remaining>,
    /// Users that were created again, with random passwords that are not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset_passwords: Vec<PlanObject>,
    /// Members of the record that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A difference that a recovery left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remaining {
    /// The step's ID in the plan; empty for a change that no step undoes.
    pub step: String,
    /// The object that it is about.
    pub object: PlanObject,
    /// What differs.
    pub what: String,
}

/// The first record of a recovery. `P` is the plan: a type of the planner, or plain JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryStart<P = Value> {
    /// The recovery's ID.
    pub recovery: String,
    /// The plan that it applies.
    pub plan: P,
    /// The summary before the first step.
    pub summary: RecoverySummary,
    /// Whether conditional access policies are restored in report-only mode.
    pub report_only: bool,
    /// Guards that were allowed.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Members of the record that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the journal of one recovery holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery<P = Value> {
    /// Its first record.
    pub start: RecoveryStart<P>,
    /// The newest state of each step that was begun, by the step's ID.
    pub outcomes: BTreeMap<String, StepOutcome>,
}

impl RecoverySummary {
    /// The fields that a table of recoveries shows.
    pub const FIELDS: [Field<Self>; 21] = [
        Field::new("id", Kind::Text, |recovery| Cell::text(&recovery.id)),
        Field::new("status", Kind::Text, |recovery| Cell::word(recovery.status)),
        Field::new("from", Kind::Text, |recovery| Cell::text(&recovery.from)),
        Field::new("to", Kind::Text, |recovery| Cell::text(&recovery.to)),
        Field::new("planId", Kind::Text, |recovery| Cell::text(&recovery.plan_id)),
        Field::new("reason", Kind::Text, |recovery| Cell::text(&recovery.reason)),
        Field::new("actor", Kind::Text, |recovery| Cell::text(&recovery.actor)),
        Field::new("started", Kind::Time, |recovery| Cell::Time(recovery.started)),
        Field::new("completed", Kind::Time, |recovery| Cell::time(recovery.completed)),
        Field::new("requestedObjects", Kind::Count, |recovery| Cell::Count(recovery.requested_objects)),
        Field::new("requestedLinks", Kind::Count, |recovery| Cell::Count(recovery.requested_links)),
        Field::new("modifiedObjects", Kind::Count, |recovery| Cell::Count(recovery.modified_objects)),
        Field::new("modifiedLinks", Kind::Count, |recovery| Cell::Count(recovery.modified_links)),
        Field::new("failed", Kind::Count, |recovery| Cell::Count(recovery.failed)),
        Field::new("conflicts", Kind::Count, |recovery| Cell::Count(recovery.conflicts)),
        Field::new("skipped", Kind::Count, |recovery| Cell::Count(recovery.skipped)),
        Field::new("already", Kind::Count, |recovery| Cell::Count(recovery.already)),
        Field::new("unconfirmed", Kind::Count, |recovery| Cell::Count(recovery.unconfirmed)),
        Field::new("waiting", Kind::Count, |recovery| Cell::Count(recovery.waiting)),
        Field::new("notUndone", Kind::Count, |recovery| Cell::Count(recovery.not_undone)),
        Field::new("remaining", Kind::Count, |recovery| {
            recovery.remaining_count.map_or(Cell::Null, Cell::Count)
        }),
    ];
}

/// As [`Store::recoveries`](crate::Store::recoveries); `holder` reads the holder of the lock of recoveries.
pub(crate) fn recoveries(
    state: &State,
    holder: impl FnOnce() -> Result<Option<String>>,
) -> Result<Vec<RecoverySummary>> {
    let mut newest: Vec<RecoverySummary> = Vec::new();
    for record in records(state, SUMMARIES)? {
        let summary: RecoverySummary = decode(state, SUMMARIES, record)?;
        match newest.iter_mut().find(|other| other.id == summary.id) {
            Some(other) => *other = summary,
            None => newest.push(summary),
        }
    }
    if newest.iter().any(|summary| summary.status == RecoveryStatus::Running) {
        let holder = holder()?.unwrap_or_default();
        let open = newest.iter_mut().filter(|summary| summary.status == RecoveryStatus::Running);
        for summary in open.filter(|summary| !holder.contains(&summary.id)) {
            summary.status = RecoveryStatus::Interrupted;
        }
    }
    Ok(newest)
}

/// As [`Store::recovery`](crate::Store::recovery).
pub(crate) fn recovery<P: DeserializeOwned>(state: &State, id: &str) -> Result<Option<Recovery<P>>> {
    let journal = journal_of(id);
    let mut records = records(state, &journal)?.into_iter();
    let Some(first) = records.next() else { return Ok(None) };
    let start: RecoveryStart<P> = decode(state, &journal, first)?;
    let mut outcomes = BTreeMap::new();
    for record in records.filter(|record| record.get("id").is_some()) {
        let outcome: StepOutcome = decode(state, &journal, record)?;
        outcomes.insert(outcome.id.clone(), outcome);
    }
    Ok(Some(Recovery { start, outcomes }))
}

/// As [`Store::recovery_steps`](crate::Store::recovery_steps).
pub(crate) fn recovery_steps(state: &State, id: &str) -> Result<Vec<StepOutcome>> {
    let Some(Recovery { start, mut outcomes }) = recovery::<Value>(state, id)? else {
        return Ok(Vec::new());
    };
    let steps = start.plan["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let outcome = |step: &Value| match step["id"].as_str().and_then(|id| outcomes.remove(id)) {
        Some(outcome) => Ok(outcome),
        None => StepOutcome::pending(step).map_err(|error| not_a_record(state, &journal_of(id), &error)),
    };
    steps.iter().map(outcome).collect()
}

pub(super) fn journal_of(recovery: &str) -> String {
    format!("recovery-{recovery}")
}
