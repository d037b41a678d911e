//! Owns the summary of a recovery: what was asked for when it began, and what came of it when it ended.

use std::collections::{BTreeMap, BTreeSet};

use super::ApplyRequest;
use engine::records::{RecoveryStatus, RecoverySummary, Remaining, StepOutcome, StepStatus};
use engine::schema::TypeId;

use crate::plan::{Plan, PlanObject, StepKind};

/// Changes still to be undone that a summary names; of more, their number says enough.
const REMAINING_COUNT_MAX: usize = 100;

/// The summary of a recovery that begins.
pub(super) fn beginning(
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
        already: 0,
        waiting: 0,
        not_undone: plan.skipped.len() as u64,
        remaining_count: None,
        remaining: Vec::new(),
        reset_passwords: Vec::new(),
        other: serde_json::Map::new(),
    }
}

/// Adds the changes that no step undoes to what still differs, by their indexes in the plan. They make no warning of a
/// recovery that did all that it could; whoever reads its end is told.
pub(super) fn add_left(summary: &mut RecoverySummary, plan: &Plan, left: &[usize]) {
    let Some(count) = &mut summary.remaining_count else { return };
    *count += left.len() as u64;
    summary.not_undone = left.len() as u64;
    let room = REMAINING_COUNT_MAX.saturating_sub(summary.remaining.len());
    let left = left.iter().take(room).filter_map(|index| plan.skipped.get(*index));
    summary.remaining.extend(left.map(|skipped| {
        let name = if skipped.name.is_empty() { String::new() } else { format!("{}: ", skipped.name) };
        Remaining {
            step: String::new(),
            object: skipped.object.clone(),
            what: format!("{name}not undone: {}", skipped.reason),
        }
    }));
}

fn distinct<'p>(objects: impl Iterator<Item = &'p PlanObject>) -> u64 {
    objects.collect::<BTreeSet<_>>().len() as u64
}

/// Counts what came of a recovery, and says how it ended; `remaining` is what still differs, when it was looked.
pub(super) fn up(
    summary: &mut RecoverySummary,
    plan: &Plan,
    outcomes: &BTreeMap<String, StepOutcome>,
    remaining: Option<Vec<Remaining>>,
    is_cancelled: bool,
) {
    let count = |statuses: &[StepStatus]| {
        outcomes.values().filter(|outcome| statuses.contains(&outcome.status)).count() as u64
    };
    let done = |outcome: &&StepOutcome| matches!(outcome.status, StepStatus::Done | StepStatus::Unconfirmed);
    let touched = outcomes.values().filter(|outcome| done(outcome) || !outcome.written.is_empty());
    summary.modified_objects = distinct(touched.map(|outcome| &outcome.object));
    let links = outcomes.values().filter(|outcome| done(outcome) || !outcome.written.is_empty());
    let links = links.filter_map(|outcome| outcome.links.as_array());
    summary.modified_links = links.map(|links| links.len() as u64).sum();
    summary.failed = count(&[StepStatus::Failed]);
    summary.conflicts = count(&[StepStatus::Conflict]);
    summary.already = count(&[StepStatus::Already]);
    summary.waiting = count(&[StepStatus::Skipped]);
    summary.not_undone = plan.skipped.len() as u64;
    summary.skipped = summary.not_undone + summary.waiting;
    summary.unconfirmed = count(&[StepStatus::Uncertain, StepStatus::Unconfirmed]);
    let is_decided = |id: &String| outcomes.get(id).is_some_and(|outcome| outcome.status.is_final());
    let undecided = plan.steps.iter().filter(|step| !is_decided(&step.id)).count() as u64;
    let recreated = outcomes.values().filter(|outcome| {
        outcome.kind == StepKind::Recreate && outcome.object.type_token == TypeId::User && done(outcome)
    });
    summary.reset_passwords = recreated.map(|outcome| outcome.object.clone()).collect();
    summary.remaining_count = remaining.as_ref().map(|remaining| remaining.len() as u64);
    summary.remaining = remaining.unwrap_or_default();
    summary.remaining.truncate(REMAINING_COUNT_MAX);
    let troubled = summary.failed + summary.conflicts + summary.unconfirmed + summary.waiting;
    let left = undecided + summary.remaining_count.unwrap_or(0);
    let good = count(&[StepStatus::Done, StepStatus::Already, StepStatus::Unconfirmed]);
    summary.status = if is_cancelled {
        RecoveryStatus::Cancelled
    } else if troubled + left == 0 {
        RecoveryStatus::Completed
    } else if good == 0 && summary.modified_objects == 0 {
        RecoveryStatus::Failed
    } else {
        RecoveryStatus::CompletedWithWarnings
    };
}
