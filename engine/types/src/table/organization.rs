//! The tenant itself.

use crate::property::{boolean, date_time, dynamic, string};
use crate::rule::{DIRECTORY_SETS, PLANS, SYNC_TIMES};
use crate::{Graph, Limit, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Organization,
    token: "organization",
    table: "organization",
    odata_types: &["microsoft.graph.organization"],
    contexts: &["organization"],
    folders: &["Organization/Organization"],
    properties: &[
        dynamic("assignedPlans").collection().read_only(),
        dynamic("businessPhones").collection().read_only(),
        string("city").read_only(),
        string("country").read_only(),
        string("countryLetterCode").read_only(),
        date_time("createdDateTime").read_only(),
        string("defaultUsageLocation").read_only(),
        date_time("deletedDateTime").read_only(),
        string("displayName").read_only(),
        dynamic("marketingNotificationEmails").collection().patchable(),
        string("mobileDeviceManagementAuthority"),
        date_time("onPremisesLastSyncDateTime").read_only(),
        boolean("onPremisesSyncEnabled").read_only(),
        string("partnerTenantType").read_only(),
        string("postalCode").read_only(),
        string("preferredLanguage").read_only(),
        dynamic("privacyProfile").patchable(),
        dynamic("provisionedPlans").collection().read_only(),
        dynamic("securityComplianceNotificationMails").collection().patchable(),
        dynamic("securityComplianceNotificationPhones").collection().patchable(),
        string("state").read_only(),
        string("street").read_only(),
        dynamic("technicalNotificationMails").collection().patchable(),
        string("tenantType").read_only(),
        dynamic("verifiedDomains").collection().read_only(),
    ],
    first: &["tenantType", "verifiedDomains", "onPremisesSyncEnabled"],
    rules: &[SYNC_TIMES, PLANS, DIRECTORY_SETS],
    graph: Graph {
        list: Some("/organization"),
        get: "/organization/{id}",
        limit: Limit::Identity,
        read: &["Organization.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        is_undeletable: true,
        native_only: &["strongAuthenticationDetails", "strongAuthenticationPolicy"],
        write: &["Organization.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
