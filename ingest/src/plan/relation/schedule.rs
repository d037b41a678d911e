//! Owns what time does to the roles that somebody has: what was activated or has ended never comes back, and what ends comes
//! back with its end.
//!
//! Graph lists active assignments among `roleAssignments` without saying that they end; only `roleAssignmentSchedules` says
//! so. A plan that made such an assignment again would make it for good.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{schedule_body, schedule_path, text};
use crate::plan::Result;
use crate::plan::draft::Draft;
use crate::plan::lookup::{self, Attributes};
use crate::plan::make::{Picked, Planner};
use crate::plan::update::request;
use crate::plan::{Phase, PlanObject, Skipped, StepKind, property};
use crate::resource::Resource;

/// The property that holds when a schedule begins and ends.
const INFO: &str = "scheduleInfo";

/// Holder, role and scope.
pub(in crate::plan) type Holding = (String, String, String);

/// Schedules of active assignments at the wanted state, by what they give to whom.
pub(in crate::plan) type Schedules = HashMap<Holding, Vec<Attributes>>;

/// It was activated for a time.
const ACTIVATED: &str = "it was activated for a time";

/// It has an end, which a request for its schedule keeps.
pub(in crate::plan) const TOLD_BY_SCHEDULE: &str = "it had an end: done by the step of its schedule";

/// How long somebody had a role.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) enum Term {
    /// For good, as far as anybody knows.
    Open,
    /// Until an end, which the schedule has.
    Ends(Attributes),
    /// It was only activated.
    Activated,
}

impl Planner {
    /// Reads the schedules of the wanted state, once.
    pub(in crate::plan) fn learn_schedules(&mut self) -> Result<()> {
        if self.schedules.is_some() {
            return Ok(());
        }
        let mut schedules = Schedules::new();
        for object in self.lookup.from.objects("roleAssignmentSchedule")? {
            let object = object?;
            let attributes = object.attributes();
            let is_direct = !matches!(text(&attributes, "memberType"), "Group" | "Inherited");
            if !object.deleted && is_direct {
                schedules.entry(holding(&attributes)).or_default().push(attributes);
            }
        }
        self.schedules = Some(schedules);
        Ok(())
    }

    /// How long an assignment of the wanted state was to last.
    pub(in crate::plan) fn term(&self, holding: &Holding) -> Term {
        let schedules = self.schedules.as_ref().and_then(|schedules| schedules.get(holding));
        let schedules = schedules.map_or(&[][..], Vec::as_slice);
        let (activated, assigned): (Vec<&Attributes>, Vec<&Attributes>) =
            schedules.iter().partition(|schedule| text(schedule, "assignmentType") == "Activated");
        let is_open = |schedule: &&&Attributes| end_of(schedule).is_none();
        match assigned.first() {
            Some(_) if assigned.iter().any(|schedule| is_open(&schedule)) => Term::Open,
            Some(first) => Term::Ends((*first).clone()),
            None if !activated.is_empty() => Term::Activated,
            None => Term::Open,
        }
    }

    /// Why somebody cannot be made a holder of a role for good, if that is not what was.
    pub(in crate::plan) fn term_obstacle(&self, holding: &Holding) -> Option<&'static str> {
        match self.term(holding) {
            Term::Open => None,
            Term::Ends(_) => Some(TOLD_BY_SCHEDULE),
            Term::Activated => Some(ACTIVATED),
        }
    }

    /// Drafts the request that gives a schedule its time back. One whose time would be over by now goes instead.
    pub(super) fn update_schedule(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        picked: &Picked,
        standing: &Attributes,
    ) -> Result<()> {
        let wanted = lookup::attributes(&self.lookup.from, resource.token, &object.id)?.unwrap_or_default();
        let names = picked.attributes.iter().map(|place| picked.change.attributes[*place].name.to_string());
        let (times, others): (Vec<String>, Vec<String>) = names.partition(|name| name.starts_with(INFO));
        let obstacle = schedule_obstacle(resource, standing).map(str::to_owned);
        for name in if obstacle.is_some() { [times.as_slice(), &others].concat() } else { others } {
            let reason = obstacle.clone().unwrap_or_else(|| property::READ_ONLY.to_owned());
            self.skipped.push(Skipped { object: object.clone(), name, reason });
        }
        if times.is_empty() || obstacle.is_some() {
            return Ok(());
        }
        let now = self.context.now;
        let (end, standing_end) = (end_of(&wanted), end_of(standing));
        if end.is_some_and(|end| end <= now) {
            self.remove_relation(resource, object.clone(), standing);
            return Ok(());
        }
        let Some(info) = schedule_info(&wanted, now) else {
            let reason = property::UNOBSERVED.to_owned();
            self.skipped.push(Skipped { object: object.clone(), name: INFO.to_owned(), reason });
            return Ok(());
        };
        let mut request = request(resource, "POST", schedule_path(resource));
        request.body = Value::Object(schedule_body(&wanted, "adminUpdate", now)).into();
        // What lasts longer than it did is what somebody gained.
        let is_gained = end.is_some_and(|end| standing_end.is_none_or(|standing| standing > end));
        let phase = if is_gained { Phase::Containment } else { Phase::Links };
        let mut draft = Draft::new(StepKind::Update, phase, object.clone(), request);
        draft.before.insert(INFO.to_owned(), standing.get(INFO).cloned().unwrap_or_default());
        draft.after.insert(INFO.to_owned(), info);
        self.drafts.add(draft);
        Ok(())
    }
}

