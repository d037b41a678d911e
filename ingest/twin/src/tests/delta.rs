//! Owns the tests of delta queries and batches.

use super::*;
use crate::Fault;
use crate::state::{Trace, When, put};

fn find<'a>(values: &'a [Value], id: &str) -> Option<&'a Value> {
    values.iter().find(|value| value["id"] == id)
}

#[test]
fn a_first_round_holds_all_users_and_a_later_one_the_changed() {
    let client = Client::synthetic(3000);
    let (all, link) = client.follow("/v1.0/users/delta?$select=id,displayName,city");
    let (listed, _) = client.follow("/v1.0/users?$select=id&$top=999");
    assert_eq!(ids(&all), ids(&listed));
    let link = link.unwrap();
    assert_eq!(client.follow(&link).0, Vec::<Value>::new());
    let (changed, other) = (ids(&all)[0].to_owned(), ids(&all)[1].to_owned());
    client.write("PATCH", &format!("/v1.0/users/{changed}"), json!({"city": null, "displayName": "New"}));
    client.write(
        "PATCH",
        &format!("/v1.0/users/{other}"),
        json!({"jobTitle": "Outside of what is selected"}),
    );
    let (values, next) = client.follow(&link);
    assert_eq!(values, [json!({"id": changed, "displayName": "New", "city": null})]);
    assert_eq!(client.follow(&next.unwrap()).0.len(), 0);
    let minimal = client.call("GET", &link, &[("prefer", "return=minimal")], None);
    assert_eq!(tree(&minimal)["value"][0]["displayName"], "New");
}

#[test]
fn pages_hold_two_hundred_and_never_both_links() {
    let client = Client::synthetic(3000);
    let mut next = "/v1.0/users/delta".to_owned();
    loop {
        let page = client.get(&next);
        assert!(page["value"].as_array().unwrap().len() <= 200);
        assert!(page["@odata.nextLink"].is_null() != page["@odata.deltaLink"].is_null());
        match page["@odata.nextLink"].as_str() {
            Some(link) => next = link.strip_prefix("http://twin").unwrap().to_owned(),
            None => break,
        }
    }
}

#[test]
fn latest_answers_at_once_and_empty() {
    let client = Client::synthetic(500);
    let page = client.get("/v1.0/groups/delta?$deltatoken=latest");
    assert_eq!(page["value"], json!([]));
    let link = page["@odata.deltaLink"].as_str().unwrap().strip_prefix("http://twin").unwrap();
    assert_eq!(client.follow(link).0.len(), 0);
}

#[test]
fn removed_objects_have_a_reason_and_restored_ones_are_new() {
    let client = Client::small();
    let link = client.follow("/v1.0/users/delta").1.unwrap();
    client.write("DELETE", "/v1.0/users/bob", Value::Null);
    let (values, link2) = client.follow(&link);
    assert_eq!(values, [json!({"id": "bob", "@removed": {"reason": "changed"}})]);
    client.write("POST", "/v1.0/directory/deletedItems/bob/restore", Value::Null);
    let (values, link3) = client.follow(&link2.unwrap());
    assert_eq!(find(&values, "bob").unwrap()["displayName"], "Bob");
    client.write("DELETE", "/v1.0/users/bob", Value::Null);
    client.write("DELETE", "/v1.0/directory/deletedItems/bob", Value::Null);
    let (values, _) = client.follow(&link3.unwrap());
    let reasons: Vec<&Value> = values.iter().map(|value| &value["@removed"]["reason"]).collect();
    assert_eq!(reasons, ["changed", "deleted"]);
}

