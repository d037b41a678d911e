//! Tests of the text of batches.

use bytes::Bytes;

use super::{body, split};
use crate::graph::call::Call;

#[test]
fn a_batch_is_written_as_graph_takes_it() {
    let calls = [
        Call::get("/users?$count=true").eventual(),
        Call::patch("/users/1", r#"{"a":1.50}"#).prefer("return=minimal"),
        Call::delete("/users/2"),
    ];
    let urls = ["/users?$count=true", "/users/\"1\"", "/users/2"];
    let text = String::from_utf8(body(calls.iter().zip(urls)).to_vec()).unwrap();
    let expected = [
        r#"{"requests":[{"id":"0","method":"GET","url":"/users?$count=true","headers":{"ConsistencyLevel":"eventual"}},"#,
        r#"{"id":"1","method":"PATCH","url":"/users/\"1\"","headers":{"Content-Type":"application/json","Prefer":"return=minimal"},"body":{"a":1.50}},"#,
        r#"{"id":"2","method":"DELETE","url":"/users/2"}]}"#,
    ];
    assert_eq!(text, expected.concat());
}

#[test]
fn answers_come_in_any_order_and_their_bodies_are_parts_of_the_whole() {
    let text = r#"{"responses":[{"id":"1","status":204,"headers":{},"body":null},
        {"id":"0","status":429,"headers":{"Retry-After":2.5,"Request-Id":"r"},"body":{"error":{}}},
        {"id":"9","status":200},{"id":"x","status":200}]}"#;
    let whole = Bytes::from_static(text.as_bytes());
    let answers = split(&whole, 3).unwrap();
    let first = answers[0].as_ref().unwrap();
    assert_eq!((first.status, &first.body[..]), (429, &b"{\"error\":{}}"[..]));
    assert_eq!(first.headers.get("retry-after"), Some("2.5"));
    assert_eq!(first.headers.get("request-id"), Some("r"));
    assert!(whole.as_ptr_range().contains(&first.body.as_ptr()));
    let second = answers[1].as_ref().unwrap();
    assert_eq!((second.status, second.body.len()), (204, 0));
    assert!(answers[2].is_none());
    assert!(split(&Bytes::from_static(b"{}"), 1).is_err());
}
