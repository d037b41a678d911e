//! Imports and exports through a store.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use engine::{BackupSummary, CreateOptions, DifferenceFilter, Store};
use tempfile::TempDir;

use crate::import::{Error, InputProblem, Result};
use crate::{ExportFormat, ImportRequest, Source, export, import};

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

fn import_path(store: &mut Store, path: &Path) -> Result<BackupSummary> {
    let seconds = i64::try_from(store.backups().len()).unwrap();
    let now = jiff::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
    let request = ImportRequest::new(vec![Source::Path(path.to_owned())], now);
    let request = ImportRequest { note: "a note".to_owned(), ..request };
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
    assert!(matches!(&found, Error::Input { location, .. } if location.line == 10), "{found}");
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
    let sources = vec![Source::Reader { name: "-".to_owned(), reader: Box::new(TENANT.as_bytes()) }];
    let cancel = AtomicBool::new(true);
    let request =
        ImportRequest { cancel: &cancel, ..ImportRequest::new(sources, jiff::Timestamp::UNIX_EPOCH) };
    assert!(matches!(import(&mut store, request, &()), Err(Error::Cancelled)));
    assert_eq!(store.backups(), []);
}

/// Imports lines into a store as its next backup.
fn import_text(
    store: &mut Store,
    text: &str,
    change: impl FnOnce(&mut ImportRequest<'_>),
) -> Result<BackupSummary> {
    let seconds = i64::try_from(store.backups().len()).unwrap();
    let sources = vec![Source::Reader { name: "-".to_owned(), reader: Box::new(text.as_bytes()) }];
    let now = jiff::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
    let mut request = ImportRequest::new(sources, now);
    change(&mut request);
    import(store, request, &())
}

#[test]
fn what_powershell_cut_off_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    for (token, member, path) in [
        (
            "conditionalAccessPolicy",
            r#""conditions":{"users":"@{includeUsers=System.Object[]}"}"#,
            "conditions.users",
        ),
        ("conditionalAccessPolicy", r#""conditions":"@{}""#, "conditions"),
        (
            "conditionalAccessPolicy",
            r#""conditions":{"users":{"includeUsers":"All"}}"#,
            "conditions.users.includeUsers",
        ),
        (
            "conditionalAccessPolicy",
            r#""grantControls":{"builtInControls":{"a":"mfa"}}"#,
            "grantControls.builtInControls",
        ),
        ("user", r#""otherMails":"a@example.org""#, "otherMails"),
        ("user", r#""assignedLicenses":{"skuId":"x"}"#, "assignedLicenses"),
        ("user", r#""businessPhones":"System.Object[]""#, "businessPhones"),
        ("user", r#""unknown":"System.Collections.Hashtable""#, "unknown"),
        ("user", r#""unknown":["x",{"deep":["System.String[]"]}]"#, "unknown"),
        ("user", r#""unknown":"System.Object[] System.Object[]""#, "unknown"),
        ("application", r#""web":{"redirectUris":"https://a"}"#, "web.redirectUris"),
        ("group", r#""members":"@{id=1}""#, "members"),
        (
            "group",
            r#""members":"abcdef00-0000-4000-8000-00000000000a abcdef00-0000-4000-8000-00000000000b""#,
            "members",
        ),
        ("strangeThing", r#""anything":[{"b":"@{c=1}"}]"#, "anything"),
    ] {
        let whole = format!(r##"{{"@odata.type":"#microsoft.graph.{token}","id":"the whole one"}}"##);
        let cut = format!(r##"{{"@odata.type":"#microsoft.graph.{token}","id":"the cut one",{member}}}"##);
        let text = format!("{whole}\n{cut}\n");
        let error = import_text(&mut store, &text, |_| {}).unwrap_err();
        let Error::Input { location, problem } = error else { panic!("{member}: {error}") };
        assert_eq!((&location.file[..], location.line), ("-", 2), "{member}");
        let InputProblem::Object { problem, reason } = problem else { panic!("{member}: {problem}") };
        assert_eq!(problem, engine::error::ObjectProblem::Truncated, "{member}");
        assert!(reason.contains(&format!(" {path} of the cut one,")), "{member}: {reason}");
        assert_eq!(store.backups(), [], "{member}: nothing is committed");
    }
    let cut = r##"{"@odata.type":"#microsoft.graph.user","id":"u","otherMails":"a","unknown":"@{a=1}"}"##;
    import_text(&mut store, cut, |request| request.accept_truncated = true).unwrap();
    assert_eq!(store.backups().len(), 1);
}

#[test]
fn what_only_looks_cut_off_is_taken() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    for text in [
        "@everyone",
        "@{handle",
        "System administrators",
        "System.Text",
        "{a=b}",
        "S",
        "@",
        "a System.Object[]",
    ] {
        let user = format!(
            r##"{{"@odata.type":"#microsoft.graph.user","id":"u","displayName":"{text}","otherMails":null}}"##
        );
        import_text(&mut store, &user, |_| {}).unwrap();
    }
}

#[test]
fn links_come_in_every_form_that_graph_takes_them_in() {
    let id = "abcdef00-0000-4000-8000-00000000000a";
    let link = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    for members in [
        format!(r#""members":"{id}""#),
        format!(r#""members":["{id}"]"#),
        format!(r#""members":{{"id":"{id}"}}"#),
        format!(r#""members":"{link}""#),
        format!(r#""members":["{link}"]"#),
        format!(r#""members":[{{"@odata.id":"{link}"}}]"#),
        format!(r#""members@odata.bind":"{link}""#),
        format!(r#""members@odata.bind":["{link}"]"#),
        format!(r#""members":["{id}"],"members@odata.bind":["{link}"]"#),
        format!(r#""members":["{}"]"#, id.to_uppercase()),
    ] {
        let group = format!(r##"{{"@odata.type":"#microsoft.graph.group","id":"g",{members}}}"##);
        let summary = import_text(&mut store, &group, |_| {}).unwrap();
        let key = engine::ObjectKey { type_token: "group".into(), id: "g".into() };
        let group = store.snapshot(&summary.id).unwrap().object(&key).unwrap().unwrap();
        assert_eq!(group.links, [("members".into(), vec![id.to_owned()])], "{members}");
        assert!(!group.attributes_json().contains("members"), "{members}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.ndjson"), TENANT).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(data.join("users.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", data.join("zero.link")).unwrap();
    for (path, kind) in [("", "a socket"), ("users.json", "a socket"), ("zero.link", "a device")] {
        let error = import_path(&mut store, &data.join(path)).unwrap_err().to_string();
        assert!(error.contains("expected a regular file") && error.contains(kind), "{error}");
        assert!(error.contains(if path == "zero.link" { path } else { "users.json" }), "{error}");
    }
    assert_eq!(store.backups(), []);
}

#[test]
fn the_data_of_another_tenant_is_refused() {
    let users = |tenant: u32, count: u32| -> String {
        let user = |number| {
            format!(
                "{{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"abcdef00-0000-4000-{tenant:04}-{number:012}\"}}\n"
            )
        };
        (0..count).map(user).collect()
    };
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    import_text(&mut store, &users(8000, 86), |_| {}).unwrap();
    for count in [5, 86, 400] {
        let error = import_text(&mut store, &users(9000, count), |_| {}).unwrap_err();
        assert!(matches!(error, Error::UnlikeStore { known: 86, shared: 0, .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("found 0 of its 86 objects") && text.contains("86 objects would count as deleted"),
            "{text}"
        );
    }
    assert_eq!(store.backups().len(), 1, "nothing is committed");
    // Other types, a few that stay, a part, and data that is wanted are taken.
    let group = r##"{"@odata.type":"#microsoft.graph.group","id":"g"}"##;
    assert_eq!(import_text(&mut store, group, |_| {}).unwrap().deleted, 0);
    assert_eq!(import_text(&mut store, &users(8000, 9), |_| {}).unwrap().deleted, 77);
    import_text(&mut store, &users(8000, 86), |_| {}).unwrap();
    assert_eq!(
        import_text(&mut store, &users(9000, 3), |request| request.partial = true).unwrap().deleted,
        0
    );
    let taken = import_text(&mut store, &users(7000, 30), |request| request.new_tenant_data = true).unwrap();
    assert_eq!(taken.deleted, 89);
}

#[test]
fn data_with_the_organization_of_the_store_is_its_own_however_little_is_left() {
    let folder = TempDir::new().unwrap();
    let mut store = make_store(&folder);
    let organization = "{\"@odata.type\":\"#microsoft.graph.organization\",\"id\":\"abcdef00-0000-4000-8000-0000000000ff\"}\n";
    let users = |from: u32| -> String {
        let user = |number| format!("{{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u{number}\"}}");
        (from..from + 30).map(user).collect::<Vec<_>>().join("\n")
    };
    import_text(&mut store, &format!("{organization}{}", users(0)), |_| {}).unwrap();
    assert!(matches!(import_text(&mut store, &users(100), |_| {}), Err(Error::UnlikeStore { .. })));
    let all_new = format!("{organization}{}", users(100));
    assert_eq!(import_text(&mut store, &all_new, |_| {}).unwrap().deleted, 30);
}
