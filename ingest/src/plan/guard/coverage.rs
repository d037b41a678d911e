//! Owns which policies of conditional access cover an account, and which of them miss what they exclude.

use std::collections::{BTreeMap, BTreeSet};

use engine::schema::TypeId;
use serde_json::Value;

use super::tenant::Tenant;
use crate::plan::Result;
use crate::plan::lookup::Attributes;
use crate::plan::phase::is_enabled;
use crate::plan::policy::excluded_ids;
use crate::plan::value::has_text;

/// Policies that are there, by ID.
pub(super) type Policies = BTreeMap<String, Attributes>;

/// What an account is, as far as policies ask.
#[derive(Debug, Default)]
pub(super) struct Account {
    id: String,
    is_guest: bool,
    groups: BTreeSet<String>,
    /// Groups whose rule changes: perhaps it is no member any more.
    unsure: BTreeSet<String>,
    pub(super) roles: BTreeSet<String>,
}

impl Account {
    pub(super) fn read(tenant: &Tenant<'_>, id: &str) -> Result<Self> {
        let groups = tenant.groups_of(id)?;
        let is_own = |principal: &String| principal == id || groups.contains(principal);
        let held = tenant.roles.active.iter().filter(|(principal, _, _)| is_own(principal));
        let roles = held.map(|(_, role, _)| role.clone()).collect();
        let attributes = tenant.attributes(TypeId::User, id)?.unwrap_or_default();
        let is_guest = attributes.get("userType").is_some_and(|kind| kind == "Guest");
        let unsure = groups.iter().filter(|group| tenant.unsure.contains(*group)).cloned().collect();
        Ok(Self { id: id.to_owned(), is_guest, groups, unsure, roles })
    }
}

/// The policies of a tenant.
pub(super) fn policies(tenant: &Tenant<'_>) -> Result<Policies> {
    tenant.all(TypeId::ConditionalAccessPolicy)
}

/// Whether a policy enforces what it says.
pub(super) fn is_on(policy: &Attributes) -> bool {
    policy.get("state").is_some_and(is_enabled)
}

/// Whether a policy keeps out whom it covers.
pub(super) fn blocks(policy: &Attributes) -> bool {
    policy.get("grantControls").is_some_and(|controls| has_text(&controls["builtInControls"], "block"))
}

/// Whether a policy is on and asks something of an account.
pub(super) fn covers(policy: &Attributes, account: &Account) -> bool {
    let users = policy.get("conditions").and_then(|conditions| conditions.get("users"));
    let Some(users) = users.filter(|_| is_on(policy)) else { return false };
    let names = |kind: &str, groups: &dyn Fn(&String) -> bool| {
        let has = |list: &str, id: &str| has_text(&users[format!("{kind}{list}").as_str()], id);
        let is_guest = account.is_guest
            && (has("Users", "GuestsOrExternalUsers")
                || users[format!("{kind}GuestsOrExternalUsers").as_str()].is_object());
        has("Users", &account.id)
            || is_guest
            || account.groups.iter().any(|group| groups(group) && has("Groups", group))
            || account.roles.iter().any(|role| has("Roles", role))
    };
    let is_sure = |group: &String| !account.unsure.contains(group);
    (names("include", &|_| true) || has_text(&users["includeUsers"], "All")) && !names("exclude", &is_sure)
}

/// Policies that are on, each with an account or group that it excludes and that is not there.
pub(super) fn missing_exclusions(
    tenant: &Tenant<'_>,
    policies: &Policies,
    knows: &dyn Fn(TypeId) -> Result<bool>,
) -> Result<BTreeSet<(String, TypeId, String)>> {
    let mut missing = BTreeSet::new();
    for (id, policy) in policies.iter().filter(|(_, policy)| is_on(policy)) {
        let users = policy.get("conditions").and_then(|conditions| conditions.get("users"));
        let Some(users) = users else { continue };
        for (list, type_id) in [("excludeUsers", TypeId::User), ("excludeGroups", TypeId::Group)] {
            let named = excluded_ids(&serde_json::json!({ "users": { list: users[list].clone() } }));
            for excluded in named {
                if knows(type_id)? && !tenant.is_there(type_id, &excluded)? {
                    missing.insert((id.clone(), type_id, excluded));
                }
            }
        }
    }
    Ok(missing)
}

/// The policies among some that cover an account and did not before.
pub(super) fn begin_to_cover<'a>(
    [before, after]: [(&Policies, &Account); 2],
    is_wanted: &'a dyn Fn(&Attributes) -> bool,
) -> Vec<String> {
    let covered = |(policies, account): (&Policies, &Account)| {
        let of = |id: &String, policy: &Attributes| {
            (covers(policy, account) && is_wanted(policy)).then(|| id.clone())
        };
        policies.iter().filter_map(|(id, policy)| of(id, policy)).collect::<BTreeSet<String>>()
    };
    let standing = covered(before);
    covered(after).into_iter().filter(|id| !standing.contains(id)).collect()
}

/// Policies that are on before and not after.
pub(super) fn switched_off(before: &Policies, after: &Policies) -> Vec<String> {
    let was_on = before.iter().filter(|(_, policy)| is_on(policy));
    let is_off = |id: &String| after.get(id).is_none_or(|policy| !is_on(policy));
    was_on.map(|(id, _)| id).filter(|id| is_off(id)).cloned().collect()
}

/// What a policy is called.
pub(super) fn name_of(policies: [&Policies; 2], id: &str) -> String {
    let name =
        policies.iter().find_map(|policies| policies.get(id)?.get("displayName").and_then(Value::as_str));
    name.unwrap_or_default().to_owned()
}
