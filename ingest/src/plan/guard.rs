//! Why a plan must not be applied unless somebody allows it by name.

mod administrators;
mod coverage;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::make::Planner;
use super::relation::added_scopes;
use super::{Guard, PlanObject, Step, StepKind};
use crate::Result;

/// Nobody would be Global Administrator any more.
const LAST_ADMINISTRATOR: &str = "last-global-administrator";
/// Who applies the plan would lose rights.
const SELF_LOCKOUT: &str = "self-lockout";
/// A policy would begin to cover an account that none may cover.
const BREAK_GLASS: &str = "break-glass";
/// An account would be enabled again.
const RE_ENABLES: &str = "re-enables-account";
/// Somebody would get power over the tenant.
const GRANTS: &str = "grants-privilege";
/// More would change than anybody reads.
const TOO_MANY: &str = "too-many";
/// The newest state is old.
const STALE: &str = "stale";

/// The names of all guards.
pub const GUARDS: [&str; 7] =
    [LAST_ADMINISTRATOR, SELF_LOCKOUT, BREAK_GLASS, RE_ENABLES, GRANTS, TOO_MANY, STALE];

/// Objects that a guard lists at most: of more, their number says enough.
const OBJECT_COUNT_MAX: usize = 50;

/// Types that say who has a directory role.
const ROLE_ASSIGNMENTS: [&str; 3] = ["roleAssignment", "roleAssignmentSchedule", "roleEligibilitySchedule"];

/// The guards that a plan raises.
pub(super) fn find(planner: &Planner, steps: &[Step]) -> Result<Vec<Guard>> {
    let mut guards = Vec::new();
    let mut raise = |name: &str, reason: String, objects: Vec<PlanObject>| {
        let mut objects = objects;
        objects.truncate(OBJECT_COUNT_MAX);
        let allowed = planner.context.allow.iter().any(|allowed| allowed == name);
        guards.push(Guard { name: name.to_owned(), reason, objects, allowed });
    };
    let lost = administrators::lost(planner, steps)?;
    if !lost.is_empty() {
        raise(LAST_ADMINISTRATOR, "nobody would be Global Administrator any more".to_owned(), lost);
    }
    let cut = self_lockout(planner, steps)?;
    if !cut.is_empty() {
        raise(SELF_LOCKOUT, "who applies the plan would lose rights or be disabled".to_owned(), cut);
    }
    let covering = coverage::begins(planner, steps, &planner.context.break_glass)?;
    if !covering.is_empty() {
        let reason = "policies would begin to cover accounts that none may cover".to_owned();
        raise(BREAK_GLASS, reason, covering);
    }
    let enabled = objects_where(steps, &|step| {
        step.kind == StepKind::Update && step.after.get("accountEnabled") == Some(&Value::Bool(true))
    });
    if !enabled.is_empty() {
        raise(RE_ENABLES, format!("{} would be enabled again", counted(enabled.len(), "account")), enabled);
    }
    let granted = objects_where(steps, &|step| is_grant(planner, step));
    if !granted.is_empty() {
        raise(GRANTS, "roles, permissions or privileged memberships would be given".to_owned(), granted);
    }
    if let Some(reason) = too_many(planner, steps)? {
        raise(TOO_MANY, reason, Vec::new());
    }
    if let Some(reason) = stale(planner) {
        raise(STALE, reason, Vec::new());
    }
    Ok(guards)
}

fn counted(count: usize, name: &str) -> String {
    if count == 1 { format!("{count} {name}") } else { format!("{count} {name}s") }
}

/// The objects of some steps, each once, in order.
fn objects_where(steps: &[Step], is_wanted: &dyn Fn(&Step) -> bool) -> Vec<PlanObject> {
    let found: BTreeSet<&PlanObject> =
        steps.iter().filter(|step| is_wanted(step)).map(|step| &step.object).collect();
    found.into_iter().cloned().collect()
}

