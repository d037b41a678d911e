//! Links back to what they were: made and taken away by twenties, and never a DELETE without `/$ref`.

use std::collections::{BTreeMap, BTreeSet};

use engine::RecoveryAction;
use serde_json::{Value, json};

use super::draft::{Draft, DraftId};
use super::lookup::Presence;
use super::make::{Picked, Planner, is_wanted, resource_of, shown};
use super::property;
use super::update::{filled, has_text, request};
use super::{ENDPOINT, Phase, PlanObject, RequestTemplate, StepKind, StepLink, TARGET};
use crate::resource::{self, Link, Resource};

/// Links of one step: as many as one bulk request takes, and one batch.
const LINK_COUNT_MAX: usize = 20;

/// The links of one relation of an object.
#[derive(Debug, Default)]
struct Sought {
    added: Vec<String>,
    removed: Vec<String>,
}

impl Planner {
    /// Plans the chosen links of an object that stood on both sides.
    pub(super) fn plan_links(&mut self, picked: &Picked) {
        let change = &picked.change;
        let mut by_relation: BTreeMap<&str, Sought> = BTreeMap::new();
        for place in &picked.links {
            let link = &change.links[*place];
            let sought = by_relation.entry(&link.relation).or_default();
            let side = if is_wanted(link.action) { &mut sought.added } else { &mut sought.removed };
            side.push(link.target_id.to_string());
        }
        for (relation, sought) in by_relation {
            let resource = resource_of(change);
            let link = resource.and_then(|resource| resource.link(relation));
            let (Some(resource), Some(link)) = (resource, link) else {
                self.skip(change, relation, property::UNSUPPORTED);
                continue;
            };
            if change.action == RecoveryAction::None {
                self.skip(change, relation, change.reason.unwrap_or(property::UNSUPPORTED));
            } else if change.unknown.iter().any(|name| name == relation) {
                self.skip(change, relation, "these links were not observed on one side");
            } else if let Some(reason) = self.link_obstacle(resource, link, &picked.id) {
                self.skip(change, relation, reason);
            } else {
                self.plan_relation_links(picked, resource, link, &sought);
            }
        }
    }

