//! Links that are made and taken away.

use serde_json::{Value, json};

use super::super::{Phase, StepKind};
use super::{Case, binned, changed, group, only, reasons, user};

#[test]
fn members_come_back_in_bulk_and_go_by_reference() {
    let names: Vec<String> = (0..25).map(|number| format!("u{number:02}")).collect();
    let ids: Vec<&str> = names.iter().map(String::as_str).collect();
    let users = || ids.iter().map(|id| ("user", user(id)));
    let from = users().chain([("user", user("eve")), ("group", group("g", &ids))]).collect();
    let to = users().chain([("user", user("eve")), ("group", group("g", &["eve"]))]).collect();
    let plan = Case::new(from, to).plan();
    let adds: Vec<_> = plan.steps.iter().filter(|step| step.kind == StepKind::AddLink).collect();
    assert_eq!(adds.iter().map(|step| step.links.len()).collect::<Vec<_>>(), [20, 5]);
    assert_eq!(adds[0].request.method, "PATCH");
    assert_eq!(adds[0].request.path, "/groups/g");
    let reference = "{endpoint}/v1.0/directoryObjects/{target}";
    assert_eq!(adds[0].request.body, json!({"members@odata.bind": [reference]}));
    assert_eq!(adds[0].links[0].target_name, "User u00");
    assert_eq!(adds[0].links[0].target_type, "user");
    let removal = only(&plan, StepKind::RemoveLink, "g");
    assert_eq!(removal.phase, Phase::Unlinking);
    assert_eq!(removal.request.path, "/groups/g/members/{target}/$ref");
    assert_eq!(removal.links[0].target_id, "eve");
    assert_eq!(plan.permissions, ["GroupMember.ReadWrite.All"]);
    assert_eq!(plan.estimate.requests, 2 + 1 + 3);
    assert_eq!((plan.summary().links_added, plan.summary().links_removed), (25, 1));
}

#[test]
fn wanted_owners_come_before_unwanted_ones_go() {
    let of = |owner: &str| changed(group("g", &[]), json!({"owners": [owner]}));
    let users = || [("user", user("ann")), ("user", user("eve"))];
    let from = users().into_iter().chain([("group", of("ann"))]).collect();
    let to = users().into_iter().chain([("group", of("eve"))]).collect();
    let plan = Case::new(from, to).plan();
    let add = only(&plan, StepKind::AddLink, "g");
    let removal = only(&plan, StepKind::RemoveLink, "g");
    assert_eq!(removal.depends_on, [&*add.id]);
    assert_eq!(add.request.body, json!({"@odata.id": "{endpoint}/v1.0/directoryObjects/{target}"}));
    assert_eq!(add.request.path, "/groups/g/owners/$ref");
}

#[test]
fn another_manager_replaces_the_one_that_stands() {
    let of = |manager: serde_json::Value| changed(user("ann"), json!({"manager": manager}));
    let users = || [("user", user("bob")), ("user", user("cid"))];
    let case = |from, to| {
        let from = users().into_iter().chain([("user", of(from))]).collect();
        let to = users().into_iter().chain([("user", of(to))]).collect();
        Case::new(from, to).plan()
    };
    let plan = case(json!("bob"), json!("cid"));
    assert_eq!(plan.steps.len(), 1);
    let step = only(&plan, StepKind::AddLink, "ann");
    assert_eq!(step.request.method, "PUT");
    assert_eq!(step.request.path, "/users/ann/manager/$ref");
    assert_eq!(step.request.body, json!({"@odata.id": "{endpoint}/v1.0/users/{target}"}));
    assert_eq!(
        (json!(step.before), json!(step.after)),
        (json!({"manager": "cid"}), json!({"manager": "bob"}))
    );
    let plan = case(json!(null), json!("cid"));
    let step = only(&plan, StepKind::RemoveLink, "ann");
    assert_eq!((&*step.request.method, &*step.request.path), ("DELETE", "/users/ann/manager/$ref"));
}

