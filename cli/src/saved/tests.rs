//! Tests of reports as the journal keeps them.

use serde_json::json;

use super::*;
use crate::change::tests::example;

fn report(id: &str, name: &str) -> Report {
    let record = json!({
        "id": id, "name": name, "status": "completed",
        "from": "kkkkkkkkkkkkkkkk", "fromTakenAt": "2026-11-20T00:00:00Z",
        "to": "llllllllllllllll", "toTakenAt": "2026-11-21T00:00:00Z",
        "filter": {"types": [], "ids": []},
        "started": "2026-11-22T00:00:00Z", "completed": "2026-11-22T00:00:01Z",
        "objects": 3, "attributes": 3, "links": 2, "changes": changes_text(&example()),
    });
    serde_json::from_value(record).unwrap()
}

fn two() -> Vec<Report> {
    vec![report("abcd01", "first"), report("abcd02", "second")]
}

#[test]
fn a_report_comes_back_with_its_changes() {
    assert_eq!(changes(&two()[0]).unwrap(), example());
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
fn a_text_that_is_not_of_changes_is_an_error() {
    let broken = Report { changes: Some("{}".to_owned()), ..report("abcd01", "") };
    assert_eq!(changes(&broken).unwrap_err().code, "damaged");
}

#[test]
fn ids_are_twelve_hexadecimal_digits() {
    assert_eq!(new_id([0xab; 32]), "abababababab");
}
