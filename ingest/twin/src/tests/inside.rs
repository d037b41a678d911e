//! Owns the tests of collections inside an object that are served below it.

use super::*;

const STRENGTHS: &str = "/v1.0/policies/authenticationStrengthPolicies";

fn fido(key: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.fido2CombinationConfiguration", "allowedAAGUIDs": [key],
        "appliesToCombinations": ["fido2"]})
}

#[test]
fn the_restrictions_of_a_strength_stand_below_it_and_no_write_of_it_touches_them() {
    let client = Client::small();
    let strength = json!({"displayName": "Keys", "allowedCombinations": ["fido2"]});
    let made = client.call("POST", STRENGTHS, &[], Some(strength.clone()));
    let own = format!("{STRENGTHS}/{}", tree(&made)["id"].as_str().unwrap());
    let below = format!("{own}/combinationConfigurations");
    // Neither a create nor a change writes them.
    let mut whole = strength;
    whole["combinationConfigurations"] = json!([fido("k")]);
    assert_eq!(client.write("POST", STRENGTHS, whole), 400);
    assert_eq!(client.write("PATCH", &own, json!({"combinationConfigurations": []})), 400);
    let one = client.call("POST", &below, &[], Some(fido("k")));
    assert_eq!(one.status, 201);
    let one = format!("{below}/{}", tree(&one)["id"].as_str().unwrap());
    for (method, path, body) in [
        ("POST", &below, fido("other")),
        ("POST", &below, json!({"allowedAAGUIDs": ["k"], "appliesToCombinations": ["x509"]})),
        ("PATCH", &one, json!({"allowedAAGUIDs": ["l"]})),
    ] {
        assert_eq!(client.write(method, path, body), 400, "{method} {path}");
    }
    assert_eq!(client.write("PATCH", &own, json!({"description": "for admins"})), 204);
    assert_eq!(client.get(&own)["combinationConfigurations"], Value::Null, "they are not shown inside");
    assert_eq!(client.get(&below)["value"][0]["allowedAAGUIDs"], json!(["k"]));
    assert_eq!(client.write("PATCH", &one, fido("l")), 200);
    assert_eq!(client.get(&one)["allowedAAGUIDs"], json!(["l"]));
    assert_eq!(client.write("DELETE", &one, Value::Null), 204);
    assert_eq!(client.write("DELETE", &one, Value::Null), 404);
    let built_in = format!("{STRENGTHS}/00000000-0000-0000-0000-000000000004/combinationConfigurations");
    assert_eq!(client.write("POST", &built_in, fido("k")), 400);
}

#[test]
fn conditions_of_consent_are_paged_and_never_changed() {
    let client = Client::small();
    let policies = "/v1.0/policies/permissionGrantPolicies";
    assert_eq!(client.write("POST", policies, json!({"id": "own", "displayName": "Own"})), 201);
    let below = format!("{policies}/own/includes");
    for _ in 0..5 {
        assert_eq!(client.write("POST", &below, json!({"permissionType": "delegated"})), 201);
    }
    let (all, _) = client.follow(&below);
    assert_eq!(all.len(), 5);
    let one = format!("{below}/{}", all[0]["id"].as_str().unwrap());
    assert_eq!(client.write("PATCH", &one, json!({"permissionType": "application"})), 405);
    assert_eq!(client.write("DELETE", &one, Value::Null), 204);
    assert_eq!(client.follow(&format!("{policies}/own/excludes")).0.len(), 0);
}

#[test]
fn a_package_hangs_from_a_catalog_that_is_there_and_shows_as_much_as_is_expanded() {
    let client = Client::small();
    let root = "/v1.0/identityGovernance/entitlementManagement";
    let catalog =
        client.call("POST", &format!("{root}/catalogs"), &[], Some(json!({"displayName": "General"})));
    let catalog = tree(&catalog)["id"].clone();
    let packages = format!("{root}/accessPackages");
    let package = |catalog: Value| json!({"displayName": "Starter", "catalog": {"id": catalog}});
    assert_eq!(client.write("POST", &packages, package("none".into())), 404);
    let made = client.call("POST", &packages, &[], Some(package(catalog.clone())));
    let own = format!("{packages}/{}", tree(&made)["id"].as_str().unwrap());
    let role = |resource: Value| json!({"role": {"originId": "Member_g", "resource": resource}, "scope": {"originId": "g"}});
    let below = format!("{own}/resourceRoleScopes");
    assert_eq!(client.write("POST", &below, role(json!({}))), 400);
    assert_eq!(client.write("POST", &below, role(json!({"id": "r"}))), 201);
    assert_eq!(client.get(&own)["catalog"], Value::Null);
    let shown = client.get(&format!("{own}?$expand=catalog,resourceRoleScopes($expand=role,scope)"));
    assert_eq!((&shown["catalog"]["id"], &shown["catalog"]["displayName"]), (&catalog, &json!("General")));
    assert_eq!(shown["resourceRoleScopes"][0]["role"], json!({"originId": "Member_g"}));
    let shown =
        client.get(&format!("{own}?$expand=resourceRoleScopes($expand=role($expand=resource),scope)"));
    assert_eq!(shown["resourceRoleScopes"][0]["role"]["resource"], json!({"id": "r"}));
    assert_eq!(client.write("PATCH", &own, package("other".into())), 400, "it stays in its catalog");
}
