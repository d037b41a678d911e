//! Owns applying a plan: what stands is compared, what will be overwritten is recorded, what is sent is recorded before
//! it leaves, and what became of it after.
//!
//! Shape: `examine` finds out whose tenant it is and what the plan would do there; `run` chooses steps whose dependencies
//! are done and takes them through `stand` (what is there), `ledger` (what is known of each step, in the journal first),
//! `template` and `send` (requests and what answers mean; `exchange` asks Graph, `apart` splits a step that was refused as a
//! whole); `lost` looks for what a lost answer may have made, `confirm` reads
//! back, `left` looks at what no step undoes, `swap` takes names back that were given for a while, `sum` counts, `undo`
//! makes a plan of what a journal says.
//!
//! Invariants
//! 1. A step whose values are neither as planned nor as wanted is a conflict, and stays as it is unless told otherwise.
//! 2. Before a request leaves, what it overwrites and that it will leave are durable.
//! 3. No create takes effect twice: one whose answer is missing is looked for before it is sent again.
//! 4. One recovery runs at a time; backups go on beside it.
//! 5. Nothing is recorded or sent before the tenant that is signed in to was held against plan and store.

mod apart;
mod confirm;
mod element;
mod error;
mod examine;
mod exchange;
mod ledger;
mod left;
mod lost;
mod record;
mod report_only;
mod run;
mod send;
mod sign;
mod stand;
mod standing;
mod sum;
mod swap;
mod template;
mod undo;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use engine::disk::DiskLock;
use engine::{ObjectKey, Store};
use serde_json::{Map, Value};

use crate::graph::{self, Access, Call, Client};
use crate::plan::{GuardLimits, Plan, SignatureRule, StepKind};
use crate::system::FileError;
use engine::records::RecoveryJournal;
pub use engine::records::{RecoveryStatus, RecoverySummary, Remaining, StepOutcome, StepStatus};
pub use error::{Error, ErrorKind, Result};
pub use examine::{Examination, examine};
use record::Beginning;
pub use record::{find, recoveries, recovery_steps};
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
    /// When a plan is too large or too old.
    pub limits: GuardLimits,
    /// IDs of accounts that no policy may cover.
    pub break_glass: Vec<String>,
    /// The tenant that is meant, where neither plan nor store says one.
    pub tenant_id: Option<String>,
    /// The hash of the plan that was reviewed, or its first 16 digits or more.
    pub hash: Option<String>,
    /// Takes a plan that this store did not make; needs `hash`.
    pub accepts_unsealed: bool,
    /// Whose signatures the plan needs.
    pub signatures: SignatureRule,
    /// The client leads to a copy on this machine: whose it is and what guards say does not matter.
    pub is_rehearsal: bool,
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
            limits: GuardLimits::default(),
            break_glass: Vec::new(),
            tenant_id: None,
            hash: None,
            accepts_unsealed: false,
            signatures: SignatureRule::default(),
            is_rehearsal: false,
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
/// As [`examine`]; `Guarded`, `NativeRecovery`, `Store` (`Locked` when another recovery runs; `Committed` when this one
/// ended all the same), `Unfinished`, `Graph`.
pub fn apply(
    store: &mut Store,
    client: &Client,
    plan: &Plan,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
) -> Result<RecoverySummary> {
    let examination = examine(store, client, plan, request)?;
    apply_examined(store, client, plan, request, progress, &examination)
}

/// As [`apply`], of a plan that was examined with the same request.
///
/// # Errors
/// As [`apply`].
pub fn apply_examined(
    store: &mut Store,
    client: &Client,
    plan: &Plan,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
    examination: &Examination,
) -> Result<RecoverySummary> {
    if let Some(done) = &examination.finished {
        return Ok(done.clone());
    }
    if let Some(open) = &examination.open {
        return resume(store, client, open, request, progress);
    }
    examination.check_guards()?;
    let id = recovery_id(&request.seed);
    let lock = store.lock_recovery(&format!("recovery {id} by {}", request.actor))?;
    let runtime = graph::runtime()?;
    runtime.block_on(check_native(client))?;
    let started = client.clock().now();
    let summary = sum::beginning(plan, &id, request, started);
    let mut plan = plan.clone();
    if !request.is_rehearsal {
        // Resuming it needs no other proof of its origin.
        plan.seal(store);
    }
    let allow = request.allow.clone();
    let beginning =
        Beginning { recovery: id, plan, summary, report_only: request.report_only, allow, other: Map::new() };
    crash_here(request, "begin")?;
    let journal = RecoveryJournal::begin(store, &beginning).map_err(|error| match error {
        // It is in the history, so that it can only be gone on with.
        source @ engine::Error::Committed { .. } => unfinished(&beginning.recovery, source),
        error => error.into(),
    })?;
    finish(store, client, &beginning, journal, BTreeMap::new(), request, progress, (lock, runtime))
}

