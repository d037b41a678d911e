//! The front door of the library: its example, and a simulated tenant through it.

use std::fs;
use std::path::Path;

use cli::{Database, Error, RowError};
use serde::Deserialize;
use tempfile::TempDir;
use twin::synthetic::Tenant;

/// A store with two days of a simulated tenant.
fn two_days(folder: &TempDir) -> Database {
    let mut database = Database::create(folder.path().join("entrasnap.store")).unwrap();
    let tenant = Tenant::new(600, 7);
    for day in [0, 1] {
        let file = folder.path().join(format!("{day}.ndjson"));
        tenant.write_ndjson(day, &mut fs::File::create(&file).unwrap()).unwrap();
        let taken_at = format!("2026-11-1{}T00:00:00Z", 6 + day).parse().unwrap();
        let backup = database.import([file], taken_at).unwrap();
        assert_eq!((backup.taken_at, database.backups().last()), (taken_at, Some(&backup)));
    }
    database
}

#[test]
fn the_documents_show_the_example_as_it_is() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let example = fs::read_to_string(top.join("cli/examples/embed.rs")).unwrap();
    assert!(example.lines().count() <= 25, "an example is read at a glance");
    for document in ["README.md", "cli/README.md"] {
        let text = fs::read_to_string(top.join(document)).unwrap();
        assert!(text.contains(&format!("```rust\n{example}```\n")), "{document} has another example");
    }
}

#[test]
fn a_tenant_is_imported_compared_and_queried() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct User<'r> {
        id: &'r str,
        display_name: String,
        account_enabled: Option<bool>,
        created_date_time: Option<cli::Timestamp>,
        #[serde(default)]
        assigned_licenses: Option<Vec<Licence>>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Licence {
        sku_id: String,
    }
    let folder = TempDir::new().unwrap();
    let database = two_days(&folder);

    let changes = database.difference("latest~1", "latest").unwrap();
    let counted = database.query("diff('latest~1', 'latest') | count").unwrap();
    let (count,): (usize,) = counted.rows().next().unwrap().read().unwrap();
    assert!(count > 0 && count == changes.len());

    let answer = database.query("let old = users('2026-11-16'); old | sort by id asc").unwrap();
    let users: Vec<User<'_>> = answer.read().collect::<Result<_, _>>().unwrap();
    let monday = database.store().snapshot(&database.backups()[0].id).unwrap();
    assert_eq!(users.len() as u64, monday.object_count("user").unwrap().0);
    assert!(users.is_sorted_by_key(|user| user.id));
    assert!(users.iter().all(|user| !user.display_name.is_empty() && user.created_date_time.is_some()));
    assert!(users.iter().any(|user| user.account_enabled == Some(true)));
    let licences = users.iter().flat_map(|user| &user.assigned_licenses).flatten();
    assert!(licences.map(|licence| licence.sku_id.len()).sum::<usize>() > 0);
}

#[test]
fn what_is_wrong_is_said_by_the_package_that_knows() {
    let folder = TempDir::new().unwrap();
    let missing = Database::open(folder.path()).unwrap_err();
    assert!(matches!(missing, Error::Store(ref error) if error.kind() == cli::engine::ErrorKind::NoStore));

    let mut database = two_days(&folder);
    let old = database.difference("2025-01-01", "latest").unwrap_err();
    assert!(matches!(old, Error::Store(ref error) if error.kind() == cli::engine::ErrorKind::NoBackup));

    let text = folder.path().join("text.json");
    fs::write(&text, "no JSON").unwrap();
    let refused = database.import([&text], "2026-11-18T00:00:00Z".parse().unwrap()).unwrap_err();
    assert!(matches!(refused, Error::Import(_)) && refused.to_string().contains("text.json"), "{refused}");
    assert_eq!(database.backups().len(), 2);

    let unknown = database.query("users | where departmen == 'x'").unwrap_err();
    assert_eq!(unknown.to_string(), "unknown column `departmen`: did you mean `department`?");
    assert!(matches!(database.query("let x = 1;"), Err(Error::NoQuery)));
    assert!(matches!(database.query("users('live')"), Err(Error::Query(_))));

    let answer = database.query("users | project accountEnabled").unwrap();
    let unread = answer.read::<(u8,)>().next().unwrap().map_err(Error::from).unwrap_err();
    assert!(
        matches!(unread, Error::Row(RowError::Value { row: 0, ref column, .. }) if column == "accountEnabled")
    );
}

#[test]
fn what_another_opening_commits_is_seen_after_a_refresh() {
    let folder = TempDir::new().unwrap();
    let mut writer = two_days(&folder);
    let mut reader = Database::open(writer.store().path()).unwrap();
    let count = |database: &Database| {
        let answer = database.query("backups | count").unwrap();
        answer.rows().next().unwrap().read::<(usize,)>().unwrap().0
    };
    writer.import([folder.path().join("0.ndjson")], "2026-11-18T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!((count(&writer), count(&reader)), (3, 2));
    reader.refresh().unwrap();
    assert_eq!(count(&reader), 3);
}
