//! Tests of the table of types.

use std::collections::HashSet;

use super::*;

#[test]
fn no_name_stands_twice() {
    let (mut tokens, mut tables, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for found in types() {
        assert!(tokens.insert(found.token), "{}", found.token);
        assert!(tables.insert(found.table), "{}", found.table);
        assert!(!found.odata_types.is_empty(), "{}", found.token);
        assert!(found.natural_key.len() <= KEY_PARTS_MAX);
        let mut properties = HashSet::new();
        assert!(found.properties().all(|(name, _)| properties.insert(name)), "{}", found.token);
        for name in found.odata_types {
            assert!(names.insert(*name), "{name}");
        }
    }
    assert_eq!(tokens.len(), 62);
}

#[test]
fn every_rule_is_about_types_of_the_table() {
    for found in types() {
        for rule in found.rules() {
            assert!(rule.types.iter().all(|token| by_token(token).is_some()), "{rule:?}");
            assert!(!rule.why.is_empty() && !rule.paths.is_empty(), "{rule:?}");
        }
    }
}

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
    let policy = by_token("conditionalAccessPolicy").unwrap();
    assert!(policy.rule("conditions/users/includeUsers", RuleKind::Unordered).is_some());
    assert!(policy.rule("modifiedDateTime", RuleKind::Volatile).is_some());
    assert!(policy.rule("grantControls/authenticationStrength/id", RuleKind::Volatile).is_none());
    assert!(policy.rule("displayName", RuleKind::Volatile).is_none());
}

#[test]
fn properties_have_static_types() {
    let user = by_token("user").unwrap();
    assert_eq!(user.property("displayName"), Some(PropertyType::String));
    assert_eq!(user.property("accountEnabled"), Some(PropertyType::Boolean));
    assert_eq!(user.property("createdDateTime"), Some(PropertyType::DateTime));
    assert_eq!(user.property("proxyAddresses"), Some(PropertyType::Dynamic));
    assert_eq!(user.property("id"), Some(PropertyType::String));
    assert_eq!(user.property("nonsense"), None);
    assert_eq!(user.odata_type(), "#microsoft.graph.user");
}