#[test]
fn members_are_reported_with_their_group_in_slices() {
    let client = Client::synthetic(20_000);
    let (groups, link) = client.follow("/v1.0/groups/delta?$select=displayName,members");
    let largest = ids(&groups)[0].to_owned();
    let slices: Vec<usize> = groups
        .iter()
        .filter(|group| group["id"] == largest.as_str())
        .map(|group| group["members@delta"].as_array().unwrap().len())
        .collect();
    let (members, _) = client.follow(&format!("/v1.0/groups/{largest}/members?$select=id&$top=999"));
    assert!(slices.len() > 1, "a large group is in slices: {slices:?}");
    assert_eq!(slices.iter().sum::<usize>(), members.len());
    let leaver = ids(&members)[0];
    assert_eq!(
        client.write("DELETE", &format!("/v1.0/groups/{largest}/members/{leaver}/$ref"), Value::Null),
        204
    );
    let (values, _) = client.follow(&link.unwrap());
    let reported = &values[0]["members@delta"];
    let expected =
        json!([{"@odata.type": "#microsoft.graph.user", "id": leaver, "@removed": {"reason": "deleted"}}]);
    assert_eq!(*reported, expected);
}

#[test]
fn the_manager_is_reported_only_when_selected() {
    let client = Client::small();
    let plain = client.follow("/v1.0/users/delta").0;
    assert!(find(&plain, "bob").unwrap().get("manager@delta").is_none());
    let selected = client.follow("/v1.0/users/delta?$select=id,manager").0;
    assert_eq!(find(&selected, "bob").unwrap()["manager@delta"][0]["id"], "ann");
}

#[test]
fn assignments_are_seen_through_directory_objects() {
    let client = Client::small();
    let filter = "isof('microsoft.graph.appRoleAssignment')%20or%20isof('microsoft.graph.user')";
    let (values, link) = client.follow(&format!("/v1.0/directoryObjects/delta?$filter={filter}"));
    assert_eq!(values.len(), 3);
    assert_eq!(values[0]["@odata.type"], "#microsoft.graph.user");
    let role = json!({"principalId": "ann", "resourceId": "principal", "appRoleId": "role-1"});
    client.write("POST", "/v1.0/servicePrincipals/principal/appRoleAssignedTo", role);
    let (values, _) = client.follow(&link.unwrap());
    assert_eq!(values[0]["@odata.type"], "#microsoft.graph.appRoleAssignment");
}

#[test]
fn tokens_expire_and_native_recoveries_are_never_reported() {
    let client = Client::small();
    let link = client.follow("/v1.0/users/delta").1.unwrap();
    let when = When { now_ms: START_MS, trace: Trace::Silent };
    let changed = json!({"id": "ann", "displayName": "Put back"}).to_string();
    assert!(put(&mut client.core.state_mut(), when, "user", &changed).is_some());
    assert_eq!(client.get("/v1.0/users/ann")["displayName"], "Put back");
    assert_eq!(client.follow(&link).0.len(), 0);
    client.clock.advance_ms(7 * 86_400_000 + 1);
    let fresh = Client { token: client.core.auth.access_token(&[], client.core.now_ms()), ..client };
    assert_eq!(fresh.refusal("GET", &link, None), (400, "syncStateNotFound".into()));
}

#[test]
fn a_token_with_another_query_or_of_another_make_is_refused() {
    let client = Client::small();
    let link = client.follow("/v1.0/users/delta").1.unwrap();
    let other = link.replace("/users/", "/groups/");
    assert_eq!(client.refusal("GET", &other, None).0, 400);
    assert_eq!(client.refusal("GET", "/v1.0/users/delta?$deltatoken=AAAA", None).0, 400);
    assert_eq!(client.refusal("GET", "/v1.0/users/delta?$filter=city%20eq%20'x'", None).0, 400);
    assert_eq!(client.refusal("GET", "/v1.0/users/delta?$select=aboutMe", None).0, 501);
}

