//! Why a plan must not be applied unless it is allowed by name: what is true of the tenant before it is compared with
//! what will be true after it, however many steps bring that about.

mod coverage;
mod roles;
mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use engine::schema::TypeId;
use jiff::SignedDuration;
use serde_json::Value;

use super::lookup::Lookup;
use super::phase::is_enabled;
use super::relation::added_scopes;
use super::{Guard, Identity, Named, PlanContext, PlanObject, Step, StepKind};
use crate::plan::Result;
use coverage::{Account, Policies};
use roles::{GLOBAL_ADMINISTRATOR, Roles};
use tenant::Tenant;

/// No account would be Global Administrator any more.
const LAST_ADMINISTRATOR: &str = "last-global-administrator";
/// Who applies the plan would lose rights.
const SELF_LOCKOUT: &str = "self-lockout";
/// A policy would begin to cover an account that none may cover.
const BREAK_GLASS: &str = "break-glass";
/// An account would be enabled again.
const RE_ENABLES: &str = "re-enables-account";
/// A principal would get power over the tenant.
const GRANTS: &str = "grants-privilege";
/// A policy would be in force without whom it excludes.
const EXCLUSION_GONE: &str = "ca-exclusion-gone";
/// A policy would not be in force any more.
const POLICY_OFF: &str = "policy-off";
/// More would change than a reader can check.
const TOO_MANY: &str = "too-many";
/// The newest state is old.
const STALE: &str = "stale";

/// The names of all guards.
pub const GUARDS: [&str; 9] = [
    LAST_ADMINISTRATOR,
    SELF_LOCKOUT,
    BREAK_GLASS,
    EXCLUSION_GONE,
    POLICY_OFF,
    RE_ENABLES,
    GRANTS,
    TOO_MANY,
    STALE,
];

/// Objects that a guard lists at most: of more, their number says enough.
const OBJECT_COUNT_MAX: usize = 50;

/// Types that say who has a directory role.
const ROLE_ASSIGNMENTS: [TypeId; 3] =
    [TypeId::RoleAssignment, TypeId::RoleAssignmentSchedule, TypeId::RoleEligibilitySchedule];

/// The tenant before a plan and after it.
struct Compared<'p> {
    lookup: &'p Lookup,
    context: &'p PlanContext,
    steps: &'p [Step],
    before: Tenant<'p>,
    after: Tenant<'p>,
    /// Policies before and after.
    policies: [Policies; 2],
}

/// The guards that a plan raises.
pub(super) fn find(lookup: &Lookup, context: &PlanContext, steps: &[Step]) -> Result<Vec<Guard>> {
    let mut guards = Vec::new();
    let mut raise = |name: &str, reason: String, objects: Vec<PlanObject>| {
        let mut objects = objects;
        objects.truncate(OBJECT_COUNT_MAX);
        let allowed = context.allow.iter().any(|allowed| allowed == name);
        guards.push(Guard { name: name.to_owned(), reason, objects, allowed });
    };
    if !steps.is_empty() {
        let compared = Compared::new(lookup, context, steps)?;
        for (name, objects) in compared.facts()? {
            if !objects.is_empty() {
                raise(name, reason(name, objects.len()), objects);
            }
        }
    }
    if let Some(reason) = too_many(lookup, context, steps)? {
        raise(TOO_MANY, reason, Vec::new());
    }
    if let Some(reason) = stale(lookup, context) {
        raise(STALE, reason, Vec::new());
    }
    Ok(guards)
}

/// What would happen.
fn reason(name: &str, count: usize) -> String {
    let text = match name {
        LAST_ADMINISTRATOR => "nobody would be Global Administrator any more",
        SELF_LOCKOUT => "who applies the plan would lose rights or be disabled",
        BREAK_GLASS => {
            "accounts kept for emergencies would be covered by policies, could not sign in, or would lose their role"
        }
        EXCLUSION_GONE => "policies would be in force while accounts or groups that they exclude are gone",
        POLICY_OFF => "policies that are in force would be switched off or deleted",
        RE_ENABLES => return format!("{} would be enabled again", counted(count, "account")),
        _ => "roles, permissions or privileged memberships would be given",
    };
    text.to_owned()
}

impl<'p> Compared<'p> {
    fn new(lookup: &'p Lookup, context: &'p PlanContext, steps: &'p [Step]) -> Result<Self> {
        let before = Tenant::before(lookup, context.now)?;
        let after = Tenant::after(&before, steps)?;
        let policies = [coverage::policies(&before)?, coverage::policies(&after)?];
        Ok(Self { lookup, context, steps, before, after, policies })
    }

