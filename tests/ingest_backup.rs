//! Backups of the twin: after each, the store holds what the tenant is.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{CreateOptions, Store};
use ingest::pull::{BackupReport, BackupRequest, backup};
use serde_json::Value;
use tempfile::TempDir;
use twin::Actor;

use crate::tenant::Tenant;

/// A store that backs a tenant up.
pub(crate) struct Keeper {
    _folder: TempDir,
    pub(crate) store: Store,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CreateOptions { seed: [7; 32], tenant: None };
        let store = Store::create(&folder.path().join("store"), &options).unwrap();
        Self { _folder: folder, store }
    }

    pub(crate) fn back_up(&mut self, tenant: &Tenant) -> BackupReport {
        self.back_up_as(tenant, &request())
    }

    pub(crate) fn back_up_as(&mut self, tenant: &Tenant, request: &BackupRequest) -> BackupReport {
        tenant.clock.advance_ms(60_000);
        backup(&mut self.store, &tenant.client(), request, &()).unwrap()
    }

    /// Fails with the first objects that differ from the tenant's.
    pub(crate) fn expect_equal(&self, tenant: &Tenant) {
        let (expected, found) = (tenant_objects(tenant), self.objects());
        let mut differing = Vec::new();
        for (name, object) in &expected {
            match found.get(name) {
                Some(other) if other == object => {}
                Some(other) => differing.push(format!("{name:?}: {}", difference(object, other))),
                None => differing.push(format!("{name:?} is missing: {object}")),
            }
        }
        differing.extend(
            found
                .keys()
                .filter(|name| !expected.contains_key(*name))
                .map(|name| format!("{name:?} is in the store alone")),
        );
        let shown: Vec<&String> = differing.iter().take(12).collect();
        assert!(differing.is_empty(), "{} differ: {shown:#?}", differing.len());
    }

    pub(crate) fn objects(&self) -> BTreeMap<(String, String), Value> {
        let newest = &self.store.commits().last().unwrap().id;
        let snapshot = self.store.snapshot(newest).unwrap();
        let mut objects = BTreeMap::new();
        for token in snapshot.types().unwrap() {
            for object in snapshot.objects(&token).unwrap() {
                let object = object.unwrap();
                let value: Value = serde_json::from_str(&object.to_json()).unwrap();
                assert_eq!(
                    value.get("@odata.context"),
                    None,
                    "an object is the same, read alone or in a list"
                );
                let value = normalized(&token, &value);
                objects.insert(name(&token, &value), value);
            }
        }
        objects
    }
}

pub(crate) fn request() -> BackupRequest {
    BackupRequest { settle: Duration::ZERO, ..BackupRequest::default() }
}

fn name(token: &str, value: &Value) -> (String, String) {
    (token.to_owned(), value["id"].as_str().or(value["tenantId"].as_str()).unwrap_or_default().to_owned())
}

/// What the tenant holds, as far as a backup reads it.
pub(crate) fn tenant_objects(tenant: &Tenant) -> BTreeMap<(String, String), Value> {
    let objects = tenant.server.objects().into_iter();
    let objects = objects.map(|(token, json)| (token, serde_json::from_str::<Value>(&json).unwrap()));
    objects
        .map(|(token, value)| {
            let kind = value["@odata.type"].as_str().filter(|_| token == "authenticationMethodConfiguration");
            let token =
                kind.map_or(token.clone(), |kind| engine::schema::token_from_odata_type(kind).to_owned());
            let value = normalized(&token, &value);
            (name(&token, &value), value)
        })
        .collect()
}

/// Without what says nothing: unset properties, types, and the content of what lies in a bin.
fn normalized(token: &str, value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let is_empty = |value: &Value| value.is_null() || *value == Value::Array(Vec::new());
    let is_deleted = members.get("deletedDateTime").is_some_and(|time| !time.is_null());
    let kept = members.iter().filter(|(name, value)| {
        !name.contains('@')
            && *name != "parentId"
            && !is_empty(value)
            && (!is_deleted || matches!(name.as_str(), "id" | "deletedDateTime"))
    });
    let is_relation = |name: &str| {
        engine::schema::by_token(token)
            .is_some_and(|known| known.relations.iter().any(|found| found.name == name))
    };
    let mut object = serde_json::Map::new();
    for (name, value) in kept {
        let mut value = value.clone();
        if let Value::Array(items) = &mut value
            && is_relation(name)
        {
            items.sort_by_key(ToString::to_string);
        }
        object.insert(name.clone(), value);
    }
    Value::Object(object)
}

