//! Owns the tests of reading: properties, pages, filters, navigation properties.

use super::*;

#[test]
fn users_show_default_properties_and_unset_ones_as_null() {
    let client = Client::small();
    let ann = client.get("/v1.0/users/ann");
    assert!(ann["department"].is_null() && ann.get("department").is_none());
    assert_eq!(ann["jobTitle"], "Head");
    assert_eq!(ann["businessPhones"], json!([]));
    let selected = client.get("/v1.0/users/ann?$select=id,department,city");
    let members: Vec<&String> = selected.as_object().unwrap().keys().collect();
    assert_eq!(members, ["@odata.context", "city", "department", "id"]);
    assert_eq!((&selected["department"], &selected["city"]), (&json!("Sales"), &Value::Null));
    assert_eq!(selected["@odata.context"], "http://twin/v1.0/$metadata#users(id,department,city)/$entity");
}

#[test]
fn pages_have_the_requested_size_and_hold_every_user_once() {
    let client = Client::synthetic(5000);
    let (all, _) = client.follow("/v1.0/users?$top=999&$select=id");
    let (small, _) = client.follow("/v1.0/users?$select=id");
    assert_eq!(ids(&all), ids(&small));
    let mut unique = ids(&all);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), all.len());
    assert_eq!(client.get("/v1.0/users")["value"].as_array().unwrap().len(), 100);
    let next = client.get("/v1.0/users?$top=5&$select=id")["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(next.contains("$select=id") && next.contains("$top=5") && next.contains("$skiptoken="), "{next}");
    assert_eq!(
        client.refusal("GET", "/v1.0/users?$top=1000", None),
        (400, "Request_UnsupportedQuery".into())
    );
    let signed_in = "/v1.0/users?$top=501&$select=id,signInActivity";
    assert_eq!(client.refusal("GET", signed_in, None).0, 400);
    let bad = client.refusal("GET", "/v1.0/users?$skiptoken=bad", None);
    assert_eq!(bad, (400, "Directory_ExpiredPageToken".into()));
}

#[test]
fn advanced_queries_need_their_header_and_count() {
    let client = Client::small();
    assert_eq!(client.refusal("GET", "/v1.0/users?$count=true", None), (400, "Request_BadRequest".into()));
    assert_eq!(
        client.refusal("GET", "/v1.0/users?$search=\"displayName:ann\"", None).1,
        "Request_UnsupportedQuery"
    );
    let not = "/v1.0/users?$filter=department ne 'Sales'";
    assert_eq!(client.refusal("GET", not, None), (400, "Request_UnsupportedQuery".into()));
    let reply = client.call("GET", not, &[("consistencylevel", "eventual")], None);
    assert_eq!(reply.status, 400, "without $count it is refused too");
    let found = client.get_eventual(&format!("{not}&$count=true"));
    assert_eq!((&found["@odata.count"], ids(found["value"].as_array().unwrap())), (&json!(1), vec!["cid"]));
    let found = client.get_eventual("/v1.0/users?$search=\"displayName:an\"");
    assert_eq!(ids(found["value"].as_array().unwrap()), ["ann"]);
    let reply = client.call("GET", "/v1.0/users/$count", &[("consistencylevel", "eventual")], None);
    assert_eq!(reply.body, b"3");
}

#[test]
fn filters_that_clients_send_are_understood() {
    let client = Client::small();
    for (filter, expected) in [
        ("startswith(displayName,'a')", vec!["ann"]),
        ("userPrincipalName eq 'BOB@contoso.com'", vec!["bob"]),
        ("id in ('ann', 'cid')", vec!["ann", "cid"]),
        ("department eq 'Sales' and (displayName eq 'Bob' or displayName eq 'Cid')", vec!["bob"]),
        ("onPremisesSyncEnabled eq true", vec!["cid"]),
        ("department eq null", vec!["cid"]),
        ("accountEnabled eq false", vec![]),
    ] {
        let (found, _) = client.follow(&format!("/v1.0/users?$filter={}", filter.replace(' ', "%20")));
        assert_eq!(ids(&found), expected, "{filter}");
    }
    let dynamic = "/v1.0/groups?$filter=groupTypes/any(c:c%20eq%20'DynamicMembership')";
    assert_eq!(ids(&client.follow(dynamic).0), ["everyone"]);
    let not = "/beta/groups?$filter=not(groupTypes/any(c:c eq 'DynamicMembership'))&$count=true";
    assert_eq!(ids(client.get_eventual(not)["value"].as_array().unwrap()), ["staff"]);
    let of =
        "/v1.0/identity/conditionalAccess/namedLocations?$filter=isof('microsoft.graph.ipNamedLocation')";
    assert_eq!(ids(&client.follow(of).0), ["office"]);
}

