//! Which properties are collections, so that a single value in the place of one is noticed.
//!
//! Sources: the [metadata](https://github.com/microsoftgraph/msgraph-metadata) of v1.0 of 2026-08-20 and, for conditional
//! access, the [reference](https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy), read 2026-11-30.

/// Types, and their collections by path.
type Collections = (&'static [&'static str], &'static [&'static str]);

/// Whether a path of a type is a collection.
pub(crate) fn is_collection(token: &str, path: &str) -> bool {
    COLLECTIONS.iter().any(|(types, paths)| types.contains(&token) && paths.contains(&path))
}

const COLLECTIONS: &[Collections] = &[
    (
        &["user", "group", "device", "orgContact", "organization"],
        &[
            "addresses",
            "alternativeSecurityIds",
            "assignedLabels",
            "assignedLicenses",
            "assignedPlans",
            "businessPhones",
            "groupTypes",
            "identities",
            "imAddresses",
            "infoCatalogs",
            "interests",
            "licenseAssignmentStates",
            "marketingNotificationEmails",
            "onPremisesProvisioningErrors",
            "otherMails",
            "pastProjects",
            "phones",
            "physicalIds",
            "provisionedPlans",
            "proxyAddresses",
            "resourceBehaviorOptions",
            "resourceProvisioningOptions",
            "responsibilities",
            "schools",
            "securityComplianceNotificationMails",
            "securityComplianceNotificationPhones",
            "serviceProvisioningErrors",
            "skills",
            "systemLabels",
            "technicalNotificationMails",
            "verifiedDomains",
        ],
    ),
    (
        &["application", "servicePrincipal"],
        &[
            "addIns",
            "alternativeNames",
            "api/knownClientApplications",
            "api/oauth2PermissionScopes",
            "api/preAuthorizedApplications",
            "appRoles",
            "identifierUris",
            "keyCredentials",
            "managerApplications",
            "notificationEmailAddresses",
            "oauth2PermissionScopes",
            "optionalClaims/accessToken",
            "optionalClaims/idToken",
            "optionalClaims/saml2Token",
            "passwordCredentials",
            "publicClient/redirectUris",
            "replyUrls",
            "requiredResourceAccess",
            "resourceSpecificApplicationPermissions",
            "servicePrincipalNames",
            "spa/redirectUris",
            "tags",
            "web/redirectUriSettings",
            "web/redirectUris",
        ],
    ),
    (
        &["conditionalAccessPolicy"],
        &[
            "conditions/applications/excludeApplications",
            "conditions/applications/includeApplications",
            "conditions/applications/includeAuthenticationContextClassReferences",
            "conditions/applications/includeUserActions",
            "conditions/clientAppTypes",
            "conditions/clientApplications/excludeServicePrincipals",
            "conditions/clientApplications/includeServicePrincipals",
            "conditions/devices/excludeDevices",
            "conditions/devices/includeDevices",
            "conditions/locations/excludeLocations",
            "conditions/locations/includeLocations",
            "conditions/platforms/excludePlatforms",
            "conditions/platforms/includePlatforms",
            "conditions/servicePrincipalRiskLevels",
            "conditions/signInRiskLevels",
            "conditions/userRiskLevels",
            "conditions/users/excludeGroups",
            "conditions/users/excludeGuestsOrExternalUsers/externalTenants/members",
            "conditions/users/excludeRoles",
            "conditions/users/excludeUsers",
            "conditions/users/includeGroups",
            "conditions/users/includeGuestsOrExternalUsers/externalTenants/members",
            "conditions/users/includeRoles",
            "conditions/users/includeUsers",
            "grantControls/builtInControls",
            "grantControls/customAuthenticationFactors",
            "grantControls/termsOfUse",
        ],
    ),
    (&["namedLocation"], &["countriesAndRegions", "ipRanges"]),
    (&["authenticationStrengthPolicy"], &["allowedCombinations", "combinationConfigurations"]),
    (
        &[
            "emailAuthenticationMethodConfiguration",
            "externalAuthenticationMethodConfiguration",
            "fido2AuthenticationMethodConfiguration",
            "microsoftAuthenticatorAuthenticationMethodConfiguration",
            "qrCodePinAuthenticationMethodConfiguration",
            "smsAuthenticationMethodConfiguration",
            "softwareOathAuthenticationMethodConfiguration",
            "temporaryAccessPassAuthenticationMethodConfiguration",
            "verifiableCredentialsAuthenticationMethodConfiguration",
            "voiceAuthenticationMethodConfiguration",
            "x509CertificateAuthenticationMethodConfiguration",
        ],
        &["excludeTargets", "includeTargets", "keyRestrictions/aaGuids"],
    ),
    (
        &["x509CertificateAuthenticationMethodConfiguration"],
        &["certificateAuthorityScopes", "certificateUserBindings"],
    ),
    (&["roleDefinition"], &["resourceScopes", "rolePermissions"]),
    (
        &["authorizationPolicy"],
        &[
            "defaultUserRolePermissions/permissionGrantPoliciesAssigned",
            "permissionGrantPolicyIdsAssignedToDefaultUserRole",
        ],
    ),
    (&["crossTenantAccessPolicy"], &["allowedCloudEndpoints"]),
    (
        &["crossTenantAccessPolicyConfigurationDefault", "crossTenantAccessPolicyConfigurationPartner"],
        &[
            "b2bCollaborationInbound/applications/targets",
            "b2bCollaborationInbound/usersAndGroups/targets",
            "b2bCollaborationOutbound/applications/targets",
            "b2bCollaborationOutbound/usersAndGroups/targets",
            "b2bDirectConnectInbound/applications/targets",
            "b2bDirectConnectInbound/usersAndGroups/targets",
            "b2bDirectConnectOutbound/applications/targets",
            "b2bDirectConnectOutbound/usersAndGroups/targets",
            "invitationRedemptionIdentityProviderConfiguration/primaryIdentityProviderPrecedenceOrder",
            "tenantRestrictions/applications/targets",
            "tenantRestrictions/usersAndGroups/targets",
        ],
    ),
    (&["adminConsentRequestPolicy"], &["reviewers"]),
    (
        &[
            "activityBasedTimeoutPolicy",
            "claimsMappingPolicy",
            "homeRealmDiscoveryPolicy",
            "tokenIssuancePolicy",
            "tokenLifetimePolicy",
        ],
        &["definition"],
    ),
    (&["permissionGrantPolicy"], &["excludes", "includes"]),
    (
        &["accessReviewScheduleDefinition"],
        &["additionalNotificationRecipients", "fallbackReviewers", "reviewers", "stageSettings"],
    ),
    (&["accessPackageAssignmentPolicy"], &["specificAllowedTargets"]),
    (&["connectedOrganization"], &["identitySources"]),
    (&["domain"], &["supportedServices"]),
    (&["groupSetting"], &["values"]),
    (&["subscribedSku"], &["servicePlans", "subscriptionIds"]),
    (&["extensionProperty"], &["targetObjects"]),
    (&["federatedIdentityCredential"], &["audiences"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{PropertyType, by_token};

    #[test]
    fn every_collection_is_of_a_type_of_the_table_and_no_scalar_there() {
        for (types, paths) in COLLECTIONS {
            for token in *types {
                let found = by_token(token).unwrap_or_else(|| panic!("{token} is in the table"));
                for path in *paths {
                    let declared = found.property(path);
                    let is_scalar = declared.is_some_and(|kind| kind != PropertyType::Dynamic);
                    assert!(!is_scalar, "{token} {path} is declared as {declared:?}");
                }
            }
        }
    }
}
