//! Names that are swapped, of which one cannot be: nobody keeps the name that was meant for a while, wherever the recovery is
//! killed.

use std::sync::atomic::{AtomicU32, Ordering};

use ingest::apply::{
    ApplyRequest, RecoveryStatus, RecoverySummary, StepStatus, apply, recoveries, recovery_steps, resume,
    undo_plan,
};
use ingest::plan::{Plan, PlanOptions};
use serde_json::{Value, json};
use twin::Actor;

use crate::incident::{cloud_users, objects, set};
use crate::ingest_backup::Keeper;
use crate::ingest_recovery::{allowing, context, plan_with, writer};
use crate::tenant::Tenant;

const NAME: &str = "userPrincipalName";

/// A tenant in which the names of two users were swapped between two backups, and the plan that swaps them back.
struct Scene {
    tenant: Tenant,
    keeper: Keeper,
    plan: Plan,
    /// Who takes another name for a while, and the other one.
    users: [String; 2],
    /// Their names before the recovery.
    standing: [Value; 2],
}

impl Scene {
    fn new() -> Self {
        let tenant = Tenant::new(150, 4);
        for unit in objects(&tenant, "administrativeUnit") {
            let id = unit["id"].as_str().unwrap();
            set(&tenant, "administrativeUnit", id, &json!({"isMemberManagementRestricted": false}));
        }
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        let users = cloud_users(&tenant);
        let mut users: [String; 2] = [users[0].clone(), users[1].clone()];
        let [one, other] = users.each_ref().map(|user| name(&tenant, user));
        set(&tenant, "user", &users[0], &json!({NAME: "nobody@elsewhere.example"}));
        set(&tenant, "user", &users[1], &json!({NAME: one}));
        set(&tenant, "user", &users[0], &json!({NAME: other}));
        keeper.back_up(&tenant);
        let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
        let aside =
            plan.steps.iter().find(|step| is_for_a_while(&step.after[NAME])).expect("one steps aside");
        if aside.object.id == users[1] {
            users.reverse();
        }
        let standing = users.each_ref().map(|user| name(&tenant, user));
        Self { tenant, keeper, plan, users, standing }
    }

    /// Nobody may write the one who takes the name of the other.
    fn refuse(&self) {
        let units = objects(&self.tenant, "administrativeUnit");
        let is_without = |unit: &&Value| !unit["members"].to_string().contains(&self.users[0]);
        let unit = units.iter().find(is_without).expect("a unit without the first user");
        let unit = unit["id"].as_str().unwrap().to_owned();
        set(&self.tenant, "administrativeUnit", &unit, &json!({"isMemberManagementRestricted": true}));
        assert!(self.tenant.server.link(Actor::Caller, &unit, "members", &self.users[1]));
    }

    fn names(&self) -> [Value; 2] {
        self.users.each_ref().map(|user| name(&self.tenant, user))
    }

    fn statuses(&self, recovery: &RecoverySummary) -> Vec<StepStatus> {
        let steps = recovery_steps(&self.keeper.store, &recovery.id).unwrap();
        steps.iter().map(|step| step.status).collect()
    }
}

fn name(tenant: &Tenant, user: &str) -> Value {
    let user: Value = serde_json::from_str(&tenant.server.object("user", user).unwrap()).unwrap();
    user[NAME].clone()
}

fn is_for_a_while(name: &Value) -> bool {
    name.as_str().unwrap().contains(".moving-")
}

fn expect_refused(scene: &Scene, recovery: &RecoverySummary, when: &str) {
    assert_eq!(scene.names(), scene.standing, "{when}");
    assert_eq!(recovery.status, RecoveryStatus::Failed, "{when}: {recovery:?}");
    let statuses = scene.statuses(recovery);
    let steps = recovery_steps(&scene.keeper.store, &recovery.id).unwrap();
    assert_eq!(statuses, [StepStatus::Failed, StepStatus::Failed, StepStatus::Skipped], "{when}: {steps:#?}");
    let told = steps[0].error["message"].as_str().unwrap();
    let old = scene.standing[0].as_str().unwrap();
    assert!(told.contains(&format!("it got its name {old} back")), "{when}: {told}");
    // What was for a while is nothing that anybody misses.
    let left: Vec<&str> = recovery.remaining.iter().map(|left| left.step.as_str()).collect();
    assert_eq!(left, [steps[1].id.as_str(), &steps[2].id], "{when}");
}

#[test]
fn who_stepped_aside_for_a_swap_that_is_refused_gets_the_old_name_back() {
    let mut scene = Scene::new();
    scene.refuse();
    let client = writer(&scene.tenant);
    let plan = scene.plan.clone();
    let recovery = apply(&mut scene.keeper.store, &client, &plan, &allowing([1; 32]), &()).unwrap();
    expect_refused(&scene, &recovery, "");
    let context = context(&scene.tenant, recovery.completed.unwrap(), [4; 32]);
    let undo = undo_plan(&scene.keeper.store, &recovery.id, &context).unwrap();
    assert_eq!((undo.steps, undo.skipped), (Vec::new(), Vec::new()), "nothing stays that could be undone");
}

#[test]
fn a_swap_that_is_killed_anywhere_ends_as_if_it_never_was_whether_it_is_refused_or_not() {
    for is_refused in [false, true] {
        let mut point = 0;
        loop {
            let mut scene = Scene::new();
            if is_refused {
                scene.refuse();
            }
            let count = AtomicU32::new(0);
            let crash = |_: &str| count.fetch_add(1, Ordering::SeqCst) == point;
            let request = ApplyRequest { crash: Some(&crash), ..allowing([1; 32]) };
            let (client, plan) = (writer(&scene.tenant), scene.plan.clone());
            let store = &mut scene.keeper.store;
            let ended = apply(store, &client, &plan, &request, &());
            let is_over = ended.is_ok();
            let recovery = ended.unwrap_or_else(|_| match recoveries(store).unwrap().first() {
                Some(open) => resume(store, &client, &open.id, &allowing([2; 32]), &()).unwrap(),
                None => apply(store, &client, &plan, &allowing([2; 32]), &()).unwrap(),
            });
            let when = format!("refused {is_refused}, killed at {point}");
            if is_refused {
                expect_refused(&scene, &recovery, &when);
            } else {
                assert_eq!(recovery.status, RecoveryStatus::Completed, "{when}: {recovery:?}");
                let [one, other] = scene.standing.clone();
                assert_eq!(scene.names(), [other, one], "{when}");
            }
            if is_over {
                break;
            }
            point += 1;
        }
        assert!(point > 8, "it must be killed often, not {point} times");
    }
}
