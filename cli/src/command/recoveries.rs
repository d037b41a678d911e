//! `recoveries` and `recovery`: what was recovered, what became of each step, and going on or back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use engine::Store;
use ingest::apply::{
    RecoveryStatus, RecoverySummary, Remaining, StepOutcome, StepStatus, find, recoveries, recovery_steps,
    request_cancel, resume, undo_plan,
};
use ingest::graph::Access;
use serde_json::Value;

use super::apply::{apply_plan, check_allowed, may_apply, on_conflict, request_of, with_progress};
use super::plan as planning;
use crate::args::Format;
use crate::args::recovery::{Applying, Recovery};
use crate::bridge::graph::{connect, until_interrupted};
use crate::error::{Failure, Outcome, Status};
use crate::output::plan::kind_name;
use crate::output::text::{counted, grouped, people_time, printable};
use crate::output::{Cell, Rows, json};
use crate::session::Session;
use crate::wait::{self, Work};

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
    "already",
    "unconfirmed",
    "waiting",
    "notUndone",
    "remaining",
];
const STEP_COLUMNS: &[&str] =
    &["id", "kind", "status", "type", "objectId", "displayName", "error", "requestId"];

/// Lists the recoveries, oldest first.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub(super) fn list(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    session.print_rows(&rows(&recoveries(&store)?))?;
    Ok(Status::Done)
}

/// Shows, stops, resumes or undoes a recovery.
///
/// # Errors
/// When there is no such recovery, or the tenant cannot be reached.
pub(super) fn run(session: &mut Session<'_, '_>, verb: &Recovery) -> Outcome {
    match verb {
        Recovery::Show(typed) => {
            let store = session.open()?;
            show(session, &store, &typed.id)
        }
        Recovery::Cancel(typed) => {
            let store = session.open()?;
            let id = request_cancel(&store, &typed.id)?;
            session.note(&format!("recovery {id} was asked to stop; requests that left are waited for"));
            Ok(Status::Done)
        }
        Recovery::Resume(typed) => {
            may_apply(session)?;
            check_allowed(&typed.allow)?;
            let connection = connect(session, &typed.tenant, Access::ReadWrite)?;
            let store = session.open()?;
            wait::until_free(session, &store, Work::Recovery, typed.waiting.wait)?;
            // What others did meanwhile counts.
            let mut store = session.open()?;
            let mut request = request_of(session, &store, &connection, &typed.allow)?;
            request.on_conflict = on_conflict(typed.on_conflict);
            request.tenant_id.clone_from(&typed.tenant_id);
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
                return Ok(Status::Done);
            }
            let reason =
                if typed.reason.is_empty() { format!("undo {}", typed.id) } else { typed.reason.clone() };
            let tenant_id = typed.tenant_id.clone();
            let waiting = typed.waiting;
            let applying = Applying { yes: true, reason, tenant_id, waiting, ..Applying::default() };
            apply_plan(session, &plan, &applying, &typed.allow, &typed.tenant)
        }
    }
}

/// Shows a recovery: its head, and what became of each step.
fn show(session: &mut Session<'_, '_>, store: &Store, typed: &str) -> Outcome {
    let id = find(store, typed)?;
    let known = recoveries(store)?.into_iter().find(|summary| summary.id == id);
    let summary =
        known.ok_or_else(|| Failure::new("invalid", Status::Failed, format!("no recovery {typed}")))?;
    let steps = recovery_steps(store, &id)?;
    match session.format {
        Format::Json | Format::Ndjson => {
            let whole = whole(&summary, &steps);
            let text = if session.format == Format::Json {
                serde_json::to_string_pretty(&whole)
            } else {
                serde_json::to_string(&whole)
            };
            let text = text.expect("a recovery is plain data");
            session.print_text(&format!("{}\n", json::unsteering(&text)))?;
        }
        Format::Table => {
            session.print_text(&head(&summary))?;
            session.print_rows(&step_rows(&steps))?;
        }
        _ => session.print_rows(&step_rows(&steps))?,
    }
    Ok(Status::Done)
}

