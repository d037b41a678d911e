//! Recoveries of the twin: planned, applied, stopped anywhere and resumed, undone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine::{DifferenceFilter, ObjectKey, Store};
use ingest::apply::{
    ApplyRequest, OnConflict, RecoveryStatus, RecoverySummary, StepOutcome, StepStatus, apply, recoveries,
    recovery_steps, resume, undo_plan,
};
use ingest::graph::{Access, Client, TenantSize};
use ingest::plan::{GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, StepKind, make};
use ingest::pull::BackupRequest;
use jiff::Timestamp;
use serde_json::{Value, json};

use twin::{Actor, Server, Twin};

use crate::incident::{MALLORY, attack, cloud_users, incident, objects, set};
use crate::ingest_backup::{Keeper, tenant_objects};
use crate::tenant::Tenant;

pub(crate) fn writer(tenant: &Tenant) -> Client {
    tenant.client_with(|settings| settings.access = Access::ReadWrite)
}

/// A request that allows every guard.
pub(crate) fn allowing(seed: [u8; 32]) -> ApplyRequest<'static> {
    ApplyRequest { allow: every_guard(), limits: wide(), ..ApplyRequest::new(seed) }
}

pub(crate) fn every_guard() -> Vec<String> {
    ingest::plan::GUARDS.iter().map(|name| (*name).to_owned()).collect()
}

/// Limits that nothing here reaches.
pub(crate) fn wide() -> GuardLimits {
    GuardLimits { object_count_max: 100_000, type_share_max: 1.0, ..GuardLimits::default() }
}

/// The plan that brings back the last backup but one where the newest still stands.
pub(crate) fn plan_with(store: &Store, tenant: &Tenant, options: PlanOptions) -> Plan {
    let [.., from, _] = store.backups() else { panic!("two backups are needed") };
    plan_between(store, tenant, &from.id, options)
}

pub(crate) fn recovered(
    keeper: &mut Keeper,
    tenant: &Tenant,
    plan: &Plan,
    request: &ApplyRequest<'_>,
) -> RecoverySummary {
    apply(&mut keeper.store, &writer(tenant), plan, request, &()).unwrap()
}

/// A tenant after an incident, with a backup before and one after it.
fn after_incident() -> (Tenant, Keeper, Objects) {
    let tenant = Tenant::new(1_500, 11);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let before = tenant_objects(&tenant);
    incident(&tenant);
    keeper.back_up(&tenant);
    (tenant, keeper, before)
}