#[test]
fn members_of_dynamic_groups_and_owners_of_devices_are_skipped() {
    let dynamic = |members: &[&str]| {
        changed(group("g", members), json!({"groupTypes": ["DynamicMembership"], "membershipRule": "x"}))
    };
    let device = |owners: &[&str]| json!({"id": "d", "displayName": "D", "registeredOwners": owners});
    let plan = Case::new(
        vec![("user", user("ann")), ("group", dynamic(&["ann"])), ("device", device(&["ann"]))],
        vec![("user", user("ann")), ("group", dynamic(&[])), ("device", device(&[]))],
    )
    .plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert_eq!(reasons(&plan, "g"), [("members", "members of a dynamic group follow from its rule")]);
    assert_eq!(reasons(&plan, "d"), [("registeredOwners", "read-only for applications")]);
}

#[test]
fn members_of_privileged_groups_go_first() {
    let of = |members: &[&str]| changed(group("g", members), json!({"isAssignableToRole": true}));
    let plan = Case::new(
        vec![("user", user("eve")), ("group", of(&[]))],
        vec![("user", changed(user("eve"), json!({"jobTitle": "x"}))), ("group", of(&["eve"]))],
    )
    .plan();
    assert_eq!(plan.steps[0].kind, StepKind::RemoveLink);
    assert_eq!(plan.steps[0].phase, Phase::Containment);
    assert!(plan.permissions.contains(&"RoleManagement.ReadWrite.Directory".to_owned()));
}

#[test]
fn nobody_is_linked_to_what_is_in_the_bin() {
    let from = vec![("user", user("ann")), ("user", user("bob")), ("group", group("g", &["ann"]))];
    let to = vec![("user", user("ann")), ("user", user("bob")), ("group", group("g", &[]))];
    let mut case = Case::new(from, to);
    case.live = Some(vec![("user", binned(user("ann"))), ("user", user("bob")), ("group", group("g", &[]))]);
    let plan = case.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "g"), [("members", "the other end is in the recycle bin")]);
}

#[test]
fn members_who_come_back_are_linked_as_the_plan_leaves_the_group() {
    let fixed = |token: &'static str, id: &str, members: &[&str]| match token {
        "group" => group(id, members),
        _ => json!({"id": id, "displayName": "AU", "membershipType": "Assigned", "members": members}),
    };
    let by_rule = |token: &str, object: Value| match token {
        "group" => changed(object, json!({"groupTypes": ["DynamicMembership"], "membershipRule": "x"})),
        _ => changed(object, json!({"membershipType": "Dynamic", "membershipRule": "x"})),
    };
    for token in ["group", "administrativeUnit"] {
        // Units and groups come before users, whose update is the last one.
        let zed = |title: &str| ("user", changed(user("zed"), json!({"jobTitle": title})));
        // The bin was read, and Ann is not in it.
        let binned_user = ("user", binned(user("other")));
        let from = vec![("user", user("ann")), zed("A"), (token, fixed(token, "g", &["ann"]))];
        let to = vec![zed("B"), binned_user.clone(), (token, by_rule(token, fixed(token, "g", &[])))];
        let plan = Case::new(from, to).with(|options| options.recreate = true).plan();
        let made = only(&plan, StepKind::Recreate, "ann");
        only(&plan, StepKind::Update, "zed");
        let link = only(&plan, StepKind::AddLink, "g");
        assert_eq!(link.links[0].target_id, format!("{{new:{}}}", made.id), "{token}");
        assert_eq!(plan.unfixable, [], "{token}");
        // The other way round they follow from the rule that is put back.
        let from =
            vec![("user", user("ann")), zed("A"), (token, by_rule(token, fixed(token, "g", &["ann"])))];
        let to = vec![zed("B"), binned_user, (token, fixed(token, "g", &[]))];
        let plan = Case::new(from, to).with(|options| options.recreate = true).plan();
        assert!(plan.steps.iter().all(|step| step.kind != StepKind::AddLink), "{token}: {:#?}", plan.steps);
        let [left] = &plan.unfixable[..] else { panic!("{token}: {:#?}", plan.unfixable) };
        assert!(left.reason.contains("follow from its rule"), "{token}: {}", left.reason);
    }
}
