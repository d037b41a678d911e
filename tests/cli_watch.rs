//! Tests of `watch` against a served twin, with a receiver of webhooks on this machine: what is told, once, signed, and
//! never lost.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cli::Interrupt;
use engine::disk::{Disk, RealDisk};
use ingest::graph::Secret;
use ingest::webhook::signature;
use serde_json::{Value, json};

use crate::cli_commands::{Answer, Shell};
use crate::cli_recovery::{shell_of, tenant};
use crate::incident::{objects, set};
use crate::tenant::Tenant;

const KEY: &str = "the key of a test";

/// One notification as it was received.
#[derive(Debug, Clone)]
struct Received {
    head: String,
    body: Vec<u8>,
}

impl Received {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// State and rule of each alert.
    fn alerts(&self) -> Vec<(String, String)> {
        let text = |alert: &Value, name: &str| alert[name].as_str().unwrap().to_owned();
        let sent = self.json();
        sent["alerts"].as_array().unwrap().iter().map(|one| (text(one, "state"), text(one, "rule"))).collect()
    }
}

/// A receiver on loopback, which answers with statuses that are set, and with 200 when there are none.
#[derive(Default)]
struct Hook {
    received: Mutex<Vec<Received>>,
    statuses: Mutex<VecDeque<u16>>,
}

impl Hook {
    /// The receiver and its address; it goes with the process.
    fn new() -> (Arc<Self>, String) {
        let hook = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/hook?token=secret", listener.local_addr().unwrap());
        let own = Arc::clone(&hook);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let received = read(&mut BufReader::new(&stream));
                let status = own.statuses.lock().unwrap().pop_front().unwrap_or(200);
                own.received.lock().unwrap().push(received);
                let answer =
                    format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (hook, address)
    }

