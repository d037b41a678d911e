//! Owns the journal of a recovery: what it is of, each step before its request leaves and after, and how it ended.
//!
//! Shape: the journal `recovery-ID` begins with a record that holds the plan whole; every other record with an `id` is
//! the newest state of that step. The journal `recoveries` has a summary at the beginning and at the end of each.
//!
//! Invariants: a step's `before` is durable before its request leaves; no password and no token is ever recorded.

use std::collections::BTreeMap;

use engine::{RecordWriter, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::plan::{Plan, PlanObject, Step, StepKind};

/// The journal of summaries.
const SUMMARIES: &str = "recoveries";

/// How a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryStatus {
    /// Somebody applies it now.
    Running,
    /// Nobody applies it, and it did not end.
    Interrupted,
    /// Everything that the plan undoes was done, and read again it is as wanted.
    Completed,
    /// Something failed, was in conflict, could not be confirmed, or is not as wanted at the end.
    CompletedWithWarnings,
    /// Nothing was done that was to be done.
    Failed,
    /// Somebody asked to stop; it can be resumed.
    Cancelled,
}

/// A recovery in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverySummary {
    /// 16 letters `k` to `z`.
    pub id: String,
    /// How it stands.
    pub status: RecoveryStatus,
    /// The backup that is wanted back.
    pub from: String,
    /// The backup or reading whose values were to be replaced.
    pub to: String,
    /// The plan.
    pub plan_id: String,
    /// Why, as somebody wrote it.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When it began.
    pub started: jiff::Timestamp,
    /// When it ended.
    pub completed: Option<jiff::Timestamp>,
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
    /// Steps whose values were neither as planned nor as wanted.
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
    /// not undone and that still differ; none when nobody looked.
    #[serde(default)]
    pub remaining_count: Option<u64>,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<Remaining>,
    /// Users that were made again, with passwords that nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset_passwords: Vec<PlanObject>,
}

/// What still differed from what was wanted when a recovery ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remaining {
    /// The step's ID in the plan; empty for a change that no step undoes.
    pub step: String,
    /// What it is about.
    pub object: PlanObject,
    /// How it stands.
    pub what: String,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepStatus {
    /// Nothing was done yet.
    Pending,
    /// Its request was about to leave.
    Intended,
    /// It was done.
    Done,
    /// It was as wanted already; nothing was sent.
    Already,
    /// What stands is neither as planned nor as wanted.
    Conflict,
    /// Graph refused.
    Failed,
    /// A step that it depends on was not done.
    Skipped,
    /// Nobody knows whether it took effect.
    Uncertain,
    /// It was done, and reading it back does not show it yet.
    Unconfirmed,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutcome {
    /// The step's ID in the plan.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// How it stands.
    pub status: StepStatus,
    /// What it is about.
    pub object: PlanObject,
    /// What stood before; null for what was absent.
    #[serde(default)]
    pub before: Value,
    /// What was wanted.
    #[serde(default)]
    pub after: Value,
    /// The links that were made or taken away, with those left out that stood as wanted.
    #[serde(default)]
    pub links: Value,
    /// Steps it depends on.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// What was sent; placeholders stay.
    #[serde(default)]
    pub request: Value,
    /// Why it stands so: Graph's code and message, or what differs.
    #[serde(default)]
    pub error: Value,
    /// Graph's ID of the request.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The properties that were written, of a step that Graph refused in part; the relation, when `links` has those of its
    /// links that were made or taken away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// It took a name in a swap that came to nothing, and gives it back, or did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_back: bool,
    /// IDs of what was made: `id`, `appId`.
    #[serde(default)]
    pub created: BTreeMap<String, String>,
    /// When.
    #[serde(default)]
    pub completed: Option<jiff::Timestamp>,
}

/// By step: the IDs of what it made.
pub(super) type Created = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn created_by(outcomes: &BTreeMap<String, StepOutcome>) -> Created {
    let made = outcomes.iter().filter(|(_, outcome)| !outcome.created.is_empty());
    made.map(|(id, outcome)| (id.clone(), outcome.created.clone())).collect()
}

impl StepOutcome {
    pub(super) fn new(step: &Step, status: StepStatus) -> Self {
        Self {
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
        }
    }
}

impl StepStatus {
    /// Whether steps that depend on it may go on.
    pub(super) fn is_good(self) -> bool {
        matches!(self, Self::Done | Self::Already | Self::Unconfirmed)
    }

    /// Whether it is decided.
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Intended)
    }
}

/// What a recovery began with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beginning {
    pub(super) recovery: String,
    pub(super) plan: Plan,
    pub(super) summary: RecoverySummary,
    pub(super) report_only: bool,
    /// Guards that were allowed.
    #[serde(default)]
    pub(super) allow: Vec<String>,
}

/// An open journal.
pub(super) struct Journal {
    writer: RecordWriter,
}

