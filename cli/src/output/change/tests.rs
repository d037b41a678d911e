//! Tests of changes as rows.

use super::*;
use crate::change::tests::example;
use crate::output::{json, write_table};

fn lines(rows: &Rows) -> String {
    let mut out = Vec::new();
    write_table(&mut json::Ndjson::new(&mut out), rows).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn keys_stand_in_the_order_of_the_contract() {
    assert_eq!(
        lines(&rows(&example()[..1])),
        concat!(
            r#"{"id":"g1","type":"group","displayName":"Sales","change":"updated","recoveryAction":"update","reason":"","#,
            r#""attributes":[{"name":"description","fromValue":"old","toValue":null},"#,
            r#"{"name":"quota","fromValue":123456789012345678901234567890,"toValue":1.0},"#,
            r#"{"name":"tags","fromValue":["a","b"],"toValue":["b","c"]}],"#,
            r#""links":[{"relation":"members","targetId":"u1","change":"added"},{"relation":"members","targetId":"u2","change":"removed"}],"#,
            r#""attributeCount":3,"linkCount":2,"unknown":["owners"]}"#,
            "\n"
        )
    );
}

#[test]
fn a_value_that_is_no_json_is_shown_as_text() {
    let row = AttributeRow { name: "a".to_owned(), from_value: Some("?".to_owned()), to_value: None };
    assert_eq!(attribute_json(&row), r#"{"name":"a","fromValue":"?","toValue":null}"#);
    assert!(serde_json::to_string(&row).is_ok());
}

#[test]
fn a_summary_counts_per_type_and_change() {
    let summary = summary(&example());
    assert_eq!(
        lines(&summary),
        concat!(
            r#"{"type":"group","change":"added","objects":1,"attributes":0,"links":0}"#,
            "\n",
            r#"{"type":"group","change":"softDeleted","objects":1,"attributes":0,"links":0}"#,
            "\n",
            r#"{"type":"group","change":"updated","objects":1,"attributes":3,"links":2}"#,
            "\n"
        )
    );
}

#[test]
fn a_sentence_counts() {
    assert_eq!(
        sentence(&example()),
        "3 objects differ (1 added, 1 softDeleted, 1 updated), 3 attributes, 2 links"
    );
    assert_eq!(sentence(&[]), "no difference");
}
