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
use super::layout::Kind;

/// Appends the JSON of one object.
pub(crate) fn push_object(out: &mut String, draft: &Draft<'_>) {
    match draft.key.kind {
        Kind::Organization => tenant::push_organization(out, draft),
        Kind::AuthorizationPolicy => tenant::push_authorization(out, draft),
        Kind::User => user::push(out, draft),
        Kind::Group => group::push(out, draft),
        Kind::Application => application::push(out, draft),
        Kind::ServicePrincipal => principal::push(out, draft),
        Kind::Device => device::push(out, draft),
        Kind::ConditionalAccessPolicy => policy::push(out, draft),
        Kind::NamedLocation => policy::push_location(out, draft),
        Kind::RoleDefinition => role::push_definition(out, draft),
        Kind::RoleAssignment => role::push_assignment(out, draft),
        Kind::AdministrativeUnit => role::push_unit(out, draft),
        Kind::AppRoleAssignment => access::push_assignment(out, draft),
        Kind::PermissionGrant => access::push_grant(out, draft),
    }
}
