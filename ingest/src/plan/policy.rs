//! Owns when conditional access is switched on: after everything that it excludes has been brought back, and not at all when
//! that failed.
//!
//! A policy that is on while an excluded account or group is missing locks out whom it was made to leave alone.

use std::collections::{BTreeSet, HashMap};

use engine::ObjectKey;
use engine::schema::TypeId;
use serde_json::Value;

use super::draft::{Draft, DraftId, Returns};
use super::lookup::{self, Lookup};
use super::phase::is_enabled;
use super::{StepKind, StepLink};
use crate::plan::Result;

/// What people should know of a policy that waits.
const WAITS: &str = "waits for the accounts and groups that it excludes: without them it stays as it is";

/// Lets each policy that is switched on, or changed while it is on, wait for what it excludes.
pub(super) fn order(drafts: &mut [Draft], lookup: &Lookup, returns: &Returns) -> Result<()> {
    for (index, needed) in waits(drafts, lookup, returns)? {
        let draft = &mut drafts[index];
        let count = draft.depends_on.len();
        draft.depends_on.extend(needed.into_iter().filter(|step| *step != index));
        if draft.depends_on.len() > count {
            draft.notes.push(WAITS.to_owned());
        }
    }
    Ok(())
}

/// The steps about policies that enforce something, with those that bring back what they exclude.
fn waits(drafts: &[Draft], lookup: &Lookup, returns: &Returns) -> Result<Vec<(DraftId, BTreeSet<DraftId>)>> {
    let mut waits = Vec::new();
    let is_policy = |draft: &Draft| draft.object.type_token == TypeId::ConditionalAccessPolicy;
    let of_policies = drafts.iter().enumerate().filter(|(_, draft)| is_policy(draft));
    for (index, draft) in of_policies {
        if may_enforce(draft, lookup)? {
            let excluded = excluded(drafts, draft, lookup)?;
            waits.push((index, needed_by(drafts, excluded, lookup, returns)?));
        }
    }
    Ok(waits)
}

/// Whether a policy enforces something when a step about it is done.
fn may_enforce(draft: &Draft, lookup: &Lookup) -> Result<bool> {
    if let Some(state) = draft.after.get("state") {
        return Ok(is_enabled(state));
    }
    match draft.kind {
        StepKind::Update | StepKind::Restore => {
            Ok(policy_value(lookup, &draft.object.id, "state")?.is_some_and(|state| is_enabled(&state)))
        }
        _ => Ok(false),
    }
}

/// A property of a policy at the newest state that has it, be it in the bin.
fn policy_value(lookup: &Lookup, id: &str, name: &str) -> Result<Option<Value>> {
    for side in [&lookup.newest, &lookup.to, &lookup.from] {
        let policy = lookup::attributes(side, TypeId::ConditionalAccessPolicy.token(), id)?;
        if let Some(mut attributes) = policy {
            return Ok(attributes.remove(name));
        }
    }
    Ok(None)
}

/// The accounts and groups that a policy excludes when a step about it is done.
fn excluded(drafts: &[Draft], draft: &Draft, lookup: &Lookup) -> Result<BTreeSet<String>> {
    let own = drafts.iter().filter(|other| other.object.id == draft.object.id);
    let written = own.filter_map(|draft| draft.after.get("conditions")).next_back().cloned();
    let conditions = match written {
        Some(conditions) => Some(conditions),
        None => policy_value(lookup, &draft.object.id, "conditions")?,
    };
    Ok(conditions.map(|conditions| excluded_ids(&conditions)).unwrap_or_default())
}

/// The steps that bring some accounts and groups back, members of the groups among them, however deep.
fn needed_by(
    drafts: &[Draft],
    excluded: BTreeSet<String>,
    lookup: &Lookup,
    returns: &Returns,
) -> Result<BTreeSet<DraftId>> {
    let mut needed = BTreeSet::new();
    if excluded.is_empty() {
        return Ok(needed);
    }
    let mut joins: HashMap<&str, Vec<DraftId>> = HashMap::new();
    let is_member = |link: &StepLink| link.relation == "members";
    for (index, draft) in drafts.iter().enumerate() {
        if draft.kind == StepKind::AddLink && draft.links.iter().any(is_member) {
            joins.entry(&draft.object.id).or_default().push(index);
        }
    }
    let mut open: Vec<String> = excluded.iter().cloned().collect();
    let mut seen = excluded;
    while let Some(id) = open.pop() {
        needed.extend(returns.kept.get(&id).copied());
        needed.extend(returns.renamed.get(&id).map(|new| new.step));
        let mut inner: Vec<String> = Vec::new();
        for index in joins.get(id.as_str()).into_iter().flatten() {
            needed.insert(*index);
            inner.extend(drafts[*index].links.iter().map(|link| link.target_id.clone()));
        }
        let key = ObjectKey { type_token: TypeId::Group.token().into(), id };
        for side in [&lookup.newest, &lookup.from] {
            let links = side.object(&key)?.map(|group| group.links).unwrap_or_default();
            let members = links.into_iter().filter(|(relation, _)| **relation == *"members");
            inner.extend(members.flat_map(|(_, targets)| targets));
        }
        open.extend(inner.into_iter().filter(|id| seen.insert(id.clone())));
    }
    Ok(needed)
}

/// The accounts and groups that conditions exclude, by ID.
pub(super) fn excluded_ids(conditions: &Value) -> BTreeSet<String> {
    let users = conditions.get("users").unwrap_or(&Value::Null);
    let lists = ["excludeUsers", "excludeGroups"].map(|name| users.get(name).and_then(Value::as_array));
    let ids = lists.into_iter().flatten().flatten().filter_map(Value::as_str);
    ids.filter(|id| !matches!(*id, "All" | "None" | "GuestsOrExternalUsers")).map(str::to_owned).collect()
}
