//! Tests of the rows of a difference.

use super::*;
use crate::render::json as json_rows;

pub(crate) fn example() -> Vec<ChangeRow> {
    let attribute = |name: &str, from: Option<&str>, to: Option<&str>| AttributeRow {
        name: name.to_owned(),
        from_value: from.map(str::to_owned),
        to_value: to.map(str::to_owned),
    };
    let link = |target: &str, change: &str| LinkRow {
        relation: "members".to_owned(),
        target_id: target.to_owned(),
        change: change.to_owned(),
        reason: String::new(),
        direction: String::new(),
    };
    let row = |id: &str, name: &str, change: &str, action: &str| ChangeRow {
        id: id.to_owned(),
        type_token: "group".to_owned(),
        display_name: name.to_owned(),
        change: change.to_owned(),
        recovery_action: action.to_owned(),
        reason: String::new(),
        attributes: Vec::new(),
        links: Vec::new(),
        unknown: Vec::new(),
    };
    let updated = ChangeRow {
        attributes: vec![
            attribute("description", Some("\"old\""), None),
            attribute("quota", Some("123456789012345678901234567890"), Some("1.0")),
            attribute("tags", Some("[\"a\",\"b\"]"), Some("[\"b\",\"c\"]")),
        ],
        links: vec![link("u1", "added"), link("u2", "removed")],
        unknown: vec!["owners".to_owned()],
        ..row("g1", "Sales", "updated", "update")
    };
    vec![updated, row("g2", "", "softDeleted", "restore"), row("g3", "New", "added", "softDelete")]
}

#[test]
fn keys_stand_in_the_order_of_the_contract() {
    let mut out = Vec::new();
    json_rows::lines(&mut out, &rows(&example()[..1])).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
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
fn saved_changes_come_back_byte_for_byte() {
    let before = example();
    let text = serde_json::to_string(&before).unwrap();
    let after: Vec<ChangeRow> = serde_json::from_str(&text).unwrap();
    assert_eq!(after, before);
}

#[test]
fn null_and_absent_stay_apart_when_saved() {
    let row = AttributeRow { name: "a".to_owned(), from_value: Some("null".to_owned()), to_value: None };
    let text = serde_json::to_string(&row).unwrap();
    assert_eq!(text, r#"{"name":"a","fromValue":null}"#);
    assert_eq!(serde_json::from_str::<AttributeRow>(&text).unwrap(), row);
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
    let mut out = Vec::new();
    json_rows::lines(&mut out, &summary).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
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