#[test]
fn faults_of_delta_change_the_form_and_not_the_content() {
    let client = Client::synthetic(1000);
    let (plain, link) = client.follow("/v1.0/users/delta?$select=displayName");
    let faults = Fault::parse_list("duplicate-delta,unordered-delta,empty-delta-pages").unwrap();
    client.core.set_faults(faults);
    let (disturbed, _) = client.follow("/v1.0/users/delta?$select=displayName");
    assert!(disturbed.len() > plain.len());
    assert_ne!(ids(&disturbed)[..5], ids(&plain)[..5]);
    let sorted = |values: &[Value]| {
        let mut ids: Vec<String> = ids(values).into_iter().map(str::to_owned).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    assert_eq!(sorted(&disturbed), sorted(&plain));
    client.core.set_faults(Fault::parse_list("410").unwrap());
    let reply = client.call("GET", link.as_ref().unwrap(), &[], None);
    assert_eq!(reply.status, 410);
    assert!(reply.header("location").unwrap().ends_with("/users/delta?$deltatoken="));
    let fresh = reply.header("location").unwrap().strip_prefix("http://twin").unwrap().to_owned();
    client.core.set_faults(Fault::parse_list("expired-delta").unwrap());
    assert_eq!(client.refusal("GET", &link.unwrap(), None), (400, "syncStateNotFound".into()));
    client.clock.advance_ms(1);
    assert_eq!(client.follow(&fresh).0.len(), plain.len());
}

fn batch(client: &Client, requests: &Value) -> Vec<Value> {
    let reply = client.call("POST", "/v1.0/$batch", &[], Some(json!({"requests": requests})));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let mut responses = tree(&reply)["responses"].as_array().unwrap().clone();
    responses.sort_by_key(|response| response["id"].as_str().unwrap().to_owned());
    responses
}

#[test]
fn a_batch_answers_each_request_alone() {
    let client = Client::small();
    let header = json!({"Content-Type": "application/json"});
    let responses = batch(
        &client,
        &json!([
            {"id": "1", "method": "GET", "url": "/users/ann?$select=id"},
            {"id": "2", "method": "GET", "url": "users/nobody"},
            {"id": "3", "method": "PATCH", "url": "/users/bob", "body": {"city": "Oslo"}, "headers": header},
            {"id": "4", "method": "GET", "url": "/users/bob?$select=city", "dependsOn": ["3"]},
            {"id": "5", "method": "GET", "url": "/users/bob", "dependsOn": ["2"]},
        {"id": "6", "method": "GET", "url": "http://twin/v1.0/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
        ]),
    );
    let statuses: Vec<&Value> = responses.iter().map(|response| &response["status"]).collect();
    assert_eq!(statuses, [200, 404, 204, 200, 424, 200]);
    assert_eq!(responses[0]["body"]["id"], "ann");
    assert_eq!(responses[3]["body"]["city"], "Oslo");
    assert_eq!(responses[5]["body"], 3);
    assert_eq!(client.core.counts().requests, 5);
}

#[test]
fn malformed_batches_are_refused_whole() {
    let client = Client::small();
    let get = |id: usize| json!({"id": id.to_string(), "method": "GET", "url": "/users"});
    let many: Vec<Value> = (0..21).map(get).collect();
    for requests in [
        json!(many),
        json!([]),
        json!([get(1), get(1)]),
        json!([{"id": "1", "method": "PATCH", "url": "/users/ann", "body": {}}]),
        json!([{"id": "1", "method": "POST", "url": "/$batch"}]),
        json!([{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["1"]}]),
        json!([{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["9"]}]),
    ] {
        assert_eq!(client.write("POST", "/v1.0/$batch", json!({"requests": requests})), 400, "{requests}");
    }
}

#[test]
fn links_to_objects_in_the_bin_are_reported_unless_switched_off() {
    let client = Client::small();
    let link = client.follow("/v1.0/groups/delta?$select=id,members").1.unwrap();
    client.write("DELETE", "/v1.0/users/bob", Value::Null);
    let (values, next) = client.follow(&link);
    let reported =
        json!([{"@odata.type": "#microsoft.graph.user", "id": "bob", "@removed": {"reason": "deleted"}}]);
    assert_eq!(find(&values, "staff").unwrap()["members@delta"], reported);
    client.write("POST", "/v1.0/directory/deletedItems/bob/restore", Value::Null);
    let (values, _) = client.follow(&next.unwrap());
    assert_eq!(find(&values, "staff").unwrap()["members@delta"][0]["id"], "bob");
    client.core.set_faults(Fault::parse_list("silent-bin-in-delta").unwrap());
    let (values, _) = client.follow(&link);
    assert_eq!(values.len(), 0);
}
