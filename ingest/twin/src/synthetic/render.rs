//! Owns the choice of the writer for each type of object.

pub(crate) mod access;
pub(crate) mod application;
mod device;
pub(crate) mod group;
pub(crate) mod policy;
mod principal;
pub(crate) mod role;
mod tenant;
pub(crate) mod user;

use super::draft::Draft;
use super::layout::ObjectKind;

/// Appends the JSON of one object.
pub(crate) fn push_object(out: &mut String, draft: &Draft<'_>) {
    match draft.key.kind {
        ObjectKind::Organization => tenant::push_organization(out, draft),
        ObjectKind::AuthorizationPolicy => tenant::push_authorization(out, draft),
        ObjectKind::User => user::push(out, draft),
        ObjectKind::Group => group::push(out, draft),
        ObjectKind::Application => application::push(out, draft),
        ObjectKind::ServicePrincipal => principal::push(out, draft),
        ObjectKind::Device => device::push(out, draft),
        ObjectKind::ConditionalAccessPolicy => policy::push(out, draft),
        ObjectKind::NamedLocation => policy::push_location(out, draft),
        ObjectKind::RoleDefinition => role::push_definition(out, draft),
        ObjectKind::RoleAssignment => role::push_assignment(out, draft),
        ObjectKind::AdministrativeUnit => role::push_unit(out, draft),
        ObjectKind::AppRoleAssignment => access::push_assignment(out, draft),
        ObjectKind::PermissionGrant => access::push_grant(out, draft),
    }
}
