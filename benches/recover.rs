//! How fast is a tenant backed up over HTTP, a recovery planned, and applied, when Graph does not hold it back?
//!
//! The twin runs in the same process and shares its two cores, so that these are times of both; what the program alone
//! takes, `entrasnap backup --stats` against a twin of its own shows. The limits are of Graph: 20 writes a second, and
//! some 10,000 objects a second read. Whatever is well beyond them is fast enough.
//!
//! Expected: a page of 100 to 999 objects costs what import costs (5 µs an object), and its request 1 ms of both sides.
//! An unchanged day asks each table of types once. A step of a plan is a difference of one object (13 µs, see `diff`)
//! and its texts: 20 µs. An applied step is one read, one write and two records of a journal: 100 µs.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use benches::{SEED, Site, create, import, object_count};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use engine::{DifferenceFilter, Store};
use ingest::apply::{ApplyRequest, RecoveryStatus, apply};
use ingest::graph::{Access, Client, Cloud, Credential, RealClock, Secret, Settings};
use ingest::plan::{GUARDS, GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, make};
use ingest::pull::{BackupReport, BackupRequest, backup};
use jiff::Timestamp;
use serde_json::{Value, json};
use twin::{Actor, ManualClock, Options, Server, Twin};

fn serve() -> Server {
    let now_ms = Timestamp::now().as_millisecond();
    let mut options = Options::new(Arc::new(ManualClock::at_ms(now_ms)), [7; 32]);
    options.speed = 0.0;
    twin::serve(Twin::from_synthetic(object_count(), SEED), options).expect("a free port")
}

#[expect(clippy::disallowed_methods, reason = "the client waits by this clock")]
fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn client(server: &Server) -> Client {
    let secret = Secret::new(server.client_secret());
    let credential = Credential::Secret { client_id: server.client_id().to_owned(), secret };
    let settings = Settings {
        endpoint: server.endpoint(),
        authority: server.endpoint(),
        access: Access::ReadWrite,
        speed: 0.0,
        ..Settings::new(Cloud::Global, server.tenant_id(), credential, 1)
    };
    Client::new(settings, Arc::new(RealClock::new(Timestamp::now, monotonic))).expect("whole settings")
}

fn back_up(store: &mut Store, client: &Client) -> BackupReport {
    let request = BackupRequest { settle: Duration::ZERO, ..BackupRequest::default() };
    backup(store, client, &request, &()).expect("a tenant that answers")
}

fn backups(criterion: &mut Criterion) {
    let (site, server) = (Site::default(), serve());
    let client = client(&server);
    let mut group = criterion.benchmark_group(format!("backup over HTTP, {} objects", object_count()));
    group.throughput(Throughput::Elements(object_count()));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let path = site.path("first");
    let empty = || {
        drop(fs::remove_dir_all(&path));
        create(&path)
    };
    group.bench_function("first", |bencher| {
        bencher.iter_batched(empty, |mut store| back_up(&mut store, &client), BatchSize::PerIteration);
    });
    let mut store = create(&site.path("days"));
    back_up(&mut store, &client);
    group.bench_function("unchanged day", |bencher| bencher.iter(|| back_up(&mut store, &client)));
    group.finish();
}

/// A file in which every user of another one works elsewhere.
fn reassign(from: &Path, to: &Path) -> u64 {
    let lines = BufReader::new(fs::File::open(from).expect("just written")).lines();
    let mut out = BufWriter::new(fs::File::create(to).expect("a new file"));
    let mut count = 0;
    for line in lines {
        let line = line.expect("text");
        match line.split_once("\"department\":\"") {
            Some((before, rest)) if line.contains("#microsoft.graph.user\"") => {
                let (_, behind) = rest.split_once('"').expect("an ended text");
                writeln!(out, "{before}\"department\":\"Elsewhere\"{behind}").expect("room for a day");
                count += 1;
            }
            _ => writeln!(out, "{line}").expect("room for a day"),
        }
    }
    out.flush().expect("room for a day");
    count
}

