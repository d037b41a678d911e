//! Owns the tests of limits and of faults.

use super::*;
use crate::{Fault, FaultError};

fn throttled(objects: u64, speed: f64) -> Client {
    Client::new(Twin::from_synthetic(objects, 7), |options| options.speed = speed)
}

#[test]
fn calls_cost_what_graph_publishes() {
    let client = Client::synthetic(300);
    let group = client.follow("/v1.0/groups?$select=id").0[0]["id"].as_str().unwrap().to_owned();
    let group = format!("/v1.0/groups/{group}");
    for (target, units) in [
        ("/v1.0/users", "2"),
        ("/v1.0/users?$select=id", "1"),
        ("/v1.0/users?$expand=manager", "3"),
        ("/v1.0/users?$top=5", "1"),
        ("/v1.0/applications", "2"),
        ("/v1.0/groups", "1"),
        ("/v1.0/oauth2PermissionGrants", "2"),
        ("/v1.0/subscribedSkus", "3"),
        (&*format!("{group}/members"), "3"),
        (&*format!("{group}/transitiveMembers"), "5"),
        (&*format!("{group}/members?$select=id"), "2"),
    ] {
        let reply = client.call("GET", target, &[], None);
        assert_eq!(reply.header("x-ms-resource-unit"), Some(units), "{target}");
    }
    let ids = Some(json!({"ids": []}));
    let reply = client.call("POST", "/v1.0/directoryObjects/getByIds", &[], ids);
    assert_eq!(reply.header("x-ms-resource-unit"), Some("5"));
}

#[test]
fn a_full_bucket_refuses_until_it_has_drained() {
    let client = throttled(1000, 1.0);
    let mut served = 0;
    let refused = loop {
        let reply = client.call("GET", "/v1.0/users", &[], None);
        if reply.status == 429 {
            break reply;
        }
        served += 1;
    };
    assert_eq!(served, 8000 / 2);
    assert_eq!(refused.header("x-ms-throttle-information"), Some("ResourceUnitLimitExceeded"));
    assert!(refused.header("x-ms-throttle-scope").unwrap().starts_with("Tenant_Application/ReadWrite/"));
    let wait: f64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 0.0 && wait <= 10.0);
    client.clock.advance_ms(1000);
    let reply = client.call("GET", "/v1.0/users", &[], None);
    assert_eq!(reply.status, 200);
    let fill: f64 = reply.header("x-ms-throttle-limit-percentage").unwrap().parse().unwrap();
    assert!((0.8..=1.0).contains(&fill), "{fill}");
}

#[test]
fn writes_have_a_bucket_of_their_own_and_speed_drains_it() {
    for (speed, drained) in [(1.0, 20), (10.0, 200)] {
        let client = throttled(1000, speed);
        let id = client.follow("/v1.0/groups?$select=id").0[0]["id"].as_str().unwrap().to_owned();
        let target = format!("/v1.0/groups/{id}");
        let served = || {
            let served = (0..).take_while(|_| client.write("PATCH", &target, json!({})) == 204);
            served.count()
        };
        assert_eq!(served(), 3000);
        let refused = client.call("PATCH", &target, &[], Some(json!({})));
        assert_eq!(refused.header("x-ms-throttle-information"), Some("WriteLimitExceeded"));
        assert!(refused.header("x-ms-throttle-scope").unwrap().starts_with("Tenant_Application/Write/"));
        assert_eq!(client.call("GET", &target, &[], None).status, 200, "reads go on");
        // The two refused calls count, so they have to drain as well.
        client.clock.advance_ms(1000);
        assert_eq!(served(), drained - 2);
    }
}

