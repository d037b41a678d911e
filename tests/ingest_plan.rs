//! Plans against the twin: after a bad day each request is taken, and the tenant is as it was.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{BackupDetails, Change, CreateOptions, DifferenceFilter, Store};
use ingest::graph::{
    Access, Call, Client, Clock, Cloud, Credential, Error as GraphError, Secret, Settings, Sleep,
};
use ingest::plan::{
    GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, Step, StepKind, StepLink, make,
};
use serde_json::{Value, json};
use twin::{Actor, ManualClock, Options, Server, Twin};

const START_MS: i64 = 1_795_341_600_000;

/// A clock that stands until somebody sleeps.
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(twin::Clock::now_ms(&*self.0)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(twin::Clock::now_ms(&*self.0) - START_MS).unwrap())
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = Arc::clone(&self.0);
        Box::pin(async move { clock.advance_ms(i64::try_from(duration.as_millis()).unwrap() + 1) })
    }
}

fn server() -> (Server, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    let mut options = Options::new(clock.clone(), [7; 32]);
    options.speed = 0.0;
    (twin::serve(Twin::from_synthetic(3000, 5), options).unwrap(), clock)
}

fn client(server: &Server, clock: Arc<ManualClock>) -> Client {
    let secret = Secret::new(server.client_secret());
    let credential = Credential::Secret { client_id: server.client_id().to_owned(), secret };
    let settings = Settings {
        endpoint: server.endpoint(),
        authority: server.endpoint(),
        access: Access::ReadWrite,
        speed: 0.0,
        ..Settings::new(Cloud::Global, server.tenant_id(), credential, 1)
    };
    Client::new(settings, Arc::new(Hands(clock))).unwrap()
}

/// The tenant as it is now, as one more backup; its ID.
fn backup(store: &mut Store, server: &Server, at: &str) -> String {
    let mut details = BackupDetails::new("twin", at.parse().unwrap());
    details.complete = ["roleAssignment", "appRoleAssignment"].map(str::to_owned).to_vec();
    let mut backup = store.begin(details).unwrap();
    for (token, text) in server.objects() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let stated = value["@odata.type"].as_str().and_then(engine::schema::by_odata_type);
        backup.put_json(stated.map_or(&*token, |found| found.token), text.as_bytes()).unwrap();
    }
    backup.commit().unwrap().id
}

