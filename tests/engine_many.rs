//! Many at once and many in a row: readers beside a writer, writers beside each other, and stores with checkpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use engine::{BackupDetails, BackupSummary, ChangeKind, DifferenceFilter, Error, ObjectKey, Snapshot, Store};
use serde_json::{Value, json};
use tests::Shelf;
use tests::shelf::{Contents, ROOT, back_up, back_up_with, contents, details, put};

fn user(id: &str, day: u32) -> String {
    json!({"@odata.type": "#microsoft.graph.user", "id": id, "displayName": id, "day": day}).to_string()
}

/// Objects that all say which day it is.
fn of_day(day: u32) -> Vec<String> {
    (0..20 + day % 7).map(|id| user(&format!("u{id}"), day)).collect()
}

/// Whether a snapshot is of one day and whole.
fn check_whole(snapshot: &Snapshot) {
    let backup = snapshot.backup();
    let objects: Vec<_> = snapshot.objects("user").unwrap().collect::<Result<_, _>>().unwrap();
    let days: BTreeSet<u64> =
        objects.iter().map(|object| object.attributes()["day"].as_u64().unwrap()).collect();
    assert_eq!(days.len(), 1);
    assert_eq!(backup.note, format!("day {}", days.first().unwrap()));
    assert_eq!(backup.objects, objects.len() as u64);
}

/// Looks at what is newest until that is the last day; tells how many days it saw.
fn read_until(shelf: &Shelf, last: u32) -> usize {
    let mut store = shelf.open().unwrap();
    let first = store.snapshot(&store.backups()[0].id).unwrap();
    let mut seen = BTreeSet::new();
    loop {
        let newest = store.backups().last().unwrap().clone();
        let kept = store.snapshot(&newest.id).unwrap();
        check_whole(&kept);
        seen.insert(newest.note.clone());
        let count = store.backups().len();
        if newest.note == format!("day {last}") {
            break;
        }
        thread::yield_now();
        // What was opened stays as it was, however many backups came since.
        assert_eq!(store.backups().len(), count);
        store.refresh().unwrap();
        assert!(store.backups().len() >= count);
        check_whole(&kept);
        check_whole(&first);
    }
    seen.len()
}

#[test]
fn readers_see_whole_backups_while_one_is_committed() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    back_up(&mut store, 0, &of_day(0)).unwrap();
    let seen: usize = thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| read_until(&shelf, 30))).collect();
        for day in 1..31 {
            back_up(&mut store, day, &of_day(day)).unwrap();
        }
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert!(seen >= 4, "every reader saw the last backup at least");
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn a_snapshot_outlives_refresh_and_commit() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let first = back_up(&mut store, 0, &of_day(0)).unwrap();
    let mut reader = shelf.open().unwrap();
    let kept = reader.snapshot(&first.id).unwrap();
    let second = back_up(&mut store, 1, &of_day(1)).unwrap();
    assert!(matches!(reader.snapshot(&second.id), Err(Error::NoBackup { .. })));
    reader.refresh().unwrap();
    check_whole(&reader.snapshot(&second.id).unwrap());
    check_whole(&kept);
}

#[test]
fn a_second_writer_is_refused_by_name() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut other = shelf.open().unwrap();
    let mut backup = store.begin(details(0)).unwrap();
    put(&mut backup, &of_day(0)).unwrap();
    match other.begin(details(1)) {
        Err(Error::Locked { holder }) => assert_eq!(holder, format!("import of {}", details(0).read_from)),
        other => panic!("expected a refusal, found {other:?}"),
    }
    // A record needs the other lock only.
    other.append_record("reports", &json!(1)).unwrap();
    backup.commit().unwrap();
    assert_eq!(other.records("reports").unwrap(), [json!(1)]);
    let backup = other.begin(details(1)).unwrap();
    assert!(matches!(store.begin(details(2)), Err(Error::Locked { .. })));
    drop(backup);
    back_up(&mut store, 2, &of_day(2)).unwrap();
    assert_eq!(store.backups().len(), 2);
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn a_backup_that_is_dropped_leaves_no_trace() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    back_up(&mut store, 0, &of_day(0)).unwrap();
    let before = shelf.data_files();
    let mut backup = store.begin(details(1)).unwrap();
    put(&mut backup, &of_day(1)).unwrap();
    drop(backup);
    assert_eq!(shelf.data_files(), before);
    assert!(!shelf.disk.files().keys().any(|path| path.extension().is_some_and(|kind| kind == "tmp")));
}

