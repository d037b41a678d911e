//! Owns what a plan leaves as it is: which of the changes that no step undoes still differ from what was wanted when a
//! recovery ends.

use std::collections::BTreeMap;

use engine::same::is_same;
use engine::{ObjectKey, Snapshot};
use serde_json::Value;

use super::template::meter;
use crate::graph::{self, Call, Client};
use crate::plan::{PlanObject, Skipped, is_no_difference, written_value};
use engine::schema::{self, Type};

/// Objects of which is read again what no step undid; of more their changes count as they were planned.
const OBJECT_COUNT_MAX: usize = 1000;

/// The indexes of skipped changes that still differ from the state that was wanted back.
pub(super) async fn still_differing(
    client: &Client,
    from: Option<&Snapshot>,
    skipped: &[Skipped],
) -> Vec<usize> {
    let mut open: Vec<usize> =
        (0..skipped.len()).filter(|index| !is_no_difference(&skipped[*index].reason)).collect();
    let Some(from) = from else { return open };
    let mut objects: BTreeMap<&PlanObject, Vec<usize>> = BTreeMap::new();
    for &index in &open {
        if is_attribute(&skipped[index]) {
            objects.entry(&skipped[index].object).or_default().push(index);
        }
    }
    let asked: Vec<(&PlanObject, Vec<usize>)> = objects.into_iter().take(OBJECT_COUNT_MAX).collect();
    let calls: Vec<Option<Call>> = asked
        .iter()
        .map(|(object, indexes)| call(object, indexes.iter().map(|index| &skipped[*index])))
        .collect();
    let mut answers = client.batch(calls.iter().flatten().cloned().collect()).await.into_iter();
    for ((object, indexes), call) in asked.iter().zip(&calls) {
        let Some(Ok(answer)) = call.as_ref().and_then(|_| answers.next()) else { continue };
        let Some(wanted) = wanted(from, object) else { continue };
        let live: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        open.retain(|index| {
            let name = top_name(&skipped[*index].name);
            !indexes.contains(index) || !is_as_wanted(object, name, &live, &wanted)
        });
    }
    open
}

fn is_as_wanted(object: &PlanObject, name: &str, live: &Value, wanted: &Value) -> bool {
    let token = object.type_token.as_str();
    let of = |side: &Value| written_value(token, name, side.get(name).cloned().unwrap_or_default());
    live.get(name).is_some() && is_same(token, name, &of(live), &of(wanted))
}

/// Whether a change is that of a property, which is read with its object.
fn is_attribute(skipped: &Skipped) -> bool {
    let resource = schema::by_token(&skipped.object.type_token);
    resource.is_some_and(|resource| {
        !skipped.name.is_empty()
            && resource.link(&skipped.name).is_none()
            && !resource.graph.get.contains("{graphId}")
    })
}

fn call<'s>(object: &PlanObject, skipped: impl Iterator<Item = &'s Skipped>) -> Option<Call> {
    let resource: &Type = schema::by_token(&object.type_token)?;
    let id = graph::escape(&object.id);
    let path = resource.graph.get.replace("{id}", &id).replace("{tenantId}", &id);
    if path.contains('{') {
        return None;
    }
    let path = if resource.graph.is_partial {
        let names: std::collections::BTreeSet<&str> = skipped.map(|change| top_name(&change.name)).collect();
        format!("{path}?$select=id,{}", names.into_iter().collect::<Vec<_>>().join(","))
    } else {
        path
    };
    Some(Call::get(path).version(resource.graph.version).meter(meter(Some(resource))))
}

fn wanted(from: &Snapshot, object: &PlanObject) -> Option<Value> {
    let key = ObjectKey { type_token: object.type_token.as_str().into(), id: object.id.clone() };
    Some(Value::Object(from.object(&key).ok()??.attributes()))
}

/// The outermost name of a path.
fn top_name(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}
