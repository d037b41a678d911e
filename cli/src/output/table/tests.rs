//! Tests of tables for people: which columns are shown, how wide, and what does not fit.

use super::*;
use crate::output::{Rows, write_table};

const LOOK: Look = Look { color: false, width: 60, whole: false };

fn written(rows: &Rows, look: Look) -> (String, Fit) {
    let mut out = Vec::new();
    let fit = write_table(&mut Drawer::new(&mut out, Layout::Results, look), rows).unwrap();
    (String::from_utf8(out).unwrap(), fit)
}

#[test]
fn numbers_stand_to_the_right_and_words_to_the_left() {
    let cells = vec![
        vec![Cell::text("a"), Cell::Integer(-5), Cell::Flag(true)],
        vec![Cell::text("bb"), Cell::Integer(100), Cell::Null],
    ];
    let (text, fit) = written(&Rows { columns: &["name", "n", "on"], cells }, LOOK);
    assert_eq!(text, "name    n  on\n---------------\na      -5  true\nbb    100\n");
    assert_eq!(fit, Fit { shown: 3, columns: 3 });
}

#[test]
fn a_few_wide_columns_share_the_line() {
    let long = "x".repeat(100);
    let cells = vec![vec![Cell::text("short"), Cell::text(&long), Cell::text(&long)]];
    let rows = Rows { columns: &["a", "b", "c"], cells };
    let (text, fit) = written(&rows, LOOK);
    assert!(text.lines().all(|line| width(line) <= 60), "{text}");
    assert!(text.contains("short  xxxxx") && text.matches('…').count() == 2, "{text}");
    assert_eq!(fit.shown, 3);
    let (whole, _) = written(&rows, Look { whole: true, ..LOOK });
    assert!(whole.contains(&long));
}

#[test]
fn of_many_columns_the_best_known_are_shown() {
    let columns = &[
        "aboutMe",
        "city",
        "country",
        "department",
        "displayName",
        "faxNumber",
        "id",
        "mail",
        "mobilePhone",
        "userPrincipalName",
    ];
    let cells = columns.iter().map(|name| match *name {
        "department" | "faxNumber" => Cell::text(""),
        name => Cell::text(format!("{name}-value")),
    });
    let (text, fit) = written(&Rows { columns, cells: vec![cells.collect()] }, LOOK);
    assert!(text.starts_with("id        displayName        userPrincipalName\n"), "{text}");
    assert_eq!(fit, Fit { shown: 3, columns: 10 });
}

#[test]
fn nothing_wider_than_its_column_and_nothing_that_steers() {
    assert_eq!(cut("日本語テキスト", 7), "日本語…");
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 1), "…");
    let rows = Rows { columns: &["a\u{1b}"], cells: vec![vec![Cell::text("\u{1b}[31m")]] };
    assert!(!written(&rows, LOOK).0.contains('\u{1b}'));
}