/// A recovery as one object: its row, what still differed, and its steps.
fn whole(summary: &RecoverySummary, steps: &[StepOutcome]) -> Value {
    let parse = |columns: &[&str], row: &[Cell]| {
        serde_json::from_str::<Value>(&json::row_text(columns, row)).unwrap_or_default()
    };
    let mut whole = parse(COLUMNS, &cells(summary));
    let steps = step_rows(steps);
    let rows = steps.cells.iter().map(|row| parse(steps.columns, row));
    whole["remainingSteps"] = summary.remaining.iter().map(|left| serde_json::json!(left)).collect();
    whole["steps"] = rows.collect();
    whole
}

/// The head of a recovery, for people.
fn head(summary: &RecoverySummary) -> String {
    let ended =
        summary.completed.map_or_else(|| "not ended".to_owned(), |at| format!("ended {}", people_time(at)));
    let mut lines = vec![
        format!("recovery {} {}", summary.id, status_name(summary.status)),
        format!("  began {}, {ended}", people_time(summary.started)),
        format!("  back to {} from {}, by plan {}", summary.from, summary.to, summary.plan_id),
        format!("  by {}", or_nobody(&summary.actor)),
    ];
    if !summary.reason.is_empty() {
        lines.push(format!("  because: {}", summary.reason));
    }
    lines.push(format!("  {}", counts(summary)));
    lines.extend(summary.remaining.iter().map(|left| format!("  differs: {}", differing(left))));
    let lines: Vec<String> = lines.iter().map(|line| printable(line)).collect();
    lines.join("\n") + "\n\n"
}

fn or_nobody(actor: &str) -> &str {
    if actor.is_empty() { "nobody who said who they are" } else { actor }
}

fn differing(left: &Remaining) -> String {
    let object = &left.object;
    format!("{} {} {}: {}", left.step, object.type_token, object.display_name, left.what)
}

/// What came of the steps, each kind of outcome apart.
fn counts(summary: &RecoverySummary) -> String {
    let mut text = format!(
        "{} and {} changed, {} failed, {} in conflict, {} skipped",
        counted(summary.modified_objects, "object"),
        counted(summary.modified_links, "link"),
        grouped(summary.failed),
        grouped(summary.conflicts),
        grouped(summary.waiting),
    );
    for (count, name) in [
        (summary.already, "as wanted already"),
        (summary.unconfirmed, "unconfirmed"),
        (summary.not_undone, "not undone by the plan"),
    ] {
        if count > 0 {
            write!(text, ", {} {name}", grouped(count)).expect("a text takes everything");
        }
    }
    match summary.remaining_count {
        Some(0) => text.push_str("; read again, nothing differs"),
        Some(count) => {
            write!(text, "; read again, {} differ", grouped(count)).expect("a text takes everything");
        }
        None => {}
    }
    text
}

/// Prints what became of a recovery; the exit status says whether everything was done.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn conclude(session: &mut Session<'_, '_>, store: &Store, summary: &RecoverySummary) -> Outcome {
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
            status_name(step.status),
            message(&step)
        ));
        told.insert(step.id);
    }
    for left in summary.remaining.iter().filter(|left| !told.contains(&left.step)) {
        session.warn(&format!("{} (it was as wanted or written before)", differing(left)));
    }
    for user in &summary.reset_passwords {
        session.note(&format!(
            "{} was made again with a password that nobody knows: reset it, or issue a Temporary Access Pass",
            user.display_name
        ));
    }
    let people = format!("recovery {} {}: {}\n", summary.id, status_name(summary.status), counts(summary));
    session.print_one(&rows(std::slice::from_ref(summary)), &people)?;
    Ok(match summary.status {
        RecoveryStatus::Completed => Status::Done,
        RecoveryStatus::Cancelled => Status::Interrupted,
        RecoveryStatus::Failed => Status::Failed,
        _ => Status::Warnings,
    })
}

fn rows(summaries: &[RecoverySummary]) -> Rows {
    Rows { columns: COLUMNS, cells: summaries.iter().map(cells).collect() }
}

fn cells(summary: &RecoverySummary) -> Vec<Cell> {
    let status = status_name(summary.status);
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
        Cell::Number(summary.already),
        Cell::Number(summary.unconfirmed),
        Cell::Number(summary.waiting),
        Cell::Number(summary.not_undone),
        summary.remaining_count.map_or(Cell::Null, Cell::Number),
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

/// How a status is written in JSON too.
fn status_name(status: impl serde::Serialize) -> String {
    serde_json::to_value(status).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn message(step: &StepOutcome) -> String {
    step.error["message"].as_str().unwrap_or_default().to_owned()
}
