//! Owns the JSON of what applications may do: role assignments and delegated permissions.

use engine::schema::TypeId;

use super::application::{GRAPH_NAME, GRAPH_ROLES, ROGUE_NAME, display_name};
use crate::synthetic::attribute::grant;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::Json;
use crate::synthetic::layout::{Key, ObjectKind};

/// The role to read and write everything in the directory.
const BROAD_ROLE: &str = "19dbc75e-c2e2-444c-a770-ec69d8559fc7";

/// Gives the service principal that holds the role.
pub(crate) fn assignment_principal(draft: &Draft<'_>) -> u32 {
    let known = draft.layout.stable(ObjectKind::Application).max(1);
    draft.hostile().unwrap_or(draft.key.index / 2 % known)
}

/// Gives the service principal that was consented to: another one for each grant.
pub(crate) fn grant_client(draft: &Draft<'_>) -> u32 {
    draft.key.index % draft.layout.stable(ObjectKind::Application).max(1)
}

/// Appends one application role assignment.
pub(crate) fn push_assignment(out: &mut String, draft: &Draft<'_>) {
    let principal = assignment_principal(draft);
    let key = Key { kind: ObjectKind::Application, index: principal };
    let source = draft.layout.source(key);
    // Two different roles for each principal, so that no assignment is there twice.
    let role = (source.below(200, 7) + draft.key.index % 2 * 3) as usize % GRAPH_ROLES.len();
    let (role, name) = match draft.hostile() {
        Some(_) => (BROAD_ROLE, ROGUE_NAME.to_owned()),
        None => (GRAPH_ROLES[role].1, display_name(source, principal)),
    };
    let mut json = Json::typed(out, TypeId::AppRoleAssignment);
    json.guid("id", draft.id());
    json.raw("deletedDateTime", "null");
    json.string("appRoleId", role);
    draft.created(&mut json);
    json.string("principalDisplayName", &name);
    json.guid("principalId", draft.layout.id(ObjectKind::ServicePrincipal, principal));
    json.string("principalType", "ServicePrincipal");
    json.string("resourceDisplayName", GRAPH_NAME);
    json.guid("resourceId", draft.layout.graph_principal());
    json.close();
}

/// Appends one delegated permission grant.
pub(crate) fn push_grant(out: &mut String, draft: &Draft<'_>) {
    let everyone = draft.source.chance(10, 800);
    let mut json = Json::typed(out, TypeId::Oauth2PermissionGrant);
    json.guid("id", draft.id());
    json.guid("clientId", draft.layout.id(ObjectKind::ServicePrincipal, grant_client(draft)));
    json.string("consentType", if everyone { "AllPrincipals" } else { "Principal" });
    if everyone {
        json.nulls(&["principalId"]);
    } else {
        let user = draft.source.below(12, draft.layout.stable(ObjectKind::User));
        json.guid("principalId", draft.layout.id(ObjectKind::User, user));
    }
    json.guid("resourceId", draft.layout.graph_principal());
    json.string("scope", draft.pick(grant::SCOPE, SCOPES));
    json.close();
}

/// Permissions that belong together.
const SCOPES: &[&str] = &[
    "openid profile User.Read",
    "openid profile email offline_access User.Read",
    "User.Read Mail.Read",
    "User.Read.All Group.Read.All",
    "Files.Read.All Sites.Read.All",
];