    fn answer_with(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    /// What was received since the last call.
    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

fn read(stream: &mut impl BufRead) -> Received {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let received = Received { head, body: Vec::new() };
    let length = received.header("content-length").unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Received { body, ..received }
}

/// A shell that signs, and that never really waits.
fn watcher(tenant: &Tenant) -> Shell {
    let mut shell = shell_of(tenant);
    shell.variables.push(("ENTRASNAP_WEBHOOK_SECRET", KEY.to_owned()));
    shell.interrupt = Interrupt::with_pause(|_, _| {});
    shell
}

fn watch(shell: &Shell, receiver: &str) -> Answer {
    shell.run_words(["watch", "--once", "--notify", receiver].into_iter(), "")
}

/// The first application with its secrets.
fn application(tenant: &Tenant) -> (String, Value) {
    let application = objects(tenant, "application").remove(0);
    (application["id"].as_str().unwrap().to_owned(), application["passwordCredentials"].clone())
}

/// Gives an application one more secret, as an intruder does.
fn add_secret(tenant: &Tenant, label: &str) {
    let (id, secrets) = application(tenant);
    let mut secrets = secrets.as_array().cloned().unwrap_or_default();
    let key = format!("11111111-2222-4333-8444-{:012}", secrets.len());
    secrets.push(json!({"keyId": key, "displayName": label}));
    set(tenant, "application", &id, &json!({"passwordCredentials": secrets}));
}

fn new(rule: &str) -> (String, String) {
    ("new".to_owned(), rule.to_owned())
}

fn gone(rule: &str) -> (String, String) {
    ("gone".to_owned(), rule.to_owned())
}

#[test]
fn a_finding_is_told_once_until_it_goes_and_signed() {
    let tenant = tenant();
    let shell = watcher(&tenant);
    let (hook, address) = Hook::new();
    let first = watch(&shell, &address).expect(0);
    assert!(first.stdout.is_empty() && hook.take().is_empty(), "what was there before is not new");
    let (id, secrets) = application(&tenant);
    add_secret(&tenant, "evil\u{1b}[2J");
    let told = watch(&shell, &address).expect(10);
    assert_eq!(told.lines()[0]["rule"], "credential-added");
    let mut received = hook.take();
    assert_eq!(received.len(), 1);
    let received = received.remove(0);
    assert_eq!(received.alerts(), [new("credential-added")]);
    assert_eq!(
        received.header("X-Entrasnap-Signature").unwrap(),
        signature(&Secret::new(KEY), &received.body),
        "the signature covers the body as it is received"
    );
    let sent = received.json();
    let alert = &sent["alerts"][0];
    assert_eq!((&alert["id"], &alert["type"]), (&json!(id), &json!("application")));
    assert!(alert["sentence"].as_str().unwrap().contains("has a new secret"), "{alert}");
    assert!(
        sent["sentAt"].as_str().unwrap().ends_with('Z') && !sent["tenantId"].as_str().unwrap().is_empty()
    );
    assert!(!sent["text"].as_str().unwrap().contains('\u{1b}'));
    assert_eq!(received.header("X-Entrasnap-Delivery"), Some(sent["id"].as_str().unwrap()));
    watch(&shell, &address).expect(0);
    assert!(hook.take().is_empty(), "once");
    set(&tenant, "application", &id, &json!({"passwordCredentials": secrets}));
    watch(&shell, &address).expect(0);
    assert_eq!(hook.take()[0].alerts(), [gone("credential-added")]);
    add_secret(&tenant, "again");
    watch(&shell, &address).expect(10);
    assert_eq!(hook.take()[0].alerts(), [new("credential-added")]);
}

#[test]
fn what_is_not_delivered_is_kept_and_sent_with_the_next() {
    let tenant = tenant();
    let shell = watcher(&tenant);
    let (hook, address) = Hook::new();
    watch(&shell, &address).expect(0);
    add_secret(&tenant, "one");
    // Every try is refused for now.
    hook.answer_with(&[500, 503, 429, 500]);
    let kept = watch(&shell, &address).expect(4);
    assert!(
        kept.stderr.contains("not delivered") && !kept.stderr.contains("token=secret"),
        "{}",
        kept.stderr
    );
    assert_eq!(hook.take().len(), 4, "tries are few");
    // What is refused for good is not tried again, and is not lost either.
    hook.answer_with(&[404]);
    watch(&shell, &address).expect(4);
    assert_eq!(hook.take().len(), 1);
    add_secret(&tenant, "two");
    watch(&shell, &address).expect(10);
    let received = hook.take();
    assert_eq!(received[0].alerts(), [new("credential-added"), new("credential-added")]);
    let numbers: Vec<Value> = received[0].json()["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["number"].clone())
        .collect();
    assert_eq!(numbers, [1, 2]);
    watch(&shell, &address).expect(0);
    assert!(hook.take().is_empty());
}

#[test]
fn a_backup_that_fails_is_told_once_and_that_it_works_again() {
    let tenant = tenant();
    let mut shell = watcher(&tenant);
    let (hook, address) = Hook::new();
    watch(&shell, &address).expect(0);
    let secret = shell.variables.iter().position(|(name, _)| *name == "AZURE_CLIENT_SECRET").unwrap();
    let right = std::mem::replace(&mut shell.variables[secret].1, "wrong".to_owned());
    let failed = watch(&shell, &address).expect(1);
    assert_eq!(failed.error()["code"], "signIn");
    assert_eq!(hook.take()[0].alerts(), [new("watch-failed")]);
    watch(&shell, &address).expect(1);
    assert!(hook.take().is_empty(), "once");
    shell.variables[secret].1 = right;
    watch(&shell, &address).expect(0);
    assert_eq!(hook.take()[0].alerts(), [gone("watch-failed")]);
    // A variable that is missing is a mistake in the command, and no alert.
    shell.variables.remove(secret);
    watch(&shell, &address).expect(2);
    assert!(hook.take().is_empty());
}

#[test]
fn what_is_agreed_on_is_not_told_until_that_is_over() {
    let tenant = tenant();
    let shell = watcher(&tenant);
    let (hook, address) = Hook::new();
    watch(&shell, &address).expect(0);
    let (id, _) = application(&tenant);
    let waive = |until: &str| {
        let waiver =
            json!({"rule": "credential-added", "objectId": id, "reason": "ticket 7", "until": until});
        shell.write("entrasnap.store/waivers.json", &json!({ "waivers": [waiver] }).to_string());
    };
    waive("2999-12-31");
    add_secret(&tenant, "one");
    watch(&shell, &address).expect(0);
    assert!(hook.take().is_empty());
    waive("2020-01-01");
    let over = watch(&shell, &address).expect(10);
    assert!(over.stderr.contains("counts no more") && over.stderr.contains("ticket 7"), "{}", over.stderr);
    let received = hook.take();
    assert_eq!(received[0].alerts(), [new("credential-added")]);
    let sent = received[0].json();
    assert_eq!(sent["expiredWaivers"][0]["reason"], "ticket 7");
    assert!(sent["alerts"][0]["expiredWaiver"].as_str().unwrap().contains("2020-01-01"));
    watch(&shell, &address).expect(0);
    assert!(hook.take().is_empty());
    shell.write("entrasnap.store/waivers.json", "{\"waivers\": [{\"rule\": \"credential-added\"}]}");
    let refused = watch(&shell, &address).expect(2).error();
    assert!(refused["message"].as_str().unwrap().contains("waivers.json"), "{refused}");
}

#[test]
fn it_looks_again_and_again_until_it_is_interrupted() {
    let tenant = Arc::new(tenant());
    let mut shell = watcher(&tenant);
    let (hook, address) = Hook::new();
    let (looks, theirs) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&tenant));
    // An intruder acts between two looks, the receiver refuses once, and Ctrl-C ends it.
    let (counted, own) = (Arc::clone(&looks), Arc::clone(&hook));
    shell.interrupt = Interrupt::with_pause(move |interrupt, time| {
        // Waits between tries are shorter than those between looks.
        if time < Duration::from_secs(30) {
            return;
        }
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 => own.answer_with(&[404]),
            1 => {}
            _ => _ = interrupt.ask(),
        }
        add_secret(&theirs, "evil");
    });
    let line = ["watch", "--every", "1m", "--notify", &address];
    let ended = shell.run_words(line.into_iter(), "").expect(0);
    assert_eq!(looks.load(Ordering::SeqCst), 3);
    assert_eq!(shell.run("backups").expect(0).lines().len(), 3);
    let received = hook.take();
    assert_eq!(received.len(), 2, "{}", ended.stderr);
    assert_eq!(received[1].alerts(), [new("credential-added"), new("credential-added")]);
    assert_eq!(ended.lines().len(), 2);
}

