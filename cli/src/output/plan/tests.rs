//! Tests of how plans are drawn: nothing is hidden, nothing steers a terminal, and what sends something else looks different.

use engine::coverage::{Unread, UnreadSide};
use engine::schema::Version;
use ingest::plan::{
    Estimate, Guard, Named, Phase, Plan, PlanObject, PlanOptions, PlanPoint, RequestTemplate, Skipped, Step,
    StepKind, StepLink, Unfixable,
};
use serde_json::{Value, json};

use super::*;
use crate::heading::of_plan;
use crate::output::html::{Script, page, plan_body};
use crate::output::markdown::plan_document;

fn drawn(plan: &Plan, look: Look) -> String {
    written(|out| draw(out, plan, &mut Names::none(), look))
}

fn in_markdown(plan: &Plan) -> String {
    written(|out| plan_document(out, &of_plan(None, plan), plan, &mut Names::none()))
}

fn on_a_page(plan: &Plan) -> String {
    written(|out| {
        page(out, &of_plan(None, plan), Script::Filter, &mut |out| plan_body(out, plan, &mut Names::none()))
    })
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Text that would clear a screen, start a line, or turn the direction of letters around.
const STEERING: &str = "a\u{1b}[2Jb\nc\rd\u{202e}e\u{2066}f\u{7}g\u{85}h";

fn values(value: Value) -> Named {
    let Value::Object(members) = value else { panic!("expected properties, found {value}") };
    members.into_iter().collect()
}

fn object(id: &str) -> PlanObject {
    PlanObject {
        id: id.to_owned(),
        type_token: "conditionalAccessPolicy".to_owned(),
        display_name: "Policy".to_owned(),
    }
}

fn step(before: Value, after: Value) -> Step {
    Step {
        id: "s1".to_owned(),
        kind: StepKind::Update,
        phase: Phase::ConditionalAccess,
        object: object("p1"),
        before: values(before),
        after: values(after.clone()),
        links: Vec::new(),
        depends_on: Vec::new(),
        request: RequestTemplate {
            method: "PATCH".to_owned(),
            version: Version::Beta,
            path: "/identity/conditionalAccess/policies/p1".to_owned(),
            body: after.into(),
        },
        notes: Vec::new(),
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    let point = |point: &str| PlanPoint {
        point: point.to_owned(),
        backup: "kkkkkkkkkkkkkkkk".to_owned(),
        taken_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let mut plan = Plan {
        unread: Vec::new(),
        format_version: ingest::plan::FORMAT_VERSION,
        plan_id: "llllllllllllllll".to_owned(),
        tenant_id: "t".to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        from: point("latest~1"),
        to: point("latest"),
        query: String::new(),
        options: PlanOptions::default(),
        steps,
        skipped: Vec::new(),
        unfixable: Vec::new(),
        guards: Vec::new(),
        permissions: Vec::new(),
        estimate: Estimate::default(),
        hash: String::new(),
        seal: String::new(),
        signatures: Vec::new(),
    };
    plan.hash = plan.compute_hash();
    plan
}

const LOOKS: [Look; 2] =
    [Look { color: false, width: 80, whole: false }, Look { color: false, width: 80, whole: true }];

#[test]
fn what_differs_inside_a_complex_value_is_shown_by_its_path_and_whole() {
    let users = |excluded: &[&str], state: &str| {
        json!({"conditions": {"applications": {"includeApplications": ["All"]}, "users": {"includeUsers": ["All"],
            "excludeGroups": excluded, "excludeUsers": []}}, "state": state})
    };
    let long: Vec<String> = (0..40).map(|number| format!("group-{number}")).collect();
    let mut groups: Vec<&str> = long.iter().map(String::as_str).collect();
    let before = users(&groups, "enabled");
    groups.remove(7);
    groups.push("added");
    let text = drawn(&plan(vec![step(before, users(&groups, "disabled"))]), LOOKS[0]);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for expected in [
        "conditions.users.excludeGroups",
        r#"- "group-7""#,
        r#"+ "added""#,
        r#"state: "enabled" -> "disabled""#,
    ] {
        assert!(lines.contains(&expected), "{expected} in {text}");
    }
    assert!(!text.contains("includeApplications"), "what stays is not shown: {text}");
    let long = "x".repeat(500);
    let text = drawn(&plan(vec![step(json!({"note": "y"}), json!({"note": long}))]), LOOKS[0]);
    assert!(text.contains(&long), "values are shown whole");
}

#[test]
fn two_values_that_are_not_the_same_are_never_drawn_alike() {
    let values = [
        json!(null),
        json!([]),
        json!({}),
        json!(""),
        json!("a"),
        json!(true),
        json!(1),
        json!("1"),
        json!(["a"]),
        json!(["a", "b"]),
        json!(["b", "a"]),
        json!(["a", "a"]),
        json!(["a", "b", "a"]),
        json!([["a"]]),
        json!({"a": null}),
        json!({"a": 1}),
        json!({"a": {"b": 1}}),
        json!({"a.b": 1}),
        json!({"a": {"b": null}}),
        json!({"a": {}}),
        json!([{"a": 1}]),
        json!([{"a": 2}, {"a": 1}]),
    ];
    for before in &values {
        let texts: Vec<String> = (values.iter())
            .map(|after| drawn(&plan(vec![step(json!({"p": before}), json!({"p": after}))]), LOOKS[0]))
            .map(|text| text.lines().filter(|line| !line.starts_with("Hash ")).collect())
            .collect();
        for (index, text) in texts.iter().enumerate() {
            let other = texts[..index].iter().position(|other| other == text);
            assert!(
                other.is_none(),
                "from {before}, {} and {}: {text}",
                values[index],
                values[other.unwrap_or(0)]
            );
        }
    }
}

#[test]
fn members_that_a_request_clears_or_fixes_are_shown() {
    let mut cleared = step(json!({"p": {"a": 1, "b": 2}}), json!({"p": {"a": 2}}));
    let plain = drawn(&plan(vec![cleared.clone()]), LOOKS[0]);
    cleared.request.body =
        json!({"p": {"a": 2, "b": null}, "@odata.type": "#microsoft.graph.ipNamedLocation"}).into();
    let shown = drawn(&plan(vec![cleared]), LOOKS[0]);
    assert!(
        shown.contains("p.b: sent as null") && shown.contains("#microsoft.graph.ipNamedLocation"),
        "{shown}"
    );
    assert!(!plain.contains("sent as"), "{plain}");
    let mut gone = step(json!({"principalId": "ann", "roleDefinitionId": "r"}), json!({}));
    gone.kind = StepKind::RemoveLink;
    assert!(drawn(&plan(vec![gone]), LOOKS[0]).contains(r#"principalId: "ann" goes"#));
}

/// A plan with hostile text in every field that holds any.
fn hostile() -> Plan {
    let text = || STEERING.to_owned();
    let own = || PlanObject { id: text(), type_token: text(), display_name: text() };
    let mut odd = step(json!({STEERING: STEERING}), json!({STEERING: {STEERING: STEERING}}));
    odd.id = text();
    odd.object = own();
    odd.notes = vec![text()];
    odd.depends_on = vec![text()];
    odd.request.method = text();
    odd.request.path = text();
    odd.links =
        vec![StepLink { relation: text(), target_id: text(), target_type: text(), target_name: text() }];
    let mut plan = plan(vec![odd]);
    (plan.plan_id, plan.hash, plan.seal, plan.query) = (text(), text(), text(), text());
    (plan.from.point, plan.to.point) = (text(), text());
    plan.skipped = vec![Skipped { object: own(), name: text(), reason: text() }];
    plan.unfixable = vec![Unfixable { object: own(), reference: text(), reason: text() }];
    plan.guards = vec![Guard { name: text(), reason: text(), objects: vec![own()], allowed: false }];
    plan.permissions = vec![text()];
    plan.unread = vec![Unread {
        type_token: text(),
        relation: Some(text()),
        property: Some(text()),
        object: Some(text()),
        since: None,
        reason: text(),
        side: Some(UnreadSide::From),
        objects: 1,
    }];
    plan
}

#[test]
fn what_was_not_read_is_told_wherever_a_plan_is_drawn() {
    let found = |name: &str| Unread {
        type_token: name.to_owned(),
        relation: None,
        property: None,
        object: None,
        since: None,
        reason: "in no import".to_owned(),
        side: Some(UnreadSide::From),
        objects: 0,
    };
    let mut partial = plan(Vec::new());
    assert!(!drawn(&partial, LOOKS[1]).contains("not read"));
    partial.unread = vec![found("group"), found("application")];
    let looks = [drawn(&partial, LOOKS[0]), drawn(&partial, LOOKS[1])];
    for text in looks.into_iter().chain([in_markdown(&partial), on_a_page(&partial)]) {
        let is_told = text.contains("not read at FROM: group (in no import), application (in no import)");
        assert!(is_told, "{text}");
    }
}

#[test]
fn nothing_in_a_plan_steers_a_terminal_or_starts_a_line() {
    let plain_lines = |plan: &Plan, look: Look| drawn(plan, look).lines().count();
    let (hostile, mut harmless) = (hostile(), hostile());
    let text = serde_json::to_string(&harmless).unwrap();
    let quoted = serde_json::to_string(STEERING).unwrap();
    harmless = serde_json::from_str(&text.replace(quoted.trim_matches('"'), "plain")).unwrap();
    for look in LOOKS {
        let drawn = [drawn(&hostile, look), in_markdown(&hostile)];
        for text in &drawn {
            let odd = text.chars().find(|letter| *letter != '\n' && super::super::text::is_steering(*letter));
            assert_eq!(odd, None, "{text}");
        }
        assert_eq!(plain_lines(&hostile, look), plain_lines(&harmless, look));
    }
    let body = on_a_page(&hostile);
    assert!(body.chars().all(|letter| letter == '\n' || !super::super::text::is_steering(letter)), "{body}");
}