#[test]
fn writers_of_records_and_backups_share_head() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    thread::scope(|scope| {
        for writer in 0..2 {
            let shelf = &shelf;
            scope.spawn(move || {
                let mut store = shelf.open().unwrap();
                for number in 0..12 {
                    store.append_record("reports", &json!([writer, number])).unwrap();
                }
            });
        }
        for day in 0..12 {
            back_up(&mut store, day, &of_day(day)).unwrap();
        }
    });
    store.refresh().unwrap();
    assert_eq!(store.backups().len(), 12);
    let records = store.records("reports").unwrap();
    for writer in 0..2 {
        let own: Vec<&Value> = records.iter().filter(|record| record[0] == writer).collect();
        assert_eq!(
            own,
            (0..12).map(|number| json!([writer, number])).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
    assert_eq!(shelf.verify().unwrap().errors, []);
}

/// The tiny tenant of a day: users that change in turn, come and go, and groups.
fn tiny(day: u32) -> Vec<String> {
    let mut objects: Vec<String> = (0..10).map(|id| user(&format!("u{id}"), (day + 9 - id) / 10)).collect();
    objects.extend(
        (0..=day / 10).filter(|born| (day / 10) - born < 6).map(|born| user(&format!("new {born}"), born)),
    );
    let members: Vec<String> =
        (0..10).filter(|id| (day >> (id % 7)) & 1 == 1).map(|id| format!("u{id}")).collect();
    objects.push(json!({"@odata.type": "#microsoft.graph.group", "id": "g", "members": members}).to_string());
    if day > 100 {
        objects.push(json!({"@odata.type": "#microsoft.graph.late", "id": "u1", "day": day}).to_string());
    }
    objects
}

fn checkpoint_of(shelf: &Shelf) -> u64 {
    let bytes = &shelf.disk.files()[&Path::new(ROOT).join("HEAD")];
    let text = String::from_utf8_lossy(bytes);
    let (_, after) = text.split_once("\"checkpoint\": ").unwrap();
    after[..after.find(',').unwrap()].parse().unwrap()
}

/// What each object of the data of a day looks like.
fn expected(day: u32) -> BTreeMap<(String, String), Value> {
    let objects = tiny(day).into_iter().map(|text| serde_json::from_str::<Value>(&text).unwrap());
    let key = |object: &Value| {
        let token = object["@odata.type"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        (token, object["id"].as_str().unwrap().to_owned())
    };
    objects.map(|object| (key(&object), object)).collect()
}

fn check_day(store: &Store, backup: &BackupSummary, day: u32) {
    let shown: Contents = contents(store, &backup.id).unwrap();
    let mut found = BTreeMap::new();
    for (key, (_, text, links)) in shown {
        let mut object: Value = serde_json::from_str(&text).unwrap();
        for (name, ids) in links {
            object[&name] = ids.into();
        }
        found.insert(key, object);
    }
    assert_eq!(found, expected(day), "day {day}");
}

fn check_difference(store: &Store, from: u32, to: u32) {
    let backups = store.backups();
    let (first, second) = (&backups[from as usize].id, &backups[to as usize].id);
    let found = store.difference(first, second, &DifferenceFilter::default()).unwrap();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|change| ((change.type_token.to_string(), change.id.to_string()), change.kind))
        .collect();
    let (before, after) = (expected(from), expected(to));
    let mut wanted = BTreeMap::new();
    for key in before.keys().chain(after.keys()) {
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) if old != new => wanted.insert(key.clone(), ChangeKind::Updated),
            (None, Some(_)) => wanted.insert(key.clone(), ChangeKind::Added),
            (Some(_), None) => wanted.insert(key.clone(), ChangeKind::Deleted),
            _ => None,
        };
    }
    assert_eq!(found, wanted, "{from} to {to}");
}

#[test]
fn a_store_with_checkpoints_is_right_before_at_and_after_them() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut checkpoints = BTreeSet::new();
    for day in 0..150 {
        // Half of the backups are made by a process that has just opened the store.
        if day % 2 == 0 {
            store = shelf.open().unwrap();
        }
        // The type that comes late is looked for from the first day on.
        let complete = vec!["late".to_owned()];
        back_up_with(&mut store, BackupDetails { complete, ..details(day) }, &tiny(day)).unwrap();
        checkpoints.insert(checkpoint_of(&shelf));
    }
    assert_eq!(checkpoints, BTreeSet::from([0, 64, 128]));
    let store = shelf.open().unwrap();
    for (day, backup) in (0..).zip(store.backups()) {
        check_day(&store, backup, day);
    }
    let points = [0, 1, 62, 63, 64, 65, 100, 101, 126, 127, 128, 149];
    for from in points {
        for to in points {
            check_difference(&store, from, to);
        }
    }
    let late = ObjectKey { type_token: "late".into(), id: "u1".into() };
    assert_eq!(store.history(&late).unwrap().len(), 49);
    let group = ObjectKey { type_token: "group".into(), id: "g".into() };
    assert!(store.history(&group).unwrap().len() > 140);
    assert_eq!(shelf.verify().unwrap().errors, []);
    check_same_again(&shelf, 149);
}

