//! Recoveries of the twin: planned, applied, stopped anywhere and resumed, undone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::{DifferenceFilter, Store};
use ingest::apply::{
    ApplyRequest, OnConflict, RecoveryStatus, RecoverySummary, StepStatus, apply, recoveries, recovery_steps,
    resume, undo_plan,
};
use ingest::graph::{Access, Client};
use ingest::plan::{GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, make};
use serde_json::Value;
use twin::Actor;

use crate::ingest_backup::{Keeper, ids};
use crate::tenant::Tenant;

fn writer(tenant: &Tenant) -> Client {
    tenant.client_with(|settings| settings.access = Access::ReadWrite)
}

/// The plan that brings back the last backup but one where the newest still stands.
fn plan_with(store: &Store, tenant: &Tenant, options: PlanOptions) -> Plan {
    let [.., from, _] = store.backups() else { panic!("two backups are needed") };
    plan_between(store, tenant, &from.id.clone(), options)
}

fn recovered(
    keeper: &mut Keeper,
    tenant: &Tenant,
    plan: &Plan,
    request: &ApplyRequest<'_>,
) -> RecoverySummary {
    apply(&mut keeper.store, &writer(tenant), plan, request, &()).unwrap()
}

fn cloud_users(tenant: &Tenant) -> Vec<String> {
    let is_cloud = |id: &String| {
        let user: Value = serde_json::from_str(&tenant.server.object("user", id).unwrap()).unwrap();
        user["onPremisesSyncEnabled"] != Value::Bool(true)
    };
    ids(tenant, "user").into_iter().filter(is_cloud).collect()
}

/// Puts some properties of an object as an attacker would.
fn set(tenant: &Tenant, token: &str, id: &str, properties: &[(&str, Value)]) {
    let mut object: Value = serde_json::from_str(&tenant.server.object(token, id).unwrap()).unwrap();
    for (name, value) in properties {
        object[*name] = value.clone();
    }
    assert!(tenant.server.put(Actor::Caller, token, &object.to_string()), "{token} {id}");
}

/// What happens to the tenant between the two backups.
fn incident(tenant: &Tenant) {
    let (users, groups) = (cloud_users(tenant), ids(tenant, "group"));
    for user in &users[..40] {
        set(tenant, "user", user, &[("department", "Hacked".into()), ("jobTitle", Value::Null)]);
    }
    for user in &users[50..55] {
        assert!(tenant.server.delete(Actor::Caller, "user", user));
    }
    let mut cut = 0;
    for group in &groups {
        let value: Value = serde_json::from_str(&tenant.server.object("group", group).unwrap()).unwrap();
        let is_plain = value["groupTypes"].as_array().is_none_or(Vec::is_empty)
            && value["onPremisesSyncEnabled"] != Value::Bool(true)
            && value["mailEnabled"] != Value::Bool(true);
        let members = value["members"].as_array().cloned().unwrap_or_default();
        if is_plain && members.len() > 2 && cut < 5 {
            cut += 1;
            for member in members.iter().take(3) {
                assert!(tenant.server.unlink(Actor::Caller, group, "members", member.as_str().unwrap()));
            }
        }
    }
    assert_eq!(cut, 5, "the tenant must have groups to take members from");
}

/// A tenant after an incident, with a backup before and one after it.
fn after_incident(
    change: impl FnOnce(&mut twin::Options),
) -> (Tenant, Keeper, BTreeMap<(String, String), Value>) {
    let tenant = Tenant::with(1_500, 11, change);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let before = crate::ingest_backup::tenant_objects(&tenant);
    incident(&tenant);
    keeper.back_up(&tenant);
    (tenant, keeper, before)
}

/// Fails where the tenant is not as it was.
fn expect_as_before(tenant: &Tenant, before: &BTreeMap<(String, String), Value>) {
    let now = crate::ingest_backup::tenant_objects(tenant);
    let differing: Vec<String> = before
        .iter()
        .filter(|(name, object)| now.get(*name) != Some(object))
        .map(|(name, object)| format!("{name:?}: was {object}, is {:?}", now.get(name)))
        .collect();
    assert!(differing.is_empty(), "{} differ: {:#?}", differing.len(), &differing[..differing.len().min(3)]);
    assert_eq!(now.len(), before.len());
}

