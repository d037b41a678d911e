//! What happens to a tenant between two backups.

use serde_json::{Value, json};
use twin::Actor;

use crate::ingest_backup::ids;
use crate::tenant::Tenant;

/// Live objects of a type.
pub(crate) fn objects(tenant: &Tenant, wanted: &str) -> Vec<Value> {
    let all = tenant.server.objects().into_iter().filter(|(token, _)| token == wanted);
    let all = all.map(|(_, text)| serde_json::from_str::<Value>(&text).unwrap());
    all.filter(|object| object["deletedDateTime"].is_null()).collect()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

pub(crate) fn cloud_users(tenant: &Tenant) -> Vec<String> {
    let users = objects(tenant, "user");
    users
        .iter()
        .filter(|user| user["onPremisesSyncEnabled"] != true)
        .map(|user| id(user).to_owned())
        .collect()
}

/// Puts some properties of an object as an attacker would.
pub(crate) fn set(tenant: &Tenant, token: &str, id: &str, properties: &Value) {
    let mut object: Value = serde_json::from_str(&tenant.server.object(token, id).unwrap()).unwrap();
    for (name, value) in properties.as_object().unwrap() {
        object[name] = value.clone();
    }
    assert!(tenant.server.put(Actor::Caller, token, &object.to_string()), "{token} {id}");
}

/// Many changes of a few kinds.
pub(crate) fn incident(tenant: &Tenant) {
    let (users, groups) = (cloud_users(tenant), ids(tenant, "group"));
    for user in &users[..40] {
        set(tenant, "user", user, &json!({"department": "Hacked", "jobTitle": null}));
    }
    for user in &users[50..55] {
        assert!(tenant.server.delete(Actor::Caller, "user", user));
    }
    let has_licence =
        |id: &&String| tenant.server.object("user", id).unwrap().contains("\"assignedLicenses\":[{");
    for user in users[60..].iter().filter(has_licence).take(3) {
        set(tenant, "user", user, &json!({"assignedLicenses": []}));
    }
    let mut cut = 0;
    for group in &groups {
        let value: Value = serde_json::from_str(&tenant.server.object("group", group).unwrap()).unwrap();
        let is_plain = value["groupTypes"].as_array().is_none_or(Vec::is_empty)
            && value["onPremisesSyncEnabled"] != Value::Bool(true)
            && value["mailEnabled"] != Value::Bool(true);
        let members = value["members"].as_array().cloned().unwrap_or_default();
        if is_plain && members.len() > 2 && cut < 5 {
            cut += 1;
            for member in members.iter().take(3) {
                assert!(tenant.server.unlink(Actor::Caller, group, "members", member.as_str().unwrap()));
            }
        }
    }
    assert_eq!(cut, 5, "the tenant must have groups to take members from");
}

/// The intruder's own account.
pub(crate) const MALLORY: &str = "66666666-6666-4666-8666-666666666666";

/// What an intruder, and a clumsy administrator, do.
pub(crate) fn attack(tenant: &Tenant) {
    let is_cloud = |user: &&Value| user["onPremisesSyncEnabled"] != true;
    let users = objects(tenant, "user");
    let users: Vec<&Value> = users.iter().filter(is_cloud).collect();
    for user in &users[..5] {
        set(tenant, "user", id(user), &json!({"department": "Seized", "employeeOrgData": {"division": "X"}}));
    }
    for user in &users[5..9] {
        assert!(tenant.server.delete(Actor::Caller, "user", id(user)));
    }
    for user in &users[8..9] {
        assert!(tenant.server.purge(Actor::Caller, "user", id(user)));
    }
    let is_plain = |group: &&Value| {
        group["onPremisesSyncEnabled"] != true
            && group["mailEnabled"] == false
            && group["groupTypes"].as_array().is_none_or(Vec::is_empty)
            && group["members"].as_array().is_some_and(|members| members.len() > 3)
    };
    let groups = objects(tenant, "group");
    let groups: Vec<&Value> = groups.iter().filter(is_plain).collect();
    for member in &groups[0]["members"].as_array().unwrap()[..2] {
        assert!(tenant.server.unlink(Actor::Caller, id(groups[0]), "members", member.as_str().unwrap()));
    }
    assert!(tenant.server.link(Actor::Caller, id(groups[0]), "owners", id(users[20])));
    assert!(tenant.server.delete(Actor::Caller, "group", id(groups[1])));
    assert!(tenant.server.purge(Actor::Caller, "group", id(groups[2])));
    let mallory = json!({"id": MALLORY, "displayName": "Mallory", "accountEnabled": true,
        "userPrincipalName": "mallory@example.com", "mailNickname": "mallory"});
    assert!(tenant.server.put(Actor::Caller, "user", &mallory.to_string()));
    let applications = objects(tenant, "application");
    let mut secrets = applications[0]["passwordCredentials"].as_array().cloned().unwrap_or_default();
    secrets.push(json!({"keyId": "11111111-2222-4333-8444-555555555555", "displayName": "evil"}));
    set(tenant, "application", id(&applications[0]), &json!({"passwordCredentials": secrets}));
    assert!(tenant.server.delete(Actor::Caller, "application", id(&applications[1])));
    let policies = objects(tenant, "conditionalAccessPolicy");
    for policy in &policies[..2] {
        let other = if policy["state"] == "disabled" { "enabled" } else { "disabled" };
        set(tenant, "conditionalAccessPolicy", id(policy), &json!({"state": other}));
    }
    // One in the bin shows that the bin was read.
    assert!(tenant.server.delete(Actor::Caller, "conditionalAccessPolicy", id(&policies[3])));
    assert!(tenant.server.purge(Actor::Caller, "conditionalAccessPolicy", id(&policies[2])));
    let locations = objects(tenant, "namedLocation");
    set(tenant, "namedLocation", id(&locations[0]), &json!({"displayName": "Nowhere"}));
    let role = &objects(tenant, "roleDefinition")[0];
    let assignment = json!({"id": "evil-assignment", "principalId": id(users[20]),
        "roleDefinitionId": id(role), "directoryScopeId": "/"});
    assert!(tenant.server.put(Actor::Caller, "roleAssignment", &assignment.to_string()));
}