/// Whether a step gives power over the tenant.
fn is_grant(planner: &Planner, step: &Step) -> bool {
    let token = step.object.type_token.as_str();
    let after = |name: &str| step.after.get(name).and_then(Value::as_str).unwrap_or_default();
    match step.kind {
        StepKind::AddLink => match token {
            _ if ROLE_ASSIGNMENTS.contains(&token) => true,
            "appRoleAssignment" => !is_person(planner, after("principalId")),
            "oauth2PermissionGrant" => after("consentType") == "AllPrincipals",
            _ => {
                let is_privileged = |relation: &str| planner.is_privileged(token, relation, &step.object.id);
                step.links.iter().any(|link| is_privileged(&link.relation))
            }
        },
        StepKind::Update => match token {
            "oauth2PermissionGrant" => {
                let of = |side: &BTreeMap<String, Value>| side.get("scope").cloned().unwrap_or_default();
                added_scopes(&of(&step.after), &of(&step.before)).next().is_some()
            }
            "roleDefinition" => step.after.contains_key("rolePermissions"),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a principal is known to be a person or a group: what these may use is no power over the tenant.
fn is_person(planner: &Planner, id: &str) -> bool {
    planner.lookup.is_of(id, "user") || planner.lookup.is_of(id, "group")
}

/// The objects of steps that take something from who applies the plan.
fn self_lockout(planner: &Planner, steps: &[Step]) -> Result<Vec<PlanObject>> {
    let identity = &planner.context.identity;
    let own: Vec<&str> = [&identity.service_principal_id, &identity.user_id]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut found = BTreeSet::new();
    for step in steps {
        let is_own = own.contains(&step.object.id.as_str()) || is_own_application(planner, step)?;
        let before = |name: &str| step.before.get(name).and_then(Value::as_str).unwrap_or_default();
        let turns = |name: &str, to: bool| step.after.get(name) == Some(&Value::Bool(to));
        let is_cut = match step.kind {
            StepKind::RemoveLink if step.links.is_empty() => {
                is_own || own.contains(&before("principalId")) || own.contains(&before("clientId"))
            }
            StepKind::RemoveLink => step.links.iter().any(|link| {
                let is_privileged =
                    planner.is_privileged(&step.object.type_token, &link.relation, &step.object.id);
                is_privileged && own.contains(&link.target_id.as_str())
            }),
            StepKind::Update => is_own && (turns("accountEnabled", false) || turns("isDisabled", true)),
            StepKind::SoftDelete | StepKind::HardDelete => is_own,
            _ => false,
        };
        if is_cut {
            found.insert(step.object.clone());
        }
    }
    if let Some(user) = &identity.user_id {
        let blocking = coverage::begins_to_block(planner, steps, user)?;
        found.extend(blocking);
    }
    Ok(found.into_iter().collect())
}

fn is_own_application(planner: &Planner, step: &Step) -> Result<bool> {
    let Some(app_id) = &planner.context.identity.app_id else { return Ok(false) };
    let token = step.object.type_token.as_str();
    if !matches!(token, "application" | "servicePrincipal") {
        return Ok(false);
    }
    Ok(planner.app_id(token, &step.object.id)?.as_ref() == Some(app_id))
}

/// Why a plan is larger than anybody reads, if it is.
fn too_many(planner: &Planner, steps: &[Step]) -> Result<Option<String>> {
    let limits = &planner.context.limits;
    let mut touched: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in steps {
        touched.entry(&step.object.type_token).or_default().insert(&step.object.id);
    }
    let count: usize = touched.values().map(BTreeSet::len).sum();
    if count > limits.object_count_max {
        let limit = limits.object_count_max;
        return Ok(Some(format!("{count} objects would be touched, more than {limit}")));
    }
    for (token, ids) in touched {
        let (live, binned) = planner.lookup.newest.object_count(token)?;
        #[expect(clippy::cast_precision_loss, reason = "a share of objects needs no more digits")]
        let share = ids.len() as f64 / (live + binned).max(1) as f64;
        if ids.len() > limits.type_count_min && share > limits.type_share_max {
            let (count, most) = (ids.len(), limits.type_share_max * 100.0);
            return Ok(Some(format!(
                "{count} of {live} objects of type {token} would be touched, more than {most} %"
            )));
        }
    }
    Ok(None)
}

/// Why the newest state says little of the tenant as it is, if it does.
fn stale(planner: &Planner) -> Option<String> {
    let taken_at = planner.lookup.newest.backup().taken_at;
    let age = planner.context.now.duration_since(taken_at);
    let limit = planner.context.limits.age_max;
    (age > limit)
        .then(|| format!("the newest state is {} hours old, more than {}", age.as_hours(), limit.as_hours()))
}
