//! What Graph shows of an object only when that one is asked for: backed up, told apart from what may not be read, and
//! put back element by element.

use engine::coverage::GapScope;
use engine::{DifferenceFilter, Store};
use ingest::apply::{RecoveryStatus, RecoverySummary, undo_plan};
use ingest::plan::{Identity, Plan, PlanContext, PlanInput, PlanOptions, StepKind, make};
use ingest::pull::{BackupReport, BackupRequest};
use serde_json::{Value, json};
use twin::Actor;

use crate::incident::{objects, set};
use crate::ingest_backup::{Keeper, request, tenant_objects};
use crate::ingest_recovery::{allowing, context, plan_with, recovered};
use crate::tenant::Tenant;

const STRENGTH: &str = "abcdef00-0000-4000-8000-0000000000a1";
const CATALOG: &str = "abcdef00-0000-4000-8000-0000000000c1";
const PACKAGE: &str = "abcdef00-0000-4000-8000-0000000000c2";
const ASSIGNMENT: &str = "abcdef00-0000-4000-8000-0000000000c3";
const OWN: &str = "own-consent";

/// An element of a collection below an object, without its ID.
fn key(kind: &str, part: &str) -> Value {
    match kind {
        "combinationConfigurations" => {
            json!({"@odata.type": "#microsoft.graph.fido2CombinationConfiguration",
            "allowedAAGUIDs": [part], "appliesToCombinations": ["fido2"]})
        }
        "resourceRoleScopes" => json!({
            "role": {"displayName": "Member", "originSystem": "AadGroup", "originId": format!("Member_{part}"),
                "resource": {"id": format!("resource-{part}"), "originId": part, "originSystem": "AadGroup"}},
            "scope": {"originId": part, "originSystem": "AadGroup", "isRootScope": true}}),
        "delegatedPermissionClassifications" => {
            json!({"permissionId": part, "permissionName": format!("{part}.Read"), "classification": "low"})
        }
        _ => json!({"permissionType": "delegated", "permissionClassification": "low", "permissions": [part]}),
    }
}

fn element(kind: &str, id: &str, part: &str) -> Value {
    let mut element = key(kind, part);
    element["id"] = id.into();
    element
}

/// An element that can stand beside all others: of keys there is one restriction.
fn other(kind: &str) -> Value {
    let mut other = element(kind, "e9", "evil");
    if kind == "combinationConfigurations" {
        other = json!({"@odata.type": "#microsoft.graph.x509CertificateCombinationConfiguration", "id": "e9",
            "allowedIssuerSkis": ["evil"], "appliesToCombinations": ["x509CertificateMultiFactor"]});
    }
    other
}

/// Types with collections below their objects: token, an object without elements, its ID, the collection.
fn kinds() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let strength = json!({"id": STRENGTH, "displayName": "Keys", "policyType": "custom",
        "requirementsSatisfied": "mfa", "allowedCombinations": ["fido2"]});
    let consent = json!({"id": OWN, "displayName": "Own"});
    let package = json!({"id": PACKAGE, "displayName": "Starter", "catalog": {"id": CATALOG}});
    vec![
        ("authenticationStrengthPolicy", strength, STRENGTH, "combinationConfigurations"),
        ("permissionGrantPolicy", consent.clone(), OWN, "includes"),
        ("permissionGrantPolicy", consent, OWN, "excludes"),
        ("accessPackage", package, PACKAGE, "resourceRoleScopes"),
    ]
}

/// Backs up the types of [`kinds`]; those of entitlement management are read only when they are named.
fn back_up(keeper: &mut Keeper, tenant: &Tenant) -> BackupReport {
    let types = [
        "organization",
        "authenticationStrengthPolicy",
        "permissionGrantPolicy",
        "accessPackage",
        "accessPackageCatalog",
        "accessPackageAssignmentPolicy",
    ];
    let types = types.map(str::to_owned).to_vec();
    keeper.back_up_as(tenant, &BackupRequest { types, ..request() })
}

