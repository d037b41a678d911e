//! Names, contexts and paths, and what they stand for.

use std::path::Path;

use super::{
    Meaning, Origin, decode_name, encode_name, folder_of_relation, folder_of_type, is_context_deleted,
    is_told, layout, type_of_context, type_of_name,
};

fn origin(path: &str) -> Origin {
    Origin::in_folder(Path::new("backup"), Path::new(path), None)
}

fn type_of(path: &str) -> String {
    origin(path).hint.unwrap_or_default()
}

#[test]
fn names_are_tokens_tables_or_types_of_graph() {
    for name in ["user", "users", "USERS", "microsoft.graph.user", "#microsoft.graph.user"] {
        assert_eq!(type_of_name(name).as_deref(), Some("user"), "{name}");
    }
    for name in ["", "user-list", "usersx", "data"] {
        assert_eq!(type_of_name(name), None, "{name}");
    }
}

#[test]
fn contexts_name_types() {
    for (context, token) in [
        ("https://graph.microsoft.com/v1.0/$metadata#users/$entity", "user"),
        ("https://graph.microsoft.com/v1.0/$metadata#groups(displayName,members(id))", "group"),
        ("$metadata#users('1')/appRoleAssignments", "appRoleAssignment"),
        ("$metadata#conditionalAccess/policies", "conditionalAccessPolicy"),
        ("$metadata#identity/conditionalAccess/policies/$entity", "conditionalAccessPolicy"),
        ("$metadata#identity/conditionalAccess/deletedItems/policies", "conditionalAccessPolicy"),
        ("$metadata#roleManagement/directory/roleAssignments", "roleAssignment"),
        ("$metadata#roleManagement/exchange/roleAssignments", "exchangeRoleAssignment"),
        ("$metadata#oauth2permissiongrants", "oauth2PermissionGrant"),
        ("$metadata#microsoft.graph.conditionalAccessPolicy", "conditionalAccessPolicy"),
        ("$metadata#Collection(microsoft.graph.device)", "device"),
        ("$metadata#policies/deletedItems/crossTenantPartners", super::PARTNER),
        ("$metadata#authenticationMethodsPolicy", "authenticationMethodsPolicy"),
    ] {
        assert_eq!(type_of_context(context).as_deref(), Some(token), "{context}");
    }
    for context in ["", "#", "$metadata#directoryObjects", "$metadata#Collection(Edm.String)"] {
        assert_eq!(type_of_context(context), None, "{context}");
    }
    assert!(is_context_deleted("$metadata#directory/deletedItems/microsoft.graph.user"));
    assert!(!is_context_deleted("$metadata#users"));
}

#[test]
fn paths_of_the_exporter_name_types_at_any_depth() {
    for (path, token) in [
        ("Users/1/1.json", "user"),
        ("2026/tenant/Users/1/1.json", "user"),
        ("Identity/Conditional/AccessPolicies/1/1.json", "conditionalAccessPolicy"),
        ("Identity/Conditional/NamedLocations/1/1.json", "namedLocation"),
        ("Organization/Organization.json", "organization"),
        ("Organization/Branding/Localizations.json", "organizationalBrandingLocalization"),
        ("PIM/DirectoryRoles/1.json", "pimDirectoryRole"),
        ("PIM/Resources/Subscriptions/1.json", "pimResource"),
        ("IAM/RoleAssignments/Subscriptions/s/rg/1.json", "iamRoleAssignment"),
        ("RoleManagement/CloudPC/RoleDefinitions/1/1.json", "cloudPcRoleDefinition"),
        (
            "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/FIDO2.json",
            "fido2AuthenticationMethodConfiguration",
        ),
        ("IdentityGovernance/AccessReviews/1/1.json", layout::ACCESS_REVIEW),
        ("IdentityGovernance/AccessReviews/1/2/2.json", "accessReviewInstance"),
        ("IdentityGovernance/AccessReviews/1/2/Reviewers/3/3.json", "accessReviewReviewer"),
        ("Users/1/Widgets/2/2.json", "widget"),
        ("group.ndjson", "group"),
        ("data.json", ""),
        ("Odds/1/1.json", "odd"),
        ("Glasses/1/1.json", "glass"),
    ] {
        assert_eq!(type_of(path), token, "{path}");
    }
    assert_eq!(origin("Odds/1/1.json").guessed_from.as_deref(), Some("Odds"));
    assert_eq!(origin("Users/1/1.json").guessed_from, None);
}