/// Fails where the tenant is not as it was.
fn expect_as_before(tenant: &Tenant, before: &Objects) {
    let now = tenant_objects(tenant);
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
    let (tenant, mut keeper, before) = after_incident();
    let attacked = tenant_objects(&tenant);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    expect_all_done(&keeper, &summary, "");
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    expect_as_before(&tenant, &before);
    // A second time nothing is sent.
    let _counts = tenant.server.take_counts();
    assert_eq!(recovered(&mut keeper, &tenant, &plan, &allowing([2; 32])), summary);
    assert_eq!(tenant.server.take_counts().writes, 0);
    let context = PlanContext { allow: Vec::new(), ..context(&tenant, summary.completed.unwrap(), [4; 32]) };
    let undo = undo_plan(&keeper.store, &summary.id, &context).unwrap();
    assert_eq!(undo.skipped, []);
    let undone = recovered(&mut keeper, &tenant, &undo, &allowing([5; 32]));
    assert_eq!(undone.status, RecoveryStatus::Completed, "{undone:?}");
    let now = tenant_objects(&tenant);
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
fn a_twin_of_a_backup_brings_links_back_with_what_is_restored() {
    let (tenant, keeper, before) = after_incident();
    let newest = keeper.store.backups().last().unwrap();
    let served = Twin::from_snapshot(&keeper.store.snapshot(&newest.id).unwrap(), 1).unwrap();
    let served = twin::serve(served, twin::Options::new(tenant.clock.clone(), [7; 32])).unwrap();
    let members = |server: &Server| {
        let groups = server.objects().into_iter().filter(|(token, _)| token == "group");
        let groups = groups.map(|(_, text)| serde_json::from_str::<Value>(&text).unwrap());
        groups
            .map(|group| {
                (group["id"].to_string(), sorted(group)["members"].as_array().cloned().unwrap_or_default())
            })
            .collect::<BTreeMap<_, _>>()
    };
    let users = before.keys().filter(|(token, _)| token == "user").map(|(_, id)| id);
    assert_eq!(members(&served), members(&tenant.server));
    let shown = members(&served);
    for user in users.filter(|id| tenant.server.restore(Actor::Caller, "user", id)) {
        assert!(served.restore(Actor::Caller, "user", user), "{user}");
    }
    assert_ne!(members(&served), shown, "who is restored is a member again");
    assert_eq!(members(&served), members(&tenant.server));
}

#[test]
fn what_changed_since_is_kept_unless_told_otherwise() {
    let (tenant, mut keeper, _before) = after_incident();
    let user = cloud_users(&tenant)[7].clone();
    set(&tenant, "user", &user, &json!({"department": "Research"}));
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    assert_eq!((summary.status, summary.conflicts), (RecoveryStatus::CompletedWithWarnings, 1));
    let department = |tenant: &Tenant| {
        let user: Value = serde_json::from_str(&tenant.server.object("user", &user).unwrap()).unwrap();
        user["department"].clone()
    };
    assert_eq!(department(&tenant), "Research");
    let mut again = Plan { plan_id: "kkkkkkkkkkkkkkkk".to_owned(), ..plan.clone() };
    again.seal(&keeper.store);
    let request = ApplyRequest { on_conflict: OnConflict::Overwrite, ..allowing([2; 32]) };
    let summary = recovered(&mut keeper, &tenant, &again, &request);
    assert_eq!((summary.status, summary.modified_objects), (RecoveryStatus::Completed, 1));
    assert_ne!(department(&tenant), "Research");
}

fn expect_all_done(keeper: &Keeper, summary: &RecoverySummary, when: &str) {
    let steps = recovery_steps(&keeper.store, &summary.id).unwrap();
    let is_good = |step: &&StepOutcome| matches!(step.status, StepStatus::Done | StepStatus::Already);
    let bad: Vec<_> = steps.iter().filter(|step| !is_good(step)).collect();
    assert!(bad.is_empty(), "{when}: {bad:?}");
}

/// Everything a recovery can be asked for.
pub(crate) fn everything() -> PlanOptions {
    PlanOptions { recreate: true, soft_delete: true, hard_delete: true, ..PlanOptions::default() }
}

/// A backup that reads everything, when the replicas have caught up.
pub(crate) fn back_up_whole(keeper: &mut Keeper, tenant: &Tenant) {
    tenant.clock.advance_ms(60_000);
    keeper.back_up_as(tenant, &BackupRequest { full: true, ..crate::ingest_backup::request() });
}

type Objects = BTreeMap<(String, String), Value>;

/// Objects with the IDs that they had before they were made again, and their objects in the bin left out.
fn under_old_ids(keeper: &Keeper, objects: &Objects) -> Objects {
    let (pairs, mut renamed) = (renewed(keeper), Objects::new());
    for ((token, id), object) in objects {
        let mut text = object.to_string();
        for (new, old) in &pairs {
            text = text.replace(new, old);
        }
        let object: Value = serde_json::from_str(&text).unwrap();
        let id = object["id"].as_str().unwrap_or(id).to_owned();
        renamed.insert((token.clone(), id), sorted(object));
    }
    renamed
}

/// The old ID of every object that was made again.
fn renewed(keeper: &Keeper) -> Vec<(String, String)> {
    let summary = recoveries(&keeper.store).unwrap().remove(0);
    let steps = recovery_steps(&keeper.store, &summary.id).unwrap();
    let made = steps.iter().filter(|step| step.kind == StepKind::Recreate);
    let pair = |step: &StepOutcome| {
        let key =
            ObjectKey { type_token: step.object.type_token.as_str().into(), id: step.object.id.clone() };
        let [old, new] = keeper.store.lineage(&key).unwrap().try_into().unwrap();
        assert_eq!((&old, step.created.get("id")), (&step.object.id, Some(&new)));
        (new, old)
    };
    made.map(pair).collect()
}

/// With lists of IDs in order, for the order of the new IDs is another one.
fn sorted(mut object: Value) -> Value {
    for value in object.as_object_mut().unwrap().values_mut() {
        if let Value::Array(items) = value {
            items.sort_by_key(ToString::to_string);
        }
    }
    object
}

/// What differs between two tenants, but for what the server says of its own; of what was made again Graph takes less.
fn unexplained(before: &Objects, after: &Objects, renewed: &[String]) -> Vec<String> {
    let names: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    let of = |objects: &Objects, name: &(String, String)| objects.get(name).cloned().unwrap_or_default();
    let differing = names.into_iter().filter_map(|name| {
        let (old, new) = (of(before, name), of(after, name));
        let is_renewed = renewed.contains(&name.1);
        let mut properties: BTreeSet<&String> =
            new.as_object().into_iter().flatten().map(|(name, _)| name).collect();
        if !is_renewed {
            properties.extend(old.as_object().into_iter().flatten().map(|(name, _)| name));
        }
        properties.retain(|property| {
            old.get(property) != new.get(property) && !SERVER_MADE.contains(&property.as_str())
        });
        // Nobody may sign in as a user who was made again before somebody gave them a password.
        properties.retain(|property| !(is_renewed && *property == "accountEnabled"));
        // Graph fills groups with a rule by itself; the twin does not.
        let is_dynamic = old["groupTypes"].to_string().contains("DynamicMembership");
        properties.retain(|property| !(is_dynamic && *property == "members"));
        let shown = |property: &&String| {
            format!("{property}: {} -> {}", old[property.as_str()], new[property.as_str()])
        };
        let shown: Vec<String> = properties.iter().map(shown).collect();
        (!shown.is_empty() || new.is_null()).then(|| format!("{name:?} {shown:?}"))
    });
    differing.collect()
}

/// Properties that the server sets.
const SERVER_MADE: [&str; 4] =
    ["createdDateTime", "modifiedDateTime", "securityIdentifier", "renewedDateTime"];

/// A tenant that was attacked, with a backup before and one after it, and what it was before.
fn after_attack(lag_ms: u32) -> (Tenant, Keeper, Objects) {
    let tenant = Tenant::with(1_500, 5, |options| options.replica_lag_ms = lag_ms);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let before = tenant_objects(&tenant).into_iter().map(|(name, object)| (name, sorted(object))).collect();
    attack(&tenant);
    back_up_whole(&mut keeper, &tenant);
    (tenant, keeper, before)
}

/// Fails where the tenant is not as it was, as far as Graph lets that be.
fn expect_undone(tenant: &Tenant, keeper: &Keeper, before: &Objects, when: &str) {
    let mut after = under_old_ids(keeper, &tenant_objects(tenant));
    let mallory = after.remove(&("user".to_owned(), MALLORY.to_owned())).unwrap();
    assert!(mallory["deletedDateTime"].is_string(), "{when}: {mallory}");
    let renewed: Vec<String> = renewed(keeper).into_iter().map(|(_, old)| old).collect();
    assert_eq!(renewed.len(), 3, "{when}");
    let left = unexplained(before, &after, &renewed);
    assert!(left.is_empty(), "{when}: {left:#?}");
}

/// A plan that would delete the other end of a link is refused, although its hash is right.
fn expect_no_deletion_for_a_link(tenant: &Tenant, keeper: &mut Keeper, mut plan: Plan) {
    let removal =
        plan.steps.iter_mut().find(|step| step.kind == StepKind::RemoveLink && !step.links.is_empty());
    let path = &mut removal.unwrap().request.path;
    *path = path.strip_suffix("/$ref").unwrap().to_owned();
    plan.hash = plan.compute_hash();
    let _counts = tenant.server.take_counts();
    let refused = apply(&mut keeper.store, &writer(tenant), &plan, &allowing([8; 32]), &()).unwrap_err();
    assert!(refused.to_string().contains("/$ref"), "{refused}");
    assert_eq!(tenant.server.take_counts().requests, 0);
}

#[test]
fn what_an_attacker_did_is_undone_wherever_graph_lets_it() {
    let (tenant, mut keeper, before) = after_attack(0);
    let plan = plan_with(&keeper.store, &tenant, everything());
    let kinds: BTreeSet<StepKind> = plan.steps.iter().map(|step| step.kind).collect();
    assert!(kinds.len() >= 6, "{kinds:?}");
    expect_no_deletion_for_a_link(&tenant, &mut keeper, plan.clone());
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    expect_all_done(&keeper, &summary, "");
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    expect_undone(&tenant, &keeper, &before, "");
    // Undoing that would give the intruder their role again.
    let context = PlanContext { allow: Vec::new(), ..context(&tenant, summary.completed.unwrap(), [4; 32]) };
    let undo = undo_plan(&keeper.store, &summary.id, &context).unwrap();
    assert!(undo.guards.iter().any(|guard| guard.name == "grants-privilege"), "{:#?}", undo.guards);
    let request = ApplyRequest { limits: wide(), ..ApplyRequest::new([5; 32]) };
    let refused = apply(&mut keeper.store, &writer(&tenant), &undo, &request, &()).unwrap_err();
    assert!(refused.to_string().contains("grants-privilege"), "{refused}");
}

#[test]
fn a_recovery_goes_at_the_pace_of_the_write_quota() {
    const COUNT: usize = 10_000;
    /// Nine tenths of the 20 writes a second that Graph takes.
    const PER_SECOND: i64 = 18;
    let tenant = Tenant::with(30_000, 3, |options| options.speed = 1.0);
    let paced = |access| {
        tenant.client_with(|settings| {
            (settings.access, settings.speed, settings.size) = (access, 1.0, TenantSize::Large);
        })
    };
    let mut keeper = Keeper::new();
    let back_up = |keeper: &mut Keeper| {
        let request = crate::ingest_backup::request();
        ingest::pull::backup(&mut keeper.store, &paced(Access::ReadOnly), &request, &()).unwrap();
    };
    back_up(&mut keeper);
    for user in
        objects(&tenant, "user").iter().filter(|user| user["onPremisesSyncEnabled"] != true).take(COUNT)
    {
        set(&tenant, "user", user["id"].as_str().unwrap(), &json!({"department": "Seized"}));
    }
    back_up(&mut keeper);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert_eq!(plan.steps.len(), COUNT);
    let (begun, _) = (tenant.clock_ms(), tenant.server.take_counts());
    apply(&mut keeper.store, &paced(Access::ReadWrite), &plan, &allowing([1; 32]), &()).unwrap();
    let elapsed_s = (tenant.clock_ms() - begun) / 1000;
    let counts = tenant.server.take_counts();
    let refused = counts.by_status.get(&429).copied().unwrap_or(0);
    assert!(refused * 100 < counts.requests, "{refused} of {} were refused", counts.requests);
    assert!(elapsed_s < i64::try_from(COUNT).unwrap() / PER_SECOND, "{elapsed_s} s");
}

#[test]
fn a_recovery_killed_anywhere_ends_the_same_when_it_is_resumed() {
    for lag_ms in [0, 8_000] {
        let mut point = 0;
        while kill_and_resume(point, lag_ms) {
            point += 1;
        }
        assert!(point > 10, "it must be killed often, not {point} times");
    }
}

/// Kills a recovery at a point and resumes it; false when it was over before.
fn kill_and_resume(point: u32, lag_ms: u32) -> bool {
    let (tenant, mut keeper, before) = after_attack(lag_ms);
    let plan = plan_with(&keeper.store, &tenant, everything());
    let count = AtomicU32::new(0);
    let crash = |_: &str| count.fetch_add(1, Ordering::SeqCst) == point;
    let settle = Duration::from_mins(1);
    let request = ApplyRequest { crash: Some(&crash), settle, ..allowing([1; 32]) };
    let is_over = apply(&mut keeper.store, &writer(&tenant), &plan, &request, &()).is_ok();
    let when = format!("point {point}, lag {lag_ms}");
    if !is_over {
        let summary = go_on(&mut keeper, &tenant, &plan, settle);
        expect_all_done(&keeper, &summary, &when);
    }
    tenant.clock.advance_ms(60_000);
    expect_undone(&tenant, &keeper, &before, &when);
    !is_over
}

/// Resumes the recovery that was killed, or begins it when it was killed before it began.
fn go_on(keeper: &mut Keeper, tenant: &Tenant, plan: &Plan, settle: Duration) -> RecoverySummary {
    let request = ApplyRequest { settle, ..allowing([2; 32]) };
    match recoveries(&keeper.store).unwrap().first() {
        Some(summary) => {
            assert_eq!(summary.status, RecoveryStatus::Interrupted);
            resume(&mut keeper.store, &writer(tenant), &summary.id, &request, &()).unwrap()
        }
        None => apply(&mut keeper.store, &writer(tenant), plan, &request, &()).unwrap(),
    }
}

pub(crate) fn plan_between(
    store: &Store,
    tenant: &Tenant,
    first: &engine::BackupId,
    options: PlanOptions,
) -> Plan {
    let newest = store.backups().last().unwrap();
    let changes = store.difference(first, &newest.id, &DifferenceFilter::default()).unwrap();
    let mut plan = make(PlanInput {
        changes,
        unread: Vec::new(),
        from: store.snapshot(first).unwrap(),
        to: store.snapshot(&newest.id).unwrap(),
        live: None,
        selection: None,
        options,
        context: context(tenant, newest.taken_at, [3; 32]),
    })
    .unwrap();
    plan.seal(store);
    plan
}

pub(crate) fn context(tenant: &Tenant, now: Timestamp, seed: [u8; 32]) -> PlanContext {
    PlanContext {
        tenant_id: tenant.server.tenant_id().to_owned(),
        seed,
        now,
        from_point: "latest~1".to_owned(),
        to_point: "latest".to_owned(),
        query: "everything".to_owned(),
        identity: Identity::default(),
        break_glass: Vec::new(),
        limits: wide(),
        allow: every_guard(),
    }
}
