//! Attributes that are put back.

use serde_json::json;

use super::super::{ChosenRow, Phase, Selection, StepKind};
use super::{Case, changed, group, only, reasons, user};

#[test]
fn one_update_has_the_old_values_and_expects_the_new_ones() {
    let to = changed(user("ann"), json!({"department": "Finance", "jobTitle": "Boss"}));
    let from = changed(user("ann"), json!({"department": "Sales"}));
    let plan = Case::new(vec![("user", from)], vec![("user", to)]).plan();
    let step = only(&plan, StepKind::Update, "ann");
    assert_eq!(step.phase, Phase::Attributes);
    assert_eq!(json!(step.before), json!({"department": "Finance", "jobTitle": "Boss"}));
    assert_eq!(json!(step.after), json!({"department": "Sales", "jobTitle": null}));
    assert_eq!(step.request.method, "PATCH");
    assert_eq!(step.request.path, "/users/ann");
    assert_eq!(step.request.body, json!({"department": "Sales", "jobTitle": null}));
    assert_eq!(plan.permissions, ["User.ReadWrite.All"]);
    assert_eq!(plan.estimate.requests, 2);
    assert_eq!(plan.summary().attributes, 2);
}

#[test]
fn a_complex_property_is_written_whole_and_keeps_what_was_not_chosen() {
    let of = |division: &str, center: &str| {
        changed(user("ann"), json!({"employeeOrgData": {"division": division, "costCenter": center}}))
    };
    let mut selection = Selection::default();
    selection.add("user", "ann", ChosenRow::Attribute("employeeOrgData.division".to_owned()));
    let mut case = Case::new(vec![("user", of("A", "1"))], vec![("user", of("B", "2"))]);
    case.selection = Some(selection);
    let plan = case.plan();
    let step = only(&plan, StepKind::Update, "ann");
    assert_eq!(json!(step.before), json!({"employeeOrgData": {"division": "B", "costCenter": "2"}}));
    assert_eq!(json!(step.after), json!({"employeeOrgData": {"division": "A", "costCenter": "2"}}));
}

#[test]
fn only_named_attributes_are_planned() {
    let to = changed(user("ann"), json!({"department": "Finance", "jobTitle": "Boss"}));
    let case = Case::new(vec![("user", user("ann"))], vec![("user", to)]);
    let plan = case.with(|options| options.attributes.push("jobTitle".to_owned())).plan();
    let step = only(&plan, StepKind::Update, "ann");
    assert_eq!(json!(step.after), json!({"jobTitle": null}));
}

#[test]
fn what_cannot_be_written_is_skipped_with_its_reason() {
    let from = changed(user("ann"), json!({"createdDateTime": "2026-01-01T00:00:00Z"}));
    let to = changed(user("ann"), json!({"createdDateTime": "2026-02-01T00:00:00Z", "nonsense": 1}));
    let synced =
        |title: &str| changed(user("bob"), json!({"onPremisesSyncEnabled": true, "jobTitle": title}));
    let plan =
        Case::new(vec![("user", from), ("user", synced("A"))], vec![("user", to), ("user", synced("B"))])
            .plan();
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "ann"), [("createdDateTime", "read-only"), ("nonsense", "unsupported")]);
    assert_eq!(reasons(&plan, "bob"), [("jobTitle", "synced from on-premises")]);
}

#[test]
fn what_outlook_keeps_of_a_group_is_written_alone() {
    let of = |hide: bool, text: &str| {
        changed(group("g", &[]), json!({"hideFromAddressLists": hide, "description": text}))
    };
    let plan = Case::new(vec![("group", of(false, "A"))], vec![("group", of(true, "B"))]).plan();
    let bodies: Vec<_> = plan.steps.iter().map(|step| step.request.body.clone()).collect();
    assert_eq!(bodies, [json!({"hideFromAddressLists": false}), json!({"description": "A"})]);
}

#[test]
fn app_roles_are_disabled_before_they_change() {
    let role = |id: &str, text: &str, on: bool| json!({"id": id, "displayName": text, "isEnabled": on});
    let of = |roles: serde_json::Value, name: &str| json!({"id": "app", "appId": "app-id", "displayName": name, "appRoles": roles});
    let from = of(json!([role("1", "Read", true)]), "App");
    let to = of(json!([role("1", "Write", true), role("2", "All", true)]), "Other");
    let plan = Case::new(vec![("application", from)], vec![("application", to)]).plan();
    let [first, second, name] = plan.steps.as_slice() else { panic!("{:#?}", plan.steps) };
    let disabled = json!([role("1", "Write", false), role("2", "All", false)]);
    assert_eq!(first.after["appRoles"], disabled);
    assert_eq!(second.before["appRoles"], disabled);
    assert_eq!(second.after["appRoles"], json!([role("1", "Read", true)]));
    assert_eq!(second.depends_on, [&*first.id]);
    // What may be refused for its roles holds back no other property.
    assert_eq!((json!(name.after), name.depends_on.len()), (json!({"displayName": "App"}), 0));
}

#[test]
fn a_named_location_says_its_type() {
    let of = |trusted: bool| {
        json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "id": "loc", "displayName": "Office",
            "isTrusted": trusted, "ipRanges": [],
        })
    };
    let plan = Case::new(vec![("namedLocation", of(true))], vec![("namedLocation", of(false))]).plan();
    let step = only(&plan, StepKind::Update, "loc");
    assert_eq!(step.phase, Phase::Definitions);
    let wanted = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": true});
    assert_eq!(step.request.body, wanted);
}

