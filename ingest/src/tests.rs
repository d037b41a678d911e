//! Imports and exports through a store.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use engine::{BackupSummary, CreateOptions, DifferenceFilter, Store};
use tempfile::TempDir;

use crate::{Error, ExportFormat, ImportRequest, Source, export, import};

const TENANT: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ünü","big":12345678901234567890123,"manager":"u2","employeeOrgData":{}}
{"@odata.type":"#microsoft.graph.user","id":"u2","displayName":null,"businessPhones":[],"sponsors":[]}
{"@odata.type":"#microsoft.graph.user","id":"u3","deletedDateTime":"2026-01-01T00:00:00Z"}
{"@odata.type":"#microsoft.graph.group","id":"g1","members":["u1","u2"],"owners":["u1"]}
{"@odata.type":"#microsoft.graph.group","id":"g2","members":[],"owners":[]}
{"@odata.type":"#microsoft.graph.appRoleAssignment","id":"as_1-x","principalId":"u1","resourceId":"s1","appRoleId":"r1"}
{"@odata.type":"#microsoft.graph.unifiedRoleDefinition","id":"d1","isBuiltIn":true}
{"@odata.type":"#microsoft.graph.strangeThing","id":"a/b:c","deep":{"er":[1.50,{"b":1,"a":2}]}}
{"@odata.type":"#microsoft.graph.authorizationPolicy","id":"authorizationPolicy"}
"##;

fn make_store(folder: &TempDir) -> Store {
    let options = CreateOptions { seed: [7; 32], tenant: None };
    Store::create(&folder.path().join("store"), &options).unwrap()
}

fn import_path(store: &mut Store, path: &Path) -> crate::Result<BackupSummary> {
    let seconds = i64::try_from(store.backups().len()).unwrap();
    let request = ImportRequest {
        sources: vec![Source::Path(path.to_owned())],
        taken_at: None,
        now: jiff::Timestamp::from_second(1_700_000_000 + seconds).unwrap(),
        note: "a note".to_owned(),
        type_hint: None,
        partial: false,
        complete: Vec::new(),
        cancel: &AtomicBool::new(false),
    };
    import(store, request, &())
}

#[test]
fn every_export_imports_again_without_a_change() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let lines = folder.path().join("tenant.ndjson");
    fs::write(&lines, TENANT).unwrap();
    let first = import_path(&mut store, &lines).unwrap();
    assert_eq!((first.objects, first.links, first.added), (8, 4, 8));
    assert_eq!((&first.source[..], &first.note[..]), ("import", "a note"));
    for (name, format) in [("lines", ExportFormat::Ndjson), ("tree", ExportFormat::EntraExporter)] {
        let target = folder.path().join(name);
        let counts = export(&store.snapshot(&first.id).unwrap(), &target, format).unwrap();
        assert_eq!((counts.objects, counts.links), (9, 4));
        let again = import_path(&mut store, &target).unwrap();
        assert_eq!((again.added, again.updated, again.deleted), (0, 0, 0), "{name}");
        assert_eq!(again.warnings, []);
        let filter = DifferenceFilter { all: true, ..DifferenceFilter::default() };
        let changes = store.difference(&first.id, &again.id, &filter).unwrap();
        assert!(changes.is_empty(), "{changes:?}");
        // A fresh store gives the same bytes for it.
        let fresh = TempDir::new().unwrap();
        let mut other = make_store(&fresh);
        let copy = import_path(&mut other, &target).unwrap();
        let second = fresh.path().join("copy");
        export(&other.snapshot(&copy.id).unwrap(), &second, ExportFormat::Ndjson).unwrap();
        for file in ["user", "group", "strangeThing", "appRoleAssignment"] {
            let name = format!("{file}.ndjson");
            let sorted = |path: &Path| {
                let text = fs::read_to_string(path.join(&name)).unwrap();
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&second), sorted(&folder.path().join("lines")));
        }
    }
}

#[test]
fn an_import_that_fails_leaves_the_store_as_it_was() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let lines = folder.path().join("tenant.ndjson");
    fs::write(&lines, format!("{TENANT}{{\"id\":\"x\"")).unwrap();
    let found = import_path(&mut store, &lines).unwrap_err();
    assert!(matches!(&found, Error::Input { place, .. } if place.line == 10), "{found}");
    assert_eq!(store.backups(), []);
    fs::write(&lines, TENANT).unwrap();
    assert_eq!(import_path(&mut store, &lines).unwrap().added, 8);
}

#[test]
fn an_id_that_stands_twice_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let lines = folder.path().join("users.ndjson");
    fs::write(&lines, "{\"id\":\"1\",\"x\":1}\n{\"id\":\"1\",\"x\":2}\n").unwrap();
    let summary = import_path(&mut store, &lines).unwrap();
    assert_eq!((summary.objects, summary.warnings.len()), (1, 1));
}

/// The bytes of the segment that an import of these files makes on so many threads.
fn segment_on(threads: usize, path: &Path) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| import_path(&mut store, path)).unwrap();
    let segments = fs::read_dir(folder.path().join("store/segments")).unwrap();
    segments.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_same_data_makes_the_same_bytes_on_any_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let lines = folder.path().join("tenant.ndjson");
    let padding = "x".repeat(4000);
    let mut text = String::new();
    for id in 0..4000 {
        // Which type comes first in a block is not the same for all blocks.
        for token in if id / 300 % 2 == 0 { ["user", "device"] } else { ["device", "user"] } {
            let property = id / 250;
            let object =
                format!(r##"{{"@odata.type":"#microsoft.graph.{token}","id":"{token}{id}","p{property}":"##);
            text.extend([&*object, "\"", &padding, "\"}\n"]);
        }
    }
    fs::write(&lines, text).unwrap();
    let first = segment_on(1, &lines);
    for threads in [2, 3] {
        assert!(segment_on(threads, &lines) == first, "{threads} threads make other bytes");
    }
}

#[test]
fn an_import_stops_when_it_is_asked_to() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let request = ImportRequest {
        sources: vec![Source::Reader { name: "-".to_owned(), reader: Box::new(TENANT.as_bytes()) }],
        taken_at: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        note: String::new(),
        type_hint: None,
        partial: false,
        complete: Vec::new(),
        cancel: &AtomicBool::new(true),
    };
    assert!(matches!(import(&mut store, request, &()), Err(Error::Cancelled)));
    assert_eq!(store.backups(), []);
}
