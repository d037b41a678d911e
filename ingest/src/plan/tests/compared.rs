//! Guards compare the tenant before and after: against an evaluator that knows a tenant as plain sets, over random small
//! tenants and random steps.

use std::collections::{BTreeMap, BTreeSet};

use engine::{CreateOptions, Store};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{
    Body, GuardLimits, Identity, Named, Phase, PlanContext, PlanObject, RequestTemplate, Step, StepKind,
    StepLink, guards,
};
use super::{Objects, binned, changed, commit, group, user};
use engine::schema::Version;

const ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const USERS: [&str; 3] = ["ann", "bob", "cid"];
const GROUPS: [&str; 3] = ["g1", "g2", "g3"];

/// A tenant as plain sets.
#[derive(Debug, Clone, Default)]
struct Plain {
    /// Users that are there, and whether they are enabled.
    users: BTreeMap<String, bool>,
    /// Users and groups in the bin.
    bin: BTreeMap<String, bool>,
    groups: BTreeSet<String>,
    members: BTreeSet<(String, String)>,
    active: BTreeSet<String>,
    eligible: BTreeSet<String>,
    /// Whether the policy is on; none when it is not there.
    policy: Option<bool>,
    excluded: BTreeSet<String>,
}

#[derive(Debug, Clone)]
enum Act {
    Enable(usize, bool),
    Delete(usize),
    Restore(usize),
    DeleteGroup(usize),
    Join(usize, usize),
    Leave(usize, usize),
    Assign(usize, bool),
    Unassign(usize, bool),
    Switch(bool),
    DropPolicy,
}

fn principal(index: usize) -> &'static str {
    USERS.iter().chain(&GROUPS).nth(index).unwrap()
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0..3_usize, any::<bool>()).prop_map(|(user, on)| Act::Enable(user, on)),
        (0..3_usize).prop_map(Act::Delete),
        (0..3_usize).prop_map(Act::Restore),
        (0..3_usize).prop_map(Act::DeleteGroup),
        (0..3_usize, 0..6_usize).prop_map(|(group, member)| Act::Join(group, member)),
        (0..3_usize, 0..6_usize).prop_map(|(group, member)| Act::Leave(group, member)),
        (0..6_usize, any::<bool>()).prop_map(|(holder, active)| Act::Assign(holder, active)),
        (0..6_usize, any::<bool>()).prop_map(|(holder, active)| Act::Unassign(holder, active)),
        any::<bool>().prop_map(Act::Switch),
        Just(Act::DropPolicy),
    ];
    prop::collection::vec(act, 1..5)
}

prop_compose! {
    fn tenants()(
        users in prop::collection::vec(0..4_u8, 3),
        groups in prop::collection::vec(any::<bool>(), 3),
        members in prop::collection::btree_set((0..3_usize, 0..6_usize), 0..6),
        active in prop::collection::btree_set(0..6_usize, 0..3),
        eligible in prop::collection::btree_set(0..6_usize, 0..2),
        policy in prop::option::of(any::<bool>()),
        excluded in prop::collection::btree_set(0..6_usize, 0..3),
    ) -> Plain {
        let mut plain = Plain::default();
        for (user, kind) in USERS.iter().zip(users) {
            match kind {
                0 => _ = plain.bin.insert((*user).to_owned(), true),
                kind => _ = plain.users.insert((*user).to_owned(), kind != 1),
            }
        }
        plain.groups = GROUPS.iter().zip(groups).filter(|(_, is)| *is).map(|(id, _)| (*id).to_owned()).collect();
        let owned = |index: &usize| principal(*index).to_owned();
        let is_live = |plain: &Plain, id: &str| plain.users.contains_key(id) || plain.groups.contains(id);
        for (group, member) in members {
            let pair = (GROUPS[group].to_owned(), owned(&member));
            if plain.groups.contains(&pair.0) && is_live(&plain, &pair.1) && pair.0 != pair.1 {
                plain.members.insert(pair);
            }
        }
        plain.active = active.iter().map(owned).collect();
        plain.eligible = eligible.iter().map(owned).collect();
        plain.policy = policy;
        plain.excluded = excluded.iter().map(owned).collect();
        plain
    }
}