/// What an assignment or a schedule gives to whom.
pub(in crate::plan) fn holding(attributes: &Attributes) -> Holding {
    let of = |name: &str| text(attributes, name).to_owned();
    (of("principalId"), of("roleDefinitionId"), of("directoryScopeId"))
}

/// Whether objects of a type are schedules.
pub(super) fn is_schedule(resource: &Resource) -> bool {
    matches!(resource.token, "roleAssignmentSchedule" | "roleEligibilitySchedule")
}

/// Why a schedule follows from something else.
pub(super) fn schedule_obstacle(resource: &Resource, attributes: &Attributes) -> Option<&'static str> {
    if !is_schedule(resource) {
        return None;
    }
    if matches!(text(attributes, "memberType"), "Group" | "Inherited") {
        return Some("it follows from the membership of a group");
    }
    (text(attributes, "assignmentType") == "Activated").then_some(ACTIVATED)
}

/// Why a schedule cannot be made again, if its time is over.
pub(super) fn time_obstacle(attributes: &Attributes, now: Timestamp) -> Option<String> {
    let end = end_of(attributes).filter(|end| *end <= now)?;
    Some(format!("it ended on {end}"))
}

/// Whether a schedule gives something at a time: it is not over.
pub(in crate::plan) fn is_open(attributes: &Attributes, now: Timestamp) -> bool {
    end_of(attributes).is_none_or(|end| end > now)
}

/// Whether a schedule has begun at a time, as far as it says.
pub(in crate::plan) fn has_begun(attributes: &Attributes, now: Timestamp) -> bool {
    let start = attributes.get("scheduleInfo").and_then(|info| info.get("startDateTime")).and_then(moment);
    start.is_none_or(|start| start <= now)
}

/// When a schedule ends: as it says, or so long after its start.
pub(super) fn end_of(attributes: &Attributes) -> Option<Timestamp> {
    let info = attributes.get("scheduleInfo")?;
    let expiration = info.get("expiration")?;
    if let Some(end) = expiration.get("endDateTime").and_then(moment) {
        return Some(end);
    }
    let start = info.get("startDateTime").and_then(moment)?;
    let duration: jiff::Span = expiration.get("duration")?.as_str()?.parse().ok()?;
    Some(start.to_zoned(TimeZone::UTC).checked_add(duration).ok()?.timestamp())
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// What a request says of the time: the same start and end. What has no end begins when the request arrives, unless it was
/// to begin later; of what had begun and lasts for a time, the end is named, so that asking again makes it no longer.
pub(super) fn schedule_info(attributes: &Attributes, now: Timestamp) -> Option<Value> {
    let Value::Object(info) = attributes.get("scheduleInfo")? else { return None };
    let starts_later = info.get("startDateTime").and_then(moment).is_some_and(|start| start > now);
    let end = end_of(attributes);
    let mut kept: Map<String, Value> = info
        .iter()
        .filter(|(name, value)| {
            !value.is_null() && (*name != "startDateTime" || starts_later || end.is_some())
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let has_duration = kept
        .get("expiration")
        .is_some_and(|expiration| expiration.get("duration").is_some_and(Value::is_string));
    if let Some(end) = end.filter(|_| has_duration && !starts_later) {
        kept.insert(
            "expiration".to_owned(),
            json!({ "type": "afterDateTime", "endDateTime": end.to_string() }),
        );
    }
    Some(Value::Object(kept))
}
