//! Tests of the operating system's disk.

use super::*;

#[test]
fn a_whole_file_is_written_replaced_and_leaves_no_temporary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("HEAD");
    for content in [&b"first, longer"[..], b"second", b""] {
        write_whole(&RealDisk, &path, content).unwrap();
        assert_eq!(RealDisk.read(&path).unwrap(), content);
        assert_eq!(&*RealDisk.map(&path).unwrap(), content);
    }
    assert_eq!(RealDisk.list(folder.path()).unwrap(), [("HEAD".to_owned(), 0)]);
}

#[test]
fn a_failed_write_removes_its_temporary_and_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    RealDisk.create_folder(&path.join("inside")).unwrap();
    write_whole(&RealDisk, &path, b"content").unwrap_err();
    assert!(RealDisk.list(folder.path()).unwrap().is_empty());
    assert!(path.join("inside").is_dir());
    write_whole(&RealDisk, Path::new("/"), b"content").unwrap_err();
}

#[test]
fn files_are_appended_cut_listed_renamed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for part in [b"one ", b"two "] {
        let mut file = RealDisk.append(&path("b")).unwrap();
        file.write_all(part).unwrap();
        file.sync().unwrap();
    }
    assert_eq!(RealDisk.length(&path("b")).unwrap(), 8);
    RealDisk.truncate(&path("b"), 3).unwrap();
    assert_eq!(RealDisk.read(&path("b")).unwrap(), b"one");
    drop(RealDisk.create(&path("a")).unwrap());
    RealDisk.create_folder(&path("folder/inside")).unwrap();
    RealDisk.create_folder(&path("folder/inside")).unwrap();
    let listed = RealDisk.list(folder.path()).unwrap();
    assert_eq!(listed, [("a".to_owned(), 0), ("b".to_owned(), 3)]);
    RealDisk.rename(&path("b"), &path("a")).unwrap();
    RealDisk.sync_folder(folder.path()).unwrap();
    assert_eq!(RealDisk.read(&path("a")).unwrap(), b"one");
    RealDisk.remove(&path("a")).unwrap();
    let missing = [
        RealDisk.remove(&path("a")),
        RealDisk.truncate(&path("a"), 0),
        RealDisk.read(&path("a")).map(drop),
        RealDisk.map(&path("a")).map(drop),
        RealDisk.length(&path("a")).map(drop),
        RealDisk.list(&path("a")).map(drop),
        RealDisk.rename(&path("a"), &path("b")),
    ];
    for result in missing {
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

#[test]
fn a_lock_is_held_once_even_inside_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.lock");
    let held = RealDisk.try_lock(&path).unwrap();
    assert!(held.is_some());
    assert!(RealDisk.try_lock(&path).unwrap().is_none());
    let refused = std::thread::spawn({
        let path = path.clone();
        move || RealDisk.try_lock(&path).unwrap().is_none()
    });
    assert!(refused.join().unwrap());
    drop(held);
    assert!(RealDisk.try_lock(&path).unwrap().is_some());
}

#[test]
fn the_holder_is_readable_while_the_lock_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.lock");
    assert_eq!(read_holder(&RealDisk, &path).unwrap(), None);
    let held = RealDisk.try_lock(&path).unwrap();
    write_holder(&RealDisk, &path, "process 12 on host\n").unwrap();
    assert_eq!(read_holder(&RealDisk, &path).unwrap().as_deref(), Some("process 12 on host"));
    assert!(folder.path().join("backup.holder").is_file());
    drop(held);
}

#[test]
fn the_trash_can_be_emptied() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(empty_trash(&RealDisk, folder.path()), 0);
    let trash = folder.path().join(TRASH_FOLDER);
    RealDisk.create_folder(&trash).unwrap();
    for name in ["one", "two"] {
        std::fs::write(trash.join(name), b"x").unwrap();
    }
    assert_eq!(empty_trash(&RealDisk, folder.path()), 2);
    assert!(RealDisk.list(&trash).unwrap().is_empty());
}

#[test]
fn whoever_finds_a_lock_taken_learns_by_which_process() {
    let folder = tempfile::tempdir().unwrap();
    let options = crate::CreateOptions { seed: [7; 32], tenant: None };
    let mut first = crate::Store::create(folder.path(), &options).unwrap();
    let mut second = crate::Store::open(folder.path()).unwrap();
    let details = crate::BackupDetails::new("import", jiff::Timestamp::UNIX_EPOCH);
    let backup = first.begin(details.clone()).unwrap();
    let refused = second.begin(details).map(drop).unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
    drop(backup);
}

#[cfg(unix)]
#[test]
fn what_is_made_belongs_to_its_owner_and_what_is_there_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    drop(RealDisk.create(&path("created")).unwrap());
    drop(RealDisk.append(&path("appended")).unwrap());
    drop(RealDisk.try_lock(&path("locked")).unwrap());
    write_whole(&RealDisk, &path("whole"), b"content").unwrap();
    RealDisk.create_folder(&path("above/below")).unwrap();
    for name in ["created", "appended", "locked", "whole"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!((mode("above"), mode("above/below")), (0o700, 0o700));
    fs::set_permissions(path("appended"), fs::Permissions::from_mode(0o640)).unwrap();
    drop(RealDisk.append(&path("appended")).unwrap());
    assert_eq!(mode("appended"), 0o640, "somebody shares it on purpose");
    make_private(folder.path()).unwrap();
    assert_eq!(mode("appended"), 0o600);
}
