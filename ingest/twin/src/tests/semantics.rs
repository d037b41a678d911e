//! Owns the tests of behaviour that clients easily overlook: merged values, ends of schedules, refusals of a whole update.

use super::*;

fn user_with(values: &Value) -> Client {
    let mut user = json!({"id": "ann", "displayName": "Ann", "accountEnabled": true});
    user.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    Client::new(Twin::from_objects(1, [("user", user.to_string())]), |_| ())
}

#[test]
fn a_patch_merges_complex_values_and_null_clears() {
    let client = user_with(&json!({
        "employeeOrgData": {"division": "A", "costCenter": "1"},
        "onPremisesExtensionAttributes": {"extensionAttribute1": "x", "extensionAttribute2": "evil"},
        "customSecurityAttributes": {"E": {"@odata.type": "#t", "L": "1", "C": "top", "T@odata.type": "#Collection(String)", "T": ["a"]},
            "S": {"@odata.type": "#t", "Door": true}},
    }));
    for (name, written, expected) in [
        ("employeeOrgData", json!({"division": "B"}), json!({"division": "B", "costCenter": "1"})),
        ("employeeOrgData", Value::Null, Value::Null),
        (
            "onPremisesExtensionAttributes",
            json!({"extensionAttribute1": "x"}),
            json!({"extensionAttribute1": "x", "extensionAttribute2": "evil"}),
        ),
        (
            "onPremisesExtensionAttributes",
            json!({"extensionAttribute2": null}),
            json!({"extensionAttribute1": "x", "extensionAttribute2": null}),
        ),
        (
            "customSecurityAttributes",
            json!({"E": {"@odata.type": "#t", "C": null, "T": []}, "S": {"@odata.type": "#t", "Door": null}}),
            json!({"E": {"@odata.type": "#t", "L": "1"}}),
        ),
    ] {
        assert_eq!(client.write("PATCH", "/v1.0/users/ann", json!({name: written})), 204, "{name}");
        assert_eq!(client.get(&format!("/v1.0/users/ann?$select={name}"))[name], expected, "{name}");
    }
}

fn role_request(action: &str, info: &Value) -> Value {
    json!({"action": action, "principalId": "ann", "roleDefinitionId": "r", "directoryScopeId": "/",
        "scheduleInfo": info})
}

#[test]
fn an_active_schedule_shows_among_the_assignments_until_it_ends() {
    const SCHEDULES: &str = "/v1.0/roleManagement/directory/roleAssignmentSchedules";
    const REQUESTS: &str = "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests";
    const ASSIGNMENTS: &str = "/v1.0/roleManagement/directory/roleAssignments";
    let until = |end: &str| {
        json!({"startDateTime": "2026-11-22T09:00:00Z",
        "expiration": {"type": "afterDateTime", "endDateTime": end}})
    };
    let client = Client::small();
    let counts = |client: &Client| [SCHEDULES, ASSIGNMENTS].map(|path| client.follow(path).0.len());
    assert_eq!(
        client.write("POST", REQUESTS, role_request("adminAssign", &until("2026-11-22T09:30:00Z"))),
        400
    );
    assert_eq!(
        client.write("POST", REQUESTS, role_request("adminAssign", &until("2026-11-22T11:00:00Z"))),
        201
    );
    assert_eq!(counts(&client), [1, 1]);
    assert_eq!(
        client.write("POST", REQUESTS, role_request("adminUpdate", &until("2026-11-22T10:20:00Z"))),
        201
    );
    client.clock.advance_ms(19 * 60_000);
    assert_eq!(counts(&client), [1, 1]);
    client.clock.advance_ms(60_000);
    assert_eq!(counts(&client), [0, 0]);
    // A schedule that begins later, and one with a duration.
    let later = json!({"startDateTime": "2026-11-23T09:00:00Z", "expiration": {"type": "noExpiration"}});
    assert_eq!(client.write("POST", REQUESTS, role_request("adminAssign", &later)), 201);
    assert_eq!(counts(&client), [1, 0]);
    assert_eq!(client.write("POST", REQUESTS, role_request("adminRemove", &Value::Null)), 201);
    let hours = json!({"startDateTime": "2026-11-22T10:00:00Z", "expiration": {"type": "afterDuration", "duration": "PT30M"}});
    assert_eq!(client.write("POST", REQUESTS, role_request("adminAssign", &hours)), 201);
    assert_eq!(counts(&client), [1, 1]);
    client.clock.advance_ms(10 * 60_000);
    assert_eq!(counts(&client), [0, 0]);
    // A removed assignment ends the schedule.
    let open = json!({"expiration": {"type": "noExpiration"}});
    assert_eq!(client.write("POST", REQUESTS, role_request("adminAssign", &open)), 201);
    let assignment = client.follow(ASSIGNMENTS).0[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.write("DELETE", &format!("{ASSIGNMENTS}/{assignment}"), Value::Null), 204);
    assert_eq!(counts(&client), [0, 0]);
}

