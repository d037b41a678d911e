//! Owns the plan that undoes a recovery: of each step that was done the opposite, over what its journal says stood before.

use std::collections::BTreeMap;

use engine::schema::{self, Relation, Type, TypeId};
use serde_json::{Value, json};

use super::element;
use super::error::Result;
use super::find;
use super::record::{self, Created, created_by};
use super::template::Filling;
use crate::graph::escape;
use crate::plan::{
    Body, ENDPOINT, Estimate, FORMAT_VERSION, Named, Phase, Plan, PlanContext, PlanObject, PlanOptions,
    RequestTemplate, Skipped, Step, StepKind, StepLink, TARGET, cleared, guards, reference,
};
use engine::Store;
use engine::records::{StepOutcome, StepStatus};

/// Properties of an application that Graph only lets change once they are disabled.
const OFFERS: [&str; 2] = ["appRoles", "api"];

/// How the state after a recovery is written; its ID follows.
pub(super) const AFTER_RECOVERY: &str = "after recovery ";

/// Writes a second that Graph takes from an application.
const WRITES_PER_S: f64 = 20.0;

/// The plan that undoes a recovery, named by its ID or the beginning of one: what was restored or made again goes into
/// the bin, what was written gets back what it overwrote. A plan like any other, with guards over the newest backup; of the
/// context its points and its query are not used.
///
/// # Errors
/// `NoRecovery`, `AmbiguousRecovery`, `NoJournal`, `Store`.
pub fn undo_plan(store: &Store, recovery: &str, context: &PlanContext) -> Result<Plan> {
    let (seed, now) = (context.seed, context.now);
    let id = find(store, recovery)?;
    let (beginning, outcomes) = record::read(store, &id)?;
    let created = created_by(&outcomes);
    let mut undo = Undo { created, steps: Vec::new(), skipped: Vec::new(), opposites: BTreeMap::new() };
    for step in beginning.plan.steps.iter().rev() {
        let Some(outcome) = outcomes.get(&step.id) else { continue };
        if matches!(outcome.status, StepStatus::Done | StepStatus::Unconfirmed) {
            undo.step(step, outcome);
        } else if !outcome.written.is_empty() {
            undo.step(&only_written(step, outcome), outcome);
        } else if matches!(outcome.status, StepStatus::Uncertain | StepStatus::Intended) {
            undo.skip(step, "nobody knows whether it took effect");
        }
    }
    undo.turn_dependencies(&beginning.plan.steps);
    let mut point = beginning.plan.to.clone();
    point.point = format!("before recovery {id}");
    let mut current = point.clone();
    current.point = format!("{AFTER_RECOVERY}{id}");
    current.taken_at = now;
    let requests = undo.steps.iter().map(|step| 2 * step.links.len().max(1) as u64).sum();
    let mut permissions = beginning.plan.permissions.clone();
    permissions.dedup();
    let id_hash = blake3::derive_key("entrasnap 2026-11 undo plan id", &seed);
    let letters = id_hash.iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]);
    let raised = match store.backups().last() {
        Some(newest) => guards(&store.snapshot(&newest.id)?, &undo.steps, context)?,
        None => Vec::new(),
    };
    let mut plan = Plan {
        format_version: FORMAT_VERSION,
        plan_id: letters.map(|half| char::from(b'k' + half)).collect(),
        tenant_id: beginning.plan.tenant_id.clone(),
        created_at: now,
        from: point,
        to: current,
        query: format!("recovery undo {id}"),
        options: PlanOptions { soft_delete: true, ..PlanOptions::default() },
        estimate: Estimate {
            requests,
            seconds: f64::from(u32::try_from(undo.steps.len()).unwrap_or(u32::MAX)) / WRITES_PER_S,
        },
        steps: undo.steps,
        skipped: undo.skipped,
        unfixable: Vec::new(),
        unread: Vec::new(),
        guards: raised,
        permissions,
        hash: String::new(),
        seal: String::new(),
        signatures: Vec::new(),
    };
    plan.seal(store);
    Ok(plan)
}

struct Undo {
    /// What the steps of the recovery made.
    created: Created,
    steps: Vec<Step>,
    skipped: Vec<Skipped>,
    /// Indexes of opposites by the IDs of the recovery's steps.
    opposites: BTreeMap<String, usize>,
}

