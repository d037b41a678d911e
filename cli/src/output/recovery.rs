//! Recoveries as rows, and in words: what was changed, and what became of each step.

use std::fmt::Write as _;

use ingest::apply::{RecoverySummary, Remaining, StepOutcome};
use serde_json::Value;

use super::plan::kind_name;
use super::text::{counted, grouped, people_time, printable};
use super::{Cell, Rows, json};
use crate::records;

/// The columns that a terminal of usual width shows are first.
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

/// A recovery as one object: its row, what still differed, and its steps.
pub(crate) fn whole(summary: &RecoverySummary, steps: &[StepOutcome]) -> Value {
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
pub(crate) fn head(summary: &RecoverySummary) -> String {
    let ended =
        summary.completed.map_or_else(|| "not ended".to_owned(), |at| format!("ended {}", people_time(at)));
    let mut lines = vec![
        format!("recovery {} {}", summary.id, ending(summary)),
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

/// How a recovery stands, and how many changes it left as they were. `completed` alone means that nothing of what was chosen
/// differs any more.
pub(crate) fn ending(summary: &RecoverySummary) -> String {
    let left = match summary.not_undone {
        0 => String::new(),
        count => format!(", {} not undone", counted(count, "change")),
    };
    status_name(summary.status) + &left
}

/// Who did it, or that nobody said so.
pub(crate) fn or_nobody(actor: &str) -> &str {
    if actor.is_empty() { "nobody who said who they are" } else { actor }
}

/// What still differed after a recovery.
pub(crate) fn differing(left: &Remaining) -> String {
    let object = &left.object;
    let step = if left.step.is_empty() { String::new() } else { format!("{} ", left.step) };
    format!("{step}{} {}: {}", object.type_token, object.display_name, left.what)
}

/// The outcomes of the steps, counted by kind.
pub(crate) fn counts(summary: &RecoverySummary) -> String {
    let mut text = format!(
        "{} and {} changed, {} failed, {} in conflict, {} skipped",
        counted(summary.modified_objects, "object"),
        counted(summary.modified_links, "link"),
        grouped(summary.failed),
        grouped(summary.conflicts),
        grouped(summary.waiting),
    );
    for (count, name) in [(summary.already, "as wanted already"), (summary.unconfirmed, "unconfirmed")] {
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

/// Recoveries as rows.
pub(crate) fn rows(summaries: &[RecoverySummary]) -> Rows {
    Rows { columns: COLUMNS, cells: summaries.iter().map(cells).collect() }
}

fn cells(summary: &RecoverySummary) -> Vec<Cell> {
    records::cells_under(COLUMNS, &RecoverySummary::FIELDS, summary)
}

/// The steps of a recovery as rows.
pub(crate) fn step_rows(steps: &[StepOutcome]) -> Rows {
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
pub(crate) fn status_name(status: impl serde::Serialize) -> String {
    serde_json::to_value(status).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Why a step did not do what it should.
pub(crate) fn message(step: &StepOutcome) -> String {
    step.error["message"].as_str().unwrap_or_default().to_owned()
}
