//! Tests of changes as a report keeps them.

use super::*;

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
