//! Owns the collections inside an object that are served below it: what an element may hold, and how the collection
//! changes.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::Record;
use crate::wire::Reply;

/// Refuses changes of built-in policies.
pub(super) fn check_built_in(record: &Record) -> Result<(), Refusal> {
    let is_built_in = record.body.text("policyType").as_deref() == Some("builtIn")
        || (record.kind == TypeId::PermissionGrantPolicy && record.id.starts_with("microsoft-"));
    if is_built_in {
        return Err(Refusal::bad_request("Built-in policies cannot be changed."));
    }
    Ok(())
}

/// Finds an element by its ID; gives its index.
pub(super) fn find_element(elements: &[Value], id: &str) -> Result<usize, Refusal> {
    elements.iter().position(|element| element["id"] == *id).ok_or_else(|| Refusal::not_found(id))
}

/// Gives the ID of a new element that follows from its values: a classification is known by its permission.
pub(super) fn derived_id(kind: Kind, values: &Map<String, Value>) -> Option<String> {
    let permission = values.get("permissionId").and_then(Value::as_str)?;
    (kind == TypeId::ServicePrincipal).then(|| format!("{permission}E"))
}

/// Adds an element, and answers with it.
pub(super) fn add_element(elements: &mut Vec<Value>, id: String, mut values: Map<String, Value>) -> Reply {
    values.insert("id".to_owned(), id.into());
    let element = Value::Object(values);
    let reply = Reply { status: 201, ..Reply::json(element.to_string()) };
    elements.push(element);
    reply
}

/// Says whether elements of a type are changed: condition sets and roles of packages are made and deleted only.
pub(super) fn is_changeable(kind: Kind) -> bool {
    kind == TypeId::AuthenticationStrengthPolicy
}

/// Changes an element, and answers with it.
pub(super) fn change_element(element: &mut Value, values: Map<String, Value>) -> Result<Reply, Refusal> {
    check_type(&values)?;
    for (name, value) in values.into_iter().filter(|(name, _)| name != "id") {
        element[name] = value;
    }
    Ok(Reply::json(element.to_string()))
}

/// Checks that an element may be made of these values, beside those present.
pub(super) fn check_element(
    kind: Kind,
    values: &Map<String, Value>,
    present: &[Value],
) -> Result<(), Refusal> {
    if values.contains_key("id") {
        return Err(Refusal::bad_request("Property 'id' is read-only and cannot be set."));
    }
    let has = |pointer: &str| Value::Object(values.clone()).pointer(pointer).is_some();
    match kind.id() {
        Some(TypeId::AuthenticationStrengthPolicy) => {
            check_type(values)?;
            if !has("/appliesToCombinations") {
                return Err(Refusal::bad_request(
                    "A value is required for property 'appliesToCombinations'.",
                ));
            }
            let is_like = |element: &Value| {
                ["@odata.type", "appliesToCombinations"]
                    .iter()
                    .all(|name| values.get(*name) == element.get(*name))
            };
            if present.iter().any(is_like) {
                return Err(Refusal::bad_request("Another configuration applies to the combinations."));
            }
        }
        Some(TypeId::ServicePrincipal) => {
            if !has("/permissionId") || !has("/classification") {
                return Err(Refusal::bad_request("A permission and a classification are required."));
            }
            if present.iter().any(|element| element.get("permissionId") == values.get("permissionId")) {
                return Err(Refusal::conflict("The permission is classified already."));
            }
        }
        Some(TypeId::AccessPackage) => {
            let needed = ["/role/originId", "/role/resource/id", "/scope/originId"];
            if let Some(missing) = needed.iter().find(|pointer| !has(pointer)) {
                return Err(Refusal::bad_request(format!("A value is required for '{missing}'.")));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Configurations are of several types, so each names its own.
fn check_type(values: &Map<String, Value>) -> Result<(), Refusal> {
    let stated = values.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let is_known = stated.starts_with("#microsoft.graph.") && stated.ends_with("CombinationConfiguration");
    if is_known { Ok(()) } else { Err(Refusal::bad_request("A type must be given in '@odata.type'.")) }
}
