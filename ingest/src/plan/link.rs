//! Owns links on their way back: made and taken away by twenties, and never a DELETE without `/$ref`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::RecoveryAction;
use engine::schema::{Relation, SYNCED_MARKER, Type, TypeId};
use serde_json::{Value, json};

use super::draft::{Draft, Outcome};
use super::facts::Facts;
use super::pick::{Picked, is_wanted};
use super::property;
use super::relation::{AssignmentSteps, role_member};
use super::request::{filled, link_removal, reference, request};
use super::value::has_text;
use super::{Phase, PlanObject, RequestTemplate, StepKind, StepLink};

/// Links of one step: as many as one bulk request takes, and one batch.
const LINK_COUNT_MAX: usize = 20;

/// What says of a group, among other things, whether its members follow from a rule.
const GROUP_TYPES: &str = "groupTypes";

/// The same of an administrative unit.
const MEMBERSHIP_TYPE: &str = "membershipType";

/// The links of one relation of an object.
#[derive(Debug, Default)]
struct Sought {
    added: Vec<String>,
    removed: Vec<String>,
}

/// Drafts the chosen links of an object that is there at both states; `updates` are those of the same object.
pub(super) fn draft(
    facts: &Facts<'_>,
    assignments: &AssignmentSteps,
    picked: &Picked,
    updates: &[Draft],
) -> Outcome {
    let change = &picked.change;
    let object = picked.object();
    let planned = PlannedMemberships::of(updates);
    let mut outcome = Outcome::default();
    for (relation, sought) in sought(picked) {
        let resource = picked.resource();
        let link = resource.and_then(|resource| resource.link(relation));
        let (Some(resource), Some(link)) = (resource, link) else {
            outcome.skip(&object, relation, property::UNSUPPORTED);
            continue;
        };
        if change.action == RecoveryAction::None {
            outcome.skip(&object, relation, change.reason.unwrap_or(property::UNSUPPORTED));
        } else if change.unknown.iter().any(|name| name == relation) {
            outcome.skip(&object, relation, "these links were not observed on one side");
        } else if let Some(reason) = obstacle(facts, resource, link, &picked.id, &planned) {
            outcome.skip(&object, relation, reason);
        } else {
            outcome.append(of_relation(facts, assignments, &object, (resource, link), &sought));
        }
    }
    outcome
}

/// The chosen links by relation.
fn sought(picked: &Picked) -> BTreeMap<&str, Sought> {
    let mut by_relation: BTreeMap<&str, Sought> = BTreeMap::new();
    for index in &picked.links {
        let link = &picked.change.links[*index];
        let sought = by_relation.entry(&link.relation).or_default();
        let side = if is_wanted(link.action) { &mut sought.added } else { &mut sought.removed };
        side.push(link.target_id.to_string());
    }
    by_relation
}

/// Why links of an object cannot be written, if they cannot.
pub(super) fn obstacle(
    facts: &Facts<'_>,
    resource: &Type,
    link: &Relation,
    id: &str,
    planned: &PlannedMemberships<'_>,
) -> Option<&'static str> {
    if let Some(reason) = property::link_obstacle(resource, link).or_else(|| facts.absence(id)) {
        return Some(reason);
    }
    let lookup = facts.lookup;
    let is_synced = || lookup.cell(resource.id, id, SYNCED_MARKER) == &Value::Bool(true);
    let membership = |name: &'static str| {
        planned.value(resource.id, id).unwrap_or_else(|| lookup.cell(resource.id, id, name))
    };
    match (resource.id, link.name) {
        (TypeId::User, _) | (TypeId::Group, "members") if is_synced() => Some(property::SYNCED),
        (TypeId::Group, _) if lookup.is_exchange_group(id) => Some(property::EXCHANGE),
        (TypeId::Group, "members") => has_text(membership(GROUP_TYPES), "DynamicMembership")
            .then_some("members of a dynamic group follow from its rule"),
        (TypeId::AdministrativeUnit, "members") => (membership(MEMBERSHIP_TYPE) == "Dynamic")
            .then_some("members of a dynamic unit follow from its rule"),
        _ => None,
    }
}

/// What drafts set the properties to that say whether members follow from a rule: they do if they will when the plan is
/// done.
#[derive(Debug, Default)]
pub(super) struct PlannedMemberships<'d>(HashMap<(TypeId, &'d str), &'d Value>);

impl<'d> PlannedMemberships<'d> {
    /// Those of some drafts, of which a later one counts.
    pub(super) fn of(drafts: &'d [Draft]) -> Self {
        let mut planned = HashMap::new();
        for draft in drafts {
            let (type_id, name) = match TypeId::from_token(&draft.object.type_token) {
                Some(type_id @ TypeId::Group) => (type_id, GROUP_TYPES),
                Some(type_id @ TypeId::AdministrativeUnit) => (type_id, MEMBERSHIP_TYPE),
                _ => continue,
            };
            if let Some(value) = draft.after.get(name) {
                planned.insert((type_id, draft.object.id.as_str()), value);
            }
        }
        Self(planned)
    }

