//! Tests of pages.

use super::*;
use crate::output::chart::{Chart, Kind, Request};
use crate::output::{Rows, write_table};

const ATTACK: &str = "<script>alert(\"1\")</script><img src=x onerror='y'>";

fn written(body: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    page(&mut out, ATTACK, body).unwrap();
    String::from_utf8(out).unwrap()
}

fn expect_harmless(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    for mark in ["<script", "<img", "src=", "href=", "url(", "@import"] {
        let page = page.replace("&lt;img src=x", "");
        assert!(!page.contains(mark), "{mark} in {page}");
    }
}

#[test]
fn cells_and_names_are_escaped() {
    let rows = Rows { columns: &[ATTACK], cells: vec![vec![Cell::text(ATTACK)], vec![Cell::Integer(-1)]] };
    let page = written(&mut |out| write_table(&mut Tables::within(out), &rows).map(drop));
    expect_harmless(&page);
    assert!(page.contains("<td>&lt;script&gt;alert(&quot;1&quot;)"), "{page}");
    assert!(page.contains("<td class=\"n\">-1</td>"), "{page}");
}

#[test]
fn charts_are_drawn_and_escaped() {
    let cells = (0..3).map(|n| vec![Cell::text(format!("{ATTACK}{n}")), Cell::Integer(n)]);
    let rows = Rows { columns: &["a", "n"], cells: cells.collect() };
    for kind in [Kind::Bar, Kind::Column, Kind::Pie, Kind::Time] {
        let request = Request { kind, title: ATTACK.to_owned(), x: None, y: Vec::new() };
        let chart = Chart::of(&request, &rows).expect("numbers");
        let page = written(&mut |out| crate::output::svg::write(out, &chart));
        expect_harmless(&page);
        assert!(page.contains("<svg ") && page.contains("</svg>") && !page.contains("NaN"), "{page}");
    }
}