/// Fails where the store has objects of a type other than the tenant's.
fn expect_equal(keeper: &Keeper, tenant: &Tenant, token: &str) {
    let of_type = |mut objects: std::collections::BTreeMap<(String, String), Value>| {
        objects.retain(|(of, _), _| of == token);
        objects
    };
    assert_eq!(of_type(keeper.objects()), of_type(tenant_objects(tenant)));
}

fn put(tenant: &Tenant, token: &str, object: &Value) {
    assert!(tenant.server.put(Actor::Caller, token, &object.to_string()), "{token} {object}");
}

fn tenant() -> Tenant {
    let tenant = Tenant::new(200, 5);
    put(
        &tenant,
        "accessPackageCatalog",
        &json!({"id": CATALOG, "displayName": "General", "state": "published"}),
    );
    tenant
}

fn with(mut object: Value, name: &str, list: Value) -> Value {
    object[name] = list;
    object
}

/// What a collection below an object says, without the IDs that the server gives.
fn said(tenant: &Tenant, token: &str, id: &str, name: &str) -> Vec<String> {
    let object: Value = serde_json::from_str(&tenant.server.object(token, id).unwrap()).unwrap();
    said_in(&object[name])
}

fn said_in(list: &Value) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for element in list.as_array().into_iter().flatten() {
        let mut element = element.clone();
        element.as_object_mut().unwrap().remove("id");
        said.push(element.to_string());
    }
    said.sort();
    said
}

fn gaps(store: &Store) -> Vec<(String, GapScope)> {
    let coverage = store.coverage(&store.backups().last().unwrap().id).unwrap();
    let gaps = coverage.types.into_values().flat_map(|of_type| of_type.gaps);
    gaps.map(|gap| (gap.type_token, gap.scope)).collect()
}

fn applied(keeper: &mut Keeper, tenant: &Tenant, plan: &Plan, seed: u8) -> RecoverySummary {
    let summary = recovered(keeper, tenant, plan, &allowing([seed; 32]));
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    summary
}

#[test]
fn what_is_part_of_an_object_below_it_is_backed_up_put_back_and_undone() {
    for (token, object, id, name) in kinds() {
        let before =
            json!([element(name, "e1", "one"), element(name, "e2", "two"), element(name, "e3", "three")]);
        let before = if token == "authenticationStrengthPolicy" { json!([before[0]]) } else { before };
        for after in [
            json!([]),
            json!([element(name, "e1", "evil")]),
            json!([element(name, "e9", "evil")]),
            json!([element(name, "e8", "one"), other(name)]),
        ] {
            let case = format!("{token}.{name} became {after}");
            let (tenant, mut keeper) = (tenant(), Keeper::new());
            put(&tenant, token, &with(object.clone(), name, before.clone()));
            back_up(&mut keeper, &tenant);
            expect_equal(&keeper, &tenant, token);
            set(&tenant, token, id, &json!({name: after}));
            assert_eq!(back_up(&mut keeper, &tenant).summary.updated, 1, "{case}");
            expect_equal(&keeper, &tenant, token);
            let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
            assert_eq!(plan.skipped, [], "{case}");
            let summary = applied(&mut keeper, &tenant, &plan, 1);
            assert_eq!(said(&tenant, token, id, name), said_in(&before), "{case}");
            // A new ID alone is no difference.
            back_up(&mut keeper, &tenant);
            let ids: Vec<engine::BackupId> = keeper.store.backups().iter().map(|backup| backup.id).collect();
            let left = keeper.store.difference(&ids[0], &ids[2], &DifferenceFilter::default()).unwrap();
            assert!(left.is_empty(), "{case}: {left:?}");
            let undo =
                undo_plan(&keeper.store, &summary.id, &context(&tenant, summary.completed.unwrap(), [4; 32]));
            let undo = undo.unwrap();
            assert_eq!(undo.skipped, [], "{case}");
            applied(&mut keeper, &tenant, &undo, 5);
            assert_eq!(said(&tenant, token, id, name), said_in(&after), "{case}");
        }
    }
}