    fn value(&self, type_id: TypeId, id: &str) -> Option<&'d Value> {
        self.0.get(&(type_id, id)).copied()
    }
}

fn of_relation(
    facts: &Facts<'_>,
    assignments: &AssignmentSteps,
    object: &PlanObject,
    (resource, link): (&'static Type, &'static Relation),
    sought: &Sought,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut links_to = |targets: &[String], is_added: bool| {
        let mut links = Vec::with_capacity(targets.len());
        let mut reasons: BTreeSet<&'static str> = BTreeSet::new();
        for target in targets {
            let holding = role_member(facts.lookup, resource, link, &object.id, target);
            let term =
                holding.as_ref().filter(|_| is_added).and_then(|held| facts.given.terms.obstacle(held));
            let done = holding.as_ref().and_then(|held| assignments.done(held));
            match term.or_else(|| facts.target_obstacle(target)).or(done) {
                Some(reason) => _ = reasons.insert(reason),
                None => links.push(facts.step_link(link.name, target)),
            }
        }
        for reason in reasons {
            outcome.skip(object, link.name, reason);
        }
        links
    };
    let added = links_to(&sought.added, true);
    let removed = links_to(&sought.removed, false);
    if link.to_one {
        outcome.drafts = to_one(resource, link, object, &added, &removed);
        return outcome;
    }
    outcome.drafts = add(resource, link, object, &added, Phase::Links);
    let add_count = outcome.drafts.len();
    let is_privileged = facts.lookup.is_privileged(resource.token, link.name, &object.id);
    let phase = if is_privileged { Phase::Containment } else { Phase::Unlinking };
    let mut removals = remove(resource, link, object, &removed, phase);
    if link.name == "owners" {
        // The last owner of a group cannot go.
        for removal in &mut removals {
            removal.depends_on.extend(0..add_count);
        }
    }
    outcome.drafts.extend(removals);
    outcome
}

/// The steps of a relation to one object: a new target replaces the old one.
fn to_one(
    resource: &'static Type,
    link: &'static Relation,
    object: &PlanObject,
    added: &[StepLink],
    removed: &[StepLink],
) -> Vec<Draft> {
    let id_of =
        |links: &[StepLink]| links.first().map_or(Value::Null, |link| Value::String(link.target_id.clone()));
    let (before, after) = (id_of(removed), id_of(added));
    let mut drafts = if added.is_empty() {
        remove(resource, link, object, removed, Phase::Unlinking)
    } else {
        add(resource, link, object, &added[..1], Phase::Links)
    };
    for draft in &mut drafts {
        draft.before.insert(link.name.to_owned(), before.clone());
        draft.after.insert(link.name.to_owned(), after.clone());
    }
    drafts
}

/// The steps that make links.
pub(super) fn add(
    resource: &'static Type,
    link: &'static Relation,
    object: &PlanObject,
    links: &[StepLink],
    phase: Phase,
) -> Vec<Draft> {
    let Some(add) = &link.add else { return Vec::new() };
    let mut drafts = Vec::new();
    let mut by_reference: BTreeMap<String, Vec<StepLink>> = BTreeMap::new();
    for step_link in links {
        let reference = reference(link, &step_link.target_type);
        by_reference.entry(reference).or_default().push(step_link.clone());
    }
    for (reference, links) in by_reference {
        for links in links.chunks(LINK_COUNT_MAX) {
            let request = match link.bulk_max {
                Some(_) if links.len() > 1 => RequestTemplate {
                    body: json!({ format!("{}@odata.bind", link.name): [reference] }).into(),
                    ..request(resource, "PATCH", filled(resource.graph.get, &object.id))
                },
                _ => RequestTemplate {
                    body: json!({ "@odata.id": reference }).into(),
                    ..request(resource, add.method, filled(add.path, &object.id))
                },
            };
            let mut draft = Draft::new(StepKind::AddLink, phase, object.clone(), request);
            draft.links = links.to_vec();
            drafts.push(draft);
        }
    }
    drafts
}

/// The steps that take links away.
fn remove(
    resource: &'static Type,
    link: &'static Relation,
    object: &PlanObject,
    links: &[StepLink],
    phase: Phase,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for links in links.chunks(LINK_COUNT_MAX) {
        let Some(request) = link_removal(resource, link, &object.id) else { break };
        let mut draft = Draft::new(StepKind::RemoveLink, phase, object.clone(), request);
        draft.links = links.to_vec();
        drafts.push(draft);
    }
    drafts
}
