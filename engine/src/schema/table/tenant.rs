//! The tenant itself, and governance.

use super::super::{Columns, Relation, Type};

/// The types of this part of the table.
pub(crate) const TYPES: &[Type] = &[
    Type {
        token: "organization",
        table: "organization",
        odata_types: &["microsoft.graph.organization"],
        contexts: &["organization"],
        folders: &["Organization/Organization"],
        columns: Columns {
            strings: &[
                "city",
                "country",
                "countryLetterCode",
                "defaultUsageLocation",
                "displayName",
                "mobileDeviceManagementAuthority",
                "partnerTenantType",
                "postalCode",
                "preferredLanguage",
                "state",
                "street",
                "tenantType",
            ],
            booleans: &["onPremisesSyncEnabled"],
            date_times: &["createdDateTime", "deletedDateTime", "onPremisesLastSyncDateTime"],
            dynamics: &[
                "assignedPlans",
                "businessPhones",
                "marketingNotificationEmails",
                "privacyProfile",
                "provisionedPlans",
                "securityComplianceNotificationMails",
                "securityComplianceNotificationPhones",
                "technicalNotificationMails",
                "verifiedDomains",
            ],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "domain",
        table: "domains",
        odata_types: &["microsoft.graph.domain"],
        contexts: &["domains"],
        folders: &["Domains"],
        columns: Columns {
            strings: &["authenticationType", "availabilityStatus", "manufacturer", "model"],
            booleans: &["isAdminManaged", "isDefault", "isInitial", "isRoot", "isVerified"],
            int32s: &["passwordNotificationWindowInDays", "passwordValidityPeriodInDays"],
            dynamics: &["state", "supportedServices"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "groupSetting",
        table: "groupSettings",
        odata_types: &["microsoft.graph.groupSetting", "microsoft.graph.directorySetting"],
        contexts: &["groupSettings", "settings"],
        folders: &["GroupSettings"],
        columns: Columns { strings: &["displayName", "templateId"], dynamics: &["values"], ..Columns::NONE },
        ..Type::NONE
    },
    Type {
        token: "groupLifecyclePolicy",
        table: "groupLifecyclePolicies",
        odata_types: &["microsoft.graph.groupLifecyclePolicy"],
        contexts: &["groupLifecyclePolicies"],
        columns: Columns {
            strings: &["alternateNotificationEmails", "managedGroupTypes"],
            int32s: &["groupLifetimeInDays"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "subscribedSku",
        table: "subscribedSkus",
        odata_types: &["microsoft.graph.subscribedSku"],
        contexts: &["subscribedSkus"],
        folders: &["SubscribedSkus"],
        columns: Columns {
            strings: &["accountId", "accountName", "appliesTo", "capabilityStatus", "skuPartNumber"],
            int32s: &["consumedUnits"],
            guids: &["skuId"],
            dynamics: &["prepaidUnits", "servicePlans", "subscriptionIds"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "accessReviewScheduleDefinition",
        table: "accessReviewScheduleDefinitions",
        odata_types: &["microsoft.graph.accessReviewScheduleDefinition"],
        contexts: &["identityGovernance/accessReviews/definitions"],
        folders: &["IdentityGovernance/AccessReviews"],
        columns: Columns {
            strings: &["descriptionForAdmins", "descriptionForReviewers", "displayName", "status"],
            date_times: &["createdDateTime", "lastModifiedDateTime"],
            dynamics: &[
                "additionalNotificationRecipients",
                "createdBy",
                "fallbackReviewers",
                "instanceEnumerationScope",
                "reviewers",
                "scope",
                "settings",
                "stageSettings",
            ],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "accessPackage",
        table: "accessPackages",
        odata_types: &["microsoft.graph.accessPackage"],
        contexts: &["identityGovernance/entitlementManagement/accessPackages"],
        folders: &["IdentityGovernance/EntitlementManagement/AccessPackages"],
        columns: Columns {
            strings: &["description", "displayName"],
            booleans: &["isHidden"],
            date_times: &["createdDateTime", "modifiedDateTime"],
            ..Columns::NONE
        },
        relations: &[
            Relation::to_many("incompatibleGroups"),
            Relation::to_many("incompatibleAccessPackages"),
        ],
        ..Type::NONE
    },
    Type {
        token: "accessPackageCatalog",
        table: "accessPackageCatalogs",
        odata_types: &["microsoft.graph.accessPackageCatalog"],
        contexts: &["identityGovernance/entitlementManagement/catalogs"],
        columns: Columns {
            strings: &["catalogType", "description", "displayName", "state"],
            booleans: &["isExternallyVisible"],
            date_times: &["createdDateTime", "modifiedDateTime"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "accessPackageAssignmentPolicy",
        table: "accessPackageAssignmentPolicies",
        odata_types: &["microsoft.graph.accessPackageAssignmentPolicy"],
        contexts: &["identityGovernance/entitlementManagement/assignmentPolicies"],
        columns: Columns {
            strings: &["allowedTargetScope", "description", "displayName"],
            date_times: &["createdDateTime", "modifiedDateTime"],
            dynamics: &[
                "automaticRequestSettings",
                "expiration",
                "notificationSettings",
                "requestApprovalSettings",
                "requestorSettings",
                "reviewSettings",
                "specificAllowedTargets",
            ],
            ..Columns::NONE
        },
        ..Type::NONE
    },
    Type {
        token: "connectedOrganization",
        table: "connectedOrganizations",
        odata_types: &["microsoft.graph.connectedOrganization"],
        contexts: &["identityGovernance/entitlementManagement/connectedOrganizations"],
        folders: &["IdentityGovernance/EntitlementManagement/ConnectedOrganizations"],
        columns: Columns {
            strings: &["description", "displayName", "state"],
            date_times: &["createdDateTime", "modifiedDateTime"],
            dynamics: &["identitySources"],
            ..Columns::NONE
        },
        relations: &[Relation::to_many("internalSponsors"), Relation::to_many("externalSponsors")],
        ..Type::NONE
    },
    Type {
        token: "agreement",
        table: "agreements",
        odata_types: &["microsoft.graph.agreement"],
        contexts: &["identityGovernance/termsOfUse/agreements"],
        folders: &["IdentityGovernance/TermsOfUse/Agreements"],
        columns: Columns {
            strings: &["displayName", "userReacceptRequiredFrequency"],
            booleans: &["isPerDeviceAcceptanceRequired", "isViewingBeforeAcceptanceRequired"],
            dynamics: &["termsExpiration"],
            ..Columns::NONE
        },
        ..Type::NONE
    },
];
