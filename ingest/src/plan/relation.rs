//! Owns relation objects on their way back: assignments, grants, schedules, each found by what it relates.

mod names;
mod schedule;

use std::collections::{BTreeSet, HashMap, HashSet};

use engine::schema::{Relation, Type, TypeId};
use engine::{ChangeKind, RecoveryAction, Snapshot};
use serde_json::{Map, Value};

use super::assignment::{Holding, TENANT_SCOPE, Term, end_of, holding};
use super::draft::{Draft, DraftId, Outcome, Wanted, WantedMap};
use super::facts::Facts;
use super::lookup::{self, Attributes, Lookup, text};
use super::pick::Picked;
use super::property;
use super::request::{escaped, filled, request};
use super::update::update_draft;
use super::value::{decoded, kept_values};
use super::{Phase, PlanObject, RequestTemplate, StepKind};
use crate::plan::Result;
pub(super) use names::AppRoleNames;
use schedule::{is_schedule, schedule_body, schedule_obstacle, schedule_path, time_obstacle};

/// What a relation object names.
const ENDS: [&str; 5] = ["principalId", "resourceId", "clientId", "roleDefinitionId", "directoryScopeId"];

/// A role assignment says what schedules, and members of directory roles, say again.
const DONE_BY_ASSIGNMENT: &str = "done by the step of the role assignment";

/// Which side of the difference has a relation object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    From,
    To,
}

impl Side {
    /// The side that has the relation object of a change.
    fn of(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Added | ChangeKind::Restored | ChangeKind::Updated => Self::To,
            _ => Self::From,
        }
    }

    fn snapshot(self, lookup: &Lookup) -> &Snapshot {
        match self {
            Self::From => &lookup.from,
            Self::To => &lookup.to,
        }
    }
}

/// Natural keys of relation objects by type and by the IDs that Graph gives them, at the wanted state and at the other.
#[derive(Debug, Default)]
pub(super) struct NaturalKeys([HashMap<String, HashMap<String, String>>; 2]);

impl NaturalKeys {
    /// What a relation object is known by, whatever ID Graph gives it for now.
    fn of(&self, side: Side, token: &str, id: &str) -> String {
        let keys = self.0[side as usize].get(token);
        keys.and_then(|keys| keys.get(id)).map_or_else(|| id.to_owned(), String::clone)
    }
}

/// Learns the natural keys of changed relation objects, and the names of what they relate.
pub(super) fn learn(lookup: &mut Lookup, picked: &[Picked]) -> Result<NaturalKeys> {
    let mut keys = NaturalKeys::default();
    let mut ends = BTreeSet::new();
    for picked in picked.iter().filter(|picked| lookup::is_relation_object(&picked.change.type_token)) {
        let token = picked.change.type_token.to_string();
        let side = Side::of(picked.change.kind);
        if !keys.0[side as usize].contains_key(&token) {
            let found = lookup::natural_keys(side.snapshot(lookup), &token)?;
            keys.0[side as usize].insert(token.clone(), found);
        }
        ends.extend(ends_of(&keys.of(side, &token, &picked.id)).map(str::to_owned));
    }
    lookup.learn(&ends.iter().map(String::as_str).collect())?;
    Ok(keys)
}

/// The IDs in a natural key.
pub(super) fn ends_of(key: &str) -> impl Iterator<Item = &str> {
    key.split('|').map(|end| end.rsplit('/').next().unwrap_or(end))
}

/// What steps about relation objects do so far, so that none does it again.
#[derive(Debug, Default)]
pub(super) struct AssignmentSteps {
    /// Types and IDs of the objects that they are about.
    drafted: HashSet<(String, String)>,
    /// Roles that steps about assignments give or take.
    holdings: HashSet<Holding>,
}

