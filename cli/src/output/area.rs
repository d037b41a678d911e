//! The areas of a tenant, under which pages and documents group what changed.

use std::collections::BTreeMap;

use engine::schema::TypeId;

/// A part of a tenant that one group of people looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Area {
    Identities,
    Groups,
    Applications,
    Roles,
    ConditionalAccess,
    Devices,
    Tenant,
    /// Types that the program does not know.
    Other,
}

impl Area {
    /// The area of a type by its token.
    pub(crate) fn of(type_token: &str) -> Self {
        TypeId::from_token(type_token).map_or(Self::Other, of)
    }

    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Identities => "Identities",
            Self::Groups => "Groups and units",
            Self::Applications => "Applications and permissions",
            Self::Roles => "Roles",
            Self::ConditionalAccess => "Conditional access and policies",
            Self::Devices => "Devices",
            Self::Tenant => "Tenant settings",
            Self::Other => "Other types",
        }
    }

    /// The name of its anchor.
    pub(crate) fn anchor(self) -> &'static str {
        match self {
            Self::Identities => "area-identities",
            Self::Groups => "area-groups",
            Self::Applications => "area-applications",
            Self::Roles => "area-roles",
            Self::ConditionalAccess => "area-conditional-access",
            Self::Devices => "area-devices",
            Self::Tenant => "area-tenant",
            Self::Other => "area-other",
        }
    }
}

/// Items by area, then by type, each in the order in which they came.
pub(crate) fn grouped<T>(
    items: &[T],
    type_token: impl Fn(&T) -> &str,
) -> BTreeMap<Area, BTreeMap<&str, Vec<&T>>> {
    let mut areas: BTreeMap<Area, BTreeMap<&str, Vec<&T>>> = BTreeMap::new();
    for item in items {
        let token = type_token(item);
        areas.entry(Area::of(token)).or_default().entry(token).or_default().push(item);
    }
    areas
}

/// The area of a known type.
fn of(id: TypeId) -> Area {
    match id {
        TypeId::User | TypeId::OrgContact => Area::Identities,
        TypeId::Group | TypeId::AdministrativeUnit | TypeId::GroupSetting | TypeId::GroupLifecyclePolicy => {
            Area::Groups
        }
        TypeId::Application
        | TypeId::ServicePrincipal
        | TypeId::Oauth2PermissionGrant
        | TypeId::AppRoleAssignment
        | TypeId::FederatedIdentityCredential
        | TypeId::ExtensionProperty
        | TypeId::AppManagementPolicy
        | TypeId::TenantAppManagementPolicy
        | TypeId::PermissionGrantPolicy
        | TypeId::AdminConsentRequestPolicy
        | TypeId::ClaimsMappingPolicy
        | TypeId::HomeRealmDiscoveryPolicy
        | TypeId::TokenLifetimePolicy
        | TypeId::TokenIssuancePolicy => Area::Applications,
        TypeId::DirectoryRole
        | TypeId::DirectoryRoleTemplate
        | TypeId::RoleDefinition
        | TypeId::RoleAssignment
        | TypeId::RoleAssignmentSchedule
        | TypeId::RoleEligibilitySchedule => Area::Roles,
        TypeId::ConditionalAccessPolicy
        | TypeId::NamedLocation
        | TypeId::AuthenticationContextClassReference
        | TypeId::AuthenticationStrengthPolicy
        | TypeId::AuthenticationMethodsPolicy
        | TypeId::EmailAuthenticationMethodConfiguration
        | TypeId::Fido2AuthenticationMethodConfiguration
        | TypeId::MicrosoftAuthenticatorAuthenticationMethodConfiguration
        | TypeId::SmsAuthenticationMethodConfiguration
        | TypeId::SoftwareOathAuthenticationMethodConfiguration
        | TypeId::TemporaryAccessPassAuthenticationMethodConfiguration
        | TypeId::VoiceAuthenticationMethodConfiguration
        | TypeId::X509CertificateAuthenticationMethodConfiguration
        | TypeId::QrCodePinAuthenticationMethodConfiguration
        | TypeId::VerifiableCredentialsAuthenticationMethodConfiguration
        | TypeId::ExternalAuthenticationMethodConfiguration
        | TypeId::IdentitySecurityDefaultsEnforcementPolicy
        | TypeId::ActivityBasedTimeoutPolicy
        | TypeId::FeatureRolloutPolicy
        | TypeId::Agreement => Area::ConditionalAccess,
        TypeId::Device | TypeId::DeviceRegistrationPolicy => Area::Devices,
        TypeId::AuthorizationPolicy
        | TypeId::Organization
        | TypeId::CrossTenantAccessPolicy
        | TypeId::CrossTenantAccessPolicyConfigurationDefault
        | TypeId::CrossTenantAccessPolicyConfigurationPartner
        | TypeId::AuthenticationFlowsPolicy
        | TypeId::AccessReviewScheduleDefinition
        | TypeId::AccessPackage
        | TypeId::AccessPackageCatalog
        | TypeId::AccessPackageAssignmentPolicy
        | TypeId::ConnectedOrganization
        | TypeId::Domain
        | TypeId::SubscribedSku
        | TypeId::AttributeSet
        | TypeId::CustomSecurityAttributeDefinition => Area::Tenant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_type_has_an_area_and_others_stand_apart() {
        let odd: Vec<_> = TypeId::ALL.iter().filter(|id| Area::of(id.token()) == Area::Other).collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert_eq!(Area::of("somethingNew"), Area::Other);
        let tokens = [TypeId::User.token(), "somethingNew", TypeId::User.token()];
        let areas = grouped(&tokens, |token| token);
        let counts: Vec<(Area, usize)> =
            areas.iter().map(|(area, types)| (*area, types.values().map(Vec::len).sum())).collect();
        assert_eq!(counts, [(Area::Identities, 2), (Area::Other, 1)]);
    }
}
