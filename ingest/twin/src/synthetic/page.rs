//! Owns lists as Microsoft Graph answers them: pages that name the next one.

use super::layout::ObjectKind;
use super::{Snapshot, render};

/// Where lists are read from.
const ROOT: &str = "https://graph.microsoft.com/v1.0/";

impl ObjectKind {
    /// Gives the path under which Graph lists the type.
    ///
    /// Graph has no such list for application role assignments; the path means those of all
    /// service principals together.
    #[must_use]
    pub fn list_path(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::AuthorizationPolicy => "policies/authorizationPolicy",
            Self::User => "users",
            Self::Group => "groups",
            Self::Application => "applications",
            Self::ServicePrincipal => "servicePrincipals",
            Self::Device => "devices",
            Self::ConditionalAccessPolicy => "identity/conditionalAccess/policies",
            Self::NamedLocation => "identity/conditionalAccess/namedLocations",
            Self::RoleDefinition => "roleManagement/directory/roleDefinitions",
            Self::RoleAssignment => "roleManagement/directory/roleAssignments",
            Self::AdministrativeUnit => "directory/administrativeUnits",
            Self::AppRoleAssignment => "servicePrincipals/appRoleAssignedTo",
            Self::PermissionGrant => "oauth2PermissionGrants",
        }
    }
}

impl Snapshot<'_> {
    /// Gives the pages of a type's list, without the bin; an empty list is one empty page.
    ///
    /// A page size of 0 counts as 1.
    pub fn list_pages(&self, kind: ObjectKind, page_size: usize) -> impl Iterator<Item = String> + '_ {
        let keys: Vec<_> = self.live_keys_of(kind).collect();
        let size = page_size.max(1);
        let count = keys.len().div_ceil(size).max(1);
        (0..count).map(move |page| {
            let mut text = format!("{{\"@odata.context\":\"{ROOT}$metadata#{}\"", kind.list_path());
            text.push_str(",\"value\":[");
            for (index, key) in keys.iter().skip(page * size).take(size).enumerate() {
                if index > 0 {
                    text.push(',');
                }
                render::push_object(&mut text, &self.draft(*key));
            }
            text.push(']');
            if page + 1 < count {
                let next = ((page + 1) * size).to_string();
                let path = kind.list_path();
                for part in [",\"@odata.nextLink\":\"", ROOT, path, "?$skiptoken=", &next, "\""] {
                    text.push_str(part);
                }
            }
            text.push('}');
            text
        })
    }
}
