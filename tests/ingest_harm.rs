//! Recoveries of the twin that could do harm: what they end with, when Graph merges, refuses and lets things end.

use ingest::apply::{RecoveryStatus, RecoverySummary, StepStatus, recovery_steps, undo_plan};
use ingest::plan::{Plan, PlanOptions, StepKind};
use serde_json::{Value, json};
use twin::Actor;

use crate::incident::{cloud_users, objects, set};
use crate::ingest_backup::{Keeper, ids};
use crate::ingest_recovery::{allowing, context, plan_between, plan_with, recovered};
use crate::tenant::Tenant;

const ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A tenant with a store of it.
struct Scene {
    tenant: Tenant,
    keeper: Keeper,
}

impl Scene {
    fn new() -> Self {
        Self { tenant: Tenant::new(300, 5), keeper: Keeper::new() }
    }

    fn put(&self, token: &str, object: &Value) {
        assert!(self.tenant.server.put(Actor::Caller, token, &object.to_string()), "{token} {object}");
    }

    fn object(&self, token: &str, id: &str) -> Value {
        serde_json::from_str(&self.tenant.server.object(token, id).unwrap()).unwrap()
    }

    /// The plan that brings the last backup but one back.
    fn plan(&self, options: PlanOptions) -> Plan {
        plan_with(&self.keeper.store, &self.tenant, options)
    }

    fn apply(&mut self, plan: &Plan) -> RecoverySummary {
        recovered(&mut self.keeper, &self.tenant, plan, &allowing([1; 32]))
    }
}

#[test]
fn the_one_that_took_a_client_id_goes_before_the_one_that_had_it_comes_back() {
    let mut scene = Scene::new();
    let [app, old, new, client] =
        ["a1", "a2", "a3", "a4"].map(|end| format!("abcdef00-0000-4000-8000-0000000000{end}"));
    let principal =
        |id: &str| json!({"id": id, "appId": client, "displayName": "Payroll", "accountEnabled": true});
    scene.put("application", &json!({"id": app, "appId": client, "displayName": "Payroll"}));
    scene.put("servicePrincipal", &principal(&old));
    scene.keeper.back_up(&scene.tenant);
    let server = &scene.tenant.server;
    assert!(server.delete(Actor::Caller, "application", &app));
    assert!(server.restore(Actor::Caller, "application", &app));
    scene.put("servicePrincipal", &principal(&new));
    scene.keeper.back_up(&scene.tenant);
    // Without the option nothing is deleted, and it says who is in the way.
    let plan = scene.plan(PlanOptions::default());
    let skipped = plan.skipped.iter().find(|skipped| skipped.object.id == old).unwrap();
    assert!(skipped.reason.contains(&new) && plan.steps.is_empty(), "{:#?}", plan.steps);
    let plan = scene.plan(PlanOptions { soft_delete: true, ..PlanOptions::default() });
    let summary = scene.apply(&plan);
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    assert_eq!(scene.object("servicePrincipal", &old)["deletedDateTime"], Value::Null);
    assert_ne!(scene.object("servicePrincipal", &new)["deletedDateTime"], Value::Null);
}

#[test]
fn a_property_that_is_refused_holds_back_no_other() {
    let mut scene = Scene::new();
    let app = "abcdef00-0000-4000-8000-0000000000b1";
    let of = |uri: &str, redirect: &str, notes: &str| {
        json!({"id": app, "appId": "abcdef00-0000-4000-8000-0000000000b2", "displayName": "Shop",
            "identifierUris": [uri], "web": {"redirectUris": [redirect]}, "notes": notes})
    };
    scene.put("application", &of("https://legacy.example.net/shop", "https://shop.example.net", "ours"));
    scene.keeper.back_up(&scene.tenant);
    set(
        &scene.tenant,
        "application",
        app,
        &of("api://abcdef00-0000-4000-8000-0000000000b2", "https://evil.example.net", "theirs"),
    );
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let summary = scene.apply(&plan);
    assert_eq!((summary.status, summary.failed), (RecoveryStatus::CompletedWithWarnings, 1), "{summary:?}");
    let now = scene.object("application", app);
    assert_eq!(
        (&now["web"]["redirectUris"][0], &now["notes"]),
        (&json!("https://shop.example.net"), &json!("ours"))
    );
    let steps = recovery_steps(&scene.keeper.store, &summary.id).unwrap();
    let failed: Vec<_> = steps.iter().filter(|step| step.status == StepStatus::Failed).collect();
    assert_eq!(failed.len(), 1);
}

