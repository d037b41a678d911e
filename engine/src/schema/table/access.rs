//! Roles, assignments, grants, and conditional access.

use super::super::{Columns, KeyPart, Relation, Type};

/// The types of this part of the table.
pub(crate) const TYPES: &[Type] = &[
    Type {
        token: "directoryRole",
        table: "directoryRoles",
        odata_types: &["microsoft.graph.directoryRole"],
        contexts: &["directoryRoles"],
        folders: &["DirectoryRoles"],
        columns: Columns {
            strings: &["description", "displayName", "roleTemplateId"],
            date_times: &["deletedDateTime"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("members")],
        ..Type::NONE
    },
    Type {
        token: "directoryRoleTemplate",
        table: "directoryRoleTemplates",
        odata_types: &["microsoft.graph.directoryRoleTemplate"],
        contexts: &["directoryRoleTemplates"],
        columns: Columns {
            strings: &["description", "displayName"],
            date_times: &["deletedDateTime"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "roleDefinition",
        table: "roleDefinitions",
        odata_types: &["microsoft.graph.unifiedRoleDefinition"],
        contexts: &["roleManagement/directory/roleDefinitions"],
        folders: &["RoleManagement/Directory/RoleDefinitions"],
        columns: Columns {
            strings: &["description", "displayName", "templateId", "version"],
            booleans: &["isBuiltIn", "isEnabled"],
            dynamics: &["resourceScopes", "rolePermissions"],
            ..Columns::NONE
        },
        has_bin: true,
        ..Type::NONE
    },
    Type {
        token: "roleAssignment",
        table: "roleAssignments",
        odata_types: &["microsoft.graph.unifiedRoleAssignment"],
        contexts: &["roleManagement/directory/roleAssignments"],
        folders: &["RoleManagement/Directory/RoleAssignments"],
        columns: Columns {
            strings: &[
                "appScopeId",
                "condition",
                "directoryScopeId",
                "principalId",
                "principalOrganizationId",
                "roleDefinitionId",
            ],
            ..Columns::NONE
        },
        natural_key: &[
            KeyPart::required("principalId"),
            KeyPart::required("roleDefinitionId"),
            KeyPart::required("directoryScopeId"),
        ],
        is_relation_object: true,
        ..Type::NONE
    },
    Type {
        token: "roleAssignmentSchedule",
        table: "roleAssignmentSchedules",
        odata_types: &["microsoft.graph.unifiedRoleAssignmentSchedule"],
        contexts: &["roleManagement/directory/roleAssignmentSchedules"],
        columns: Columns {
            strings: &[
                "appScopeId",
                "assignmentType",
                "createdUsing",
                "directoryScopeId",
                "memberType",
                "principalId",
                "roleDefinitionId",
                "status",
            ],
            date_times: &["createdDateTime", "modifiedDateTime"],
            dynamics: &["scheduleInfo"],
            ..Columns::NONE
        },
        natural_key: &[
            KeyPart::required("principalId"),
            KeyPart::required("roleDefinitionId"),
            KeyPart::required("directoryScopeId"),
            KeyPart::only("assignmentType", "Activated"),
        ],
        is_relation_object: true,
        ..Type::NONE
    },
    Type {
        token: "roleEligibilitySchedule",
        table: "roleEligibilitySchedules",
        odata_types: &["microsoft.graph.unifiedRoleEligibilitySchedule"],
        contexts: &["roleManagement/directory/roleEligibilitySchedules"],
        columns: Columns {
            strings: &[
                "appScopeId",
                "createdUsing",
                "directoryScopeId",
                "memberType",
                "principalId",
                "roleDefinitionId",
                "status",
            ],
            date_times: &["createdDateTime", "modifiedDateTime"],
            dynamics: &["scheduleInfo"],
            ..Columns::NONE
        },
        natural_key: &[
            KeyPart::required("principalId"),
            KeyPart::required("roleDefinitionId"),
            KeyPart::required("directoryScopeId"),
        ],
        is_relation_object: true,
        ..Type::NONE
    },
    Type {
        token: "oauth2PermissionGrant",
        table: "oauth2PermissionGrants",
        odata_types: &["microsoft.graph.oAuth2PermissionGrant", "microsoft.graph.oauth2PermissionGrant"],
        contexts: &["oauth2PermissionGrants", "servicePrincipals/oauth2PermissionGrants"],
        folders: &["ServicePrincipals/*/Oauth2PermissionGrants"],
        columns: Columns {
            strings: &["clientId", "consentType", "principalId", "resourceId", "scope"],
            ..Columns::NONE
        },
        natural_key: &[
            KeyPart::required("clientId"),
            KeyPart::required("consentType"),
            KeyPart::nullable("principalId"),
            KeyPart::required("resourceId"),
        ],
        is_relation_object: true,
        ..Type::NONE
    },
    Type {
        token: "appRoleAssignment",
        table: "appRoleAssignments",
        odata_types: &["microsoft.graph.appRoleAssignment"],
        contexts: &[
            "appRoleAssignments",
            "servicePrincipals/appRoleAssignedTo",
            "servicePrincipals/appRoleAssignments",
            "users/appRoleAssignments",
            "groups/appRoleAssignments",
        ],
        folders: &["ServicePrincipals/*/AppRoleAssignments", "ServicePrincipals/*/AppRoleAssignedTo"],
        columns: Columns {
            strings: &["principalDisplayName", "principalType", "resourceDisplayName"],
            date_times: &["createdDateTime", "deletedDateTime"],
            guids: &["appRoleId", "principalId", "resourceId"],
            ..Columns::NONE
        },
        natural_key: &[
            KeyPart::required("principalId"),
            KeyPart::required("resourceId"),
            KeyPart::required("appRoleId"),
        ],
        is_relation_object: true,
        ..Type::NONE
    },
    Type {
        token: "permissionGrantPolicy",
        table: "permissionGrantPolicies",
        odata_types: &["microsoft.graph.permissionGrantPolicy"],
        contexts: &["policies/permissionGrantPolicies"],
        folders: &["Policies/PermissionGrantPolicies"],
        columns: Columns {
            strings: &["description", "displayName"],
            date_times: &["deletedDateTime"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "conditionalAccessPolicy",
        table: "conditionalAccessPolicies",
        odata_types: &["microsoft.graph.conditionalAccessPolicy"],
        contexts: &[
            "identity/conditionalAccess/policies",
            "conditionalAccess/policies",
            "policies/conditionalAccessPolicies",
        ],
        folders: &["Identity/Conditional/AccessPolicies"],
        columns: Columns {
            strings: &["description", "displayName", "state", "templateId"],
            date_times: &["createdDateTime", "deletedDateTime", "modifiedDateTime"],
            dynamics: &["conditions", "grantControls", "sessionControls"],
            ..Columns::NONE
        },
        has_bin: true,
        ..Type::NONE
    },
    Type {
        token: "namedLocation",
        table: "namedLocations",
        odata_types: &[
            "microsoft.graph.namedLocation",
            "microsoft.graph.ipNamedLocation",
            "microsoft.graph.countryNamedLocation",
        ],
        contexts: &["identity/conditionalAccess/namedLocations", "conditionalAccess/namedLocations"],
        folders: &["Identity/Conditional/NamedLocations"],
        columns: Columns {
            strings: &["countryLookupMethod", "displayName"],
            booleans: &["includeUnknownCountriesAndRegions", "isTrusted"],
            date_times: &["createdDateTime", "deletedDateTime", "modifiedDateTime"],
            dynamics: &["countriesAndRegions", "ipRanges"],
            ..Columns::NONE
        },
        has_bin: true,
        ..Type::NONE
    },
    Type {
        token: "authenticationContextClassReference",
        table: "authenticationContextClassReferences",
        odata_types: &["microsoft.graph.authenticationContextClassReference"],
        contexts: &["identity/conditionalAccess/authenticationContextClassReferences"],
        folders: &["Identity/Conditional/AuthenticationContexts"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isAvailable"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "authenticationStrengthPolicy",
        table: "authenticationStrengthPolicies",
        odata_types: &["microsoft.graph.authenticationStrengthPolicy"],
        contexts: &[
            "policies/authenticationStrengthPolicies",
            "identity/conditionalAccess/authenticationStrength/policies",
        ],
        columns: Columns {
            strings: &["description", "displayName", "policyType", "requirementsSatisfied"],
            date_times: &["createdDateTime", "modifiedDateTime"],
            dynamics: &["allowedCombinations"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
];
