//! `recoveries` and `recovery`: what was recovered, what became of each step, and going on or back.

use engine::Store;
use ingest::apply::{
    ApplyRequest, RecoveryStatus, RecoverySummary, StepOutcome, StepStatus, recoveries, recovery_steps,
    request_cancel, resume, undo_plan,
};
use ingest::graph::Access;

use super::apply::{actor, apply_plan, may_apply, on_conflict, with_progress};
use super::plan as planning;
use crate::args::recovery::{Applying, Recovery};
use crate::bridge::graph::{connect, until_interrupted};
use crate::render::plan::kind_name;
use crate::render::{self, Cell, Rows, counted};
use crate::report::{Outcome, Status};
use crate::session::Session;

/// What a terminal of usual width shows stands first.
const COLUMNS: &[&str] = &[
    "id",
    "status",
    "started",
    "modifiedObjects",
    "modifiedLinks",
    "failed",
    "conflicts",
    "reason",
    "completed",
    "skipped",
    "from",
    "to",
    "planId",
    "actor",
    "requestedObjects",
    "requestedLinks",
];
const STEP_COLUMNS: &[&str] =
    &["id", "kind", "status", "type", "objectId", "displayName", "error", "requestId"];

/// Lists the recoveries, oldest first.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub(super) fn list(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    render::list(session, &rows(&recoveries(&store)?))?;
    Ok(Status::DONE)
}

/// Shows, stops, resumes or undoes a recovery.
///
/// # Errors
/// When there is no such recovery, or the tenant cannot be reached.
pub(super) fn run(session: &mut Session<'_, '_>, verb: &Recovery) -> Outcome {
    match verb {
        Recovery::Show(typed) => {
            let store = session.open()?;
            let steps = recovery_steps(&store, &typed.id)?;
            render::list(session, &step_rows(&steps))?;
            Ok(Status::DONE)
        }
        Recovery::Cancel(typed) => {
            let store = session.open()?;
            let id = request_cancel(&store, &typed.id)?;
            session.note(&format!("recovery {id} was asked to stop; requests that left are waited for"));
            Ok(Status::DONE)
        }
        Recovery::Resume(typed) => {
            may_apply(session)?;
            let connection = connect(session, &typed.tenant, Access::ReadWrite)?;
            let mut store = session.open()?;
            let mut request = ApplyRequest::new((session.io.seed)());
            request.on_conflict = on_conflict(typed.on_conflict);
            request.actor = actor(&connection);
            request.settle = connection.settle;
            let summary = until_interrupted(session, &connection.cancel, |session| {
                with_progress(session, |progress| {
                    resume(&mut store, &connection.client, &typed.id, &request, progress)
                })
            })?;
            conclude(session, &store, &summary)
        }
        Recovery::Undo(typed) => {
            let store = session.open()?;
            let newest = store.backups().last().map(|backup| backup.id.clone()).unwrap_or_default();
            let context = planning::context(session, &store, &newest, Default::default(), &typed.allow)?;
            let plan = undo_plan(&store, &typed.id, context)?;
            drop(store);
            if let Some(out) = &typed.out {
                planning::write(session, out, &plan)?;
            }
            if !typed.yes {
                planning::print(session, &plan)?;
                return Ok(Status::DONE);
            }
            let reason =
                if typed.reason.is_empty() { format!("undo {}", typed.id) } else { typed.reason.clone() };
            let applying = Applying { yes: true, reason, ..Applying::default() };
            apply_plan(session, &plan, &applying, &typed.allow, &typed.tenant)
        }
    }
}

/// Prints what became of a recovery; the exit status says whether everything was done.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn conclude(session: &mut Session<'_, '_>, store: &Store, summary: &RecoverySummary) -> Outcome {
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
            status_name(step.status),
            message(&step)
        ));
    }
    for user in &summary.reset_passwords {
        session.note(&format!(
            "{} was made again with a password that nobody knows: reset it, or issue a Temporary Access Pass",
            user.display_name
        ));
    }
    let people = format!(
        "recovery {} {}: {} and {} changed, {} failed, {} in conflict, {} skipped\n",
        summary.id,
        serde_json::to_value(summary.status)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default(),
        counted(summary.modified_objects, "object"),
        counted(summary.modified_links, "link"),
        render::grouped(summary.failed),
        render::grouped(summary.conflicts),
        render::grouped(summary.skipped)
    );
    render::single(session, &rows(std::slice::from_ref(summary)), &people)?;
    Ok(match summary.status {
        RecoveryStatus::Completed => Status::DONE,
        RecoveryStatus::Cancelled => Status::INTERRUPTED,
        RecoveryStatus::Failed => Status::FAILED,
        _ => Status::WARNINGS,
    })
}

fn rows(summaries: &[RecoverySummary]) -> Rows {
    Rows { columns: COLUMNS, cells: summaries.iter().map(cells).collect() }
}

fn cells(summary: &RecoverySummary) -> Vec<Cell> {
    let status = serde_json::to_value(summary.status).ok();
    let status = status.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let completed = summary.completed.map_or_else(|| Cell::Json("null".to_owned()), Cell::Time);
    vec![
        Cell::text(&summary.id),
        Cell::text(status),
        Cell::Time(summary.started),
        Cell::Number(summary.modified_objects),
        Cell::Number(summary.modified_links),
        Cell::Number(summary.failed),
        Cell::Number(summary.conflicts),
        Cell::text(&summary.reason),
        completed,
        Cell::Number(summary.skipped),
        Cell::text(&summary.from),
        Cell::text(&summary.to),
        Cell::text(&summary.plan_id),
        Cell::text(&summary.actor),
        Cell::Number(summary.requested_objects),
        Cell::Number(summary.requested_links),
    ]
}

fn step_rows(steps: &[StepOutcome]) -> Rows {
    let cells = steps.iter().map(|step| {
        vec![
            Cell::text(&step.id),
            Cell::text(kind_name(step.kind)),
            Cell::text(status_name(step.status)),
            Cell::text(&step.object.type_token),
            Cell::text(&step.object.id),
            Cell::text(&step.object.display_name),
            Cell::text(message(step)),
            Cell::text(step.request_id.clone().unwrap_or_default()),
        ]
    });
    Rows { columns: STEP_COLUMNS, cells: cells.collect() }
}

fn status_name(status: StepStatus) -> String {
    serde_json::to_value(status).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn message(step: &StepOutcome) -> String {
    step.error["message"].as_str().unwrap_or_default().to_owned()
}
