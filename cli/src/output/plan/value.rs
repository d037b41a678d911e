//! The values that a step changes, and what its request says besides.

use ingest::plan::{Step, StepKind};
use serde_json::Value;

use super::super::change::detail::{Detail, values};
use super::super::change::named::named;
use super::super::change::path_part;
use crate::names::{Names, Side};

/// A step leads back: what stands before it is the TO side of the difference, what it wants the FROM side.
const SIDES: [Side; 2] = [Side::To, Side::From];

/// What a step does to values.
pub(crate) fn details(step: &Step, names: &mut Names) -> Vec<Detail> {
    let mut details = Vec::new();
    for (name, after) in &step.after {
        let before = step.before.get(name).unwrap_or(&Value::Null);
        if before == after {
            details.push(Detail::Note(format!("{name}: {after} again")));
        }
        let (before, after) = (before.to_string(), after.to_string());
        details.extend(values(&path_part(name), Some(&before), Some(&after), SIDES, names));
    }
    // Of what goes for good people see what it was; of a credential or an assignment that says which one it is.
    if matches!(step.kind, StepKind::RemoveLink | StepKind::HardDelete) && step.links.is_empty() {
        let gone =
            step.before.iter().filter(|(name, value)| !step.after.contains_key(name) && !value.is_null());
        details.extend(gone.map(|(name, value)| {
            let path = path_part(name);
            let value = named(&path, Some(&value.to_string()), Side::To, names).shown(str::to_owned);
            Detail::Note(format!("{path}: {value} goes"))
        }));
    }
    if step.kind == StepKind::Restore && !step.request.body.is_null() {
        details.push(Detail::Note(format!("with {}", step.request.body)));
    }
    if let Some(body) = step.request.body.as_object() {
        if let Some(stated) = body.get("@odata.type").filter(|_| !step.after.contains_key("@odata.type")) {
            details.push(Detail::Note(format!("as {stated}")));
        }
        for (name, verb) in [("addLicenses", "assigns"), ("removeLicenses", "removes")] {
            let licences = body.get(name).and_then(Value::as_array).into_iter().flatten();
            details.extend(licences.map(|licence| {
                let licence = named(name, Some(&licence.to_string()), Side::To, names).shown(str::to_owned);
                Detail::Note(format!("{verb} {licence}"))
            }));
        }
        for (name, sent) in body {
            if let Some(after) = step.after.get(name) {
                cleared(&path_part(name), sent, after, &mut details);
            }
        }
    }
    details
}

/// Members that a request takes away although the wanted value does not name them.
fn cleared(path: &str, sent: &Value, wanted: &Value, details: &mut Vec<Detail>) {
    let (Value::Object(sent), Value::Object(_) | Value::Null) = (sent, wanted) else { return };
    for (name, value) in sent {
        let path = format!("{path}.{}", path_part(name));
        match wanted.get(name) {
            Some(wanted) => cleared(&path, value, wanted, details),
            None => details.push(Detail::Note(format!("{path}: sent as {value}"))),
        }
    }
}
