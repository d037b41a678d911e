//! What does not count as a change, declared by path: properties the server moves by itself, and what can be written in
//! more than one way. What a path without a rule means is in [`crate::same`].

/// What a rule says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// The server changes it without anyone's act: kept, and not compared.
    Volatile,
    /// Its arrays are sets, at every depth: the order of elements is not compared. So are all others that nothing is
    /// declared of. Content hashes of table version 1 depend on which paths these are: none comes or goes.
    Unordered,
    /// The order of its elements means something.
    Ordered,
    /// A text, or each text in it, lists names with commas between them, in no order.
    CommaList,
    /// A text lists names with blanks between them, in no order.
    SpaceList,
    /// The start of a schedule, which the server moves where the schedule has no end.
    Start,
}

/// One declared exception from plain comparison.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The types it is about; empty for all.
    pub types: &'static [&'static str],
    /// The paths it is about, and all below them.
    pub paths: &'static [&'static str],
    /// What it says.
    pub kind: RuleKind,
    /// Why.
    pub why: &'static str,
}

/// The rule of a kind about exactly this path.
pub(super) fn find(token: &str, path: &str, kind: RuleKind) -> Option<&'static Rule> {
    of(token).find(|rule| rule.kind == kind && rule.paths.contains(&path))
}

pub(super) fn of(token: &str) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.types.is_empty() || rule.types.contains(&token))
}

const fn volatile(types: &'static [&'static str], paths: &'static [&'static str], why: &'static str) -> Rule {
    Rule { types, paths, kind: RuleKind::Volatile, why }
}

const fn unordered(
    types: &'static [&'static str],
    paths: &'static [&'static str],
    why: &'static str,
) -> Rule {
    Rule { types, paths, kind: RuleKind::Unordered, why }
}

const fn rule(
    kind: RuleKind,
    types: &'static [&'static str],
    paths: &'static [&'static str],
    why: &'static str,
) -> Rule {
    Rule { types, paths, kind, why }
}