#[test]
fn a_role_that_ended_on_a_day_comes_back_until_that_day_and_goes_then() {
    let mut scene = Scene::new();
    let ann = cloud_users(&scene.tenant)[5].clone();
    let role = objects(&scene.tenant, "roleDefinition");
    let role =
        role.iter().find(|role| role["isBuiltIn"] == true && role["id"] != ADMINISTRATOR).unwrap()["id"]
            .clone();
    let key = json!({"principalId": ann, "roleDefinitionId": role, "directoryScopeId": "/"});
    let with = |more: Value| {
        let mut object = key.clone();
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let info = json!({"startDateTime": "2026-11-22T09:00:00Z",
        "expiration": {"type": "afterDateTime", "endDateTime": "2026-11-22T12:00:00Z"}});
    scene.put("roleAssignment", &with(json!({"id": "mirror"})));
    scene.put(
        "roleAssignmentSchedule",
        &with(json!({"id": "timed", "assignmentType": "Assigned",
        "memberType": "Direct", "scheduleInfo": info})),
    );
    let own = |scene: &Scene, token: &str| {
        let found = objects(&scene.tenant, token);
        found.iter().filter(|object| object["principalId"] == json!(ann)).count()
    };
    let standing = own(&scene, "roleAssignment") - 1;
    scene.keeper.back_up(&scene.tenant);
    assert!(scene.tenant.server.delete(Actor::Caller, "roleAssignment", "mirror"));
    assert!(scene.tenant.server.delete(Actor::Caller, "roleAssignmentSchedule", "timed"));
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let summary = scene.apply(&plan);
    assert_eq!(summary.failed, 0, "{summary:?}");
    let made = objects(&scene.tenant, "roleAssignmentSchedule");
    assert_eq!(made.iter().find(|object| object["principalId"] == json!(ann)).unwrap()["scheduleInfo"], info);
    assert_eq!(own(&scene, "roleAssignment"), standing + 1);
    scene.tenant.clock.advance_ms(3 * 3_600_000);
    scene.keeper.back_up(&scene.tenant);
    assert_eq!((own(&scene, "roleAssignment"), own(&scene, "roleAssignmentSchedule")), (standing, 0));
}

#[test]
fn what_an_intruder_put_inside_a_complex_value_is_cleared() {
    let mut scene = Scene::new();
    let ann = cloud_users(&scene.tenant)[5].clone();
    let kind = "#microsoft.graph.customSecurityAttributeValue";
    let of = |more: Value, sets: Value| json!({"employeeOrgData": more, "customSecurityAttributes": sets});
    set(
        &scene.tenant,
        "user",
        &ann,
        &of(json!({"division": "A"}), json!({"E": {"@odata.type": kind, "L": "1"}})),
    );
    scene.keeper.back_up(&scene.tenant);
    let evil =
        json!({"E": {"@odata.type": kind, "L": "1", "C": "top"}, "S": {"@odata.type": kind, "Door": true}});
    set(&scene.tenant, "user", &ann, &of(json!({"division": "A", "costCenter": "evil"}), evil));
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let summary = scene.apply(&plan);
    assert_eq!(summary.failed, 0, "{summary:?}");
    let now = scene.object("user", &ann);
    assert_eq!(now["employeeOrgData"], json!({"division": "A", "costCenter": null}));
    assert_eq!(now["customSecurityAttributes"], json!({"E": {"@odata.type": kind, "L": "1"}}));
}

#[test]
fn a_policy_that_enforces_is_written_whole_or_not_at_all() {
    let policy = "abcdef00-0000-4000-8000-0000000000c1";
    let of = |excluded: &[&str], control: &str, state: &str| {
        json!({"id": policy, "displayName": "Guard", "state": state,
            "conditions": {"clientAppTypes": ["all"], "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"], "excludeUsers": excluded}},
            "grantControls": {"operator": "OR", "builtInControls": [control]}})
    };
    // Nobody has this account any more, so that Graph refuses the conditions.
    let gone = "abcdef00-0000-4000-8000-0000000000c2";
    for (state, control) in [("enabled", "mfa"), ("disabled", "block")] {
        let mut scene = Scene::new();
        scene.put("conditionalAccessPolicy", &of(&[gone], "block", state));
        scene.keeper.back_up(&scene.tenant);
        set(&scene.tenant, "conditionalAccessPolicy", policy, &of(&[], "mfa", "enabled"));
        scene.keeper.back_up(&scene.tenant);
        let plan = scene.plan(PlanOptions::default());
        let summary = scene.apply(&plan);
        assert_eq!(summary.failed, 1, "{state}: {summary:?}");
        let now = scene.object("conditionalAccessPolicy", policy);
        assert_eq!(now["state"], state);
        assert_eq!(now["grantControls"]["builtInControls"], json!([control]), "{state}");
        assert_eq!(now["conditions"]["users"]["excludeUsers"], json!([]), "{state}");
    }
}

