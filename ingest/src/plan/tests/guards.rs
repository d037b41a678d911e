//! Guards: each is raised, with the objects it is about, and not raised without need.

use serde_json::{Value, json};

use super::super::{Guard, Plan, StepKind};
use super::{Case, Objects, changed, group, only, user};

const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

fn names(plan: &Plan) -> Vec<&str> {
    plan.guards.iter().map(|guard| guard.name.as_str()).collect()
}

fn guard<'p>(plan: &'p Plan, name: &str) -> &'p Guard {
    plan.guards.iter().find(|guard| guard.name == name).unwrap_or_else(|| panic!("{:?}", names(plan)))
}

fn ids(guard: &Guard) -> Vec<&str> {
    guard.objects.iter().map(|object| object.id.as_str()).collect()
}

fn role(id: &str, principal: &str) -> (&'static str, Value) {
    let role = json!({"id": id, "principalId": principal, "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/"});
    ("roleAssignment", role)
}

fn people() -> Objects {
    vec![("user", user("ann")), ("user", user("bob"))]
}

#[test]
fn the_last_global_administrator_is_not_taken_away() {
    let plan = Case::new(people(), [people(), vec![role("r1", "ann")]].concat()).plan();
    assert_eq!(ids(guard(&plan, "last-global-administrator")), [format!("ann|{GLOBAL_ADMINISTRATOR}|/")]);
    let both = |first: &[(&'static str, Value)]| [people(), first.to_vec()].concat();
    let plan = Case::new(both(&[role("r2", "bob")]), both(&[role("r1", "ann"), role("r2", "bob")])).plan();
    assert_eq!(names(&plan), [""; 0]);
    // Who is given the role back counts, and who is disabled does not.
    let plan = Case::new(both(&[role("r2", "bob")]), both(&[role("r1", "ann")])).plan();
    assert_eq!(names(&plan), ["grants-privilege"]);
    let disabled =
        |on: bool| vec![("user", changed(user("ann"), json!({"accountEnabled": on}))), role("r1", "ann")];
    let plan = Case::new(disabled(false), disabled(true)).plan();
    assert_eq!(ids(guard(&plan, "last-global-administrator")), ["ann"]);
}

#[test]
fn members_of_a_group_that_holds_the_role_count() {
    let with = |members: &[&str]| {
        let group = changed(group("g", members), json!({"isAssignableToRole": true}));
        [people(), vec![("group", group), role("r1", "g")]].concat()
    };
    let plan = Case::new(with(&[]), with(&["ann"])).plan();
    assert_eq!(ids(guard(&plan, "last-global-administrator")), ["g"]);
    let plan = Case::new(with(&["bob"]), with(&["ann", "bob"])).plan();
    assert_eq!(names(&plan), [""; 0]);
}

#[test]
fn who_applies_the_plan_keeps_rights_and_credentials() {
    let app = |secrets: Value| {
        let app = json!({"id": "app", "appId": "client", "displayName": "A", "passwordCredentials": secrets});
        vec![("application", app), ("servicePrincipal", json!({"id": "sp", "appId": "client"}))]
    };
    let mut case = Case::new(app(json!([])), app(json!([{"keyId": "k"}])));
    case.identity.app_id = Some("client".to_owned());
    assert_eq!(ids(guard(&case.plan(), "self-lockout")), ["app"]);
    let mut case = Case::new(app(json!([])), [app(json!([])), vec![role("r1", "sp")]].concat());
    case.identity.service_principal_id = Some("sp".to_owned());
    assert!(names(&case.plan()).contains(&"self-lockout"));
    let of = |on: bool| vec![("user", changed(user("ann"), json!({"accountEnabled": on})))];
    let mut case = Case::new(of(false), of(true));
    case.identity.user_id = Some("ann".to_owned());
    assert_eq!(ids(guard(&case.plan(), "self-lockout")), ["ann"]);
    let policy = |state: &str| {
        let policy = json!({"id": "ca", "displayName": "P", "state": state,
            "conditions": {"users": {"includeUsers": ["All"]}}, "grantControls": {"builtInControls": ["block"]}});
        [people(), vec![("conditionalAccessPolicy", policy)]].concat()
    };
    let mut case = Case::new(policy("enabled"), policy("disabled"));
    case.identity.user_id = Some("ann".to_owned());
    assert_eq!(ids(guard(&case.plan(), "self-lockout")), ["ca"]);
    assert_eq!(names(&Case::new(policy("enabled"), policy("disabled")).plan()), [""; 0]);
}

#[test]
fn no_policy_begins_to_cover_a_break_glass_account() {
    let with = |excluded: Value, members: &[&str], state: &str| {
        let users = json!({"includeUsers": ["All"], "excludeUsers": excluded, "excludeGroups": ["g"]});
        let policy = json!({"id": "ca", "displayName": "P", "state": state, "conditions": {"users": users}});
        [people(), vec![("group", group("g", members)), ("conditionalAccessPolicy", policy)]].concat()
    };
    let plan = |from, to| {
        let mut case = Case::new(from, to);
        case.break_glass = vec!["ann".to_owned()];
        case.plan()
    };
    let changed = plan(with(json!([]), &[], "enabled"), with(json!(["ann"]), &[], "enabled"));
    assert_eq!(ids(guard(&changed, "break-glass")), ["ann", "ca"]);
    let enabled = plan(with(json!([]), &[], "enabled"), with(json!([]), &[], "disabled"));
    assert_eq!(ids(guard(&enabled, "break-glass")), ["ann", "ca"]);
    let left = plan(with(json!([]), &[], "enabled"), with(json!([]), &["ann"], "enabled"));
    assert_eq!(ids(guard(&left, "break-glass")), ["ann", "ca"]);
    let stays = plan(with(json!(["bob"]), &["ann"], "enabled"), with(json!([]), &["ann"], "disabled"));
    assert_eq!(names(&stays), [""; 0]);
}

#[test]
fn accounts_are_not_enabled_again_unseen() {
    let of = |on: bool| vec![("user", changed(user("ann"), json!({"accountEnabled": on})))];
    let plan = Case::new(of(true), of(false)).plan();
    assert_eq!(ids(guard(&plan, "re-enables-account")), ["ann"]);
    assert_eq!(guard(&plan, "re-enables-account").reason, "1 account would be enabled again");
    assert_eq!(only(&plan, StepKind::Update, "ann").notes, ["enables the account"]);
    assert_eq!(plan.permissions, ["User.EnableDisableAccount.All", "User.Read.All"]);
}

#[test]
fn power_is_not_given_unseen() {
    let privileged = |members: &[&str]| {
        let group = changed(group("g", members), json!({"isAssignableToRole": true}));
        [people(), vec![("group", group)]].concat()
    };
    let plan = Case::new(privileged(&["ann"]), privileged(&[])).plan();
    assert_eq!(ids(guard(&plan, "grants-privilege")), ["g"]);
    let ordinary = |members: &[&str]| [people(), vec![("group", group("g", members))]].concat();
    assert_eq!(names(&Case::new(ordinary(&["ann"]), ordinary(&[])).plan()), [""; 0]);
    let grant = |scope: &str| {
        let grant = json!({"id": "g1", "clientId": "c", "consentType": "AllPrincipals", "principalId": null,
            "resourceId": "r", "scope": scope});
        vec![("oauth2PermissionGrant", grant)]
    };
    let plan = Case::new(grant("A B"), grant("A")).plan();
    assert_eq!(ids(guard(&plan, "grants-privilege")), ["c|AllPrincipals||r"]);
    assert_eq!(names(&Case::new(grant("A"), grant("A B")).plan()), [""; 0]);
}

#[test]
fn large_plans_are_seen_as_such() {
    let many = |title: &str| -> Objects {
        let of = |number: usize| changed(user(&format!("u{number}")), json!({"jobTitle": title}));
        (0..30).map(|number| ("user", of(number))).collect()
    };
    let plan = Case::new(many("A"), many("B")).plan();
    assert_eq!(names(&plan), ["too-many"]);
    assert!(plan.guards[0].reason.starts_with("30 of 30 objects of type user"));
    let mut case = Case::new(many("A"), many("B"));
    case.limits.object_count_max = 10;
    let plan = case.plan();
    assert_eq!(plan.guards[0].reason, "30 objects would be touched, more than 10");
}

#[test]
fn old_readings_are_seen_as_such_and_guards_can_be_allowed() {
    let of = |title: &str| vec![("user", changed(user("ann"), json!({"jobTitle": title})))];
    let late = || {
        let mut case = Case::new(of("A"), of("B"));
        case.now = "2026-11-19T00:00:00Z";
        case
    };
    let plan = late().plan();
    assert_eq!(names(&plan), ["stale"]);
    assert_eq!(plan.guards[0].reason, "the newest state is 48 hours old, more than 24");
    assert_eq!((plan.guards[0].allowed, plan.summary().guards), (false, 1));
    let mut case = late();
    case.allow = vec!["stale".to_owned()];
    let plan = case.plan();
    assert_eq!((plan.guards[0].allowed, plan.summary().guards), (true, 0));
    let mut case = late();
    case.live = Some(of("B"));
    case.now = "2026-11-17T08:00:00Z";
    assert_eq!(names(&case.plan()), [""; 0]);
}

#[test]
fn another_tenant_is_an_error_and_no_guard() {
    let of = |title: &str| {
        vec![
            ("organization", json!({"id": "t2", "displayName": "Other"})),
            ("user", changed(user("ann"), json!({"jobTitle": title}))),
        ]
    };
    let error = Case::new(of("A"), of("B")).try_plan().unwrap_err();
    assert!(matches!(error, crate::plan::Error::OtherTenant { .. }), "{error}");
    assert_eq!(error.to_string(), "expected backups of the tenant t, found those of t2");
}

#[test]
fn who_comes_back_with_power_or_enabled_is_seen() {
    let ann = |on: bool| changed(user("ann"), json!({"accountEnabled": on}));
    let of = |object: Value, gone: bool| if gone { super::binned(object) } else { object };
    let with = |gone: bool, on: bool| vec![("user", of(ann(on), gone)), ("user", user("bob"))];
    let plan = Case::new(with(false, true), with(true, true)).plan();
    assert_eq!(ids(guard(&plan, "re-enables-account")), ["ann"]);
    assert_eq!(names(&Case::new(with(false, false), with(true, false)).plan()), [""; 0]);
    // Roles stay with who lies in the bin.
    let held = |gone: bool| [with(gone, true), vec![role("r1", "ann"), role("r2", "bob")]].concat();
    let plan = Case::new(held(false), held(true)).plan();
    assert_eq!(names(&plan), ["re-enables-account", "grants-privilege"]);
    assert_eq!(ids(guard(&plan, "grants-privilege")), ["ann"]);
    let application = |gone: bool| {
        let principal = json!({"id": "sp", "appId": "client", "displayName": "Robot"});
        let right = json!({"id": "a1", "principalId": "sp", "resourceId": "res", "appRoleId": "role"});
        vec![
            ("servicePrincipal", of(principal, gone)),
            ("servicePrincipal", json!({"id": "res", "appId": "api", "displayName": "API"})),
            ("appRoleAssignment", right),
        ]
    };
    let plan = Case::new(application(false), application(true)).plan();
    assert_eq!(ids(guard(&plan, "grants-privilege")), ["sp"]);
}

#[test]
fn a_rule_that_decides_who_has_power_or_is_excluded_is_seen() {
    let with = |rule: &str| {
        let group = changed(
            group("g", &["ann"]),
            json!({"membershipRule": rule, "groupTypes": ["DynamicMembership"]}),
        );
        let users = json!({"includeUsers": ["All"], "excludeGroups": ["g"]});
        let policy =
            json!({"id": "ca", "displayName": "P", "state": "enabled", "conditions": {"users": users}});
        [
            people(),
            vec![("group", group), role("r1", "g"), role("r2", "bob"), ("conditionalAccessPolicy", policy)],
        ]
        .concat()
    };
    let mut case = Case::new(with("a"), with("b"));
    case.break_glass = vec!["ann".to_owned()];
    let plan = case.plan();
    assert_eq!(names(&plan), ["break-glass", "grants-privilege"]);
    assert_eq!(ids(guard(&plan, "grants-privilege")), ["g"]);
}