#[test]
fn combinations_of_a_strength_have_a_request_of_their_own() {
    let of = |method: &str| json!({"id": "st", "displayName": "S", "policyType": "custom", "allowedCombinations": [method]});
    let plan = Case::new(
        vec![("authenticationStrengthPolicy", of("fido2"))],
        vec![("authenticationStrengthPolicy", of("password"))],
    )
    .plan();
    let step = only(&plan, StepKind::Update, "st");
    assert_eq!(step.request.method, "POST");
    assert!(step.request.path.ends_with("/st/updateAllowedCombinations"));
    assert_eq!(step.request.body, json!({"allowedCombinations": ["fido2"]}));
}

#[test]
fn a_policy_names_a_strength_by_its_id_and_is_written_through_beta() {
    let of = |control: &str| {
        json!({
            "id": "ca", "displayName": "P", "state": "enabled",
            "grantControls": {
                "operator": "OR", "builtInControls": [control],
                "authenticationStrength": {"id": "st", "displayName": "Strong"},
            },
        })
    };
    let plan = Case::new(
        vec![("conditionalAccessPolicy", of("mfa"))],
        vec![("conditionalAccessPolicy", of("block"))],
    )
    .plan();
    let step = only(&plan, StepKind::Update, "ca");
    assert_eq!(step.request.version, engine::schema::Version::Beta);
    let wanted =
        json!({"operator": "OR", "builtInControls": ["mfa"], "authenticationStrength": {"id": "st"}});
    assert_eq!(step.request.body, json!({"grantControls": wanted}));
    assert_eq!(step.phase, Phase::ConditionalAccess);
}

#[test]
fn a_policy_that_was_switched_on_is_switched_off_first() {
    let of = |state: &str| json!({"id": "ca", "displayName": "P", "state": state});
    let plan = Case::new(
        vec![("conditionalAccessPolicy", of("disabled")), ("user", user("ann"))],
        vec![
            ("conditionalAccessPolicy", of("enabled")),
            ("user", changed(user("ann"), json!({"jobTitle": "Boss"}))),
        ],
    )
    .plan();
    assert_eq!(plan.steps[0].object.id, "ca");
    assert_eq!(plan.steps[0].phase, Phase::Containment);
}

#[test]
fn licences_are_assigned_by_their_own_request_and_those_of_groups_are_left_alone() {
    let of = |skus: &[&str], country: &str| {
        let licences: Vec<_> = skus.iter().map(|sku| json!({"skuId": sku, "disabledPlans": []})).collect();
        let states = json!([{"skuId": "group-sku", "assignedByGroup": "g"}]);
        let more = json!({"assignedLicenses": licences, "licenseAssignmentStates": states,
            "usageLocation": country});
        vec![("user", changed(user("ann"), more))]
    };
    let plan = Case::new(of(&["a", "b"], "CH"), of(&["b", "c", "group-sku"], "XX")).plan();
    let [first, licences] = plan.steps.as_slice() else { panic!("{:#?}", plan.steps) };
    assert_eq!(first.request.body, json!({"usageLocation": "CH"}));
    assert_eq!(licences.request.path, "/users/ann/assignLicense");
    let wanted = json!({"addLicenses": [{"skuId": "a", "disabledPlans": []}], "removeLicenses": ["c"]});
    assert_eq!(licences.request.body, wanted);
    assert_eq!(licences.depends_on, [&*first.id]);
    assert!(plan.permissions.contains(&"LicenseAssignment.ReadWrite.All".to_owned()));
    let plan = Case::new(of(&[], "CH"), of(&["group-sku"], "CH")).plan();
    assert_eq!(reasons(&plan, "ann"), [("assignedLicenses", "it follows from the licences of a group")]);
}

#[test]
fn a_newer_reading_tells_what_is_done_and_what_conflicts() {
    let of = |title: &str, city: &str| {
        vec![("user", changed(user("ann"), json!({"jobTitle": title, "city": city})))]
    };
    let mut case = Case::new(of("A", "A"), of("B", "B"));
    case.live = Some(of("A", "C"));
    let plan = case.plan();
    let step = only(&plan, StepKind::Update, "ann");
    assert_eq!(json!(step.after), json!({"city": "A"}));
    assert_eq!(step.notes, ["city has changed since: a conflict"]);
    assert_eq!(reasons(&plan, "ann"), [("jobTitle", "it is as wanted already")]);
}

#[test]
fn a_bare_row_of_an_updated_object_chooses_nothing() {
    let to = changed(user("ann"), json!({"jobTitle": "B"}));
    let case = || Case::new(vec![("user", user("ann"))], vec![("user", to.clone())]);
    let plan_with = |row: ChosenRow| {
        let mut selection = Selection::default();
        selection.add("user", "ann", row);
        let mut case = case();
        case.selection = Some(selection);
        case.plan()
    };
    let plan = plan_with(ChosenRow::Presence);
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "ann"), [("", "no attribute or link of it was chosen")]);
    assert_eq!(plan_with(ChosenRow::Whole).steps.len(), 1);
    let mut other = case();
    other.selection = Some(Selection::default());
    let plan = other.plan();
    assert!(plan.steps.is_empty() && plan.skipped.is_empty());
}
