//! What an application is in this tenant: enterprise applications, managed identities.

use crate::property::{boolean, date_time, dynamic, guid, string};
use crate::rule::{APPLICATION_SETS, MEMBERSHIP_CLAIMS, SIGN_INS};
use crate::{Bin, Graph, Guarded, Inside, Limit, Page, Recovery, Reference, Relation, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::ServicePrincipal,
    token: "servicePrincipal",
    table: "servicePrincipals",
    odata_types: &[
        "microsoft.graph.servicePrincipal",
        "microsoft.graph.agentIdentity",
        "microsoft.graph.agentIdentityBlueprintPrincipal",
    ],
    contexts: &["servicePrincipals"],
    folders: &["ServicePrincipals"],
    properties: &[
        boolean("accountEnabled").by_default().risky(),
        dynamic("addIns").collection().by_default(),
        dynamic("alternativeNames").collection().by_default(),
        string("appDescription").by_default().read_only(),
        string("appDisplayName").by_default().read_only(),
        string("appId").by_default().immutable(),
        guid("appOwnerOrganizationId").by_default().read_only(),
        boolean("appRoleAssignmentRequired").by_default(),
        dynamic("appRoles").collection().by_default().read_only(),
        string("applicationTemplateId").by_default().read_only(),
        string("createdByAppId").by_default().read_only(),
        date_time("createdDateTime").undeclared().by_default().read_only(),
        dynamic("customSecurityAttributes").risky(),
        date_time("deletedDateTime").by_default().read_only(),
        string("description").by_default(),
        string("disabledByMicrosoftStatus").by_default().read_only(),
        string("displayName").by_default(),
        string("homepage").by_default(),
        dynamic("info").by_default(),
        boolean("isDisabled").by_default(),
        dynamic("keyCredentials").collection().by_default(),
        string("loginUrl").by_default(),
        string("logoutUrl").by_default(),
        string("notes").by_default(),
        dynamic("notificationEmailAddresses").collection().by_default(),
        dynamic("oauth2PermissionScopes").collection().by_default().read_only(),
        dynamic("passwordCredentials").collection().by_default(),
        string("preferredSingleSignOnMode").by_default(),
        string("preferredTokenSigningKeyThumbprint").by_default(),
        dynamic("replyUrls").collection().by_default().risky(),
        dynamic("resourceSpecificApplicationPermissions").collection().by_default().read_only(),
        dynamic("samlSingleSignOnSettings").by_default(),
        dynamic("servicePrincipalNames").collection().by_default().risky(),
        string("servicePrincipalType").by_default().read_only(),
        string("signInAudience").by_default().read_only(),
        dynamic("tags").collection().by_default(),
        guid("tokenEncryptionKeyId").by_default(),
        dynamic("verifiedPublisher").by_default().read_only(),
    ],
    first: &[
        "appId",
        "servicePrincipalType",
        "accountEnabled",
        "appOwnerOrganizationId",
        "passwordCredentials",
        "keyCredentials",
        "replyUrls",
    ],
    nested_collections: &[
        "api/knownClientApplications",
        "api/oauth2PermissionScopes",
        "api/preAuthorizedApplications",
        "optionalClaims/accessToken",
        "optionalClaims/idToken",
        "optionalClaims/saml2Token",
        "publicClient/redirectUris",
        "spa/redirectUris",
        "web/redirectUriSettings",
        "web/redirectUris",
    ],
    relations: &[
        Relation {
            name: "owners",
            read: Some("/servicePrincipals/{id}/owners"),
            targets: &[TypeId::User, TypeId::ServicePrincipal],
            add: Some(Reference::post("/servicePrincipals/{id}/owners/$ref")),
            remove: Some(Reference::delete("/servicePrincipals/{id}/owners/{targetId}/$ref")),
            is_always_read: true,
            ..Relation::NONE
        },
        Relation {
            name: "claimsMappingPolicies",
            read: Some("/servicePrincipals/{id}/claimsMappingPolicies"),
            targets: &[TypeId::ClaimsMappingPolicy],
            add: Some(Reference::post("/servicePrincipals/{id}/claimsMappingPolicies/$ref")),
            remove: Some(Reference::delete("/servicePrincipals/{id}/claimsMappingPolicies/{targetId}/$ref")),
            ..Relation::NONE
        },
        Relation {
            name: "homeRealmDiscoveryPolicies",
            read: Some("/servicePrincipals/{id}/homeRealmDiscoveryPolicies"),
            targets: &[TypeId::HomeRealmDiscoveryPolicy],
            add: Some(Reference::post("/servicePrincipals/{id}/homeRealmDiscoveryPolicies/$ref")),
            remove: Some(Reference::delete(
                "/servicePrincipals/{id}/homeRealmDiscoveryPolicies/{targetId}/$ref",
            )),
            ..Relation::NONE
        },
        Relation {
            name: "tokenLifetimePolicies",
            read: Some("/servicePrincipals/{id}/tokenLifetimePolicies"),
            targets: &[TypeId::TokenLifetimePolicy],
            add: Some(Reference::post("/servicePrincipals/{id}/tokenLifetimePolicies/$ref")),
            remove: Some(Reference::delete("/servicePrincipals/{id}/tokenLifetimePolicies/{targetId}/$ref")),
            ..Relation::NONE
        },
        Relation {
            name: "tokenIssuancePolicies",
            read: Some("/servicePrincipals/{id}/tokenIssuancePolicies"),
            targets: &[TypeId::TokenIssuancePolicy],
            add: Some(Reference::post("/servicePrincipals/{id}/tokenIssuancePolicies/$ref")),
            remove: Some(Reference::delete("/servicePrincipals/{id}/tokenIssuancePolicies/{targetId}/$ref")),
            ..Relation::NONE
        },
        Relation {
            name: "appManagementPolicies",
            read: Some("/servicePrincipals/{id}/appManagementPolicies"),
            targets: &[TypeId::AppManagementPolicy],
            add: Some(Reference::post("/servicePrincipals/{id}/appManagementPolicies/$ref")),
            remove: Some(Reference::delete("/servicePrincipals/{id}/appManagementPolicies/{targetId}/$ref")),
            ..Relation::NONE
        },
    ],
    rules: &[SIGN_INS, APPLICATION_SETS, MEMBERSHIP_CLAIMS],
    has_unique_ids: true,
    graph: Graph {
        list: Some("/servicePrincipals"),
        get: "/servicePrincipals/{id}",
        delta: Some("/servicePrincipals/delta"),
        page: Some(Page { default: 100, max: 999 }),
        is_partial: true,
        guarded: &[Guarded {
            property: "customSecurityAttributes",
            read: &["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"],
        }],
        bin: Some(Bin {
            list: "/directory/deletedItems/microsoft.graph.servicePrincipal",
            restore: "/directory/deletedItems/{id}/restore",
            purge: Some("/directory/deletedItems/{id}"),
            version: Version::V1,
        }),
        inside: &[Inside {
            is_of_granted: true,
            ..Inside::new(
                "delegatedPermissionClassifications",
                "/servicePrincipals/{id}/delegatedPermissionClassifications",
            )
        }],
        limit: Limit::Identity,
        read: &["Application.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["appId"],
        native_only: &["servicePrincipalType"],
        write: &["Application.ReadWrite.All"],
        write_extra: &[
            "Application.ReadWrite.OwnedBy",
            "AppRoleAssignment.ReadWrite.All (appRoleAssignedTo)",
            "DelegatedPermissionGrant.ReadWrite.All (oauth2PermissionGrants)",
            "Policy.Read.All + Application.ReadWrite.All (policy assignments)",
            "CustomSecAttributeAssignment.ReadWrite.All (customSecurityAttributes)",
            "Policy.ReadWrite.PermissionGrant (delegatedPermissionClassifications)",
        ],
        ..Recovery::NONE
    },
    ..Type::NONE
};
