//! Applies plans, after a confirmation: to the live tenant, or to a simulated one.

use std::collections::BTreeSet;
use std::io::BufRead as _;

use engine::Store;
use ingest::apply::{
    ApplyProgress, ApplyRequest, Examination, OnConflict, RecoveryStatus, RecoverySummary, Remaining,
    StepStatus, apply, apply_examined, examine, recovery_steps,
};
use ingest::graph::Access;
use ingest::plan::{GuardLimits, Plan};
use ingest::pull::{BackupRequest, backup};

use crate::args::recovery::{Applying, Conflict};
use crate::args::tenant::Tenant;
use crate::bridge::graph::{Connection, connect, until_interrupted};
use crate::bridge::rehearsal;
use crate::config::Config;
use crate::error::{Failure, Outcome, Status};
use crate::output::plan::{kind_name, sentence};
use crate::output::recovery;
use crate::output::text::{people_time, printable};
use crate::planning;
use crate::progress::{Meter, Progress};
use crate::session::{Session, resolve};
use crate::tenant::TenantIdentity;
use crate::wait::{self, Work};

impl ApplyProgress for Progress<'_> {
    fn steps(&self, decided: u64, all: u64, troubled: u64) {
        self.show_steps(decided, all, troubled);
    }
}

/// Refuses what a reader must not do.
pub(crate) fn may_apply(session: &Session<'_, '_>) -> Outcome<()> {
    session.may_write("apply")?;
    if Config::read(session.store_path())?.is_reader() {
        let message = "the profile of this store is reader: plans can be made, and not applied";
        return Err(Failure::new("readOnly", Status::Refused, message).with_help(
            "an administrator applies it with a store whose config.json says profile administrator",
        ));
    }
    Ok(())
}

/// Applies a plan, unless it is only rehearsed.
pub(crate) fn apply_plan(
    session: &mut Session<'_, '_>,
    plan: &Plan,
    typed: &Applying,
    allow: &[String],
    tenant: &Tenant,
) -> Outcome {
    planning::check_allowed(allow)?;
    if typed.rehearse {
        return rehearse(session, plan, typed);
    }
    may_apply(session)?;
    if plan.steps.is_empty() {
        session.note("nothing is to be done, and nothing was sent");
        return Ok(Status::Done);
    }
    let connection = connect(session, tenant, Access::ReadWrite)?;
    let store = session.open()?;
    wait::until_free(session, &store, Work::Recovery, typed.waiting.wait)?;
    // What others did meanwhile counts.
    let store = session.open()?;
    let mut request = request_of(session, &store, &connection, allow)?;
    request.on_conflict = on_conflict(typed.on_conflict);
    request.reason.clone_from(&typed.reason);
    request.report_only = typed.ca_report_only;
    request.hash.clone_from(&typed.hash);
    request.accepts_unsealed = typed.accept_unsealed;
    request.tenant_id.clone_from(&typed.tenant_id);
    let examination = until_interrupted(session, &connection.cancel, |_| {
        examine(&store, &connection.client, plan, &request)
    })?;
    if let Some(done) = &examination.finished {
        let ended = people_time(done.completed.unwrap_or(done.started));
        session.note(&format!("the plan was applied to its end on {ended}, and nothing was sent"));
        return conclude(session, &store, done);
    }
    tell_guards(session, &examination)?;
    let tenant_name = TenantIdentity { id: examination.tenant_id.clone(), ..TenantIdentity::of(&store) };
    confirm(session, plan, typed, &tenant_name)?;
    drop(store);
    if typed.backup_first {
        back_up_first(session, tenant)?;
    }
    let mut store = session.open()?;
    let summary = until_interrupted(session, &connection.cancel, |session| {
        with_progress(session, |progress| {
            apply_examined(&mut store, &connection.client, plan, &request, progress, &examination)
        })
    })?;
    conclude(session, &store, &summary)
}

/// A request of the identity that is signed in, under the configuration of the store.
///
/// # Errors
/// When the configuration cannot be read, or names an account that is not there.
pub(crate) fn request_of(
    session: &Session<'_, '_>,
    store: &Store,
    connection: &Connection,
    allow: &[String],
) -> Outcome<ApplyRequest<'static>> {
    let config = Config::read(session.store_path())?;
    let mut request = ApplyRequest::new((session.io.seed)());
    request.allow = allow.to_vec();
    request.actor = actor(connection);
    request.settle = connection.settle;
    request.limits = config.limits(GuardLimits::default());
    request.signatures = config.signatures();
    if let Some(newest) = store.commits().last() {
        request.break_glass = config.break_glass_ids(store, &newest.id)?;
    }
    Ok(request)
}

/// Says which guards the plan raises now, before the confirmation.
fn tell_guards(session: &mut Session<'_, '_>, examination: &Examination) -> Outcome<()> {
    for guard in examination.guards.iter().filter(|guard| guard.allowed) {
        session.note(&format!("guard {}, allowed: {}", guard.name, guard.reason));
    }
    if examination.open.is_none() {
        examination.check_guards()?;
    }
    Ok(())
}

fn back_up_first(session: &mut Session<'_, '_>, tenant: &Tenant) -> Outcome<()> {
    let reader = connect(session, tenant, Access::ReadOnly)?;
    let request = BackupRequest { full: true, settle: reader.settle, ..BackupRequest::default() };
    let mut store = session.create("apply")?;
    let done =
        until_interrupted(session, &reader.cancel, |_| backup(&mut store, &reader.client, &request, &()))?;
    session.note(&format!("backup {} was taken first", done.summary.id));
    Ok(())
}

