//! Tests of reports as the journal keeps them.

use serde_json::json;

use super::*;
use crate::change::tests::example;

fn record(id: &str, name: &str) -> Value {
    json!({
        "kind": "created", "id": id, "name": name, "status": "completed",
        "from": "kkkk", "fromTakenAt": "2026-11-20T00:00:00Z",
        "to": "llll", "toTakenAt": "2026-11-21T00:00:00Z",
        "filter": {"types": [], "ids": []},
        "started": "2026-11-22T00:00:00Z", "completed": "2026-11-22T00:00:01Z",
        "objects": 3, "attributes": 3, "links": 2, "changes": changes_text(&example()),
    })
}

fn two() -> Vec<Saved> {
    standing(&[record("abcd01", "first"), record("abcd02", "second")]).unwrap()
}

#[test]
fn a_record_comes_back_with_its_changes() {
    assert_eq!(two()[0].changes, example());
}

#[test]
fn the_newest_word_counts() {
    let deleted = json!({"kind": "deleted", "id": "a1"});
    let records = [record("a1", ""), record("a2", ""), deleted];
    let standing = standing(&records).unwrap();
    assert_eq!(standing.len(), 1);
    assert_eq!(standing[0].id, "a2");
}

#[test]
fn reports_are_found_by_id_name_and_prefix() {
    assert_eq!(choose(two(), "abcd02").unwrap().name, "second");
    assert_eq!(choose(two(), "first").unwrap().id, "abcd01");
    assert_eq!(choose(two(), "abcd0").unwrap_err().code, "ambiguous");
    assert_eq!(choose(two(), "abc").unwrap_err().code, "noReport");
    assert_eq!(choose(two(), "zzzz").unwrap_err().help, "there are: abcd01, abcd02");
    assert_eq!(choose(Vec::new(), "zzzz").unwrap_err().code, "noReport");
}

#[test]
fn a_record_that_is_no_report_is_an_error() {
    assert_eq!(standing(&[json!({"kind": "created"})]).unwrap_err().code, "damaged");
}

#[test]
fn ids_are_twelve_hexadecimal_digits() {
    assert_eq!(new_id([0xab; 32]), "abababababab");
}
