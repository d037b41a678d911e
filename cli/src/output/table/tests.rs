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
    assert_eq!(fit, Fit::all(3));
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
    assert_eq!((fit.shown, fit.columns), (3, 10));
    assert_eq!(
        fit.remark().unwrap(),
        "3 of 10 columns fit, without aboutMe, city, country, mail, mobilePhone and 2 more"
    );
}

#[test]
fn nothing_wider_than_its_column_and_nothing_that_steers() {
    assert_eq!(cut("日本語テキスト", 7), "日本語…");
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 1), "…");
    let rows = Rows { columns: &["a\u{1b}"], cells: vec![vec![Cell::text("\u{1b}[31m")]] };
    assert!(!written(&rows, LOOK).0.contains('\u{1b}'));
}

const GUID: &str = "b616e8d5-8153-404c-a718-cd9d1487b6b5";

#[test]
fn ids_and_words_stay_whole_and_the_least_wanted_columns_make_room() {
    let columns =
        &["sourceId", "sourceType", "sourceName", "relation", "targetId", "targetType", "targetName"];
    let cells = [GUID, "administrativeUnit", "Unit Redmond", "members", GUID, "user", "Noah Cohen"];
    let rows = Rows { columns, cells: vec![cells.map(Cell::text).to_vec()] };
    for width in 40..200 {
        let (text, fit) = written(&rows, Look { width, ..LOOK });
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        assert!(!text.contains('…'), "{width}\n{text}");
        assert_eq!(fit.shown + fit.left_out.len(), 7);
        assert!(text.contains("relation") && text.contains("Noah"), "{width}\n{text}");
    }
    let (text, fit) = written(&rows, Look { width: 80, ..LOOK });
    assert!(
        text.starts_with("sourceType          sourceName    relation  targetType  targetName\n"),
        "{text}"
    );
    assert_eq!(fit.left_out, ["sourceId", "targetId"]);
}

#[test]
fn a_sentence_goes_on_in_the_next_line_and_a_long_one_is_cut() {
    let sentence = "Users of this group may sign in from anywhere ".repeat(20);
    let cells = vec![vec![Cell::text(GUID), Cell::text("May sign in from anywhere"), Cell::text(&sentence)]];
    let (text, fit) =
        written(&Rows { columns: &["id", "name", "description"], cells }, Look { width: 80, ..LOOK });
    assert_eq!(fit.left_out, [""; 0]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + LINE_COUNT_MAX, "{text}");
    assert_eq!(text.matches('…').count(), 1, "{text}");
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_end_matches('…')).collect();
    assert!(words.contains(&GUID) && words.contains(&"anywhere"), "{text}");
}

#[test]
fn lists_keep_times_and_ids_whole_and_say_what_is_left_out() {
    let columns = &["id", "takenAt", "source", "objects", "links", "added", "updated", "deleted", "note"];
    let numbers = [1_234_567; 5].map(Cell::Number);
    let mut row =
        vec![Cell::text("klmnopqrstuvwxyz"), Cell::Time(jiff::Timestamp::UNIX_EPOCH), Cell::text("graph")];
    row.extend(numbers);
    row.push(Cell::text("before the change of the policies"));
    let rows = Rows { columns, cells: vec![row] };
    let drawn = |width: usize| {
        let mut out = Vec::new();
        let look = Look { width, ..LOOK };
        let fit = write_table(&mut Drawer::new(&mut out, Layout::List, look), &rows).unwrap();
        (String::from_utf8(out).unwrap(), fit)
    };
    for width in 38..140 {
        let (text, fit) = drawn(width);
        assert!(text.lines().all(|line| line.len() <= width), "{width}\n{text}");
        assert!(text.contains("klmnopqrstuvwxyz  1970-01-01 00:00:00Z"), "{width}\n{text}");
        assert_eq!(fit.shown + fit.left_out.len(), columns.len());
    }
    let (text, fit) = drawn(80);
    assert_eq!(fit.left_out, ["updated", "objects", "links", "source"]);
    assert!(text.contains("  before the change"), "{text}");
}
