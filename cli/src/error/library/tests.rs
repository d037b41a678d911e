//! Tests of what becomes of the errors of the libraries.

use std::path::PathBuf;

use super::*;

#[test]
fn refusals_and_failures_have_their_exit_status() {
    use engine::Error as E;
    let locked = || E::Locked { holder: "process 7".to_owned() };
    let missing = || E::NoBackup {
        point: "latest".to_owned(),
        reason: engine::NoBackupReason::Empty,
        nearest: String::new(),
    };
    for (error, code, status) in [
        (locked(), "locked", Status::Refused),
        (E::ReadOnly { action: "commit" }, "readOnly", Status::Refused),
        (E::NoStore { path: PathBuf::from("x") }, "noStore", Status::Failed),
        (missing(), "noBackup", Status::Failed),
        (E::Invalid("no".to_owned()), "invalid", Status::Failed),
    ] {
        let failure = Failure::from(error);
        assert_eq!((failure.code, failure.status), (code, status));
    }
}

#[test]
fn advice_is_told_apart_from_the_message() {
    let failure = Failure::from(engine::Error::Locked { holder: "process 7".to_owned() });
    assert_eq!(failure.message, "the store is being written by process 7");
    assert_eq!(failure.help, "wait until that ends, then try again");
}

#[test]
fn what_the_system_refuses_comes_with_advice_and_its_whole_path() {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let path = PathBuf::from("users; today.json");
    let store = engine::Error::Disk { action: "cannot read", path: path.clone(), source: missing() };
    let input = ingest::Error::File { action: "read", path: path.clone(), source: missing() };
    for failure in
        [Failure::from(store), Failure::from(input), Failure::file("cannot read", &path, &missing())]
    {
        assert_eq!(failure.message, format!("cannot read users; today.json: {}", missing()));
        assert_eq!(failure.help, "check the path; it, or a folder of it, is not there");
        assert_eq!(failure.file.as_deref(), Some("users; today.json"));
    }
}

#[test]
fn a_lost_file_of_the_store_is_to_be_restored() {
    let path = PathBuf::from("entrasnap.store/segments/0000000007.seg");
    let source = std::io::Error::from(std::io::ErrorKind::NotFound);
    let failure = Failure::from(engine::Error::Disk { action: "cannot read", path, source });
    assert!(failure.help.starts_with("restore this file from a copy"), "{}", failure.help);
}

#[test]
fn what_graph_says_stays_whole_and_a_message_without_its_help_keeps_the_help() {
    let refusal = ingest::graph::Refusal {
        status: 400,
        code: "Request_BadRequest".to_owned(),
        message: "the value is taken; use another".to_owned(),
        details: Vec::new(),
        request_id: None,
        location: None,
        asked: "PATCH /users/1".to_owned(),
        tries: 1,
    };
    let error = ingest::graph::Error::from(Box::new(refusal));
    let failure = Failure::from(ingest::Error::from(error));
    assert!(failure.message.ends_with("the value is taken; use another"), "{}", failure.message);
    assert_eq!((failure.code, failure.help.as_str()), ("graph", ""));
    for text in ["the store is locked", "the store is locked; wait"] {
        let failure = helped("locked", Status::Refused, text, "wait");
        assert_eq!((failure.message.as_str(), failure.help.as_str()), ("the store is locked", "wait"));
    }
}

#[test]
fn what_follows_a_commit_is_a_warning_with_its_own_help() {
    let source = Box::new(engine::Error::Locked { holder: "process 7".to_owned() });
    let failure = Failure::from(engine::Error::Committed { what: "backup k".to_owned(), source });
    assert_eq!((failure.code, failure.status), ("committed", Status::Warnings));
    assert_eq!(failure.message, "backup k is committed, but the store is being written by process 7");
    assert_eq!(failure.help, "wait until that ends, then try again");
}
