//! Tests of the faulty disk: that it loses what a disk may lose, and nothing else.

use super::*;
use engine::disk::write_whole;
use std::collections::BTreeSet;

fn disk() -> FaultyDisk {
    let disk = FaultyDisk::new();
    disk.create_folder(Path::new("/store")).unwrap();
    disk.sync_folder(Path::new("/")).unwrap();
    disk
}

fn write(disk: &FaultyDisk, path: &str, bytes: &[u8]) -> Box<dyn DiskFile> {
    let mut file = disk.create(Path::new(path)).unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The content a file may have after a crash, `None` when it may be missing.
fn possible(disk: &FaultyDisk, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    (0..100).map(|seed| disk.after_crash(seed).files().get(Path::new(path)).cloned()).collect()
}

#[test]
fn it_works_as_a_disk_does() {
    let disk = disk();
    let path = Path::new("/store/b");
    for part in [b"one ", b"two "] {
        disk.append(path).unwrap().write_all(part).unwrap();
    }
    assert_eq!(disk.length(path).unwrap(), 8);
    disk.truncate(path, 3).unwrap();
    assert_eq!(&*disk.map(path).unwrap(), b"one");
    drop(write(&disk, "/store/a", b"content"));
    disk.create_folder(Path::new("/store/folder/inside")).unwrap();
    assert_eq!(disk.list(Path::new("/store")).unwrap(), [("a".into(), 7), ("b".into(), 3)]);
    disk.rename(path, Path::new("/store/a")).unwrap();
    assert_eq!(disk.read(Path::new("/store/a")).unwrap(), b"one");
    disk.remove(Path::new("/store/a")).unwrap();
    let missing = [
        disk.remove(path),
        disk.truncate(path, 0),
        disk.read(path).map(drop),
        disk.map(path).map(drop),
        disk.length(path).map(drop),
        disk.list(path).map(drop),
        disk.sync_folder(path),
        disk.rename(path, Path::new("/store/a")),
        disk.create(Path::new("/elsewhere/a")).map(drop),
    ];
    for result in missing {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(disk.create(Path::new("/store/folder")).is_err());
    assert_eq!((disk.counts()["create"], disk.counts()["rename"], disk.faults()), (3, 2, 0));
}

#[test]
fn unsynced_content_is_kept_lost_or_torn_and_synced_content_stays() {
    let disk = disk();
    let mut file = write(&disk, "/store/a", &[1; 600]);
    file.sync().unwrap();
    disk.sync_folder(Path::new("/store")).unwrap();
    assert_eq!(possible(&disk, "/store/a"), [Some(vec![1; 600])].into());
    file.write_all(&[2; 1000]).unwrap();
    let with = |written: usize, zeros: usize| Some([vec![1; 600], vec![2; written], vec![0; zeros]].concat());
    let expected =
        [with(0, 0), with(424, 0), with(936, 0), with(1000, 0), with(0, 1000), with(424, 576), with(936, 64)];
    assert_eq!(possible(&disk, "/store/a"), expected.into());
    assert_eq!(disk.after_crash(0).files()[Path::new("/store/a")], vec![1; 600]);
    assert_eq!(disk.after_crash(1).files()[Path::new("/store/a")].len(), 1600);
    file.sync().unwrap();
    assert_eq!(possible(&disk, "/store/a"), [with(1000, 0)].into());
}

#[test]
fn writes_survive_independently_of_each_other() {
    let disk = disk();
    let mut file = write(&disk, "/store/a", b"one");
    file.write_all(b"two").unwrap();
    disk.sync_folder(Path::new("/store")).unwrap();
    let found = possible(&disk, "/store/a");
    for content in [&b""[..], b"one", b"onetwo", b"\0\0\0two", b"\0\0\0\0\0\0"] {
        assert!(found.contains(&Some(content.to_vec())), "{content:?}");
    }
    assert!(!found.contains(&None));
}

#[test]
fn a_synced_file_may_lose_its_name_until_the_folder_is_synced() {
    let disk = disk();
    write(&disk, "/store/a", b"x").sync().unwrap();
    assert_eq!(possible(&disk, "/store/a"), [None, Some(b"x".to_vec())].into());
    disk.sync_folder(Path::new("/")).unwrap();
    assert_eq!(possible(&disk, "/store/a").len(), 2);
    disk.sync_folder(Path::new("/store")).unwrap();
    assert_eq!(possible(&disk, "/store/a"), [Some(b"x".to_vec())].into());
    disk.remove(Path::new("/store/a")).unwrap();
    assert_eq!(possible(&disk, "/store/a").len(), 2);
    disk.sync_folder(Path::new("/store")).unwrap();
    assert_eq!(possible(&disk, "/store/a"), [None].into());
}

#[test]
fn a_rename_happens_whole_or_not_at_all() {
    let disk = disk();
    disk.create_folder(Path::new("/store/trash")).unwrap();
    for path in ["/store/a", "/store/b"] {
        write(&disk, path, path.as_bytes()).sync().unwrap();
    }
    disk.sync_folder(Path::new("/store")).unwrap();
    let before = disk.files();
    disk.rename(Path::new("/store/a"), Path::new("/store/b")).unwrap();
    let between = disk.files();
    let states: BTreeSet<_> = (0..50).map(|seed| disk.after_crash(seed).files()).collect();
    assert_eq!(states, [before, between.clone()].into());
    disk.rename(Path::new("/store/b"), Path::new("/store/trash/b")).unwrap();
    disk.sync_folder(Path::new("/store")).unwrap();
    let states: BTreeSet<_> = (0..50).map(|seed| disk.after_crash(seed).files()).collect();
    assert_eq!(states, [between, disk.files()].into());
    disk.sync_folder(Path::new("/store/trash")).unwrap();
    let states: BTreeSet<_> = (0..50).map(|seed| disk.after_crash(seed).files()).collect();
    assert_eq!(states, [disk.files()].into());
}

#[test]
fn a_lost_folder_takes_its_files() {
    let disk = FaultyDisk::new();
    disk.create_folder(Path::new("/a/b")).unwrap();
    write_whole(&disk, Path::new("/a/b/c"), b"x").unwrap();
    assert!(disk.after_crash(0).files().is_empty());
    assert!(disk.after_crash(0).list(Path::new("/a")).is_err());
    disk.sync_folder(Path::new("/")).unwrap();
    assert!(disk.after_crash(0).list(Path::new("/a")).unwrap().is_empty());
    disk.sync_folder(Path::new("/a")).unwrap();
    assert_eq!(disk.after_crash(0).files(), disk.files());
}

#[test]
fn a_crash_ends_everything_and_may_or_may_not_include_its_own_operation() {
    let whole = disk();
    let first = whole.operations();
    write_whole(&whole, Path::new("/store/HEAD"), b"one").unwrap();
    let per_write = whole.operations() - first;
    for number in first + per_write..first + 2 * per_write {
        let disk = disk().crash_at(number);
        write_whole(&disk, Path::new("/store/HEAD"), b"one").unwrap();
        write_whole(&disk, Path::new("/store/HEAD"), b"two").unwrap_err();
        assert!(disk.crashed() && disk.faults() == 1);
        disk.read(Path::new("/store/HEAD")).unwrap_err();
        let last_two = number + 2 >= first + 2 * per_write;
        let old: BTreeSet<_> = [Some(b"one".to_vec())].into();
        let both: BTreeSet<_> = [Some(b"one".to_vec()), Some(b"two".to_vec())].into();
        assert_eq!(possible(&disk, "/store/HEAD"), if last_two { both } else { old }, "{number}");
    }
}

#[test]
fn planned_failures_have_no_effect_but_half_a_write() {
    let disk = disk().fail_at(3, ErrorKind::Other).fail_at(5, ErrorKind::PermissionDenied);
    let mut file = disk.create(Path::new("/store/a")).unwrap();
    file.write_all(b"1234").unwrap_err();
    assert_eq!(disk.read(Path::new("/store/a")).unwrap(), b"12");
    let refused = disk.remove(Path::new("/store/a")).unwrap_err();
    assert_eq!((refused.kind(), disk.faults()), (ErrorKind::PermissionDenied, 2));
    disk.remove(Path::new("/store/a")).unwrap();
}

#[test]
fn a_full_disk_refuses_what_needs_room_and_lets_remove() {
    let disk = disk().full_from(4);
    let mut file = write(&disk, "/store/a", b"fits");
    assert_eq!(file.write_all(b"more").unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(disk.read(Path::new("/store/a")).unwrap(), b"fitsmo");
    assert!(disk.create(Path::new("/store/b")).is_err());
    disk.remove(Path::new("/store/a")).unwrap();
}

#[test]
fn what_a_failed_sync_left_is_never_durable_for_sure() {
    let disk = disk().fail_at(4, ErrorKind::Other);
    let mut file = write(&disk, "/store/a", b"one");
    disk.sync_folder(Path::new("/store")).unwrap_err();
    let disk = disk.fail_at(5, ErrorKind::Other);
    file.sync().unwrap_err();
    file.write_all(b"two").unwrap();
    file.sync().unwrap();
    disk.sync_folder(Path::new("/store")).unwrap();
    assert_eq!(disk.read(Path::new("/store/a")).unwrap(), b"onetwo");
    let found = possible(&disk, "/store/a");
    assert_eq!(found, [Some(b"onetwo".to_vec()), Some(b"\0\0\0two".to_vec())].into());
}

#[test]
fn a_lock_is_held_once_and_not_across_a_crash() {
    let disk = disk();
    let path = Path::new("/store/backup.lock");
    let held = disk.try_lock(path).unwrap();
    assert!(held.is_some() && disk.try_lock(path).unwrap().is_none());
    assert!(disk.after_crash(0).try_lock(path).unwrap().is_some());
    drop(held);
    assert!(disk.try_lock(path).unwrap().is_some());
}

#[test]
fn damage_is_durable() {
    let disk = disk();
    write_whole(&disk, Path::new("/store/a"), b"abc").unwrap();
    disk.damage(Path::new("/store/a"), |content| content[1] ^= 1);
    assert_eq!(disk.after_crash(0).read(Path::new("/store/a")).unwrap(), b"acc");
}
