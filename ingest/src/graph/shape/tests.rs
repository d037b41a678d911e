//! What is taken for an answer, as a table.

use bytes::Bytes;

use super::Shape;

const JSON: Option<&str> = Some("application/json;odata.metadata=minimal");

#[test]
fn what_was_not_asked_for_is_no_answer_whatever_its_status() {
    let bodies: [(u16, Option<&str>, &str, [bool; 5]); 16] = [
        // Any, Object, ObjectOrNone, Page, Round
        (200, JSON, r#"{"id":"a"}"#, [true, true, true, false, false]),
        (200, JSON, r#"{"value":[]}"#, [true, true, true, true, false]),
        (200, JSON, r#"{"value":[{"id":"a"}],"@odata.deltaLink":"x"}"#, [true, true, true, true, true]),
        (200, JSON, r#"{"value":[],"@odata.nextLink":"x"}"#, [true, true, true, true, true]),
        (200, JSON, r#"{"value":[],"@odata.nextLink":""}"#, [true, true, true, false, false]),
        (200, JSON, r#"{"value":[{"id":"a"}"#, [true, false, false, false, false]),
        (200, JSON, r#"{"value":null}"#, [true, true, true, false, false]),
        (200, JSON, r#"{"value":[1]}"#, [true, true, true, false, false]),
        (200, JSON, r#"{"value":[null]}"#, [true, true, true, false, false]),
        (200, JSON, "[[],null,null,null]", [true, false, false, false, false]),
        (200, JSON, r#"{"error":{"code":"UnknownError","message":""}}"#, [true, false, false, false, false]),
        (200, JSON, "null", [true, false, false, false, false]),
        (200, Some("text/html"), "<!DOCTYPE html><html>", [true, false, false, false, false]),
        (200, JSON, "", [true, false, false, false, false]),
        (204, None, "", [true, false, true, false, false]),
        (200, JSON, "\u{1b}[2J\u{202e}", [true, false, false, false, false]),
    ];
    let shapes = [Shape::Any, Shape::Object, Shape::ObjectOrNone, Shape::Page, Shape::Round];
    for (status, content_type, body, expected) in bodies {
        let bytes = Bytes::from(body.to_owned());
        let found = shapes.map(|shape| shape.check(status, content_type, &bytes).is_ok());
        assert_eq!(found, expected, "{status} {body}");
    }
}

#[test]
fn a_broken_answer_says_what_came_and_nothing_that_a_terminal_acts_on() {
    let told = |content_type, body: &'static str| {
        Shape::Page.check(200, content_type, &Bytes::from_static(body.as_bytes())).unwrap_err().to_string()
    };
    let html = told(Some("text/html; charset=utf-8"), "<!DOCTYPE html>\r\n<html>\u{1b}[31m");
    assert!(html.contains("text/html of 28 bytes") && html.contains("<!DOCTYPE html>"), "{html}");
    assert!(!html.contains(['\u{1b}', '\r', '\n']), "{html}");
    assert!(told(JSON, "").contains("nothing (status 200)"));
    assert!(told(JSON, r#"{"error":{"code":"Broken"}}"#).contains("the error Broken under status 200"));
}
