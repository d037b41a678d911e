//! Conditional access comes last: a policy is switched on only when what it excludes is back.

use serde_json::{Value, json};

use super::super::{Phase, StepKind};
use super::{Case, Objects, binned, changed, group, only, user};

const POLICY: &str = "conditionalAccessPolicy";

fn policy(state: &str, excluded: &Value) -> (&'static str, Value) {
    let users = json!({"includeUsers": ["All"], "excludeUsers": excluded["users"], "excludeGroups": excluded["groups"]});
    let policy = json!({"id": "ca", "displayName": "P", "state": state,
        "conditions": {"users": users, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["block"]}});
    (POLICY, policy)
}

#[test]
fn a_policy_waits_for_everything_that_it_excludes() {
    let excludes_user = json!({"users": ["ann"], "groups": []});
    let excludes_group = json!({"users": [], "groups": ["outer"]});
    let people = |gone: &str| -> Objects {
        let of = |id: &str, object: Value| if gone == id { binned(object) } else { object };
        vec![
            ("user", of("ann", user("ann"))),
            ("group", of("outer", group("outer", &["inner"]))),
            ("group", of("inner", group("inner", &["ann"]))),
        ]
    };
    for (excluded, gone) in [
        (&excludes_user, "ann"),
        (&excludes_group, "outer"),
        (&excludes_group, "inner"),
        (&excludes_group, "ann"),
    ] {
        for states in [["enabled", "disabled"], ["enabled", "enabledForReportingButNotEnforced"]] {
            let from = [people(""), vec![policy(states[0], excluded)]].concat();
            let to = [people(gone), vec![policy(states[1], excluded)]].concat();
            let plan = Case::new(from, to).plan();
            let on = only(&plan, StepKind::Update, "ca");
            let back = only(&plan, StepKind::Restore, gone);
            assert_eq!(on.phase, Phase::ConditionalAccess);
            assert!(on.depends_on.contains(&back.id), "{gone}: {:#?}", plan.steps);
            assert!(on.notes.iter().any(|note| note.contains("excludes")));
        }
    }
    // What is switched off waits for nothing.
    let from = [people(""), vec![policy("disabled", &excludes_user)]].concat();
    let to = [people("ann"), vec![policy("enabled", &excludes_user)]].concat();
    assert!(only(&Case::new(from, to).plan(), StepKind::Update, "ca").depends_on.is_empty());
}

#[test]
fn a_policy_waits_for_the_members_of_what_it_excludes() {
    let of = |members: &[&str], inner: &[&str], state: &str| {
        vec![
            ("user", user("ann")),
            ("group", group("outer", members)),
            ("group", group("inner", inner)),
            policy(state, &json!({"users": [], "groups": ["outer"]})),
        ]
    };
    for (from, to) in [
        (of(&["ann"], &[], "enabled"), of(&[], &[], "disabled")),
        (of(&["inner"], &["ann"], "enabled"), of(&["inner"], &[], "disabled")),
        (of(&["inner"], &["ann"], "enabled"), of(&[], &["ann"], "disabled")),
    ] {
        let plan = Case::new(from, to).plan();
        let link = plan.steps.iter().find(|step| step.kind == StepKind::AddLink).unwrap();
        assert_eq!(only(&plan, StepKind::Update, "ca").depends_on, std::slice::from_ref(&link.id));
    }
}

#[test]
fn a_policy_that_comes_back_or_is_tightened_waits_too() {
    let excluded = json!({"users": ["ann"], "groups": []});
    let from = vec![("user", user("ann")), policy("enabled", &excluded)];
    let (_, gone) = policy("enabled", &excluded);
    let to = vec![("user", binned(user("ann"))), (POLICY, binned(gone))];
    let plan = Case::new(from.clone(), to).plan();
    let back = only(&plan, StepKind::Restore, "ann").id.clone();
    assert_eq!(only(&plan, StepKind::Restore, "ca").depends_on, [back]);
    let (_, loose) = policy("enabled", &excluded);
    let loose = changed(loose, json!({"grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}));
    let plan = Case::new(from, vec![("user", binned(user("ann"))), (POLICY, loose)]).plan();
    let back = only(&plan, StepKind::Restore, "ann").id.clone();
    assert_eq!(only(&plan, StepKind::Update, "ca").depends_on, [back]);
}
