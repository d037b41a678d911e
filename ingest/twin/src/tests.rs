//! Owns what the tests of the twin share: a client without sockets, a small tenant, a clock moved by hand.

mod consistency;
mod delta;
mod faults;
mod http;
mod inside;
mod model;
mod query;
mod semantics;
mod table;
mod write;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::answer::Core;
use crate::wire::{Reply, Request};
use crate::{ManualClock, Options, Twin};

/// 2026-11-22T10:00:00Z.
const START_MS: i64 = 1_795_341_600_000;

/// A twin, and a client with a token for it.
struct Client {
    core: Core,
    clock: Arc<ManualClock>,
    token: String,
}

impl Client {
    fn new(twin: Twin, change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::at_ms(START_MS));
        let mut options = Options::new(Arc::<ManualClock>::clone(&clock), [9; 32]);
        change(&mut options);
        let core = Core::new(twin.state, options);
        let token = core.auth.access_token(&[], START_MS);
        Self { core, clock, token }
    }

    /// Serves a synthetic tenant without limits or faults.
    fn synthetic(objects: u64) -> Self {
        Self::new(Twin::from_synthetic(objects, 7), |_| ())
    }

    /// Serves the few objects of [`small`].
    fn small() -> Self {
        Self::new(small(), |_| ())
    }

    fn call(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut request = Request::new(method, "http://twin", target);
        request.headers.push(("authorization".into(), format!("Bearer {}", self.token)));
        for (name, value) in headers {
            request.headers.push(((*name).into(), (*value).into()));
        }
        request.body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.core.answer(&request)
    }

    /// Reads, and expects success.
    fn get(&self, target: &str) -> Value {
        let reply = self.call("GET", target, &[], None);
        assert_eq!(reply.status, 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        tree(&reply)
    }

    /// Reads with the header that advanced queries need.
    fn get_eventual(&self, target: &str) -> Value {
        let reply = self.call("GET", target, &[("consistencylevel", "eventual")], None);
        assert_eq!(reply.status, 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        tree(&reply)
    }

    /// Calls, and gives status and code of what was refused.
    fn refusal(&self, method: &str, target: &str, body: Option<Value>) -> (u16, String) {
        let reply = self.call(method, target, &[], body);
        (reply.status, tree(&reply)["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Writes, and gives the status.
    fn write(&self, method: &str, target: &str, body: Value) -> u16 {
        self.call(method, target, &[], Some(body)).status
    }

    /// Follows links to the end; gives all values and the delta link.
    fn follow(&self, target: &str) -> (Vec<Value>, Option<String>) {
        let (mut values, mut next) = (Vec::new(), target.to_owned());
        loop {
            let page = self.get(&next);
            values.extend(page["value"].as_array().unwrap().iter().cloned());
            let Some(link) = page["@odata.nextLink"].as_str() else {
                let delta = page["@odata.deltaLink"].as_str();
                return (values, delta.map(|link| link.strip_prefix("http://twin").unwrap().to_owned()));
            };
            next = link.strip_prefix("http://twin").unwrap().to_owned();
        }
    }
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }
}

fn tree(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

fn ids(values: &[Value]) -> Vec<&str> {
    values.iter().map(|value| value["id"].as_str().unwrap()).collect()
}

/// Three people, two groups, an application with its principal, a policy and a location.
fn small() -> Twin {
    let user = |id: &str, name: &str, more: Value| {
        let mut user = json!({"id": id, "displayName": name, "userPrincipalName": format!("{id}@contoso.com"),
            "mail": format!("{id}@contoso.com"), "accountEnabled": true, "userType": "Member",
            "department": "Sales", "deletedDateTime": null});
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("user", user.to_string())
    };
    let organization = json!({"id": "11111111-1111-4111-8111-111111111111", "displayName": "Contoso",
        "verifiedDomains": [{"name": "contoso.com", "isDefault": true, "isInitial": false, "type": "Managed"}]});
    let staff = json!({"id": "staff", "displayName": "Staff", "groupTypes": [], "mailEnabled": false,
        "securityEnabled": true, "mailNickname": "staff", "members": ["ann", "bob"], "owners": ["ann"]});
    let everyone = json!({"id": "everyone", "displayName": "Everyone", "groupTypes": ["DynamicMembership"],
        "mailEnabled": false, "securityEnabled": true, "mailNickname": "all", "membershipRule": "true",
        "members": ["ann", "staff"]});
    let application = json!({"id": "app", "appId": "app-id", "displayName": "Shop", "owners": ["bob"],
        "appRoles": [{"id": "role-1", "isEnabled": true, "value": "Read"}]});
    let principal = json!({"id": "principal", "appId": "app-id", "displayName": "Shop",
        "servicePrincipalType": "Application", "appRoles": [{"id": "role-1", "isEnabled": true}]});
    let policy = json!({"id": "policy", "displayName": "Block", "state": "enabled",
        "conditions": {"applications": {}, "users": {}}, "grantControls": {"operator": "OR"}});
    let location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": "office",
        "displayName": "Office", "isTrusted": true, "ipRanges": []});
    let objects = [
        ("organization", organization.to_string()),
        ("group", staff.to_string()),
        ("group", everyone.to_string()),
        user("ann", "Ann", json!({"jobTitle": "Head"})),
        user("bob", "Bob", json!({"manager": "ann"})),
        user("cid", "Cid", json!({"onPremisesSyncEnabled": true, "department": null})),
        ("application", application.to_string()),
        ("servicePrincipal", principal.to_string()),
        ("conditionalAccessPolicy", policy.to_string()),
        ("namedLocation", location.to_string()),
    ];
    Twin::from_objects(3, objects)
}