impl Plain {
    fn objects(&self) -> Objects {
        let mut objects: Objects = Vec::new();
        // Somebody of each type is always there, so that what is missing is known to be gone.
        objects.push(("user", changed(user("extra"), json!({"accountEnabled": false}))));
        objects.push(("group", group("extra-group", &[])));
        let user_of = |id: &str, on: bool| changed(user(id), json!({"accountEnabled": on}));
        objects.extend(self.users.iter().map(|(id, on)| ("user", user_of(id, *on))));
        objects.extend(self.bin.iter().map(|(id, on)| ("user", binned(user_of(id, *on)))));
        for id in &self.groups {
            let members: Vec<&str> = self
                .members
                .iter()
                .filter(|(group, _)| group == id)
                .map(|(_, member)| member.as_str())
                .collect();
            objects.push(("group", group(id, &members)));
        }
        for (token, holders) in
            [("roleAssignment", &self.active), ("roleEligibilitySchedule", &self.eligible)]
        {
            objects.extend(holders.iter().map(|id| (token, role(id))));
        }
        if let Some(is_on) = self.policy {
            let of = |known: &[&str]| {
                self.excluded.iter().filter(|id| known.contains(&id.as_str())).cloned().collect::<Vec<_>>()
            };
            let users =
                json!({"includeUsers": ["All"], "excludeUsers": of(&USERS), "excludeGroups": of(&GROUPS)});
            let state = if is_on { "enabled" } else { "disabled" };
            let policy =
                json!({"id": "ca", "displayName": "P", "state": state, "conditions": {"users": users}});
            objects.push(("conditionalAccessPolicy", policy));
        }
        objects
    }

    fn do_it(&mut self, act: &Act) {
        match act {
            Act::Enable(user, on) => {
                if let Some(enabled) = self.users.get_mut(USERS[*user]) {
                    *enabled = *on;
                }
            }
            Act::Delete(user) => {
                if let Some(on) = self.users.remove(USERS[*user]) {
                    self.bin.insert(USERS[*user].to_owned(), on);
                }
            }
            Act::Restore(user) => {
                if let Some(on) = self.bin.remove(USERS[*user]) {
                    self.users.insert(USERS[*user].to_owned(), on);
                }
            }
            Act::DeleteGroup(group) => _ = self.groups.remove(GROUPS[*group]),
            Act::Join(group, member) => {
                self.members.insert((GROUPS[*group].to_owned(), principal(*member).to_owned()));
            }
            Act::Leave(group, member) => {
                self.members.remove(&(GROUPS[*group].to_owned(), principal(*member).to_owned()));
            }
            Act::Assign(holder, true) => _ = self.active.insert(principal(*holder).to_owned()),
            Act::Assign(holder, false) => _ = self.eligible.insert(principal(*holder).to_owned()),
            Act::Unassign(holder, true) => _ = self.active.remove(principal(*holder)),
            Act::Unassign(holder, false) => _ = self.eligible.remove(principal(*holder)),
            Act::Switch(on) => self.policy = self.policy.map(|_| *on),
            Act::DropPolicy => self.policy = None,
        }
    }

    /// Whether an act can be a step of a plan over this tenant.
    fn allows(&self, act: &Act) -> bool {
        let is_live = |id: &str| self.users.contains_key(id) || self.groups.contains(id);
        match act {
            Act::Enable(user, _) | Act::Delete(user) => self.users.contains_key(USERS[*user]),
            Act::Restore(user) => self.bin.contains_key(USERS[*user]),
            Act::DeleteGroup(group) => self.groups.contains(GROUPS[*group]),
            Act::Join(group, member) => {
                self.groups.contains(GROUPS[*group])
                    && is_live(principal(*member))
                    && GROUPS[*group] != principal(*member)
            }
            Act::Leave(group, member) => {
                let pair = (GROUPS[*group].to_owned(), principal(*member).to_owned());
                self.groups.contains(&pair.0) && self.members.contains(&pair)
            }
            Act::Assign(holder, _) => is_live(principal(*holder)),
            Act::Unassign(holder, true) => self.active.contains(principal(*holder)),
            Act::Unassign(holder, false) => self.eligible.contains(principal(*holder)),
            Act::Switch(_) | Act::DropPolicy => self.policy.is_some(),
        }
    }

