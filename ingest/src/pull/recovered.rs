//! Owns what recoveries touched since the last backup: the next one reads it anew, whatever a delta query tells.

use engine::Store;
use jiff::Timestamp;

use super::error::Result;
use super::state::Pending;
use crate::apply::{RecoveryStatus, StepOutcome, StepStatus};

/// How all recoveries stand, in a few words: what was read before one went on is not what a later run may go on from.
///
/// # Errors
/// `Store`: the journal of recoveries cannot be read.
pub(super) fn mark(store: &Store) -> Result<String> {
    let recoveries = store.recoveries()?;
    let open = recoveries.iter().filter(|recovery| recovery.completed.is_none());
    let open = open.map(|recovery| store.recovery_steps(&recovery.id).map(|steps| sent_count(&steps)));
    let open: Vec<usize> = open.collect::<engine::Result<_>>()?;
    let last = recoveries.iter().filter_map(|recovery| recovery.completed).max();
    Ok(format!("{} {last:?} {open:?}", recoveries.len()))
}

/// What recoveries touched that wrote after a moment: objects, and those that were made again, under both their IDs.
///
/// # Errors
/// `Store`: the journal of recoveries cannot be read.
pub(super) fn touched(store: &Store, since: Timestamp) -> Result<Pending> {
    let mut touched = Pending::default();
    for recovery in store.recoveries()? {
        let has_ended = !matches!(recovery.status, RecoveryStatus::Running | RecoveryStatus::Interrupted);
        if has_ended && recovery.completed.unwrap_or(recovery.started) < since {
            continue;
        }
        let steps = store.recovery_steps(&recovery.id)?;
        // One that was stopped and never resumed wrote nothing after its last step.
        let is_stopped = recovery.status == RecoveryStatus::Interrupted;
        let last = steps.iter().filter_map(|step| step.completed).max();
        let is_open =
            steps.iter().any(|step| matches!(step.status, StepStatus::Intended | StepStatus::Uncertain));
        if is_stopped && !is_open && last.is_some_and(|last| last < since) {
            continue;
        }
        for step in steps.iter().filter(|step| is_sent(step)) {
            let token = &step.object.type_token;
            touched.note_object(token, &step.object.id);
            if let Some(id) = step.created.get("id") {
                touched.note_object(token, id);
            }
        }
    }
    Ok(touched)
}

fn is_sent(step: &StepOutcome) -> bool {
    !matches!(step.status, StepStatus::Pending | StepStatus::Skipped)
}

fn sent_count(steps: &[StepOutcome]) -> usize {
    steps.iter().filter(|step| is_sent(step)).count()
}
