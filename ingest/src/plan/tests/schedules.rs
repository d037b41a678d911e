//! Roles that somebody had for a time: what was activated or is over never comes back, what ends comes back with its end.

use serde_json::{Value, json};

use super::super::{Phase, Plan, StepKind};
use super::{Case, Objects, only, reasons, user};

const ROLE: &str = "62e90394-69f5-4237-9190-012177145e10";
const KEY: &str = "ann|62e90394-69f5-4237-9190-012177145e10|/";

/// The times that a schedule may have, over the plan's time of 2026-11-17T08:00:00Z: its name, its times, and the times that
/// a request for it says; none when it is over.
fn times() -> Vec<(&'static str, Value, Option<Value>)> {
    let of = |start: &str, expiration: Value| json!({"startDateTime": start, "expiration": expiration});
    let past = "2026-01-01T00:00:00Z";
    let end = |end: &str| json!({"type": "afterDateTime", "endDateTime": end});
    let lasts = |duration: &str| json!({"type": "afterDuration", "duration": duration});
    let never = json!({"type": "noExpiration"});
    let later = "2027-06-01T00:00:00Z";
    let kept = |info: Value| Some(info);
    vec![
        ("none", Value::Null, kept(Value::Null)),
        ("open", of(past, never.clone()), kept(json!({"expiration": never}))),
        ("opens later", of(later, never.clone()), kept(of(later, never))),
        ("past", of(past, end("2026-02-01T00:00:00Z")), None),
        ("ends", of(past, end("2027-01-01T00:00:00Z")), kept(of(past, end("2027-01-01T00:00:00Z")))),
        ("lasted", of(past, lasts("P30D")), None),
        ("lasts", of(past, lasts("P365D")), kept(of(past, end("2027-01-01T00:00:00Z")))),
        ("lasts later", of(later, lasts("PT8H")), kept(of(later, lasts("PT8H")))),
        ("future", of(later, end("2027-07-01T00:00:00Z")), kept(of(later, end("2027-07-01T00:00:00Z")))),
    ]
}

fn schedule(info: &Value, kind: &str) -> Value {
    let mut schedule = json!({"id": "s1", "principalId": "ann", "roleDefinitionId": ROLE, "directoryScopeId": "/",
        "memberType": "Direct"});
    if !kind.is_empty() {
        schedule["assignmentType"] = json!(kind);
    }
    if !info.is_null() {
        schedule["scheduleInfo"] = info.clone();
    }
    schedule
}

fn assignment() -> (&'static str, Value) {
    let assignment =
        json!({"id": "r1", "principalId": "ann", "roleDefinitionId": ROLE, "directoryScopeId": "/"});
    ("roleAssignment", assignment)
}

fn role(members: &[&str]) -> (&'static str, Value) {
    ("directoryRole", json!({"id": "dr", "displayName": "GA", "roleTemplateId": ROLE, "members": members}))
}

fn gone(mut from: Objects) -> Plan {
    from.push(("user", user("ann")));
    Case::new(from, vec![("user", user("ann")), role(&[])]).plan()
}

fn requests(plan: &Plan) -> Vec<(&str, &Value)> {
    plan.steps.iter().map(|step| (step.request.path.as_str(), &step.request.body["scheduleInfo"])).collect()
}

#[test]
fn roles_come_back_with_the_time_they_had_and_never_for_longer() {
    const ASSIGN: &str = "/roleManagement/directory/roleAssignments";
    const SCHEDULE: &str = "/roleManagement/directory/roleAssignmentScheduleRequests";
    const ELIGIBLE: &str = "/roleManagement/directory/roleEligibilityScheduleRequests";
    for (name, info, kept) in times() {
        let is_open = matches!(name, "none" | "open" | "opens later");
        // Eligible.
        let plan = gone(vec![("roleEligibilitySchedule", schedule(&info, "")), role(&[])]);
        let wanted: Vec<(&str, &Value)> = kept.iter().map(|info| (ELIGIBLE, info)).collect();
        assert_eq!(requests(&plan), wanted, "eligible, {name}");
        assert_eq!(kept.is_none(), !reasons(&plan, KEY).is_empty(), "eligible, {name}");
        for kind in ["Assigned", "Activated"] {
            for is_mirrored in [true, false] {
                let mut from = vec![("roleAssignmentSchedule", schedule(&info, kind))];
                from.push(role(if is_mirrored { &["ann"] } else { &[] }));
                from.extend(is_mirrored.then(assignment));
                let plan = gone(from);
                let none = Value::Null;
                let wanted: Vec<(&str, &Value)> = match (kind, &kept) {
                    ("Activated", _) | (_, None) => Vec::new(),
                    (_, Some(_)) if is_open && is_mirrored => vec![(ASSIGN, &none)],
                    (_, Some(info)) => vec![(SCHEDULE, info)],
                };
                assert_eq!(requests(&plan), wanted, "{kind}, {name}, mirrored: {is_mirrored}");
                if wanted.is_empty() {
                    assert!(
                        !reasons(
                            &plan,
                            if kind == "Activated" {
                                "ann|62e90394-69f5-4237-9190-012177145e10|/|Activated"
                            } else {
                                KEY
                            }
                        )
                        .is_empty()
                    );
                }
                if is_mirrored && (kind == "Activated" || !is_open) {
                    assert!(!reasons(&plan, "dr").is_empty(), "a member of the role, {kind}, {name}");
                }
            }
        }
    }
}

