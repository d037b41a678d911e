//! Owns requests for schedules: schedules themselves are read-only. A schedule that was activated or has ended is never made
//! again, and one that ends is made with its end.

use engine::schema::{Type, TypeId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{AssignmentSteps, RelationObject, chosen, remove};
use crate::plan::Result;
use crate::plan::assignment::{ACTIVATED, SCHEDULE_INFO, end_of, schedule_info};
use crate::plan::draft::{Draft, Outcome};
use crate::plan::facts::Facts;
use crate::plan::lookup::{self, Attributes, text};
use crate::plan::pick::Picked;
use crate::plan::request::request;
use crate::plan::{Phase, StepKind, property};

/// Drafts the request that restores the time of a schedule. One whose time would be over by now is removed instead.
pub(super) fn update(
    facts: &Facts<'_>,
    steps: &mut AssignmentSteps,
    picked: &Picked,
    relation: &RelationObject,
) -> Result<Outcome> {
    let RelationObject { resource, object, attributes: standing } = relation;
    let mut outcome = Outcome::default();
    let wanted = lookup::attributes(&facts.lookup.from, resource.token, &object.id)?.unwrap_or_default();
    let names = picked.attributes.iter().map(|index| picked.change.attributes[*index].name.to_string());
    let (times, others): (Vec<String>, Vec<String>) = names.partition(|name| name.starts_with(SCHEDULE_INFO));
    let obstacle = schedule_obstacle(resource, standing);
    for name in if obstacle.is_some() { [times.as_slice(), &others].concat() } else { others } {
        outcome.skip(object, &name, obstacle.unwrap_or(property::READ_ONLY));
    }
    if times.is_empty() || obstacle.is_some() {
        return Ok(outcome);
    }
    let now = facts.given.context.now;
    let (end, standing_end) = (end_of(&wanted), end_of(standing));
    if end.is_some_and(|end| end <= now) {
        outcome.append(remove(facts, steps, relation.clone()));
        return Ok(outcome);
    }
    let Some(info) = schedule_info(&wanted, now) else {
        outcome.skip(object, SCHEDULE_INFO, property::UNOBSERVED);
        return Ok(outcome);
    };
    let mut request = request(resource, "POST", schedule_path(resource));
    request.body = Value::Object(schedule_body(&wanted, "adminUpdate", now)).into();
    // A schedule that lasts longer than it did is a gain.
    let is_gained = end.is_some_and(|end| standing_end.is_none_or(|standing| standing > end));
    let phase = if is_gained { Phase::Containment } else { Phase::Links };
    let mut draft = Draft::new(StepKind::Update, phase, object.clone(), request);
    draft.before.insert(SCHEDULE_INFO.to_owned(), standing.get(SCHEDULE_INFO).cloned().unwrap_or_default());
    draft.after.insert(SCHEDULE_INFO.to_owned(), info);
    steps.add(draft, &mut outcome);
    Ok(outcome)
}

/// Whether objects of a type are schedules.
pub(super) fn is_schedule(resource: &Type) -> bool {
    matches!(resource.id, TypeId::RoleAssignmentSchedule | TypeId::RoleEligibilitySchedule)
}

/// Why a schedule follows from something else.
pub(super) fn schedule_obstacle(resource: &Type, attributes: &Attributes) -> Option<&'static str> {
    if !is_schedule(resource) {
        return None;
    }
    if matches!(text(attributes, "memberType"), "Group" | "Inherited") {
        return Some("it follows from the membership of a group");
    }
    (text(attributes, "assignmentType") == "Activated").then_some(ACTIVATED)
}

/// Why a schedule cannot be made again, if its time is over.
pub(super) fn time_obstacle(resource: &Type, attributes: &Attributes, now: Timestamp) -> Option<String> {
    let end = end_of(attributes).filter(|end| is_schedule(resource) && *end <= now)?;
    Some(format!("it ended on {end}"))
}

/// Where the requests go that change a schedule.
pub(super) fn schedule_path(resource: &Type) -> String {
    let list = resource.graph.list.unwrap_or_default();
    format!("{}Requests", list.strip_suffix('s').unwrap_or(list))
}

/// What a request for a schedule says.
pub(super) fn schedule_body(attributes: &Attributes, action: &str, now: Timestamp) -> Map<String, Value> {
    let mut body = chosen(attributes, &["principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"]);
    if action == "adminUpdate" {
        // The schedule is found by what its key names.
        body.remove("appScopeId");
    }
    body.insert("action".to_owned(), json!(action));
    body.insert("justification".to_owned(), json!("recovery"));
    if action != "adminRemove"
        && let Some(info) = schedule_info(attributes, now)
    {
        body.insert(SCHEDULE_INFO.to_owned(), info);
    }
    body
}
