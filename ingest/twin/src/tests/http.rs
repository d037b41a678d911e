//! Owns the tests over real sockets: tokens, keep-alive, lost answers, and the control beside the twin.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::*;
use crate::synthetic::{Incident, Tenant};
use crate::{Actor, Fault, Server, serve};

/// An HTTP client of one connection.
struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn start(twin: Twin) -> Server {
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    serve(twin, Options::new(clock, [9; 32])).unwrap()
}

impl Connection {
    fn open(server: &Server) -> Self {
        let stream = BufReader::new(TcpStream::connect(server.address()).unwrap());
        let mut connection = Self { stream, token: String::new() };
        let form = format!(
            "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id={}\
             &client_secret={}",
            server.client_id(),
            server.client_secret()
        );
        let path = format!("/{}/oauth2/v2.0/token", server.tenant_id());
        let answer = connection.call("POST", &path, form.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        connection.token = answer.tree()["access_token"].as_str().unwrap().to_owned();
        connection
    }

    /// Calls; none when the connection ends before the answer does.
    fn call(&mut self, method: &str, target: &str, body: &[u8]) -> Option<Answer> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: twin.test:1\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).ok()?;
        self.stream.get_mut().write_all(body).ok()?;
        let mut line = String::new();
        self.stream.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
        self.stream.read_exact(&mut body).ok()?;
        Some(Answer { status, headers, body })
    }
}

