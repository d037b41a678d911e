//! Owns applying a plan: what stands is compared, what will be overwritten is recorded, what is sent is recorded before
//! it leaves, and what became of it after.
//!
//! Shape: `run` chooses steps whose dependencies are done and takes them through `stand` (what is there), `record` (the
//! journal), `template` and `send` (the requests); `lost` looks for what a lost answer may have made, `confirm` reads back,
//! `undo` makes a plan of what a journal says.
//!
//! Invariants
//! 1. A step whose values are neither as planned nor as wanted is a conflict, and stays as it is unless told otherwise.
//! 2. Before a request leaves, what it overwrites and that it will leave are durable.
//! 3. No create takes effect twice: one whose answer is missing is looked for before it is sent again.
//! 4. One recovery runs at a time; backups go on beside it.

mod confirm;
mod lost;
mod record;
mod run;
mod send;
mod stand;
mod template;
mod undo;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use engine::{DiskLock, ObjectKey, Store};
use jiff::SignedDuration;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::graph::{Access, Call, Client};
use crate::plan::{Plan, PlanObject, Step, StepKind};
use record::{Beginning, Journal};
pub use record::{
    RecoveryStatus, RecoverySummary, StepOutcome, StepStatus, find, recoveries, recovery_steps,
};
use run::Applier;
pub use undo::undo_plan;

/// What to do where something stands that is neither as planned nor as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Leaves it and goes on.
    #[default]
    Skip,
    /// Leaves it and ends.
    Stop,
    /// Writes what is wanted all the same.
    Overwrite,
}

/// How a plan is applied.
pub struct ApplyRequest<'a> {
    /// What to do with conflicts.
    pub on_conflict: OnConflict,
    /// Guards that are allowed, by name.
    pub allow: Vec<String>,
    /// Why, for the history.
    pub reason: String,
    /// Who, for the history.
    pub actor: String,
    /// Conditional access policies that would be enabled only report.
    pub report_only: bool,
    /// How long replicas are given to show what was written.
    pub settle: Duration,
    /// Random bytes: the recovery's ID and passwords follow from them.
    pub seed: [u8; 32],
    /// How old the newest state of a plan may be.
    pub age_max: SignedDuration,
    /// Asked before each write of the journal and each request; `true` ends the run there as a crash would. For tests.
    pub crash: Option<&'a (dyn Fn(&str) -> bool + Sync)>,
}

impl ApplyRequest<'_> {
    /// Skips conflicts, allows nothing, gives no reason.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            on_conflict: OnConflict::Skip,
            allow: Vec::new(),
            reason: String::new(),
            actor: String::new(),
            report_only: false,
            settle: Duration::ZERO,
            seed,
            age_max: SignedDuration::from_hours(24),
            crash: None,
        }
    }
}

/// Told how far a recovery is, by the thread that called it.
pub trait ApplyProgress {
    /// So many steps of all are decided, so many of them failed or in conflict.
    fn steps(&self, decided: u64, all: u64, troubled: u64);
}

impl ApplyProgress for () {
    fn steps(&self, _decided: u64, _all: u64, _troubled: u64) {}
}

/// Applies a plan, or goes on with the recovery that was interrupted while it applied it. A plan that was applied to
/// its end is not applied again: nothing is sent, and its summary is given.
///
/// # Errors
/// `PlanEdited`, `PlanTenant`, `Refused` (a guard, a client that may only read, a native recovery that runs), `Store`
/// (`Locked` when another recovery runs), `Graph`, `Cancelled`.
pub fn apply(
    store: &mut Store,
    client: &Client,
    plan: &Plan,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
) -> Result<RecoverySummary> {
    plan.verify_hash()?;
    check_removals(plan)?;
    if let Some(tenant) = store.tenant()
        && !tenant.eq_ignore_ascii_case(&plan.tenant_id)
    {
        return Err(Error::PlanTenant { expected: plan.tenant_id.clone(), found: tenant.to_owned() });
    }
    let earlier = recoveries(store)?.into_iter().rev().find(|summary| summary.plan_id == plan.plan_id);
    match earlier {
        Some(done) if is_over(done.status) => return Ok(done),
        Some(open) => return resume(store, client, &open.id, request, progress),
        None => {}
    }
    check_guards(plan, client, request)?;
    check_client(client)?;
    let id = recovery_id(&request.seed);
    let lock = store.lock_recovery(&format!("recovery {id} by {}", request.actor))?;
    let runtime = runtime()?;
    runtime.block_on(check_native(client))?;
    let started = client.clock().now();
    let summary = beginning_summary(plan, &id, request, started);
    let beginning = Beginning { recovery: id, plan: plan.clone(), summary, report_only: request.report_only };
    crash_here(request, "begin")?;
    let journal = Journal::begin(store, &beginning)?;
    finish(store, client, &beginning, journal, BTreeMap::new(), request, progress, (lock, runtime))
}

