//! Owns collections below an object that are part of it: each element is made, changed and taken away by a request of its
//! own, and no request of the object touches them.
//!
//! Invariants
//! 1. An element's ID is Graph's choice: one that is made again has another, so two elements are the same when
//!    everything else in them is.
//! 2. A step is about one element, the only one in the list that it shows.
//! 3. Where an element can be changed it is never taken away to make room for the wanted one: in between, the object
//!    would be weaker than before and after.

use engine::same::is_same;
use serde_json::{Value, json};

use super::draft::{Draft, Outcome, Wanted, WantedMap};
use super::request::{escaped, filled, request};
use super::{Named, Phase, PlanObject, StepKind, phase};
use engine::schema::{Inside, Type};

/// What Graph gives each element when it is made.
pub(super) const GIVEN: [&str; 2] = ["id", "createdDateTime"];

/// Stands for the ID of an element that is looked up when the request leaves.
pub(crate) const LOOKED_UP: &str = "-";

/// What of an element is sent.
pub(crate) fn element_body(element: &Value) -> Value {
    let Value::Object(members) = element else { return element.clone() };
    let is_sent = |(name, value): &(&String, &Value)| !GIVEN.contains(&name.as_str()) && !value.is_null();
    Value::Object(members.iter().filter(is_sent).map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Whether two elements of a collection say the same.
pub(crate) fn is_same_element(resource: &Type, inside: &Inside, a: &Value, b: &Value) -> bool {
    is_same(resource.token, inside.name, &json!([element_body(a)]), &json!([element_body(b)]))
}

/// The collection that a step is about an element of, if it is about one, with that element.
pub(crate) fn element_of<'s>(
    resource: &'static Type,
    values: &'s Named,
) -> Option<(&'static Inside, &'s Value)> {
    let (name, list) = values.iter().next().filter(|_| values.len() == 1)?;
    let inside = resource.inside(name)?;
    match list.as_array().map(Vec::as_slice) {
        Some([only]) => Some((inside, only)),
        _ => None,
    }
}

/// The ID of an element.
pub(crate) fn element_id(element: &Value) -> &str {
    element.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// The last part of the path of an element.
pub(crate) fn element_part(element: &Value) -> String {
    match element_id(element) {
        "" => LOOKED_UP.to_owned(),
        id => escaped(id),
    }
}

/// What becomes of a collection.
#[derive(Debug, Default)]
struct Difference<'v> {
    /// Elements to change: as they stand, as they are wanted.
    changed: Vec<(&'v Value, &'v Value)>,
    removed: Vec<&'v Value>,
    added: Vec<&'v Value>,
}

/// Drafts what makes a collection below an object as it is wanted.
pub(super) fn draft(
    resource: &'static Type,
    object: &PlanObject,
    inside: &'static Inside,
    values: &Wanted,
) -> Outcome {
    let mut outcome = Outcome::default();
    let difference = compare(resource, inside, &values.before, &values.after);
    for (before, after) in difference.changed {
        outcome.add(change_element(resource, object, inside, before, after));
    }
    for element in difference.removed {
        outcome.add(remove_element(resource, object, inside, element));
    }
    for element in difference.added {
        outcome.append(add_element(resource, object, inside, element));
    }
    outcome
}

/// Drafts an element that is to be made, also of an object that an earlier step makes.
pub(super) fn add_element(
    resource: &'static Type,
    object: &PlanObject,
    inside: &'static Inside,
    element: &Value,
) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(missing) = missing_of(inside, element) {
        let reason = format!("an element of it cannot be made again: its {missing} was not observed");
        outcome.skip(object, inside.name, reason);
        return outcome;
    }
    let mut request = request(resource, "POST", filled(inside.path, &object.id));
    request.body = element_body(element).into();
    let phase = phase_of(resource, inside, StepKind::AddLink);
    let mut draft = Draft::new(StepKind::AddLink, phase, object.clone(), request);
    draft.notes.push(format!("makes an element of {}", inside.name));
    draft.after.insert(inside.name.to_owned(), json!([element_body(element)]));
    outcome.add(draft);
    outcome
}