    /// The guards about what is true of the tenant, each with the objects that it is about.
    fn facts(&self) -> Result<Vec<(&'static str, Vec<PlanObject>)>> {
        Ok(vec![
            (LAST_ADMINISTRATOR, self.lost_administrators()?),
            (SELF_LOCKOUT, self.self_lockout()?),
            (BREAK_GLASS, self.break_glass()?),
            (EXCLUSION_GONE, self.missing_exclusions()?),
            (POLICY_OFF, self.switched_off()),
            (RE_ENABLES, self.enabled()?),
            (GRANTS, self.granted()?),
        ])
    }

    /// An object by its type and ID.
    fn shown(&self, type_id: TypeId, id: &str) -> PlanObject {
        let known = self.lookup.known(id).map_or(String::new(), |known| known.name.clone());
        PlanObject { id: id.to_owned(), type_token: type_id.token().to_owned(), display_name: known }
    }

    fn shown_policy(&self, id: &str) -> PlanObject {
        let [before, after] = &self.policies;
        let display_name = coverage::name_of([before, after], id);
        PlanObject {
            id: id.to_owned(),
            type_token: TypeId::ConditionalAccessPolicy.token().to_owned(),
            display_name,
        }
    }

    /// The objects of the steps after which nobody would be Global Administrator, or could become one; none when somebody
    /// is, or nobody was.
    fn lost_administrators(&self) -> Result<Vec<PlanObject>> {
        let accounts = |tenant: &Tenant<'_>| -> Result<[BTreeSet<String>; 2]> {
            let active = tenant.accounts(Roles::global_administrators(&tenant.roles.active))?;
            let eligible = tenant.accounts(Roles::global_administrators(&tenant.roles.eligible))?;
            Ok([active, eligible])
        };
        let [active, eligible] = accounts(&self.before)?;
        let [active_after, eligible_after] = accounts(&self.after)?;
        let lost_active = !active.is_empty() && active_after.is_empty();
        let lost_all = !eligible.is_empty() && active_after.is_empty() && eligible_after.is_empty();
        if !lost_active && !lost_all {
            return Ok(Vec::new());
        }
        let roles = &self.before.roles;
        let mut names: BTreeSet<String> = active.union(&eligible).cloned().collect();
        names.extend(Roles::global_administrators(&roles.active).cloned());
        names.extend(Roles::global_administrators(&roles.eligible).cloned());
        let found = objects_where(self.steps, &|step| takes(step, &names, roles));
        // What lies deeper, such as a group inside of a group that has the role, is told with all the rest.
        Ok(if found.is_empty() { objects_where(self.steps, &|_| true) } else { found })
    }

    /// The objects of steps that take something from who applies the plan, and the policies that would keep them out.
    fn self_lockout(&self) -> Result<Vec<PlanObject>> {
        let identity = &self.context.identity;
        let mut found: BTreeSet<PlanObject> =
            own_losses(self.lookup, identity, self.steps)?.into_iter().collect();
        let own =
            [(TypeId::ServicePrincipal, &identity.service_principal_id), (TypeId::User, &identity.user_id)];
        for (type_id, id) in own {
            let Some(id) = id else { continue };
            let [before, after] = [Account::read(&self.before, id)?, Account::read(&self.after, id)?];
            let is_shut = self.before.can_sign_in(id)? && !self.after.can_sign_in(id)?;
            if is_shut || before.roles.iter().any(|role| !after.roles.contains(role)) {
                found.insert(self.shown(type_id, id));
            }
            if type_id == TypeId::User {
                let [standing, wanted] = &self.policies;
                let sides = [(standing, &before), (wanted, &after)];
                let blocking = coverage::begin_to_cover(sides, &coverage::blocks);
                found.extend(blocking.iter().map(|id| self.shown_policy(id)));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Accounts kept for emergencies that would be of no use, and the policies that would begin to cover them.
    fn break_glass(&self) -> Result<Vec<PlanObject>> {
        let mut found = BTreeSet::new();
        for id in &self.context.break_glass {
            let [before, after] = [Account::read(&self.before, id)?, Account::read(&self.after, id)?];
            let [standing, wanted] = &self.policies;
            let covering = coverage::begin_to_cover([(standing, &before), (wanted, &after)], &|_| true);
            let is_shut = self.before.can_sign_in(id)? && !self.after.can_sign_in(id)?;
            let is_stripped =
                before.roles.contains(GLOBAL_ADMINISTRATOR) && !after.roles.contains(GLOBAL_ADMINISTRATOR);
            if is_shut || is_stripped || !covering.is_empty() {
                found.insert(self.shown(TypeId::User, id));
            }
            found.extend(covering.iter().map(|id| self.shown_policy(id)));
        }
        Ok(found.into_iter().collect())
    }

    /// Policies that would be in force without whom they exclude, and who that is.
    fn missing_exclusions(&self) -> Result<Vec<PlanObject>> {
        // A type of which nothing was read says nothing of who is gone.
        let knows = |type_id: TypeId| -> Result<bool> {
            let (live, binned) = self.lookup.newest.object_count(type_id.token())?;
            Ok(live + binned > 0)
        };
        let [standing, wanted] = &self.policies;
        let before = coverage::missing_exclusions(&self.before, standing, &knows)?;
        let after = coverage::missing_exclusions(&self.after, wanted, &knows)?;
        let mut found = BTreeSet::new();
        for (policy, type_id, excluded) in after.difference(&before) {
            found.insert(self.shown_policy(policy));
            found.insert(self.shown(*type_id, excluded));
        }
        Ok(found.into_iter().collect())
    }

    /// Policies that are in force before the plan and not after it. The newest state may be older than what a step finds, as
    /// when a plan undoes a recovery; then the step says what is in force.
    fn switched_off(&self) -> Vec<PlanObject> {
        let [before, after] = &self.policies;
        let mut off: BTreeSet<String> = coverage::switched_off(before, after).into_iter().collect();
        let is_off = |step: &&Step| {
            let is_left_on = after.get(&step.object.id).is_some_and(coverage::is_on);
            let was_on = step.before.get("state").is_some_and(is_enabled);
            step.object.type_token == TypeId::ConditionalAccessPolicy
                && was_on
                && step.after.contains_key("state")
                && !is_left_on
        };
        off.extend(self.steps.iter().filter(is_off).map(|step| step.object.id.clone()));
        off.iter().map(|id| self.shown_policy(id)).collect()
    }

    /// Accounts that can sign in after the plan and could not before.
    fn enabled(&self) -> Result<Vec<PlanObject>> {
        let mut found = BTreeSet::new();
        for step in self.steps {
            let is_on = step.after.get("accountEnabled") == Some(&Value::Bool(true));
            let may_enable = match step.kind {
                StepKind::Update => is_on,
                StepKind::Restore | StepKind::Recreate => step.object.type_token == TypeId::User,
                _ => false,
            };
            let id = &step.object.id;
            // As with policies, the newest state may not know that it is disabled.
            let was_off = step.before.get("accountEnabled") == Some(&Value::Bool(false));
            if may_enable && self.after.can_sign_in(id)? && (was_off || !self.before.can_sign_in(id)?) {
                found.insert(step.object.clone());
            }
        }
        Ok(found.into_iter().collect())
    }

    /// What gives power over the tenant: the objects of steps that do, and accounts that have power after the plan and had
    /// none before, because they, or a group between them and it, are there again.
    fn granted(&self) -> Result<Vec<PlanObject>> {
        let grants = |step: &Step| is_grant(self.lookup, step);
        let [had, has] = [self.before.powerful(self.steps)?, self.after.powerful(self.steps)?];
        let mut found: BTreeSet<PlanObject> = objects_where(self.steps, &grants).into_iter().collect();
        for step in self.steps {
            let id = &step.object.id;
            let type_id = TypeId::from_token(&step.object.type_token);
            let is_back = matches!(step.kind, StepKind::Restore | StepKind::Recreate);
            let is_on = step.after.get("accountEnabled") == Some(&Value::Bool(true));
            let is_gain = match type_id {
                Some(TypeId::Group) if self.after.unsure.contains(id) => has.contains(id),
                Some(TypeId::User | TypeId::ServicePrincipal) if (is_back || is_on) && has.contains(id) => {
                    self.after.can_sign_in(id)? && !(had.contains(id) && self.before.can_sign_in(id)?)
                }
                Some(TypeId::Group) if is_back => has.contains(id) && !self.after.members(id)?.is_empty(),
                _ => false,
            };
            if is_gain {
                found.insert(step.object.clone());
            }
            let mut members = step.links.iter().filter(|link| link.relation == "members");
            let is_joined =
                type_id == Some(TypeId::Group) && step.kind == StepKind::AddLink && has.contains(id);
            if is_joined && members.any(|link| !had.contains(&link.target_id)) {
                found.insert(step.object.clone());
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// Whether a step takes something from some holders of a role, or from groups among them.
fn takes(step: &Step, names: &BTreeSet<String>, roles: &Roles) -> bool {
    let before = |name: &str| step.before.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_own = names.contains(&step.object.id);
    match step.kind {
        StepKind::RemoveLink if step.links.is_empty() => {
            before("roleDefinitionId") == GLOBAL_ADMINISTRATOR && names.contains(before("principalId"))
        }
        StepKind::RemoveLink => {
            let is_role = roles.template(&step.object.id) == Some(GLOBAL_ADMINISTRATOR);
            let is_member = step.links.iter().any(|link| names.contains(&link.target_id));
            is_own || is_member && (is_role || step.object.type_token == TypeId::Group)
        }
        StepKind::SoftDelete | StepKind::HardDelete => is_own,
        StepKind::Update => is_own && step.after.get("accountEnabled") == Some(&Value::Bool(false)),
        _ => false,
    }
}

/// A length of time in whole hours: `1 hour`, `48 hours`.
pub(crate) fn hours(age: SignedDuration) -> String {
    let count = age.as_hours();
    if count == 1 { "1 hour".to_owned() } else { format!("{count} hours") }
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
fn is_grant(lookup: &Lookup, step: &Step) -> bool {
    let token = step.object.type_token.as_str();
    let after = |name: &str| step.after.get(name).and_then(Value::as_str).unwrap_or_default();
    match step.kind {
        StepKind::AddLink => match TypeId::from_token(token) {
            Some(id) if ROLE_ASSIGNMENTS.contains(&id) => true,
            Some(TypeId::AppRoleAssignment) => !is_person(lookup, after("principalId")),
            Some(TypeId::Oauth2PermissionGrant) => after("consentType") == "AllPrincipals",
            _ => {
                let is_privileged = |relation: &str| lookup.is_privileged(token, relation, &step.object.id);
                step.links.iter().any(|link| is_privileged(&link.relation))
            }
        },
        StepKind::Update => match TypeId::from_token(token) {
            Some(TypeId::Oauth2PermissionGrant) => {
                let of = |side: &Named| side.get("scope").cloned().unwrap_or_default();
                added_scopes(&of(&step.after), &of(&step.before)).next().is_some()
            }
            Some(TypeId::RoleDefinition) => step.after.contains_key("rolePermissions"),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a principal is known to be a person or a group: what these may use is no power over the tenant.
fn is_person(lookup: &Lookup, id: &str) -> bool {
    lookup.is_of(id, TypeId::User) || lookup.is_of(id, TypeId::Group)
}

/// The objects of steps that take something from who applies the plan, one by one: credentials among them.
fn own_losses(lookup: &Lookup, identity: &Identity, steps: &[Step]) -> Result<Vec<PlanObject>> {
    let own: Vec<&str> = [&identity.service_principal_id, &identity.user_id]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut found = BTreeSet::new();
    for step in steps {
        let is_own = own.contains(&step.object.id.as_str()) || is_own_application(lookup, identity, step)?;
        let before = |name: &str| step.before.get(name).and_then(Value::as_str).unwrap_or_default();
        let turns = |name: &str, to: bool| step.after.get(name) == Some(&Value::Bool(to));
        let is_cut = match step.kind {
            StepKind::RemoveLink if step.links.is_empty() => {
                is_own || own.contains(&before("principalId")) || own.contains(&before("clientId"))
            }
            StepKind::RemoveLink => step.links.iter().any(|link| {
                let is_privileged =
                    lookup.is_privileged(&step.object.type_token, &link.relation, &step.object.id);
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
    Ok(found.into_iter().collect())
}

fn is_own_application(lookup: &Lookup, identity: &Identity, step: &Step) -> Result<bool> {
    let Some(app_id) = &identity.app_id else { return Ok(false) };
    match TypeId::from_token(&step.object.type_token) {
        Some(type_id @ (TypeId::Application | TypeId::ServicePrincipal)) => {
            Ok(lookup.app_id(type_id, &step.object.id)?.as_ref() == Some(app_id))
        }
        _ => Ok(false),
    }
}

/// Why a plan is larger than a reader can check, if it is.
fn too_many(lookup: &Lookup, context: &PlanContext, steps: &[Step]) -> Result<Option<String>> {
    let limits = &context.limits;
    let mut touched: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in steps {
        touched.entry(&step.object.type_token).or_default().insert(&step.object.id);
    }
    let count: usize = touched.values().map(BTreeSet::len).sum();
    if count > limits.object_count_max {
        let limit = limits.object_count_max;
        return Ok(Some(format!("{} would be touched, more than {limit}", counted(count, "object"))));
    }
    for (token, ids) in touched {
        let (live, binned) = lookup.newest.object_count(token)?;
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
fn stale(lookup: &Lookup, context: &PlanContext) -> Option<String> {
    let taken_at = lookup.newest.backup().taken_at;
    let age = context.now.duration_since(taken_at);
    let limit = context.limits.age_max;
    (age > limit).then(|| format!("the newest state is {} old, more than {}", hours(age), limit.as_hours()))
}
