//! Tests of the table of types.

use super::*;

#[test]
fn a_type_is_found_by_each_of_its_names() {
    for (found, expected) in [
        (by_odata_type("#microsoft.graph.user"), "user"),
        (by_odata_type("microsoft.graph.unifiedRoleDefinition"), "roleDefinition"),
        (by_odata_type("#microsoft.graph.ipNamedLocation"), "namedLocation"),
        (by_odata_type("#microsoft.graph.oAuth2PermissionGrant"), "oauth2PermissionGrant"),
        (by_table("conditionalAccessPolicies"), "conditionalAccessPolicy"),
        (by_context("https://graph.microsoft.com/v1.0/$metadata#users"), "user"),
        (by_context("$metadata#users(id,displayName)/$entity"), "user"),
        (by_context("$metadata#identity/conditionalAccess/policies"), "conditionalAccessPolicy"),
        (
            by_context("$metadata#applications('a)b')/federatedIdentityCredentials"),
            "federatedIdentityCredential",
        ),
        (by_context("$metadata#directory/deletedItems/microsoft.graph.group"), "group"),
        (by_context("users/$delta"), "user"),
        (by_exporter_path("Users/1/1.json"), "user"),
        (by_exporter_path("Identity/Conditional/AccessPolicies/1/1.json"), "conditionalAccessPolicy"),
        (by_exporter_path("Organization/Organization.json"), "organization"),
        (by_exporter_path("ServicePrincipals\\1\\AppRoleAssignedTo\\2\\2.json"), "appRoleAssignment"),
    ] {
        assert_eq!(found.map(|found| found.token), Some(expected));
    }
    assert!(by_context("$metadata#groups('1')/members").is_none());
    assert!(by_exporter_path("Groups/1/Members/2/2.json").is_none());
    assert!(by_exporter_path("").is_none());
}

#[test]
fn an_unknown_type_is_named_by_its_last_part() {
    assert_eq!(token_from_odata_type("#microsoft.graph.deep.thing"), "thing");
    assert_eq!(token_from_odata_type("thing"), "thing");
    assert_eq!(token_from_name("users"), "user");
    assert_eq!(token_from_name("user"), "user");
    assert_eq!(token_from_name("#microsoft.graph.unifiedRoleAssignment"), "roleAssignment");
}

#[test]
fn rules_hold_below_their_paths() {
    let policy = |path, kind| rule(TypeId::ConditionalAccessPolicy.token(), path, kind);
    assert!(policy("conditions/users/includeUsers", RuleKind::Unordered).is_some());
    assert!(policy("modifiedDateTime", RuleKind::Volatile).is_some());
    assert!(policy("grantControls/authenticationStrength/id", RuleKind::Volatile).is_none());
    assert!(policy("displayName", RuleKind::Volatile).is_none());
    assert!(rule("nonsense", "modifiedDateTime", RuleKind::Volatile).is_some());
}

#[test]
fn no_natural_key_is_longer_than_a_key_holds() {
    assert!(types().all(|found| found.natural_key.len() <= KEY_PARTS_MAX));
}
