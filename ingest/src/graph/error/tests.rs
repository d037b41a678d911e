//! Tests of reading error bodies, and of messages.

use super::{Detail, Error, Refusal, read_error};

#[test]
fn every_shape_of_an_error_body_is_read() {
    let plain = read_error(
        br#"{"error":{"code":"Request_BadRequest","message":"No.","innerError":{"request-id":"r"},
            "details":[{"code":"ObjectConflict","message":"There.","target":"userPrincipalName"}]}}"#,
    );
    assert_eq!((plain.code.as_str(), plain.message.as_str()), ("Request_BadRequest", "No."));
    assert_eq!(plain.request_id.as_deref(), Some("r"));
    let target = |detail: &Detail| detail.target.clone();
    assert_eq!(plain.details.iter().map(target).collect::<Vec<_>>(), ["userPrincipalName"]);

    let odd = read_error(
        br#"{"error":{"code":"X","message":{"lang":"en","value":"Odd."},"innererror":{"request-id":"s"},
            "details":{"code":"Y","message":{"value":"One."}}}}"#,
    );
    assert_eq!((odd.message.as_str(), odd.request_id.as_deref()), ("Odd.", Some("s")));
    assert_eq!(odd.details, [Detail { code: "Y".into(), message: "One.".into(), target: String::new() }]);

    assert_eq!(read_error(br#"{"error":"invalid_grant"}"#).code, "invalid_grant");
    for other in [&b""[..], b"<html>", b"[]", b"{}", br#"{"error":null}"#, br#"{"error":{"details":7}}"#] {
        assert_eq!(read_error(other), super::ErrorBody::default());
    }
}

#[test]
fn who_does_not_answer_is_named_with_how_often_it_was_tried() {
    let error = |tries| Error::Unreachable {
        asked: "GET /v1.0/users".to_owned(),
        host: "http://127.0.0.1:9".to_owned(),
        tries,
        what: "connection refused".to_owned(),
    };
    let said = "GET /v1.0/users: expected an answer from http://127.0.0.1:9, found none in";
    for (tries, counted) in [(1, "1 try"), (5, "5 tries")] {
        let expected = format!("{said} {counted} (connection refused)");
        assert_eq!(error(tries).to_string(), expected);
    }
}

#[test]
fn a_refusal_says_what_was_asked_and_what_graph_said() {
    let mut refusal = Refusal {
        status: 403,
        code: "Authorization_RequestDenied".to_owned(),
        message: "Insufficient privileges to complete the operation.".to_owned(),
        details: Vec::new(),
        request_id: Some("0000".to_owned()),
        location: None,
        asked: "GET /v1.0/users".to_owned(),
        tries: 1,
    };
    assert_eq!(
        Error::from(Box::new(refusal.clone())).to_string(),
        "GET /v1.0/users: Graph answered 403 Authorization_RequestDenied Insufficient privileges to complete the \
         operation. (request 0000)"
    );
    assert!(!refusal.is_resync());
    for (status, code) in [
        (410, ""),
        (400, "syncStateNotFound"),
        (400, "resyncRequired"),
        (410, "resyncChangesApplyDifferences"),
    ] {
        (refusal.status, refusal.code) = (status, code.to_owned());
        assert!(Error::from(Box::new(refusal.clone())).is_resync(), "{status} {code}");
    }
}