#[test]
fn severities_are_typed_in_any_case_and_leave_out_what_is_less_grave() {
    let tenant = tenant();
    let shell = watcher(&tenant);
    shell.run("watch --once --findings CRITICAL").expect(0);
    let guest = json!({"id": "77777777-7777-4777-8777-777777777777", "displayName": "Guest", "userType": "Guest",
        "accountEnabled": true, "userPrincipalName": "guest@example.com", "mailNickname": "guest"});
    assert!(tenant.server.put(twin::Actor::Caller, "user", &guest.to_string()));
    shell.run("watch --once --findings CRITICAL").expect(0);
    let later = json!({"id": "88888888-8888-4888-8888-888888888888", "displayName": "Guest two", "userType": "Guest",
        "accountEnabled": true, "userPrincipalName": "guest2@example.com", "mailNickname": "guest2"});
    assert!(tenant.server.put(twin::Actor::Caller, "user", &later.to_string()));
    let told = shell.run("watch --once").expect(10);
    let rules: Vec<Value> = told.lines().iter().map(|row| row["rule"].clone()).collect();
    assert_eq!(rules, ["guest-added"], "what was left out before is not told later");
}

#[cfg(unix)]
#[test]
fn a_command_gets_the_same_on_its_input_and_may_fail() {
    use std::os::unix::fs::PermissionsExt as _;
    let tenant = tenant();
    let shell = watcher(&tenant);
    let path = shell.folder.path().join("told.json");
    watch(&shell, "exit 3").expect(0);
    add_secret(&tenant, "one");
    let kept = watch(&shell, "cat > told.json; exit 3").expect(4);
    assert!(kept.stderr.contains("exit status: 3"), "{}", kept.stderr);
    std::fs::remove_file(&path).unwrap();
    watch(&shell, "cat > told.json").expect(10);
    let told: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(told["alerts"][0]["rule"], "credential-added");
    for name in ["watch.json", "watch.lock"] {
        let metadata = std::fs::metadata(shell.folder.path().join("entrasnap.store").join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let state = std::fs::read_to_string(shell.folder.path().join("entrasnap.store/watch.json")).unwrap();
    assert!(!state.contains(KEY) && !state.contains("cat > told.json"), "{state}");
    shell.run("verify --deep").expect(0);
}

#[test]
fn mistakes_are_told_before_anything_is_read() {
    let tenant = tenant();
    let shell = watcher(&tenant);
    for line in [
        "watch",
        "watch --every 0s",
        "watch --every 1h --findings grave",
        "watch --once --notify http://example.com/hook",
        "watch --once --notify https://127.0.0.1/ --secret-variable NOT_SET",
        "watch --once --rules nowhere",
    ] {
        let status = shell.run(line).status;
        assert!(status == 2 || line.contains("nowhere") && status == 1, "{line}: {status}");
    }
    assert!(!shell.folder.path().join("entrasnap.store").exists());
    shell.run("watch --once --read-only").expect(3);
    shell.run("watch --once").expect(0);
    let path = shell.folder.path().join("entrasnap.store/watch.lock");
    let held = RealDisk.try_lock(&path).unwrap().unwrap();
    assert_eq!(shell.run("watch --once").expect(3).error()["code"], "locked");
    drop(held);
    shell.run("watch --once").expect(0);
}