impl Undo {
    fn skip(&mut self, step: &Step, reason: &str) {
        let name = step.links.first().map_or_else(String::new, |link| link.relation.clone());
        self.skipped.push(Skipped { object: step.object.clone(), name, reason: reason.to_owned() });
    }

    fn step(&mut self, step: &Step, outcome: &StepOutcome) {
        let Some(resource) = schema::by_token(&step.object.type_token) else {
            return self.skip(step, "its type is not known");
        };
        if let Some(opposite) = element::opposite(step, outcome, resource) {
            return self.take(step, opposite);
        }
        let opposite = match step.kind {
            StepKind::Update => opposite_update(step, outcome, &self.created),
            StepKind::AddLink | StepKind::RemoveLink if !step.links.is_empty() => {
                opposite_links(step, outcome, resource)
            }
            StepKind::AddLink => opposite_of_made(step, resource),
            StepKind::RemoveLink => opposite_of_removed(step, outcome, resource),
            StepKind::Restore | StepKind::Recreate => removal(step, outcome, resource),
            StepKind::SoftDelete => return_of(step, resource),
            StepKind::HardDelete => Err("it was deleted for good: `plan … --recreate` makes it again"),
        };
        self.take(step, opposite);
    }

    fn take(&mut self, step: &Step, opposite: Opposite) {
        match opposite {
            Ok(mut opposite) => {
                opposite.id = format!("s{}", self.steps.len() + 1);
                self.opposites.insert(step.id.clone(), self.steps.len());
                self.steps.push(opposite);
            }
            Err(reason) => self.skip(step, reason),
        }
    }

    /// What came after something goes before it.
    fn turn_dependencies(&mut self, steps: &[Step]) {
        for step in steps {
            let Some(&first) = self.opposites.get(&step.id) else { continue };
            let first = self.steps[first].id.clone();
            for later in step.depends_on.iter().filter_map(|id| self.opposites.get(id)) {
                self.steps[*later].depends_on.push(first.clone());
            }
        }
        // Later phases wait for earlier ones, so that none may hold what an earlier one waits for.
        let mut phases: BTreeMap<String, Phase> = BTreeMap::new();
        for step in &mut self.steps {
            let latest = step.depends_on.iter().filter_map(|id| phases.get(id)).max();
            step.phase = latest.map_or(step.phase, |latest| step.phase.max(*latest));
            phases.insert(step.id.clone(), step.phase);
        }
    }
}

/// A step as if it had been only what was written of it.
fn only_written(step: &Step, outcome: &StepOutcome) -> Step {
    let mut step = step.clone();
    let is_written = |name: &String| outcome.written.contains(name);
    let is_left = |name: &String, step: &Step| step.after.contains_key(name) && !is_written(name);
    if let Some(body) = step.request.body.as_object() {
        let kept = body.iter().filter(|(name, _)| !is_left(name, &step));
        let kept: Named = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        step.request.body = kept.into();
    }
    step.before.retain(|name, _| is_written(name));
    step.after.retain(|name, _| is_written(name));
    step
}

type Opposite = Result<Step, &'static str>;

fn bare(kind: StepKind, phase: Phase, object: PlanObject, request: RequestTemplate) -> Step {
    Step {
        id: String::new(),
        kind,
        phase,
        object,
        before: Named::new(),
        after: Named::new(),
        links: Vec::new(),
        depends_on: Vec::new(),
        request,
        notes: Vec::new(),
    }
}

fn request(resource: &Type, method: &str, path: String, body: Value) -> RequestTemplate {
    RequestTemplate { method: method.to_owned(), version: resource.graph.version, path, body: body.into() }
}

fn own_path(resource: &Type, id: &str) -> String {
    let id = escape(id);
    resource.graph.get.replace("{id}", &id).replace("{tenantId}", &id)
}