impl Journal {
    pub(super) fn begin(store: &mut Store, beginning: &Beginning) -> Result<Self> {
        let mut journal = Self::open(store, &beginning.recovery)?;
        journal.writer.append(&[to_value(beginning)?])?;
        journal.pin(store)?;
        store.append_record(SUMMARIES, &to_value(&beginning.summary)?)?;
        Ok(journal)
    }

    pub(super) fn open(store: &Store, recovery: &str) -> Result<Self> {
        Ok(Self { writer: store.open_journal(&name(recovery))? })
    }

    /// Appends states of steps; when this returns they are durable.
    pub(super) fn append(&mut self, outcomes: &[StepOutcome]) -> Result<()> {
        let records: Vec<Value> = outcomes.iter().map(to_value).collect::<Result<_>>()?;
        Ok(self.writer.append(&records)?)
    }

    pub(super) fn pin(&self, store: &mut Store) -> Result<()> {
        Ok(self.writer.pin(store)?)
    }

    pub(super) fn end(&mut self, store: &mut Store, summary: &RecoverySummary) -> Result<()> {
        self.writer.append(&[json!({ "end": to_value(summary)? })])?;
        self.pin(store)?;
        Ok(store.append_record(SUMMARIES, &to_value(summary)?)?)
    }
}

fn name(recovery: &str) -> String {
    format!("recovery-{recovery}")
}

fn to_value<T: Serialize>(record: &T) -> Result<Value> {
    serde_json::to_value(record)
        .map_err(|error| Error::Invalid(format!("a record cannot be written: {error}")))
}

/// What a recovery began with, and the newest state of each step.
pub(super) fn read(store: &Store, recovery: &str) -> Result<(Beginning, BTreeMap<String, StepOutcome>)> {
    let unreadable = |what: String| Error::Invalid(format!("recovery {recovery}: {what}"));
    let mut records = store.records(&name(recovery))?.into_iter();
    let first = records.next().ok_or_else(|| {
        unreadable("expected its journal, found none; `entrasnap recoveries` lists them".to_owned())
    })?;
    let beginning: Beginning =
        serde_json::from_value(first).map_err(|error| unreadable(format!("its first record: {error}")))?;
    let mut outcomes = BTreeMap::new();
    for record in records.filter(|record| record.get("id").is_some()) {
        let outcome: StepOutcome =
            serde_json::from_value(record).map_err(|error| unreadable(format!("a step: {error}")))?;
        outcomes.insert(outcome.id.clone(), outcome);
    }
    Ok((beginning, outcomes))
}

/// All recoveries, oldest first. One that did not end is running while somebody holds the lock.
///
/// # Errors
/// `Store`, `Invalid`.
pub fn recoveries(store: &Store) -> Result<Vec<RecoverySummary>> {
    let mut newest: Vec<RecoverySummary> = Vec::new();
    for record in store.records(SUMMARIES)? {
        let summary: RecoverySummary = serde_json::from_value(record)
            .map_err(|error| Error::Invalid(format!("a recovery in the journal cannot be read: {error}")))?;
        match newest.iter_mut().find(|other| other.id == summary.id) {
            Some(other) => *other = summary,
            None => newest.push(summary),
        }
    }
    let holder = store.recovery_holder()?;
    for summary in newest.iter_mut().filter(|summary| summary.status == RecoveryStatus::Running) {
        let is_held = holder.as_ref().is_some_and(|holder| holder.contains(&summary.id));
        if !is_held {
            summary.status = RecoveryStatus::Interrupted;
        }
    }
    Ok(newest)
}

/// Every step of a recovery in the order of its plan, those not reached yet included. The ID may be the beginning of
/// one.
///
/// # Errors
/// `Invalid` when there is no such recovery; `Store`.
pub fn recovery_steps(store: &Store, recovery: &str) -> Result<Vec<StepOutcome>> {
    let (beginning, outcomes) = read(store, &find(store, recovery)?)?;
    let steps = beginning.plan.steps.iter();
    Ok(steps
        .map(|step| {
            outcomes.get(&step.id).cloned().unwrap_or_else(|| StepOutcome::new(step, StepStatus::Pending))
        })
        .collect())
}

/// The whole ID of a recovery of which the beginning is given.
///
/// # Errors
/// `Invalid` when there is none, or more than one.
pub fn find(store: &Store, prefix: &str) -> Result<String> {
    let all = recoveries(store)?;
    let found: Vec<&RecoverySummary> = all.iter().filter(|summary| summary.id.starts_with(prefix)).collect();
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => Err(Error::Invalid(format!("no recovery {prefix}; `entrasnap recoveries` lists them"))),
        several => Err(Error::Invalid(format!(
            "{} recoveries begin with {prefix}; give more letters",
            several.len()
        ))),
    }
}
