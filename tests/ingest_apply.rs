//! Recoveries of the twin that must not harm: the wrong tenant, a plan that is not what it shows, guards of whoever applies
//! it, phases that wait, properties that are refused, and what is told at the end.

use engine::{CreateOptions, Store};
use ingest::apply::{
    ApplyRequest, RecoveryStatus, StepStatus, apply, examine, recoveries, recovery_steps, resume, undo_plan,
};
use ingest::apply::{Error, Result};
use ingest::graph::{Access, Client};
use ingest::plan;
use ingest::plan::{Identity, Phase, Plan, PlanOptions, Step, StepKind};
use serde_json::{Value, json};
use twin::Actor;

use crate::incident::{cloud_users, objects, set};
use crate::ingest_backup::Keeper;
use crate::ingest_recovery::{allowing, context, everything, plan_with, recovered, wide, writer};
use crate::tenant::Tenant;

/// A tenant of which some users' departments changed between two backups.
fn spoilt(seed: u64) -> (Tenant, Keeper, Vec<String>) {
    let tenant = Tenant::new(400, seed);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let users = cloud_users(&tenant)[..3].to_vec();
    for user in &users {
        set(&tenant, "user", user, &json!({"department": "Spoilt"}));
    }
    keeper.back_up(&tenant);
    (tenant, keeper, users)
}

fn property(tenant: &Tenant, token: &str, id: &str, name: &str) -> Value {
    let object: Value = serde_json::from_str(&tenant.server.object(token, id).unwrap()).unwrap();
    object[name].clone()
}

/// Fails where anything was written, or a recovery was recorded.
fn expect_untouched<T: std::fmt::Debug>(tenants: &[&Tenant], store: &Store, refused: Result<T>) -> Error {
    let refused = refused.unwrap_err();
    for tenant in tenants {
        assert_eq!(tenant.server.take_counts().writes, 0, "{refused}");
    }
    assert_eq!(recoveries(store).unwrap(), [], "{refused}");
    refused
}

#[test]
fn a_plan_is_applied_to_its_own_tenant_and_a_wrong_sign_in_uses_nothing_up() {
    let ((ours, mut keeper, users), (other, _, _)) = (spoilt(1), spoilt(2));
    assert_ne!(ours.server.tenant_id(), other.server.tenant_id());
    let plan = plan_with(&keeper.store, &ours, PlanOptions::default());
    let _before = (ours.server.take_counts(), other.server.take_counts());
    for named in [None, Some(other.server.tenant_id()), Some(ours.server.tenant_id())] {
        let request = ApplyRequest { tenant_id: named.map(str::to_owned), ..allowing([1; 32]) };
        let refused = apply(&mut keeper.store, &writer(&other), &plan, &request, &());
        let refused = expect_untouched(&[&ours, &other], &keeper.store, refused);
        assert!(matches!(refused, Error::SignedInElsewhere { .. }), "{refused}");
    }
    let summary = recovered(&mut keeper, &ours, &plan, &allowing([1; 32]));
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    assert_ne!(property(&ours, "user", &users[0], "department"), "Spoilt");
    let again = undo_plan(&keeper.store, &summary.id, &context(&ours, summary.completed.unwrap(), [4; 32]));
    let refused = apply(&mut keeper.store, &writer(&other), &again.unwrap(), &allowing([5; 32]), &());
    assert!(matches!(refused, Err(Error::SignedInElsewhere { .. })), "{refused:?}");
}