#[test]
fn who_was_assigned_a_role_and_activated_it_too_gets_the_assignment_back() {
    let activated = schedule(
        &json!({"startDateTime": "2026-11-01T00:00:00Z",
            "expiration": {"type": "afterDateTime", "endDateTime": "2026-11-01T08:00:00Z"}}),
        "Activated",
    );
    let open = schedule(&json!({"expiration": {"type": "noExpiration"}}), "Assigned");
    for order in [[&open, &activated], [&activated, &open]] {
        let schedules = order.map(|schedule| ("roleAssignmentSchedule", schedule.clone()));
        let from = [schedules.to_vec(), vec![assignment(), role(&["ann"])]].concat();
        let plan = gone(from);
        assert_eq!(
            only(&plan, StepKind::AddLink, KEY).request.path,
            "/roleManagement/directory/roleAssignments"
        );
        assert_eq!(plan.steps.len(), 1, "{:#?}", plan.steps);
    }
}

#[test]
fn an_assignment_whose_schedule_was_not_chosen_still_comes_back_by_its_schedule() {
    let info = json!({"startDateTime": "2026-01-01T00:00:00Z",
        "expiration": {"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}});
    let from =
        vec![("user", user("ann")), assignment(), ("roleAssignmentSchedule", schedule(&info, "Assigned"))];
    let mut case = Case::new(from, vec![("user", user("ann"))]);
    let mut selection = super::super::Selection::default();
    // A change shows a relation object by its ID or by its key.
    for id in [KEY, "r1"] {
        selection.add("roleAssignment", id, super::super::ChosenRow::Whole);
    }
    case.selection = Some(selection);
    let plan = case.plan();
    let step = only(&plan, StepKind::AddLink, KEY);
    assert_eq!(step.request.body["scheduleInfo"], info);
    assert_eq!(step.notes, ["ends on 2027-01-01T00:00:00Z, as it did"]);
}

#[test]
fn a_schedule_that_was_made_longer_or_shorter_gets_its_end_back() {
    let of = |end: Option<&str>| {
        let expiration = match end {
            Some(end) => json!({"type": "afterDateTime", "endDateTime": end}),
            None => json!({"type": "noExpiration"}),
        };
        let info = json!({"startDateTime": "2026-01-01T00:00:00Z", "expiration": expiration});
        vec![("user", user("ann")), ("roleEligibilitySchedule", schedule(&info, ""))]
    };
    let (near, far) = (Some("2027-01-01T00:00:00Z"), Some("2028-01-01T00:00:00Z"));
    for (from, to, phase) in [
        (near, far, Phase::Containment),
        (near, None, Phase::Containment),
        (far, near, Phase::Links),
        (None, near, Phase::Links),
    ] {
        let plan = Case::new(of(from), of(to)).plan();
        let step = only(&plan, StepKind::Update, KEY);
        assert_eq!((step.phase, &step.request.body["action"]), (phase, &json!("adminUpdate")));
        let end = &step.request.body["scheduleInfo"]["expiration"]["endDateTime"];
        assert_eq!(end.as_str(), from);
    }
    let plan = Case::new(of(Some("2026-06-01T00:00:00Z")), of(far)).plan();
    let step = only(&plan, StepKind::RemoveLink, KEY);
    assert_eq!((step.phase, &step.request.body["action"]), (Phase::Containment, &json!("adminRemove")));
}