impl Answer {
    fn tree(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[test]
fn a_client_gets_a_token_and_reads_pages_over_one_connection() {
    let server = start(Twin::from_synthetic(2000, 7));
    let mut connection = Connection::open(&server);
    let (mut next, mut count) = ("/v1.0/users?$top=400&$select=id".to_owned(), 0);
    loop {
        let answer = connection.call("GET", &next, b"").unwrap();
        assert_eq!(answer.status, 200);
        let has = |name: &str| answer.headers.iter().any(|(found, _)| found == name);
        assert!(has("request-id") && has("date") && has("x-ms-ags-diagnostic") && has("x-ms-resource-unit"));
        let page = answer.tree();
        count += page["value"].as_array().unwrap().len();
        match page["@odata.nextLink"].as_str() {
            Some(link) => next = link.strip_prefix("http://twin.test:1").unwrap().to_owned(),
            None => break,
        }
    }
    let expected = server
        .objects()
        .into_iter()
        .filter(|(token, json)| token == "user" && json.contains("\"deletedDateTime\":null"));
    assert_eq!(count, expected.count());
}

#[test]
fn wrong_secrets_clients_and_scopes_get_entras_errors() {
    let server = start(small());
    let mut connection = Connection::open(&server);
    let path = format!("/{}/oauth2/v2.0/token", server.tenant_id());
    let scope = "scope=https://graph.microsoft.com/.default&grant_type=client_credentials";
    for (path, form, error) in [
        (&path, format!("{scope}&client_id={}&client_secret=x", server.client_id()), "invalid_client"),
        (&path, format!("{scope}&client_id=x&client_secret=x"), "unauthorized_client"),
        (&path, "grant_type=password".to_owned(), "unsupported_grant_type"),
        (&"/other/oauth2/v2.0/token".to_owned(), scope.to_owned(), "invalid_request"),
    ] {
        let answer = connection.call("POST", path, form.as_bytes()).unwrap();
        assert_eq!(answer.tree()["error"], error);
        assert!(answer.tree()["error_description"].as_str().unwrap().starts_with("AADSTS"));
    }
}

#[test]
fn a_lost_or_cut_answer_ends_the_connection_after_the_call_took_effect() {
    let server = start(small());
    server.set_faults(Fault::parse_list("reset=1000").unwrap());
    let mut connection = Connection::open(&server);
    assert!(connection.call("PATCH", "/v1.0/users/ann", br#"{"city":"Oslo"}"#).is_none());
    assert!(server.object("user", "ann").unwrap().contains("\"city\":\"Oslo\""));
    server.set_faults(Fault::parse_list("truncate=1000").unwrap());
    let mut connection = Connection::open(&server);
    assert!(connection.call("GET", "/v1.0/users", b"").is_none());
    server.set_faults(Vec::new());
    let mut connection = Connection::open(&server);
    assert_eq!(connection.call("GET", "/v1.0/users", b"").unwrap().status, 200);
}

#[test]
fn an_incident_beside_the_client_shows_in_its_next_delta() {
    let tenant = Tenant::new(2000, 7);
    let server = start(Twin::from_synthetic(2000, 7));
    let mut connection = Connection::open(&server);
    let latest =
        connection.call("GET", "/v1.0/users/delta?$deltatoken=latest&$select=department,jobTitle", b"");
    let link = latest.unwrap().tree()["@odata.deltaLink"].as_str().unwrap().to_owned();
    let before = server.objects();
    let incident = Incident::new(&tenant, 1);
    server.replace(Actor::Caller, incident.snapshot().clone().into_objects());
    let after = server.objects();
    assert_ne!(before, after);
    let page = connection.call("GET", link.strip_prefix("http://twin.test:1").unwrap(), b"").unwrap().tree();
    let values = page["value"].as_array().unwrap();
    assert!(values.iter().any(|value| value["@removed"]["reason"] == "changed"), "users were deleted");
    assert!(values.iter().any(|value| value["department"].is_string()), "users were moved");
    server.replace(Actor::NativeRecovery, tenant.objects(1));
    let restored = server.objects();
    let differing = before.iter().zip(&restored).filter(|(left, right)| left != right);
    let first = differing.clone().next();
    assert!(
        before.len() == restored.len() && first.is_none(),
        "{} {} {first:?}",
        before.len(),
        restored.len()
    );
}

#[test]
fn the_control_changes_objects_and_links_and_counts_calls() {
    let server = start(small());
    let mut connection = Connection::open(&server);
    assert!(server.put(Actor::Caller, "user", r#"{"id": "eve", "displayName": "Eve", "manager": "ann"}"#));
    assert!(server.link(Actor::Caller, "staff", "members", "eve"));
    assert!(!server.link(Actor::Caller, "staff", "members", "eve"));
    assert!(server.delete(Actor::Caller, "user", "eve"));
    assert!(server.restore(Actor::Caller, "user", "eve"));
    assert!(server.unlink(Actor::Caller, "staff", "members", "eve"));
    assert!(server.purge(Actor::Caller, "user", "eve"));
    assert!(server.object("user", "eve").is_none());
    assert!(!server.put(Actor::Caller, "user", "[]"));
    connection.call("GET", "/v1.0/users", b"").unwrap();
    connection.call("GET", "/v1.0/users/nobody", b"").unwrap();
    let counts = server.take_counts();
    assert_eq!((counts.requests, counts.by_path["GET users"], counts.by_status[&404]), (2, 2, 1));
    assert_eq!(server.take_counts().requests, 0);
}

#[test]
fn a_backup_is_served_as_it_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let options = engine::CreateOptions { seed: [7; 32], tenant: None };
    let mut store = engine::Store::create(&path, &options).unwrap();
    let day = engine::BackupDetails::new("test", "2026-11-16T00:00:00Z".parse().unwrap());
    let mut backup = store.begin(day).unwrap();
    for (token, json) in Tenant::new(600, 5).objects(1) {
        backup.put_json(token, json.as_bytes()).unwrap();
    }
    backup.commit().unwrap();
    let id = store.backups()[0].id;
    let snapshot = store.snapshot(&id).unwrap();
    let served = start(Twin::from_snapshot(&snapshot, 5).unwrap());
    let made = start(Twin::from_synthetic(600, 5));
    assert_eq!(served.tenant_id(), made.tenant_id());
    for token in ["user", "group", "application", "namedLocation", "conditionalAccessPolicy"] {
        let of = |server: &Server| {
            let objects = server.objects().into_iter().filter(|(found, _)| found == token);
            objects.map(|(_, json)| serde_json::from_str::<Value>(&json).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of(&served), of(&made), "{token}");
    }
    let count =
        |server: &Server, token: &str| server.objects().iter().filter(|(found, _)| found == token).count();
    for token in ["appRoleAssignment", "oauth2PermissionGrant", "roleAssignment", "directoryRole"] {
        assert_eq!(count(&served, token), count(&made, token), "{token}");
    }
    let mut connection = Connection::open(&served);
    assert_eq!(connection.call("GET", "/v1.0/users?$top=5", b"").unwrap().status, 200);
}