impl AssignmentSteps {
    /// Why nothing needs to give or take a role, if a step about an assignment does.
    pub(super) fn done(&self, holding: &Holding) -> Option<&'static str> {
        self.holdings.contains(holding).then_some(DONE_BY_ASSIGNMENT)
    }

    fn is_drafted(&self, object: &PlanObject) -> bool {
        self.drafted.contains(&(object.type_token.clone(), object.id.clone()))
    }

    fn add(&mut self, draft: Draft, outcome: &mut Outcome) -> DraftId {
        self.drafted.insert((draft.object.type_token.clone(), draft.object.id.clone()));
        outcome.add(draft)
    }

    /// Whether an assignment does what a schedule says again; remembers assignments.
    fn is_done_again(
        &mut self,
        resource: &Type,
        object: &PlanObject,
        attributes: &Attributes,
        outcome: &mut Outcome,
    ) -> bool {
        let holding = holding(attributes);
        match resource.id {
            TypeId::RoleAssignment => {
                self.holdings.insert(holding);
                false
            }
            TypeId::RoleAssignmentSchedule if self.holdings.contains(&holding) => {
                outcome.skip(object, "", DONE_BY_ASSIGNMENT);
                true
            }
            _ => false,
        }
    }
}

/// The role that a member of a directory role holds; nothing for other links.
pub(super) fn role_member(
    lookup: &Lookup,
    resource: &Type,
    link: &Relation,
    id: &str,
    target: &str,
) -> Option<Holding> {
    if resource.id != TypeId::DirectoryRole || link.name != "members" {
        return None;
    }
    let Value::String(role) = lookup.cell(TypeId::DirectoryRole, id, "roleTemplateId") else {
        return None;
    };
    Some((target.to_owned(), role.clone(), TENANT_SCOPE.to_owned()))
}

/// A relation object with what it was.
#[derive(Debug, Clone)]
pub(super) struct RelationObject {
    pub(super) resource: &'static Type,
    pub(super) object: PlanObject,
    pub(super) attributes: Attributes,
}

