//! Owns the stores that pin the format: how it is made from nothing but constants, and how it is kept as one file.
//!
//! Shape of the file: for each file of the store, in order of their paths, `path length u32` · `path` ·
//! `content length u32` · `content`, little-endian.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::disk::Disk as _;
use engine::{ObjectKey, Observation, Result, Store};
use serde_json::json;

use crate::shelf::{ROOT, back_up_with, details, everything, put};
use crate::{FaultyDisk, Shelf};

/// All format versions that a released or committed program wrote, the newest last; of a version whose bytes changed with
/// the table of types, which decides what is kept of an object, each.
pub const VERSIONS: [&str; 3] = ["1", "2", "2-table-2"];

/// Targets whose IDs make a chunk that is longer than a block, which has checksums of its own.
const TARGET_COUNT: u32 = 1_100;

/// The golden store of a format version, as one file.
#[must_use]
pub fn store_file(version: &str) -> PathBuf {
    folder().join(format!("version-{version}.bin"))
}

/// The file of what the golden store of a format version shows.
#[must_use]
pub fn shown_file(version: &str) -> PathBuf {
    folder().join(format!("version-{version}.txt"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Enough for a checkpoint.
const BACKUP_COUNT: u32 = 66;

/// Makes the store: four days with all that a column, a patch and a link set can be, and small ones up to a
/// checkpoint and beyond.
///
/// # Errors
/// None but those of a broken engine.
pub fn make() -> Result<Shelf> {
    let shelf = Shelf::default();
    let mut store = shelf.create()?;
    for day in 0..BACKUP_COUNT {
        let mut details = details(day);
        details.partial = day >= 4;
        let objects = if day < 4 { objects(day) } else { vec![user(1, day)] };
        if day == 3 {
            let mut backup = store.begin(details)?;
            put(&mut backup, &objects)?;
            let group = ObjectKey { type_token: "group".into(), id: "apart".into() };
            let owner = user_id(2);
            let targets = ["nobody else knows this one", &owner];
            backup.observe(Observation::Links { source: &group, relation: "owners", targets: &targets })?;
            let targets: Vec<String> = (2_000..2_000 + TARGET_COUNT).map(user_id).collect();
            let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
            backup.observe(Observation::Links { source: &group, relation: "members", targets: &targets })?;
            backup.commit()?;
        } else {
            back_up_with(&mut store, details, &objects)?;
        }
    }
    store.append_record("reports", &json!({"name": "friday", "from": 1, "changes": ["é", null, 1.5]}))?;
    Ok(shelf)
}

fn user_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn user(number: u32, day: u32) -> String {
    let name = format!("user.{number}@contoso.example");
    json!({
        "@odata.type": "#microsoft.graph.user", "id": user_id(number), "userPrincipalName": name, "mail": name,
        "displayName": format!("User {number}"), "accountEnabled": !number.is_multiple_of(3), "employeeId": format!("{:05}", number * 7),
        "createdDateTime": format!("2024-05-{:02}T08:{:02}:00Z", number % 28 + 1, day % 60),
        "department": if number.is_multiple_of(5) { json!(null) } else { json!(["Sales", "Legal", "Ops"][number as usize % 3]) },
        "employeeOrgData": {"division": "D", "costCenter": {}}, "day": if number % 8 == day % 8 { day } else { 0 },
        "businessPhones": [format!("+41 {number}")], "proxyAddresses": [format!("SMTP:{name}")],
        "signInActivity": {"lastSignInDateTime": format!("2026-01-{:02}T00:00:00Z", day + 1)},
        "score": f64::from(number) / 8.0, "big": 9_007_199_254_740_993_u64 + u64::from(number),
    })
    .to_string()
}

/// The tenant on one of the first days.
fn objects(day: u32) -> Vec<String> {
    let mut objects: Vec<String> = (day..66).map(|number| user(number, day)).collect();
    if day > 0 {
        objects.push(
            json!({"@odata.type": "#microsoft.graph.user", "id": user_id(0), "deletedDateTime": "2026-02-01T00:00:00Z"})
                .to_string(),
        );
    }
    let members: Vec<String> = (0..60).filter(|number| number % 17 != day).map(user_id).collect();
    objects.push(
        json!({"@odata.type": "#microsoft.graph.group", "id": "a textual ID", "displayName": "Everybody", "members": members})
            .to_string(),
    );
    objects.push(
        json!({"@odata.type": "#microsoft.graph.appRoleAssignment", "id": format!("assignment {day}"),
            "principalId": user_id(3), "resourceId": user_id(900), "appRoleId": user_id(901)})
        .to_string(),
    );
    objects.push(format!(
        r##"{{"@odata.type":"#microsoft.graph.custom","id":"x/y","a.b":{{"c/d~":[{day}]}},"huge":12345678901234567890123456789{day},"lone":"\ud800"}}"##
    ));
    objects
}

/// The files as one.
#[must_use]
pub fn pack(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<u8> {
    let mut packed = Vec::new();
    for (path, content) in files {
        for part in [path.to_string_lossy().as_bytes(), content] {
            packed.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            packed.extend_from_slice(part);
        }
    }
    packed
}

/// A store from its files as one.
///
/// # Panics
/// When the file is not what [`pack`] makes.
#[must_use]
pub fn unpack(mut packed: &[u8]) -> Shelf {
    let mut next = || -> Option<&[u8]> {
        let (length, rest) = packed.split_first_chunk()?;
        let (part, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        packed = rest;
        Some(part)
    };
    let disk = FaultyDisk::new();
    while let Some(path) = next() {
        let path = Path::new(ROOT).join(String::from_utf8_lossy(path).as_ref());
        disk.create_folder(path.parent().expect("inside the store")).expect("a disk without faults");
        drop(disk.create(&path).expect("a disk without faults"));
        let content = next().expect("a content after each path").to_vec();
        disk.damage(&path, |bytes| *bytes = content);
    }
    Shelf::on(disk)
}

/// What the store shows, as lines for people to read: of each backup the objects that are not as in the one before,
/// and some differences.
///
/// # Errors
/// `Damaged` or `Disk`.
pub fn show(store: &Store) -> Result<String> {
    let (backups, contents, differences) = everything(store)?;
    let mut shown = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        shown.push_str(&text.to_string());
        shown.push('\n');
    };
    for (index, backup) in backups.iter().enumerate() {
        line(format_args!("backup {}", json!(backup)));
        for ((token, id), (deleted, text, links)) in &contents[index] {
            if index > 0
                && contents[index - 1].get(&(token.clone(), id.clone()))
                    == contents[index].get(&(token.clone(), id.clone()))
            {
                continue;
            }
            line(format_args!("  {token} {id} {}{text} {links:?}", if *deleted { "deleted " } else { "" }));
        }
    }
    for (from, to) in [(0, 3), (3, 0), (2, 3), (0, 63), (62, 63), (65, 0)] {
        for change in &differences[from * backups.len() + to] {
            // What changes say besides since these files were written says nothing of such stores.
            let text = format!("{change:?}").replace(", last_read: None", "").replace(", cascade: None", "");
            line(format_args!("{from} to {to}: {text}"));
        }
    }
    for record in store.records("reports")? {
        line(format_args!("report {record}"));
    }
    Ok(shown)
}