fn opposite_update(step: &Step, outcome: &StepOutcome, created: &Created) -> Opposite {
    if step.request.path.contains(crate::plan::NEW_ID_PREFIX) {
        // What was made again goes as a whole.
        return Err("it was written on an object that was made again");
    }
    if step.object.type_token == TypeId::Application
        && OFFERS.iter().any(|name| step.after.contains_key(name))
    {
        return Err(
            "permissions that an application offers change in two steps: `plan FROM live` makes them",
        );
    }
    let Value::Object(image) = &outcome.before else { return Err("what stood before was not recorded") };
    let filling = Filling { endpoint: ENDPOINT, created, password: &String::new };
    // Policies come after everything that they may name.
    let is_policy = step.object.type_token == TypeId::ConditionalAccessPolicy;
    let phase = if is_policy { Phase::ConditionalAccess } else { Phase::Attributes };
    let mut opposite = bare(StepKind::Update, phase, step.object.clone(), step.request.clone());
    for (name, value) in image.iter().filter(|(name, _)| step.after.contains_key(name)) {
        // A policy that was to report only was written so, whatever the plan says.
        let written = outcome.after.get(name).or_else(|| step.after.get(name));
        let written = written.map(|written| filling.value(written)).unwrap_or_default();
        let value =
            if step.request.method == "PUT" { value.clone() } else { cleared(name, &written, value.clone()) };
        opposite.before.insert(name.clone(), written);
        if let Some(body) = opposite.request.body.as_object_mut()
            && body.contains_key(name)
        {
            body.insert(name.clone(), value.clone());
        }
        opposite.after.insert(name.clone(), value);
    }
    if step.request.path.ends_with("/assignLicense") {
        opposite.request.body = opposite_licences(&step.request.body, image.get("assignedLicenses")).into();
    }
    Ok(opposite)
}