fn difference(expected: &Value, found: &Value) -> String {
    let (Value::Object(expected), Value::Object(found)) = (expected, found) else { return String::new() };
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differing = names.into_iter().filter(|name| expected.get(*name) != found.get(*name));
    let shown = differing.map(|name| {
        format!("{name}: tenant {}, store {}", shown(expected.get(name)), shown(found.get(name)))
    });
    shown.take(4).collect::<Vec<_>>().join("; ")
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), |value| value.to_string().chars().take(200).collect())
}

#[test]
fn a_first_backup_holds_what_the_tenant_is() {
    let tenant = Tenant::new(2_000, 1);
    let mut keeper = Keeper::new();
    let report = keeper.back_up(&tenant);
    assert_eq!(report.summary.warnings, []);
    assert!(report.full);
    keeper.expect_equal(&tenant);
}

#[test]
fn an_unchanged_day_costs_tens_of_requests_and_changes_nothing() {
    let tenant = Tenant::new(2_000, 1);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let _counts = tenant.server.take_counts();
    let report = keeper.back_up(&tenant);
    assert!(!report.full);
    let summary = &report.summary;
    assert_eq!((summary.added, summary.updated, summary.deleted), (0, 0, 0), "{:?}", report.ways);
    assert!(report.counts.calls < 120, "{:?} {:?}", report.counts, tenant.server.take_counts().by_path);
    keeper.expect_equal(&tenant);
}

