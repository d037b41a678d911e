//! A store on a disk that crashes, fails or is full at any operation: it opens as it was or as it was to be.

use std::io::ErrorKind;

use engine::{Result, Store};
use serde_json::json;
use tests::shelf::{Contents, back_up, contents};
use tests::{FaultyDisk, Shelf};

const SEEDS: [u64; 6] = [0, 1, 2, 3, 4, 5];
const STEP_COUNT: usize = 4;

fn day(number: u32) -> Vec<String> {
    let user = |id: u32, city: u32| json!({"@odata.type": "#microsoft.graph.user", "id": format!("u{id}"), "city": format!("city {city}")});
    let group =
        json!({"@odata.type": "#microsoft.graph.group", "id": "g", "members": [format!("u{number}"), "u9"]});
    let users = (number..number + 3).map(|id| user(id, id * number));
    users.chain([group]).map(|object| object.to_string()).collect()
}

/// What a store holds: the contents of its backups, and its records.
fn holding(store: &Store) -> Result<(Vec<Contents>, usize)> {
    let shown = store.backups().iter().map(|backup| contents(store, &backup.id)).collect::<Result<_>>()?;
    Ok((shown, store.records("reports")?.len()))
}

/// Makes a store, two backups and a record: four steps.
fn step(shelf: &Shelf, number: usize) -> Result<()> {
    let mut store = if number == 0 { shelf.create()? } else { shelf.open()? };
    match number {
        0 => Ok(()),
        1 => back_up(&mut store, 1, &day(1)).map(|_| ()),
        2 => back_up(&mut store, 2, &day(2)).map(|_| ()),
        _ => store.append_record("reports", &json!({"name": "friday", "note": "x".repeat(700)})),
    }
}

/// What a store holds after each number of steps.
fn expected() -> Vec<(Vec<Contents>, usize)> {
    let shelf = Shelf::default();
    let mut expected = vec![(Vec::new(), 0)];
    for number in 0..STEP_COUNT {
        step(&shelf, number).unwrap();
        expected.push(holding(&shelf.open().unwrap()).unwrap());
    }
    assert_eq!(expected[4].0.len(), 2);
    assert_eq!(expected[4].1, 1);
    expected
}

fn operation_count() -> usize {
    let shelf = Shelf::default();
    (0..STEP_COUNT).for_each(|number| step(&shelf, number).unwrap());
    shelf.disk.operations()
}

/// How many steps come through before the first error.
fn steps(shelf: &Shelf) -> usize {
    (0..STEP_COUNT).find(|&number| step(shelf, number).is_err()).unwrap_or(STEP_COUNT)
}

/// The store holds what so many steps made, or one more; it is whole, and the next backup works.
fn check(shelf: &Shelf, done: usize, expected: &[(Vec<Contents>, usize)]) {
    let mut store = if done == 0 { shelf.create().unwrap() } else { shelf.open().unwrap() };
    let held = holding(&store).unwrap();
    assert!(held == expected[done] || Some(&held) == expected.get(done + 1), "after {done} steps");
    assert_eq!(shelf.verify().unwrap().errors, []);
    let added = back_up(&mut store, 3, &day(3)).unwrap();
    store.append_record("reports", &json!("the next one")).unwrap();
    let store = shelf.open().unwrap();
    let (mut shown, record_count) = holding(&store).unwrap();
    let newest = shown.pop().unwrap();
    assert_eq!((shown, record_count), (held.0, held.1 + 1));
    assert_eq!(newest.len(), 4);
    assert_eq!(store.backups().last(), Some(&added));
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn a_crash_at_any_operation_leaves_the_store_before_or_after_it() {
    let expected = expected();
    let mut after_count = 0;
    for number in 0..operation_count() {
        let shelf = Shelf::on(FaultyDisk::new().crash_at(number));
        let done = steps(&shelf);
        assert!(shelf.disk.crashed(), "operation {number}");
        for seed in SEEDS {
            let after = Shelf::on(shelf.disk.after_crash(seed));
            let held = after.open().and_then(|store| holding(&store));
            after_count += usize::from(held.is_ok_and(|held| Some(&held) == expected.get(done + 1)));
            check(&after, done, &expected);
        }
    }
    assert!(after_count > SEEDS.len(), "no crash left the store as it was to be");
}

#[test]
fn a_second_crash_during_the_next_backup_is_no_worse() {
    let expected = expected();
    let crash = operation_count() * 2 / 3;
    let shelf = Shelf::on(FaultyDisk::new().crash_at(crash));
    let done = steps(&shelf);
    assert!(shelf.disk.crashed() && done > 0 && done < STEP_COUNT);
    for seed in 2..5 {
        for number in 0.. {
            let second = Shelf::on(shelf.disk.after_crash(seed).crash_at(number));
            let result = second.open().and_then(|mut store| back_up(&mut store, 3, &day(3)));
            if result.is_ok() && !second.disk.crashed() {
                break;
            }
            let after = Shelf::on(second.disk.after_crash(seed + 7));
            let held = holding(&after.open().unwrap()).unwrap();
            let before =
                held.0.len() - usize::from(held.0.last().is_some_and(|last| last.contains_key(&key("u5"))));
            assert_eq!(held.0[..before], expected[4].0[..before]);
            assert!(before + 1 >= done, "a backup is lost");
            assert_eq!(after.verify().unwrap().errors, []);
        }
    }
}

fn key(id: &str) -> (String, String) {
    ("user".into(), id.into())
}

#[test]
fn a_failing_operation_loses_nothing_and_can_be_tried_again() {
    let expected = expected();
    let mut error_count = 0;
    for number in 0..operation_count() {
        let shelf = Shelf::on(FaultyDisk::new().fail_at(number, ErrorKind::Other));
        let mut done = 0;
        while done < STEP_COUNT {
            let outcome = step(&shelf, done);
            if outcome.is_err() {
                error_count += 1;
                let held = shelf.open().and_then(|store| holding(&store));
                let held = if done == 0 { held.unwrap_or_default() } else { held.unwrap() };
                assert!(held == expected[done] || held == expected[done + 1], "operation {number}");
                // An error after the moment of commit: what was to be is there.
                done += usize::from(done > 0 && held == expected[done + 1]);
            } else {
                done += 1;
            }
        }
        assert_eq!(shelf.disk.faults(), 1, "operation {number}");
        assert_eq!(holding(&shelf.open().unwrap()).unwrap(), expected[STEP_COUNT], "operation {number}");
        assert_eq!(shelf.verify().unwrap().errors, [], "operation {number}");
        check(&Shelf::on(shelf.disk.after_crash(0)), STEP_COUNT, &expected);
    }
    assert!(error_count * 10 > operation_count() * 6, "only {error_count} errors were reported");
}

#[test]
fn a_full_disk_loses_nothing_and_can_be_read() {
    let expected = expected();
    let mut full_count = 0;
    for number in 0..operation_count() {
        let shelf = Shelf::on(FaultyDisk::new().full_from(number));
        let done = steps(&shelf);
        if shelf.disk.faults() == 0 {
            continue;
        }
        full_count += usize::from(done < STEP_COUNT);
        if done > 0 {
            let held = holding(&shelf.open().unwrap()).unwrap();
            assert!(held == expected[done] || Some(&held) == expected.get(done + 1));
        }
        check(&Shelf::on(shelf.disk.after_crash(1)), done, &expected);
    }
    assert!(full_count > operation_count() / 2);
}