#[test]
fn what_was_changed_beside_a_value_that_is_put_back_stays_where_an_update_replaces_the_whole() {
    const POLICY: &str = "deviceRegistrationPolicy";
    let mut scene = Scene::new();
    let id = ids(&scene.tenant, POLICY)[0].clone();
    let original = scene.object(POLICY, &id);
    scene.keeper.back_up(&scene.tenant);
    set(&scene.tenant, POLICY, &id, &json!({"userDeviceQuota": 999}));
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let [step] = &plan.steps[..] else { panic!("{:#?}", plan.steps) };
    assert_eq!((step.kind, &*step.request.method), (StepKind::Update, "PUT"));
    // The request would take this back, and nothing that the step shows says so.
    set(&scene.tenant, POLICY, &id, &json!({"multiFactorAuthConfiguration": "required"}));
    let summary = scene.apply(&plan);
    assert_eq!((summary.status, summary.conflicts), (RecoveryStatus::Failed, 1), "{summary:?}");
    let now = scene.object(POLICY, &id);
    assert_eq!(
        (&now["userDeviceQuota"], &now["multiFactorAuthConfiguration"]),
        (&json!(999), &json!("required"))
    );
    // Against what stands now, nothing but the quota changes.
    scene.keeper.back_up(&scene.tenant);
    let first = scene.keeper.store.backups()[0].id;
    let options = PlanOptions { attributes: vec!["userDeviceQuota".to_owned()], ..PlanOptions::default() };
    let mut plan = plan_between(&scene.keeper.store, &scene.tenant, &first, options);
    "kkkkkkkkkkkkkkkk".clone_into(&mut plan.plan_id);
    plan.seal(&scene.keeper.store);
    let summary = recovered(&mut scene.keeper, &scene.tenant, &plan, &allowing([2; 32]));
    assert_eq!((summary.status, summary.failed), (RecoveryStatus::Completed, 0), "{summary:?}");
    let now = scene.object(POLICY, &id);
    assert_eq!(now["userDeviceQuota"], original["userDeviceQuota"]);
    assert_eq!(now["multiFactorAuthConfiguration"], "required");
    assert_eq!(now["azureADJoin"], original["azureADJoin"]);
}

