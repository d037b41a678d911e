//! Owns writing what is part of an object and stands below it, one element at a time.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::Write;
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::Handle;
use crate::wire::Reply;

impl Write<'_> {
    /// Makes, changes or takes away an element of a collection below an object.
    pub(super) fn element(&mut self, source: Handle, name: &str, rest: &[&str]) -> Result<Reply, Refusal> {
        let record = self.state.record(source);
        let kind = record.kind;
        let is_built_in = record.body.text("policyType").as_deref() == Some("builtIn")
            || (kind == TypeId::PermissionGrantPolicy && record.id.starts_with("microsoft-"));
        if is_built_in {
            return Err(Refusal::bad_request("Built-in policies cannot be changed."));
        }
        let mut elements = match record.body.tree(name) {
            Value::Array(elements) => elements,
            _ => Vec::new(),
        };
        let place = |id: &str| {
            let found = elements.iter().position(|element| element["id"] == *id);
            found.ok_or_else(|| Refusal::not_found(id))
        };
        let reply = match (self.request.method.as_str(), rest) {
            ("POST", []) => {
                let mut values = self.values()?;
                check_element(kind, &values, &elements)?;
                // A classification is known by its permission.
                let id = match values.get("permissionId").and_then(Value::as_str) {
                    Some(permission) if kind == TypeId::ServicePrincipal => format!("{permission}E"),
                    _ => self.state.new_id(),
                };
                values.insert("id".to_owned(), id.into());
                let made = Value::Object(values);
                elements.push(made.clone());
                Reply { status: 201, ..Reply::json(made.to_string()) }
            }
            // Condition sets and roles of packages are made and deleted, and never changed.
            ("PATCH", [id]) if kind == TypeId::AuthenticationStrengthPolicy => {
                let place = place(id)?;
                let values = self.values()?;
                check_type(&values)?;
                for (name, value) in values.into_iter().filter(|(name, _)| name != "id") {
                    elements[place][name] = value;
                }
                Reply::json(elements[place].to_string())
            }
            ("DELETE", [id]) => {
                elements.remove(place(id)?);
                Reply::nothing()
            }
            _ => return Err(Refusal::method_not_allowed()),
        };
        let values = Map::from_iter([(name.to_owned(), Value::Array(elements))]);
        self.state.update(self.when(), source, &values);
        Ok(reply)
    }
}

fn check_element(kind: Kind, values: &Map<String, Value>, standing: &[Value]) -> Result<(), Refusal> {
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
            if standing.iter().any(is_like) {
                return Err(Refusal::bad_request("Another configuration applies to the combinations."));
            }
        }
        Some(TypeId::ServicePrincipal) => {
            if !has("/permissionId") || !has("/classification") {
                return Err(Refusal::bad_request("A permission and a classification are required."));
            }
            if standing.iter().any(|element| element.get("permissionId") == values.get("permissionId")) {
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

/// Configurations are of several types, so each says of which.
fn check_type(values: &Map<String, Value>) -> Result<(), Refusal> {
    let stated = values.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let is_known = stated.starts_with("#microsoft.graph.") && stated.ends_with("CombinationConfiguration");
    if is_known { Ok(()) } else { Err(Refusal::bad_request("A type must be given in '@odata.type'.")) }
}