    fn is_in(&self, member: &str, group: &str, depth: usize) -> bool {
        let is_live = self.groups.contains(group);
        let own = self.members.iter().filter(|(found, _)| found == group).map(|(_, member)| member);
        is_live
            && own
                .into_iter()
                .any(|found| found == member || depth > 0 && self.is_in(member, found, depth - 1))
    }

    fn signs_in(&self, id: &str) -> bool {
        self.users.get(id) == Some(&true)
    }

    fn holds(&self, set: &BTreeSet<String>, id: &str) -> bool {
        set.iter().any(|holder| holder == id || self.is_in(id, holder, 4))
    }

    fn accounts(&self, set: &BTreeSet<String>) -> usize {
        USERS.iter().filter(|id| self.signs_in(id) && self.holds(set, id)).count()
    }

    fn is_covered(&self, id: &str) -> bool {
        let is_excluded = self.excluded.iter().any(|excluded| excluded == id || self.is_in(id, excluded, 4));
        self.policy == Some(true) && !is_excluded
    }

    fn missing(&self) -> BTreeSet<&String> {
        let is_gone = |id: &&String| !self.users.contains_key(*id) && !self.groups.contains(*id);
        self.excluded.iter().filter(|_| self.policy == Some(true)).filter(is_gone).collect()
    }
}

/// What should be said of two tenants, for an emergency account that is Ann's.
fn expected(before: &Plain, after: &Plain, is_covered_first: bool) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let lost_active = before.accounts(&before.active) > 0 && after.accounts(&after.active) == 0;
    let lost_all = before.accounts(&before.eligible) > 0
        && after.accounts(&after.active) == 0
        && after.accounts(&after.eligible) == 0;
    if lost_active || lost_all {
        names.insert("last-global-administrator");
    }
    let is_shut = before.signs_in("ann") && !after.signs_in("ann");
    let is_stripped = before.holds(&before.active, "ann") && !after.holds(&after.active, "ann");
    if is_shut || is_stripped || (!is_covered_first && after.is_covered("ann")) {
        names.insert("break-glass");
    }
    if !after.missing().is_subset(&before.missing()) {
        names.insert("ca-exclusion-gone");
    }
    if before.policy == Some(true) && after.policy != Some(true) {
        names.insert("policy-off");
    }
    if USERS.iter().any(|id| after.signs_in(id) && !before.signs_in(id)) {
        names.insert("re-enables-account");
    }
    names
}

fn role(id: &str) -> Value {
    json!({"id": format!("r-{id}"), "principalId": id, "roleDefinitionId": ADMINISTRATOR, "directoryScopeId": "/"})
}

fn step_of(index: usize, act: &Act) -> Step {
    let object = |token: &str, id: &str| PlanObject {
        id: id.to_owned(),
        type_token: token.to_owned(),
        display_name: String::new(),
    };
    let key = |holder: usize| format!("{}|{ADMINISTRATOR}|/", principal(holder));
    let token_of = |is_active: bool| if is_active { "roleAssignment" } else { "roleEligibilitySchedule" };
    let (kind, object) = match act {
        Act::Enable(user, _) => (StepKind::Update, object("user", USERS[*user])),
        Act::Delete(user) => (StepKind::SoftDelete, object("user", USERS[*user])),
        Act::Restore(user) => (StepKind::Restore, object("user", USERS[*user])),
        Act::DeleteGroup(group) => (StepKind::SoftDelete, object("group", GROUPS[*group])),
        Act::Join(group, _) => (StepKind::AddLink, object("group", GROUPS[*group])),
        Act::Leave(group, _) => (StepKind::RemoveLink, object("group", GROUPS[*group])),
        Act::Assign(holder, is_active) => (StepKind::AddLink, object(token_of(*is_active), &key(*holder))),
        Act::Unassign(holder, is_active) => {
            (StepKind::RemoveLink, object(token_of(*is_active), &key(*holder)))
        }
        Act::Switch(_) => (StepKind::Update, object("conditionalAccessPolicy", "ca")),
        Act::DropPolicy => (StepKind::SoftDelete, object("conditionalAccessPolicy", "ca")),
    };
    let request = RequestTemplate {
        method: String::new(),
        version: Version::V1,
        path: String::new(),
        body: Body::NULL,
    };
    let mut step = Step {
        id: format!("s{index}"),
        kind,
        phase: Phase::Links,
        object,
        before: Named::new(),
        after: Named::new(),
        links: Vec::new(),
        depends_on: Vec::new(),
        request,
        notes: Vec::new(),
    };
    let values = |holder: usize| role(principal(holder)).as_object().unwrap().clone().into_iter().collect();
    match act {
        Act::Enable(_, on) => {
            step.after.insert("accountEnabled".to_owned(), json!(on));
        }
        Act::Switch(on) => {
            let state = if *on { "enabled" } else { "disabled" };
            step.after.insert("state".to_owned(), json!(state));
        }
        Act::Join(_, member) | Act::Leave(_, member) => step.links.push(StepLink {
            relation: "members".to_owned(),
            target_id: principal(*member).to_owned(),
            target_type: String::new(),
            target_name: String::new(),
        }),
        Act::Assign(holder, _) => step.after = values(*holder),
        Act::Unassign(holder, _) => step.before = values(*holder),
        _ => {}
    }
    step
}