/// Live objects of a type.
fn objects(server: &Server, wanted: &str) -> Vec<Value> {
    let all = server.objects().into_iter().filter(|(token, _)| token == wanted);
    let all = all.map(|(_, text)| serde_json::from_str::<Value>(&text).unwrap());
    all.filter(|object| object["deletedDateTime"].is_null()).collect()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn edit(server: &Server, token: &str, object: &Value, changes: &Value) {
    let mut object = object.clone();
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    assert!(server.put(Actor::Caller, token, &object.to_string()));
}

/// What an intruder, and a clumsy administrator, do.
fn attack(server: &Server) {
    let is_cloud = |user: &&Value| user["onPremisesSyncEnabled"] != true;
    let users = objects(server, "user");
    let users: Vec<&Value> = users.iter().filter(is_cloud).collect();
    for user in &users[..5] {
        edit(server, "user", user, &json!({"department": "Seized", "employeeOrgData": {"division": "X"}}));
    }
    for user in &users[5..9] {
        assert!(server.delete(Actor::Caller, "user", id(user)));
    }
    for user in &users[8..9] {
        assert!(server.purge(Actor::Caller, "user", id(user)));
    }
    let is_plain = |group: &&Value| {
        group["onPremisesSyncEnabled"] != true
            && group["mailEnabled"] == false
            && group["groupTypes"].as_array().is_none_or(Vec::is_empty)
            && group["members"].as_array().is_some_and(|members| members.len() > 3)
    };
    let groups = objects(server, "group");
    let groups: Vec<&Value> = groups.iter().filter(is_plain).collect();
    for member in &groups[0]["members"].as_array().unwrap()[..2] {
        assert!(server.unlink(Actor::Caller, id(groups[0]), "members", member.as_str().unwrap()));
    }
    assert!(server.link(Actor::Caller, id(groups[0]), "owners", id(users[20])));
    assert!(server.delete(Actor::Caller, "group", id(groups[1])));
    assert!(server.purge(Actor::Caller, "group", id(groups[2])));
    let applications = objects(server, "application");
    let mut secrets = applications[0]["passwordCredentials"].as_array().cloned().unwrap_or_default();
    secrets.push(json!({"keyId": "11111111-2222-4333-8444-555555555555", "displayName": "evil"}));
    edit(server, "application", &applications[0], &json!({"passwordCredentials": secrets}));
    assert!(server.delete(Actor::Caller, "application", id(&applications[1])));
    let policies = objects(server, "conditionalAccessPolicy");
    for policy in &policies[..2] {
        let other = if policy["state"] == "disabled" { "enabled" } else { "disabled" };
        edit(server, "conditionalAccessPolicy", policy, &json!({"state": other}));
    }
    // One in the bin shows that the bin was read.
    assert!(server.delete(Actor::Caller, "conditionalAccessPolicy", id(&policies[3])));
    assert!(server.purge(Actor::Caller, "conditionalAccessPolicy", id(&policies[2])));
    let locations = objects(server, "namedLocation");
    edit(server, "namedLocation", &locations[0], &json!({"displayName": "Nowhere"}));
    let role = &objects(server, "roleDefinition")[0];
    let assignment = json!({"id": "evil-assignment", "principalId": id(users[20]),
        "roleDefinitionId": id(role), "directoryScopeId": "/"});
    assert!(server.put(Actor::Caller, "roleAssignment", &assignment.to_string()));
}

fn plan(store: &Store, from: &str, to: &str, tenant_id: &str) -> Plan {
    let input = PlanInput {
        changes: store.difference(from, to, &DifferenceFilter::default()).unwrap(),
        from: store.snapshot(from).unwrap(),
        to: store.snapshot(to).unwrap(),
        live: None,
        selection: None,
        options: PlanOptions {
            recreate: true,
            soft_delete: true,
            hard_delete: true,
            ..PlanOptions::default()
        },
        context: PlanContext {
            tenant_id: tenant_id.to_owned(),
            seed: [1; 32],
            now: "2026-11-17T01:00:00Z".parse().unwrap(),
            from_point: "latest~1".to_owned(),
            to_point: "latest".to_owned(),
            query: String::new(),
            identity: Identity::default(),
            break_glass: Vec::new(),
            limits: GuardLimits::default(),
            allow: Vec::new(),
        },
    };
    make(input).unwrap()
}

/// What earlier steps were answered, by step.
type Made = HashMap<String, Value>;

/// Puts values for placeholders into a text.
fn filled(text: &str, server: &Server, made: &Made, target: Option<&str>) -> String {
    let mut text = text.replace("{endpoint}", &server.endpoint()).replace("{password}", "Passw0rd!twin");
    text = text.replace("{target}", target.unwrap_or("{target}"));
    while let Some(start) = text.find("{new:") {
        let end = start + text[start..].find('}').unwrap();
        let (step, property) = text[start + 5..end].split_once('.').unwrap_or((&text[start + 5..end], "id"));
        let answer = &made[step];
        let new = answer.get("invitedUser").unwrap_or(answer)[property].as_str().unwrap().to_owned();
        text.replace_range(start..=end, &new);
    }
    text
}

/// The requests of a step: path and body.
fn requests(step: &Step, server: &Server, made: &Made) -> Vec<(String, String)> {
    let body = step.request.body.to_string();
    let (path, bind) = (&step.request.path, "[\"{endpoint}/v1.0/directoryObjects/{target}\"]");
    let of = |link: &StepLink| filled(&link.target_id, server, made, None);
    if body.contains(bind) {
        let each = step.links.iter().map(|link| format!("{{endpoint}}/v1.0/directoryObjects/{}", of(link)));
        let body = body.replace(bind, &json!(each.collect::<Vec<_>>()).to_string());
        return vec![(filled(path, server, made, None), filled(&body, server, made, None))];
    }
    if step.links.is_empty() {
        return vec![(filled(path, server, made, None), filled(&body, server, made, None))];
    }
    let one = |link: &StepLink| {
        let target = of(link);
        (filled(path, server, made, Some(&target)), filled(&body, server, made, Some(&target)))
    };
    step.links.iter().map(one).collect()
}

fn call(step: &Step, path: String, body: String) -> Call {
    let call = match step.request.method.as_str() {
        "POST" if body == "null" => Call::post(path, "{}"),
        "POST" => Call::post(path, body),
        "PATCH" => Call::patch(path, body),
        "PUT" => Call::put(path, body),
        "DELETE" => Call::delete(path),
        other => panic!("{other}"),
    };
    call.version(step.request.version)
}

/// Sends the plan step by step; what was refused, but for links that are there already.
async fn apply(plan: &Plan, server: &Server, client: &Client) -> Vec<String> {
    let (mut made, mut refused) = (Made::new(), Vec::new());
    for step in &plan.steps {
        for (path, body) in requests(step, server, &made) {
            let shown = format!("{} {path} {body}", step.request.method);
            match client.send(&call(step, path, body)).await {
                Ok(answer) if !answer.body.is_empty() => {
                    made.insert(step.id.clone(), serde_json::from_slice(&answer.body).unwrap());
                }
                Ok(_) => {}
                Err(error) if is_there(step, &error) => {}
                Err(error) => refused.push(format!("{} {shown}: {error}", step.id)),
            }
        }
    }
    refused
}

fn is_there(step: &Step, error: &GraphError) -> bool {
    step.kind == StepKind::AddLink
        && error.refusal().is_some_and(|refusal| refusal.message.contains("already exist"))
}

fn shown(change: &Change) -> String {
    let attributes: Vec<&str> = change.attributes.iter().map(|attribute| &*attribute.name).collect();
    let links: Vec<String> =
        change.links.iter().map(|link| format!("{} {}", link.action.name(), link.relation)).collect();
    format!("{} {} {:?} {links:?}", change.type_token, change.kind.name(), attributes)
}

#[test]
fn the_twin_takes_every_request_and_is_as_before() {
    let (server, clock) = server();
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let from = backup(&mut store, &server, "2026-11-16T00:00:00Z");
    attack(&server);
    let to = backup(&mut store, &server, "2026-11-17T00:00:00Z");
    let plan = plan(&store, &from, &to, server.tenant_id());
    let mut kinds: BTreeMap<StepKind, usize> = BTreeMap::new();
    plan.steps.iter().for_each(|step| *kinds.entry(step.kind).or_default() += 1);
    assert!(kinds.len() >= 5, "{kinds:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(apply(&plan, &server, &client(&server, clock)));
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    let after = backup(&mut store, &server, "2026-11-17T02:00:00Z");
    let left = store.difference(&from, &after, &DifferenceFilter::default()).unwrap();
    // What was made again has a new ID, so that it differs for ever.
    let renewed = ["user", "group", "conditionalAccessPolicy"];
    let left: Vec<String> = left.iter().map(shown).collect();
    let unexplained: Vec<&String> =
        left.iter().filter(|text| !renewed.iter().any(|token| text.starts_with(token))).collect();
    assert!(unexplained.is_empty(), "{left:#?}");
}

fn open(folder: &Path) -> Store {
    let options = CreateOptions { seed: [9; 32], tenant: None };
    Store::create(&folder.join("entrasnap.store"), &options).unwrap()
}
