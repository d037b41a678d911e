//! Every kind of error says what was expected, found and where, and nothing of commands, options or variables.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;

use crate::graph::{AnswerFault, CertificateProblem, Refusal, Setting, SettingProblem, SignIn, SignInCause};
use crate::import::{InputProblem, Location};
use crate::plan::{Guard, SignatureProblem};
use crate::system::{FileError, ThreadsError};
use crate::{apply, graph, import, plan, pull};

fn text(text: &str) -> String {
    text.to_owned()
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn file() -> FileError {
    FileError { action: "read", path: "users.json".into(), source: missing() }
}

fn threads() -> ThreadsError {
    ThreadsError(missing())
}

fn store() -> engine::Error {
    engine::Error::Locked { holder: text("process 7") }
}

/// Whether a text names an option, a command of the program, or a variable of the environment.
fn is_advice(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_variable = |word: &str| {
        word.contains('_') && word.len() > 3 && !word.contains(|letter: char| letter.is_ascii_lowercase())
    };
    text.contains("--")
        || text.contains("entrasnap ")
        || text.split(|letter| !is_letter(letter)).any(is_variable)
}

/// Checks one sample or more of each kind; `source` is the file that declares the kinds.
fn check<K: Debug, E: std::error::Error>(source: &str, errors: &[E], kind: impl Fn(&E) -> K) {
    let (_, behind) = source.split_once("pub enum ErrorKind {").unwrap();
    let (kinds, _) = behind.split_once('}').unwrap();
    let declared: BTreeSet<String> = kinds.split(',').map(|name| name.trim().to_owned()).collect();
    let found: BTreeSet<String> = errors.iter().map(|error| format!("{:?}", kind(error))).collect();
    let missing: Vec<&String> =
        declared.iter().filter(|name| !name.is_empty() && !found.contains(*name)).collect();
    assert!(missing.is_empty(), "expected a sample of each kind, found none of {missing:?}");
    for error in errors {
        let text = error.to_string();
        assert!(!text.is_empty() && !is_advice(&text), "{text}");
    }
}

#[test]
fn options_commands_and_variables_are_advice_and_facts_are_none() {
    for advice in
        ["take it with --partial", "`entrasnap verify` tells", "AZURE_TENANT_ID: no", "SSL_CERT_FILE"]
    {
        assert!(is_advice(advice), "{advice}");
    }
    for fact in
        ["expected latest~1 of 2026-11-20", "the namespace entrasnap-plan", "GET /users: Graph answered 403"]
    {
        assert!(!is_advice(fact), "{fact}");
    }
}

#[test]
fn errors_of_imports_and_exports_have_no_advice() {
    use import::Error as E;
    let location = || Location { file: text("users.json"), line: 3, column: Some(7) };
    let input = |problem| E::Input { location: location(), problem };
    let source = engine::Error::OtherTenant { expected: text("a"), found: text("b") };
    let mut errors = vec![
        store().into(),
        file().into(),
        E::NotRegular { path: "p".into(), found: "a pipe" },
        E::Grown { path: "p".into() },
        E::GraphAnswer { location: location(), code: text("Denied"), message: text("no") },
        E::OtherTenant { location: location(), source: Box::new(source) },
        E::UnlikeStore { known: 25, read: 3, shared: 1 },
        E::NoData { path: "p".into() },
        E::NotEmpty { path: "p".into() },
        E::Cancelled,
    ];
    errors.extend(
        [
            InputProblem::Empty,
            InputProblem::NotJson { found: b'i' },
            InputProblem::Between { expected: "an object", found: b'2' },
            InputProblem::Behind,
            InputProblem::PageTail,
            InputProblem::CutOff,
            InputProblem::ListOpen,
            InputProblem::TooLong { limit_bytes: 1 << 26 },
            InputProblem::NotText,
            InputProblem::Encoding { reason: text("half a surrogate pair in UTF-16 text") },
            InputProblem::Json { reason: text("trailing comma") },
            InputProblem::NoId { found: text("`{}`") },
            InputProblem::NoType,
            InputProblem::Page,
            InputProblem::Delta { key: text("@removed") },
            InputProblem::Link,
            InputProblem::Object { problem: engine::error::ObjectProblem::Untyped, reason: text("no type") },
        ]
        .map(input),
    );
    check(include_str!("../import/error.rs"), &errors, E::kind);
}

#[test]
fn errors_of_graph_have_no_advice() {
    use graph::Error as E;
    let refusal = Refusal {
        status: 403,
        code: text("Authorization_RequestDenied"),
        message: text("no"),
        details: Vec::new(),
        request_id: None,
        location: None,
        asked: text("GET /users"),
        tries: 1,
    };
    let (asked, host, what) = (text("GET /users"), text("https://host"), text("timed out"));
    let mut errors = vec![
        Box::new(refusal).into(),
        E::Unanswered { asked: asked.clone(), what: what.clone() },
        E::Unreachable { asked: asked.clone(), host: host.clone(), tries: 2, what: what.clone() },
        E::Untrusted { asked: asked.clone(), host: host.clone(), what },
        SignIn { cause: SignInCause::Refused, code: text("AADSTS1"), message: text("no") }.into(),
        E::ReadOnly { asked: asked.clone() },
        E::ForeignLink { expected: host, found: text("https://other") },
        E::Path { path: text("@x"), reason: text("invalid port") },
        E::Connections { reason: text("no trust store") },
        E::Cancelled,
    ];
    let reason = || text("expected value");
    let faults = [
        AnswerFault::NotObject { found: text("nothing") },
        AnswerFault::NotPage { found: text("nothing") },
        AnswerFault::PageText { reason: reason() },
        AnswerFault::OtherItems,
        AnswerFault::TooLong { limit_bytes: 1 << 20 },
        AnswerFault::EmptyLink,
        AnswerFault::KnownLink,
        AnswerFault::NoLink,
        AnswerFault::NoRound,
        AnswerFault::EmptyPages { count: 7 },
        AnswerFault::RepeatedPages,
        AnswerFault::TooManyPages { count: 7 },
        AnswerFault::Record { reason: reason() },
        AnswerFault::RecordWithoutId,
        AnswerFault::LinkWithoutId { type_token: text("user") },
        AnswerFault::Elements { reason: reason() },
    ];
    let malformed =
        |fault| E::Malformed { asked: asked.clone(), fault, tries: Some(3), request_id: Some(text("r")) };
    errors.extend(faults.map(malformed));
    errors.extend(errors_of_settings());
    check(include_str!("../graph/error.rs"), &errors, E::kind);
}

/// One error for each thing that can be wrong with a setting.
fn errors_of_settings() -> Vec<graph::Error> {
    let path = || "key.pem".into();
    let certificate = |problem| SettingProblem::Certificate { path: path(), problem };
    let problems = [
        SettingProblem::NoAddress { reason: text("expected value") },
        SettingProblem::MoreThanHost { found: text("https://host") },
        SettingProblem::Password,
        SettingProblem::NotHttps { found: text("http://host") },
        SettingProblem::NoTenant,
        SettingProblem::Unreadable { expected: "a PEM file at", path: path(), source: missing().into() },
        certificate(CertificateProblem::NotPem),
        certificate(CertificateProblem::EncryptedKey),
        certificate(CertificateProblem::NoCertificate),
        certificate(CertificateProblem::NoKey),
        certificate(CertificateProblem::OtherKey { reason: text("expected value") }),
        SettingProblem::CannotSign,
    ];
    let settings = [
        Setting::Endpoint,
        Setting::Authority,
        Setting::Tenant,
        Setting::Certificate,
        Setting::TokenFile,
        Setting::IdentityHost,
        Setting::IdentityEndpoint,
        Setting::Webhook,
    ];
    let pairs = problems.into_iter().zip(settings.into_iter().cycle());
    pairs.map(|(problem, setting)| graph::Error::Settings { setting, problem: Box::new(problem) }).collect()
}

#[test]
fn errors_of_readings_have_no_advice() {
    use pull::Error as E;
    let errors = [
        store().into(),
        graph::Error::Cancelled.into(),
        file().into(),
        threads().into(),
        E::UnknownType { name: text("tiger") },
        E::Cancelled,
    ];
    check(include_str!("../pull/error.rs"), &errors, E::kind);
}

#[test]
fn errors_of_plans_have_no_advice() {
    use plan::Error as E;
    let (expected, found) = (text("a"), text("b"));
    let mut errors = vec![
        store().into(),
        E::Text { line: 3, column: 3, what: text("expected value") },
        E::NewerFormat { found: 9, known: 2 },
        E::Edited { expected: expected.clone(), found: found.clone() },
        E::OtherTenant { expected, found },
        E::Step {
            step: text("s1"),
            fault: Box::new(crate::plan::StepFault::Shape("an ID of letters and digits")),
        },
        E::Seal { found: "none", hash: text("ab") },
        E::PublicKey { key: text("k") },
        E::PrivateKey,
        E::SignatureRule { required: 3, keys: 2 },
        E::Unsigned { required: 2, found: 1 },
    ];
    errors.extend(
        [
            SignatureProblem::NotBase64,
            SignatureProblem::OtherForm,
            SignatureProblem::OtherNamespace,
            SignatureProblem::OtherKey,
            SignatureProblem::OtherHash,
        ]
        .map(E::Signature),
    );
    check(include_str!("../plan/error.rs"), &errors, E::kind);
}

#[test]
fn errors_of_applying_have_no_advice() {
    use apply::Error as E;
    let guard = |name: &str| Guard {
        name: text(name),
        reason: text("the state it was made against is 9 hours old"),
        objects: Vec::new(),
        allowed: false,
    };
    let (expected, found, recovery) = (text("a"), text("b"), text("kkkk"));
    let errors = [
        store().into(),
        graph::Error::Cancelled.into(),
        plan::Error::PrivateKey.into(),
        file().into(),
        threads().into(),
        E::Guarded { guards: vec![guard("stale"), guard("too-many")] },
        E::HashText { found: found.clone(), length_min: 16 },
        E::Hash { expected: expected.clone(), found: found.clone() },
        E::NoHash,
        E::UnsealedJournal,
        E::NoTenant { found: found.clone() },
        E::SignedInElsewhere { expected, found },
        E::UnknownTenant,
        E::ReadOnly,
        E::NativeRecovery,
        E::NoRecovery { prefix: recovery.clone() },
        E::AmbiguousRecovery { prefix: recovery.clone(), count: 2 },
        E::NoJournal { recovery: recovery.clone() },
        E::NotRunning { recovery: recovery.clone() },
        E::Unfinished { recovery, source: Box::new(store()) },
        E::Cancelled,
    ];
    check(include_str!("../apply/error.rs"), &errors, E::kind);
    let text = errors[5].to_string();
    assert!(text.starts_with("the plan is guarded: stale (") && text.contains("); too-many ("), "{text}");
}

#[test]
fn the_kind_of_an_error_is_that_of_its_concern() {
    let error = super::Error::from(import::Error::Cancelled);
    assert_eq!(error.kind(), super::ErrorKind::Import(import::ErrorKind::Cancelled));
    assert_eq!(error.to_string(), import::Error::Cancelled.to_string());
}