/// The same data again is no change, with the memo and without it.
fn check_same_again(shelf: &Shelf, day: u32) {
    let mut store = shelf.open().unwrap();
    for number in [1, 2] {
        let again = back_up(&mut store, day + number, &tiny(day)).unwrap();
        assert_eq!((again.added, again.updated, again.deleted), (0, 0, 0));
        assert_eq!(again.objects, tiny(day).len() as u64);
        check_day(&store, &again, day);
        engine::disk::Disk::remove(&shelf.disk, &Path::new(ROOT).join("staging/seen.memo")).unwrap();
    }
}

#[test]
fn many_changes_make_a_checkpoint_at_once() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let crowd = |day: u32| -> Vec<String> {
        let day_of = |id: u32| if id.is_multiple_of(3) { day } else { 0 };
        (0..17_000 + day * 10)
            .map(|id| user(&format!("00000000-0000-4000-8000-{id:012}"), day_of(id)))
            .collect()
    };
    back_up(&mut store, 0, &tiny(0)).unwrap();
    assert_eq!(checkpoint_of(&shelf), 0);
    for (day, checkpoint) in [(1, 2), (2, 2), (3, 2), (4, 5)] {
        let backup = back_up(&mut store, day, &crowd(day)).unwrap();
        assert_eq!(checkpoint_of(&shelf), checkpoint, "day {day}");
        assert_eq!(backup.objects, u64::from(17_000 + day * 10) + 1);
    }
    let store = shelf.open().unwrap();
    check_day(&store, &store.backups()[0], 0);
    let counts: Vec<_> =
        store.backups().iter().map(|backup| (backup.added, backup.updated, backup.deleted)).collect();
    assert_eq!(counts[1], (17_010, 0, 11));
    assert_eq!(counts[2], (10, 5_670, 0));
    let filter = DifferenceFilter { types: vec!["user".into()], ..DifferenceFilter::default() };
    let changes = store.difference(&store.backups()[1].id, &store.backups()[4].id, &filter).unwrap();
    let updated = changes.iter().filter(|change| change.kind == ChangeKind::Updated).count();
    assert_eq!((updated, changes.len()), (5_670, 5_700));
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn one_thread_and_two_make_the_same_bytes_and_differences() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let shelf = Shelf::default();
            let mut store = shelf.create().unwrap();
            for day in 0..3 {
                let crowd =
                    (0..2_000 + day).map(|id| user(&format!("u{id}"), if id % 5 == 0 { day } else { 0 }));
                back_up(&mut store, day, &crowd.chain(tiny(day)).collect::<Vec<_>>()).unwrap();
            }
            let backups = store.backups().to_vec();
            let difference = store.difference(&backups[0].id, &backups[2].id, &DifferenceFilter::default());
            (shelf.disk.files(), difference.unwrap())
        })
    };
    let (alone, together) = (run(1), run(2));
    assert_eq!(alone.1, together.1);
    assert!(alone.1.len() > 300);
    assert!(alone.0 == together.0, "the bytes differ");
}

/// 10,000 objects of ten types, of which every forty-ninth has the values of a variant.
fn of_variant(variant: u32) -> Vec<String> {
    let types = [
        "user",
        "group",
        "device",
        "application",
        "servicePrincipal",
        "administrativeUnit",
        "namedLocation",
        "conditionalAccessPolicy",
        "roleDefinition",
        "accessPackage",
    ];
    (0..10_000_u64)
        .zip(types.iter().cycle())
        .map(|(number, token)| {
            let variant = if number % 49 == 7 { u64::from(variant) } else { 0 };
            let (id, name) = (scatter(number), scatter(number + variant * 1_000_000));
            json!({
                "@odata.type": format!("#microsoft.graph.{token}"),
                "id": format!("{:08x}-{:04x}-4000-8000-{:012x}", id >> 32, id >> 16 & 0xffff, scatter(id) >> 16),
                "displayName": format!("{name:016x}"),
                "description": format!("{} of {variant}", number % 40),
            })
            .to_string()
        })
        .collect()
}

/// Numbers without a pattern that an encoding could find (splitmix64).
fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[test]
fn returning_to_contents_seen_before_costs_almost_nothing() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let sizes: Vec<u64> = (0..5)
        .map(|day| {
            let backup = back_up(&mut store, day, &of_variant(day % 2)).unwrap();
            assert_eq!(backup.updated, if day == 0 { 0 } else { 204 });
            backup.bytes
        })
        .collect();
    // The first change brings 204 names; the way back, and any later one, brings numbers alone.
    assert!(sizes[2..].iter().all(|size| *size < 16_000 && size * 2 < sizes[1] + 1_000), "{sizes:?}");
}
