//! Damaged stores: every flipped bit, cut, addition, exchange and loss is reported, and never gives a wrong answer.

use std::path::{Path, PathBuf};

use engine::verify::Verification;
use engine::{ObjectKey, Observation, Result};
use rayon::prelude::*;
use serde_json::json;
use tests::Shelf;
use tests::shelf::{ROOT, back_up, details, everything, put};

/// All that a store shows, as text.
fn answer(shelf: &Shelf) -> Result<String> {
    let store = shelf.open()?;
    let records = store.records("reports")?;
    Ok(format!("{:?} {records:?}", everything(&store)?))
}

/// A small store of three backups and a report.
fn sound() -> Shelf {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    for day in 1..4_u32 {
        let user = |id: u32| {
            json!({"@odata.type": "#microsoft.graph.user", "id": format!("00000000-0000-4000-8000-00000000000{id}"),
                "displayName": format!("user {}", id * day), "age": id + day, "note": "n".repeat(id as usize * 30)})
        };
        let mut objects: Vec<String> = (day..day + 4).map(|id| user(id).to_string()).collect();
        objects.push(
            json!({"@odata.type": "#microsoft.graph.group", "id": "g", "members": ["a", "b", format!("{day}")]})
                .to_string(),
        );
        back_up(&mut store, day, &objects).unwrap();
    }
    store.append_record("reports", &json!({"name": "friday", "changes": [1, 2, 3]})).unwrap();
    assert_eq!(shelf.verify().unwrap().errors, []);
    shelf
}

/// A copy of a store, to be damaged.
fn copy(shelf: &Shelf) -> Shelf {
    Shelf::on(shelf.disk.after_crash(1))
}

fn full(path: &Path) -> PathBuf {
    Path::new(ROOT).join(path)
}

fn names(found: &Verification, file: &Path) -> bool {
    let file = file.display().to_string();
    found.errors.iter().chain(&found.warnings).any(|fault| fault.file == file)
}

/// A check reports the file, and reading gives the right answer or an error.
fn check(shelf: &Shelf, file: &Path, right: &str, what: &str) {
    match shelf.verify() {
        Ok(found) => assert!(names(&found, file), "{what} of {}: found {:?}", file.display(), found.errors),
        Err(error) => panic!("{what} of {}: {error}", file.display()),
    }
    check_answer(shelf, file, right, what);
}

fn check_answer(shelf: &Shelf, file: &Path, right: &str, what: &str) {
    if let Ok(found) = answer(shelf) {
        assert!(found == right, "{what} of {} gives a wrong answer", file.display());
    }
}

#[test]
fn every_flipped_bit_is_reported_and_never_read() {
    let sound = sound();
    let right = answer(&sound).unwrap();
    let files = sound.data_files();
    assert_eq!(files.len(), 9, "{:?}", files.keys());
    for (file, bytes) in &files {
        let positions: Vec<usize> = (0..bytes.len()).collect();
        positions.par_chunks(positions.len().div_ceil(4)).for_each(|positions| {
            let damaged = copy(&sound);
            for &position in positions {
                for bit in 0..8 {
                    damaged.disk.damage(&full(file), |bytes| bytes[position] ^= 1 << bit);
                    let what = format!("bit {bit} of byte {position}");
                    let found = damaged.verify().unwrap();
                    assert!(names(&found, file), "{what} of {}", file.display());
                    if position % 8 == bit {
                        check_answer(&damaged, file, &right, &what);
                    }
                    damaged.disk.damage(&full(file), |bytes| bytes[position] ^= 1 << bit);
                }
            }
            assert_eq!(damaged.verify().unwrap().errors, []);
        });
    }
}

/// A store whose IDs are a chunk of several blocks.
fn long() -> Shelf {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut backup = store.begin(details(1)).unwrap();
    let user = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id}).to_string();
    put(&mut backup, &[user(&user_id(0)), user(&user_id(2_999))]).unwrap();
    let targets: Vec<String> = (0..3_000).map(user_id).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let (source, relation) = (&key(0), "directReports");
    backup.observe(Observation::Links { source, relation, targets: &targets }).unwrap();
    backup.commit().unwrap();
    shelf
}

fn user_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn key(number: u32) -> ObjectKey {
    ObjectKey { type_token: "user".into(), id: user_id(number) }
}