/// Goes on with a recovery that was interrupted or cancelled. The ID may be the beginning of one.
///
/// # Errors
/// As [`apply`]; `Invalid` when there is no such recovery.
pub fn resume(
    store: &mut Store,
    client: &Client,
    recovery: &str,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
) -> Result<RecoverySummary> {
    let id = find(store, recovery)?;
    check_client(client)?;
    let lock = store.lock_recovery(&format!("recovery {id} by {}", request.actor))?;
    let known = recoveries(store)?.into_iter().find(|summary| summary.id == id);
    if let Some(done) = known.filter(|summary| is_over(summary.status)) {
        return Ok(done);
    }
    let (beginning, outcomes) = record::read(store, &id)?;
    beginning.plan.verify_hash()?;
    check_removals(&beginning.plan)?;
    let journal = Journal::open(store, &id)?;
    // Whoever wished to stop had their wish.
    let _outcome = std::fs::remove_file(cancel_path(store, &id));
    let runtime = runtime()?;
    runtime.block_on(check_native(client))?;
    finish(store, client, &beginning, journal, outcomes, request, progress, (lock, runtime))
}

/// Asks a recovery that runs in another process to stop; requests that left are waited for.
///
/// # Errors
/// `Invalid` when there is no such recovery, or it does not run; `File`.
pub fn request_cancel(store: &Store, recovery: &str) -> Result<String> {
    let id = find(store, recovery)?;
    let is_running = recoveries(store)?
        .iter()
        .any(|summary| summary.id == id && summary.status == RecoveryStatus::Running);
    if !is_running {
        return Err(Error::Invalid(format!("recovery {id} does not run, so there is nothing to stop")));
    }
    let path = cancel_path(store, &id);
    let mut options = engine::disk::private_file();
    let made = options.write(true).create(true).truncate(true).open(&path).map(drop);
    made.map_err(|source| Error::File { action: "write", path, source })?;
    Ok(id)
}

fn cancel_path(store: &Store, recovery: &str) -> PathBuf {
    store.path().join("staging").join(format!("recovery-{recovery}.cancel"))
}

#[expect(clippy::too_many_arguments, reason = "what two ways of beginning have in common")]
fn finish(
    store: &mut Store,
    client: &Client,
    beginning: &Beginning,
    journal: Journal,
    outcomes: BTreeMap<String, StepOutcome>,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
    (_lock, runtime): (Box<dyn DiskLock>, tokio::runtime::Runtime),
) -> Result<RecoverySummary> {
    let cancel_file = cancel_path(store, &beginning.recovery);
    let mut applier = Applier::new(client, beginning, journal, outcomes, request, cancel_file);
    let is_cancelled = runtime.block_on(applier.run(progress))?;
    let mut summary = beginning.summary.clone();
    let (mut journal, outcomes) = applier.into_parts();
    sum_up(&mut summary, &beginning.plan, &outcomes, is_cancelled);
    summary.completed = Some(client.clock().now());
    let known = recorded_lineage(store)?;
    for outcome in outcomes.values().filter(|outcome| outcome.kind == StepKind::Recreate) {
        if let Some(new_id) = outcome.created.get("id").filter(|id| !known.contains(*id)) {
            let token = outcome.object.type_token.as_str();
            let old = ObjectKey { type_token: token.into(), id: outcome.object.id.clone() };
            store.add_lineage(&old, new_id, &beginning.recovery, client.clock().now())?;
        }
    }
    crash_here(request, "end")?;
    journal.end(store, &summary)?;
    Ok(summary)
}

fn recorded_lineage(store: &Store) -> Result<Vec<String>> {
    let records = store.records("lineage")?;
    Ok(records.iter().filter_map(|record| record["newId"].as_str().map(str::to_owned)).collect())
}

fn is_over(status: RecoveryStatus) -> bool {
    matches!(
        status,
        RecoveryStatus::Completed | RecoveryStatus::CompletedWithWarnings | RecoveryStatus::Failed
    )
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder.build().map_err(|source| Error::File {
        action: "start threads for",
        path: "the network".into(),
        source,
    })
}

fn check_client(client: &Client) -> Result<()> {
    if client.settings().access == Access::ReadWrite {
        return Ok(());
    }
    let what = "this client may only read: a plan can be made with it, and not be applied".to_owned();
    Err(Error::Refused { what, help: "apply it as the recovery application, without --read-only".to_owned() })
}

/// Without `/$ref` Graph would delete the object at the other end of a link: no such request ever leaves.
fn check_removals(plan: &Plan) -> Result<()> {
    let is_wrong = |step: &&Step| {
        !step.links.is_empty() && step.request.method == "DELETE" && !step.request.path.ends_with("/$ref")
    };
    match plan.steps.iter().find(is_wrong) {
        Some(step) => Err(Error::Invalid(format!(
            "step {} of the plan: expected the removal of a link to end in /$ref, found {}; make the plan anew",
            step.id, step.request.path
        ))),
        None => Ok(()),
    }
}

