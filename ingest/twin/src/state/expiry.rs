//! Owns what time changes in a tenant: the bin keeps objects for thirty days, and schedules end.

use super::schedule::end_due;
use super::{Event, Life, LogEntry, State, When};

/// How long the bin keeps deleted objects.
const BIN_MS: i64 = 30 * 86_400_000;

/// Says whether an object has been in the bin too long, or a schedule is over.
pub(crate) fn has_expired(state: &State, now_ms: i64) -> bool {
    state.log.due(BIN_MS, now_ms).is_some() || state.ends.first().is_some_and(|(end, _)| *end <= now_ms)
}

/// Ends schedules, and purges objects that have been in the bin too long. Those that were in the bin when the tenant
/// was loaded stay.
pub(crate) fn expire(state: &mut State, now_ms: i64) {
    end_due(state, now_ms);
    while let Some(&LogEntry { handle, at_ms, ref event, .. }) = state.log.due(BIN_MS, now_ms) {
        let is_deletion = matches!(event, Event::Deleted);
        let record = state.record(handle);
        if is_deletion && record.life == Life::Binned && record.deleted_ms == at_ms {
            state.purge(When::reported(at_ms + BIN_MS), handle);
        }
        state.log.expire_one();
    }
}
