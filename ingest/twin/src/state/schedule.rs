//! Owns the effects of schedules of roles: while one is active it is among the role assignments, and its end removes
//! both.
//!
//! *Source.* `roleAssignments` lists active assignments of privileged identity management, permanent or not; the end is
//! only among `roleAssignmentSchedules` (Graph reference, "unifiedRoleAssignmentSchedule").

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::json::to_ms;
use super::{Handle, State, When};
use crate::resource::Kind;

/// The properties that an assignment and its schedule share.
const KEY: [&str; 3] = ["principalId", "roleDefinitionId", "directoryScopeId"];

/// Notes when a schedule ends.
pub(super) fn note_end(state: &mut State, handle: Handle) {
    let record = state.record(handle);
    let is_schedule =
        matches!(record.kind.id(), Some(TypeId::RoleAssignmentSchedule | TypeId::RoleEligibilitySchedule));
    if !is_schedule {
        return;
    }
    if let Some(end) = end_of(&record.body.tree("scheduleInfo")) {
        state.ends.insert((end, handle));
    }
}

/// Shows an active schedule among the role assignments.
pub(crate) fn show_schedule(state: &mut State, when: When, schedule: Handle) {
    note_end(state, schedule);
    let record = state.record(schedule);
    let start = record.body.tree("scheduleInfo")["startDateTime"].as_str().map_or(0, to_ms);
    if record.kind != TypeId::RoleAssignmentSchedule || start > when.now_ms {
        return;
    }
    let values: Map<String, Value> =
        KEY.iter().map(|name| ((*name).to_owned(), record.body.tree(name))).collect();
    if same_key(state, Kind::of(TypeId::RoleAssignment), schedule).is_empty() {
        let id = state.new_id();
        state.create(when, Kind::of(TypeId::RoleAssignment), &id, &values);
    }
}

/// Removes a schedule, and its role assignment unless another schedule grants the same.
pub(crate) fn end_schedule(state: &mut State, when: When, schedule: Handle) {
    let kind = state.record(schedule).kind;
    let others = same_key(state, kind, schedule).into_iter().filter(|&other| other != schedule).count();
    let shown = same_key(state, Kind::of(TypeId::RoleAssignment), schedule);
    state.purge(when, schedule);
    if kind == TypeId::RoleAssignmentSchedule && others == 0 {
        for assignment in shown {
            state.purge(when, assignment);
        }
    }
}

/// Removes the schedules of a role assignment, before it is deleted.
pub(crate) fn end_schedules_of(state: &mut State, when: When, assignment: Handle) {
    if state.record(assignment).kind == TypeId::RoleAssignment {
        for schedule in same_key(state, Kind::of(TypeId::RoleAssignmentSchedule), assignment) {
            state.purge(when, schedule);
        }
    }
}

/// Ends the schedules that are over.
pub(super) fn end_due(state: &mut State, now_ms: i64) {
    while let Some((end, schedule)) = state.ends.first().copied().filter(|(end, _)| *end <= now_ms) {
        state.ends.remove(&(end, schedule));
        // The end may have changed since it was noted.
        let is_due = end_of(&state.record(schedule).body.tree("scheduleInfo")) == Some(end);
        if is_due && state.is_live(schedule) {
            end_schedule(state, When::reported(end), schedule);
        }
    }
}

fn same_key(state: &State, kind: Kind, of: Handle) -> Vec<Handle> {
    let body = &state.record(of).body;
    let is_same = |handle: &Handle| {
        let other = &state.record(*handle).body;
        state.is_live(*handle) && KEY.iter().all(|name| other.tree(name) == body.tree(name))
    };
    state.handles(kind).iter().copied().filter(is_same).collect()
}

/// Gives the end of a schedule, in milliseconds; none when it never ends.
fn end_of(schedule: &Value) -> Option<i64> {
    let expiration = &schedule["expiration"];
    if let Some(end) = expiration["endDateTime"].as_str() {
        return Some(to_ms(end));
    }
    let start: jiff::Timestamp = schedule["startDateTime"].as_str()?.parse().ok()?;
    let duration: jiff::Span = expiration["duration"].as_str()?.parse().ok()?;
    let end = start.to_zoned(jiff::tz::TimeZone::UTC).checked_add(duration).ok()?;
    Some(end.timestamp().as_millisecond())
}
