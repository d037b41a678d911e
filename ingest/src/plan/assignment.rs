//! Owns how long roles are held: by whom, where, and until when, as schedules say.
//!
//! Graph lists active assignments among `roleAssignments` without saying that they end; only `roleAssignmentSchedules` says
//! so. A plan that made such an assignment again would make it for good.

use std::collections::HashMap;

use engine::Snapshot;
use engine::schema::TypeId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::lookup::{Attributes, text};
use crate::plan::Result;

/// The scope of the whole tenant.
pub(super) const TENANT_SCOPE: &str = "/";

/// The property that holds when a schedule begins and ends.
pub(super) const SCHEDULE_INFO: &str = "scheduleInfo";

/// It was activated for a time.
pub(super) const ACTIVATED: &str = "it was activated for a time";

/// It has an end, which a request for its schedule keeps.
const DONE_BY_SCHEDULE: &str = "it had an end: done by the step of its schedule";

/// Holder, role and scope.
pub(super) type Holding = (String, String, String);

/// How long a role is held.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    /// For good, as far as it was observed.
    Open,
    /// Until an end, which the schedule has.
    Ends(Attributes),
    /// It was only activated.
    Activated,
}

/// Schedules of active assignments at the wanted state, by what they give to whom.
#[derive(Debug, Default)]
pub(super) struct Terms(HashMap<Holding, Vec<Attributes>>);

impl Terms {
    /// Reads them from the wanted state.
    pub(super) fn read(from: &Snapshot) -> Result<Self> {
        let mut schedules: HashMap<Holding, Vec<Attributes>> = HashMap::new();
        for object in from.objects(TypeId::RoleAssignmentSchedule.token())? {
            let object = object?;
            let attributes = object.attributes();
            let is_direct = !matches!(text(&attributes, "memberType"), "Group" | "Inherited");
            if !object.deleted && is_direct {
                schedules.entry(holding(&attributes)).or_default().push(attributes);
            }
        }
        Ok(Self(schedules))
    }

    /// How long an assignment of the wanted state was to last.
    pub(super) fn term(&self, holding: &Holding) -> Term {
        let schedules = self.0.get(holding).map_or(&[][..], Vec::as_slice);
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

    /// Why a role cannot be given for good, if it was not held for good.
    pub(super) fn obstacle(&self, holding: &Holding) -> Option<&'static str> {
        self.term(holding).obstacle()
    }
}

impl Term {
    /// Why an assignment for good is not what was, if it is not.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Ends(_) => Some(DONE_BY_SCHEDULE),
            Self::Activated => Some(ACTIVATED),
        }
    }
}

/// What an assignment or a schedule gives to whom.
pub(super) fn holding(attributes: &Attributes) -> Holding {
    let of = |name: &str| text(attributes, name).to_owned();
    (of("principalId"), of("roleDefinitionId"), of("directoryScopeId"))
}

/// Whether a schedule gives something at a time: it is not over.
pub(super) fn is_open(attributes: &Attributes, now: Timestamp) -> bool {
    end_of(attributes).is_none_or(|end| end > now)
}

/// Whether a schedule has begun at a time, as far as it says.
pub(super) fn has_begun(attributes: &Attributes, now: Timestamp) -> bool {
    let start = attributes.get(SCHEDULE_INFO).and_then(|info| info.get("startDateTime")).and_then(moment);
    start.is_none_or(|start| start <= now)
}

/// When a schedule ends: as it says, or so long after its start.
pub(super) fn end_of(attributes: &Attributes) -> Option<Timestamp> {
    let info = attributes.get(SCHEDULE_INFO)?;
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
    let Value::Object(info) = attributes.get(SCHEDULE_INFO)? else { return None };
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
