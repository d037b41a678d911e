//! Owns steps about one element of a collection below an object: what stands of it, and what undoes the step.

use serde_json::{Value, json};

use super::standing::{Image, Standing};
use super::template::Filling;
use crate::graph::escape;
use crate::plan::{
    Body, NEW_ID_PREFIX, Named, Phase, Step, StepKind, element_body, element_id, element_of, element_part,
    is_same_element,
};
use engine::records::StepOutcome;
use engine::schema::{Inside, Type};

/// The collection and the element that a step is about: as it stands of one that goes, as it is wanted else.
pub(super) fn about<'s>(resource: &'static Type, step: &'s Step) -> Option<(&'static Inside, &'s Value)> {
    let values = match step.kind {
        StepKind::AddLink | StepKind::Update => &step.after,
        StepKind::RemoveLink => &step.before,
        _ => return None,
    };
    if step.links.is_empty() { element_of(resource, values) } else { None }
}

/// Where the elements of a collection are read that one may be among.
pub(super) fn path(resource: &Type, inside: &Inside, id: &str, element: &Value) -> String {
    let filled = |template: &str| template.replace("{id}", id);
    if !inside.is_expanded {
        return filled(inside.path);
    }
    // What was shown to the backup is compared with what is shown of the same.
    let is_full = element.pointer("/role/resource").is_some();
    let options = if is_full { resource.graph.expand.first() } else { resource.graph.expand.last() };
    format!("{}?$expand={}", filled(resource.graph.get), options.copied().unwrap_or_default())
}

/// Whether what a step is about is among the elements that stand.
pub(super) fn judge(
    step: &Step,
    resource: &'static Type,
    items: &[Value],
    filling: &Filling<'_>,
) -> Option<Standing> {
    let (inside, element) = about(resource, step)?;
    let name = inside.name;
    let is_same = |a: &Value, b: &Value| is_same_element(resource, inside, a, b);
    let by_id = |wanted: &str| items.iter().find(|item| element_id(item) == wanted);
    let image = |found: &Value| Image {
        values: json!({ name: [found] }),
        targets: Vec::new(),
        graph_id: Some(element_id(found).to_owned()),
    };
    let other = |found: &Value| Standing::Other(image(found), format!("an element of {name} is {found}"));
    Some(match step.kind {
        StepKind::AddLink => {
            let wanted = filling.value(element);
            if items.iter().any(|item| is_same(item, &wanted)) {
                Standing::AsWanted
            } else {
                Standing::AsBefore(Image { values: json!({ name: [] }), ..Image::default() })
            }
        }
        StepKind::RemoveLink => {
            let found = match element_id(element) {
                "" => items.iter().find(|item| is_same(item, element)),
                id => by_id(id),
            };
            match found {
                None => Standing::AsWanted,
                Some(found) if is_same(found, element) => Standing::AsBefore(image(found)),
                Some(found) => other(found),
            }
        }
        _ => {
            let (_, before) = element_of(resource, &step.before)?;
            match by_id(element_id(before)) {
                None => Standing::Unread("it is not there any more".to_owned(), true),
                Some(found) if is_same(found, &filling.value(element)) => Standing::AsWanted,
                Some(found) if is_same(found, before) => Standing::AsBefore(image(found)),
                Some(found) => other(found),
            }
        }
    })
}

/// The step that undoes one about an element; nothing when it is about something else.
pub(super) fn opposite(
    step: &Step,
    outcome: &StepOutcome,
    resource: &'static Type,
) -> Option<Result<Step, &'static str>> {
    let (inside, element) = about(resource, step)?;
    if step.request.path.contains(NEW_ID_PREFIX) {
        return Some(Err("it is part of an object that was made again, which goes as a whole"));
    }
    let mut opposite = Step { depends_on: Vec::new(), notes: Vec::new(), ..step.clone() };
    opposite.phase = Phase::Attributes;
    let list = inside.path.replace("{id}", &escape(&step.object.id));
    let stood = outcome.before.get(inside.name).and_then(|list| list.get(0)).cloned();
    let values = |element: Value| std::iter::once((inside.name.to_owned(), json!([element]))).collect();
    match step.kind {
        StepKind::AddLink => {
            // Its ID is looked up when the request leaves.
            opposite.kind = StepKind::RemoveLink;
            "DELETE".clone_into(&mut opposite.request.method);
            opposite.request.path = format!("{list}/{}", element_part(&Value::Null));
            opposite.request.body = Body::NULL;
            (opposite.before, opposite.after) = (values(element.clone()), Named::new());
        }
        StepKind::RemoveLink => {
            let again = element_body(&stood.unwrap_or_else(|| element.clone()));
            opposite.kind = StepKind::AddLink;
            "POST".clone_into(&mut opposite.request.method);
            opposite.request.path = list;
            opposite.request.body = again.clone().into();
            (opposite.before, opposite.after) = (Named::new(), values(again));
        }
        _ => {
            let Some(stood) = stood else { return Some(Err("what stood before was not recorded")) };
            let (mut written, mut again) = (element.clone(), element_body(&stood));
            if let (Value::Object(written), Value::Object(again)) = (&mut written, &mut again) {
                for (name, value) in written.iter().filter(|(_, value)| !value.is_null()) {
                    let nothing = if value.is_array() { json!([]) } else { Value::Null };
                    again.entry(name.clone()).or_insert(nothing);
                }
                written.insert("id".to_owned(), json!(element_id(&stood)));
            }
            opposite.request.body = again.clone().into();
            (opposite.before, opposite.after) = (values(written), values(again));
        }
    }
    Some(Ok(opposite))
}
