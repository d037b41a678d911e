//! Owns the names of relation objects: `Ann → Global Administrator`.

use std::collections::HashMap;

use engine::schema::{Type, TypeId};
use serde_json::Value;

use crate::plan::PlanObject;
use crate::plan::Result;
use crate::plan::lookup::{self, Attributes, Lookup, text};

/// The role of an assignment that gives access without a role.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// Names of application roles by their IDs, by resource; read when first needed.
#[derive(Debug, Default)]
pub(in crate::plan) struct AppRoleNames(HashMap<String, HashMap<String, String>>);

impl AppRoleNames {
    /// What the assigned role lets its holder do, as the resource calls it.
    fn of(&mut self, lookup: &Lookup, attributes: &Attributes) -> Result<String> {
        let role = text(attributes, "appRoleId");
        if role == DEFAULT_ACCESS {
            return Ok(String::new());
        }
        let resource = text(attributes, "resourceId");
        if !self.0.contains_key(resource) {
            self.0.insert(resource.to_owned(), read_app_roles(lookup, resource)?);
        }
        Ok(self.0[resource].get(role).cloned().unwrap_or_default())
    }
}

/// A relation object as plans show it.
pub(super) fn shown(
    lookup: &Lookup,
    names: &mut AppRoleNames,
    resource: &Type,
    key: &str,
    attributes: &Attributes,
) -> Result<PlanObject> {
    let is_app_role = resource.id == TypeId::AppRoleAssignment;
    let role = if is_app_role { names.of(lookup, attributes)? } else { String::new() };
    let name = |property: &str| lookup.name(text(attributes, property));
    let display_name = match resource.id {
        TypeId::AppRoleAssignment => {
            let role = if role.is_empty() { role } else { format!(": {role}") };
            format!("{} → {}{role}", name("principalId"), name("resourceId"))
        }
        TypeId::Oauth2PermissionGrant => {
            let whom = match text(attributes, "principalId") {
                "" => "everyone".to_owned(),
                principal => lookup.name(principal),
            };
            format!("{} → {} for {whom}", name("clientId"), name("resourceId"))
        }
        _ => {
            let scope = text(attributes, "directoryScopeId");
            let scope = match scope.rsplit('/').next().unwrap_or_default() {
                "" => String::new(),
                unit => format!(" in {}", lookup.name(unit)),
            };
            format!("{} → {}{scope}", name("principalId"), name("roleDefinitionId"))
        }
    };
    Ok(PlanObject { id: key.to_owned(), type_token: resource.token.to_owned(), display_name })
}

fn read_app_roles(lookup: &Lookup, resource: &str) -> Result<HashMap<String, String>> {
    let mut roles = HashMap::new();
    for side in [&lookup.from, &lookup.newest] {
        let Some(found) = lookup::attributes(side, TypeId::ServicePrincipal.token(), resource)? else {
            continue;
        };
        for role in found.get("appRoles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
            if let (Some(id), Some(value)) = (role["id"].as_str(), role["value"].as_str()) {
                roles.insert(id.to_owned(), value.to_owned());
            }
        }
    }
    Ok(roles)
}
