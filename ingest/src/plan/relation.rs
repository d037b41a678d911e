//! Relation objects back to what they were: assignments, grants, schedules, each found by what it relates.

mod names;
mod schedule;

use std::collections::BTreeSet;

use engine::{ChangeKind, RecoveryAction, Snapshot};
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::lookup::{self, Attributes};
use super::make::{Picked, Planner, resource_of};
use super::property;
use super::update::{Wanted, WantedMap, decoded, escaped, filled, request};
use super::{Phase, PlanObject, RequestTemplate, Skipped, StepKind};
use crate::plan::Result;
use crate::resource::{self, Resource};
pub(super) use schedule::{Holding, Schedules, has_begun, holding, is_open};
use schedule::{Term, end_of, is_schedule, schedule_info, schedule_obstacle, time_obstacle};

/// The scope of the whole tenant.
pub(super) const TENANT_SCOPE: &str = "/";

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
        self.lookup.learn(&ends.iter().map(String::as_str).collect())?;
        self.learn_schedules()
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
        let key = self.natural_key(side, resource.token, &picked.id);
        let attributes = lookup::attributes(self.side(side), resource.token, &key)?.unwrap_or_default();
        let object = self.relation_object(resource, &key, &attributes)?;
        let mut skip = |reason: &str| {
            self.skipped.push(Skipped {
                object: object.clone(),
                name: String::new(),
                reason: reason.to_owned(),
            });
        };
        if change.kind == ChangeKind::Updated {
            self.update_relation(resource, &object, picked, &attributes)?;
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
        let now = self.context.now;
        let obstacle = self.relation_obstacle(attributes).or_else(|| schedule_obstacle(resource, attributes));
        let obstacle = obstacle.map(str::to_owned);
        let obstacle = obstacle.or_else(|| time_obstacle(attributes, now).filter(|_| is_schedule(resource)));
        let is_assignment = resource.token == "roleAssignment";
        let term = if is_assignment { self.term(&holding(attributes)) } else { Term::Open };
        let obstacle = obstacle.or_else(|| {
            self.term_obstacle(&holding(attributes)).filter(|_| is_assignment).map(str::to_owned)
        });
        if let Some(reason) = obstacle {
            self.skipped.push(Skipped { object: object.clone(), name: String::new(), reason });
            if let Term::Ends(schedule) = term {
                self.make_schedule(object, &schedule);
            }
            return;
        }
        let (path, body) = match resource.token {
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
            _ => (schedule_path(resource), schedule_body(attributes, "adminAssign", now)),
        };
        let mut request = request(resource, "POST", path);
        request.body = Value::Object(body.clone()).into();
        if self.is_told_by_assignment(resource, &object, attributes) || self.is_drafted(&object) {
            return;
        }
        let mut draft = Draft::new(StepKind::AddLink, Phase::Links, object, request);
        draft.after = body.into_iter().filter(|(name, _)| name != "action").collect();
        let step = self.drafts.add(draft);
        if is_schedule(resource)
            && let Some(end) = end_of(attributes)
        {
            self.drafts.list[step].notes.push(format!("ends on {end}, as it did"));
        }
    }

    /// Drafts the schedule of an assignment that ends, unless its own change has brought it already.
    fn make_schedule(&mut self, assignment: PlanObject, schedule: &Attributes) {
        let Some(resource) = resource::by_token("roleAssignmentSchedule") else { return };
        let object = PlanObject { type_token: resource.token.to_owned(), ..assignment };
        if !self.is_drafted(&object) {
            self.make_relation(resource, object, schedule);
        }
    }

    /// Whether a step about a relation object is drafted.
    fn is_drafted(&self, object: &PlanObject) -> bool {
        let mut drafts = self.drafts.list.iter();
        drafts.any(|draft| draft.object.id == object.id && draft.object.type_token == object.type_token)
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
        // Which one it is Graph is asked when the request leaves; an import may not say.
        let graph_id = Some(text(attributes, "id")).filter(|id| !id.is_empty()).unwrap_or("-");
        let request = match resource.token {
            "appRoleAssignment" => {
                let path =
                    resource.graph.get.replace("{resourceId}", &escaped(text(attributes, "resourceId")));
                request(resource, "DELETE", path.replace("{graphId}", &escaped(graph_id)))
            }
            "oauth2PermissionGrant" | "roleAssignment" => {
                request(resource, "DELETE", filled(resource.graph.get, graph_id))
            }
            _ => RequestTemplate {
                body: Value::Object(schedule_body(attributes, "adminRemove", self.context.now)).into(),
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
    ) -> Result<()> {
        if is_schedule(resource) {
            return self.update_schedule(resource, object, picked, attributes);
        }
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
            return Ok(());
        }
        if text(attributes, "id").is_empty() {
            let (object, name) = (object.clone(), "scope".to_owned());
            self.skipped.push(Skipped { object, name, reason: "its ID was not observed".to_owned() });
            return Ok(());
        }
        let request = request(resource, "PATCH", filled(resource.graph.get, text(attributes, "id")));
        let gains = |values: &Wanted| added_scopes(&values.after, &values.before).next().is_some();
        let loses =
            wanted.values().any(|values| added_scopes(&values.before, &values.after).next().is_some());
        let is_gain = wanted.values().any(gains);
        let step = self.add_update(resource, object, request, wanted);
        if loses && !is_gain {
            self.drafts.list[step].phase = Phase::Containment;
        }
        Ok(())
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
        let holding = holding(attributes);
        match resource.token {
            "roleAssignment" => {
                self.assigned.insert(holding);
                false
            }
            "roleAssignmentSchedule" if self.assigned.contains(&holding) => {
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
    let list = resource.graph.list.unwrap_or_default();
    format!("{}Requests", list.strip_suffix('s').unwrap_or(list))
}

fn schedule_body(attributes: &Attributes, action: &str, now: jiff::Timestamp) -> Map<String, Value> {
    let mut body = chosen(attributes, &["principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"]);
    if action == "adminUpdate" {
        // The schedule is found by what its key names.
        body.remove("appScopeId");
    }
    body.insert("action".to_owned(), json!(action));
    body.insert("justification".to_owned(), json!("recovery"));
    if action != "adminRemove"
        && let Some(info) = schedule_info(attributes, now)
    {
        body.insert("scheduleInfo".to_owned(), info);
    }
    body
}
