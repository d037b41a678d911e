//! Permissions that an application offers are disabled before they change or go: Graph refuses anything else.

use engine::schema::{Type, TypeId};
use serde_json::Value;

use super::update_draft;
use crate::plan::draft::{Draft, Wanted, WantedMap};
use crate::plan::request::{filled, request};
use crate::plan::{Named, PlanObject};

/// Where an application keeps what it offers: the property, and the path to the collection in it.
const OFFERS: [(&str, &str); 2] = [("appRoles", ""), ("api", "/oauth2PermissionScopes")];

/// Whether an update writes what an application offers.
pub(super) fn offers(values: &Named) -> bool {
    OFFERS.iter().any(|(property, _)| values.contains_key(property))
}

/// The update that disables what will change or go, if anything will; the wanted values begin where it ends.
pub(super) fn disable(resource: &'static Type, object: &PlanObject, wanted: &mut WantedMap) -> Option<Draft> {
    if resource.id != TypeId::Application {
        return None;
    }
    let mut first = WantedMap::new();
    for (property, pointer) in OFFERS {
        let Some(values) = wanted.get_mut(property) else { continue };
        let mut disabled = values.before.clone();
        let wanted = values.after.pointer(pointer);
        if disabled.pointer_mut(pointer).is_some_and(|entries| disable_changed(entries, wanted)) {
            let before = std::mem::replace(&mut values.before, disabled.clone());
            first.insert(property.to_owned(), Wanted { before, after: disabled });
        }
    }
    if first.is_empty() {
        return None;
    }
    let request = request(resource, "PATCH", filled(resource.graph.get, &object.id));
    let mut draft = update_draft(resource, object, request, first);
    draft.notes.push("disables permissions that change or go in a later step".to_owned());
    Some(draft)
}

/// Disables the enabled entries that are not wanted as they are; says whether there were any.
fn disable_changed(entries: &mut Value, wanted: Option<&Value>) -> bool {
    let Value::Array(entries) = entries else { return false };
    let wanted = wanted.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut has_changed = false;
    for entry in entries {
        let same_id = |other: &&Value| other.get("id") == entry.get("id");
        let mut off = entry.clone();
        off["isEnabled"] = Value::Bool(false);
        let kept = wanted.iter().find(same_id);
        let is_free = kept.is_some_and(|kept| kept == entry || *kept == off);
        if !is_free && entry.get("isEnabled") == Some(&Value::Bool(true)) {
            *entry = off;
            has_changed = true;
        }
    }
    has_changed
}