/// All rules. A path may have one of each kind.
const RULES: &[Rule] = &[
    volatile(
        &["user", "group", "device", "orgContact", "organization"],
        &["onPremisesLastSyncDateTime", "onPremisesLastPasswordSyncDateTime"],
        "moves with every run of the synchronisation, whether or not it changed anything",
    ),
    volatile(
        &["user", "group", "orgContact"],
        &["onPremisesProvisioningErrors", "serviceProvisioningErrors"],
        "comes and goes as the server tries again; nobody writes it",
    ),
    volatile(&["user", "servicePrincipal"], &["signInActivity"], "moves with every sign-in"),
    volatile(
        &["user", "organization"],
        &["assignedPlans", "provisionedPlans"],
        "follows from the licences, and moves whenever Microsoft adds a plan to a licence; assignedLicenses is compared",
    ),
    volatile(
        &["user"],
        &["licenseAssignmentStates"],
        "holds the time of the last processing, which moves by itself; assignedLicenses is compared",
    ),
    volatile(
        &["group"],
        &["licenseProcessingState", "membershipRuleProcessingStatus", "hasMembersWithLicenseErrors"],
        "tells how far the server has come; nobody writes it",
    ),
    volatile(
        &["group"],
        &[
            "unseenConversationsCount",
            "unseenCount",
            "unseenMessagesCount",
            "isFavorite",
            "isSubscribedByMail",
        ],
        "depends on who reads it, and moves with every message",
    ),
    volatile(
        &["group"],
        &["renewedDateTime", "expirationDateTime"],
        "activity of the members renews a group by itself, and the expiry follows",
    ),
    volatile(
        &["device"],
        &["approximateLastSignInDateTime", "complianceExpirationDateTime"],
        "moves with every sign-in or check-in of the device; isCompliant is compared",
    ),
    volatile(
        &["appRoleAssignment"],
        &["createdDateTime", "creationTimestamp"],
        "is stamped anew when the same assignment is made again",
    ),
    volatile(
        &["appRoleAssignment"],
        &["principalDisplayName", "resourceDisplayName", "principalType"],
        "is copied from the object it names, where its change shows",
    ),
    volatile(
        &["roleAssignmentSchedule", "roleEligibilitySchedule"],
        &["createdDateTime", "createdUsing"],
        "is stamped anew when the same assignment is made again",
    ),
    volatile(
        &[],
        &["modifiedDateTime", "lastModifiedDateTime"],
        "every write stamps it, so putting a value back could never end a difference",
    ),
    volatile(
        &["conditionalAccessPolicy"],
        &[
            "grantControls/authenticationStrength/displayName",
            "grantControls/authenticationStrength/description",
            "grantControls/authenticationStrength/policyType",
            "grantControls/authenticationStrength/requirementsSatisfied",
            "grantControls/authenticationStrength/allowedCombinations",
            "grantControls/authenticationStrength/combinationConfigurations",
            "grantControls/authenticationStrength/createdDateTime",
            "grantControls/authenticationStrength/modifiedDateTime",
        ],
        "Graph expands the strength on reading; what was set is its id, and the strength is an object of its own",
    ),
    volatile(
        &["authenticationStrengthPolicy"],
        &["combinationConfigurations/id"],
        "is given anew when the same restriction is made again",
    ),
    volatile(
        &["permissionGrantPolicy"],
        &["includes/id", "excludes/id"],
        "is given anew when the same conditions are made again",
    ),
    volatile(
        &["accessPackage"],
        &["resourceRoleScopes/id", "resourceRoleScopes/createdDateTime"],
        "is given anew when the same role is added again",
    ),
    volatile(
        &["subscribedSku"],
        &["consumedUnits"],
        "counts what is assigned, which shows on users and groups",
    ),
    volatile(&["domain"], &["state"], "tells how far the server has come with its last operation"),
    volatile(&["accessReviewScheduleDefinition"], &["status", "instances"], "moves with the schedule"),
    unordered(
        &["user", "group", "device", "orgContact", "organization"],
        &[
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
            "otherMails",
            "provisionedPlans",
            "proxyAddresses",
            "resourceBehaviorOptions",
            "resourceProvisioningOptions",
            "responsibilities",
            "schools",
            "securityComplianceNotificationMails",
            "securityComplianceNotificationPhones",
            "skills",
            "pastProjects",
            "technicalNotificationMails",
            "verifiedDomains",
            "alternativeSecurityIds",
            "physicalIds",
            "systemLabels",
            "hostnames",
            "addresses",
            "phones",
        ],
        "the directory keeps these values as sets and gives them in any order",
    ),
    unordered(
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
        "the directory keeps these values as sets and gives them in any order",
    ),
    unordered(
        &["conditionalAccessPolicy"],
        &[
            "conditions/applications",
            "conditions/clientAppTypes",
            "conditions/clientApplications",
            "conditions/devices",
            "conditions/insiderRiskLevels",
            "conditions/locations",
            "conditions/platforms",
            "conditions/servicePrincipalRiskLevels",
            "conditions/signInRiskLevels",
            "conditions/userRiskLevels",
            "conditions/users",
            "grantControls",
        ],
        "a policy includes, excludes and requires sets; their order means nothing",
    ),
    unordered(
        &["namedLocation"],
        &["countriesAndRegions", "ipRanges"],
        "a location is the union of its ranges or countries",
    ),
    unordered(&["roleDefinition"], &["rolePermissions"], "a role allows the union of its permissions"),
    unordered(&["roleDefinition"], &["resourceScopes"], "a role is assignable in any of its scopes"),
    unordered(
        &["authenticationStrengthPolicy"],
        &["allowedCombinations", "combinationConfigurations"],
        "any one of the combinations satisfies it",
    ),
    unordered(
        &[],
        &["includeTargets", "excludeTargets"],
        "a method is for the union of its targets, without those excluded",
    ),
    unordered(
        &["authenticationMethodsPolicy"],
        &[
            "authenticationMethodConfigurations",
            "registrationEnforcement/authenticationMethodsRegistrationCampaign/includeTargets",
            "registrationEnforcement/authenticationMethodsRegistrationCampaign/excludeTargets",
        ],
        "each configuration has an ID of its own; targets form a union",
    ),
    unordered(
        &["fido2AuthenticationMethodConfiguration"],
        &["keyRestrictions/aaGuids"],
        "the keys allowed or blocked form a set",
    ),
    unordered(
        &["crossTenantAccessPolicyConfigurationDefault", "crossTenantAccessPolicyConfigurationPartner"],
        &[
            "b2bCollaborationInbound",
            "b2bCollaborationOutbound",
            "b2bDirectConnectInbound",
            "b2bDirectConnectOutbound",
            "m365CollaborationInbound",
            "m365CollaborationOutbound",
            "appServiceConnectInbound",
            "tenantRestrictions",
        ],
        "access is for the union of its targets",
    ),
    unordered(
        &["authorizationPolicy"],
        &[
            "defaultUserRolePermissions/permissionGrantPoliciesAssigned",
            "permissionGrantPolicyIdsAssignedToDefaultUserRole",
        ],
        "any one of the grant policies allows a consent",
    ),
    unordered(
        &["permissionGrantPolicy"],
        &["includes", "excludes"],
        "a consent is allowed by any set it is included in",
    ),
    unordered(&["groupSetting"], &["values"], "the settings are pairs of name and value"),
    unordered(&["domain"], &["supportedServices"], "the services form a set"),
    unordered(&["subscribedSku"], &["servicePlans", "subscriptionIds"], "the plans form a set"),
    unordered(&["extensionProperty"], &["targetObjects"], "the types it applies to form a set"),
    unordered(&["federatedIdentityCredential"], &["audiences"], "any one of the audiences matches"),
    unordered(&["connectedOrganization"], &["identitySources"], "any one of the sources matches"),
    rule(
        RuleKind::Ordered,
        &["crossTenantAccessPolicyConfigurationDefault", "crossTenantAccessPolicyConfigurationPartner"],
        &["invitationRedemptionIdentityProviderConfiguration/primaryIdentityProviderPrecedenceOrder"],
        "identity providers are tried in this order",
    ),
    rule(
        RuleKind::Ordered,
        &["accessPackageAssignmentPolicy"],
        &["requestApprovalSettings/stages"],
        "the stages of an approval follow one another",
    ),
    rule(
        RuleKind::Ordered,
        &["accessReviewScheduleDefinition"],
        &["stageSettings"],
        "the stages of a review follow one another",
    ),
    rule(
        RuleKind::Ordered,
        &[],
        &["rules/setting/approvalStages", "setting/approvalStages"],
        "the stages of an approval follow one another",
    ),
    rule(
        RuleKind::CommaList,
        &["conditionalAccessPolicy"],
        &[
            "conditions/agentIdRiskLevels",
            "conditions/authenticationFlows/transferMethods",
            "conditions/insiderRiskLevels",
            "conditions/servicePrincipalRiskLevels",
            "conditions/signInRiskLevels",
            "conditions/userRiskLevels",
            "conditions/users/excludeGuestsOrExternalUsers/guestOrExternalUserTypes",
            "conditions/users/includeGuestsOrExternalUsers/guestOrExternalUserTypes",
        ],
        "the flags of an enumeration stand in one text, in any order",
    ),
    rule(
        RuleKind::CommaList,
        &["authenticationStrengthPolicy"],
        &["allowedCombinations", "combinationConfigurations/appliesToCombinations"],
        "the methods of a combination stand in one text, in any order",
    ),
    rule(
        RuleKind::CommaList,
        &["fido2AuthenticationMethodConfiguration"],
        &["passkeyProfiles/passkeyTypes"],
        "the flags of an enumeration stand in one text, in any order",
    ),
    rule(
        RuleKind::CommaList,
        &["user"],
        &["passwordPolicies"],
        "the policies stand in one text, in any order and with or without blanks",
    ),
    rule(
        RuleKind::CommaList,
        &["application", "servicePrincipal"],
        &["groupMembershipClaims"],
        "the flags of an enumeration stand in one text, in any order",
    ),
    rule(
        RuleKind::SpaceList,
        &["oauth2PermissionGrant"],
        &["scope"],
        "the permissions granted stand in one text, in any order and often behind a blank",
    ),
    rule(
        RuleKind::Start,
        &["roleAssignmentSchedule", "roleEligibilitySchedule"],
        &["scheduleInfo/startDateTime"],
        "Graph moves the start of an assignment that has no end",
    ),
];
