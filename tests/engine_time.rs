//! Time and the moment of commit: backups out of order, an older HEAD that comes back, what fails once all is committed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use engine::{BackupDetails, Change, DifferenceFilter, Error, ObjectKey, Point, RecoveryAction, Store};
use serde_json::json;
use tests::shelf::{ROOT, back_up, back_up_with, contents, details};
use tests::{FaultyDisk, Shelf};

fn user(id: &str, city: &str) -> String {
    json!({"@odata.type": "#microsoft.graph.user", "id": id, "city": city}).to_string()
}

fn woven(day: u32) -> BackupDetails {
    BackupDetails { insert: true, partial: true, ..details(day) }
}

fn ids(store: &Store, backup: &engine::BackupId) -> Vec<String> {
    contents(store, backup).unwrap().into_keys().map(|(_, id)| id).collect()
}

#[test]
fn what_is_older_than_the_newest_backup_is_refused_by_name_and_leaves_no_trace() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    back_up(&mut store, 10, &[user("u1", "Bern")]).unwrap();
    let newest = back_up(&mut store, 20, &[user("u1", "Rome")]).unwrap();
    let before = shelf.data_files();
    let error = back_up(&mut store, 15, &[user("u1", "Oslo")]).unwrap_err();
    assert!(matches!(&error, Error::OutOfOrder { newest: found, .. } if *found == newest.id));
    assert!(matches!(&error, Error::OutOfOrder { origin, .. } if origin == "import"), "{error}");
    let clock = BackupDetails { source: "graph".to_owned(), ..details(15) };
    let error = back_up_with(&mut store, clock, &[user("u1", "Oslo")]).unwrap_err();
    assert!(matches!(&error, Error::OutOfOrder { origin, .. } if origin == "graph"), "{error}");
    assert_eq!(shelf.data_files(), before);
    back_up(&mut store, 20, &[user("u1", "Oslo")]).unwrap();
}

#[test]
fn what_is_woven_in_goes_on_from_the_backup_before_it_in_time() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let first = back_up(&mut store, 10, &[user("u1", "Bern"), user("u2", "Bern")]).unwrap();
    let last =
        back_up(&mut store, 20, &[user("u1", "Rome"), user("u2", "Bern"), user("u3", "Rome")]).unwrap();
    let middle = back_up_with(&mut store, woven(15), &[user("u1", "Oslo"), user("u9", "Oslo")]).unwrap();
    let order: Vec<&str> = store.backups().iter().map(|backup| &*backup.id).collect();
    assert_eq!(order, [&*first.id, &middle.id, &last.id]);
    assert_eq!(store.resolve(&Point::parse("latest").unwrap()).unwrap().id, last.id);
    assert_eq!((middle.objects, middle.added, middle.updated, middle.deleted), (3, 1, 1, 0));
    assert_eq!(ids(&store, &middle.id), ["u1", "u2", "u9"]);
    assert_eq!(ids(&store, &last.id), ["u1", "u2", "u3"]);
    let next =
        back_up_with(&mut store, BackupDetails { partial: true, ..details(25) }, &[user("u4", "Bern")]);
    let next = next.unwrap();
    assert_eq!(ids(&store, &next.id), ["u1", "u2", "u3", "u4"]);
    assert_eq!((next.objects, next.added, next.updated, next.deleted), (4, 1, 0, 0));
    let key = store.find("u9", &next.id).unwrap();
    let steps = |key: &ObjectKey| -> Vec<String> {
        let history = store.history(key).unwrap().into_iter();
        history.map(|(backup, change)| format!("{} {}", backup.note, change.kind.name())).collect()
    };
    assert_eq!(steps(&key), ["day 15 added", "day 20 deleted"]);
    let moves = ObjectKey { type_token: "user".into(), id: "u1".into() };
    assert_eq!(steps(&moves), ["day 10 added", "day 15 updated", "day 20 updated"]);
    let filter = DifferenceFilter::default();
    let changes = store.difference(&middle.id, &last.id, &filter).unwrap();
    let shown: Vec<_> = changes.iter().map(|change| (change.id.to_string(), change.kind.name())).collect();
    let expected = [("u1", "updated"), ("u3", "added"), ("u9", "deleted")];
    assert_eq!(shown, expected.map(|(id, kind)| (id.to_owned(), kind)));
    assert_eq!(changes[0].attributes[0].from.as_deref(), Some("\"Oslo\""));
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn contents_that_a_later_backup_knows_are_not_kept_twice_when_they_are_woven_in() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    back_up(&mut store, 10, &[user("u1", "Bern")]).unwrap();
    back_up(&mut store, 20, &[user("u1", "Rome"), user("u2", "Rome")]).unwrap();
    let versions = store.statistics().unwrap().versions;
    let middle = back_up_with(&mut store, woven(15), &[user("u1", "Rome"), user("u2", "Rome")]).unwrap();
    assert_eq!((middle.added, middle.updated), (1, 1));
    assert_eq!(store.statistics().unwrap().versions, versions);
}

