//! Who is Global Administrator before a plan and after it.

use std::collections::BTreeSet;

use engine::{ObjectKey, Snapshot};
use serde_json::Value;

use crate::Result;
use crate::plan::lookup;
use crate::plan::make::Planner;
use crate::plan::{PlanObject, Step, StepKind};

/// The role definition, and role template, of Global Administrator, the same in every tenant.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// Types that say who has a role now.
const ASSIGNMENTS: [&str; 2] = ["roleAssignment", "roleAssignmentSchedule"];

/// What the steps do to holders of the role and to groups.
#[derive(Default)]
struct Effects<'s> {
    /// Principals that lose the role, and by which object.
    stripped: BTreeSet<&'s str>,
    /// Principals that get it.
    given: BTreeSet<&'s str>,
    /// Group and member.
    left: BTreeSet<(&'s str, &'s str)>,
    /// Accounts that are disabled or go.
    lost: BTreeSet<&'s str>,
    /// The objects of all these steps but those that give.
    objects: BTreeSet<&'s PlanObject>,
}

/// The objects of steps after which nobody would be Global Administrator; none when somebody is, or nobody was.
pub(super) fn lost(planner: &Planner, steps: &[Step]) -> Result<Vec<PlanObject>> {
    let roles = roles(planner)?;
    let effects = effects(steps, &roles);
    if effects.objects.is_empty() {
        return Ok(Vec::new());
    }
    let newest = &planner.lookup.newest;
    let holders = holders(newest, &roles)?;
    let before = accounts(newest, &holders, &Effects::default())?;
    let mut kept: BTreeSet<String> =
        holders.into_iter().filter(|holder| !effects.stripped.contains(holder.as_str())).collect();
    kept.extend(effects.given.iter().map(|holder| (*holder).to_owned()));
    let after = accounts(newest, &kept, &effects)?;
    let is_lost = !before.is_empty() && after.is_empty();
    Ok(if is_lost { effects.objects.into_iter().cloned().collect() } else { Vec::new() })
}

/// The directory roles whose members are Global Administrators: one when it is activated.
fn roles(planner: &Planner) -> Result<Vec<String>> {
    let mut roles = Vec::new();
    for role in planner.lookup.newest.objects("directoryRole")? {
        let role = role?;
        if role.attributes().get("roleTemplateId").and_then(Value::as_str) == Some(GLOBAL_ADMINISTRATOR) {
            roles.push(role.key.id);
        }
    }
    Ok(roles)
}

fn effects<'s>(steps: &'s [Step], roles: &[String]) -> Effects<'s> {
    let mut effects = Effects::default();
    for step in steps {
        let token = step.object.type_token.as_str();
        let is_role = roles.contains(&step.object.id);
        let targets = step.links.iter().filter(|link| link.relation == "members");
        let targets = targets.map(|link| link.target_id.as_str());
        let is_loss = match step.kind {
            StepKind::RemoveLink | StepKind::AddLink if ASSIGNMENTS.contains(&token) => {
                let is_removal = step.kind == StepKind::RemoveLink;
                let side = if is_removal { &step.before } else { &step.after };
                let text = |name: &str| side.get(name).and_then(Value::as_str).unwrap_or_default();
                let is_wanted = text("roleDefinitionId") == GLOBAL_ADMINISTRATOR;
                if is_wanted && !text("principalId").is_empty() {
                    let set = if is_removal { &mut effects.stripped } else { &mut effects.given };
                    set.insert(text("principalId"));
                }
                is_wanted && is_removal
            }
            StepKind::AddLink if is_role => {
                effects.given.extend(targets);
                false
            }
            StepKind::RemoveLink if is_role => {
                effects.stripped.extend(targets);
                true
            }
            StepKind::RemoveLink if token == "group" => {
                effects.left.extend(targets.map(|target| (step.object.id.as_str(), target)));
                true
            }
            StepKind::SoftDelete | StepKind::HardDelete => effects.lost.insert(&step.object.id),
            StepKind::Update if step.after.get("accountEnabled") == Some(&Value::Bool(false)) => {
                effects.lost.insert(&step.object.id)
            }
            _ => false,
        };
        if is_loss {
            effects.objects.insert(&step.object);
        }
    }
    effects
}

/// Who holds the role for the whole tenant.
fn holders(snapshot: &Snapshot, roles: &[String]) -> Result<BTreeSet<String>> {
    let mut holders = BTreeSet::new();
    for token in ASSIGNMENTS {
        let scan = snapshot.scan(token);
        let rows = scan.live()?;
        for key in scan.ids(&rows.ordinals)?.iter() {
            let key = String::from_utf8_lossy(key);
            if let [principal, GLOBAL_ADMINISTRATOR, "/"] = key.split('|').collect::<Vec<_>>().as_slice() {
                holders.insert((*principal).to_owned());
            }
        }
    }
    for role in roles {
        let key = ObjectKey { type_token: "directoryRole".into(), id: role.clone() };
        let links = snapshot.object(&key)?.map(|role| role.links).unwrap_or_default();
        let members = links.into_iter().filter(|(relation, _)| **relation == *"members");
        holders.extend(members.flat_map(|(_, targets)| targets));
    }
    Ok(holders)
}

/// The accounts among holders, and in groups among them, that can sign in. Applications count: who has their secrets
/// can help.
fn accounts(
    snapshot: &Snapshot,
    holders: &BTreeSet<String>,
    effects: &Effects<'_>,
) -> Result<BTreeSet<String>> {
    let mut accounts = BTreeSet::new();
    for holder in holders {
        let key = ObjectKey { type_token: "group".into(), id: holder.clone() };
        let candidates = match snapshot.object(&key)? {
            Some(group) => {
                let members = group.links.into_iter().filter(|(relation, _)| **relation == *"members");
                let stays = |member: &String| !effects.left.contains(&(holder.as_str(), member.as_str()));
                members.flat_map(|(_, targets)| targets).filter(stays).collect()
            }
            None => vec![holder.clone()],
        };
        for account in candidates {
            if !effects.lost.contains(account.as_str()) && can_sign_in(snapshot, &account)? {
                accounts.insert(account);
            }
        }
    }
    Ok(accounts)
}

fn can_sign_in(snapshot: &Snapshot, id: &str) -> Result<bool> {
    for token in ["user", "servicePrincipal"] {
        let key = ObjectKey { type_token: token.into(), id: id.to_owned() };
        if snapshot.object(&key)?.is_some_and(|object| object.deleted) {
            return Ok(false);
        }
        if let Some(attributes) = lookup::attributes(snapshot, token, id)? {
            return Ok(attributes.get("accountEnabled") != Some(&Value::Bool(false)));
        }
    }
    // A placeholder for an object to come, or one that nobody observed.
    Ok(false)
}