fn raised(before: &Plain, acts: &[Act]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [7; 32], tenant: None };
    let mut store = Store::create(&folder.path().join("entrasnap.store"), &options).unwrap();
    commit(&mut store, "2026-11-17T00:00:00Z", &before.objects(), &Vec::new());
    let newest = store.snapshot(&store.backups()[0].id).unwrap();
    let steps: Vec<Step> = acts.iter().enumerate().map(|(index, act)| step_of(index, act)).collect();
    let context = PlanContext {
        tenant_id: "t".to_owned(),
        seed: [3; 32],
        now: "2026-11-17T08:00:00Z".parse().unwrap(),
        from_point: String::new(),
        to_point: String::new(),
        query: String::new(),
        identity: Identity::default(),
        break_glass: vec!["ann".to_owned()],
        limits: GuardLimits { type_share_max: 1.0, ..GuardLimits::default() },
        allow: Vec::new(),
    };
    let found = guards(&newest, &steps, &context).unwrap();
    // What gives power is told step by step, and asked for elsewhere.
    found.into_iter().map(|guard| guard.name).filter(|name| name != "grants-privilege").collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn guards_say_what_differs_between_the_tenant_before_and_after(before in tenants(), acts in acts()) {
        let mut after = before.clone();
        let mut done = Vec::new();
        for act in acts {
            if after.allows(&act) {
                after.do_it(&act);
                done.push(act);
            }
        }
        let expected = expected(&before, &after, before.is_covered("ann"));
        let raised = raised(&before, &done);
        prop_assert_eq!(raised.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{:?}", done);
    }
}

#[test]
fn what_no_single_step_shows_is_seen() {
    let mut plain = Plain { policy: Some(true), ..Plain::default() };
    plain.users = [("ann", true), ("bob", true)].map(|(id, on)| (id.to_owned(), on)).into();
    plain.groups = ["g1", "g2"].map(str::to_owned).into();
    plain.members = [("g1", "g2"), ("g2", "ann")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    plain.excluded = ["g1".to_owned()].into();
    plain.eligible = ["g2".to_owned()].into();
    let (inner, outer) = (Act::Leave(0, 4), Act::DeleteGroup(0));
    for (acts, expected) in [
        (vec![inner], vec!["break-glass"]),
        (vec![outer], vec!["break-glass", "ca-exclusion-gone"]),
        (vec![Act::Leave(1, 0)], vec!["break-glass", "last-global-administrator"]),
        (vec![Act::Enable(0, false)], vec!["break-glass", "last-global-administrator"]),
        (vec![Act::Delete(0)], vec!["break-glass", "last-global-administrator"]),
        (vec![Act::Unassign(4, false)], vec!["last-global-administrator"]),
        (vec![Act::Unassign(4, false), Act::Assign(1, true)], vec![]),
        (vec![Act::Switch(false)], vec!["policy-off"]),
        (vec![Act::DropPolicy], vec!["policy-off"]),
    ] {
        assert_eq!(raised(&plain, &acts).into_iter().collect::<Vec<_>>(), expected, "{acts:?}");
    }
}