/// The request that takes away licences that were assigned and not there before, and assigns again what was changed or
/// taken away.
fn opposite_licences(body: &Body, image: Option<&Value>) -> Value {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let sku = |entry: &Value| entry.get("skuId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let image = list(image);
    let added: Vec<String> = list(body.get("addLicenses")).iter().map(sku).collect();
    let removed = list(body.get("removeLicenses"));
    let is_touched = |entry: &&Value| added.contains(&sku(entry)) || removed.contains(&entry["skuId"]);
    let again: Vec<Value> = image.iter().filter(is_touched).cloned().collect();
    let away: Vec<&String> =
        added.iter().filter(|id| !image.iter().any(|entry| sku(entry) == **id)).collect();
    json!({ "addLicenses": again, "removeLicenses": away })
}

fn opposite_links(step: &Step, outcome: &StepOutcome, resource: &Type) -> Opposite {
    let links: Vec<StepLink> = serde_json::from_value(outcome.links.clone()).unwrap_or_default();
    let first = links.first().ok_or("no link of it was changed")?;
    let is_new = |text: &str| text.contains(crate::plan::NEW_ID_PREFIX);
    if is_new(&step.request.path) || links.iter().any(|link| is_new(&link.target_id)) {
        return Err("it leads from or to an object that was made again, which goes as a whole");
    }
    let link = resource.link(&first.relation).ok_or("its relation is not known")?;
    let id = escape(&step.object.id);
    let image = outcome.before.get(link.name).cloned().unwrap_or_default();
    let wants_link = step.kind == StepKind::RemoveLink || (link.to_one && image.is_string());
    let mut opposite = if wants_link {
        let (kind, target) = (StepKind::AddLink, image.as_str().map(str::to_owned));
        // The type of the replaced target was not recorded.
        let target_type = if step.kind == StepKind::RemoveLink { first.target_type.as_str() } else { "" };
        let request = adding(resource, link, &id, target_type);
        let request = request.ok_or("nobody can add links of this relation")?;
        let mut opposite = bare(kind, Phase::Links, step.object.clone(), request);
        opposite.links = links;
        if let (true, Some(target)) = (link.to_one, target) {
            opposite.links.truncate(1);
            opposite.links[0] =
                StepLink { target_id: target, target_name: String::new(), ..opposite.links[0].clone() };
        }
        opposite
    } else {
        let remove = link.remove.as_ref().ok_or("nobody can remove links of this relation")?;
        let path = remove.path.replace("{id}", &id).replace("{targetId}", TARGET);
        let request = request(resource, remove.method, path, Value::Null);
        let mut opposite = bare(StepKind::RemoveLink, Phase::Unlinking, step.object.clone(), request);
        opposite.links = links;
        opposite
    };
    if link.to_one {
        let written = step.after.get(link.name).cloned().unwrap_or_default();
        opposite.before.insert(link.name.to_owned(), written);
        opposite.after.insert(link.name.to_owned(), image);
    }
    Ok(opposite)
}

fn adding(resource: &Type, link: &Relation, id: &str, target_type: &str) -> Option<RequestTemplate> {
    let add = link.add.as_ref()?;
    let body = json!({ "@odata.id": reference(link, target_type) });
    Some(request(resource, add.method, add.path.replace("{id}", id), body))
}

/// A relation object that was made goes.
fn opposite_of_made(step: &Step, resource: &Type) -> Opposite {
    let text = |name: &str| step.after.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let path = resource
        .graph
        .get
        .replace("{resourceId}", &escape(&text("resourceId")))
        .replace("{graphId}", "-")
        .replace("{id}", "-");
    if path.contains('{') || step.request.path.ends_with("Requests") {
        return Err("what was made by a request of its own is taken away by one: plan it");
    }
    let is_new = |value: &Value| value.as_str().is_some_and(|text| text.contains(crate::plan::NEW_ID_PREFIX));
    if step.after.values().any(is_new) {
        return Err("it relates an object that was made again, which goes as a whole");
    }
    // The last part is the ID that Graph gave it, which is looked up when the request leaves.
    let request = request(resource, "DELETE", path, Value::Null);
    let mut opposite = bare(StepKind::RemoveLink, Phase::Unlinking, step.object.clone(), request);
    opposite.before.clone_from(&step.after);
    Ok(opposite)
}

/// A relation object that was taken away is made again; a credential is not.
fn opposite_of_removed(step: &Step, outcome: &StepOutcome, resource: &Type) -> Opposite {
    let names: &[&str] = match resource.id {
        TypeId::AppRoleAssignment => &["principalId", "resourceId", "appRoleId"],
        TypeId::Oauth2PermissionGrant => &["clientId", "consentType", "principalId", "resourceId", "scope"],
        TypeId::RoleAssignment => &["roleDefinitionId", "principalId", "directoryScopeId"],
        _ => return Err("it was a credential: issue a new one"),
    };
    let standing = |name: &str| {
        outcome.before.get(name).or_else(|| step.before.get(name)).filter(|value| !value.is_null()).cloned()
    };
    let body: serde_json::Map<String, Value> =
        names.iter().filter_map(|name| Some(((*name).to_owned(), standing(name)?))).collect();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let path = match resource.graph.list {
        Some(list) => list.to_owned(),
        None => format!("/servicePrincipals/{}/appRoleAssignedTo", escape(text("resourceId"))),
    };
    let after = body.clone().into_iter().collect();
    let request = request(resource, "POST", path, Value::Object(body));
    let mut opposite = bare(StepKind::AddLink, Phase::Links, step.object.clone(), request);
    opposite.after = after;
    Ok(opposite)
}

/// What was restored or made again goes into the bin again.
fn removal(step: &Step, outcome: &StepOutcome, resource: &Type) -> Opposite {
    let id = outcome.created.get("id").unwrap_or(&step.object.id);
    let object = PlanObject { id: id.clone(), ..step.object.clone() };
    let kind = if resource.graph.bin.is_some() { StepKind::SoftDelete } else { StepKind::HardDelete };
    let path = own_path(resource, id);
    if path.contains('{') {
        return Err("it is only found below another object: delete it by hand");
    }
    Ok(bare(kind, Phase::Deletion, object, request(resource, "DELETE", path, Value::Null)))
}

fn return_of(step: &Step, resource: &Type) -> Opposite {
    let bin = resource.graph.bin.as_ref().ok_or("it has no recycle bin")?;
    let id = escape(&step.object.id);
    let path = bin.restore.replace("{id}", &id).replace("{tenantId}", &id);
    let mut request = request(resource, "POST", path, Value::Null);
    request.version = bin.version;
    Ok(bare(StepKind::Restore, Phase::Objects, step.object.clone(), request))
}