#[test]
fn what_is_made_again_is_not_weaker_than_it_was() {
    for (token, object, id, name) in kinds() {
        let (tenant, mut keeper) = (tenant(), Keeper::new());
        let elements = json!([element(name, "e1", "one")]);
        put(&tenant, token, &with(object, name, elements.clone()));
        back_up(&mut keeper, &tenant);
        assert!(tenant.server.purge(Actor::Caller, token, id), "{token}");
        back_up(&mut keeper, &tenant);
        let plan =
            plan_with(&keeper.store, &tenant, PlanOptions { recreate: true, ..PlanOptions::default() });
        applied(&mut keeper, &tenant, &plan, 1);
        let made = objects(&tenant, token);
        let made: Vec<&Value> = made.iter().filter(|made| !said_in(&made[name]).is_empty()).collect();
        assert_eq!(made.len(), 1, "{token}.{name}");
        assert_eq!(said_in(&made[0][name]), said_in(&elements));
    }
}

#[test]
fn what_may_not_be_read_below_an_object_is_a_gap_and_never_its_end() {
    for (token, object, _, name) in kinds() {
        let part = if token == "accessPackage" { "$expand=catalog" } else { name };
        for status in ["403", "404", "500"] {
            let case = format!("{token}.{name} {status}");
            let fault = format!("status-{status}={part}*1000");
            let (tenant, mut keeper) = (tenant(), Keeper::new());
            put(&tenant, token, &with(object.clone(), name, json!([element(name, "e1", "one")])));
            back_up(&mut keeper, &tenant);
            tenant.set_faults(&fault);
            let report = back_up(&mut keeper, &tenant);
            let changes = report.summary.added + report.summary.updated + report.summary.deleted;
            assert_eq!(changes, 0, "{case}");
            let expected = (token.to_owned(), GapScope::Property(name.to_owned()));
            assert!(gaps(&keeper.store).contains(&expected), "{case}: {:?}", report.summary.warnings);
            expect_equal(&keeper, &tenant, token);
            tenant.set_faults("");
            let report = back_up(&mut keeper, &tenant);
            assert_eq!((report.summary.updated, report.summary.warnings), (0, Vec::new()), "{case}");
            // A backup that never saw it says nothing of it, and no plan takes it away.
            let mut blind = Keeper::new();
            tenant.set_faults(&fault);
            back_up(&mut blind, &tenant);
            tenant.set_faults("");
            back_up(&mut blind, &tenant);
            expect_equal(&blind, &tenant, token);
            let plan = plan_with(&blind.store, &tenant, PlanOptions::default());
            assert!(plan.steps.is_empty(), "{case}: {:#?}", plan.steps);
        }
    }
}

#[test]
fn a_package_hangs_from_its_catalog_and_its_policies_from_it() {
    let (tenant, mut keeper) = (tenant(), Keeper::new());
    let roles = json!([element("resourceRoleScopes", "e1", "one")]);
    put(
        &tenant,
        "accessPackage",
        &json!({"id": PACKAGE, "displayName": "Starter", "catalog": {"id": CATALOG}, "resourceRoleScopes": roles}),
    );
    put(
        &tenant,
        "accessPackageAssignmentPolicy",
        &json!({"id": ASSIGNMENT, "displayName": "Everybody", "accessPackage": {"id": PACKAGE}}),
    );
    back_up(&mut keeper, &tenant);
    expect_equal(&keeper, &tenant, "accessPackage");
    expect_equal(&keeper, &tenant, "accessPackageAssignmentPolicy");
    for (token, id) in [("accessPackageAssignmentPolicy", ASSIGNMENT), ("accessPackage", PACKAGE)] {
        assert!(tenant.server.purge(Actor::Caller, token, id));
    }
    back_up(&mut keeper, &tenant);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions { recreate: true, ..PlanOptions::default() });
    let made = plan.steps.iter().find(|step| step.object.id == PACKAGE).unwrap();
    assert_eq!((made.kind, &made.request.body["catalog"]), (StepKind::Recreate, &json!({"id": CATALOG})));
    applied(&mut keeper, &tenant, &plan, 1);
    let package = &objects(&tenant, "accessPackage")[0];
    let policy = &objects(&tenant, "accessPackageAssignmentPolicy")[0];
    assert_eq!(policy["accessPackage"]["id"], package["id"]);
    assert_eq!(said_in(&package["resourceRoleScopes"]), said_in(&roles));
}

