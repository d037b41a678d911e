//! Sentences of the objects that relate others: who may do what, where, as people read it above a change, a step of a plan
//! or an event. Everything comes from the properties of the object itself and the names of what it points at.
//!
//! Not here: `displayName`, which stays what Graph gives in every format for programs.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use crate::names::{Names, Side};

/// The scope of a directory role that is the whole tenant.
const TENANT_SCOPE: &str = "/";
/// The app role of an assignment to an application that defines none.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// The properties of an object, and the names of its side.
struct Reader<'n> {
    properties: &'n Map<String, Value>,
    names: &'n mut Names,
    side: Side,
}

/// A sentence for an object of a type that relates others; none for other types, and when what it relates is unknown.
pub(crate) fn of(
    type_token: &str,
    properties: &Map<String, Value>,
    names: &mut Names,
    side: Side,
) -> Option<String> {
    let mut reader = Reader { properties, names, side };
    match TypeId::from_token(type_token) {
        Some(TypeId::RoleAssignment) => reader.role(""),
        Some(TypeId::RoleAssignmentSchedule) => {
            let kind =
                if reader.text("assignmentType") == Some("Activated") { "activated" } else { "active" };
            reader.role(&format!(", {kind}{}", reader.until()))
        }
        Some(TypeId::RoleEligibilitySchedule) => reader.role(&format!(", eligible{}", reader.until())),
        Some(TypeId::AppRoleAssignment) => reader.app_role(),
        Some(TypeId::Oauth2PermissionGrant) => reader.grant(),
        Some(TypeId::GroupSetting) => reader.setting(),
        Some(_) => None,
        None => reader.group_access(),
    }
}

/// The sentence of an object as it was on a side, by the ID that a change shows.
pub(crate) fn at(type_token: &str, id: &str, names: &mut Names, side: Side) -> Option<String> {
    if !relates(type_token) {
        return None;
    }
    let object = names.object_at(side, type_token, id)?;
    of(type_token, &object.attributes(), names, side)
}

/// Whether objects of a type may have a sentence, so that reading them for it is worth while.
fn relates(type_token: &str) -> bool {
    TypeId::from_token(type_token)
        .is_none_or(|type_id| type_id.info().is_relation_object || type_id == TypeId::GroupSetting)
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The name of what a property points at, else its ID.
    fn named(&mut self, property: &str) -> Option<String> {
        let id = self.text(property)?.to_owned();
        Some(self.name(&id))
    }

    fn name(&mut self, id: &str) -> String {
        let known = self.names.get_at(self.side, id);
        if known.name.is_empty() { id.to_owned() } else { known.name }
    }

    /// `Henrik Virtanen → Global Administrator (directory)`.
    fn role(&mut self, rest: &str) -> Option<String> {
        let (principal, role) = (self.named("principalId")?, self.named("roleDefinitionId")?);
        let scope = self.scope();
        Some(format!("{principal} → {role} ({scope}){rest}"))
    }

    /// Where a role counts.
    fn scope(&mut self) -> String {
        let scope = self.text("directoryScopeId").or_else(|| self.text("appScopeId")).map(str::to_owned);
        let Some(scope) = scope.filter(|scope| scope != TENANT_SCOPE) else { return "directory".to_owned() };
        let id = scope.rsplit('/').next().unwrap_or_default();
        let known = self.names.get_at(self.side, id);
        match TypeId::from_token(&known.type_token) {
            _ if known.name.is_empty() => scope,
            Some(TypeId::AdministrativeUnit) => format!("administrative unit {}", known.name),
            Some(TypeId::Application | TypeId::ServicePrincipal) => format!("application {}", known.name),
            _ => format!("{} {}", known.type_token, known.name),
        }
    }

    /// When a schedule ends, where it does.
    fn until(&self) -> String {
        let end = self.properties.get("scheduleInfo").and_then(|info| info.get("expiration"));
        match end.and_then(|expiration| expiration.get("endDateTime")).and_then(Value::as_str) {
            Some(end) => format!(" until {end}"),
            None => String::new(),
        }
    }

    /// `Payroll Sync may act as an application with RoleManagement.ReadWrite.Directory on Microsoft Graph`.
    fn app_role(&mut self) -> Option<String> {
        let (principal, resource) = (self.named("principalId")?, self.named("resourceId")?);
        let (resource_id, role_id) =
            (self.text("resourceId")?.to_owned(), self.text("appRoleId")?.to_owned());
        let is_default = role_id == DEFAULT_ACCESS;
        self.names.learn_permissions(self.side, &resource_id);
        let role = self.names.permission(&role_id).unwrap_or(role_id);
        let principal_id = self.text("principalId")?.to_owned();
        let stated = self.text("principalType").unwrap_or_default().to_owned();
        let is_application = stated.eq_ignore_ascii_case(TypeId::ServicePrincipal.token())
            || stated.is_empty()
                && self.names.get_at(self.side, &principal_id).type_token == TypeId::ServicePrincipal;
        Some(match (is_application, is_default) {
            (_, true) => format!("{principal} may use {resource}"),
            (true, false) => format!("{principal} may act as an application with {role} on {resource}"),
            (false, false) => format!("{principal} may use {resource} as {role}"),
        })
    }

    /// `Payroll Sync may act for everyone with Mail.Read on Microsoft Graph`.
    fn grant(&mut self) -> Option<String> {
        let (client, resource) = (self.named("clientId")?, self.named("resourceId")?);
        let whom = match self.named("principalId") {
            Some(principal) => principal,
            None => "everyone".to_owned(),
        };
        let scopes: Vec<&str> = self.text("scope").unwrap_or_default().split_whitespace().collect();
        let scopes = if scopes.is_empty() { "no permission".to_owned() } else { scopes.join(", ") };
        Some(format!("{client} may act for {whom} with {scopes} on {resource}"))
    }

    /// Settings go by the name of their template, where they have none of their own.
    fn setting(&mut self) -> Option<String> {
        if self.text("displayName").is_some() { None } else { self.named("templateId") }
    }

    /// `Henrik Virtanen → Break glass (owner)`, of types that the program does not know but by their properties:
    /// assignments and schedules of privileged access to groups.
    fn group_access(&mut self) -> Option<String> {
        let access = self.text("accessId")?.to_owned();
        let (principal, group) = (self.named("principalId")?, self.named("groupId")?);
        let kind = self.text("assignmentType").map(|kind| format!(", {}", kind.to_ascii_lowercase()));
        Some(format!("{principal} → {group} ({access}){}{}", kind.unwrap_or_default(), self.until()))
    }
}

#[cfg(test)]
mod tests;
