//! The list of types, one line for each file of `table/`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Type;

/// Declares the types, in the order in which people and backups see them.
macro_rules! table {
    ($($variant:ident in $file:ident,)*) => {
        /// A type that the program knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TypeId {
            $(#[doc = concat!("See `table/", stringify!($file), ".rs`.")] $variant,)*
        }

        impl TypeId {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What is known of it.
            #[must_use]
            pub const fn info(self) -> &'static Type {
                match self {
                    $(Self::$variant => &$file::TYPE,)*
                }
            }
        }
    };
}

mod access_package;
mod access_package_assignment_policy;
mod access_package_catalog;
mod access_review_schedule_definition;
mod activity_based_timeout_policy;
mod admin_consent_request_policy;
mod administrative_unit;
mod agreement;
mod app_management_policy;
mod app_role_assignment;
mod application;
mod attribute_set;
mod authentication_context_class_reference;
mod authentication_flows_policy;
mod authentication_methods_policy;
mod authentication_strength_policy;
mod authorization_policy;
mod claims_mapping_policy;
mod conditional_access_policy;
mod connected_organization;
mod cross_tenant_access_policy;
mod cross_tenant_access_policy_configuration_default;
mod cross_tenant_access_policy_configuration_partner;
mod custom_security_attribute_definition;
mod device;
mod device_registration_policy;
mod directory_role;
mod directory_role_template;
mod domain;
mod email_authentication_method_configuration;
mod extension_property;
mod external_authentication_method_configuration;
mod feature_rollout_policy;
mod federated_identity_credential;
mod fido2_authentication_method_configuration;
mod group;
mod group_lifecycle_policy;
mod group_setting;
mod home_realm_discovery_policy;
mod identity_security_defaults_enforcement_policy;
mod microsoft_authenticator_authentication_method_configuration;
mod named_location;
mod oauth2_permission_grant;
mod org_contact;
mod organization;
mod permission_grant_policy;
mod qr_code_pin_authentication_method_configuration;
mod role_assignment;
mod role_assignment_schedule;
mod role_definition;
mod role_eligibility_schedule;
mod service_principal;
mod sms_authentication_method_configuration;
mod software_oath_authentication_method_configuration;
mod subscribed_sku;
mod temporary_access_pass_authentication_method_configuration;
mod tenant_app_management_policy;
mod token_issuance_policy;
mod token_lifetime_policy;
mod user;
mod verifiable_credentials_authentication_method_configuration;
mod voice_authentication_method_configuration;
mod x509_certificate_authentication_method_configuration;

table! {
    User in user,
    Group in group,
    Application in application,
    ServicePrincipal in service_principal,
    Device in device,
    AdministrativeUnit in administrative_unit,
    OrgContact in org_contact,
    DirectoryRole in directory_role,
    DirectoryRoleTemplate in directory_role_template,
    Oauth2PermissionGrant in oauth2_permission_grant,
    AppRoleAssignment in app_role_assignment,
    ConditionalAccessPolicy in conditional_access_policy,
    NamedLocation in named_location,
    AuthenticationContextClassReference in authentication_context_class_reference,
    AuthenticationStrengthPolicy in authentication_strength_policy,
    AuthenticationMethodsPolicy in authentication_methods_policy,
    EmailAuthenticationMethodConfiguration in email_authentication_method_configuration,
    Fido2AuthenticationMethodConfiguration in fido2_authentication_method_configuration,
    MicrosoftAuthenticatorAuthenticationMethodConfiguration in microsoft_authenticator_authentication_method_configuration,
    SmsAuthenticationMethodConfiguration in sms_authentication_method_configuration,
    SoftwareOathAuthenticationMethodConfiguration in software_oath_authentication_method_configuration,
    TemporaryAccessPassAuthenticationMethodConfiguration in temporary_access_pass_authentication_method_configuration,
    VoiceAuthenticationMethodConfiguration in voice_authentication_method_configuration,
    X509CertificateAuthenticationMethodConfiguration in x509_certificate_authentication_method_configuration,
    QrCodePinAuthenticationMethodConfiguration in qr_code_pin_authentication_method_configuration,
    VerifiableCredentialsAuthenticationMethodConfiguration in verifiable_credentials_authentication_method_configuration,
    ExternalAuthenticationMethodConfiguration in external_authentication_method_configuration,
    AuthorizationPolicy in authorization_policy,
    Organization in organization,
    RoleDefinition in role_definition,
    RoleAssignment in role_assignment,
    RoleAssignmentSchedule in role_assignment_schedule,
    RoleEligibilitySchedule in role_eligibility_schedule,
    CrossTenantAccessPolicy in cross_tenant_access_policy,
    CrossTenantAccessPolicyConfigurationDefault in cross_tenant_access_policy_configuration_default,
    CrossTenantAccessPolicyConfigurationPartner in cross_tenant_access_policy_configuration_partner,
    IdentitySecurityDefaultsEnforcementPolicy in identity_security_defaults_enforcement_policy,
    AdminConsentRequestPolicy in admin_consent_request_policy,
    DeviceRegistrationPolicy in device_registration_policy,
    AuthenticationFlowsPolicy in authentication_flows_policy,
    TenantAppManagementPolicy in tenant_app_management_policy,
    ClaimsMappingPolicy in claims_mapping_policy,
    HomeRealmDiscoveryPolicy in home_realm_discovery_policy,
    TokenLifetimePolicy in token_lifetime_policy,
    TokenIssuancePolicy in token_issuance_policy,
    ActivityBasedTimeoutPolicy in activity_based_timeout_policy,
    PermissionGrantPolicy in permission_grant_policy,
    AppManagementPolicy in app_management_policy,
    FeatureRolloutPolicy in feature_rollout_policy,
    AccessReviewScheduleDefinition in access_review_schedule_definition,
    AccessPackage in access_package,
    AccessPackageCatalog in access_package_catalog,
    AccessPackageAssignmentPolicy in access_package_assignment_policy,
    ConnectedOrganization in connected_organization,
    Agreement in agreement,
    Domain in domain,
    GroupSetting in group_setting,
    GroupLifecyclePolicy in group_lifecycle_policy,
    SubscribedSku in subscribed_sku,
    ExtensionProperty in extension_property,
    FederatedIdentityCredential in federated_identity_credential,
    AttributeSet in attribute_set,
    CustomSecurityAttributeDefinition in custom_security_attribute_definition,
}

impl TypeId {
    /// The type of a token; none for tokens that no file of the table has.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        TOKENS.get(token).copied()
    }

    /// How the product names it, such as `roleAssignment`.
    #[must_use]
    pub const fn token(self) -> &'static str {
        self.info().token
    }
}

/// Says whether a token, wherever it is from, is that of the type.
impl PartialEq<TypeId> for str {
    fn eq(&self, id: &TypeId) -> bool {
        self == id.token()
    }
}

impl PartialEq<TypeId> for &str {
    fn eq(&self, id: &TypeId) -> bool {
        *self == id.token()
    }
}

impl PartialEq<TypeId> for String {
    fn eq(&self, id: &TypeId) -> bool {
        self == id.token()
    }
}

impl std::fmt::Display for TypeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.token())
    }
}

static TOKENS: LazyLock<HashMap<&'static str, TypeId>> =
    LazyLock::new(|| TypeId::ALL.iter().map(|id| (id.token(), *id)).collect());
