//! Policies of tenant, applications and tokens.

use super::super::{Columns, KeyPart, Relation, Type};

/// The types of this part of the table.
pub(crate) const TYPES: &[Type] = &[
    Type {
        token: "authorizationPolicy",
        table: "authorizationPolicy",
        odata_types: &["microsoft.graph.authorizationPolicy"],
        contexts: &["policies/authorizationPolicy", "policies/authorizationPolicy/authorizationPolicy"],
        folders: &["Policies/AuthorizationPolicy"],
        columns: Columns {
            strings: &["allowInvitesFrom", "description", "displayName"],
            booleans: &[
                "allowEmailVerifiedUsersToJoinOrganization",
                "allowUserConsentForRiskyApps",
                "allowedToSignUpEmailBasedSubscriptions",
                "allowedToUseSSPR",
                "blockMsolPowerShell",
            ],
            date_times: &["deletedDateTime"],
            guids: &["guestUserRoleId"],
            dynamics: &["defaultUserRolePermissions"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "crossTenantAccessPolicy",
        table: "crossTenantAccessPolicy",
        odata_types: &["microsoft.graph.crossTenantAccessPolicy"],
        contexts: &["policies/crossTenantAccessPolicy"],
        folders: &["Policies/CrossTenantAccessPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            date_times: &["deletedDateTime"],
            dynamics: &["allowedCloudEndpoints"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "crossTenantAccessPolicyConfigurationDefault",
        table: "crossTenantAccessPolicyConfigurationDefault",
        odata_types: &["microsoft.graph.crossTenantAccessPolicyConfigurationDefault"],
        contexts: &["policies/crossTenantAccessPolicy/default"],
        folders: &["Policies/CrossTenantAccessPolicy/Default"],
        columns: Columns {
            booleans: &["isServiceDefault"],
            dynamics: &[
                "appServiceConnectInbound",
                "automaticUserConsentSettings",
                "b2bCollaborationInbound",
                "b2bCollaborationOutbound",
                "b2bDirectConnectInbound",
                "b2bDirectConnectOutbound",
                "inboundTrust",
                "invitationRedemptionIdentityProviderConfiguration",
                "m365CollaborationInbound",
                "m365CollaborationOutbound",
                "tenantRestrictions",
            ],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "crossTenantAccessPolicyConfigurationPartner",
        table: "crossTenantAccessPolicyConfigurationPartners",
        odata_types: &["microsoft.graph.crossTenantAccessPolicyConfigurationPartner"],
        contexts: &["policies/crossTenantAccessPolicy/partners"],
        folders: &["Policies/CrossTenantAccessPolicy/Partners"],
        columns: Columns {
            strings: &["tenantId"],
            booleans: &["isInMultiTenantOrganization", "isServiceProvider"],
            dynamics: &[
                "appServiceConnectInbound",
                "automaticUserConsentSettings",
                "b2bCollaborationInbound",
                "b2bCollaborationOutbound",
                "b2bDirectConnectInbound",
                "b2bDirectConnectOutbound",
                "inboundTrust",
                "m365CollaborationInbound",
                "m365CollaborationOutbound",
                "tenantRestrictions",
            ],
            ..Columns::NONE
        },
        natural_key: &[KeyPart::required("tenantId")],
        has_bin: true,
        ..Type::NONE
    },
    Type {
        token: "identitySecurityDefaultsEnforcementPolicy",
        table: "identitySecurityDefaultsEnforcementPolicy",
        odata_types: &["microsoft.graph.identitySecurityDefaultsEnforcementPolicy"],
        contexts: &["policies/identitySecurityDefaultsEnforcementPolicy"],
        folders: &["Policies/IdentitySecurityDefaultsEnforcementPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isEnabled"],
            date_times: &["deletedDateTime"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "adminConsentRequestPolicy",
        table: "adminConsentRequestPolicy",
        odata_types: &["microsoft.graph.adminConsentRequestPolicy"],
        contexts: &["policies/adminConsentRequestPolicy"],
        folders: &["Policies/AdminConsentRequestPolicy"],
        columns: Columns {
            booleans: &["isEnabled", "notifyReviewers", "remindersEnabled"],
            int32s: &["requestDurationInDays", "version"],
            dynamics: &["reviewers"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "authenticationFlowsPolicy",
        table: "authenticationFlowsPolicy",
        odata_types: &["microsoft.graph.authenticationFlowsPolicy"],
        contexts: &["policies/authenticationFlowsPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            dynamics: &["selfServiceSignUp"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "tenantAppManagementPolicy",
        table: "tenantAppManagementPolicy",
        odata_types: &["microsoft.graph.tenantAppManagementPolicy"],
        contexts: &["policies/defaultAppManagementPolicy"],
        folders: &["Policies/DefaultAppManagementPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isEnabled"],
            date_times: &["deletedDateTime"],
            dynamics: &["applicationRestrictions", "servicePrincipalRestrictions"],
            ..Columns::NONE
        },
        is_singleton: true,
        ..Type::NONE
    },
    Type {
        token: "appManagementPolicy",
        table: "appManagementPolicies",
        odata_types: &["microsoft.graph.appManagementPolicy"],
        contexts: &["policies/appManagementPolicies"],
        folders: &["Policies/AppManagementPolicies"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isEnabled"],
            date_times: &["deletedDateTime"],
            dynamics: &["restrictions"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "claimsMappingPolicy",
        table: "claimsMappingPolicies",
        odata_types: &["microsoft.graph.claimsMappingPolicy"],
        contexts: &["policies/claimsMappingPolicies"],
        folders: &["Policies/ClaimsMappingPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isOrganizationDefault"],
            date_times: &["deletedDateTime"],
            dynamics: &["definition"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
    Type {
        token: "homeRealmDiscoveryPolicy",
        table: "homeRealmDiscoveryPolicies",
        odata_types: &["microsoft.graph.homeRealmDiscoveryPolicy"],
        contexts: &["policies/homeRealmDiscoveryPolicies"],
        folders: &["Policies/HomeRealmDiscoveryPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isOrganizationDefault"],
            date_times: &["deletedDateTime"],
            dynamics: &["definition"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
    Type {
        token: "tokenLifetimePolicy",
        table: "tokenLifetimePolicies",
        odata_types: &["microsoft.graph.tokenLifetimePolicy"],
        contexts: &["policies/tokenLifetimePolicies"],
        folders: &["Policies/TokenLifetimePolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isOrganizationDefault"],
            date_times: &["deletedDateTime"],
            dynamics: &["definition"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
    Type {
        token: "tokenIssuancePolicy",
        table: "tokenIssuancePolicies",
        odata_types: &["microsoft.graph.tokenIssuancePolicy"],
        contexts: &["policies/tokenIssuancePolicies"],
        folders: &["Policies/TokenIssuancePolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isOrganizationDefault"],
            date_times: &["deletedDateTime"],
            dynamics: &["definition"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
    Type {
        token: "activityBasedTimeoutPolicy",
        table: "activityBasedTimeoutPolicies",
        odata_types: &["microsoft.graph.activityBasedTimeoutPolicy"],
        contexts: &["policies/activityBasedTimeoutPolicies"],
        folders: &["Policies/ActivityBasedTimeoutPolicy"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isOrganizationDefault"],
            date_times: &["deletedDateTime"],
            dynamics: &["definition"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
    Type {
        token: "featureRolloutPolicy",
        table: "featureRolloutPolicies",
        odata_types: &["microsoft.graph.featureRolloutPolicy"],
        contexts: &["policies/featureRolloutPolicies"],
        folders: &["Policies/FeatureRolloutPolicies"],
        columns: Columns {
            strings: &["description", "displayName", "feature"],
            booleans: &["isAppliedToOrganization", "isEnabled"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("appliesTo")],
        ..Type::NONE
    },
];
