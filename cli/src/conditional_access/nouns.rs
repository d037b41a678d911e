//! Words for what IDs in a policy stand for.

use engine::schema::TypeId;

use super::ReferenceKind;

/// The value for addresses that the older multifactor service trusts.
const TRUSTED_ADDRESSES: &str = "00000000-0000-0000-0000-000000000000";

/// What stands in front of a name.
pub(super) fn noun(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::User => TypeId::User.token(),
        ReferenceKind::Group => TypeId::Group.token(),
        ReferenceKind::Role => "role",
        ReferenceKind::Application => TypeId::Application.token(),
        ReferenceKind::ServicePrincipal => "service principal",
        ReferenceKind::Location => "",
        ReferenceKind::Context => "authentication context",
        ReferenceKind::Strength => "authentication strength",
        ReferenceKind::Terms => "terms of use",
    }
}

/// The words for values that stand where IDs do.
pub(super) fn well_known(kind: ReferenceKind, value: &str) -> Option<&'static str> {
    Some(match (kind, value) {
        (ReferenceKind::User, "All") => "all users",
        (ReferenceKind::User, "GuestsOrExternalUsers") => "all guests and external users",
        (ReferenceKind::User, "None") => "nobody",
        (ReferenceKind::Application, "All") => "all resources",
        (ReferenceKind::Application, "None") => "no resource",
        (ReferenceKind::Application, "Office365") => "Office 365",
        (ReferenceKind::Application, "MicrosoftAdminPortals") => "Microsoft's admin portals",
        (ReferenceKind::Application, "AllAgentIdResources") => "all agent resources",
        (ReferenceKind::ServicePrincipal, "ServicePrincipalsInMyTenant") => {
            "all service principals of the tenant"
        }
        (ReferenceKind::ServicePrincipal, "All") => "all agents",
        (ReferenceKind::Location, "All") => "any location",
        (ReferenceKind::Location, "AllTrusted") => "all trusted locations",
        (ReferenceKind::Location, TRUSTED_ADDRESSES) => "the trusted addresses of multifactor authentication",
        _ => return None,
    })
}