/// What conflicts mean, as typed.
pub(crate) fn on_conflict(typed: Conflict) -> OnConflict {
    match typed {
        Conflict::Skip => OnConflict::Skip,
        Conflict::Stop => OnConflict::Stop,
        Conflict::Overwrite => OnConflict::Overwrite,
    }
}

/// Who applies, for the history.
pub(crate) fn actor(connection: &Connection) -> String {
    if connection.client_id.is_empty() {
        "whoever is signed in".to_owned()
    } else {
        format!("application {}", connection.client_id)
    }
}

/// Asks whether the plan is meant, on a terminal; elsewhere `--yes` says so.
fn confirm(
    session: &mut Session<'_, '_>,
    plan: &Plan,
    typed: &Applying,
    tenant: &TenantIdentity,
) -> Outcome<()> {
    session.note(&format!("{} Hash {}", sentence(plan), plan.hash));
    if typed.yes {
        return Ok(());
    }
    let refused = |message: &str| {
        Err(Failure::new("notConfirmed", Status::Refused, message)
            .with_help("`--yes` applies it without a question; `--rehearse` changes nothing"))
    };
    if !session.io.stdin_is_terminal {
        return refused("nobody can be asked whether the plan is meant");
    }
    let tenant = printable(&tenant.to_string());
    session.io.say(&format!("Apply it to the live tenant {tenant}? Type yes:"));
    let mut line = String::new();
    std::io::BufReader::new(&mut *session.io.stdin).read_line(&mut line).map_err(Failure::output)?;
    if line.trim().eq_ignore_ascii_case("yes") { Ok(()) } else { refused("nothing was applied") }
}

/// Applies a plan to the tenant that it was made against, simulated on this machine.
fn rehearse(session: &mut Session<'_, '_>, plan: &Plan, typed: &Applying) -> Outcome {
    let store = session.open()?;
    let backup = resolve(&store, &plan.to.backup)?;
    let rehearsal = rehearsal::prepare(&store, &backup.id, (session.io.seed)())?;
    let mut copy: Store = rehearsal.store()?;
    let mut request = ApplyRequest::new((session.io.seed)());
    request.on_conflict = on_conflict(typed.on_conflict);
    // What only happens on a copy needs no permission.
    request.is_rehearsal = true;
    "rehearsal".clone_into(&mut request.actor);
    request.report_only = typed.ca_report_only;
    let summary: RecoverySummary =
        with_progress(session, |progress| apply(&mut copy, &rehearsal.client, plan, &request, progress))?;
    session.note(&format!(
        "rehearsed on a simulated tenant: it would take about {} s under Graph's limits; nothing left this machine",
        rehearsal.elapsed_s()
    ));
    conclude(session, &copy, &summary)
}

/// Shows progress while something runs.
pub(crate) fn with_progress<T>(
    session: &mut Session<'_, '_>,
    work: impl FnOnce(&dyn ApplyProgress) -> T,
) -> T {
    work(&session.progress(Meter::Counter))
}

/// Prints what became of a recovery; the exit status says whether everything was done.
///
/// # Errors
/// When the output cannot be written: the exit status says then that the recovery ended all the same.
pub(crate) fn conclude(session: &mut Session<'_, '_>, store: &Store, summary: &RecoverySummary) -> Outcome {
    tell(session, store, summary).map_err(|failure| match summary.status {
        RecoveryStatus::Completed | RecoveryStatus::CompletedWithWarnings => {
            failure.after(&format!("recovery {}", summary.id))
        }
        _ => failure,
    })?;
    Ok(match summary.status {
        RecoveryStatus::Completed if summary.remaining_count.is_none_or(|count| count == 0) => Status::Done,
        RecoveryStatus::Cancelled => Status::Interrupted,
        RecoveryStatus::Failed => Status::Failed,
        _ => Status::Warnings,
    })
}

/// Says what became of each step that was not simply done, then prints the recovery.
fn tell(session: &mut Session<'_, '_>, store: &Store, summary: &RecoverySummary) -> Outcome<()> {
    let mut told = BTreeSet::new();
    for step in recovery_steps(store, &summary.id)? {
        if matches!(step.status, StepStatus::Done | StepStatus::Already | StepStatus::Pending) {
            continue;
        }
        session.warn(&format!(
            "{} {} {} {}: {} {}",
            step.id,
            kind_name(step.kind),
            step.object.type_token,
            step.object.display_name,
            recovery::status_name(step.status),
            recovery::message(&step)
        ));
        told.insert(step.id);
    }
    let is_news = |left: &&Remaining| !left.step.is_empty() && !told.contains(&left.step);
    for left in summary.remaining.iter().filter(is_news) {
        session.warn(&format!("{} (it was as wanted or written before)", recovery::differing(left)));
    }
    for user in &summary.reset_passwords {
        session.note(&format!(
            "{} was made again with a password that nobody knows: reset it, or issue a Temporary Access Pass",
            user.display_name
        ));
    }
    let people =
        format!("recovery {} {}: {}\n", summary.id, recovery::ending(summary), recovery::counts(summary));
    session.print_one(&recovery::rows(std::slice::from_ref(summary)), &people)
}
