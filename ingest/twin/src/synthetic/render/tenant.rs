//! Owns the JSON of the objects of which a tenant has one.

use engine::schema::TypeId;

use crate::synthetic::draft::Draft;
use crate::synthetic::json::Json;

/// Appends the organization.
pub(crate) fn push_organization(out: &mut String, draft: &Draft<'_>) {
    let mut json = Json::typed(out, TypeId::Organization);
    json.guid("id", draft.id());
    json.nulls(&["deletedDateTime"]);
    json.string("displayName", "Contoso");
    json.string("tenantType", "AAD");
    json.string("countryLetterCode", "US");
    json.string("preferredLanguage", "en");
    draft.created(&mut json);
    json.raw("onPremisesSyncEnabled", "true");
    json.raw("businessPhones", r#"["+1 425 5550100"]"#);
    json.raw("technicalNotificationMails", r#"["it@contoso.com"]"#);
    json.empties(&["marketingNotificationEmails", "securityComplianceNotificationMails"]);
    json.members(r#""verifiedDomains":[{"capabilities":"Email, OfficeCommunicationsOnline","isDefault":true,"isInitial":false,"name":"contoso.com","type":"Managed"},{"capabilities":"Email","isDefault":false,"isInitial":true,"name":"contoso.onmicrosoft.com","type":"Managed"}]"#);
    json.close();
}

/// Appends the authorization policy.
pub(crate) fn push_authorization(out: &mut String, _draft: &Draft<'_>) {
    let mut json = Json::typed(out, TypeId::AuthorizationPolicy);
    json.string("id", "authorizationPolicy");
    json.nulls(&["deletedDateTime"]);
    json.string("displayName", "Authorization Policy");
    json.string("description", "Used to manage authorization related settings across the company.");
    json.string("allowInvitesFrom", "adminsAndGuestInviters");
    json.boolean("allowedToSignUpEmailBasedSubscriptions", true);
    json.boolean("allowedToUseSSPR", true);
    json.boolean("allowEmailVerifiedUsersToJoinOrganization", false);
    json.boolean("blockMsolPowerShell", false);
    json.string("guestUserRoleId", "10dae51f-b6af-4016-8d66-8c2a99b929b3");
    json.members(r#""defaultUserRolePermissions":{"allowedToCreateApps":false,"allowedToCreateSecurityGroups":false,"allowedToCreateTenants":false,"allowedToReadBitlockerKeysForOwnedDevice":true,"allowedToReadOtherUsers":true,"permissionGrantPoliciesAssigned":["ManagePermissionGrantsForSelf.microsoft-user-default-low"]}"#);
    json.close();
}