#[test]
fn a_resumed_recovery_goes_on_in_its_own_tenant_alone() {
    let ((ours, mut keeper, users), (other, _, _)) = (spoilt(1), spoilt(2));
    let plan = plan_with(&keeper.store, &ours, PlanOptions::default());
    let crash = |moment: &str| moment == "request";
    let request = ApplyRequest { crash: Some(&crash), ..allowing([1; 32]) };
    apply(&mut keeper.store, &writer(&ours), &plan, &request, &()).unwrap_err();
    let id = recoveries(&keeper.store).unwrap()[0].id.clone();
    let _before = other.server.take_counts();
    let refused = resume(&mut keeper.store, &writer(&other), &id, &allowing([2; 32]), &());
    assert!(matches!(refused, Err(Error::SignedInElsewhere { .. })), "{refused:?}");
    assert_eq!(other.server.take_counts().writes, 0);
    // What was allowed when it began is allowed still.
    let request = ApplyRequest { limits: wide(), ..ApplyRequest::new([2; 32]) };
    let summary = resume(&mut keeper.store, &writer(&ours), &id, &request, &()).unwrap();
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    assert_ne!(property(&ours, "user", &users[0], "department"), "Spoilt");
}

#[test]
fn a_plan_without_a_tenant_goes_where_somebody_named_and_nowhere_else() {
    let (tenant, keeper, users) = spoilt(1);
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [9; 32], tenant: None };
    let mut nobodys = Store::create(&folder.path().join("store"), &options).unwrap();
    let mut plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    plan.tenant_id.clear();
    plan.seal(&nobodys);
    let _before = tenant.server.take_counts();
    let refused = apply(&mut nobodys, &writer(&tenant), &plan, &allowing([1; 32]), &());
    let refused = expect_untouched(&[&tenant], &nobodys, refused);
    assert!(matches!(&refused, Error::NoTenant { found } if found == tenant.server.tenant_id()), "{refused}");
    let named = |name: &str| ApplyRequest { tenant_id: Some(name.to_owned()), ..allowing([1; 32]) };
    let refused = apply(&mut nobodys, &writer(&tenant), &plan, &named("elsewhere"), &());
    let refused = expect_untouched(&[&tenant], &nobodys, refused);
    assert!(matches!(refused, Error::SignedInElsewhere { .. }), "{refused}");
    let request = named(tenant.server.tenant_id());
    let summary = apply(&mut nobodys, &writer(&tenant), &plan, &request, &()).unwrap();
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
    assert_ne!(property(&tenant, "user", &users[0], "department"), "Spoilt");
}

