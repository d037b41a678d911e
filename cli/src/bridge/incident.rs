//! The simulated tenant of `demo`: served as Graph on loopback, with an incident and a legitimate change through Graph.

use std::ffi::OsString;
use std::sync::Arc;

use engine::schema::TypeId;
use engine::{Point, Snapshot, Store};
use ingest::graph::{Answer, Call, Client, Effect, RealClock, Settings, block_on, escape};
use serde_json::{Value, json};
use twin::{Options, Server};

use super::twin::{made_up, serve_on_a_free_port, served, settings_of};
use crate::error::{Failure, Outcome, Status};
use crate::io::{clock, monotonic};
use crate::output::text::counted;

/// Users whose department the intruder overwrites.
const OVERWRITTEN_COUNT: usize = 8;
/// Users whom the intruder deletes.
const DELETED_COUNT: usize = 2;
/// Members whom the intruder takes from a group.
const REMOVED_COUNT: usize = 3;

/// The state of a policy that changes nothing.
const REPORTING: &str = "enabledForReportingButNotEnforced";

/// A simulated tenant being served.
pub(crate) struct DemoTenant {
    server: Server,
    client: Client,
}

/// What an incident did.
pub(crate) struct Incident {
    /// One sentence for each act.
    pub(crate) acts: Vec<String>,
    /// A user whose department was overwritten: ID and name.
    pub(crate) victim: (String, String),
}

impl DemoTenant {
    /// Makes a tenant up, and serves it.
    ///
    /// # Errors
    /// When nothing can be served.
    pub(crate) fn serve(objects: u32, seed: u64, entropy: [u8; 32]) -> Outcome<Self> {
        let options = Options { seed, ..served(entropy) };
        let server = serve_on_a_free_port(made_up(objects, seed), options)?;
        let settings = Settings { speed: 0.0, ..settings_of(&server, seed) };
        let client = Client::new(settings, Arc::new(RealClock::new(clock, monotonic)))
            .map_err(|error| Failure::from(error).mistyped())?;
        Ok(Self { server, client })
    }

    /// The variable of this name that leads to the tenant.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        match name {
            "AZURE_TENANT_ID" => Some(self.server.tenant_id().into()),
            "AZURE_CLIENT_ID" => Some(self.server.client_id().into()),
            "AZURE_CLIENT_SECRET" => Some(self.server.client_secret().into()),
            "AZURE_AUTHORITY_HOST" | "ENTRASNAP_GRAPH_ENDPOINT" => Some(self.server.endpoint().into()),
            _ => None,
        }
    }

    /// Sends the changes of an intruder through Graph; the newest backup says which objects there are to change.
    ///
    /// # Errors
    /// When the tenant is too small, or does not answer.
    pub(crate) fn attack(&self, store: &Store) -> Outcome<Incident> {
        let newest = store.resolve(&Point::Latest { back: 0 })?;
        let snapshot = store.snapshot(&newest.id)?;
        let users = cloud_users(&snapshot)?;
        if users.len() < OVERWRITTEN_COUNT + DELETED_COUNT {
            return Err(too_small());
        }
        let (overwritten, rest) = users.split_at(OVERWRITTEN_COUNT);
        let deleted = &rest[..DELETED_COUNT];
        let (group, members) = plain_group(&snapshot)?;
        let policy = find(&snapshot, TypeId::ConditionalAccessPolicy, &|policy| policy["state"] == "enabled")
            .or_else(|_| {
                find(&snapshot, TypeId::ConditionalAccessPolicy, &|policy| policy["state"] != "disabled")
            })
            .or_else(|_| find(&snapshot, TypeId::ConditionalAccessPolicy, &|_| true))?;
        let is_off = policy["state"] == "disabled";
        let (state, act) = if is_off { (REPORTING, "tampers with") } else { ("disabled", "switches off") };
        let department = json!({ "department": "Contractors" }).to_string();
        let mut calls: Vec<Call> = overwritten
            .iter()
            .map(|user| Call::patch(format!("/users/{}", escape(id(user))), department.clone()))
            .collect();
        calls.extend(deleted.iter().map(|user| Call::delete(format!("/users/{}", escape(id(user))))));
        calls.extend(members.iter().map(|member| {
            Call::delete(format!("/groups/{}/members/{}/$ref", escape(id(&group)), escape(member)))
        }));
        let path = format!("/identity/conditionalAccess/policies/{}", escape(id(&policy)));
        calls.push(Call::patch(path, json!({ "state": state }).to_string()));
        let application = json!({ "displayName": "Payroll Sync Helper" }).to_string();
        calls.push(Call::post("/applications", application));
        let answers = self.send(calls)?;
        let made = answers.last().and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
        let made = made.unwrap_or_default();
        let secret = json!({ "passwordCredential": { "displayName": "sync" } }).to_string();
        self.send(vec![Call::post(format!("/applications/{}/addPassword", escape(id(&made))), secret)])?;
        let acts = vec![
            format!(
                "writes a department over those of {}",
                counted(overwritten.len() as u64, TypeId::User.token())
            ),
            format!("deletes {}", names(deleted)),
            format!("takes {} from the group {}", counted(members.len() as u64, "member"), name(&group)),
            format!("{act} the policy {}", name(&policy)),
            "registers an application of its own, Payroll Sync Helper, with a secret".to_owned(),
        ];
        Ok(Incident { acts, victim: (id(&overwritten[2]).to_owned(), name(&overwritten[2]).to_owned()) })
    }

    /// Changes a user as the people who should do it would.
    ///
    /// # Errors
    /// When the tenant does not answer.
    pub(crate) fn move_user(&self, user: &str, department: &str) -> Outcome<()> {
        let body = json!({ "department": department }).to_string();
        self.send(vec![Call::patch(format!("/users/{}", escape(user)), body)]).map(drop)
    }

    fn send(&self, calls: Vec<Call>) -> Outcome<Vec<Answer>> {
        let calls = calls.into_iter().map(|call| call.effect(Effect::Idempotent)).collect();
        let answers = block_on(self.client.batch(calls));
        let answers = answers.map_err(|error| Failure::new("io", Status::Failed, error.to_string()))?;
        let answers: ingest::graph::Result<Vec<Answer>> = answers.into_iter().collect();
        Ok(answers?)
    }
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_default()
}