#[test]
fn an_incident_is_undone_and_its_undoing_too() {
    let (tenant, mut keeper, before) = after_incident(|_| {});
    let attacked = crate::ingest_backup::tenant_objects(&tenant);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let summary = recovered(&mut keeper, &tenant, &plan, &ApplyRequest::new([1; 32]));
    let steps = recovery_steps(&keeper.store, &summary.id).unwrap();
    let bad: Vec<_> =
        steps.iter().filter(|step| !matches!(step.status, StepStatus::Done | StepStatus::Already)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    expect_as_before(&tenant, &before);
    // A second time nothing is sent.
    let _counts = tenant.server.take_counts();
    assert_eq!(recovered(&mut keeper, &tenant, &plan, &ApplyRequest::new([2; 32])), summary);
    assert_eq!(tenant.server.take_counts().writes, 0);
    let undo = undo_plan(&keeper.store, &summary.id, [4; 32], summary.completed.unwrap()).unwrap();
    assert_eq!(undo.skipped, []);
    let undone = recovered(&mut keeper, &tenant, &undo, &ApplyRequest::new([5; 32]));
    assert_eq!(undone.status, RecoveryStatus::Completed, "{undone:?}");
    let now = crate::ingest_backup::tenant_objects(&tenant);
    let differing: Vec<_> = attacked
        .iter()
        .filter(|(name, object)| {
            let mut object = (*object).clone();
            let mut other = now.get(*name).cloned().unwrap_or_default();
            for value in [&mut object, &mut other] {
                value.as_object_mut().map(|members| members.remove("deletedDateTime"));
            }
            object != other
        })
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn what_changed_since_is_kept_unless_told_otherwise() {
    let (tenant, mut keeper, _before) = after_incident(|_| {});
    let user = cloud_users(&tenant)[7].clone();
    set(&tenant, "user", &user, &[("department", "Research".into())]);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let summary = recovered(&mut keeper, &tenant, &plan, &ApplyRequest::new([1; 32]));
    assert_eq!((summary.status, summary.conflicts), (RecoveryStatus::CompletedWithWarnings, 1));
    let department = |tenant: &Tenant| {
        let user: Value = serde_json::from_str(&tenant.server.object("user", &user).unwrap()).unwrap();
        user["department"].clone()
    };
    assert_eq!(department(&tenant), "Research");
    let again = Plan { plan_id: "kkkkkkkkkkkkkkkk".to_owned(), ..plan.clone() };
    let again = Plan { hash: again.compute_hash(), ..again };
    let request = ApplyRequest { on_conflict: OnConflict::Overwrite, ..ApplyRequest::new([2; 32]) };
    let summary = recovered(&mut keeper, &tenant, &again, &request);
    assert_eq!((summary.status, summary.modified_objects), (RecoveryStatus::Completed, 1));
    assert_ne!(department(&tenant), "Research");
}

#[test]
fn a_recovery_killed_anywhere_ends_the_same_when_it_is_resumed() {
    for lag_ms in [0, 8_000] {
        let mut point = 0;
        loop {
            let (tenant, mut keeper, before) = after_incident(|options| options.replica_lag_ms = lag_ms);
            // The backup after the incident is of what replicas show; let them show it.
            tenant.clock.advance_ms(60_000);
            keeper.back_up_as(
                &tenant,
                &ingest::pull::BackupRequest { full: true, ..crate::ingest_backup::request() },
            );
            let first = keeper.store.backups()[0].id.clone();
            let plan = plan_between(&keeper.store, &tenant, &first, PlanOptions::default());
            let count = AtomicU32::new(0);
            let crash = |_: &str| count.fetch_add(1, Ordering::SeqCst) == point;
            let settle = std::time::Duration::from_mins(1);
            let request = ApplyRequest { crash: Some(&crash), settle, ..ApplyRequest::new([1; 32]) };
            let result = apply(&mut keeper.store, &writer(&tenant), &plan, &request, &());
            let is_over = result.is_ok();
            if !is_over {
                let id = recoveries(&keeper.store).unwrap().first().map(|summary| {
                    assert_eq!(summary.status, RecoveryStatus::Interrupted);
                    summary.id.clone()
                });
                let request = ApplyRequest { settle, ..ApplyRequest::new([2; 32]) };
                let summary = match id {
                    Some(id) => resume(&mut keeper.store, &writer(&tenant), &id, &request, &()).unwrap(),
                    // It was killed before it began.
                    None => apply(&mut keeper.store, &writer(&tenant), &plan, &request, &()).unwrap(),
                };
                let steps = recovery_steps(&keeper.store, &summary.id).unwrap();
                let bad: Vec<_> = steps
                    .iter()
                    .filter(|step| !matches!(step.status, StepStatus::Done | StepStatus::Already))
                    .collect();
                assert!(bad.is_empty(), "point {point}, lag {lag_ms}: {bad:#?}");
            }
            tenant.clock.advance_ms(60_000);
            expect_as_before(&tenant, &before);
            if is_over {
                assert!(point > 5, "it must be killed somewhere");
                break;
            }
            point += 1;
        }
    }
}

fn plan_between(store: &Store, tenant: &Tenant, first: &str, options: PlanOptions) -> Plan {
    let newest = store.backups().last().unwrap();
    let changes = store.difference(first, &newest.id, &DifferenceFilter::default()).unwrap();
    let limits = GuardLimits { object_count_max: 100_000, type_share_max: 1.0, ..GuardLimits::default() };
    make(PlanInput {
        changes,
        from: store.snapshot(first).unwrap(),
        to: store.snapshot(&newest.id).unwrap(),
        live: None,
        selection: None,
        options,
        context: PlanContext {
            tenant_id: tenant.server.tenant_id().to_owned(),
            seed: [3; 32],
            now: newest.taken_at,
            from_point: first.to_owned(),
            to_point: "latest".to_owned(),
            query: "everything".to_owned(),
            identity: Identity::default(),
            break_glass: Vec::new(),
            limits,
            allow: ingest::plan::GUARDS.iter().map(|name| (*name).to_owned()).collect(),
        },
    })
    .unwrap()
}
