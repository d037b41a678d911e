//! Owns filling in the placeholders of a plan's requests, right before they leave.

use engine::schema::{Type, TypeId, by_token};
use serde_json::Value;

use super::record::Created;
use crate::graph::{self, Call, Effect, Meter, Method};
use crate::plan::{Body, ENDPOINT, NEW_ID_PREFIX, PASSWORD, RequestTemplate, Step, StepKind, TARGET};

/// What placeholders stand for.
pub(super) struct Filling<'a> {
    pub(super) endpoint: &'a str,
    pub(super) created: &'a Created,
    /// Makes a password.
    pub(super) password: &'a dyn Fn() -> String,
}

impl Filling<'_> {
    /// The calls of a step for these targets: one, or one for each target.
    pub(super) fn calls(&self, step: &Step, targets: &[String]) -> Vec<Call> {
        let request = &step.request;
        let is_bulk = has_single_target(&request.body);
        if is_bulk || targets.is_empty() {
            return vec![self.call(step, request, targets, "")];
        }
        targets.iter().map(|target| self.call(step, request, &[], target)).collect()
    }

    /// The call of a request for one target, whatever the step says.
    fn call(&self, step: &Step, request: &RequestTemplate, bulk: &[String], target: &str) -> Call {
        let path = self.text(&request.path.replace(TARGET, &graph::escape(target)));
        let mut body = request.body.clone();
        if let Some(members) = body.as_object_mut() {
            for (name, value) in members.each_mut() {
                // What a tenant holds may look like a placeholder; these stand only where the planner puts them.
                if is_reference(name) {
                    self.refer(value, bulk, target);
                } else if name == "passwordProfile" && step.kind == StepKind::Recreate {
                    self.make_password(value);
                } else {
                    self.fill(value);
                }
            }
        }
        let body = if body.is_null() { None } else { Some(body.to_string().into()) };
        let makes = step.kind == StepKind::Recreate
            || (step.kind == StepKind::AddLink && step.links.is_empty() && request.method == "POST");
        Call {
            method: method(&request.method),
            version: request.version,
            body,
            meter: meter(by_token(&step.object.type_token)),
            effect: if makes { Effect::Once } else { Effect::Idempotent },
            ..Call::get(path)
        }
    }

    /// A text with the IDs of what earlier steps made.
    pub(super) fn text(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(NEW_ID_PREFIX) {
            filled.push_str(&rest[..start]);
            let name = &rest[start + NEW_ID_PREFIX.len()..];
            let Some(end) = name.find('}') else { break };
            let (step, property) = name[..end].split_once('.').unwrap_or((&name[..end], "id"));
            let known = self.created.get(step).and_then(|made| made.get(property));
            filled.push_str(known.map_or(&rest[start..=start + NEW_ID_PREFIX.len() + end], String::as_str));
            rest = &name[end + 1..];
        }
        filled.push_str(rest);
        filled
    }

    /// The ID of what a step is about, also when an earlier one made it.
    pub(super) fn own_id(&self, step: &Step) -> String {
        let path = step.request.path.find(NEW_ID_PREFIX).map(|start| &step.request.path[start..]);
        match path.and_then(|path| path.split_inclusive('}').next()) {
            Some(placeholder) if is_of_new(step) => self.text(placeholder),
            _ => step.object.id.clone(),
        }
    }

    /// A value with the IDs of what earlier steps made.
    pub(super) fn value(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.fill(&mut value);
        value
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.contains(NEW_ID_PREFIX) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.fill(value)),
            _ => {}
        }
    }

    /// The other end of a link, or of all links of a step.
    fn refer(&self, value: &mut Value, bulk: &[String], target: &str) {
        let filled = |text: &str, target: &str| {
            Value::String(text.replace(ENDPOINT, self.endpoint).replace(TARGET, &self.text(target)))
        };
        match value {
            Value::String(text) => *value = filled(text, target),
            Value::Array(values) => {
                if let [Value::String(only)] = values.as_slice() {
                    let only = only.clone();
                    *values = bulk.iter().map(|target| filled(&only, target)).collect();
                }
            }
            _ => {}
        }
    }

    fn make_password(&self, profile: &mut Value) {
        if let Some(Value::String(text)) = profile.get_mut("password")
            && text == PASSWORD
        {
            *text = (self.password)();
        }
    }
}

/// Whether a member of a body is a reference to the other end of a link.
fn is_reference(name: &str) -> bool {
    name == "@odata.id" || name.ends_with("@odata.bind")
}

/// Whether a body has one request for all targets.
fn has_single_target(body: &Body) -> bool {
    let mut members = body.as_object().into_iter().flatten();
    members.any(|(name, value)| is_reference(name) && value.is_array())
}

fn method(name: &str) -> Method {
    match name {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "GET" => Method::Get,
        _ => Method::Patch,
    }
}

pub(super) fn meter(resource: Option<&Type>) -> Meter {
    match resource {
        Some(resource) if resource.id == TypeId::Device => Meter::Device,
        Some(resource) => resource.graph.limit.into(),
        None => Meter::Identity,
    }
}

/// Whether a step is about something that another step of the plan makes.
pub(super) fn is_of_new(step: &Step) -> bool {
    step.request.path.contains(NEW_ID_PREFIX) && step.kind != StepKind::Recreate
}
