//! Owns deletions: objects that were not there go into the bin or for good, and only with an option that says so.

use std::borrow::Cow;

use engine::ChangeKind;
use engine::schema::{Type, TypeId};
use serde_json::{Value, json};

use super::draft::{Draft, DraftId, Outcome, Wanted, WantedMap};
use super::facts::Facts;
use super::lookup::{self, Attributes};
use super::phase;
use super::pick::Picked;
use super::property;
use super::request::{object_path, request, update_of};
use super::update::update_draft;
use super::value::kept_values;
use super::{Phase, StepKind};
use crate::plan::Result;

/// The order of deletions: objects that refer to others are deleted before them.
const ORDER: [TypeId; 3] = [TypeId::ConditionalAccessPolicy, TypeId::ServicePrincipal, TypeId::Application];

/// What becomes of an object that did not exist.
#[derive(Debug)]
pub(super) enum Deletion {
    /// A step of this kind takes it away.
    Step(StepKind, &'static Type),
    /// It stays; why.
    Stays(Cow<'static, str>),
}

/// Drafts the deletion of an object that did not exist, or was in the bin.
pub(super) fn draft(facts: &Facts<'_>, picked: &Picked) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if !picked.has_presence {
        // Attributes or links were asked for, of what lies in the bin again when the plan is done.
        if !(picked.attributes.is_empty() && picked.links.is_empty()) {
            outcome.skip(&picked.object(), "", "it was in the bin");
        }
        return Ok(outcome);
    }
    match deletion(facts, picked) {
        Deletion::Step(kind, resource) => {
            let attributes = lookup::attributes(&facts.lookup.to, resource.token, &picked.id)?;
            remove(resource, picked, kind, &attributes.unwrap_or_default(), &mut outcome);
        }
        Deletion::Stays(reason) => outcome.skip(&picked.object(), "", reason),
    }
    Ok(outcome)
}

/// How an object that did not exist is deleted, or why it stays.
pub(super) fn deletion(facts: &Facts<'_>, picked: &Picked) -> Deletion {
    let change = &picked.change;
    let stays = |reason: &'static str| Deletion::Stays(reason.into());
    let Some(resource) = picked.resource() else { return stays(property::UNSUPPORTED) };
    if change.reason == Some(property::SYNCED) || change.is_unobserved() {
        return Deletion::Stays(change.reason_text());
    }
    if resource.id == TypeId::Device {
        return stays("devices are never deleted");
    }
    if let Some(reason) = property::deletion_obstacle(resource).or_else(|| facts.absence(&picked.id)) {
        return stays(reason);
    }
    // A federated credential gives access, as a secret does.
    if resource.id == TypeId::FederatedIdentityCredential {
        return Deletion::Step(StepKind::RemoveLink, resource);
    }
    let options = &facts.given.options;
    match (resource.graph.bin.is_some(), change.kind) {
        (true, _) if options.soft_delete => Deletion::Step(StepKind::SoftDelete, resource),
        (true, ChangeKind::Restored) => stays("it was in the bin; needs the option softDelete"),
        (true, _) => stays("it was not there; needs the option softDelete"),
        (false, _) if options.hard_delete => Deletion::Step(StepKind::HardDelete, resource),
        (false, _) => stays("no bin; needs the option hardDelete"),
    }
}

fn remove(
    resource: &'static Type,
    picked: &Picked,
    kind: StepKind,
    attributes: &Attributes,
    outcome: &mut Outcome,
) {
    let object = picked.object();
    let path = object_path(resource, &object.id, attributes);
    if path.contains("{parentId}") {
        outcome.skip(&object, "", "the object it belongs to was not observed");
        return;
    }
    let first = disabling(resource, picked, attributes).map(|draft| outcome.add(draft));
    let is_credential = kind == StepKind::RemoveLink;
    let phase = if is_credential { Phase::Containment } else { Phase::Deletion };
    let mut draft = Draft::new(kind, phase, object, request(resource, "DELETE", path));
    draft.depends_on.extend(first);
    if kind != StepKind::SoftDelete {
        draft.before = kept_values(resource.token, attributes);
    }
    outcome.add(draft);
}

/// The update of what must not take effect any longer, or Graph refuses to delete: a policy that is on, a trusted location.
fn disabling(resource: &'static Type, picked: &Picked, attributes: &Attributes) -> Option<Draft> {
    let (name, after, phase) = match resource.id {
        TypeId::ConditionalAccessPolicy if attributes.get("state").is_some_and(phase::is_enabled) => {
            ("state", json!("disabled"), None)
        }
        TypeId::NamedLocation if attributes.get("isTrusted") == Some(&Value::Bool(true)) => {
            ("isTrusted", Value::Bool(false), Some(Phase::Deletion))
        }
        _ => return None,
    };
    let object = picked.object();
    let request = update_of(resource, &object.id, attributes);
    let before = attributes.get(name).cloned().unwrap_or_default();
    let wanted = WantedMap::from([(name.to_owned(), Wanted { before, after })]);
    let mut draft = update_draft(resource, &object, request, wanted);
    draft.phase = phase.unwrap_or(draft.phase);
    Some(draft)
}

/// Lets deletions wait for those of what refers to them.
pub(super) fn order(drafts: &mut [Draft]) {
    let rank = |token: &str| ORDER.iter().position(|known| token == *known).unwrap_or(ORDER.len());
    let mut by_rank: [Vec<DraftId>; ORDER.len() + 1] = Default::default();
    for (index, draft) in drafts.iter().enumerate() {
        if matches!(draft.kind, StepKind::SoftDelete | StepKind::HardDelete) {
            by_rank[rank(&draft.object.type_token)].push(index);
        }
    }
    let [policies, principals, applications, others] = by_rank;
    // Definitions are refused as long as a policy uses them; policies are few.
    for index in others {
        let draft = &mut drafts[index];
        let phase = TypeId::from_token(&draft.object.type_token).map(phase::of_return);
        if phase == Some(Phase::Definitions) {
            draft.depends_on.extend(&policies);
        }
    }
    // Deleting an application deletes its service principal; so that both can be undone, that is deleted first.
    if let Some(last) = principals.last() {
        for index in applications {
            drafts[index].depends_on.insert(*last);
        }
    }
}