#[test]
fn links_that_were_made_before_one_was_refused_are_counted_and_undone() {
    let mut scene = Scene::new();
    let group = "abcdef00-0000-4000-8000-0000000000d1";
    let users = cloud_users(&scene.tenant)[3..6].to_vec();
    scene.put(
        "group",
        &json!({"id": group, "displayName": "Payroll", "securityEnabled": true, "mailEnabled": false,
            "mailNickname": "payroll", "groupTypes": []}),
    );
    let server = &scene.tenant.server;
    assert!(users.iter().all(|user| server.link(Actor::Caller, group, "members", user)));
    scene.keeper.back_up(&scene.tenant);
    let server = &scene.tenant.server;
    assert!(users.iter().all(|user| server.unlink(Actor::Caller, group, "members", user)));
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let step = plan.steps.iter().find(|step| step.kind == StepKind::AddLink && step.object.id == group);
    assert_eq!(step.unwrap().links.len(), 3);
    // One of them goes for good before the plan is applied.
    let server = &scene.tenant.server;
    assert!(
        server.delete(Actor::Caller, "user", &users[1]) && server.purge(Actor::Caller, "user", &users[1])
    );
    let summary = scene.apply(&plan);
    assert_eq!((summary.failed, summary.modified_links), (1, 2), "{summary:?}");
    let steps = recovery_steps(&scene.keeper.store, &summary.id).unwrap();
    let outcome = steps.iter().find(|outcome| outcome.status == StepStatus::Failed).unwrap();
    let of = |links: &Value| {
        let ids = links.as_array().unwrap().iter().map(|link| link["targetId"].as_str().unwrap().to_owned());
        ids.collect::<std::collections::BTreeSet<String>>()
    };
    let made: std::collections::BTreeSet<String> = [users[0].clone(), users[2].clone()].into();
    assert_eq!((of(&outcome.links), outcome.written.as_slice()), (made, &["members".to_owned()][..]));
    let now = summary.completed.unwrap();
    let undo = undo_plan(&scene.keeper.store, &summary.id, &context(&scene.tenant, now, [4; 32])).unwrap();
    undo.check_steps().unwrap();
    let step = undo.steps.iter().find(|step| step.object.id == group).unwrap();
    assert_eq!((step.kind, of(&json!(step.links)).len()), (StepKind::RemoveLink, 2));
}

#[test]
fn undoing_a_recovery_is_guarded_although_no_backup_knows_what_it_did() {
    let mut scene = Scene::new();
    let ann = cloud_users(&scene.tenant)[5].clone();
    let policies = objects(&scene.tenant, "conditionalAccessPolicy");
    let policy = policies.iter().find(|policy| policy["state"] == "enabled").unwrap()["id"].clone();
    let policy = policy.as_str().unwrap();
    let put = |scene: &Scene, is_on: bool, state: &str| {
        set(&scene.tenant, "user", &ann, &json!({"accountEnabled": is_on}));
        set(&scene.tenant, "conditionalAccessPolicy", policy, &json!({"state": state}));
    };
    put(&scene, false, "enabled");
    scene.keeper.back_up(&scene.tenant);
    put(&scene, true, "disabled");
    scene.keeper.back_up(&scene.tenant);
    let plan = scene.plan(PlanOptions::default());
    let summary = scene.apply(&plan);
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    let now = summary.completed.unwrap();
    let undo = undo_plan(&scene.keeper.store, &summary.id, &context(&scene.tenant, now, [4; 32])).unwrap();
    for (name, id) in [("re-enables-account", ann.as_str()), ("policy-off", policy)] {
        let guard = undo.guards.iter().find(|guard| guard.name == name);
        let is_named = guard.is_some_and(|guard| guard.objects.iter().any(|object| object.id == id));
        assert!(is_named, "{name}: {:?}", undo.guards);
    }
}
