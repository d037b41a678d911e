//! Owns what does not count as a change, declared by path: properties the server moves by itself, and what can be written in
//! more than one way. What a path without a rule means is in the engine's `same`.
//!
//! Invariant: which paths are [`RuleKind::Unordered`] is frozen, because content hashes of table version 1 depend on it.
//! Rules that several types share stand here; those of one type stand in its file.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The paths it is about, and all below them.
    pub paths: &'static [&'static str],
    /// What it says.
    pub kind: RuleKind,
    /// Why.
    pub why: &'static str,
}

impl Rule {
    pub(crate) const fn volatile(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::Volatile, why }
    }

    pub(crate) const fn unordered(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::Unordered, why }
    }

    pub(crate) const fn ordered(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::Ordered, why }
    }

    pub(crate) const fn comma_list(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::CommaList, why }
    }

    pub(crate) const fn space_list(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::SpaceList, why }
    }

    pub(crate) const fn start(paths: &'static [&'static str], why: &'static str) -> Self {
        Self { paths, kind: RuleKind::Start, why }
    }
}

/// Rules about all types, known or not.
pub const GENERAL_RULES: &[Rule] = &[
    Rule::volatile(
        &["modifiedDateTime", "lastModifiedDateTime"],
        "every write stamps it, so putting a value back could never end a difference",
    ),
    Rule::unordered(
        &["includeTargets", "excludeTargets"],
        "a method is for the union of its targets, without those excluded",
    ),
    Rule::ordered(
        &["rules/setting/approvalStages", "setting/approvalStages"],
        "the stages of an approval follow one another",
    ),
];

pub(crate) const SYNC_TIMES: Rule = Rule::volatile(
    &["onPremisesLastSyncDateTime", "onPremisesLastPasswordSyncDateTime"],
    "moves with every run of the synchronisation, whether or not it changed anything",
);

pub(crate) const PROVISIONING_ERRORS: Rule = Rule::volatile(
    &["onPremisesProvisioningErrors", "serviceProvisioningErrors"],
    "comes and goes as the server tries again; nobody writes it",
);

pub(crate) const SIGN_INS: Rule = Rule::volatile(&["signInActivity"], "moves with every sign-in");

pub(crate) const PLANS: Rule = Rule::volatile(
    &["assignedPlans", "provisionedPlans"],
    "follows from the licences, and moves whenever Microsoft adds a plan to a licence; assignedLicenses is compared",
);

pub(crate) const SCHEDULE_STAMPS: Rule = Rule::volatile(
    &["createdDateTime", "createdUsing"],
    "is stamped anew when the same assignment is made again",
);

pub(crate) const DIRECTORY_SETS: Rule = Rule::unordered(
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
);

pub(crate) const APPLICATION_SETS: Rule = Rule::unordered(
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
);

pub(crate) const CROSS_TENANT_SETS: Rule = Rule::unordered(
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
);

pub(crate) const IDENTITY_PROVIDER_ORDER: Rule = Rule::ordered(
    &["invitationRedemptionIdentityProviderConfiguration/primaryIdentityProviderPrecedenceOrder"],
    "identity providers are tried in this order",
);

pub(crate) const MEMBERSHIP_CLAIMS: Rule = Rule::comma_list(
    &["groupMembershipClaims"],
    "the flags of an enumeration stand in one text, in any order",
);

pub(crate) const SCHEDULE_START: Rule =
    Rule::start(&["scheduleInfo/startDateTime"], "Graph moves the start of an assignment that has no end");
