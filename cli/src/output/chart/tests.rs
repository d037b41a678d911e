//! Tests of charts.

use super::*;
use crate::output::Rows;

const LOOK: Look = Look { color: false, width: 50, whole: false };

fn request(kind: &str) -> Request {
    let kind = Kind::from_name(kind).expect("a kind that is drawn");
    Request { kind, title: String::new(), x: None, y: Vec::new() }
}

fn counts(cells: &[(&str, i64)]) -> Rows {
    let cells = cells.iter().map(|(name, count)| vec![Cell::text(*name), Cell::Integer(*count)]);
    Rows { columns: &["department", "n"], cells: cells.collect() }
}

#[test]
fn bars_are_as_long_as_their_values() {
    let chart =
        Chart::of(&request("barchart"), &counts(&[("Sales", 8), ("IT", 4), ("", 0)])).expect("numbers");
    let text = draw(&chart, LOOK);
    let full = 50 - 7 - 1 - 5;
    assert_eq!(text.lines().next(), Some(format!("  Sales │{} 8", "█".repeat(full)).as_str()), "{text}");
    assert!(text.contains("(empty) │ 0\n"), "{text}");
    assert!(text.contains(&format!("     IT │{}▌ 4\n", "█".repeat(full / 2))), "{text}");
}

#[test]
fn a_pie_says_its_parts() {
    let chart = Chart::of(&request("piechart"), &counts(&[("a", 3), ("b", 1)])).expect("numbers");
    let text = draw(&chart, LOOK);
    assert!(text.contains("75.0 %  3") && text.contains("25.0 %  1"), "{text}");
}

#[test]
fn columns_stand_on_their_labels_within_the_width() {
    for kind in ["columnchart", "timechart"] {
        let chart = Chart::of(&request(kind), &counts(&[("a", 3), ("b", 1), ("c", -2)])).expect("numbers");
        let text = draw(&chart, LOOK);
        assert_eq!(text.lines().count(), HEIGHT + 2, "{text}");
        assert!(text.lines().all(|line| width(line) <= 50), "{text}");
    }
}

#[test]
fn a_second_word_column_makes_series() {
    let cells = [("d1", "x", 1), ("d1", "y", 2), ("d2", "y", 3)]
        .map(|(day, name, count)| vec![Cell::text(day), Cell::text(name), Cell::Integer(count)]);
    let rows = Rows { columns: &["day", "name", "n"], cells: cells.to_vec() };
    let chart = Chart::of(&request("timechart"), &rows).expect("numbers");
    assert_eq!(chart.labels, ["d1", "d2"]);
    assert_eq!(chart.series[0], Series { name: "x".to_owned(), values: vec![Some(1.0)] });
    assert_eq!(chart.series[1].values, [Some(2.0), Some(3.0)]);
    assert!(draw(&chart, LOOK).contains("max 3"));
}

#[test]
fn rows_without_numbers_are_no_chart() {
    let rows = Rows { columns: &["a"], cells: vec![vec![Cell::text("x")]] };
    assert_eq!(Chart::of(&request("barchart"), &rows), None);
    assert_eq!(Chart::of(&request("barchart"), &counts(&[])), None);
    assert_eq!(Kind::from_name("treemap"), None);
}
