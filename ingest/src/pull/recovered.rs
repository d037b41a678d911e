//! Owns what recoveries touched since the last backup: the next one reads it anew, whatever a delta query tells.

use engine::Store;
use jiff::Timestamp;

use super::state::Pending;
use crate::apply::{RecoveryStatus, StepStatus, recoveries, recovery_steps};
use crate::error::Result;

/// What recoveries touched that wrote after a moment: objects, and those that were made again, under both their IDs.
///
/// # Errors
/// `Store`, `Invalid`: the journal of recoveries cannot be read.
pub(super) fn touched(store: &Store, since: Timestamp) -> Result<Pending> {
    let mut touched = Pending::default();
    for recovery in recoveries(store)? {
        let has_ended = !matches!(recovery.status, RecoveryStatus::Running | RecoveryStatus::Interrupted);
        if has_ended && recovery.completed.unwrap_or(recovery.started) < since {
            continue;
        }
        let steps = recovery_steps(store, &recovery.id)?;
        let sent =
            steps.iter().filter(|step| !matches!(step.status, StepStatus::Pending | StepStatus::Skipped));
        for step in sent {
            let token = &step.object.type_token;
            touched.note_object(token, &step.object.id);
            if let Some(id) = step.created.get("id") {
                touched.note_object(token, id);
            }
        }
    }
    Ok(touched)
}