#[test]
fn a_role_whose_resource_graph_does_not_show_is_read_and_told_as_not_made_again() {
    let (tenant, mut keeper) = (tenant(), Keeper::new());
    let roles = json!([element("resourceRoleScopes", "e1", "one")]);
    put(
        &tenant,
        "accessPackage",
        &json!({"id": PACKAGE, "displayName": "Starter", "catalog": {"id": CATALOG}, "resourceRoleScopes": roles}),
    );
    tenant.set_faults("status-400=$expand=resource*1000");
    assert_eq!(back_up(&mut keeper, &tenant).summary.warnings, []);
    set(&tenant, "accessPackage", PACKAGE, &json!({"resourceRoleScopes": []}));
    assert_eq!(back_up(&mut keeper, &tenant).summary.updated, 1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert!(plan.steps.is_empty());
    assert!(plan.skipped[0].reason.contains("resource was not observed"), "{:?}", plan.skipped);
}

#[test]
fn a_policy_that_its_bin_keeps_from_applications_is_made_again() {
    let (tenant, mut keeper) = (Tenant::new(300, 5), Keeper::new());
    let policy =
        objects(&tenant, "conditionalAccessPolicy").into_iter().find(|policy| policy["state"] == "enabled");
    let policy = policy.unwrap();
    let id = policy["id"].as_str().unwrap();
    keeper.back_up(&tenant);
    assert!(tenant.server.delete(Actor::Caller, "conditionalAccessPolicy", id));
    keeper.back_up(&tenant);
    tenant.set_faults("policy-bin-for-people");
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    assert_eq!((summary.status, summary.failed), (RecoveryStatus::Failed, 1), "{summary:?}");
    let plan = as_application(&keeper, &tenant);
    assert!(plan.steps.iter().any(|step| step.kind == StepKind::Recreate && step.object.id == id));
    applied(&mut keeper, &tenant, &plan, 2);
    let now = objects(&tenant, "conditionalAccessPolicy");
    let made = now.iter().find(|made| made["displayName"] == policy["displayName"]).unwrap();
    assert_eq!((&made["state"], &made["conditions"]), (&policy["state"], &policy["conditions"]));
    assert_ne!(made["id"], policy["id"]);
}

/// The plan of an application that makes again what does not come back otherwise.
fn as_application(keeper: &Keeper, tenant: &Tenant) -> Plan {
    let store = &keeper.store;
    let [.., from, to] = store.backups() else { panic!("two backups are needed") };
    let identity = Identity { app_id: Some(tenant.server.client_id().to_owned()), ..Identity::default() };
    let mut plan = make(PlanInput {
        changes: store.difference(&from.id, &to.id, &DifferenceFilter::default()).unwrap(),
        unread: Vec::new(),
        from: store.snapshot(&from.id).unwrap(),
        to: store.snapshot(&to.id).unwrap(),
        live: None,
        selection: None,
        options: PlanOptions { recreate: true, ..PlanOptions::default() },
        context: PlanContext { identity, ..context(tenant, to.taken_at, [9; 32]) },
    })
    .unwrap();
    plan.seal(store);
    plan
}

#[test]
fn a_property_that_graph_does_not_know_stays_marked_until_it_is_read() {
    let (tenant, mut keeper) = (Tenant::new(300, 5), Keeper::new());
    keeper.back_up(&tenant);
    let expected = ("user".to_owned(), GapScope::Property("state".to_owned()));
    tenant.set_faults("unknown-property=state");
    let full = BackupRequest { full: true, ..request() };
    keeper.back_up_as(&tenant, &full);
    let user = objects(&tenant, "user")[0]["id"].as_str().unwrap().to_owned();
    for round in 0..3 {
        if round == 1 {
            set(&tenant, "user", &user, &json!({"department": "Moved", "state": "Bavaria"}));
        }
        let report = keeper.back_up(&tenant);
        assert!(!report.full && report.ways["user"] == "changes", "{round}: {:?}", report.ways["user"]);
        assert!(gaps(&keeper.store).contains(&expected), "{round}: {:?}", report.summary.warnings);
    }
    tenant.set_faults("");
    let report = keeper.back_up(&tenant);
    assert_eq!(report.summary.warnings, []);
    keeper.expect_equal(&tenant);
    assert!(!keeper.back_up(&tenant).ways.is_empty() && !gaps(&keeper.store).contains(&expected));
}

/// A service principal on which somebody was granted something, and its classifications.
fn granted(tenant: &Tenant) -> String {
    objects(tenant, "oauth2PermissionGrant")[0]["resourceId"].as_str().unwrap().to_owned()
}

#[test]
fn classifications_are_read_of_what_grants_lead_to_and_put_back() {
    const NAME: &str = "delegatedPermissionClassifications";
    let (tenant, mut keeper) = (Tenant::new(1_500, 11), Keeper::new());
    let api = granted(&tenant);
    let before = json!([element(NAME, "oneE", "one"), element(NAME, "twoE", "two")]);
    set(&tenant, "servicePrincipal", &api, &json!({NAME: before}));
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
    let after = json!([element(NAME, "twoE", "two"), element(NAME, "evilE", "evil")]);
    set(&tenant, "servicePrincipal", &api, &json!({NAME: after}));
    let report = keeper.back_up(&tenant);
    assert_eq!((report.ways["servicePrincipal"], report.summary.updated), ("changes", 1));
    keeper.expect_equal(&tenant);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert_eq!(plan.permissions, ["Policy.ReadWrite.PermissionGrant"]);
    applied(&mut keeper, &tenant, &plan, 1);
    assert_eq!(said(&tenant, "servicePrincipal", &api, NAME), said_in(&before));
    tenant.set_faults(&format!("status-403={NAME}*1000"));
    keeper.back_up(&tenant);
    let report = keeper.back_up(&tenant);
    assert_eq!(report.summary.updated, 0);
    assert!(
        gaps(&keeper.store).contains(&("servicePrincipal".to_owned(), GapScope::Property(NAME.to_owned())))
    );
}

#[test]
fn security_attributes_of_service_principals_are_read_kept_and_put_back() {
    let (tenant, mut keeper) = (Tenant::new(300, 5), Keeper::new());
    let id = objects(&tenant, "servicePrincipal")[0]["id"].as_str().unwrap().to_owned();
    let tier = |value: &str| {
        json!({"customSecurityAttributes": {"Risk": {"@odata.type": "#microsoft.graph.customSecurityAttributeValue",
            "Tier": value}}})
    };
    set(&tenant, "servicePrincipal", &id, &tier("high"));
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
    tenant.set_faults(
        "no-permission=CustomSecAttributeAssignment.Read.All,no-permission=CustomSecAttributeAssignment.ReadWrite.All",
    );
    let report = keeper.back_up(&tenant);
    assert_eq!((report.summary.updated, report.summary.deleted), (0, 0));
    let expected = ("servicePrincipal".to_owned(), GapScope::Property("customSecurityAttributes".to_owned()));
    assert!(gaps(&keeper.store).contains(&expected), "{:?}", report.summary.warnings);
    keeper.expect_equal(&tenant);
    tenant.set_faults("");
    assert_eq!(keeper.back_up(&tenant).summary.warnings, []);
    set(&tenant, "servicePrincipal", &id, &tier("low"));
    assert_eq!(keeper.back_up(&tenant).summary.updated, 1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    applied(&mut keeper, &tenant, &plan, 1);
    let now: Value = serde_json::from_str(&tenant.server.object("servicePrincipal", &id).unwrap()).unwrap();
    assert_eq!(now["customSecurityAttributes"]["Risk"]["Tier"], "high");
}
