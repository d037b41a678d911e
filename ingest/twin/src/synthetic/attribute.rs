//! Owns which attributes change from day to day: one table per type, and the index of each in it.
//!
//! An entry names the paths that change together. No two entries of a type share a top-level
//! property, so that changes counted by path and by property agree.

use super::layout::ObjectKind;

/// The most entries any type has.
pub(crate) const ENTRY_COUNT_MAX: usize = 20;

/// What changes in users.
pub(crate) mod user {
    pub(crate) const JOB_TITLE: usize = 0;
    pub(crate) const DEPARTMENT: usize = 1;
    pub(crate) const OFFICE: usize = 2;
    pub(crate) const MOBILE: usize = 3;
    pub(crate) const PHONES: usize = 4;
    pub(crate) const CITY: usize = 5;
    pub(crate) const STREET: usize = 6;
    pub(crate) const POSTAL_CODE: usize = 7;
    pub(crate) const COST_CENTER: usize = 8;
    pub(crate) const EMPLOYMENT: usize = 9;
    pub(crate) const COMPANY: usize = 10;
    pub(crate) const LANGUAGE: usize = 11;
    pub(crate) const ENABLED: usize = 12;
    pub(crate) const PASSWORD_CHANGED: usize = 13;
    pub(crate) const SESSIONS_VALID: usize = 14;
    pub(crate) const LICENCE: usize = 15;
    pub(crate) const EXTENSION: usize = 16;
    pub(crate) const FAMILY_NAME: usize = 17;
    pub(super) const ENTRIES: &[&[&str]] = &[
        &["jobTitle"],
        &["department"],
        &["officeLocation"],
        &["mobilePhone"],
        &["businessPhones"],
        &["city"],
        &["streetAddress"],
        &["postalCode"],
        &["employeeOrgData/costCenter"],
        &["employeeType"],
        &["companyName"],
        &["preferredLanguage"],
        &["accountEnabled"],
        &["lastPasswordChangeDateTime"],
        &["signInSessionsValidFromDateTime"],
        &["assignedLicenses", "assignedPlans"],
        &["onPremisesExtensionAttributes/extensionAttribute3"],
        &["displayName", "surname"],
    ];
}

/// What changes in groups.
pub(crate) mod group {
    pub(crate) const DESCRIPTION: usize = 0;
    pub(crate) const NAME: usize = 1;
    pub(crate) const VISIBILITY: usize = 2;
    pub(crate) const CLASSIFICATION: usize = 3;
    pub(crate) const RENEWED: usize = 4;
    pub(super) const ENTRIES: &[&[&str]] =
        &[&["description"], &["displayName"], &["visibility"], &["classification"], &["renewedDateTime"]];
}

/// What changes in applications.
pub(crate) mod application {
    pub(crate) const DESCRIPTION: usize = 0;
    pub(crate) const NOTES: usize = 1;
    pub(crate) const TAGS: usize = 2;
    pub(crate) const SERVICE_REFERENCE: usize = 3;
    pub(crate) const HOME_PAGE: usize = 4;
    pub(crate) const PASSWORDS: usize = 5;
    pub(crate) const ACCESS: usize = 6;
    pub(super) const ENTRIES: &[&[&str]] = &[
        &["description"],
        &["notes"],
        &["tags"],
        &["serviceManagementReference"],
        &["web/homePageUrl"],
        &["passwordCredentials"],
        &["requiredResourceAccess"],
    ];
}

/// What changes in service principals.
pub(crate) mod principal {
    pub(crate) const ENABLED: usize = 0;
    pub(crate) const NOTES: usize = 1;
    pub(crate) const TAGS: usize = 2;
    pub(crate) const ASSIGNMENT_REQUIRED: usize = 3;
    pub(crate) const HOME_PAGE: usize = 4;
    pub(crate) const LOGIN_URL: usize = 5;
    pub(crate) const NOTIFICATION: usize = 6;
    pub(super) const ENTRIES: &[&[&str]] = &[
        &["accountEnabled"],
        &["notes"],
        &["tags"],
        &["appRoleAssignmentRequired"],
        &["homepage"],
        &["loginUrl"],
        &["notificationEmailAddresses"],
    ];
}

/// What changes in devices.
pub(crate) mod device {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const COMPLIANT: usize = 1;
    pub(crate) const SIGN_IN: usize = 2;
    pub(crate) const ENABLED: usize = 3;
    pub(super) const ENTRIES: &[&[&str]] = &[
        &["operatingSystemVersion"],
        &["isCompliant"],
        &["approximateLastSignInDateTime"],
        &["accountEnabled"],
    ];
}

/// What changes in conditional access policies.
pub(crate) mod policy {
    pub(crate) const STATE: usize = 0;
    pub(crate) const MODIFIED: usize = 1;
    pub(crate) const EXCLUDED_USERS: usize = 2;
    pub(crate) const FREQUENCY: usize = 3;
    pub(super) const ENTRIES: &[&[&str]] = &[
        &["state"],
        &["modifiedDateTime"],
        &["conditions/users/excludeUsers"],
        &["sessionControls/signInFrequency/value"],
    ];
}

/// What changes in named locations.
pub(crate) mod location {
    pub(crate) const NAME: usize = 0;
    pub(crate) const MODIFIED: usize = 1;
    pub(super) const ENTRIES: &[&[&str]] = &[&["displayName"], &["modifiedDateTime"]];
}

/// What changes in administrative units.
pub(crate) mod unit {
    pub(crate) const DESCRIPTION: usize = 0;
    pub(super) const ENTRIES: &[&[&str]] = &[&["description"]];
}

/// What changes in delegated permission grants.
pub(crate) mod grant {
    pub(crate) const SCOPE: usize = 0;
    pub(super) const ENTRIES: &[&[&str]] = &[&["scope"]];
}

/// Gives the entries of a type; none for types that stay as they are.
pub(crate) fn entries(kind: ObjectKind) -> &'static [&'static [&'static str]] {
    match kind {
        ObjectKind::User => user::ENTRIES,
        ObjectKind::Group => group::ENTRIES,
        ObjectKind::Application => application::ENTRIES,
        ObjectKind::ServicePrincipal => principal::ENTRIES,
        ObjectKind::Device => device::ENTRIES,
        ObjectKind::ConditionalAccessPolicy => policy::ENTRIES,
        ObjectKind::NamedLocation => location::ENTRIES,
        ObjectKind::AdministrativeUnit => unit::ENTRIES,
        ObjectKind::PermissionGrant => grant::ENTRIES,
        ObjectKind::Organization
        | ObjectKind::AuthorizationPolicy
        | ObjectKind::RoleDefinition
        | ObjectKind::RoleAssignment
        | ObjectKind::AppRoleAssignment => &[],
    }
}
