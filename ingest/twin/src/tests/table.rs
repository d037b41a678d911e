//! Owns the tests of the table of types and of paths.

use super::*;
use crate::resource::Kind;

#[test]
fn the_table_of_types_can_be_read_and_every_token_is_known_to_the_engine() {
    for kind in Kind::all() {
        let token = kind.resource().token;
        let known = engine::schema::by_token(token).is_some() || token == "authenticationMethodConfiguration";
        assert!(known, "{token}");
        assert!(!kind.resource().odata.is_empty(), "{token}");
    }
}

#[test]
fn every_path_of_the_table_answers() {
    let client = Client::synthetic(1000);
    for kind in Kind::all().filter(|kind| !kind.resource().is_below && !kind.resource().path.is_empty()) {
        for version in ["v1.0", "beta"] {
            let page = client.get(&format!("/{version}/{}", kind.resource().path));
            assert!(page["@odata.context"].as_str().unwrap().contains("$metadata#"), "{page}");
        }
    }
}

#[test]
fn a_tenant_of_any_size_can_be_loaded() {
    for objects in [0, 1, 2, 7, 100] {
        let client = Client::synthetic(objects);
        assert_eq!(client.get("/v1.0/organization")["value"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn the_only_authorization_policy_is_a_collection_in_beta() {
    let client = Client::small();
    assert!(client.get("/v1.0/policies/authorizationPolicy")["value"].is_null());
    assert!(client.get("/beta/policies/authorizationPolicy")["value"].is_array());
    let path = "/beta/policies/authorizationPolicy/authorizationPolicy";
    assert_eq!(client.write("PATCH", path, json!({"blockMsolPowerShell": true})), 204);
    assert_eq!(client.get(path)["blockMsolPowerShell"], true);
}

#[test]
fn objects_are_found_by_name_key_and_any_case() {
    let client = Client::small();
    for path in [
        "/v1.0/users/ANN@contoso.com",
        "/v1.0/users('ann')",
        "/v1.0/Users/ann",
        "/v1.0/applications(appId='app-id')",
        "/v1.0/servicePrincipals(appId='app-id')",
        "/beta/directoryObjects/staff",
        "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/fido2",
    ] {
        assert!(client.get(path)["id"].is_string(), "{path}");
    }
    let found = client.get("/v1.0/policies/authenticationMethodsPolicy");
    assert!(found["authenticationMethodConfigurations"].as_array().unwrap().len() >= 8);
}

#[test]
fn what_is_not_there_is_refused_with_graphs_words() {
    let client = Client::small();
    assert_eq!(client.refusal("GET", "/v1.0/users/dan", None), (404, "Request_ResourceNotFound".into()));
    assert_eq!(client.refusal("GET", "/v1.0/nothing", None).0, 400);
    assert_eq!(client.refusal("GET", "/v3/users", None).0, 400);
    assert_eq!(client.refusal("DELETE", "/v1.0/users", None).0, 405);
    let reply = client.call("GET", "/v1.0/users/dan", &[("client-request-id", "mine")], None);
    assert_eq!(tree(&reply)["error"]["innerError"]["client-request-id"], "mine");
    assert_eq!(tree(&reply)["error"]["innerError"]["date"], "2026-11-22T10:00:00");
    assert!(reply.header("request-id").is_some());
}

#[test]
fn a_call_without_a_good_token_is_refused() {
    let client = Client::small();
    let mut request = Request::new("GET", "http://twin", "/v1.0/users");
    assert_eq!(client.core.answer(&request).status, 401);
    request.headers.push(("authorization".into(), "Bearer made.up.token".into()));
    assert_eq!(client.core.answer(&request).status, 401);
    client.clock.advance_ms(3_601_000);
    assert_eq!(client.refusal("GET", "/v1.0/users", None), (401, "InvalidAuthenticationToken".into()));
}

#[test]
fn garbage_in_paths_and_queries_is_refused_without_a_panic() {
    let client = Client::synthetic(200);
    for target in [
        "/",
        "",
        "//",
        "/v1.0",
        "/v1.0/",
        "/v1.0/users/",
        "/v1.0/users('",
        "/v1.0/users(')",
        "/v1.0/%ff%fe",
        "/v1.0/users?$top=-1",
        "/v1.0/users?$top=0",
        "/v1.0/users?$filter=",
        "/v1.0/users?$filter=((((",
        "/v1.0/users?$filter=a eq",
        "/v1.0/users?$filter=%27",
        "/v1.0/users?$skiptoken=abc",
        "/v1.0/users/delta?$deltatoken=%00",
        "/v1.0/users?$expand=((",
        "/v1.0/users?$select=,,,",
        "/v1.0/users?$search=x",
        "/v1.0/$batch",
        "/v1.0/directory/deletedItems",
        "/v1.0/users/é/manager/$ref/x/y",
        "/v1.0/directoryObjects/a/b/c",
        "/v1.0/groups/$count/$count",
        "/v1.0/applications(=)",
    ] {
        for method in ["GET", "POST", "PATCH", "DELETE", "PUT"] {
            let reply = client.call(method, target, &[], Some(json!({"a": [1]})));
            assert!(reply.status < 500, "{method} {target}");
        }
    }
    let deep = format!("/v1.0/users?$filter={}a eq 1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(client.call("GET", &deep, &[], None).status, 400);
    let not = format!("/v1.0/users?$filter={}a eq 1", "not ".repeat(5000));
    assert_eq!(client.call("GET", &not, &[], None).status, 400);
}

#[test]
fn no_text_makes_the_twin_panic() {
    // Pieces of what clients send, in any order.
    let pieces = [
        "(", ")", "'", "\"", ",", ":", "/", "eq", " ", "not ", "and", "any", "a", "é", "$count", "null",
        "isof", "in", "%", "%2", "|", "=", "&", "$filter=", "$search=", "$expand=", "$select=", "users",
        "delta", "?", "-1",
    ];
    let source = crate::synthetic::random::Source::new(1);
    let client = Client::small();
    for round in 0..4000 {
        let drawn = source.fork(round);
        let length = u64::from(drawn.below(1000, 12));
        let pick = |name| pieces[drawn.below(name, u32::try_from(pieces.len()).unwrap()) as usize];
        let text: String = (0..length).map(pick).collect();
        drop((crate::filter::parse(&text), crate::filter::parse_search(&text)));
        let target = format!("/v1.0/users?$filter={text}");
        assert!(client.call("GET", &target, &[("consistencylevel", "eventual")], None).status < 502);
        assert!(client.call("GET", &format!("/v1.0/{text}"), &[], None).status < 502);
        assert!(
            client.call("POST", &format!("/beta/{text}"), &[], Some(json!({"@odata.id": text}))).status < 502
        );
    }
}