#[test]
fn a_plan_of_another_store_is_taken_only_with_the_hash_that_somebody_read() {
    let (tenant, mut keeper, _) = spoilt(1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let other = Store::create(&folder.path().join("store"), &CreateOptions { seed: [9; 32], tenant: None });
    let (mut foreign, mut bare) = (plan.clone(), plan.clone());
    foreign.seal(&other.unwrap());
    bare.seal.clear();
    let _before = tenant.server.take_counts();
    for unsealed in [&foreign, &bare] {
        let refused = apply(&mut keeper.store, &writer(&tenant), unsealed, &allowing([1; 32]), &());
        let refused = expect_untouched(&[&tenant], &keeper.store, refused);
        assert!(matches!(refused, Error::Plan(plan::Error::Seal { .. })), "{refused}");
        let blind = ApplyRequest { accepts_unsealed: true, ..allowing([1; 32]) };
        let refused = apply(&mut keeper.store, &writer(&tenant), unsealed, &blind, &());
        let refused = expect_untouched(&[&tenant], &keeper.store, refused);
        assert!(matches!(refused, Error::NoHash), "{refused}");
    }
    let with = |hash: &str| ApplyRequest { hash: Some(hash.to_owned()), ..allowing([1; 32]) };
    for (odd, is_hash) in
        [("0123456789abcdef", true), (&plan.hash[..15], false), ("no hash at all, no", false)]
    {
        let refused = apply(&mut keeper.store, &writer(&tenant), &plan, &with(odd), &());
        let refused = expect_untouched(&[&tenant], &keeper.store, refused);
        assert_eq!(matches!(refused, Error::Hash { .. }), is_hash, "{refused}");
    }
    let read = ApplyRequest { accepts_unsealed: true, ..with(&plan.hash[..16]) };
    let summary = recovered(&mut keeper, &tenant, &bare, &read);
    assert_eq!(summary.status, RecoveryStatus::Completed, "{summary:?}");
}

/// Ways to make a step send something else than it shows.
fn mutations(step: &Step) -> Vec<(&'static str, Step)> {
    let mut found: Vec<(&'static str, Step)> = Vec::new();
    let mut with = |what, change: &dyn Fn(&mut Step)| {
        let mut other = step.clone();
        change(&mut other);
        if other.request != step.request {
            found.push((what, other));
        }
    };
    for method in ["POST", "PATCH", "PUT", "DELETE", "GET"] {
        with("method", &|step| method.clone_into(&mut step.request.method));
    }
    for path in
        ["/roleManagement/directory/roleAssignments", "/users/me", "/invitations", "/groups/{target}/$ref"]
    {
        with("path", &|step| path.clone_into(&mut step.request.path));
    }
    with("longer path", &|step| step.request.path.push_str("/x"));
    with("query", &|step| step.request.path.push_str("?x=y"));
    with("shorter path", &|step| {
        let end = step.request.path.rfind('/').unwrap();
        step.request.path.truncate(end);
    });
    with("other object", &|step| {
        step.request.path =
            step.request.path.replace(&step.object.id, "11111111-0000-4000-8000-000000000000");
    });
    with("version", &|step| {
        use engine::schema::Version;
        step.request.version = if step.request.version == Version::V1 { Version::Beta } else { Version::V1 };
    });
    with("body", &|step| step.request.body = json!({"accountEnabled": true}).into());
    with("empty body", &|step| step.request.body = json!({}).into());
    with("no body", &|step| step.request.body = Value::Null.into());
    with("more in the body", &|step| {
        if let Some(body) = step.request.body.as_object_mut() {
            body.insert("onPremisesImmutableId".to_owned(), json!("x"));
        }
    });
    with("password", &|step| {
        if let Some(body) = step.request.body.as_object_mut() {
            body.insert("passwordProfile".to_owned(), json!({"password": "known"}));
        }
    });
    with("values", &|step| {
        let mut body = step.request.body.to_value();
        spoil(&mut body);
        step.request.body = body.into();
    });
    found
}

/// Changes every text and flag in a value that is not a type.
fn spoil(value: &mut Value) {
    match value {
        Value::String(text) => text.push('0'),
        Value::Bool(flag) => *flag = !*flag,
        Value::Array(items) => {
            items.iter_mut().for_each(spoil);
            items.pop();
        }
        Value::Object(members) => {
            let own = members.iter_mut().filter(|(name, _)| !name.ends_with("@odata.type"));
            own.for_each(|(_, value)| spoil(value));
        }
        _ => {}
    }
}

#[test]
fn a_step_that_sends_something_else_than_it_shows_is_refused_by_name() {
    let (tenant, mut keeper) = attacked();
    let plan = plan_with(&keeper.store, &tenant, everything());
    plan.check_steps().unwrap();
    let kinds: std::collections::BTreeSet<StepKind> = plan.steps.iter().map(|step| step.kind).collect();
    assert!(kinds.len() >= 6, "{kinds:?}");
    let mut count = 0;
    for (index, step) in plan.steps.iter().enumerate() {
        for (what, mutated) in mutations(step) {
            let mut other = plan.clone();
            other.steps[index] = mutated;
            let refused = other.check_steps();
            let is_named =
                matches!(&refused, Err(plan::Error::Step { step: named, .. }) if *named == step.id);
            assert!(is_named, "{what} of {step:#?}: {refused:?}\n{:#?}", other.steps[index].request);
            count += 1;
        }
    }
    assert!(count > 10 * plan.steps.len(), "{count} for {} steps", plan.steps.len());
    let mut evil = plan.clone();
    evil.steps[0].request.path = "/roleManagement/directory/roleAssignments".to_owned();
    evil.guards.clear();
    evil.seal(&keeper.store);
    assert!(matches!(Plan::from_file_bytes(&evil.to_file_bytes()), Err(plan::Error::Step { .. })));
    let _before = tenant.server.take_counts();
    let refused = apply(&mut keeper.store, &writer(&tenant), &evil, &allowing([1; 32]), &());
    let refused = expect_untouched(&[&tenant], &keeper.store, refused);
    assert!(matches!(refused, Error::Plan(plan::Error::Step { .. })), "{refused}");
}

#[test]
fn plans_whose_steps_cannot_all_run_are_refused_when_they_are_read() {
    let (tenant, keeper, _) = spoilt(1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert_eq!(plan.steps.len(), 3);
    let refused = |what: &str, change: &dyn Fn(&mut Vec<Step>)| {
        let mut other = plan.clone();
        change(&mut other.steps);
        other.seal(&keeper.store);
        let read = Plan::from_file_bytes(&other.to_file_bytes());
        assert!(matches!(read, Err(plan::Error::Step { .. })), "{what}: {read:?}");
    };
    refused("a circle", &|steps| {
        steps[0].depends_on = vec!["s2".to_owned()];
        steps[1].depends_on = vec!["s1".to_owned()];
    });
    refused("itself", &|steps| steps[1].depends_on = vec!["s2".to_owned()]);
    refused("a later step", &|steps| steps[1].depends_on = vec!["s3".to_owned()]);
    refused("an unknown step", &|steps| steps[1].depends_on = vec!["s9".to_owned()]);
    refused("two of one name", &|steps| steps[1].id = "s1".to_owned());
    refused("no name", &|steps| steps[1].id = String::new());
    refused("a later phase", &|steps| {
        steps[0].phase = Phase::Deletion;
        steps[1].depends_on = vec!["s1".to_owned()];
    });
}

#[test]
fn guards_are_those_of_whoever_applies_the_plan_whatever_its_file_says() {
    let (tenant, mut keeper, users) = spoilt(1);
    let mut plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    plan.guards.clear();
    plan.seal(&keeper.store);
    let few = ingest::plan::GuardLimits { object_count_max: 2, ..wide() };
    let request = ApplyRequest { limits: few, ..ApplyRequest::new([1; 32]) };
    let _before = tenant.server.take_counts();
    let refused = apply(&mut keeper.store, &writer(&tenant), &plan, &request, &());
    let refused = expect_untouched(&[&tenant], &keeper.store, refused).to_string();
    assert!(refused.contains("too-many"), "{refused}");
    tenant.clock.advance_ms(25 * 3_600_000);
    let request = ApplyRequest { limits: wide(), ..ApplyRequest::new([1; 32]) };
    let refused = apply(&mut keeper.store, &writer(&tenant), &plan, &request, &());
    let refused = expect_untouched(&[&tenant], &keeper.store, refused).to_string();
    assert!(refused.contains("stale"), "{refused}");
    let allowed = ApplyRequest { allow: vec!["stale".to_owned()], ..request };
    let found = examine(&keeper.store, &writer(&tenant), &plan, &allowed).unwrap();
    assert!(found.guards.iter().all(|guard| guard.name == "stale" && guard.allowed), "{:?}", found.guards);
    assert_eq!(recovered(&mut keeper, &tenant, &plan, &allowed).status, RecoveryStatus::Completed);
    assert_ne!(property(&tenant, "user", &users[0], "department"), "Spoilt");
}

#[test]
fn whoever_applies_a_plan_is_told_when_it_takes_their_own_rights() {
    let tenant = Tenant::new(400, 3);
    let id = "99999999-0000-4000-8000-000000000001";
    let principal = |is_enabled: bool| {
        let own = json!({"id": id, "appId": tenant.server.client_id(), "displayName": "Recovery",
            "accountEnabled": is_enabled, "servicePrincipalType": "Application"});
        assert!(tenant.server.put(Actor::Caller, "servicePrincipal", &own.to_string()));
    };
    principal(false);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    principal(true);
    keeper.back_up(&tenant);
    // Made by somebody else, as its context says nothing of who applies it.
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert!(plan.guards.iter().all(|guard| guard.name != "self-lockout"), "{:?}", plan.guards);
    let request = ApplyRequest { limits: wide(), ..ApplyRequest::new([1; 32]) };
    let found = examine(&keeper.store, &writer(&tenant), &plan, &request).unwrap();
    let expected = Identity {
        app_id: Some(tenant.server.client_id().to_owned()),
        service_principal_id: Some(id.to_owned()),
        user_id: None,
    };
    assert_eq!(found.identity, expected);
    assert_eq!(found.tenant_id, tenant.server.tenant_id());
    let refused = found.check_guards().unwrap_err().to_string();
    assert!(refused.contains("self-lockout"), "{refused}");
}

/// A tenant after an attack, with a backup before and one after it.
fn attacked() -> (Tenant, Keeper) {
    let tenant = Tenant::new(1_500, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    crate::incident::attack(&tenant);
    crate::ingest_recovery::back_up_whole(&mut keeper, &tenant);
    (tenant, keeper)
}

#[test]
fn a_phase_waits_until_every_step_of_those_before_it_is_decided() {
    let (tenant, mut keeper) = attacked();
    let plan = plan_with(&keeper.store, &tenant, everything());
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    let records = keeper.store.records(&format!("recovery-{}", summary.id)).unwrap();
    let phase = |id: &str| plan.steps.iter().find(|step| step.id == id).unwrap().phase;
    let is_decided = |record: &Value| record["status"] != "intended";
    let mut open: std::collections::BTreeMap<&str, Phase> =
        plan.steps.iter().map(|step| (step.id.as_str(), step.phase)).collect();
    let mut begun = std::collections::BTreeSet::new();
    for record in &records {
        let Some(id) = record["id"].as_str() else { continue };
        let earliest = open.values().min().copied();
        if begun.insert(id) {
            assert!(earliest.is_none_or(|earliest| phase(id) <= earliest), "{id} began before its phase");
        }
        if is_decided(record) {
            open.remove(id);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let phases: std::collections::BTreeSet<Phase> = plan.steps.iter().map(|step| step.phase).collect();
    assert!(phases.contains(&Phase::ConditionalAccess) && phases.contains(&Phase::Objects), "{phases:?}");
}

/// A plan whose first step also wants a value that Graph refuses.
fn with_refused(plan: &mut Plan, store: &Store, tenant: &Tenant, enables: bool) -> Step {
    let step = &mut plan.steps[0];
    assert_eq!((step.kind, step.object.type_token.as_str()), (StepKind::Update, "user"));
    let mut add = |name: &str, wanted: Value| {
        step.before.insert(name.to_owned(), property(tenant, "user", &step.object.id, name));
        step.request.body.set(name, wanted.clone());
        step.after.insert(name.to_owned(), wanted);
    };
    add("userPrincipalName", json!("ann@no.such.domain.invalid"));
    if enables {
        add("accountEnabled", json!(true));
    }
    let step = step.clone();
    plan.seal(store);
    step
}

#[test]
fn a_property_that_is_refused_does_not_hold_back_the_others_and_undo_knows_which() {
    let (tenant, mut keeper, _) = spoilt(1);
    let mut plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let step = with_refused(&mut plan, &keeper.store, &tenant, false);
    let user = &step.object.id;
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    assert_eq!((summary.status, summary.failed), (RecoveryStatus::CompletedWithWarnings, 1), "{summary:?}");
    assert_eq!(summary.modified_objects, 3, "what was written of it counts");
    assert_eq!(property(&tenant, "user", user, "department"), step.after["department"]);
    assert_eq!(summary.remaining_count, Some(1));
    let outcome = recovery_steps(&keeper.store, &summary.id).unwrap().remove(0);
    assert_eq!(
        (outcome.status, outcome.written.as_slice()),
        (StepStatus::Failed, &["department".to_owned()][..])
    );
    let message = outcome.error["message"].as_str().unwrap();
    assert!(message.starts_with("userPrincipalName: ") && message.contains("verified domain"), "{message}");
    let undo = undo_plan(&keeper.store, &summary.id, &context(&tenant, summary.completed.unwrap(), [4; 32]));
    let undo = undo.unwrap();
    undo.check_steps().unwrap();
    let own = undo.steps.iter().find(|step| step.object.id == *user).unwrap();
    assert_eq!(own.after, [("department".to_owned(), json!("Spoilt"))].into());
    assert_eq!(own.request.body, json!({"department": "Spoilt"}));
    let undone = recovered(&mut keeper, &tenant, &undo, &allowing([5; 32]));
    assert_eq!(undone.status, RecoveryStatus::Completed, "{undone:?}");
    assert_eq!(property(&tenant, "user", user, "department"), "Spoilt");
}

#[test]
fn what_switches_something_on_is_not_written_by_halves() {
    let (tenant, mut keeper, _) = spoilt(1);
    let mut plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let user = plan.steps[0].object.id.clone();
    set(&tenant, "user", &user, &json!({"accountEnabled": false}));
    let step = with_refused(&mut plan, &keeper.store, &tenant, true);
    assert_eq!(step.after.len(), 3);
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    assert_eq!(summary.failed, 1, "{summary:?}");
    assert_eq!(property(&tenant, "user", &user, "accountEnabled"), false);
    let outcome = recovery_steps(&keeper.store, &summary.id).unwrap().remove(0);
    assert_eq!(outcome.written, ["department"]);
    let refused = outcome.error["refused"].as_object().unwrap();
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["accountEnabled", "userPrincipalName"]);
}

#[test]
fn what_is_not_as_wanted_at_the_end_is_listed_and_nothing_is_called_completed() {
    let (tenant, mut keeper, users) = spoilt(1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    // One was put right by somebody else, who changes it again while the others are written.
    set(&tenant, "user", &users[0], &json!({"department": plan_of(&plan, &users[0]).after["department"]}));
    let meddle = |moment: &str| {
        if moment == "request" {
            set(&tenant, "user", &users[0], &json!({"department": "Meddled"}));
        }
        false
    };
    let request = ApplyRequest { crash: Some(&meddle), ..allowing([1; 32]) };
    let summary = recovered(&mut keeper, &tenant, &plan, &request);
    assert_eq!((summary.already, summary.failed, summary.conflicts), (1, 0, 0), "{summary:?}");
    assert_eq!((summary.status, summary.remaining_count), (RecoveryStatus::CompletedWithWarnings, Some(1)));
    assert_eq!(summary.remaining[0].object.id, users[0]);
    assert!(summary.remaining[0].what.contains("Meddled"), "{summary:?}");
}

fn plan_of<'p>(plan: &'p Plan, id: &str) -> &'p Step {
    plan.steps.iter().find(|step| step.object.id == id).unwrap()
}

#[test]
fn a_step_whose_object_a_later_step_deletes_is_no_warning() {
    let tenant = Tenant::new(400, 1);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let policy = objects(&tenant, "conditionalAccessPolicy").remove(0);
    let mut added = policy.clone();
    added["id"] = json!("77777777-0000-4000-8000-000000000001");
    added["displayName"] = json!("Added by somebody");
    added["state"] = json!("enabled");
    assert!(tenant.server.put(Actor::Caller, "conditionalAccessPolicy", &added.to_string()));
    crate::ingest_recovery::back_up_whole(&mut keeper, &tenant);
    let plan = plan_with(&keeper.store, &tenant, everything());
    let kinds: Vec<StepKind> = plan.steps.iter().map(|step| step.kind).collect();
    assert!(kinds.contains(&StepKind::Update), "it is switched off first: {kinds:?}");
    let summary = recovered(&mut keeper, &tenant, &plan, &allowing([1; 32]));
    assert_eq!((summary.status, summary.unconfirmed), (RecoveryStatus::Completed, 0), "{summary:?}");
}

#[test]
fn a_client_that_may_only_read_applies_nothing() {
    let (tenant, keeper, _) = spoilt(1);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let reader: Client = tenant.client_with(|settings| settings.access = Access::ReadOnly);
    assert!(matches!(examine(&keeper.store, &reader, &plan, &allowing([1; 32])), Err(Error::ReadOnly)));
}
