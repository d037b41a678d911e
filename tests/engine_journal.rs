//! Journals across crashes and failing disks: what was acknowledged stays, what is there is a beginning.

use std::io::ErrorKind;
use std::path::Path;

use engine::disk::Disk;
use engine::testing::{JournalFile, JournalHead};
use serde_json::{Value, json};
use tests::FaultyDisk;

const SEEDS: u64 = 24;

fn prepared() -> FaultyDisk {
    let disk = FaultyDisk::new();
    disk.create_folder(Path::new("/journals")).unwrap();
    disk.sync_folder(Path::new("/")).unwrap();
    disk
}

fn journal(disk: &FaultyDisk) -> JournalFile<'_> {
    JournalFile { disk, folder: Path::new("/journals"), store: "store", name: "recovery-1" }
}

/// Records of different lengths, some longer than a sector.
fn record(number: usize) -> Value {
    json!({ "step": number, "note": "x".repeat(number * 331 % 1700) })
}

fn records(numbers: std::ops::Range<usize>) -> Vec<Value> {
    numbers.map(record).collect()
}

/// Appends 12 records by three writers; tells the last head that was acknowledged.
fn append_all(disk: &FaultyDisk) -> JournalHead {
    let mut acknowledged = JournalHead::default();
    for writer_number in 0..3 {
        let Ok(mut writer) = journal(disk).writer() else { return acknowledged };
        for batch in 0..2 {
            let first = writer_number * 4 + batch * 2;
            let Ok(head) = writer.append(&records(first..first + 2)) else { return acknowledged };
            acknowledged = head;
        }
    }
    acknowledged
}

/// The numbers of the operations that appending takes.
fn operations() -> std::ops::Range<usize> {
    let disk = prepared();
    let first = disk.operations();
    append_all(&disk);
    first..disk.operations()
}

/// The journal goes on from what was acknowledged, holds a beginning of all records, and can be appended to.
fn check_after_crash(disk: &FaultyDisk, acknowledged: &JournalHead) {
    let found = journal(disk).verify(acknowledged).unwrap();
    assert_eq!(found.records, records(0..found.records.len()));
    let length = found.records.len();
    let head = journal(disk).append(&records(length..length + 1)).unwrap();
    let longer = journal(disk).verify(&head).unwrap();
    assert_eq!(longer.records, records(0..length + 1));
    assert_eq!(longer.torn_tail, None);
}

#[test]
fn a_crash_in_any_operation_keeps_what_was_acknowledged() {
    let mut torn_count = 0;
    for number in operations() {
        let disk = prepared().crash_at(number);
        let acknowledged = append_all(&disk);
        assert!(disk.crashed());
        for seed in 0..SEEDS {
            let after = disk.after_crash(seed);
            torn_count += usize::from(journal(&after).read().unwrap().torn_tail.is_some());
            check_after_crash(&after, &acknowledged);
        }
    }
    assert!(torn_count > 50, "only {torn_count} torn tails were met");
}

#[test]
fn a_second_crash_while_a_torn_tail_is_cut_off_is_no_worse() {
    let crash = operations().len() / 2 + 3;
    let disk = prepared().crash_at(crash);
    let acknowledged = append_all(&disk);
    let torn = (2..).map(|seed| disk.after_crash(seed));
    let mut torn = torn.filter(|after| after.files().values().any(|bytes| bytes.last() == Some(&0)));
    let first = torn.next().unwrap();
    let count = journal(&first).read().unwrap().records.len();
    assert!(journal(&first).read().unwrap().torn_tail.is_some());
    let mut number = 0;
    loop {
        let second = first.after_crash(1).crash_at(number);
        let result = journal(&second).append(&records(count..count + 2));
        for seed in 0..SEEDS {
            check_after_crash(&second.after_crash(seed), &acknowledged);
        }
        if let Ok(head) = result {
            check_after_crash(&second.after_crash(0), &head);
            break;
        }
        number += 1;
    }
    assert!(number >= 6);
}

#[test]
fn a_failing_operation_is_reported_and_its_records_are_taken_back() {
    for number in operations() {
        let disk = prepared().fail_at(number, ErrorKind::Other);
        let acknowledged = append_all(&disk);
        assert_eq!(disk.faults(), 1);
        let found = journal(&disk).verify(&acknowledged).unwrap();
        assert_eq!((found.head, found.torn_tail), (acknowledged, None));
        let length = found.records.len();
        let head = journal(&disk).append(&records(length..length + 3)).unwrap();
        for seed in 0..SEEDS {
            check_after_crash(&disk.after_crash(seed), &head);
        }
    }
}

#[test]
fn what_a_killed_process_left_is_durable_once_a_writer_goes_on_from_it() {
    let whole = prepared();
    let acknowledged = append_all(&whole);
    let disk = prepared();
    for (path, bytes) in whole.files() {
        disk.append(&path).unwrap().write_all(&bytes).unwrap();
    }
    assert!(disk.after_crash(0).files().is_empty());
    drop(journal(&disk).writer().unwrap());
    check_after_crash(&disk.after_crash(0), &acknowledged);
}

#[test]
fn a_full_disk_keeps_what_was_acknowledged() {
    for number in operations() {
        let disk = prepared().full_from(number);
        let acknowledged = append_all(&disk);
        if disk.faults() > 0 {
            assert_eq!(journal(&disk).verify(&acknowledged).unwrap().head, acknowledged);
        }
        check_after_crash(&disk.after_crash(1), &acknowledged);
    }
}
