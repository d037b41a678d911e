//! Relation objects back to what they were: assignments, grants, schedules, each found by what it relates.

mod names;

use std::collections::BTreeSet;

use engine::{ChangeKind, RecoveryAction, Snapshot};
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::lookup::{self, Attributes};
use super::make::{Picked, Planner, resource_of};
use super::property;
use super::update::{Wanted, WantedMap, decoded, escaped, filled, request};
use super::{Phase, PlanObject, RequestTemplate, Skipped, StepKind};
use crate::Result;
use crate::resource::Resource;

/// The scope of the whole tenant.
const TENANT_SCOPE: &str = "/";

/// Which side of the difference has a relation object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    From,
    To,
}

/// What a relation object names.
const ENDS: [&str; 5] = ["principalId", "resourceId", "clientId", "roleDefinitionId", "directoryScopeId"];

impl Planner {
    /// Learns the natural keys of changed relation objects, and the names of what they relate.
    pub(super) fn learn_relations(&mut self, picked: &[Picked]) -> Result<()> {
        let mut ends = BTreeSet::new();
        for picked in picked.iter().filter(|picked| lookup::is_relation_object(&picked.change.type_token)) {
            let token = picked.change.type_token.to_string();
            let side = side_of(picked.change.kind);
            let snapshot = self.side(side).clone();
            if !self.natural_keys[side as usize].contains_key(&token) {
                let keys = lookup::natural_keys(&snapshot, &token)?;
                self.natural_keys[side as usize].insert(token.clone(), keys);
            }
            let key = self.natural_key(side, &token, &picked.id);
            ends.extend(key.split('|').map(|end| end.rsplit('/').next().unwrap_or(end).to_owned()));
        }
        self.lookup.learn(&ends.iter().map(String::as_str).collect())
    }

    fn side(&self, side: Side) -> &Snapshot {
        match side {
            Side::From => &self.lookup.from,
            Side::To => &self.lookup.to,
        }
    }

    /// What a relation object is known by, whatever ID Graph gives it for now.
    fn natural_key(&self, side: Side, token: &str, id: &str) -> String {
        let keys = self.natural_keys[side as usize].get(token);
        keys.and_then(|keys| keys.get(id)).map_or_else(|| id.to_owned(), String::clone)
    }

    /// Plans that a relation object comes, goes or changes.
    pub(super) fn plan_relation(&mut self, picked: &Picked) -> Result<()> {
        let change = &picked.change;
        let side = side_of(change.kind);
        let Some(resource) = resource_of(change) else {
            self.skip(change, "", property::UNSUPPORTED);
            return Ok(());
        };
        let key = self.natural_key(side, &resource.token, &picked.id);
        let attributes = lookup::attributes(self.side(side), &resource.token, &key)?.unwrap_or_default();
        let object = self.relation_object(resource, &key, &attributes)?;
        let mut skip = |reason: &str| {
            self.skipped.push(Skipped {
                object: object.clone(),
                name: String::new(),
                reason: reason.to_owned(),
            });
        };
        if change.kind == ChangeKind::Updated {
            self.update_relation(resource, &object, picked, &attributes);
        } else if !picked.has_presence {
            // Somebody asked for attributes or links, and it has none.
        } else if change.action == RecoveryAction::None && change.reason.is_some() {
            skip(&change.reason_text());
        } else if side == Side::To {
            self.remove_relation(resource, object, &attributes);
        } else {
            self.make_relation(resource, object, &attributes);
        }
        Ok(())
    }

    /// Drafts a relation object again; also one that went along with what it relates.
    pub(super) fn make_relation(
        &mut self,
        resource: &'static Resource,
        object: PlanObject,
        attributes: &Attributes,
    ) {
        let obstacle = self.relation_obstacle(attributes).or_else(|| schedule_obstacle(resource, attributes));
        if let Some(reason) = obstacle {
            self.skipped.push(Skipped { object, name: String::new(), reason: reason.to_owned() });
            return;
        }
        let (path, body) = match resource.token.as_str() {
            "appRoleAssignment" => {
                let resource_id = text(attributes, "resourceId");
                let path = format!("/servicePrincipals/{}/appRoleAssignedTo", escaped(resource_id));
                (path, chosen(attributes, &["principalId", "resourceId", "appRoleId"]))
            }
            "oauth2PermissionGrant" => {
                let names = ["clientId", "consentType", "principalId", "resourceId", "scope"];
                ("/oauth2PermissionGrants".to_owned(), chosen(attributes, &names))
            }
            "roleAssignment" => {
                let names = ["roleDefinitionId", "principalId", "directoryScopeId"];
                ("/roleManagement/directory/roleAssignments".to_owned(), chosen(attributes, &names))
            }
            _ => (schedule_path(resource), schedule_body(attributes, "adminAssign")),
        };
        let mut request = request(resource, "POST", path);
        request.body = Value::Object(body.clone());
        if self.is_told_by_assignment(resource, &object, attributes) {
            return;
        }
        let mut draft = Draft::new(StepKind::AddLink, Phase::Links, object, request);
        draft.after = body.into_iter().filter(|(name, _)| name != "action").collect();
        self.drafts.add(draft);
    }

