//! Plans over small stores: what becomes of each kind of change.

mod access;
mod compared;
mod file;
mod guards;
mod links;
mod policies;
mod properties;
mod restore;
mod schedules;
mod signature;
mod unique;
mod updates;
mod whole;

use engine::{BackupDetails, BackupId, CreateOptions, DifferenceFilter, Store};
use serde_json::{Value, json};

use super::{
    GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, Selection, Step, StepKind, make,
};

/// Types of which nothing is missing even where none is given.
const COMPLETE: [&str; 9] = [
    "user",
    "group",
    "application",
    "servicePrincipal",
    "appRoleAssignment",
    "oauth2PermissionGrant",
    "roleAssignment",
    "roleAssignmentSchedule",
    "roleEligibilitySchedule",
];

/// Objects of a backup: type token and JSON.
pub(super) type Objects = Vec<(&'static str, Value)>;

/// A difference that is to become a plan.
pub(super) struct Case {
    pub(super) from: Objects,
    pub(super) to: Objects,
    /// A backup between the two.
    pub(super) middle: Option<Objects>,
    pub(super) live: Option<Objects>,
    pub(super) selection: Option<Selection>,
    pub(super) options: PlanOptions,
    pub(super) break_glass: Vec<String>,
    pub(super) identity: Identity,
    pub(super) limits: GuardLimits,
    pub(super) now: &'static str,
    pub(super) tenant: &'static str,
    pub(super) allow: Vec<String>,
}

impl Case {
    pub(super) fn new(from: Objects, to: Objects) -> Self {
        Self {
            from,
            to,
            middle: None,
            live: None,
            selection: None,
            options: PlanOptions::default(),
            break_glass: Vec::new(),
            identity: Identity::default(),
            limits: GuardLimits::default(),
            now: "2026-11-17T08:00:00Z",
            tenant: "t",
            allow: Vec::new(),
        }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut PlanOptions)) -> Self {
        change(&mut self.options);
        self
    }

    pub(super) fn try_plan(self) -> crate::plan::Result<Plan> {
        let folder = tempfile::tempdir().unwrap();
        let options = CreateOptions { seed: [7; 32], tenant: None };
        let mut store = Store::create(&folder.path().join("entrasnap.store"), &options).unwrap();
        // What comes later is new: the first backup looked for it, too.
        commit(&mut store, "2026-11-16T00:00:00Z", &self.from, &self.to);
        if let Some(middle) = &self.middle {
            commit(&mut store, "2026-11-16T12:00:00Z", middle, &self.to);
        }
        commit(&mut store, "2026-11-17T00:00:00Z", &self.to, &Objects::new());
        if let Some(live) = &self.live {
            commit(&mut store, "2026-11-17T06:00:00Z", live, &Objects::new());
        }
        let mut ids: Vec<BackupId> = store.backups().iter().map(|backup| backup.id).collect();
        if self.middle.is_some() {
            ids.remove(1);
        }
        let changes = store.difference(&ids[0], &ids[1], &DifferenceFilter::default()).unwrap();
        let plan = make(PlanInput {
            changes,
            unread: Vec::new(),
            from: store.snapshot(&ids[0]).unwrap(),
            to: store.snapshot(&ids[1]).unwrap(),
            live: ids.get(2).map(|id| store.snapshot(id).unwrap()),
            selection: self.selection,
            options: self.options,
            context: PlanContext {
                tenant_id: self.tenant.to_owned(),
                seed: [3; 32],
                now: self.now.parse().unwrap(),
                from_point: "latest~1".to_owned(),
                to_point: "latest".to_owned(),
                query: String::new(),
                identity: self.identity,
                break_glass: self.break_glass,
                limits: self.limits,
                allow: self.allow,
            },
        });
        if let Ok(plan) = &plan {
            check(plan);
        }
        plan
    }

    pub(super) fn plan(self) -> Plan {
        self.try_plan().unwrap()
    }
}

/// Backs objects up, of a tenant that has no others of the types of `looked_for`.
pub(super) fn commit(store: &mut Store, taken_at: &str, objects: &Objects, looked_for: &Objects) {
    let mut complete = COMPLETE.map(str::to_owned).to_vec();
    complete.extend(looked_for.iter().map(|(token, _)| (*token).to_owned()));
    let details = BackupDetails { complete, ..BackupDetails::new("test", taken_at.parse().unwrap()) };
    let mut backup = store.begin(details).unwrap();
    for (token, object) in objects {
        backup.put_json(token, object.to_string().as_bytes()).unwrap();
    }
    backup.commit().unwrap();
}

/// What holds for every plan.
pub(super) fn check(plan: &Plan) {
    plan.verify_hash().unwrap();
    // What people are shown says what is sent.
    plan.check_steps().unwrap();
    let position = |id: &str| plan.steps.iter().position(|step| step.id == id);
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.id, format!("s{}", index + 1));
        for before in &step.depends_on {
            assert!(position(before).unwrap() < index, "{} waits for {before}", step.id);
        }
        if step.kind == StepKind::RemoveLink && !step.links.is_empty() {
            assert!(step.request.path.ends_with("/$ref"), "{}", step.request.path);
        }
        if let Some(before) = index.checked_sub(1) {
            assert!(plan.steps[before].phase <= step.phase, "{} comes too late", step.id);
        }
        let text = format!("{} {}", step.request.path, step.request.body);
        for part in text.split("{new:").skip(1) {
            let wanted = part.split(['}', '.']).next().unwrap();
            assert!(step.depends_on.iter().any(|id| id == wanted), "{} needs {wanted}", step.id);
        }
    }
}

/// The only step of a kind about an object.
pub(super) fn only<'p>(plan: &'p Plan, kind: StepKind, id: &str) -> &'p Step {
    let found: Vec<&Step> =
        plan.steps.iter().filter(|step| step.kind == kind && step.object.id == id).collect();
    assert_eq!(found.len(), 1, "{kind:?} of {id} in {:#?}", plan.steps);
    found[0]
}

/// Reasons of what is skipped of an object.
pub(super) fn reasons<'p>(plan: &'p Plan, id: &str) -> Vec<(&'p str, &'p str)> {
    let own = plan.skipped.iter().filter(|skipped| skipped.object.id == id);
    own.map(|skipped| (skipped.name.as_str(), skipped.reason.as_str())).collect()
}

pub(super) fn binned(mut object: Value) -> Value {
    object["deletedDateTime"] = json!("2026-11-16T20:00:00Z");
    object
}

pub(super) fn user(id: &str) -> Value {
    json!({
        "id": id, "displayName": format!("User {id}"), "userPrincipalName": format!("{id}.x@contoso.com"),
        "accountEnabled": true, "mailNickname": format!("{id}.x"),
    })
}

pub(super) fn group(id: &str, members: &[&str]) -> Value {
    json!({
        "id": id, "displayName": format!("Group {id}"), "securityEnabled": true, "mailEnabled": false,
        "mailNickname": format!("{id}.x"), "groupTypes": [], "members": members,
    })
}

/// An object with some properties changed.
pub(super) fn changed(mut object: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("expected properties, found {changes}") };
    for (name, value) in changes {
        object[name] = value;
    }
    object
}
