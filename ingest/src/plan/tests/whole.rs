//! Updates that replace an object whole: nothing that they leave out falls back to a default.

use serde_json::{Value, json};

use super::super::{Body, StepKind};
use super::{Case, Objects, binned, changed, group, only, reasons};

const POLICY: &str = "deviceRegistrationPolicy";
const ASSIGNMENT: &str = "accessPackageAssignmentPolicy";

/// A policy as Graph gives it, who may join devices being a group.
fn policy(quota: u32) -> Value {
    let members = json!({"@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership", "groups": ["crew-1"]});
    json!({"id": POLICY, "displayName": "Device Registration Policy", "userDeviceQuota": quota,
        "multiFactorAuthConfiguration": "required", "localAdminPassword": {"isEnabled": true},
        "azureADJoin": {"isAdminConfigurable": true, "allowedToJoin": members},
        "azureADRegistration": {"isAdminConfigurable": false}})
}

/// The same, read by a source that leaves properties out.
fn without(mut object: Value, names: &[&str]) -> Value {
    object.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
    object
}

fn only_policy(object: Value) -> Objects {
    vec![(POLICY, object)]
}

#[test]
fn a_policy_that_is_replaced_whole_is_sent_with_all_that_was_observed() {
    let plan = Case::new(only_policy(policy(50)), only_policy(policy(999))).plan();
    let [step] = &plan.steps[..] else { panic!("{:#?}", plan.steps) };
    let request = &step.request;
    assert_eq!((&*request.method, &*request.path), ("PUT", "/policies/deviceRegistrationPolicy"));
    assert_eq!(request.body.to_value(), without(policy(50), &["id", "displayName"]));
    assert_eq!(step.after.keys().collect::<Vec<_>>(), ["userDeviceQuota"]);
}

#[test]
fn what_the_restored_state_never_observed_keeps_the_newest_value() {
    let from = changed(policy(50), json!({"multiFactorAuthConfiguration": "notRequired"}));
    let from = without(from, &["userDeviceQuota", "azureADJoin"]);
    let plan = Case::new(only_policy(from), only_policy(policy(999))).plan();
    let [step] = &plan.steps[..] else { panic!("{:#?}", plan.steps) };
    let wanted = changed(policy(999), json!({"multiFactorAuthConfiguration": "notRequired"}));
    assert_eq!(step.request.body.to_value(), without(wanted, &["id", "displayName"]));
    assert_eq!(json!(step.after), json!({"multiFactorAuthConfiguration": "notRequired"}));
    let unobserved = [("azureADJoin", "unobserved"), ("userDeviceQuota", "unobserved")];
    assert_eq!(reasons(&plan, POLICY), unobserved);
}

#[test]
fn what_neither_state_observed_holds_the_update_back() {
    let names = ["userDeviceQuota", "localAdminPassword"];
    let from = without(policy(50), &names);
    let to = changed(from.clone(), json!({"multiFactorAuthConfiguration": "notRequired"}));
    let plan = Case::new(only_policy(from), only_policy(to)).plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    let reason = "unobserved: the update replaces the whole object, and no state has its localAdminPassword, \
                  userDeviceQuota";
    assert_eq!(reasons(&plan, POLICY), [("multiFactorAuthConfiguration", reason)]);
}

#[test]
fn a_value_that_only_the_restored_state_has_is_sent() {
    let to = without(policy(50), &["userDeviceQuota"]);
    let plan = Case::new(only_policy(policy(50)), only_policy(to)).plan();
    let [step] = &plan.steps[..] else { panic!("{:#?}", plan.steps) };
    assert_eq!(step.request.body.to_value(), without(policy(50), &["id", "displayName"]));
}

