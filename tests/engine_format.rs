//! `engine/FORMAT.md` is enough to read a store: readers in Python, written from it, give the objects that the engine gives.
//!
//! They need the packages zstandard and blake3. `ENTRASNAP_PYTHON` names an interpreter that has them, else `python3` is
//! tried; where neither can run them, the tests say so and pass.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::{ObjectKey, Observation, Store};
use serde_json::{Value, json};
use tests::golden::{VERSIONS, store_file, unpack};
use tests::shelf::{back_up, contents, details, options, put};

/// The status of a script for which a package is missing.
const MISSING: i32 = 3;

/// What a script prints about a store; nothing where it cannot run.
#[expect(clippy::print_stderr, reason = "a test that proves nothing here has to say so")]
#[expect(
    clippy::disallowed_methods,
    reason = "which interpreter has the packages is known to the environment alone"
)]
fn run(script: &str, store: &Path) -> Option<String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("format").join(script);
    let python = std::env::var_os("ENTRASNAP_PYTHON").unwrap_or_else(|| "python3".into());
    let output = match Command::new(&python).arg(&script).arg(store).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: {} cannot run {}: {error}", python.display(), script.display());
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(MISSING) {
        eprintln!("skipped: {} cannot run {}: {errors}", python.display(), script.display());
        return None;
    }
    assert!(output.status.success(), "{} {}: {errors}", script.display(), store.display());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Compares all objects of all commits with what the reader gives; whether it could run.
fn compare(store: &Store) -> bool {
    let Some(printed) = run("reader.py", store.path()) else { return false };
    let found: BTreeSet<String> =
        printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap().to_string()).collect();
    let mut expected = BTreeSet::new();
    for backup in store.commits() {
        for ((token, id), (deleted, text, links)) in contents(store, &backup.id).unwrap() {
            expected.insert(json!([backup.id, token, id, deleted, text, links]).to_string());
        }
    }
    assert!(!expected.is_empty());
    let missing: Vec<&String> = expected.difference(&found).take(3).collect();
    let foreign: Vec<&String> = found.difference(&expected).take(3).collect();
    assert!(missing.is_empty() && foreign.is_empty(), "expected {missing:#?}, found {foreign:#?}");
    true
}

/// Compares what a store says twice; gives how much of each that was, if the script could run.
fn check(store: &Store) -> Option<Value> {
    run("check.py", store.path()).map(|printed| serde_json::from_str(&printed).unwrap())
}

#[test]
fn a_reader_written_from_the_document_gives_the_objects_of_every_format_version() {
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in unpack(&std::fs::read(store_file(version)).unwrap()).data_files() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let store = Store::open(folder.path()).unwrap();
        if !compare(&store) {
            return;
        }
        let Some(compared) = check(&store) else { return };
        for what in ["old slots", "old texts", "checkpoints", "records"] {
            assert!(compared[what].as_u64() > Some(0), "version {version}: {what} in {compared}");
        }
    }
}

#[test]
fn a_reader_written_from_the_document_knows_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(&folder.path().join("store"), &options()).unwrap();
    let mut backup = store.begin(details(0)).unwrap();
    put(&mut backup, &(0..USER_COUNT).map(|number| user(number, 0)).collect::<Vec<_>>()).unwrap();
    let targets: Vec<String> = (0..TARGET_COUNT).map(|number| guid(9, number)).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    // All in one run of ordinals, and so many with gaps that bits take less than the gaps.
    let sets: [(&str, Vec<&str>); 2] =
        [("all", targets.clone()), ("half", targets.iter().copied().step_by(2).collect())];
    for (id, targets) in sets {
        let group = ObjectKey { type_token: "group".into(), id: id.into() };
        backup.put_json("group", json!({"id": id, "displayName": id}).to_string().as_bytes()).unwrap();
        let links = Observation::Links { source: &group, relation: "members", targets: &targets };
        backup.observe(links).unwrap();
    }
    backup.commit().unwrap();
    // Some change, and a tenth are gone.
    let later: Vec<String> = (USER_COUNT / 10..USER_COUNT).map(|number| user(number, number % 3)).collect();
    back_up(&mut store, 1, &later).unwrap();
    if compare(&store)
        && let Some(compared) = check(&store)
    {
        assert_eq!(compared["encodings"], json!((0..12).collect::<Vec<u32>>()), "{compared}");
        assert!(compared["content hashes"].as_u64() > Some(0), "{compared}");
    }
}

const USER_COUNT: u32 = 1_300;
const TARGET_COUNT: u32 = 20_000;

fn guid(kind: u32, number: u32) -> String {
    let scattered = scatter(number);
    format!("{kind:08x}-0000-4000-8000-{number:04x}{scattered:08x}")
}

/// Numbers that look random.
fn scatter(number: u32) -> u32 {
    (number + 1).wrapping_mul(0x9e37_79b9).rotate_left(13).wrapping_mul(0x85eb_ca6b)
}

/// A user whose properties make a column of every encoding: each is named by what it is to be kept as.
fn user(number: u32, version: u32) -> String {
    let name = format!("user{}@contoso.example", scatter(number));
    let words = ["cloud", "sales", "north", "audit", "paper", "night", "water", "steel"];
    let word = |index: u32| words[(scatter(number) >> (3 * index)) as usize % words.len()];
    let few = (0..5).map(word).collect::<Vec<_>>().join(" ");
    let many = format!("The {few} department of {} keeps its {few} at {}", word(6), scatter(number) % 1_000);
    let mut user = json!({
        "@odata.type": "#microsoft.graph.user", "id": guid(1, number), "userPrincipalName": name, "mail": name,
        "proxyAddresses": [format!("SMTP:{name}")], "mailNickname": name.split('@').next(),
        "empty": null, "constant": "same", "boolean": number.is_multiple_of(3), "version": version,
        "integer": i64::from(scatter(number)) - 2_000_000_000,
        "double": f64::from(number) * 10_f64.powi(i32::try_from(number % 40).unwrap() - 20) / 7.0,
        "dateTime": format!("20{:02}-0{}-{:02}T{:02}:30:00.{}5Z", number % 40, number % 9 + 1, number % 28 + 1, number % 24, number % 10),
        "wholeSecond": format!("1969-12-31T23:{:02}:{:02}Z", number / 60 % 60, number % 60),
        "guid": guid(2, number), "security": format!("S-1-12-1-{}-{number}-7-4294967295", scatter(number)),
        "dictionary": words[number as usize % 8], "plain": format!("n{number}"),
        "symbols": format!("{few} {}", scatter(number) % 1_000), "blocks": many,
    });
    // Present in some rows only: as a list of rows, as a list of others, as bits; and null in others still.
    for (index, property) in ["listed", "bits", "unlisted"].into_iter().enumerate() {
        let present =
            [number.is_multiple_of(50), scatter(number).is_multiple_of(2), !number.is_multiple_of(60)];
        if present[index] {
            user[property] = json!(number);
        } else if number.is_multiple_of(7) {
            user[property] = Value::Null;
        }
    }
    user.to_string()
}
