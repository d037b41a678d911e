//! Tests of when an input is whole.

use super::*;

#[test]
fn a_line_that_could_be_a_query_runs() {
    for text in [
        "users",
        "users | take 5",
        "print 'a;b'",
        "users | where department == \"Sales\";",
        "let x = 5;",
        ".tables",
        ".explain users | where (",
        "",
        "   ",
        "users | projct a",
        "users | where a ==== b",
    ] {
        assert!(is_complete(text), "{text}");
    }
}

#[test]
fn a_line_that_must_go_on_does_not_run() {
    for text in [
        "users |",
        "users | where",
        "users | where a ==",
        "users | project a,",
        "let f = (x:long) {",
        "users | join (groups",
        "datatable(a:long) [",
        "print ```a",
        "users | summarize count() by",
    ] {
        assert!(!is_complete(text), "{text}");
    }
}

#[test]
fn several_lines_run_at_a_semicolon_or_an_empty_line() {
    assert!(!is_complete("users\n| take 5"));
    assert!(is_complete("users\n| take 5;"));
    assert!(is_complete("users\n| take 5\n"));
    assert!(is_complete("users\n| where (\n   "), "an empty line is the way out");
    assert!(!is_complete("print ```a\n\n"), "a fenced text holds empty lines");
    assert!(!is_complete("let f = (x:long) {\nlet y = x;"), "a semicolon inside brackets ends nothing");
}

#[test]
fn scripts_wait_for_the_end_of_a_statement() {
    assert!(!is_complete_in_script("users"));
    assert!(is_complete_in_script("users;"));
    assert!(!is_complete_in_script("users\n| take 5"));
    assert!(is_complete_in_script("users\n| take 5\n"));
    assert!(is_complete_in_script(".mode csv"));
    assert!(!is_complete_in_script("let f = () { print 1;"));
}