#[test]
fn order_and_search_work_on_pages() {
    let client = Client::small();
    let names = |target: &str| {
        let found = client.follow(target).0;
        found.iter().map(|value| value["displayName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/v1.0/users?$orderby=displayName desc&$top=2"), ["Cid", "Bob", "Ann"]);
}

#[test]
fn what_another_service_holds_is_refused_on_lists_and_unknown_names_everywhere() {
    let client = Client::small();
    assert_eq!(client.refusal("GET", "/v1.0/users?$select=aboutMe", None), (501, "NotImplemented".into()));
    assert_eq!(client.call("GET", "/v1.0/users/ann?$select=aboutMe", &[], None).status, 200);
    assert_eq!(client.refusal("GET", "/v1.0/users?$select=shoeSize", None).0, 400);
}

#[test]
fn relations_are_read_in_both_directions() {
    let client = Client::small();
    let values = |target: &str| client.follow(target).0;
    assert_eq!(ids(&values("/v1.0/groups/staff/members")), ["ann", "bob"]);
    assert_eq!(values("/v1.0/groups/staff/members")[0]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(ids(&values("/v1.0/groups/everyone/transitiveMembers/microsoft.graph.user")), ["ann", "bob"]);
    assert_eq!(ids(&values("/v1.0/users/bob/memberOf")), ["staff"]);
    assert_eq!(ids(&values("/v1.0/users/bob/transitiveMemberOf")), ["staff", "everyone"]);
    assert_eq!(ids(&values("/v1.0/users/bob/ownedObjects")), ["app"]);
    assert_eq!(ids(&values("/v1.0/users/ann/directReports")), ["bob"]);
    assert_eq!(client.get("/v1.0/users/bob/manager")["id"], "ann");
    assert_eq!(
        client.refusal("GET", "/v1.0/users/ann/manager", None),
        (404, "Request_ResourceNotFound".into())
    );
    let reference = client.get("/v1.0/users/bob/manager/$ref");
    assert_eq!(reference["@odata.id"], "http://twin/v1.0/directoryObjects/ann");
    let expanded = client.get("/v1.0/users?$select=id&$expand=manager($select=id)");
    let bob = expanded["value"].as_array().unwrap().iter().find(|user| user["id"] == "bob").unwrap();
    assert_eq!(bob["manager"], json!({"@odata.type": "#microsoft.graph.user", "id": "ann"}));
}

#[test]
fn expansion_shows_twenty_at_most() {
    let client = Client::synthetic(2000);
    let groups = client.get("/v1.0/groups?$top=999&$expand=members($select=id)");
    let counts: Vec<usize> = groups["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["members"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts.iter().max(), Some(&20));
    assert!(groups["value"][0]["members@odata.nextLink"].is_null());
}

#[test]
fn objects_are_fetched_by_id_in_bulk() {
    let client = Client::small();
    let body = json!({"ids": ["ann", "staff", "nobody"], "types": ["user", "group"]});
    let reply = client.call("POST", "/v1.0/directoryObjects/getByIds?$select=id", &[], Some(body));
    let found = tree(&reply);
    assert_eq!(ids(found["value"].as_array().unwrap()), ["ann", "staff"]);
    assert_eq!(found["value"][1]["@odata.type"], "#microsoft.graph.group");
    let many: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    assert_eq!(client.write("POST", "/v1.0/directoryObjects/getByIds", json!({"ids": many})), 400);
}

#[test]
fn assignments_are_found_from_both_ends() {
    let client = Client::synthetic(2000);
    let (principals, _) = client.follow("/v1.0/servicePrincipals?$select=id&$top=999");
    let mut count = 0;
    for principal in ids(&principals) {
        for assignment in client.follow(&format!("/v1.0/servicePrincipals/{principal}/appRoleAssignedTo")).0 {
            assert_eq!(assignment["resourceId"], principal);
            count += 1;
        }
    }
    let expected = client
        .core
        .state()
        .handles(crate::resource::Kind::of(engine::schema::TypeId::AppRoleAssignment))
        .len();
    assert_eq!(count, expected);
}