impl RelationObject {
    /// The relation object of a key at a state.
    pub(super) fn read(
        lookup: &Lookup,
        names: &mut AppRoleNames,
        (snapshot, resource): (&Snapshot, &'static Type),
        key: &str,
    ) -> Result<Self> {
        let attributes = lookup::attributes(snapshot, resource.token, key)?.unwrap_or_default();
        let object = names::shown(lookup, names, resource, key, &attributes)?;
        Ok(Self { resource, object, attributes })
    }
}

/// Drafts that relation objects come, go or change.
pub(super) fn draft(
    facts: &Facts<'_>,
    keys: &NaturalKeys,
    picked: &[Picked],
    names: &mut AppRoleNames,
) -> Result<(Outcome, AssignmentSteps)> {
    let mut outcome = Outcome::default();
    let mut steps = AssignmentSteps::default();
    for picked in picked.iter().filter(|picked| lookup::is_relation_object(&picked.change.type_token)) {
        let change = &picked.change;
        let side = Side::of(change.kind);
        let Some(resource) = picked.resource() else {
            outcome.skip(&picked.object(), "", property::UNSUPPORTED);
            continue;
        };
        let key = keys.of(side, resource.token, &picked.id);
        let relation =
            RelationObject::read(facts.lookup, names, (side.snapshot(facts.lookup), resource), &key)?;
        let drafted = if change.kind == ChangeKind::Updated {
            update(facts, &mut steps, picked, &relation)?
        } else if !picked.has_presence {
            // Attributes or links were asked for, and it has none.
            continue;
        } else if change.action == RecoveryAction::None && change.reason.is_some() {
            let mut skipped = Outcome::default();
            skipped.skip(&relation.object, "", change.reason_text());
            skipped
        } else if side == Side::To {
            remove(facts, &mut steps, relation)
        } else {
            make(facts, &mut steps, relation)
        };
        outcome.append(drafted);
    }
    Ok((outcome, steps))
}

/// Drafts a relation object again; also one that went along with what it relates.
pub(super) fn make(facts: &Facts<'_>, steps: &mut AssignmentSteps, relation: RelationObject) -> Outcome {
    let RelationObject { resource, object, attributes } = relation;
    let mut outcome = Outcome::default();
    let now = facts.given.context.now;
    let is_assignment = resource.id == TypeId::RoleAssignment;
    let term = if is_assignment { facts.given.terms.term(&holding(&attributes)) } else { Term::Open };
    let obstacle = ends_obstacle(facts, &attributes).or_else(|| schedule_obstacle(resource, &attributes));
    let obstacle = obstacle.map(str::to_owned).or_else(|| time_obstacle(resource, &attributes, now));
    if let Some(reason) = obstacle.or_else(|| term.obstacle().map(str::to_owned)) {
        outcome.skip(&object, "", reason);
        if let Term::Ends(schedule) = term {
            outcome.append(make_schedule(facts, steps, object, schedule));
        }
        return outcome;
    }
    let (path, body) = creation(resource, &attributes, now);
    if steps.is_done_again(resource, &object, &attributes, &mut outcome) || steps.is_drafted(&object) {
        return outcome;
    }
    let mut request = request(resource, "POST", path);
    request.body = Value::Object(body.clone()).into();
    let mut draft = Draft::new(StepKind::AddLink, Phase::Links, object, request);
    draft.after = body.into_iter().filter(|(name, _)| name != "action").collect();
    if is_schedule(resource)
        && let Some(end) = end_of(&attributes)
    {
        draft.notes.push(format!("ends on {end}, as it did"));
    }
    steps.add(draft, &mut outcome);
    outcome
}

/// Where a relation object of each type is made, and what is sent.
fn creation(resource: &Type, attributes: &Attributes, now: jiff::Timestamp) -> (String, Map<String, Value>) {
    match resource.id {
        TypeId::AppRoleAssignment => {
            let resource_id = text(attributes, "resourceId");
            let path = format!("/servicePrincipals/{}/appRoleAssignedTo", escaped(resource_id));
            (path, chosen(attributes, &["principalId", "resourceId", "appRoleId"]))
        }
        TypeId::Oauth2PermissionGrant => {
            let names = ["clientId", "consentType", "principalId", "resourceId", "scope"];
            ("/oauth2PermissionGrants".to_owned(), chosen(attributes, &names))
        }
        TypeId::RoleAssignment => {
            let names = ["roleDefinitionId", "principalId", "directoryScopeId"];
            ("/roleManagement/directory/roleAssignments".to_owned(), chosen(attributes, &names))
        }
        _ => (schedule_path(resource), schedule_body(attributes, "adminAssign", now)),
    }
}

/// Drafts the schedule of an assignment that ends, unless its own change has brought it already.
fn make_schedule(
    facts: &Facts<'_>,
    steps: &mut AssignmentSteps,
    assignment: PlanObject,
    attributes: Attributes,
) -> Outcome {
    let resource = TypeId::RoleAssignmentSchedule.info();
    let object = PlanObject { type_token: resource.token.to_owned(), ..assignment };
    if steps.is_drafted(&object) {
        return Outcome::default();
    }
    make(facts, steps, RelationObject { resource, object, attributes })
}

/// Drafts the removal of a relation object.
fn remove(facts: &Facts<'_>, steps: &mut AssignmentSteps, relation: RelationObject) -> Outcome {
    let RelationObject { resource, object, attributes } = relation;
    let mut outcome = Outcome::default();
    if let Some(reason) = schedule_obstacle(resource, &attributes) {
        outcome.skip(&object, "", reason);
        return outcome;
    }
    if steps.is_done_again(resource, &object, &attributes, &mut outcome) {
        return outcome;
    }
    let request = removal(resource, &attributes, facts.given.context.now);
    // What a person was given to use is no power over the tenant.
    let is_use = resource.id == TypeId::AppRoleAssignment
        && !facts.lookup.is_of(text(&attributes, "principalId"), TypeId::ServicePrincipal);
    let phase = if is_use { Phase::Unlinking } else { Phase::Containment };
    let mut draft = Draft::new(StepKind::RemoveLink, phase, object, request);
    draft.before = kept_values(resource.token, &attributes);
    steps.add(draft, &mut outcome);
    outcome
}

/// The request that takes a relation object of each type away.
fn removal(resource: &Type, attributes: &Attributes, now: jiff::Timestamp) -> RequestTemplate {
    // Which one it is Graph is asked when the request leaves; an import may not say.
    let graph_id = Some(text(attributes, "id")).filter(|id| !id.is_empty()).unwrap_or("-");
    match resource.id {
        TypeId::AppRoleAssignment => {
            let path = resource.graph.get.replace("{resourceId}", &escaped(text(attributes, "resourceId")));
            request(resource, "DELETE", path.replace("{graphId}", &escaped(graph_id)))
        }
        TypeId::Oauth2PermissionGrant | TypeId::RoleAssignment => {
            request(resource, "DELETE", filled(resource.graph.get, graph_id))
        }
        _ => RequestTemplate {
            body: Value::Object(schedule_body(attributes, "adminRemove", now)).into(),
            ..request(resource, "POST", schedule_path(resource))
        },
    }
}

/// A grant's scopes are the only thing that an update writes; of schedules a request does.
fn update(
    facts: &Facts<'_>,
    steps: &mut AssignmentSteps,
    picked: &Picked,
    relation: &RelationObject,
) -> Result<Outcome> {
    let RelationObject { resource, object, attributes } = relation;
    if is_schedule(resource) {
        return schedule::update(facts, steps, picked, relation);
    }
    let mut outcome = Outcome::default();
    let mut wanted = WantedMap::new();
    for index in &picked.attributes {
        let change = &picked.change.attributes[*index];
        if resource.id == TypeId::Oauth2PermissionGrant && *change.name == *"scope" {
            let (before, after) = (decoded(change.to.as_deref()), decoded(change.from.as_deref()));
            wanted.insert(change.name.to_string(), Wanted { before, after });
        } else {
            outcome.skip(object, &change.name, property::READ_ONLY);
        }
    }
    if wanted.is_empty() {
        return Ok(outcome);
    }
    if text(attributes, "id").is_empty() {
        outcome.skip(object, "scope", "its ID was not observed");
        return Ok(outcome);
    }
    let request = request(resource, "PATCH", filled(resource.graph.get, text(attributes, "id")));
    let gains = |values: &Wanted| added_scopes(&values.after, &values.before).next().is_some();
    let loses = wanted.values().any(|values| added_scopes(&values.before, &values.after).next().is_some());
    let is_gain = wanted.values().any(gains);
    let mut draft = update_draft(resource, object, request, wanted);
    if loses && !is_gain {
        draft.phase = Phase::Containment;
    }
    steps.add(draft, &mut outcome);
    Ok(outcome)
}

/// Why what a relation object relates cannot be related again, if it cannot.
fn ends_obstacle(facts: &Facts<'_>, attributes: &Attributes) -> Option<&'static str> {
    ENDS.iter().find_map(|name| {
        let end = text(attributes, name);
        facts.target_obstacle(end.rsplit('/').next().unwrap_or(end))
    })
}

/// Scopes of a grant that another text of scopes has not.
pub(super) fn added_scopes<'v>(wanted: &'v Value, standing: &'v Value) -> impl Iterator<Item = &'v str> {
    let standing = standing.as_str().unwrap_or_default();
    let wanted = wanted.as_str().unwrap_or_default().split_whitespace();
    wanted.filter(move |scope| !standing.split_whitespace().any(|other| other == *scope))
}

fn chosen(attributes: &Attributes, names: &[&str]) -> Map<String, Value> {
    let values = names.iter().filter_map(|name| Some(((*name).to_owned(), attributes.get(*name)?.clone())));
    values.filter(|(_, value)| !value.is_null()).collect()
}
