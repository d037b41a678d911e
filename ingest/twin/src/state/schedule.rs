//! Owns what schedules of roles do by themselves: while one is active it shows among the role assignments, and both go
//! when it ends.
//!
//! *Source.* `roleAssignments` lists active assignments of privileged identity management, permanent or not; what ends
//! says so only among `roleAssignmentSchedules` (Graph reference, "unifiedRoleAssignmentSchedule").

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::load::to_ms;
use super::{Handle, State, When};
use crate::resource::Kind;

/// What an assignment and its schedule have in common.
const KEY: [&str; 3] = ["principalId", "roleDefinitionId", "directoryScopeId"];

impl State {
    /// Notes when a schedule ends.
    pub(super) fn note_end(&mut self, handle: Handle) {
        let record = self.record(handle);
        let is_schedule = matches!(
            record.kind.id(),
            Some(TypeId::RoleAssignmentSchedule | TypeId::RoleEligibilitySchedule)
        );
        if !is_schedule {
            return;
        }
        if let Some(end) = end_of(&record.body.tree("scheduleInfo")) {
            self.ends.insert((end, handle));
        }
    }

    /// Shows an active schedule among the role assignments.
    pub(crate) fn show_schedule(&mut self, when: When, schedule: Handle) {
        self.note_end(schedule);
        let record = self.record(schedule);
        let start = record.body.tree("scheduleInfo")["startDateTime"].as_str().map_or(0, to_ms);
        if record.kind != TypeId::RoleAssignmentSchedule || start > when.now_ms {
            return;
        }
        let values: Map<String, Value> =
            KEY.iter().map(|name| ((*name).to_owned(), record.body.tree(name))).collect();
        if self.same_key(Kind::of(TypeId::RoleAssignment), schedule).is_empty() {
            let id = self.new_id();
            self.create(when, Kind::of(TypeId::RoleAssignment), &id, &values);
        }
    }

    /// Removes a schedule, and the role assignment that showed it unless another schedule still gives it.
    pub(crate) fn end_schedule(&mut self, when: When, schedule: Handle) {
        let kind = self.record(schedule).kind;
        let others = self.same_key(kind, schedule).into_iter().filter(|&other| other != schedule).count();
        let shown = self.same_key(Kind::of(TypeId::RoleAssignment), schedule);
        self.purge(when, schedule);
        if kind == TypeId::RoleAssignmentSchedule && others == 0 {
            for assignment in shown {
                self.purge(when, assignment);
            }
        }
    }

    /// Removes the schedules of a role assignment that goes.
    pub(crate) fn end_schedules_of(&mut self, when: When, assignment: Handle) {
        if self.record(assignment).kind == TypeId::RoleAssignment {
            for schedule in self.same_key(Kind::of(TypeId::RoleAssignmentSchedule), assignment) {
                self.purge(when, schedule);
            }
        }
    }

    /// Ends the schedules whose time is over.
    pub(super) fn end_due(&mut self, now_ms: i64) {
        while let Some((end, schedule)) = self.ends.first().copied().filter(|(end, _)| *end <= now_ms) {
            self.ends.remove(&(end, schedule));
            // It may have been moved since.
            let is_due = end_of(&self.record(schedule).body.tree("scheduleInfo")) == Some(end);
            if is_due && self.is_live(schedule) {
                self.end_schedule(When::told(end), schedule);
            }
        }
    }

    fn same_key(&self, kind: Kind, of: Handle) -> Vec<Handle> {
        let body = &self.record(of).body;
        let is_same = |handle: &Handle| {
            let other = &self.record(*handle).body;
            self.is_live(*handle) && KEY.iter().all(|name| other.tree(name) == body.tree(name))
        };
        self.handles(kind).iter().copied().filter(is_same).collect()
    }
}

/// When a schedule ends, in milliseconds; none when it never does.
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