    /// Why links of an object cannot be written, if they cannot.
    pub(super) fn link_obstacle(&self, resource: &Resource, link: &Link, id: &str) -> Option<&'static str> {
        if let Some(reason) = property::link_obstacle(resource, link) {
            return Some(reason);
        }
        if self.is_gone(id) {
            return Some("it is not there any more");
        }
        let is_synced =
            || self.lookup.cell(resource.token, id, engine::schema::SYNCED_MARKER) == &Value::Bool(true);
        match (resource.token, link.name) {
            ("user", _) | ("group", "members") if is_synced() => Some(property::SYNCED),
            ("group", _) if self.is_exchange_group(id) => Some(property::EXCHANGE),
            ("group", "members") if self.is_dynamic_group(id) => {
                Some("members of a dynamic group follow from its rule")
            }
            ("administrativeUnit", "members")
                if self.lookup.cell("administrativeUnit", id, "membershipType") == "Dynamic" =>
            {
                Some("members of a dynamic unit follow from its rule")
            }
            _ => None,
        }
    }

    /// Whether a group's members follow from a rule, and will when the plan is done.
    fn is_dynamic_group(&self, id: &str) -> bool {
        let kinds = self.lookup.cell("group", id, "groupTypes");
        let planned = self.planned_value("group", id, "groupTypes");
        has_text(planned.unwrap_or(kinds), "DynamicMembership")
    }

    /// What a drafted update will set a property to.
    fn planned_value(&self, token: &str, id: &str, name: &str) -> Option<&Value> {
        // The updates of an object come right before its links.
        let latest = self.drafts.list.iter().rev().take_while(|draft| draft.object.id == id);
        latest.filter(|draft| draft.object.type_token == token).find_map(|draft| draft.after.get(name))
    }

    fn plan_relation_links(
        &mut self,
        picked: &Picked,
        resource: &'static Resource,
        link: &'static Link,
        sought: &Sought,
    ) {
        let object = shown(&picked.change);
        let lasting: Vec<String> = self.lasting(picked, resource, link, &sought.added);
        let added = self.reachable(picked, resource, link, &lasting);
        let removed = self.reachable(picked, resource, link, &sought.removed);
        if link.to_one {
            self.plan_to_one(resource, link, &object, &added, &removed);
            return;
        }
        let is_owners = link.name == "owners";
        let adds = self.add_links(resource, link, &object, &added, Phase::Links);
        let phase = if self.is_privileged(resource.token, &link.name, &object.id) {
            Phase::Containment
        } else {
            Phase::Unlinking
        };
        let removals = self.remove_links(resource, link, &object, &removed, phase);
        if is_owners {
            // The last owner of a group cannot go.
            for removal in removals {
                self.drafts.list[removal].depends_on.extend(&adds);
            }
        }
    }

    /// The targets that held what the link says for good; the others are skipped.
    fn lasting(
        &mut self,
        picked: &Picked,
        resource: &Resource,
        link: &Link,
        targets: &[String],
    ) -> Vec<String> {
        let obstacle = |target: &String| self.lasting_obstacle(resource, link, &picked.id, target);
        let reasons: BTreeSet<&'static str> = targets.iter().filter_map(obstacle).collect();
        let kept = targets.iter().filter(|target| obstacle(target).is_none()).cloned().collect();
        for reason in reasons {
            self.skip(&picked.change, &link.name, reason);
        }
        kept
    }

    /// The targets that are there, or will be; the others are skipped.
    fn reachable(
        &mut self,
        picked: &Picked,
        resource: &Resource,
        link: &Link,
        targets: &[String],
    ) -> Vec<StepLink> {
        let mut links = Vec::with_capacity(targets.len());
        let mut unreachable: BTreeSet<&'static str> = BTreeSet::new();
        for target in targets {
            let told = self.told(resource, link, &picked.id, target);
            match self.target_obstacle(target).or(told) {
                Some(reason) => _ = unreachable.insert(reason),
                None => links.push(self.step_link(&link.name, target)),
            }
        }
        for reason in unreachable {
            self.skip(&picked.change, &link.name, reason);
        }
        links
    }

    /// Why nothing can be linked to an object, if nothing can.
    pub(super) fn target_obstacle(&self, target: &str) -> Option<&'static str> {
        if self.drafts.returns.contains_key(target) || self.drafts.renames.contains_key(target) {
            return None;
        }
        match self.lookup.known(target)?.presence {
            Presence::Live => None,
            Presence::Binned => Some("the other end is in the recycle bin"),
            Presence::Gone => Some("the other end is gone"),
        }
    }

    pub(super) fn step_link(&self, relation: &str, target: &str) -> StepLink {
        let PlanObject { id, type_token, display_name } = self.lookup.shown(target);
        StepLink {
            relation: relation.to_owned(),
            target_id: id,
            target_type: type_token,
            target_name: display_name,
        }
    }

    fn plan_to_one(
        &mut self,
        resource: &'static Resource,
        link: &'static Link,
        object: &PlanObject,
        added: &[StepLink],
        removed: &[StepLink],
    ) {
        let id_of = |links: &[StepLink]| {
            links.first().map_or(Value::Null, |link| Value::String(link.target_id.clone()))
        };
        let (before, after) = (id_of(removed), id_of(added));
        // A new target replaces the old one.
        let drafted = if added.is_empty() {
            self.remove_links(resource, link, object, removed, Phase::Unlinking)
        } else {
            self.add_links(resource, link, object, &added[..1], Phase::Links)
        };
        for draft in drafted {
            self.drafts.list[draft].before.insert(link.name.to_owned(), before.clone());
            self.drafts.list[draft].after.insert(link.name.to_owned(), after.clone());
        }
    }

    /// Drafts the steps that make links.
    pub(super) fn add_links(
        &mut self,
        resource: &'static Resource,
        link: &'static Link,
        object: &PlanObject,
        links: &[StepLink],
        phase: Phase,
    ) -> Vec<DraftId> {
        let Some(add) = &link.add else { return Vec::new() };
        let mut drafted = Vec::new();
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
                        ..request(resource, &add.method, filled(&add.path, &object.id))
                    },
                };
                let mut draft = Draft::new(StepKind::AddLink, phase, object.clone(), request);
                draft.links = links.to_vec();
                drafted.push(self.drafts.add(draft));
            }
        }
        drafted
    }

    /// Drafts the steps that take links away.
    pub(super) fn remove_links(
        &mut self,
        resource: &'static Resource,
        link: &'static Link,
        object: &PlanObject,
        links: &[StepLink],
        phase: Phase,
    ) -> Vec<DraftId> {
        let mut drafted = Vec::new();
        for links in links.chunks(LINK_COUNT_MAX) {
            let Some(request) = removal(resource, link, &object.id) else { break };
            let mut draft = Draft::new(StepKind::RemoveLink, phase, object.clone(), request);
            draft.links = links.to_vec();
            drafted.push(self.drafts.add(draft));
        }
        drafted
    }

    /// Whether links of this relation give power over the tenant.
    pub(super) fn is_privileged(&self, token: &str, relation: &str, id: &str) -> bool {
        match (token, relation) {
            ("directoryRole", "members") | ("application" | "servicePrincipal", "owners") => true,
            ("group", "members" | "owners") => self.is_role_group(id),
            _ => false,
        }
    }

    /// Whether a group can hold directory roles.
    pub(super) fn is_role_group(&self, id: &str) -> bool {
        self.lookup.cell("group", id, "isAssignableToRole") == &Value::Bool(true)
    }
}

/// The one place where requests that take links away are made.
///
/// Without `/$ref` Graph would delete the object at the other end.
fn removal(resource: &Resource, link: &Link, id: &str) -> Option<RequestTemplate> {
    let remove = link.remove.as_ref()?;
    let path = filled(&remove.path, id).replace("{targetId}", TARGET);
    assert!(path.ends_with("/$ref"), "the removal of a link ends in /$ref: {path}");
    Some(request(resource, &remove.method, path))
}

/// How Graph wants the other end of a link named.
pub(crate) fn reference(link: &Link, target_type: &str) -> String {
    let named =
        if target_type.is_empty() { link.targets.first().map_or("", |id| id.token()) } else { target_type };
    let own = resource::by_token(named).map(|resource| resource.graph.get);
    let is_policy = |path: &str| path.starts_with("/policies/") || path.starts_with("/identityGovernance/");
    let place = match own {
        Some(path) if is_policy(path) || (link.to_one && target_type == "orgContact") => {
            path.replace("{id}", TARGET)
        }
        _ if link.to_one => format!("/users/{TARGET}"),
        _ if link.name == "incompatibleGroups" => format!("/groups/{TARGET}"),
        _ => format!("/directoryObjects/{TARGET}"),
    };
    format!("{ENDPOINT}/v1.0{place}")
}