/// One object is read by parts of the IDs and of their index, each checked alone.
#[test]
fn a_flipped_bit_of_a_long_chunk_is_reported_and_never_read() {
    let sound = long();
    let one = |shelf: &Shelf, number| {
        let store = shelf.open()?;
        let snapshot = store.snapshot(&store.backups()[0].id)?;
        snapshot.object(&key(number)).map(|found| found.map(|object| object.attributes_json().to_owned()))
    };
    let right = one(&sound, 2_999).unwrap().unwrap();
    let (file, bytes) = sound.data_files().into_iter().find(|(_, bytes)| bytes.len() > 40_000).unwrap();
    let positions: Vec<usize> = (0..bytes.len()).step_by(61).collect();
    positions.par_chunks(positions.len().div_ceil(4)).for_each(|positions| {
        let damaged = copy(&sound);
        for &position in positions {
            let flip = || damaged.disk.damage(&full(&file), |bytes| bytes[position] ^= 1 << (position % 8));
            flip();
            assert!(names(&damaged.verify().unwrap(), &file), "byte {position}");
            if let Ok(found) = one(&damaged, 2_999) {
                assert_eq!(found.as_ref(), Some(&right), "byte {position}");
            }
            if let Ok(found) = one(&damaged, 7_777) {
                assert_eq!(found, None, "byte {position}");
            }
            flip();
        }
    });
}

#[test]
fn every_cut_is_reported_and_never_read() {
    let sound = sound();
    let right = answer(&sound).unwrap();
    for (file, bytes) in sound.data_files() {
        let lengths: Vec<usize> = (0..bytes.len()).filter(|length| length % 13 == 0 || *length < 4).collect();
        lengths.par_iter().for_each(|&length| {
            let damaged = copy(&sound);
            damaged.disk.damage(&full(&file), |bytes| bytes.truncate(length));
            check(&damaged, &file, &right, &format!("a cut to {length} bytes"));
        });
    }
}

#[test]
fn appended_bytes_are_reported() {
    let sound = sound();
    let right = answer(&sound).unwrap();
    for (file, bytes) in sound.data_files() {
        for tail in [&b"\0"[..], b"\n", b"{}\n", &[255; 64], &bytes] {
            let damaged = copy(&sound);
            damaged.disk.damage(&full(&file), |bytes| bytes.extend_from_slice(tail));
            check(&damaged, &file, &right, &format!("{} bytes at the end", tail.len()));
        }
    }
}

#[test]
fn exchanged_files_are_reported() {
    let sound = sound();
    let right = answer(&sound).unwrap();
    let files = sound.data_files();
    for (first, first_bytes) in &files {
        let others = files.iter().filter(|(other, _)| *other != first);
        for (second, second_bytes) in others {
            let damaged = copy(&sound);
            damaged.disk.damage(&full(first), |bytes| bytes.clone_from(second_bytes));
            check(&damaged, first, &right, &format!("the content of {}", second.display()));
            damaged.disk.damage(&full(second), |bytes| bytes.clone_from(first_bytes));
            let found = damaged.verify().unwrap();
            assert!(
                names(&found, first) || names(&found, second),
                "{} and {}",
                first.display(),
                second.display()
            );
            check_answer(&damaged, first, &right, "an exchange");
        }
    }
}

#[test]
fn a_lost_file_is_reported() {
    let sound = sound();
    let right = answer(&sound).unwrap();
    for file in sound.data_files().keys() {
        let damaged = copy(&sound);
        engine::disk::Disk::remove(&damaged.disk, &full(file)).unwrap();
        check(&damaged, file, &right, "a loss");
    }
}

#[test]
fn a_store_without_its_head_is_not_made_anew() {
    for file in ["HEAD", "store.json"] {
        let damaged = copy(&sound());
        engine::disk::Disk::remove(&damaged.disk, &full(Path::new(file))).unwrap();
        let before = damaged.disk.files();
        assert!(damaged.create().is_err(), "{file}");
        let kept = |files: std::collections::BTreeMap<PathBuf, Vec<u8>>| {
            files
                .into_iter()
                .filter(|(path, _)| path.extension().is_none_or(|kind| kind != "lock"))
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(damaged.disk.files()), kept(before), "{file}");
    }
}