/// Guards that nobody allowed, and a state that became old since the plan was made.
fn check_guards(plan: &Plan, client: &Client, request: &ApplyRequest<'_>) -> Result<()> {
    let is_allowed = |name: &str| request.allow.iter().any(|allowed| allowed == name);
    let raised = plan.guards.iter().filter(|guard| !guard.allowed && !is_allowed(&guard.name));
    let mut raised: Vec<String> = raised.map(|guard| format!("{} ({})", guard.name, guard.reason)).collect();
    let age = client.clock().now().duration_since(plan.to.taken_at);
    let is_known = plan.guards.iter().any(|guard| guard.name == "stale");
    if age > request.age_max && !is_known && !is_allowed("stale") {
        raised.push(format!("stale (the newest state it knows is of {})", plan.to.taken_at));
    }
    if raised.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = raised.iter().filter_map(|guard| guard.split(' ').next()).collect();
    Err(Error::Refused {
        what: format!("the plan is guarded: {}", raised.join("; ")),
        help: format!("read it; what is meant so is allowed by `--allow {}`", names.join(" --allow ")),
    })
}

/// Two recoveries at a time would undo each other.
async fn check_native(client: &Client) -> Result<()> {
    let answer = match client.send(&Call::get("/directory/recovery/jobs")).await {
        Ok(answer) => answer,
        // Who may not look at native recoveries cannot wait for them.
        Err(error) if error.refusal().is_some() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let jobs: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_open = |job: &Value| {
        job["status"].as_str().is_some_and(|status| matches!(status, "running" | "inProgress" | "notStarted"))
    };
    if jobs["value"].as_array().is_some_and(|jobs| jobs.iter().any(is_open)) {
        let what = "a native recovery of the tenant is running".to_owned();
        return Err(Error::Refused {
            what,
            help: "wait until it has ended, and make the plan anew".to_owned(),
        });
    }
    Ok(())
}

/// Ends the run where a test wants it to.
fn crash_here(request: &ApplyRequest<'_>, place: &str) -> Result<()> {
    match request.crash {
        Some(crash) if crash(place) => Err(Error::Cancelled),
        _ => Ok(()),
    }
}

/// 16 letters `k` to `z` from random bytes.
fn recovery_id(seed: &[u8; 32]) -> String {
    let hash = blake3::derive_key("entrasnap 2026-11 recovery id", seed);
    hash.iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'k' + half)).collect()
}

fn beginning_summary(
    plan: &Plan,
    id: &str,
    request: &ApplyRequest<'_>,
    started: jiff::Timestamp,
) -> RecoverySummary {
    let links: usize = plan.steps.iter().map(|step| step.links.len()).sum();
    RecoverySummary {
        id: id.to_owned(),
        status: RecoveryStatus::Running,
        from: plan.from.backup.clone(),
        to: plan.to.backup.clone(),
        plan_id: plan.plan_id.clone(),
        reason: request.reason.clone(),
        actor: request.actor.clone(),
        started,
        completed: None,
        requested_objects: distinct(plan.steps.iter().map(|step| &step.object)),
        requested_links: links as u64,
        modified_objects: 0,
        modified_links: 0,
        failed: 0,
        conflicts: 0,
        skipped: plan.skipped.len() as u64,
        unconfirmed: 0,
        reset_passwords: Vec::new(),
    }
}

fn distinct<'p>(objects: impl Iterator<Item = &'p PlanObject>) -> u64 {
    objects.collect::<std::collections::BTreeSet<_>>().len() as u64
}

fn sum_up(
    summary: &mut RecoverySummary,
    plan: &Plan,
    outcomes: &BTreeMap<String, StepOutcome>,
    is_cancelled: bool,
) {
    let count = |statuses: &[StepStatus]| {
        outcomes.values().filter(|outcome| statuses.contains(&outcome.status)).count() as u64
    };
    let done = |outcome: &&StepOutcome| matches!(outcome.status, StepStatus::Done | StepStatus::Unconfirmed);
    summary.modified_objects = distinct(outcomes.values().filter(done).map(|outcome| &outcome.object));
    let links = outcomes.values().filter(done).filter_map(|outcome| outcome.links.as_array());
    summary.modified_links = links.map(|links| links.len() as u64).sum();
    summary.failed = count(&[StepStatus::Failed]);
    summary.conflicts = count(&[StepStatus::Conflict]);
    summary.skipped = plan.skipped.len() as u64 + count(&[StepStatus::Skipped]);
    summary.unconfirmed = count(&[StepStatus::Uncertain, StepStatus::Unconfirmed]);
    let recreated = outcomes.values().filter(|outcome| {
        outcome.kind == StepKind::Recreate && outcome.object.type_token == "user" && done(outcome)
    });
    summary.reset_passwords = recreated.map(|outcome| outcome.object.clone()).collect();
    let troubled = summary.failed + summary.conflicts + summary.unconfirmed + count(&[StepStatus::Skipped]);
    summary.status = if is_cancelled {
        RecoveryStatus::Cancelled
    } else if troubled == 0 {
        RecoveryStatus::Completed
    } else if count(&[StepStatus::Done, StepStatus::Already, StepStatus::Unconfirmed]) == 0 {
        RecoveryStatus::Failed
    } else {
        RecoveryStatus::CompletedWithWarnings
    };
}