#[test]
fn an_update_that_only_renames_says_everything_else_too() {
    let with_group = |mut objects: Objects| {
        objects.push(("group", group("crew-1", &[])));
        objects
    };
    for quota in [50, 999] {
        let (from, to) = (with_group(only_policy(policy(50))), only_policy(policy(quota)));
        let to = [to, vec![("group", binned(group("other", &[])))]].concat();
        let plan = Case::new(from, to).with(|options| options.recreate = true).plan();
        let made = only(&plan, StepKind::Recreate, "crew-1");
        let step = only(&plan, StepKind::Update, POLICY);
        assert_eq!(step.depends_on, std::slice::from_ref(&made.id));
        let mut wanted = without(policy(50), &["id", "displayName"]);
        wanted["azureADJoin"]["allowedToJoin"]["groups"] = json!([format!("{{new:{}}}", made.id)]);
        assert_eq!(step.request.body.to_value(), wanted, "{quota}");
    }
    // The quota is known of no state: a request that renames would reset it.
    let from = with_group(only_policy(without(policy(50), &["userDeviceQuota"])));
    let to = [
        only_policy(without(policy(50), &["userDeviceQuota"])),
        vec![("group", binned(group("other", &[])))],
    ];
    let plan = Case::new(from, to.concat()).with(|options| options.recreate = true).plan();
    assert!(plan.steps.iter().all(|step| step.object.id != POLICY), "{:#?}", plan.steps);
    let [left] = &plan.unfixable[..] else { panic!("{:#?}", plan.unfixable) };
    assert_eq!((&*left.object.id, &*left.reference), (POLICY, "azureADJoin"));
    assert!(left.reason.contains("no state has its userDeviceQuota"), "{}", left.reason);
}

#[test]
fn what_is_made_again_is_replaced_only_with_all_that_it_was() {
    let assignment = |id: &str, requestor: &str| {
        json!({"id": id, "displayName": id, "accessPackage": {"id": "package"}, "description": "d",
            "allowedTargetScope": "specificDirectoryUsers", "automaticRequestSettings": null,
            "expiration": {"type": "noExpiration"}, "notificationSettings": {"isAssignmentNotificationDisabled": true},
            "requestApprovalSettings": null, "reviewSettings": null, "specificAllowedTargets": [],
            "requestorSettings": {"onBehalfRequestors": [{"groupId": requestor}]}})
    };
    let plan = |old: Value| {
        let from = vec![
            ("group", group("crew-1", &[])),
            (ASSIGNMENT, old),
            (ASSIGNMENT, assignment("kept", "none")),
        ];
        let to = vec![("group", binned(group("other", &[]))), (ASSIGNMENT, assignment("kept", "none"))];
        Case::new(from, to).with(|options| options.recreate = true).plan()
    };
    let whole = plan(assignment("gone", "crew-1"));
    let update = only(&whole, StepKind::Update, "gone");
    assert_eq!(update.request.method, "PUT");
    for name in ["description", "allowedTargetScope", "expiration", "notificationSettings"] {
        assert_eq!(update.request.body.get(name), Some(&assignment("gone", "")[name]), "{name}");
    }
    assert_eq!(update.request.body.get("reviewSettings"), Some(&Value::Null));
    let partial = plan(without(assignment("gone", "crew-1"), &["notificationSettings"]));
    assert!(partial.steps.iter().all(|step| step.object.id != "gone" || step.kind == StepKind::Recreate));
    let [(name, reason)] = reasons(&partial, "gone")[..] else { panic!("{:#?}", partial.skipped) };
    assert_eq!(name, "requestorSettings");
    assert!(reason.contains("no state has its notificationSettings"), "{reason}");
}

#[test]
fn a_plan_file_whose_replacement_leaves_something_out_is_refused() {
    let mut plan = Case::new(only_policy(policy(50)), only_policy(policy(999))).plan();
    let mut body = plan.steps[0].request.body.to_value();
    body.as_object_mut().unwrap().remove("localAdminPassword");
    plan.steps[0].request.body = Body::from(body);
    let error = plan.check_steps().unwrap_err().to_string();
    assert!(error.contains("localAdminPassword"), "{error}");
}