#[test]
fn contents_that_were_seen_before_are_not_kept_again_whichever_came_last() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let tenant = |city: &str| -> Vec<String> {
        let of = |number: u32| if number.is_multiple_of(50) { city } else { "Bern" };
        (0..2_000).map(|number| user(&format!("u{number}"), of(number))).collect()
    };
    let mut bytes = Vec::new();
    for (day, city) in (0..).zip(["Bern", "Rome", "Oslo", "Bern", "Rome", "Oslo", "Rome"]) {
        bytes.push(back_up(&mut store, day, &tenant(city)).unwrap().bytes);
    }
    assert_eq!(store.statistics().unwrap().versions, 2_000 + 2 * 40);
    assert!(bytes[3..].iter().all(|returned| *returned < bytes[1]), "{bytes:?}");
    for (day, backup) in store.backups().iter().enumerate().skip(3) {
        let changes =
            store.difference(&store.backups()[day - 1].id, &backup.id, &DifferenceFilter::default());
        assert_eq!((changes.unwrap().len(), backup.updated), (40, 40), "day {day}");
    }
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn weaving_in_says_which_types_the_next_backup_goes_on_with_as_they_were() {
    let group = |name: &str| {
        json!({"@odata.type": "#microsoft.graph.group", "id": "g", "displayName": name}).to_string()
    };
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let first = back_up(&mut store, 10, &[user("u1", "Bern"), group("old")]).unwrap();
    let last = back_up(&mut store, 20, &[user("u1", "Rome")]).unwrap();
    let middle = back_up_with(&mut store, woven(15), &[user("u1", "Oslo"), group("new")]).unwrap();
    let [warning] = &*middle.warnings else { panic!("{:?}", middle.warnings) };
    assert_eq!((&*warning.type_token, warning.count), ("group", 1));
    assert!(warning.reason.contains(&format!("the next backup, {} of", last.id)), "{}", warning.reason);
    // What it did not read did not change back.
    for (from, to) in [(&middle.id, &last.id), (&last.id, &middle.id)] {
        let found = store.difference(from, to, &DifferenceFilter::default()).unwrap();
        let mark = |change: &Change| {
            (change.type_token.to_string(), change.is_unobserved(), change.action, change.last_read)
        };
        let expected = [
            ("group".to_owned(), true, RecoveryAction::None, Some(first.taken_at)),
            ("user".to_owned(), false, RecoveryAction::Update, None),
        ];
        assert_eq!(found.iter().map(mark).collect::<Vec<_>>(), expected);
    }
    let plain = store.difference(&first.id, &middle.id, &DifferenceFilter::default()).unwrap();
    assert!(plain.len() == 2 && plain.iter().all(|change| !change.is_unobserved()), "{plain:?}");
}

#[test]
fn backups_beyond_an_older_head_are_told_and_put_away_and_never_written_over() {
    for lost in 1..4_u32 {
        let shelf = Shelf::default();
        let mut store = shelf.create().unwrap();
        back_up(&mut store, 0, &[user("u1", "Bern")]).unwrap();
        let head = shelf.disk.files()[&Path::new(ROOT).join("HEAD")].clone();
        for day in 1..=lost {
            back_up(&mut store, day, &[user("u1", &format!("city {day}"))]).unwrap();
        }
        let written = shelf.data_files();
        shelf.disk.damage(&Path::new(ROOT).join("HEAD"), |bytes| bytes.clone_from(&head));
        let mut store = shelf.open().unwrap();
        assert_eq!(store.backups().len(), 1);
        let found = shelf.verify().unwrap();
        let told = if lost > 1 { &found.errors } else { &found.warnings };
        assert_eq!(told.len(), lost as usize);
        assert!(told.iter().all(|fault| fault.what.contains("put back the HEAD that does")));
        let next = back_up(&mut store, 9, &[user("u1", "Oslo")]).unwrap();
        let [warning] = &*next.warnings else { panic!("{:?}", next.warnings) };
        assert!(warning.reason.starts_with("moved to trash/beyond: "), "{}", warning.reason);
        assert_eq!(warning.count, u64::from(lost));
        back_up(&mut store, 10, &[user("u1", "Rome")]).unwrap();
        let kept = shelf.disk.files();
        let kept: Vec<_> = kept.iter().filter(|(path, _)| path.starts_with("/tenant.store/trash")).collect();
        assert_eq!(kept.len(), 2 * lost as usize);
        for number in 2..=lost + 1 {
            for (folder, ending) in [("manifests", "man"), ("segments", "seg")] {
                let bytes = &written[&PathBuf::from(format!("{folder}/{number:010}.{ending}"))];
                assert!(kept.iter().any(|(_, kept)| *kept == bytes), "{folder} {number}");
            }
        }
        let found = shelf.verify().unwrap();
        assert_eq!((found.errors, found.warnings), (Vec::new(), Vec::new()));
    }
}

#[test]
fn what_fails_after_the_moment_of_commit_says_what_is_committed_and_the_store_shows_it() {
    let mut committed = [0, 0];
    for number in 0.. {
        let shelf = Shelf::on(FaultyDisk::new().fail_at(number, ErrorKind::Other));
        let Ok(mut store) = shelf.create() else { continue };
        let made = back_up(&mut store, 1, &[user("u1", "Bern")]);
        let recorded = store.append_record("reports", &json!("friday"));
        let counts = |store: &Store| (store.backups().len(), store.records("reports").unwrap().len());
        let is_there = |outcome: Option<&Error>, kind: usize, counts: &mut [u32; 2]| match outcome {
            None => 1,
            Some(Error::Committed { .. }) => {
                counts[kind] += 1;
                1
            }
            Some(_) => 0,
        };
        let expected = (
            is_there(made.as_ref().err(), 0, &mut committed),
            is_there(recorded.as_ref().err(), 1, &mut committed),
        );
        if let Err(Error::Committed { what, .. }) = &made {
            assert_eq!(*what, format!("backup {}", store.backups()[0].id));
        }
        if shelf.disk.faults() == 0 {
            break;
        }
        assert_eq!(counts(&store), expected, "operation {number}: {made:?} {recorded:?}");
        assert_eq!(counts(&shelf.open().unwrap()), expected, "operation {number}");
        assert_eq!(shelf.verify().unwrap().errors, [], "operation {number}");
    }
    assert!(committed[0] > 0 && committed[1] > 0, "{committed:?}");
}