    /// Drafts the removal of a relation object.
    fn remove_relation(&mut self, resource: &'static Resource, object: PlanObject, attributes: &Attributes) {
        if let Some(reason) = schedule_obstacle(resource, attributes) {
            self.skipped.push(Skipped { object, name: String::new(), reason: reason.to_owned() });
            return;
        }
        if self.is_told_by_assignment(resource, &object, attributes) {
            return;
        }
        let graph_id = text(attributes, "id");
        let request = match resource.token.as_str() {
            "appRoleAssignment" => {
                let path = resource.get.replace("{resourceId}", &escaped(text(attributes, "resourceId")));
                request(resource, "DELETE", path.replace("{graphId}", &escaped(graph_id)))
            }
            "oauth2PermissionGrant" | "roleAssignment" => {
                request(resource, "DELETE", filled(&resource.get, graph_id))
            }
            _ => RequestTemplate {
                body: Value::Object(schedule_body(attributes, "adminRemove")),
                ..request(resource, "POST", schedule_path(resource))
            },
        };
        // What a person was given to use is no power over the tenant.
        let is_use = resource.token == "appRoleAssignment"
            && !self.lookup.is_of(text(attributes, "principalId"), "servicePrincipal");
        let phase = if is_use { Phase::Unlinking } else { Phase::Containment };
        let mut draft = Draft::new(StepKind::RemoveLink, phase, object, request);
        draft.before = super::removal::kept_values(resource, attributes);
        self.drafts.add(draft);
    }

    /// A grant's scopes are the only thing that an update writes; of schedules a request does.
    fn update_relation(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        picked: &Picked,
        attributes: &Attributes,
    ) {
        let mut wanted = WantedMap::new();
        for place in &picked.attributes {
            let change = &picked.change.attributes[*place];
            let is_scope = resource.token == "oauth2PermissionGrant" && *change.name == *"scope";
            if is_scope {
                let values =
                    Wanted { before: decoded(change.to.as_deref()), after: decoded(change.from.as_deref()) };
                wanted.insert(change.name.to_string(), values);
            } else {
                let reason = property::READ_ONLY.to_owned();
                self.skipped.push(Skipped { object: object.clone(), name: change.name.to_string(), reason });
            }
        }
        if wanted.is_empty() {
            return;
        }
        let request = request(resource, "PATCH", filled(&resource.get, text(attributes, "id")));
        let gains = |values: &Wanted| added_scopes(&values.after, &values.before).next().is_some();
        let loses =
            wanted.values().any(|values| added_scopes(&values.before, &values.after).next().is_some());
        let is_gain = wanted.values().any(gains);
        let step = self.add_update(resource, object, request, wanted);
        if loses && !is_gain {
            self.drafts.list[step].phase = Phase::Containment;
        }
    }

    /// Why what a relation object relates cannot be related again, if it cannot.
    fn relation_obstacle(&self, attributes: &Attributes) -> Option<&'static str> {
        ENDS.iter().find_map(|name| {
            let end = text(attributes, name);
            self.target_obstacle(end.rsplit('/').next().unwrap_or(end))
        })
    }

    /// A schedule, and a member of a directory role, say again what an assignment says: one step is enough.
    fn is_told_by_assignment(
        &mut self,
        resource: &Resource,
        object: &PlanObject,
        attributes: &Attributes,
    ) -> bool {
        let pair =
            (text(attributes, "principalId").to_owned(), text(attributes, "roleDefinitionId").to_owned());
        let is_whole = text(attributes, "directoryScopeId") == TENANT_SCOPE;
        match resource.token.as_str() {
            "roleAssignment" if is_whole => {
                self.assigned.insert(pair);
                false
            }
            "roleAssignmentSchedule" if is_whole && self.assigned.contains(&pair) => {
                let reason = "done by the step of the role assignment".to_owned();
                self.skipped.push(Skipped { object: object.clone(), name: String::new(), reason });
                true
            }
            _ => false,
        }
    }
}

/// The side that has a relation object which came or went.
fn side_of(kind: ChangeKind) -> Side {
    match kind {
        ChangeKind::Added | ChangeKind::Restored | ChangeKind::Updated => Side::To,
        _ => Side::From,
    }
}

/// Scopes of a grant that another text of scopes has not.
pub(super) fn added_scopes<'v>(wanted: &'v Value, standing: &'v Value) -> impl Iterator<Item = &'v str> {
    let standing = standing.as_str().unwrap_or_default();
    let wanted = wanted.as_str().unwrap_or_default().split_whitespace();
    wanted.filter(move |scope| !standing.split_whitespace().any(|other| other == *scope))
}

pub(super) fn text<'v>(attributes: &'v Attributes, name: &str) -> &'v str {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn chosen(attributes: &Attributes, names: &[&str]) -> Map<String, Value> {
    let values = names.iter().filter_map(|name| Some(((*name).to_owned(), attributes.get(*name)?.clone())));
    values.filter(|(_, value)| !value.is_null()).collect()
}

/// Where the requests go that change a schedule: schedules themselves are only read.
fn schedule_path(resource: &Resource) -> String {
    let list = resource.list.as_deref().unwrap_or_default();
    format!("{}Requests", list.strip_suffix('s').unwrap_or(list))
}

fn schedule_body(attributes: &Attributes, action: &str) -> Map<String, Value> {
    let mut body = chosen(attributes, &["principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"]);
    body.insert("action".to_owned(), json!(action));
    body.insert("justification".to_owned(), json!("recovery"));
    if action != "adminRemove"
        && let Some(Value::Object(schedule)) = attributes.get("scheduleInfo")
    {
        // It begins when the request arrives: a beginning in the past is refused.
        let kept = schedule.iter().filter(|(name, _)| !matches!(name.as_str(), "startDateTime"));
        let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        body.insert("scheduleInfo".to_owned(), Value::Object(kept));
    }
    body
}

/// Why a schedule follows from something else.
fn schedule_obstacle(resource: &Resource, attributes: &Attributes) -> Option<&'static str> {
    if !matches!(resource.token.as_str(), "roleAssignmentSchedule" | "roleEligibilitySchedule") {
        return None;
    }
    if matches!(text(attributes, "memberType"), "Group" | "Inherited") {
        return Some("it follows from the membership of a group");
    }
    (text(attributes, "assignmentType") == "Activated").then_some("it was activated for a time")
}