fn name(object: &Value) -> &str {
    object["displayName"].as_str().unwrap_or_default()
}

fn names(objects: &[Value]) -> String {
    objects.iter().map(name).collect::<Vec<_>>().join(" and ")
}

fn too_small() -> Failure {
    Failure::usage("the tenant is too small for an incident; use more --objects")
}

fn objects(snapshot: &Snapshot, id: TypeId) -> Outcome<impl Iterator<Item = Outcome<Value>> + '_> {
    let objects = snapshot.objects(id.token())?;
    Ok(objects.map(|object| {
        let object = object?;
        Ok(serde_json::from_str(&object.to_json()).unwrap_or_default())
    }))
}

/// Users who are mastered here, may sign in, have a department, and whom no other object is likely to need.
fn cloud_users(snapshot: &Snapshot) -> Outcome<Vec<Value>> {
    let mut managers = std::collections::HashSet::new();
    let mut users = Vec::new();
    for user in objects(snapshot, TypeId::User)? {
        let user = user?;
        managers.extend(user["manager"].as_str().map(str::to_owned));
        let is_plain = user["onPremisesSyncEnabled"] != true && user["deletedDateTime"].is_null();
        // Restoring an account that may sign in is what a guard is about.
        let may_sign_in = user["accountEnabled"] == true;
        if is_plain && may_sign_in && user["department"].is_string() {
            users.push(user);
        }
    }
    users.retain(|user| !managers.contains(id(user)));
    Ok(users)
}

/// A group with assigned members mastered in the cloud, and some of these.
fn plain_group(snapshot: &Snapshot) -> Outcome<(Value, Vec<String>)> {
    let is_plain = |group: &Value| {
        let kinds = group["groupTypes"].as_array().cloned().unwrap_or_default();
        let has_kind = |kind: &str| kinds.iter().any(|found| found == kind);
        group["onPremisesSyncEnabled"] != true
            && group["deletedDateTime"].is_null()
            && !has_kind("DynamicMembership")
            && (group["mailEnabled"] != true || has_kind("Unified"))
            && group["members"].as_array().is_some_and(|members| !members.is_empty())
    };
    let group = find(snapshot, TypeId::Group, &is_plain)?;
    let members = group["members"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let members = members.take(REMOVED_COUNT).map(str::to_owned).collect();
    Ok((group, members))
}

fn find(snapshot: &Snapshot, id: TypeId, is_wanted: &dyn Fn(&Value) -> bool) -> Outcome<Value> {
    for object in objects(snapshot, id)? {
        let object = object?;
        if is_wanted(&object) {
            return Ok(object);
        }
    }
    Err(too_small())
}