fn change_element(
    resource: &'static Type,
    object: &PlanObject,
    inside: &'static Inside,
    before: &Value,
    after: &Value,
) -> Draft {
    let path = format!("{}/{}", filled(inside.path, &object.id), element_part(before));
    let mut request = request(resource, "PATCH", path);
    let mut wanted = element_body(after);
    // What the wanted element does not have is cleared by name.
    if let (Value::Object(wanted), Value::Object(standing)) = (&mut wanted, element_body(before)) {
        for (name, value) in standing {
            let nothing = if value.is_array() { json!([]) } else { Value::Null };
            wanted.entry(name).or_insert(nothing);
        }
    }
    request.body = wanted.clone().into();
    let phase = phase_of(resource, inside, StepKind::Update);
    let mut draft = Draft::new(StepKind::Update, phase, object.clone(), request);
    draft.notes.push(format!("changes an element of {}", inside.name));
    draft.before.insert(inside.name.to_owned(), json!([before]));
    draft.after.insert(inside.name.to_owned(), json!([wanted]));
    draft
}

fn remove_element(
    resource: &'static Type,
    object: &PlanObject,
    inside: &'static Inside,
    element: &Value,
) -> Draft {
    let path = format!("{}/{}", filled(inside.path, &object.id), element_part(element));
    let request = request(resource, "DELETE", path);
    let phase = phase_of(resource, inside, StepKind::RemoveLink);
    let mut draft = Draft::new(StepKind::RemoveLink, phase, object.clone(), request);
    draft.notes.push(format!("takes away an element of {}", inside.name));
    draft.before.insert(inside.name.to_owned(), json!([element]));
    draft
}

/// The phase of an element. One that allows a consent is removed before anything else, as an intruder adds it.
fn phase_of(resource: &Type, inside: &Inside, kind: StepKind) -> Phase {
    if kind == StepKind::RemoveLink && inside.name == "includes" {
        return Phase::Containment;
    }
    phase::of_update(resource.id, &WantedMap::new())
}

/// What an element needs to be made again, and lacks: Graph may refuse to show what a role is a role of.
fn missing_of(inside: &Inside, element: &Value) -> Option<&'static str> {
    let lacks_resource =
        inside.name == "resourceRoleScopes" && element.pointer("/role/resource/id").is_none();
    lacks_resource.then_some("resource")
}

/// Finds what has to be done: elements of one ID belong together, then those that say the same, then those of one kind.
fn compare<'v>(resource: &Type, inside: &Inside, before: &'v Value, after: &'v Value) -> Difference<'v> {
    let list = |value: &'v Value| value.as_array().map_or(&[][..], Vec::as_slice).iter().collect::<Vec<_>>();
    let (mut standing, mut wanted) = (list(before), list(after));
    let mut difference = Difference::default();
    let is_same = |a: &Value, b: &Value| is_same_element(resource, inside, a, b);
    drop_pairs(&mut standing, &mut wanted, &is_same);
    if inside.can_change {
        let has_id = |a: &Value, b: &Value| !element_id(a).is_empty() && element_id(a) == element_id(b);
        let kind = |element: &Value| element.get("@odata.type").cloned();
        let is_like = |a: &Value, b: &Value| kind(a) == kind(b) && !element_id(a).is_empty();
        difference.changed = drop_pairs(&mut standing, &mut wanted, &|a, b| has_id(a, b) && is_like(a, b));
        difference.changed.extend(drop_pairs(&mut standing, &mut wanted, &is_like));
    }
    (difference.removed, difference.added) = (standing, wanted);
    difference
}

/// Takes pairs that belong together out of both lists.
fn drop_pairs<'v>(
    standing: &mut Vec<&'v Value>,
    wanted: &mut Vec<&'v Value>,
    is_pair: &dyn Fn(&Value, &Value) -> bool,
) -> Vec<(&'v Value, &'v Value)> {
    let mut pairs = Vec::new();
    standing.retain(|before| {
        let Some(index) = wanted.iter().position(|after| is_pair(before, after)) else { return true };
        pairs.push((*before, wanted.remove(index)));
        false
    });
    pairs
}
