//! What the table of types does not know of an `EntraExporter` export and of names, as data.
//!
//! Sources: the entry table of `EntraExporter` (2025-11-16); the paths of Microsoft Graph v1.0 and beta.

use engine::schema::TypeId;

/// Folder of an entry, and the type of what lies in it.
pub(super) const ENTRIES: &[(&str, &str)] = &[
    ("Organization", TypeId::Organization.token()),
    ("Organization/Branding/Localizations", "organizationalBrandingLocalization"),
    ("Organization/CertificateBasedAuthConfiguration", "certificateBasedAuthConfiguration"),
    ("Directory/OnPremisesSynchronization", "onPremisesDirectorySynchronization"),
    ("Identity/APIConnectors", "identityApiConnector"),
    ("IdentityProviders", "identityProvider"),
    ("Identity/UserFlows", "identityUserFlow"),
    ("Identity/B2CUserFlows", "b2cIdentityUserFlow"),
    ("Identity/B2XUserFlows", "b2xIdentityUserFlow"),
    ("Identity/UserFlowAttributes", "identityUserFlowAttribute"),
    ("Policies/AuthenticationMethodsPolicy", TypeId::AuthenticationMethodsPolicy.token()),
    (
        "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations",
        "authenticationMethodConfiguration",
    ),
    (
        "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/QRCodePin",
        TypeId::QrCodePinAuthenticationMethodConfiguration.token(),
    ),
    (
        "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/VerifiableCredentials",
        TypeId::VerifiableCredentialsAuthenticationMethodConfiguration.token(),
    ),
    ("Policies/AuthenticationStrengthPolicies", TypeId::AuthenticationStrengthPolicy.token()),
    ("Policies/ExternalIdentitiesPolicy", "externalIdentitiesPolicy"),
    ("Identity/CustomAuthenticationExtensions", "customAuthenticationExtension"),
    ("IdentityGovernance/EntitlementManagement/Settings", "entitlementManagementSettings"),
    ("PIM/DirectoryRoles", "pimDirectoryRole"),
    ("PIM/Groups", "pimGroup"),
    ("PIM/Resources", "pimResource"),
    ("OnPremisesPublishingProfiles/Provisioning", "onPremisesPublishingProfile"),
    ("OnPremisesPublishingProfiles/Provisioning/PublishedResources", "publishedResource"),
    ("OnPremisesPublishingProfiles/Provisioning/AgentGroups", "onPremisesAgentGroup"),
    ("OnPremisesPublishingProfiles/Provisioning/Agents", "onPremisesAgent"),
    ("OnPremisesPublishingProfiles/ApplicationProxy/Connectors", "connector"),
    ("OnPremisesPublishingProfiles/ApplicationProxy/ConnectorGroups", "connectorGroup"),
    ("Admin/Teams/settings", "teamwork"),
    ("Admin/Sharepoint/settings", "sharepointSettings"),
    ("RoleManagement/Directory/RoleAssignmentScheduleInstances", "roleAssignmentScheduleInstance"),
    ("RoleManagement/Exchange/RoleDefinitions", "exchangeRoleDefinition"),
    ("RoleManagement/Exchange/RoleAssignments", "exchangeRoleAssignment"),
    ("RoleManagement/DeviceManagement/RoleDefinitions", "deviceManagementRoleDefinition"),
    ("RoleManagement/DeviceManagement/RoleAssignments", "deviceManagementRoleAssignment"),
    ("RoleManagement/CloudPC/RoleDefinitions", "cloudPcRoleDefinition"),
    ("RoleManagement/CloudPC/RoleAssignments", "cloudPcRoleAssignment"),
    ("RoleManagement/EntitlementManagement/RoleDefinitions", "entitlementManagementRoleDefinition"),
    ("RoleManagement/EntitlementManagement/RoleAssignments", "entitlementManagementRoleAssignment"),
    ("Reports/AuthenticationMethods/UsersRegisteredByFeature/report", "userRegistrationFeatureSummary"),
    ("IAM/RoleAssignments", "iamRoleAssignment"),
    ("IAM/RoleDefinitions", "iamRoleDefinition"),
    ("AccessPolicies", "iamAccessPolicy"),
];

/// The most segments an entry has.
pub(super) const ENTRY_SEGMENTS_MAX: usize = 4;

/// Types whose folders nest by Azure scope; their objects lie at any depth, and have no children.
pub(super) const DEEP: &[&str] =
    &["pimResource", "iamRoleAssignment", "iamRoleDefinition", "iamAccessPolicy"];

/// The instances of a review lie beside it, without a folder of their own name.
pub(super) const ACCESS_REVIEW: &str = TypeId::AccessReviewScheduleDefinition.token();

/// Relations that a folder of their name holds the links of, whatever the type of the object above.
pub(super) const RELATIONS: &[&str] =
    &["members", "owners", "manager", "sponsors", "registeredOwners", "registeredUsers"];

/// Folders below an object that hold objects, and their type.
pub(super) const CHILDREN: &[(&str, &str)] = &[
    ("ScopedMembers", "scopedRoleMembership"),
    ("ScopedRoleMembers", "scopedRoleMembership"),
    ("Extensions", "extension"),
    ("IdentityProviders", "identityProvider"),
    ("UserAttributeAssignments", "identityUserFlowAttributeAssignment"),
    ("AttributeAssignments", "identityUserFlowAttributeAssignment"),
    ("ApiConnectorConfiguration", "userFlowApiConnectorConfiguration"),
    ("APIConnectors", "userFlowApiConnectorConfiguration"),
    ("Languages", "userFlowLanguageConfiguration"),
    ("AssignmentPolicies", TypeId::AccessPackageAssignmentPolicy.token()),
    ("Assignments", "accessPackageAssignment"),
    ("ResourceScopes", "accessPackageResourceRoleScope"),
    ("Reviewers", "accessReviewReviewer"),
    // What a connector group shows of an application is no application, and must not replace one.
    ("Applications", "connectorGroupApplication"),
    ("DelegatedPermissionClassifications", "delegatedPermissionClassification"),
    ("FederatedIdentityCredentials", TypeId::FederatedIdentityCredential.token()),
];

/// Names that mean a type besides its own, its table's and those of Graph.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("appRoleAssignedTo", TypeId::AppRoleAssignment.token()),
    ("authenticationMethodConfigurations", "authenticationMethodConfiguration"),
    ("contacts", TypeId::OrgContact.token()),
    ("crossTenantPartners", super::PARTNER),
    ("defaultAppManagementPolicy", TypeId::TenantAppManagementPolicy.token()),
    ("organizations", TypeId::Organization.token()),
];

/// Ends of an `@odata.context` that name the roles of other services, which share names with the directory's.
pub(super) const CONTEXTS: &[(&str, &str)] = &[
    ("exchange/roleDefinitions", "exchangeRoleDefinition"),
    ("exchange/roleAssignments", "exchangeRoleAssignment"),
    ("deviceManagement/roleDefinitions", "deviceManagementRoleDefinition"),
    ("deviceManagement/roleAssignments", "deviceManagementRoleAssignment"),
    ("cloudPC/roleDefinitions", "cloudPcRoleDefinition"),
    ("cloudPC/roleAssignments", "cloudPcRoleAssignment"),
    ("entitlementManagement/roleDefinitions", "entitlementManagementRoleDefinition"),
    ("entitlementManagement/roleAssignments", "entitlementManagementRoleAssignment"),
];