#[test]
fn changes_come_by_delta_and_native_recoveries_by_whole_readings() {
    let tenant = Tenant::new(2_000, 3);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let users: Vec<String> = ids(&tenant, "user");
    let groups: Vec<String> = ids(&tenant, "group");
    assert!(tenant.server.delete(Actor::Caller, "user", &users[3]));
    assert!(tenant.server.purge(Actor::Caller, "user", &users[4]));
    assert!(tenant.server.put(
        Actor::Caller,
        "user",
        r#"{"id": "ann", "displayName": "Ann", "manager": null}"#
    ));
    let _linked = tenant.server.link(Actor::Caller, &groups[0], "members", "ann");
    let report = keeper.back_up(&tenant);
    assert!(!report.full);
    keeper.expect_equal(&tenant);
    assert!(tenant.server.restore(Actor::Caller, "user", &users[3]));
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
    assert!(tenant.server.put(Actor::NativeRecovery, "user", r#"{"id": "ann", "displayName": "Silent"}"#));
    keeper.back_up(&tenant);
    keeper.back_up_as(&tenant, &BackupRequest { full: true, ..request() });
    keeper.expect_equal(&tenant);
}

pub(crate) fn ids(tenant: &Tenant, token: &str) -> Vec<String> {
    let objects = tenant_objects(tenant);
    let names =
        objects.iter().filter(|((found, _), value)| found == token && value.get("deletedDateTime").is_none());
    names.map(|((_, id), _)| id.clone()).collect()
}

#[test]
fn what_may_not_be_read_is_a_gap_and_nothing_is_deleted() {
    let tenant = Tenant::new(1_000, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let devices = keeper.store.backups()[0].objects;
    tenant.set_faults("403=device,403=conditionalAccessPolicy");
    let report = keeper.back_up_as(&tenant, &BackupRequest { full: true, ..request() });
    assert_eq!((report.summary.deleted, report.summary.objects), (0, devices));
    let gaps: Vec<&str> = report.summary.warnings.iter().map(|warning| warning.type_token.as_str()).collect();
    assert!(gaps.contains(&"device") && gaps.contains(&"conditionalAccessPolicy"), "{gaps:?}");
    assert!(report.summary.warnings.iter().any(|warning| warning.reason.contains("Device.Read.All")));
    tenant.set_faults("");
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
}

#[test]
fn bad_days_end_in_the_same_backup() {
    for faults in [
        "429=50,503=50",
        "reset=20,truncate=20",
        "duplicate-delta,unordered-delta,empty-delta-pages",
        "silent-bin-in-delta,duplicate-delta",
        "410",
        "expired-delta",
        "expired-token",
    ] {
        let tenant = Tenant::new(600, 9);
        let mut keeper = Keeper::new();
        tenant.set_faults(faults);
        keeper.back_up(&tenant);
        keeper.expect_equal(&tenant);
        let (users, groups) = (ids(&tenant, "user"), ids(&tenant, "group"));
        for round in 0..3_usize {
            churn(&tenant, round, &users, &groups);
            keeper.back_up(&tenant);
            keeper.expect_equal(&tenant);
        }
        let counts = tenant.server.take_counts();
        let refused: u64 =
            counts.by_status.iter().filter(|(status, _)| **status >= 400).map(|(_, count)| count).sum();
        let shows = !faults.starts_with("429") && !faults.starts_with("410") || refused > 0;
        assert!(shows, "{faults} must happen: {counts:?}");
    }
}

/// Some of everything that happens to users and groups.
fn churn(tenant: &Tenant, round: usize, users: &[String], groups: &[String]) {
    let server = &tenant.server;
    let user = |number: usize| users[(round * 37 + number) % users.len()].as_str();
    let group = |number: usize| groups[(round * 11 + number) % groups.len()].as_str();
    let ann = format!(
        r#"{{"id": "ann{round}", "displayName": "Ann {round}", "userPrincipalName": "ann{round}@x"}}"#
    );
    assert!(server.put(Actor::Caller, "user", &ann));
    let _changed = [
        server.link(Actor::Caller, group(0), "members", &format!("ann{round}")),
        server.unlink(Actor::Caller, group(1), "members", user(1)),
        server.link(Actor::Caller, group(2), "owners", user(2)),
        server.delete(Actor::Caller, "user", user(3)),
        server.delete(Actor::Caller, "user", user(4)),
        server.restore(Actor::Caller, "user", user(4)),
        server.delete(Actor::Caller, "group", group(3)),
        server.purge(Actor::Caller, "user", user(5)),
        round > 0 && server.restore(Actor::Caller, "user", &users[((round - 1) * 37 + 3) % users.len()]),
        round > 0 && server.restore(Actor::Caller, "group", &groups[((round - 1) * 11 + 3) % groups.len()]),
    ];
}

#[test]
fn a_stopped_backup_goes_on_from_what_it_read() {
    let tenant = Tenant::new(3_000, 2);
    let mut keeper = Keeper::new();
    // What was staged comes again, so each run is stopped a little later.
    let mut stopped = 0_u32;
    loop {
        let cancel = ingest::graph::Cancel::new();
        let client = tenant.client_with(|settings| settings.cancel = cancel.clone());
        let watch = Stopper { cancel, left: std::cell::Cell::new(4 + 4 * stopped) };
        let result = backup(&mut keeper.store, &client, &request(), &watch);
        match result {
            Ok(report) => {
                assert!(report.resumed_pages > 0);
                break;
            }
            Err(error) => {
                assert!(error.to_string().contains("interrupted"), "{error}");
                assert_eq!(keeper.store.backups().len(), 0);
                stopped += 1;
            }
        }
        assert!(stopped < 100, "a stopped backup must come to its end");
    }
    assert!(stopped > 1, "it must be stopped");
    keeper.expect_equal(&tenant);
    let _counts = tenant.server.take_counts();
}

/// Stops a backup after so many news.
struct Stopper {
    cancel: ingest::graph::Cancel,
    left: std::cell::Cell<u32>,
}

impl ingest::pull::PullProgress for Stopper {
    fn objects(&self, _type_token: &str, _count: u64) {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.cancel.cancel();
        }
    }

    fn news(&self, _count: u64) {}
}