#[test]
fn a_policy_names_only_what_is_there() {
    let client = Client::small();
    let path = "/v1.0/identity/conditionalAccess/policies/policy";
    let conditions = |users: Value| json!({"conditions": {"applications": {"includeApplications": ["All"]}, "users": users}});
    let all = json!({"includeUsers": ["All"], "excludeGroups": ["staff"], "excludeUsers": ["ann"]});
    assert_eq!(client.write("PATCH", path, conditions(all.clone())), 204);
    assert_eq!(client.write("DELETE", "/v1.0/groups/staff", Value::Null), 204);
    assert_eq!(client.write("PATCH", path, json!({"state": "disabled"})), 204);
    assert_eq!(client.write("PATCH", path, conditions(all)), 400);
    assert_eq!(client.write("PATCH", path, conditions(json!({"includeUsers": ["nobody"]}))), 400);
    let location = json!({"conditions": {"applications": {}, "users": {}, "locations": {"includeLocations": ["office", "AllTrusted"]}}});
    assert_eq!(client.write("PATCH", path, location.clone()), 204);
    let missing =
        json!({"conditions": {"applications": {}, "users": {}, "locations": {"excludeLocations": ["gone"]}}});
    assert_eq!(client.write("PATCH", path, missing), 400);
}

#[test]
fn identifier_uris_are_of_one_application_and_of_the_tenant() {
    let application = |id: &str, uris: &[&str]| {
        (
            "application",
            json!({"id": id, "appId": format!("{id}-id"), "displayName": id, "identifierUris": uris})
                .to_string(),
        )
    };
    let domain = ("domain", json!({"id": "contoso.com", "isVerified": true}).to_string());
    let objects = [application("a", &["https://legacy.example/a"]), application("b", &[]), domain];
    let client = Client::new(Twin::from_objects(1, objects), |_| ());
    let write = |id: &str, body: Value| client.write("PATCH", &format!("/v1.0/applications/{id}"), body);
    let uris = |uris: &[&str]| json!({"identifierUris": uris, "displayName": "New"});
    assert_eq!(write("b", uris(&["api://b-id", "https://shop.contoso.com"])), 204);
    assert_eq!(
        write("b", json!({"identifierUris": ["https://legacy.example/b"], "displayName": "Other"})),
        400
    );
    assert_eq!(client.get("/v1.0/applications/b")["displayName"], "New", "refused as a whole");
    assert_eq!(write("a", uris(&["https://legacy.example/a", "api://a-id"])), 204);
    assert_eq!(write("a", uris(&["https://SHOP.contoso.com"])), 400, "another application has it");
    // An object in the bin holds no URI, and is restored only while its URIs are free.
    assert_eq!(client.write("DELETE", "/v1.0/applications/b", Value::Null), 204);
    assert_eq!(write("a", uris(&["https://shop.contoso.com"])), 204);
    assert_eq!(client.refusal("POST", "/v1.0/directory/deletedItems/b/restore", None).0, 400);
    assert_eq!(write("a", uris(&["api://a-id"])), 204);
    assert_eq!(client.refusal("POST", "/v1.0/directory/deletedItems/b/restore", None).0, 200);
}