/// Goes on with a recovery that was interrupted or cancelled. The ID may be the beginning of one.
///
/// # Errors
/// As [`apply`]; `NoRecovery`, `AmbiguousRecovery`, `NoJournal`, `UnsealedJournal`.
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
    examine::again(store, client, &beginning, request)?;
    let journal = RecoveryJournal::open(store, &id)?;
    // The request to cancel was for the run before.
    let _outcome = std::fs::remove_file(cancel_path(store, &id));
    let runtime = graph::runtime()?;
    runtime.block_on(check_native(client))?;
    finish(store, client, &beginning, journal, outcomes, request, progress, (lock, runtime))
}

/// Asks a recovery that runs in another process to stop; requests that left are waited for.
///
/// # Errors
/// `NoRecovery`, `AmbiguousRecovery`, `NotRunning`, `File`, `Store`.
pub fn request_cancel(store: &Store, recovery: &str) -> Result<String> {
    let id = find(store, recovery)?;
    let is_running = recoveries(store)?
        .iter()
        .any(|summary| summary.id == id && summary.status == RecoveryStatus::Running);
    if !is_running {
        return Err(Error::NotRunning { recovery: id });
    }
    let path = cancel_path(store, &id);
    let mut options = engine::disk::private_file();
    let made = options.write(true).create(true).truncate(true).open(&path).map(drop);
    made.map_err(FileError::of("write", &path))?;
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
    journal: RecoveryJournal,
    outcomes: BTreeMap<String, StepOutcome>,
    request: &ApplyRequest<'_>,
    progress: &dyn ApplyProgress,
    (_lock, runtime): (Box<dyn DiskLock>, tokio::runtime::Runtime),
) -> Result<RecoverySummary> {
    let cancel_file = cancel_path(store, &beginning.recovery);
    let in_the_middle = |error: Error| match error {
        Error::Store(source) => unfinished(&beginning.recovery, source),
        error => error,
    };
    let mut applier = Applier::new(client, beginning, journal, outcomes, request, cancel_file);
    let is_cancelled = runtime.block_on(applier.run(progress)).map_err(in_the_middle)?;
    let mut summary = beginning.summary.clone();
    let (mut journal, outcomes, remaining) = applier.into_parts();
    let left = match &remaining {
        Some(_) => {
            let from = engine::BackupId::from_text(&beginning.plan.from.backup);
            let from = from.and_then(|id| store.snapshot(&id).ok());
            runtime.block_on(left::still_differing(client, from.as_ref(), &beginning.plan.skipped))
        }
        None => Vec::new(),
    };
    sum::up(&mut summary, &beginning.plan, &outcomes, remaining, is_cancelled);
    sum::add_left(&mut summary, &beginning.plan, &left);
    summary.completed = Some(client.clock().now());
    let lineages = store.lineages().map_err(|error| in_the_middle(error.into()))?;
    let known: Vec<String> = lineages.into_iter().map(|lineage| lineage.new_id).collect();
    for outcome in outcomes.values().filter(|outcome| outcome.kind == StepKind::Recreate) {
        if let Some(new_id) = outcome.created.get("id").filter(|id| !known.contains(id)) {
            let token = outcome.object.type_token.as_str();
            let old = ObjectKey { type_token: token.into(), id: outcome.object.id.clone() };
            let added = store.add_lineage(&old, new_id, &beginning.recovery, client.clock().now());
            added.map_err(|error| in_the_middle(error.into()))?;
        }
    }
    crash_here(request, "end")?;
    journal.end(store, &summary).map_err(|error| match error {
        // Its end is readable in the history.
        error @ engine::Error::Committed { .. } => error.into(),
        error => in_the_middle(error.into()),
    })?;
    Ok(summary)
}

/// What is to be said of a recovery that the store stopped in the middle.
fn unfinished(recovery: &str, source: engine::Error) -> Error {
    Error::Unfinished { recovery: recovery.to_owned(), source: Box::new(source) }
}

fn is_over(status: RecoveryStatus) -> bool {
    matches!(
        status,
        RecoveryStatus::Completed | RecoveryStatus::CompletedWithWarnings | RecoveryStatus::Failed
    )
}

fn check_client(client: &Client) -> Result<()> {
    if client.settings().access == Access::ReadWrite {
        return Ok(());
    }
    Err(Error::ReadOnly)
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
        return Err(Error::NativeRecovery);
    }
    Ok(())
}

/// Ends the run where a test wants it to.
fn crash_here(request: &ApplyRequest<'_>, index: &str) -> Result<()> {
    match request.crash {
        Some(crash) if crash(index) => Err(Error::Cancelled),
        _ => Ok(()),
    }
}

/// 16 letters `k` to `z` from random bytes.
fn recovery_id(seed: &[u8; 32]) -> String {
    let hash = blake3::derive_key("entrasnap 2026-11 recovery id", seed);
    hash.iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'k' + half)).collect()
}