#[test]
fn the_end_of_the_named_folder_counts() {
    let origin =
        Origin::in_folder(Path::new("x/Identity/Conditional"), Path::new("AccessPolicies/1/1.json"), None);
    assert_eq!(origin.hint.as_deref(), Some("conditionalAccessPolicy"));
    let origin = Origin::in_folder(Path::new("x/Users"), Path::new("1/1.json"), None);
    assert_eq!(origin.hint.as_deref(), Some("user"));
}

#[test]
fn folders_of_links_are_links() {
    let link = |type_token: &str, source: &str, relation: &str| Meaning::Link {
        type_token: type_token.into(),
        source: source.into(),
        relation: relation.into(),
    };
    for (path, meaning) in [
        ("Groups/g/Members/u/u.json", link("group", "g", "members")),
        ("Groups/g/Members.json", link("group", "g", "members")),
        ("Devices/d/RegisteredOwners/u/u.json", link("device", "d", "registeredOwners")),
        ("Applications/a/TokenLifetimePolicies/p/p.json", link("application", "a", "tokenLifetimePolicies")),
        ("Odds/o/Owners/u/u.json", link("odd", "o", "owners")),
        ("Groups/a%2Fb/Owners/u/u.json", link("group", "a/b", "owners")),
    ] {
        assert_eq!(origin(path).meaning, meaning, "{path}");
    }
    assert_eq!(origin("Members/u/u.json").meaning, Meaning::Objects);
}

#[test]
fn the_type_asked_for_comes_before_a_guess_and_behind_a_name() {
    let hint = |path: &str| Origin::in_folder(Path::new("x"), Path::new(path), Some("group")).hint;
    assert_eq!(hint("Users/1/1.json").as_deref(), Some("user"));
    assert_eq!(hint("Odds/1/1.json").as_deref(), Some("group"));
}

#[test]
fn every_type_has_a_folder_that_names_it() {
    let known = engine::schema::types().map(|found| found.token);
    for token in layout::ENTRIES.iter().map(|(_, token)| *token).chain(known) {
        assert_eq!(type_of(&format!("{}/1/1.json", folder_of_type(token))), token);
    }
    assert_eq!(folder_of_relation("group", "members").as_deref(), Some("Members"));
    assert_eq!(
        folder_of_relation("application", "tokenIssuancePolicies").as_deref(),
        Some("TokenIssuancePolicies")
    );
    assert_eq!(folder_of_relation("group", "tokenIssuancePolicies"), None);
}

#[test]
fn any_id_can_be_a_name() {
    let long = "é".repeat(120);
    for id in [
        "a",
        "a/b\\c",
        "100%",
        "%41",
        "ends.",
        "ends ",
        "x:*?\"<>|",
        "ä😀",
        "\u{1}",
        "..",
        ".hidden",
        " a",
        "CON",
        "nul",
        "Com1",
        "lpt9.json",
        "aux.b.c",
        "COM¹",
        "CONIN$",
        "con ",
        "command",
        "com10",
        "%~",
        long.as_str(),
    ] {
        let name = encode_name(id);
        assert_eq!(decode_name(&name), id);
        assert!(!name.contains(['/', '\\', ':']) && name.len() <= 240, "{name}");
        assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{name}");
        assert!(is_told(id) && !super::is_device(&name), "{name}");
    }
    assert_eq!(
        [encode_name(".."), encode_name("CON"), encode_name("command")],
        ["%2E%2E", "%43ON", "command"]
    );
    let (one, other) = (format!("{}x", "/".repeat(300)), format!("{}y", "/".repeat(300)));
    assert_ne!(encode_name(&one), encode_name(&other));
    assert!(encode_name(&one).len() <= 240 && !is_told(&one));
    assert_eq!(decode_name("%zz%"), "%zz%");
}

#[test]
fn references_end_in_the_id() {
    let id = engine::content::id_of_reference;
    assert_eq!(id("https://graph.microsoft.com/v1.0/directoryObjects/1-2"), Some("1-2"));
    assert_eq!(id("https://graph.microsoft.com/v1.0/users('1-2')"), Some("1-2"));
    assert_eq!(id(""), None);
}
