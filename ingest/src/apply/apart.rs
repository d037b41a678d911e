//! Owns updates that Graph refused as a whole: their properties are sent one by one, so that one that is refused does not
//! hold back the others.

use std::collections::{BTreeMap, BTreeSet};

use engine::schema::TypeId;
use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use super::ledger::Ledger;
use super::send::{self, Sent};
use crate::plan::{Step, StepKind};

/// The type of policies of conditional access.
const POLICY: &str = TypeId::ConditionalAccessPolicy.token();

/// Types of whose objects Graph refused every property for want of a permission.
pub(super) type Hopeless = BTreeSet<String>;

/// Sends the properties of a refused update one by one; any other answer stays as it is.
pub(super) async fn send(
    exchange: &Exchange<'_>,
    ledger: &Ledger<'_>,
    hopeless: &mut Hopeless,
    index: usize,
    sent: Sent,
) -> Sent {
    let step = &ledger.steps[index];
    let Sent::Refused { status: status @ (400 | 403), .. } = sent else { return sent };
    let token = &step.object.type_token;
    if !can_be_split(step) || hopeless.contains(token) {
        return sent;
    }
    let password = || exchange.password();
    let filling = exchange.filling(&ledger.created, &password);
    let (mut written, mut refused, mut last_id) = (Vec::new(), Map::new(), None);
    for name in in_order(step) {
        // A policy that cannot be switched off enforces whatever is written of it.
        let is_held = step.object.type_token == POLICY && refused.contains_key("state");
        if is_held || (is_switched_on(step, name) && !refused.is_empty()) {
            let what = "it was left as it is, because other properties were refused";
            refused.insert(name.clone(), json!({ "message": what }));
            continue;
        }
        let alone = only(step, name);
        let answers = exchange.client.batch(filling.calls(&alone, &[])).await;
        match send::read_answers(&alone, answers) {
            Sent::Refused { error, request_id, .. } => {
                last_id = request_id.or(last_id);
                refused.insert(name.clone(), error);
            }
            Sent::Done { .. } => written.push(name.clone()),
            other => return other,
        }
    }
    if written.is_empty() {
        if status == 403 {
            // Without the permission to write this object, the next one of the type is refused too.
            hopeless.insert(token.clone());
        }
        return sent;
    }
    if refused.is_empty() {
        return Sent::Done { created: BTreeMap::new(), request_id: last_id };
    }
    Sent::Partly { written, error: told(&refused), request_id: last_id }
}

/// Whether the properties of a step can be written each alone. Half of what a policy of conditional access says, such as its
/// controls without whom it excludes, may lock people out, so only one that is switched off is split.
fn can_be_split(step: &Step) -> bool {
    let is_harmless = || step.after.get("state").is_some_and(|state| state == "disabled");
    (step.object.type_token != POLICY || is_harmless())
        && step.kind == StepKind::Update
        && step.request.method == "PATCH"
        && step.after.len() > 1
        && step.after.keys().all(|name| step.request.body.get(name).is_some())
}

/// The properties in the order in which they are sent: what switches something off comes first, what switches it on last.
fn in_order(step: &Step) -> Vec<&String> {
    let mut names: Vec<&String> = step.after.keys().collect();
    names.sort_by_key(|name| (is_switched_on(step, name), !is_switched_off(step, name)));
    names
}

/// Whether a property makes an account, a policy or an application take no effect any more.
fn is_switched_off(step: &Step, name: &str) -> bool {
    let wanted = step.after.get(name);
    match name {
        "accountEnabled" | "isEnabled" => wanted == Some(&Value::Bool(false)),
        "state" => wanted.is_some_and(|state| state == "disabled"),
        _ => false,
    }
}

/// Whether a property lets an account in, or a policy or application take effect. That is not done by halves.
fn is_switched_on(step: &Step, name: &str) -> bool {
    let wanted = step.after.get(name);
    match name {
        "accountEnabled" | "isEnabled" => wanted == Some(&Value::Bool(true)),
        "state" => wanted.is_some_and(|state| state != "disabled"),
        _ => false,
    }
}

/// The step with one of its properties.
fn only(step: &Step, wanted: &str) -> Step {
    let mut alone = step.clone();
    if let Some(body) = alone.request.body.as_object_mut() {
        body.retain(|name, _| name == wanted || !step.after.contains_key(name));
    }
    alone.before.retain(|name, _| name == wanted);
    alone.after.retain(|name, _| name == wanted);
    alone
}

/// Which properties were refused, with Graph's words for each.
fn told(refused: &Map<String, Value>) -> Value {
    let words = |(name, error): (&String, &Value)| {
        format!("{name}: {}", error["message"].as_str().unwrap_or("refused"))
    };
    let message = refused.iter().map(words).collect::<Vec<_>>().join("; ");
    json!({ "message": message, "refused": refused })
}
