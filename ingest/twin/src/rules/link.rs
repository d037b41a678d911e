//! Owns the rules about links: who may be linked to whom, and what a second add or remove answers.

use engine::schema::TypeId;
use serde_json::Value;

use super::Refusal;
use super::write::check_writable;
use crate::state::{Handle, Relation, State};

/// The most owners of a group.
const OWNERS_MAX: usize = 100;

/// Checks that a link may be added.
pub(crate) fn check_link(
    state: &State,
    source: Handle,
    relation: Relation,
    target: Handle,
) -> Result<(), Refusal> {
    check_changeable(state, source, relation)?;
    let name = relation.name();
    if !relation.is_to_one() && state.targets(source, relation).contains(&target) {
        return Err(Refusal::bad_request(format!(
            "One or more added object references already exist for the following modified properties: '{name}'."
        )));
    }
    let (source_kind, target_kind) = (state.record(source).kind, state.record(target).kind);
    let target_id = target_kind.id();
    let fits = match (source_kind.id(), name) {
        (Some(TypeId::Group), "members") if is_unified(state, source) => target_kind == TypeId::User,
        (Some(TypeId::Group), "members") => match target_id {
            Some(TypeId::Group) => !is_unified(state, target),
            Some(TypeId::User | TypeId::Device | TypeId::ServicePrincipal | TypeId::OrgContact) => true,
            _ => false,
        },
        (_, "owners" | "registeredOwners") => {
            matches!(target_id, Some(TypeId::User | TypeId::ServicePrincipal))
        }
        (Some(TypeId::AdministrativeUnit), "members") => {
            matches!(target_id, Some(TypeId::User | TypeId::Group | TypeId::Device))
        }
        (Some(TypeId::DirectoryRole), "members") => {
            matches!(target_id, Some(TypeId::User | TypeId::Group | TypeId::ServicePrincipal))
        }
        (Some(TypeId::User), "manager") => matches!(target_id, Some(TypeId::User | TypeId::OrgContact)),
        (Some(TypeId::User), "sponsors") => matches!(target_id, Some(TypeId::User | TypeId::Group)),
        _ => true,
    };
    if !fits {
        return Err(Refusal::bad_request(format!(
            "Unsupported resource type '{}' for operation: an object of it cannot be added to '{name}'.",
            target_kind.resource().token
        )));
    }
    if name == "owners" && source_kind == TypeId::Group && state.targets(source, relation).len() >= OWNERS_MAX
    {
        return Err(Refusal::bad_request("The group already has the maximum number of owners."));
    }
    Ok(())
}

/// Checks that a link may be taken away.
pub(crate) fn check_unlink(
    state: &State,
    source: Handle,
    relation: Relation,
    target: Handle,
) -> Result<(), Refusal> {
    check_changeable(state, source, relation)?;
    if !state.targets(source, relation).contains(&target) {
        return Err(Refusal::not_found(&state.record(target).id));
    }
    let is_group = state.record(source).kind == TypeId::Group;
    let is_user = |handle: Handle| state.record(handle).kind == TypeId::User;
    if relation == Relation::OWNERS
        && is_group
        && is_user(target)
        && state.live_targets(source, relation).filter(|&owner| is_user(owner)).count() <= 1
    {
        return Err(Refusal::bad_request(
            "The group must have at least one owner, hence this owner cannot be removed.",
        ));
    }
    Ok(())
}

fn check_changeable(state: &State, source: Handle, relation: Relation) -> Result<(), Refusal> {
    check_writable(state, source)?;
    let record = state.record(source);
    let is_synced_user = record.kind == TypeId::User && record.body.is_true("onPremisesSyncEnabled");
    if is_synced_user && relation == Relation::MANAGER {
        return Err(super::write::synced());
    }
    if record.kind != TypeId::Group {
        return Ok(());
    }
    if record.body.is_true("onPremisesSyncEnabled") && relation == Relation::MEMBERS {
        return Err(super::write::synced());
    }
    if record.body.is_true("mailEnabled") && !is_unified(state, source) {
        return Err(Refusal::bad_request(
            "Cannot Update a mail-enabled security groups and or distribution list.",
        ));
    }
    if relation == Relation::MEMBERS && has_kind(state, source, "DynamicMembership") {
        return Err(Refusal::forbidden());
    }
    Ok(())
}

fn is_unified(state: &State, group: Handle) -> bool {
    has_kind(state, group, "Unified")
}

fn has_kind(state: &State, group: Handle, kind: &str) -> bool {
    let kinds = state.record(group).body.value("groupTypes").unwrap_or_default();
    kinds.contains(kind)
}

/// Gives the ID in a reference such as `https://graph.microsoft.com/v1.0/directoryObjects/{id}`.
pub(crate) fn link_target(reference: &Value) -> Result<String, Refusal> {
    let address = reference.as_str().ok_or_else(|| Refusal::bad_request("@odata.id is required."))?;
    let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let id = last.split_once('(').map_or(last, |(_, key)| key.trim_end_matches(')').trim_matches('\''));
    if id.is_empty() || !address.contains('/') {
        return Err(Refusal::bad_request(format!("Invalid object identifier '{address}'.")));
    }
    Ok(id.to_owned())
}
