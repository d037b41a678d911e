//! Which accounts conditional access covers before a plan and after it.

use std::collections::{BTreeMap, BTreeSet};

use engine::Snapshot;
use serde_json::Value;

use crate::Result;
use crate::plan::contain::is_enabled;
use crate::plan::lookup::{self, Attributes};
use crate::plan::make::Planner;
use crate::plan::update::has_text;
use crate::plan::{PlanObject, Step, StepKind};

const POLICY: &str = "conditionalAccessPolicy";

/// What an account is, as far as policies ask.
#[derive(Debug, Default, Clone)]
struct Account {
    id: String,
    groups: BTreeSet<String>,
    roles: BTreeSet<String>,
}

/// A policy before and after the plan; nothing where it is not there.
struct Policy {
    object: PlanObject,
    before: Option<Attributes>,
    after: Option<Attributes>,
}

/// The policies that would begin to cover one of some accounts, and these accounts.
pub(super) fn begins(planner: &Planner, steps: &[Step], ids: &[String]) -> Result<Vec<PlanObject>> {
    if ids.is_empty() || !is_relevant(steps, ids) {
        return Ok(Vec::new());
    }
    let policies = policies(planner, steps)?;
    let mut found = BTreeSet::new();
    for id in ids {
        let (before, after) = accounts(planner, steps, id)?;
        for policy in &policies {
            if !covers(policy.before.as_ref(), &before) && covers(policy.after.as_ref(), &after) {
                found.insert(policy.object.clone());
                let name = planner.lookup.known(id).map_or(String::new(), |known| known.name.clone());
                found.insert(PlanObject {
                    id: id.clone(),
                    type_token: "user".to_owned(),
                    display_name: name,
                });
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The policies that would begin to keep an account out.
pub(super) fn begins_to_block(planner: &Planner, steps: &[Step], id: &str) -> Result<Vec<PlanObject>> {
    if !is_relevant(steps, &[id.to_owned()]) {
        return Ok(Vec::new());
    }
    let (before, after) = accounts(planner, steps, id)?;
    let blocks = |policy: &Attributes| {
        let controls = policy.get("grantControls").unwrap_or(&Value::Null);
        has_text(&controls["builtInControls"], "block")
    };
    let is_blocked = |policy: Option<&Attributes>, account: &Account| {
        covers(policy, account) && policy.is_some_and(blocks)
    };
    let policies = policies(planner, steps)?.into_iter().filter(|policy| {
        !is_blocked(policy.before.as_ref(), &before) && is_blocked(policy.after.as_ref(), &after)
    });
    Ok(policies.map(|policy| policy.object).collect())
}

/// Whether a plan touches policies, or what these accounts are.
fn is_relevant(steps: &[Step], ids: &[String]) -> bool {
    steps.iter().any(|step| {
        let names = |side: &BTreeMap<String, Value>| {
            side.get("principalId").and_then(Value::as_str).is_some_and(|id| ids.iter().any(|own| own == id))
        };
        step.object.type_token == POLICY
            || step.links.iter().any(|link| ids.contains(&link.target_id))
            || names(&step.before)
            || names(&step.after)
    })
}

/// All policies that stand, and those that the plan brings back.
fn policies(planner: &Planner, steps: &[Step]) -> Result<Vec<Policy>> {
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    for object in planner.lookup.newest.objects(POLICY)? {
        let object = object?;
        let shown = PlanObject {
            id: object.key.id.clone(),
            type_token: POLICY.to_owned(),
            display_name: object.display_name(),
        };
        let standing = (!object.deleted).then(|| object.attributes());
        let policy = Policy { object: shown, before: standing.clone(), after: standing };
        policies.insert(object.key.id, policy);
    }
    for step in steps.iter().filter(|step| step.object.type_token == POLICY) {
        let policy = policies.entry(step.object.id.clone()).or_insert_with(|| Policy {
            object: step.object.clone(),
            before: None,
            after: None,
        });
        match step.kind {
            StepKind::Restore => {
                // The bin has it as it went there.
                let side = [&planner.lookup.to, &planner.lookup.from];
                for side in side {
                    if policy.after.is_none() {
                        policy.after = lookup::attributes(side, POLICY, &step.object.id)?;
                    }
                }
            }
            StepKind::SoftDelete | StepKind::HardDelete => policy.after = None,
            StepKind::Update | StepKind::Recreate => {
                let after = policy.after.get_or_insert_default();
                after.extend(step.after.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {}
        }
    }
    Ok(policies.into_values().collect())
}

/// An account before and after the plan.
fn accounts(planner: &Planner, steps: &[Step], id: &str) -> Result<(Account, Account)> {
    let newest = &planner.lookup.newest;
    let before = Account { id: id.to_owned(), groups: groups_of(newest, id)?, roles: BTreeSet::new() };
    let mut before = before;
    before.roles = roles_of(newest, &before)?;
    let mut after = before.clone();
    for step in steps {
        let names = |side: &BTreeMap<String, Value>| {
            let text = |name: &str| side.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("principalId") == id).then(|| text("roleDefinitionId")).filter(|role| !role.is_empty())
        };
        let is_target = step.links.iter().any(|link| link.target_id == id && link.relation == "members");
        match step.kind {
            StepKind::AddLink if is_target => _ = after.groups.insert(step.object.id.clone()),
            StepKind::RemoveLink if is_target => _ = after.groups.remove(&step.object.id),
            StepKind::AddLink => after.roles.extend(names(&step.after)),
            StepKind::RemoveLink => {
                if let Some(role) = names(&step.before) {
                    after.roles.remove(&role);
                }
            }
            _ => {}
        }
    }
    Ok((before, after))
}

/// The groups that have an account as a member, directly or through other groups.
fn groups_of(snapshot: &Snapshot, id: &str) -> Result<BTreeSet<String>> {
    let scan = snapshot.scan("group");
    let mut reached: BTreeSet<u32> = scan.ordinal(id)?.into_iter().collect();
    let mut groups = BTreeSet::new();
    let rows = scan.live()?;
    let lists = scan.links("members", &rows.ordinals)?;
    loop {
        let count = reached.len();
        for (place, ordinal) in rows.ordinals.iter().enumerate() {
            if !reached.contains(ordinal) && lists.get(place).iter().any(|member| reached.contains(member)) {
                reached.insert(*ordinal);
                groups.insert(*ordinal);
            }
        }
        if reached.len() == count {
            break;
        }
    }
    let groups: Vec<u32> = groups.into_iter().collect();
    Ok(scan.ids(&groups)?.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect())
}

/// The roles that an account has by assignment, directly or through a group.
fn roles_of(snapshot: &Snapshot, account: &Account) -> Result<BTreeSet<String>> {
    let scan = snapshot.scan("roleAssignment");
    let rows = scan.live()?;
    let mut roles = BTreeSet::new();
    for key in scan.ids(&rows.ordinals)?.iter() {
        let key = String::from_utf8_lossy(key);
        if let [principal, role, _] = key.split('|').collect::<Vec<_>>().as_slice()
            && (*principal == account.id || account.groups.contains(*principal))
        {
            roles.insert((*role).to_owned());
        }
    }
    Ok(roles)
}

/// Whether a policy is on and asks something of an account.
fn covers(policy: Option<&Attributes>, account: &Account) -> bool {
    let Some(policy) = policy.filter(|policy| policy.get("state").is_some_and(is_enabled)) else {
        return false;
    };
    let Some(users) = policy.get("conditions").and_then(|conditions| conditions.get("users")) else {
        return false;
    };
    let names = |kind: &str| {
        let has = |list: &str, id: &str| has_text(&users[format!("{kind}{list}").as_str()], id);
        has("Users", &account.id)
            || account.groups.iter().any(|group| has("Groups", group))
            || account.roles.iter().any(|role| has("Roles", role))
    };
    (names("include") || has_text(&users["includeUsers"], "All")) && !names("exclude")
}