#[test]
fn policies_of_conditional_access_are_served_once_a_second_without_a_hint() {
    let client = throttled(1000, 1.0);
    let target = "/v1.0/identity/conditionalAccess/policies";
    assert_eq!(client.call("GET", target, &[], None).status, 200);
    client.clock.advance_ms(500);
    let reply = client.call("GET", target, &[], None);
    assert_eq!((reply.status, reply.header("retry-after")), (429, None));
    let locations = "/v1.0/identity/conditionalAccess/namedLocations";
    assert_eq!(client.call("GET", locations, &[], None).status, 429);
    client.clock.advance_ms(500);
    assert_eq!(client.call("GET", target, &[], None).status, 200);
    assert_eq!(throttled(1000, 0.0).call("GET", target, &[], None).status, 200);
}

#[test]
fn a_batch_saves_no_quota() {
    let client = throttled(1000, 1.0);
    let get = |id: usize| json!({"id": id.to_string(), "method": "GET", "url": "/identity/conditionalAccess/policies"});
    let requests: Vec<Value> = (0..3).map(get).collect();
    let reply = client.call("POST", "/v1.0/$batch", &[], Some(json!({"requests": requests})));
    let responses = tree(&reply)["responses"].as_array().unwrap().clone();
    let refused = responses.iter().filter(|response| response["status"] == 429).count();
    assert_eq!((reply.status, refused), (200, 2));
}

#[test]
fn lists_of_faults_are_read_and_mistakes_are_named() {
    assert_eq!(
        Fault::parse_list("429, 503=20,403=device").unwrap(),
        [Fault::Throttled(50), Fault::Unavailable(20), Fault::Forbidden("device".into()),]
    );
    assert_eq!(Fault::parse_list("").unwrap(), []);
    let error = Fault::parse_list("428").unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("unknown fault `428`; known are ") && message.contains(" 429, 503, 409, reset"),
        "{message}"
    );
    for text in ["429=x", "429=1001", "403", "403=cats", "unordered-delta=1", "slow=-1"] {
        assert!(matches!(Fault::parse_list(text), Err(FaultError::Value { .. })), "{text}");
    }
}

#[test]
fn faults_strike_at_their_rate_and_the_same_calls_every_time() {
    let statuses = || {
        let client =
            Client::new(small(), |options| options.faults = Fault::parse_list("429=200,503=100").unwrap());
        (0..500).map(|_| client.call("GET", "/v1.0/users/ann", &[], None).status).collect::<Vec<_>>()
    };
    let found = statuses();
    let count = |status: u16| found.iter().filter(|found| **found == status).count();
    assert!(
        (60..140).contains(&count(429)) && (20..70).contains(&count(503)),
        "{} {}",
        count(429),
        count(503)
    );
    assert_eq!(found, statuses());
}

#[test]
fn a_forbidden_type_is_refused_and_no_other() {
    let faults = Fault::parse_list("403=servicePrincipal").unwrap();
    let client = Client::new(small(), |options| options.faults = faults);
    let refused = client.refusal("GET", "/v1.0/servicePrincipals", None);
    assert_eq!(refused, (403, "Authorization_RequestDenied".into()));
    assert_eq!(client.call("GET", "/v1.0/users", &[], None).status, 200);
}

#[test]
fn administrators_are_guarded_and_security_groups_skip_the_bin_by_faults() {
    let faults = Fault::parse_list("sensitive-actions,security-groups-skip-bin").unwrap();
    let client = Client::new(Twin::from_synthetic(2000, 7), |options| options.faults = faults);
    let principals = client.follow("/v1.0/roleManagement/directory/roleAssignments").0;
    let user = principals
        .iter()
        .map(|assignment| format!("/v1.0/users/{}", assignment["principalId"].as_str().unwrap()))
        .find(|target| client.call("GET", target, &[], None).status == 200)
        .unwrap();
    assert_eq!(client.write("PATCH", &user, json!({"accountEnabled": false})), 403);
    let small = Client::new(small(), |options| {
        options.faults = Fault::parse_list("security-groups-skip-bin").unwrap();
    });
    assert_eq!(small.write("DELETE", "/v1.0/groups/staff", Value::Null), 204);
    assert_eq!(small.follow("/v1.0/directory/deletedItems/microsoft.graph.group").0.len(), 0);
}
