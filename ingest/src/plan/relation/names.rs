//! What relation objects are called: `Ann → Global Administrator`.

use std::collections::HashMap;

use serde_json::Value;

use super::text;
use crate::plan::PlanObject;
use crate::plan::Result;
use crate::plan::lookup::{self, Attributes};
use crate::plan::make::Planner;
use crate::resource::Resource;

/// The role of an assignment that gives access without a role.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

impl Planner {
    /// A relation object as plans show it.
    pub(in crate::plan) fn relation_object(
        &mut self,
        resource: &Resource,
        key: &str,
        attributes: &Attributes,
    ) -> Result<PlanObject> {
        let is_app_role = resource.token == "appRoleAssignment";
        let role = if is_app_role { self.app_role(attributes)? } else { String::new() };
        let name = |property: &str| self.lookup.name(text(attributes, property));
        let display_name = match resource.token {
            "appRoleAssignment" => {
                let role = if role.is_empty() { role } else { format!(": {role}") };
                format!("{} → {}{role}", name("principalId"), name("resourceId"))
            }
            "oauth2PermissionGrant" => {
                let whom = match text(attributes, "principalId") {
                    "" => "everyone".to_owned(),
                    principal => self.lookup.name(principal),
                };
                format!("{} → {} for {whom}", name("clientId"), name("resourceId"))
            }
            _ => {
                let scope = text(attributes, "directoryScopeId");
                let scope = match scope.rsplit('/').next().unwrap_or_default() {
                    "" => String::new(),
                    unit => format!(" in {}", self.lookup.name(unit)),
                };
                format!("{} → {}{scope}", name("principalId"), name("roleDefinitionId"))
            }
        };
        Ok(PlanObject { id: key.to_owned(), type_token: resource.token.to_owned(), display_name })
    }

    /// What the assigned role lets its holder do, as the resource calls it.
    fn app_role(&mut self, attributes: &Attributes) -> Result<String> {
        let role = text(attributes, "appRoleId");
        if role == DEFAULT_ACCESS {
            return Ok(String::new());
        }
        let resource = text(attributes, "resourceId");
        if !self.app_roles.contains_key(resource) {
            let roles = self.read_app_roles(resource)?;
            self.app_roles.insert(resource.to_owned(), roles);
        }
        Ok(self.app_roles[resource].get(role).cloned().unwrap_or_default())
    }

    fn read_app_roles(&self, resource: &str) -> Result<HashMap<String, String>> {
        let mut roles = HashMap::new();
        for side in [&self.lookup.from, &self.lookup.newest] {
            let Some(found) = lookup::attributes(side, "servicePrincipal", resource)? else { continue };
            for role in found.get("appRoles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
                if let (Some(id), Some(value)) = (role["id"].as_str(), role["value"].as_str()) {
                    roles.insert(id.to_owned(), value.to_owned());
                }
            }
        }
        Ok(roles)
    }
}