fn plan_back(store: &Store, tenant_id: &str) -> Plan {
    let [.., from, to] = store.backups() else { panic!("two backups were made") };
    let mut plan = make(PlanInput {
        changes: store.difference(&from.id, &to.id, &DifferenceFilter::default()).expect("two backups"),
        unread: Vec::new(),
        from: store.snapshot(&from.id).expect("a backup"),
        to: store.snapshot(&to.id).expect("a backup"),
        live: None,
        selection: None,
        options: PlanOptions::default(),
        context: PlanContext {
            tenant_id: tenant_id.to_owned(),
            seed: [3; 32],
            now: to.taken_at,
            from_point: from.id.to_string(),
            to_point: to.id.to_string(),
            query: String::new(),
            identity: Identity::default(),
            break_glass: Vec::new(),
            limits: GuardLimits::default(),
            allow: GUARDS.iter().map(|name| (*name).to_owned()).collect(),
        },
    })
    .expect("a whole difference");
    plan.seal(store);
    plan
}

fn plans(criterion: &mut Criterion) {
    let site = Site::default();
    let mut store = create(&site.path("store"));
    let file = site.file(0);
    import(&mut store, &file, 0);
    let changed = site.path("changed.ndjson");
    let count = reassign(&file, &changed);
    import(&mut store, &changed, 1);
    let tenant_id = store.tenant().expect("the file names it").to_owned();
    let mut group = criterion.benchmark_group(format!("plan of {count} changes"));
    group.throughput(Throughput::Elements(count));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("difference and steps", |bencher| {
        bencher.iter(|| {
            let plan = plan_back(&store, &tenant_id);
            assert_eq!(plan.steps.len() as u64 + plan.skipped.len() as u64, count);
            plan
        });
    });
    group.finish();
}

/// Users whom an application may change.
fn open_users(server: &Server) -> Vec<Value> {
    let objects: Vec<(String, Value)> = server
        .objects()
        .into_iter()
        .map(|(token, text)| (token, serde_json::from_str(&text).expect("whole objects")))
        .collect();
    let restricted: BTreeSet<&str> = objects
        .iter()
        .filter(|(_, unit)| unit["isMemberManagementRestricted"] == true)
        .flat_map(|(_, unit)| unit["members"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let is_open = |user: &Value| {
        user["onPremisesSyncEnabled"] != true
            && user["deletedDateTime"].is_null()
            && !restricted.contains(user["id"].as_str().unwrap_or_default())
    };
    let users = objects.iter().filter(|(token, user)| token == "user" && is_open(user));
    users.map(|(_, user)| user.clone()).collect()
}

fn reassign_live(server: &Server, users: &[Value]) {
    for user in users {
        let mut user = user.clone();
        user["department"] = json!("Elsewhere");
        assert!(server.put(Actor::Caller, "user", &user.to_string()), "a user of this tenant");
    }
}

fn applications(criterion: &mut Criterion) {
    let (site, server) = (Site::default(), serve());
    let client = client(&server);
    let mut store = create(&site.path("store"));
    back_up(&mut store, &client);
    let mut users = open_users(&server);
    users.truncate(usize::try_from(object_count() / 10).expect("a size of this machine"));
    reassign_live(&server, &users);
    back_up(&mut store, &client);
    let plan = plan_back(&store, server.tenant_id());
    let mut group = criterion.benchmark_group(format!("apply {} changes", users.len()));
    group.throughput(Throughput::Elements(users.len() as u64));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let mut number = 0_u64;
    // A plan is applied once; the next one is the same under another name.
    let mut renamed = || {
        reassign_live(&server, &users);
        number += 1;
        let plan = Plan { plan_id: format!("{:k>16}", number_in_letters(number)), ..plan.clone() };
        Plan { hash: plan.compute_hash(), ..plan }
    };
    group.bench_function("one attribute each", |bencher| {
        bencher.iter_batched(
            &mut renamed,
            |plan| {
                let mut request = ApplyRequest::new(*blake3::hash(plan.plan_id.as_bytes()).as_bytes());
                request.allow = GUARDS.iter().map(|name| (*name).to_owned()).collect();
                (request.accepts_unsealed, request.hash) = (true, Some(plan.hash.clone()));
                let summary =
                    apply(&mut store, &client, &plan, &request, &()).expect("a tenant that answers");
                assert_eq!(summary.status, RecoveryStatus::Completed);
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// A number as the letters of IDs, `k` to `z`.
fn number_in_letters(mut number: u64) -> String {
    let mut letters = String::new();
    while number > 0 {
        letters.insert(0, char::from(b'k' + u8::try_from(number % 16).expect("below 16")));
        number /= 16;
    }
    letters
}

criterion_group!(benches, backups, plans, applications);
criterion_main!(benches);
