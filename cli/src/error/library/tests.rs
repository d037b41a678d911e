//! Tests of what becomes of the errors of the libraries.

use std::path::PathBuf;

use super::*;

#[test]
fn refusals_and_failures_have_their_exit_status() {
    use engine::Error as E;
    let locked = || E::Locked { holder: "process 7".to_owned() };
    let missing = || E::NoBackup {
        point: "latest".to_owned(),
        reason: engine::error::NoBackupReason::Empty,
        nearest: String::new(),
    };
    for (error, code, status) in [
        (locked(), "locked", Status::Refused),
        (E::ReadOnly { action: "commit" }, "readOnly", Status::Refused),
        (E::NoStore { path: PathBuf::from("x") }, "noStore", Status::Failed),
        (missing(), "noBackup", Status::Failed),
        (engine::error::InvalidReason::ColumnTooLong { length: 1 << 32 }.into(), "invalid", Status::Failed),
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
    let input = ingest::FileError { action: "read", path: path.clone(), source: missing() };
    let input = ingest::import::Error::from(input);
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
fn what_graph_says_stays_whole() {
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
}

#[test]
fn a_semicolon_in_a_message_is_no_border_of_its_help() {
    use ingest::graph::{Error, SignIn, SignInCause};
    let (asked, host) = ("GET /users".to_owned(), "https://host".to_owned());
    let what = "the proxy says: closed; come back later".to_owned();
    let sign_in = SignIn {
        cause: SignInCause::ExpiredSecret,
        code: "AADSTS7000222".to_owned(),
        message: "the keys are expired; renew them".to_owned(),
    };
    for (error, end, help) in [
        (
            Error::Unreachable { asked: asked.clone(), host: host.clone(), tries: 2, what: what.clone() },
            "(the proxy says: closed; come back later)",
            "check network, proxy and endpoint",
        ),
        (
            Error::Untrusted { asked: asked.clone(), host, what: what.clone() },
            "(the proxy says: closed; come back later)",
            "SSL_CERT_FILE names further certificate authorities",
        ),
        (
            Error::Unanswered { asked, what },
            "(the proxy says: closed; come back later)",
            "whether it took effect has to be looked up before it is sent again",
        ),
        (
            sign_in.into(),
            "the keys are expired; renew them (AADSTS7000222)",
            "the secret has expired: make a new one and set AZURE_CLIENT_SECRET",
        ),
    ] {
        let failure = Failure::from(error);
        assert!(failure.message.ends_with(end), "{}", failure.message);
        assert_eq!(failure.help, help);
    }
}

#[test]
fn a_setting_of_the_client_has_the_name_of_its_variable_and_its_help() {
    use ingest::graph::{CertificateProblem, Error, Setting, SettingProblem};
    let problem = SettingProblem::Certificate { path: "key.pfx".into(), problem: CertificateProblem::NotPem };
    for (setting, problem, message, help) in [
        (Setting::Tenant, SettingProblem::NoTenant, "AZURE_TENANT_ID: expected the ID or a domain", ""),
        (
            Setting::Certificate,
            problem,
            "AZURE_CLIENT_CERTIFICATE_PATH: key.pfx: expected PEM",
            "openssl pkcs12",
        ),
    ] {
        let failure = Failure::from(Error::Settings { setting, problem: Box::new(problem) });
        assert!(failure.message.starts_with(message), "{}", failure.message);
        assert!(
            failure.help.contains(help) && failure.help.is_empty() == help.is_empty(),
            "{}",
            failure.help
        );
        assert_eq!((failure.code, failure.status), ("graph", Status::Failed));
    }
}

#[test]
fn errors_of_imports_have_their_position_and_their_help() {
    use ingest::import::{Error, InputProblem, Location};
    let location = Location { file: "users.json".to_owned(), line: 2, column: Some(8) };
    let failure = Failure::from(Error::Input { location: location.clone(), problem: InputProblem::NoType });
    assert_eq!(failure.message, "users.json:2:8: the object does not say its type");
    assert_eq!((failure.code, failure.file.as_deref(), failure.line), ("input", Some("users.json"), Some(2)));
    assert!(failure.help.contains("--type"), "{}", failure.help);
    let source = Box::new(engine::Error::OtherTenant { expected: "a".to_owned(), found: "b".to_owned() });
    let failure = Failure::from(Error::OtherTenant { location, source });
    assert_eq!((failure.code, failure.status, failure.line), ("otherTenant", Status::Refused, Some(2)));
    assert_eq!(failure.message, "users.json:2:8: the store holds tenant a, the data is of tenant b");
    assert_eq!(failure.help, "use another --store for it");
    let failure = Failure::from(Error::UnlikeStore { known: 25, read: 30, shared: 0 });
    assert_eq!((failure.code, failure.status), ("refused", Status::Refused));
    assert!(failure.help.contains("--new-tenant-data"), "{}", failure.help);
}

#[test]
fn errors_of_plans_and_of_applying_them_have_their_status_and_their_help() {
    use ingest::{apply, plan};
    let hash = || "ab".repeat(32);
    let guard = |name: &str| plan::Guard {
        name: name.to_owned(),
        reason: "it is; so".to_owned(),
        objects: Vec::new(),
        allowed: false,
    };
    let locked = engine::Error::Locked { holder: "process 7".to_owned() };
    let elsewhere = apply::Error::SignedInElsewhere { expected: "a".to_owned(), found: "b".to_owned() };
    let unfinished = apply::Error::Unfinished { recovery: "kkkk".to_owned(), source: Box::new(locked) };
    let cases: [(ingest::Error, &str, Status, &str); 7] = [
        (
            plan::Error::Seal { found: "none", hash: hash() }.into(),
            "planSeal",
            Status::Refused,
            "--accept-unsealed",
        ),
        (plan::Error::PrivateKey.into(), "invalid", Status::Failed, "`--signature` takes that"),
        (
            plan::Error::Unsigned { required: 1, found: 0 }.into(),
            "refused",
            Status::Refused,
            "plan sign FILE",
        ),
        (
            apply::Error::Guarded { guards: vec![guard("stale"), guard("too-many")] }.into(),
            "refused",
            Status::Refused,
            "`--allow stale --allow too-many`",
        ),
        (elsewhere.into(), "otherTenant", Status::Refused, "sign in to a (AZURE_TENANT_ID)"),
        (unfinished.into(), "locked", Status::Failed, "recovery resume kkkk"),
        (
            apply::Error::NoRecovery { prefix: "z".to_owned() }.into(),
            "invalid",
            Status::Failed,
            "recoveries` lists them",
        ),
    ];
    for (error, code, status, help) in cases {
        let message = error.to_string();
        let failure = Failure::from(error);
        assert_eq!((failure.code, failure.status, &failure.message), (code, status, &message));
        assert!(failure.help.contains(help), "{}", failure.help);
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
