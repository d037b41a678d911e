//! Tests of what could stand at the cursor.

use super::*;

struct Few;

impl Names for Few {
    fn tables(&self) -> Vec<String> {
        ["users", "groups", "diff"].map(str::to_owned).to_vec()
    }

    fn definitions(&self) -> String {
        "let gone = users | take 1;".to_owned()
    }

    /// Shows what was asked for as the only column beside one that is always there.
    fn columns(&self, pipe: &str) -> Vec<(String, String)> {
        let asked = pipe.trim().replace("let gone = users | take 1;", "").trim().to_owned();
        vec![("department".to_owned(), "string".to_owned()), (asked, "asked".to_owned())]
    }

    fn points(&self) -> Vec<(String, String)> {
        vec![("latest".to_owned(), "newest".to_owned()), ("klmnopqr".to_owned(), "2026-11-20".to_owned())]
    }
}

fn values(text: &str) -> Vec<String> {
    complete(text, text.len(), &Few).into_iter().map(|found| found.value).collect()
}

fn asked(text: &str) -> Option<String> {
    let found = complete(text, text.len(), &Few).into_iter().find(|found| found.description == "asked");
    found.map(|found| found.value.trim_start_matches("['").trim_end_matches("']").to_owned())
}

#[test]
fn a_statement_begins_with_a_table() {
    assert_eq!(values("us"), ["users"]);
    assert_eq!(values("GO"), ["gone"]);
    assert!(values("").contains(&"groups".to_owned()));
    assert_eq!(values("let a = 1; gr"), ["groups"]);
    assert_eq!(values("users | join kind=inner (gr"), ["groups"]);
    assert_eq!(values("users | union gr"), ["groups"]);
}

#[test]
fn behind_a_bar_stands_an_operator() {
    assert_eq!(values("users | mv"), ["mv-expand"]);
    assert_eq!(values("users | project-r"), ["project-rename", "project-reorder"]);
    let all = complete("users |", 7, &Few);
    assert!(all.len() > 20 && all.iter().all(|found| !found.description.is_empty()), "{all:?}");
}

#[test]
fn columns_are_those_of_the_pipe_so_far() {
    assert_eq!(values("users | where dep"), ["department"]);
    assert_eq!(asked("users | where a == 1 | project ").as_deref(), Some("users | where a == 1"));
    assert_eq!(asked("users | where strlen(").as_deref(), Some("users"));
    assert_eq!(asked("users | join (groups | where ").as_deref(), Some("groups"));
    assert_eq!(asked("users | join (groups | take 1) on ").as_deref(), Some("users"));
    assert_eq!(asked("let b = groups | where ").as_deref(), Some("groups"));
    assert_eq!(asked("let b = groups; users\n| where ").as_deref(), Some("let b = groups; users"));
}

#[test]
fn functions_come_with_their_help() {
    let found = complete("users | where strle", 19, &Few);
    assert_eq!(found[0].value, "strlen(");
    assert!(found[0].description.starts_with("strlen("), "{found:?}");
    assert_eq!(found[0].start, 14);
    assert!(values("print strca").contains(&"strcat(".to_owned()));
}

#[test]
fn points_in_time_stand_inside_the_strings_of_tables() {
    assert_eq!(values("users(\"la"), ["latest"]);
    assert_eq!(values("diff('latest', 'k"), ["klmnopqr"]);
    assert!(values("users | where a == \"la").is_empty());
    assert!(values("print strlen('la").is_empty());
}

#[test]
fn dot_commands_and_what_follows_them() {
    assert_eq!(values(".sch"), [".schema"]);
    assert_eq!(values(".schema gr"), ["groups"]);
    assert_eq!(values(".use la"), ["latest"]);
    assert_eq!(values(".mode nd"), ["ndjson"]);
    assert_eq!(values(".explain users | mv"), ["mv-expand"]);
    assert_eq!(complete(".explain us", 11, &Few)[0].start, 9);
    assert_eq!(values("users | render pie"), ["piechart"]);
    assert_eq!(values("users | join kind=left"), ["leftouter", "leftanti", "leftsemi"]);
}

#[test]
fn nothing_panics_wherever_the_cursor_is() {
    let text = "let é = users | where a == \"x\\\" // y\n| join kind = (groups | take ```) }] ; .mode";
    for (place, _) in text.char_indices() {
        complete(text, place, &Few);
    }
}
