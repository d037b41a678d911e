//! Owns the tests of writing: creates, changes, links, bins, and what Graph refuses.

use super::*;

fn reference(id: &str) -> Value {
    json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")})
}

fn new_user(name: &str) -> Value {
    json!({"accountEnabled": true, "displayName": name, "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.com"), "passwordProfile": {"password": "correct horse"}})
}

#[test]
fn a_created_user_is_answered_whole_and_found() {
    let client = Client::small();
    let reply = client.call("POST", "/v1.0/users", &[], Some(new_user("dan")));
    assert_eq!(reply.status, 201);
    let id = tree(&reply)["id"].as_str().unwrap().to_owned();
    assert!(tree(&reply)["securityIdentifier"].as_str().unwrap().starts_with("S-1-12-1-"));
    let found = client.get("/v1.0/users/dan@contoso.com?$select=id,createdDateTime,passwordProfile");
    assert_eq!((found["id"].as_str(), &found["passwordProfile"]), (Some(id.as_str()), &Value::Null));
    assert_eq!(found["createdDateTime"], "2026-11-22T10:00:00Z");
    let group = json!({"displayName": "New", "mailEnabled": false, "mailNickname": "new", "securityEnabled": true,
        "owners@odata.bind": ["https://graph.microsoft.com/v1.0/users/ann"],
        "members@odata.bind": ["https://graph.microsoft.com/v1.0/directoryObjects/bob"]});
    let reply = client.call("POST", "/v1.0/groups", &[], Some(group));
    let location = reply.header("location").unwrap();
    assert!(location.ends_with("/Microsoft.DirectoryServices.Group"), "{location}");
    let id = tree(&reply)["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&client.follow(&format!("/v1.0/groups/{id}/members")).0), ["bob"]);
    assert_eq!(ids(&client.follow(&format!("/v1.0/groups/{id}/owners")).0), ["ann"]);
}

#[test]
fn creates_without_what_is_required_or_with_what_is_taken_are_refused() {
    let client = Client::small();
    let mut user = new_user("dan");
    user.as_object_mut().unwrap().remove("mailNickname");
    let reply = client.call("POST", "/v1.0/users", &[], Some(user));
    assert_eq!((reply.status, &tree(&reply)["error"]["details"][0]["target"]), (400, &json!("mailNickname")));
    let reply = client.call("POST", "/v1.0/users", &[], Some(new_user("ann")));
    let error = &tree(&reply)["error"];
    let message = "Another object with the same value for property userPrincipalName already exists.";
    assert_eq!((&error["code"], &error["message"]), (&json!("Request_BadRequest"), &json!(message)));
    assert_eq!(error["details"][1]["message"], "User_ann");
    let mut foreign = new_user("eve");
    foreign["userPrincipalName"] = "eve@elsewhere.org".into();
    for (path, body, status) in [
        ("users", foreign, 400),
        ("devices", json!({"displayName": "x"}), 403),
        ("servicePrincipals", json!({"appId": "app-id"}), 409),
        ("servicePrincipals", json!({"appId": "nowhere"}), 400),
        (
            "oauth2PermissionGrants",
            json!({"clientId": "principal", "consentType": "Principal",
            "resourceId": "principal", "scope": "x"}),
            400,
        ),
        (
            "servicePrincipals/principal/appRoleAssignedTo",
            json!({"principalId": "ann", "resourceId": "principal",
            "appRoleId": "role-2"}),
            400,
        ),
        (
            "identity/conditionalAccess/policies",
            json!({"displayName": "x", "state": "on", "conditions":
            {"users": {}, "applications": {}}, "grantControls": {}}),
            400,
        ),
        (
            "roleManagement/directory/roleAssignments",
            json!({"principalId": "ann", "directoryScopeId": "/",
            "roleDefinitionId": "none"}),
            400,
        ),
    ] {
        assert_eq!(client.write("POST", &format!("/v1.0/{path}"), body.clone()), status, "{path} {body}");
    }
}

#[test]
fn grants_and_assignments_are_made_once() {
    let client = Client::small();
    let grant = json!({"clientId": "principal", "consentType": "AllPrincipals", "resourceId": "principal",
        "scope": "User.Read"});
    assert_eq!(client.write("POST", "/v1.0/oauth2PermissionGrants", grant.clone()), 201);
    assert_eq!(client.write("POST", "/v1.0/oauth2PermissionGrants", grant), 409);
    let path = "/v1.0/servicePrincipals/principal/appRoleAssignedTo";
    let role = json!({"principalId": "ann", "resourceId": "principal", "appRoleId": "role-1"});
    let reply = client.call("POST", path, &[], Some(role.clone()));
    assert_eq!((reply.status, &tree(&reply)["principalDisplayName"]), (201, &json!("Ann")));
    assert_eq!(client.write("POST", path, role), 400);
    let id = tree(&reply)["id"].as_str().unwrap().to_owned();
    assert_eq!(client.follow("/v1.0/users/ann/appRoleAssignments").0.len(), 1);
    assert_eq!(client.write("PATCH", &format!("{path}/{id}"), json!({"appRoleId": "x"})), 405);
    assert_eq!(client.write("DELETE", &format!("{path}/{id}"), Value::Null), 204);
    assert_eq!(client.follow(path).0.len(), 0);
}

#[test]
fn updates_follow_the_rules_of_properties() {
    let client = Client::small();
    assert_eq!(client.write("PATCH", "/v1.0/users/ann", json!({"jobTitle": null, "city": "Oslo"})), 204);
    let ann = client.get("/v1.0/users/ann?$select=jobTitle,city");
    assert_eq!((&ann["jobTitle"], &ann["city"]), (&Value::Null, &json!("Oslo")));
    for (path, body) in [
        ("users/ann", json!({"createdDateTime": "2020-01-01T00:00:00Z"})),
        ("users/ann", json!({"shoeSize": 44})),
        ("users/ann", json!({"userPrincipalName": "bob@contoso.com"})),
        ("users/cid", json!({"displayName": "Other"})),
        ("groups/staff", json!({"isAssignableToRole": true})),
        ("applications/app", json!({"appRoles": []})),
        ("identity/conditionalAccess/namedLocations/office", json!({"displayName": "x"})),
        ("organization/11111111-1111-4111-8111-111111111111", json!({"displayName": "x"})),
    ] {
        assert_eq!(client.write("PATCH", &format!("/v1.0/{path}"), body.clone()), 400, "{path} {body}");
    }
    assert_eq!(client.write("PATCH", "/v1.0/users/cid", json!({"usageLocation": "NO"})), 204);
}

#[test]
fn permissions_of_an_application_are_disabled_before_they_go() {
    let client = Client::small();
    let disabled = json!({"appRoles": [{"id": "role-1", "isEnabled": false, "value": "Read"}]});
    assert_eq!(client.write("PATCH", "/v1.0/applications/app", disabled), 204);
    assert_eq!(client.write("PATCH", "/v1.0/applications/app", json!({"appRoles": []})), 204);
}

#[test]
fn links_are_added_and_removed_once() {
    let client = Client::small();
    let members = "/v1.0/groups/staff/members";
    let add = format!("{members}/$ref");
    assert_eq!(client.write("POST", &add, reference("cid")), 204);
    let reply = client.call("POST", &add, &[], Some(reference("cid")));
    let message = "One or more added object references already exist for the following modified properties: \
                   'members'.";
    assert_eq!((reply.status, &tree(&reply)["error"]["message"]), (400, &json!(message)));
    assert_eq!(client.write("POST", &add, reference("nobody")), 404);
    assert_eq!(client.write("DELETE", &format!("{members}/cid/$ref"), Value::Null), 204);
    assert_eq!(client.write("DELETE", &format!("{members}/cid/$ref"), Value::Null), 404);
    assert_eq!(client.write("PUT", "/v1.0/users/ann/manager/$ref", reference("bob")), 204);
    assert_eq!(client.write("PUT", "/v1.0/users/ann/manager/$ref", reference("cid")), 204);
    assert_eq!(client.get("/v1.0/users/ann/manager")["id"], "cid");
    assert_eq!(client.write("DELETE", "/v1.0/users/ann/manager/$ref", Value::Null), 204);
    assert_eq!(client.write("DELETE", "/v1.0/users/ann/manager/$ref", Value::Null), 404);
    let dynamic = "/v1.0/groups/everyone/members/$ref";
    assert_eq!(client.write("POST", dynamic, reference("bob")), 403);
}

#[test]
fn many_members_are_added_together_or_not_at_all() {
    let client = Client::small();
    let bind = |ids: &[&str]| {
        let list: Vec<String> =
            ids.iter().map(|id| format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")).collect();
        json!({"members@odata.bind": list})
    };
    assert_eq!(client.write("PATCH", "/v1.0/groups/staff", bind(&["cid", "ann"])), 400);
    assert_eq!(client.follow("/v1.0/groups/staff/members").0.len(), 2);
    assert_eq!(client.write("PATCH", "/v1.0/groups/staff", bind(&["cid", "principal"])), 204);
    assert_eq!(client.follow("/v1.0/groups/staff/members").0.len(), 4);
    assert_eq!(client.write("PATCH", "/v1.0/groups/staff", bind(&["x"; 21])), 400);
}

#[test]
fn the_last_owner_stays_and_a_link_deleted_without_ref_deletes_the_object() {
    let client = Client::small();
    let owners = "/v1.0/groups/staff/owners";
    assert_eq!(client.write("DELETE", &format!("{owners}/ann/$ref"), Value::Null), 400);
    assert_eq!(client.write("POST", &format!("{owners}/$ref"), reference("bob")), 204);
    assert_eq!(client.write("DELETE", &format!("{owners}/ann/$ref"), Value::Null), 204);
    assert_eq!(client.write("DELETE", "/v1.0/groups/staff/members/ann", Value::Null), 204);
    assert_eq!(client.refusal("GET", "/v1.0/users/ann", None).0, 404);
    assert_eq!(client.get("/v1.0/directory/deletedItems/ann")["@odata.type"], "#microsoft.graph.user");
}

#[test]
fn deleted_users_keep_id_and_memberships_and_come_back() {
    let client = Client::small();
    assert_eq!(client.write("DELETE", "/v1.0/users/bob", Value::Null), 204);
    assert_eq!(ids(&client.follow("/v1.0/groups/staff/members").0), ["ann"]);
    let bin = client.follow("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime").0;
    assert_eq!(bin, [json!({"id": "bob", "deletedDateTime": "2026-11-22T10:00:00Z"})]);
    let reply = client.call("POST", "/v1.0/directory/deletedItems/bob/restore", &[], None);
    assert_eq!((reply.status, &tree(&reply)["@odata.type"]), (200, &json!("#microsoft.graph.user")));
    assert_eq!(ids(&client.follow("/v1.0/groups/staff/members").0), ["ann", "bob"]);
    assert_eq!(client.get("/v1.0/users/bob/manager")["id"], "ann");
    assert_eq!(client.write("POST", "/v1.0/directory/deletedItems/bob/restore", json!({})), 404);
    assert_eq!(client.write("DELETE", "/v1.0/users/cid", Value::Null), 400, "synced");
}

#[test]
fn a_taken_name_blocks_a_restore_unless_a_new_one_is_given() {
    let client = Client::small();
    assert_eq!(client.write("DELETE", "/v1.0/users/bob", Value::Null), 204);
    assert_eq!(client.write("POST", "/v1.0/users", new_user("bob")), 201);
    let path = "/v1.0/directory/deletedItems/bob/restore";
    let reply = client.call("POST", path, &[], Some(json!({})));
    assert_eq!(tree(&reply)["error"]["details"][0]["code"], "ObjectConflict");
    let body = json!({"newUserPrincipalName": "bob2@contoso.com", "autoReconcileProxyConflict": true});
    assert_eq!(client.write("POST", path, body), 200);
    assert_eq!(client.get("/v1.0/users/bob2@contoso.com")["id"], "bob");
}

#[test]
fn an_application_takes_its_principal_along_and_comes_back_without_it() {
    let client = Client::small();
    assert_eq!(client.write("DELETE", "/v1.0/applications/app", Value::Null), 204);
    assert_eq!(client.refusal("GET", "/v1.0/servicePrincipals/principal", None).0, 404);
    assert_eq!(client.write("POST", "/v1.0/directory/deletedItems/app/restore", Value::Null), 200);
    assert_eq!(client.refusal("GET", "/v1.0/servicePrincipals/principal", None).0, 404);
    assert_eq!(client.write("POST", "/v1.0/directory/deletedItems/principal/restore", Value::Null), 200);
    assert_eq!(client.write("DELETE", "/v1.0/applications/app", Value::Null), 204);
    assert_eq!(client.write("DELETE", "/v1.0/directory/deletedItems/app", Value::Null), 204);
    assert_eq!(client.write("POST", "/v1.0/directory/deletedItems/app/restore", Value::Null), 404);
}

#[test]
fn policies_have_their_own_bin_and_trusted_locations_their_own_rule() {
    let client = Client::small();
    let base = "/v1.0/identity/conditionalAccess";
    assert_eq!(client.write("DELETE", &format!("{base}/policies/policy"), Value::Null), 204);
    assert_eq!(ids(&client.follow(&format!("{base}/deletedItems/policies")).0), ["policy"]);
    let reply = client.call("POST", &format!("{base}/deletedItems/policies/policy/restore"), &[], None);
    assert_eq!((reply.status, &tree(&reply)["state"]), (200, &json!("enabled")));
    let location = format!("{base}/namedLocations/office");
    assert_eq!(client.write("DELETE", &location, Value::Null), 400);
    let body = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": false});
    assert_eq!(client.write("PATCH", &location, body), 204);
    assert_eq!(client.write("DELETE", &location, Value::Null), 204);
}

#[test]
fn updates_may_make_what_is_missing() {
    let client = Client::small();
    let path = "/v1.0/groups(uniqueName='new')";
    let body =
        json!({"displayName": "New", "mailEnabled": false, "mailNickname": "n", "securityEnabled": true});
    assert_eq!(client.write("PATCH", path, body.clone()), 404);
    let header = [("prefer", "create-if-missing")];
    assert_eq!(client.call("PATCH", path, &header, Some(body)).status, 201);
    let again = client.call("PATCH", path, &header, Some(json!({"description": "x"})));
    assert_eq!(again.status, 204);
    let path = "/v1.0/applications/app/federatedIdentityCredentials(name='ci')";
    let body = json!({"issuer": "https://i", "subject": "s", "audiences": ["a"]});
    assert_eq!(client.call("PATCH", path, &header, Some(body)).status, 201);
    assert_eq!(client.follow("/v1.0/applications/app/federatedIdentityCredentials").0[0]["name"], "ci");
}

#[test]
fn passwords_schedules_and_guests_are_made_by_actions() {
    let client = Client::small();
    let reply = client.call("POST", "/v1.0/applications/app/addPassword", &[], Some(json!({})));
    let key = tree(&reply)["keyId"].clone();
    assert!(tree(&reply)["secretText"].is_string());
    let kept = client.get("/v1.0/applications/app");
    assert_eq!(
        (&kept["passwordCredentials"][0]["keyId"], &kept["passwordCredentials"][0]["secretText"]),
        (&key, &Value::Null)
    );
    assert_eq!(client.write("POST", "/v1.0/applications/app/removePassword", json!({"keyId": key})), 204);
    let schedule = |action: &str| json!({"action": action, "principalId": "ann", "roleDefinitionId": "r", "directoryScopeId": "/"});
    let path = "/v1.0/roleManagement/directory/roleEligibilityScheduleRequests";
    assert_eq!(client.write("POST", path, schedule("adminAssign")), 201);
    assert_eq!(client.write("POST", path, schedule("adminAssign")), 400);
    assert_eq!(client.follow("/v1.0/roleManagement/directory/roleEligibilitySchedules").0.len(), 1);
    assert_eq!(client.write("POST", path, schedule("adminRemove")), 201);
    assert_eq!(client.follow("/v1.0/roleManagement/directory/roleEligibilitySchedules").0.len(), 0);
    let guest = json!({"invitedUserEmailAddress": "g@else.org", "inviteRedirectUrl": "https://x"});
    assert_eq!(client.write("POST", "/v1.0/invitations", guest), 201);
    let member = json!({"groupIds": ["staff", "everyone", "nothing"]});
    let reply = client.call("POST", "/v1.0/users/bob/checkMemberGroups", &[], Some(member));
    assert_eq!(tree(&reply)["value"], json!(["staff", "everyone"]));
}

#[test]
fn members_of_a_restricted_unit_are_not_written() {
    let client = Client::small();
    let unit = json!({"displayName": "Vault", "isMemberManagementRestricted": true});
    let reply = client.call("POST", "/v1.0/directory/administrativeUnits", &[], Some(unit));
    let id = tree(&reply)["id"].as_str().unwrap().to_owned();
    let path = format!("/v1.0/directory/administrativeUnits/{id}/members/$ref");
    assert_eq!(client.write("POST", &path, reference("ann")), 204);
    assert_eq!(client.refusal("PATCH", "/v1.0/users/ann", Some(json!({"city": "Oslo"}))).0, 403);
}

#[test]
fn the_bin_keeps_what_was_deleted_for_thirty_days() {
    let client = Client::small();
    let link = client.follow("/v1.0/users/delta").1.unwrap();
    assert_eq!(client.write("DELETE", "/v1.0/users/bob", Value::Null), 204);
    client.clock.advance_ms(29 * 86_400_000);
    let later = Client { token: client.core.auth.access_token(&[], client.core.now_ms()), ..client };
    assert_eq!(later.follow("/v1.0/directory/deletedItems/microsoft.graph.user").0.len(), 1);
    later.clock.advance_ms(86_400_000);
    let later = Client { token: later.core.auth.access_token(&[], later.core.now_ms()), ..later };
    assert_eq!(later.follow("/v1.0/directory/deletedItems/microsoft.graph.user").0.len(), 0);
    assert_eq!(later.refusal("POST", "/v1.0/directory/deletedItems/bob/restore", None).0, 404);
    assert_eq!(later.refusal("GET", &link, None).1, "syncStateNotFound");
}

#[test]
fn what_a_user_owns_in_the_bin_is_found() {
    let client = Client::small();
    assert_eq!(client.write("DELETE", "/v1.0/groups/staff", Value::Null), 204);
    let body = json!({"userId": "ann", "type": "Group"});
    let reply = client.call("POST", "/v1.0/directory/deletedItems/getUserOwnedObjects", &[], Some(body));
    assert_eq!(ids(tree(&reply)["value"].as_array().unwrap()), ["staff"]);
    assert_eq!(client.get("/v1.0/users/ann/ownedObjects")["value"], json!([]));
}

#[test]
fn a_policy_shows_its_authentication_strength_in_full() {
    let client = Client::small();
    let path = "/v1.0/identity/conditionalAccess/policies/policy";
    let controls =
        |id: &str| json!({"grantControls": {"operator": "OR", "authenticationStrength": {"id": id}}});
    assert_eq!(client.write("PATCH", path, controls("none")), 400);
    assert_eq!(client.write("PATCH", path, controls("00000000-0000-0000-0000-000000000004")), 204);
    let strength = &client.get(path)["grantControls"]["authenticationStrength"];
    assert_eq!(strength["displayName"], "Phishing-resistant MFA");
    let used = "/v1.0/policies/authenticationStrengthPolicies/00000000-0000-0000-0000-000000000004";
    assert_eq!(client.write("DELETE", used, Value::Null), 400);
}

#[test]
fn a_custom_role_keeps_the_id_that_was_chosen_and_a_held_role_its_members() {
    let client = Client::synthetic(2000);
    let chosen = "3f2b8c1e-0000-4000-8000-000000000001";
    let role = json!({"displayName": "Mine", "isEnabled": true, "templateId": chosen,
        "rolePermissions": [{"allowedResourceActions": ["microsoft.directory/users/standard/read"]}]});
    let reply = client.call("POST", "/v1.0/roleManagement/directory/roleDefinitions", &[], Some(role));
    assert_eq!((reply.status, &tree(&reply)["id"]), (201, &json!(chosen)));
    let held = client.get("/v1.0/directoryRoles")["value"][0].clone();
    let members = format!("/v1.0/directoryRoles/{}/members", held["id"].as_str().unwrap());
    let before = client.follow(&members).0.len();
    let user = client.follow("/v1.0/users?$select=id&$top=999").0[70]["id"].clone();
    let assignment =
        json!({"principalId": user, "roleDefinitionId": held["roleTemplateId"], "directoryScopeId": "/"});
    let path = "/v1.0/roleManagement/directory/roleAssignments";
    let reply = client.call("POST", path, &[], Some(assignment.clone()));
    assert_eq!(reply.status, 201);
    assert_eq!(client.follow(&members).0.len(), before + 1);
    assert_eq!(client.write("POST", path, assignment), 400);
    let made = format!("{path}/{}", tree(&reply)["id"].as_str().unwrap());
    assert_eq!(client.write("DELETE", &made, Value::Null), 204);
    assert_eq!(client.follow(&members).0.len(), before);
}
