//! Tests of pages.

use std::collections::HashMap;

use super::frame::{FILTER, STYLE};
use super::*;
use crate::output::chart::{Chart, Kind, Request};
use crate::output::{Rows, write_table};
use crate::tenant::TenantIdentity;

const ATTACK: &str = "<script>alert(\"1\")</script><img src=x onerror='y'></style>";

fn written(script: Script, body: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    let tenant = TenantIdentity { name: ATTACK.to_owned(), id: ATTACK.to_owned() };
    let head = Head { tenant, facts: vec![("From", ATTACK.to_owned())], ..Head::titled(ATTACK) };
    page(&mut out, &head, script, body).unwrap();
    String::from_utf8(out).unwrap()
}

/// Holds a page to what it may have: one style, no script but ours, nothing that is loaded.
fn expect_harmless(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    let page = page.replace(FILTER, "").replace("&lt;img src=x", "");
    assert_eq!((page.matches("<style").count(), page.matches("</style").count()), (1, 1), "{page}");
    for mark in ["<img", "src=", "url(", "@import", " style=", "http://", "https://"] {
        assert!(!page.contains(mark), "{mark} in {page}");
    }
    let empty = page.matches("<script></script>").count();
    assert_eq!(page.matches("<script").count(), empty, "{page}");
}

#[test]
fn cells_and_names_are_escaped() {
    let rows = Rows { columns: &[ATTACK], cells: vec![vec![Cell::text(ATTACK)], vec![Cell::Integer(-1)]] };
    let page = written(Script::None, &mut |out| write_table(&mut Tables::within(out), &rows).map(drop));
    expect_harmless(&page);
    assert!(page.contains("<td class=\"long\">&lt;script&gt;alert(&quot;1&quot;)"), "{page}");
    assert!(page.contains("<td class=\"number\">-1</td>"), "{page}");
    assert!(!page.contains("script-src"), "{page}");
}

#[test]
fn only_our_script_may_run_and_only_our_style_holds() {
    let page = written(Script::Filter, &mut |_| Ok(()));
    expect_harmless(&page);
    let policy =
        page.split("Content-Security-Policy\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(page.contains(&format!("<script>{FILTER}</script>")), "{page}");
    assert!(page.contains("\\3c script\\3e "), "the running header holds the title as text: {page}");
}

#[test]
fn wide_tables_name_the_column_in_each_cell_and_ids_are_not_broken() {
    const COLUMNS: &[&str] = &["id", "b", "c", "d", "e", "f", "g", "h", "i"];
    let row = |id: &str| std::iter::once(Cell::text(id)).chain(std::iter::repeat_n(Cell::Null, 8)).collect();
    let rows = Rows { columns: COLUMNS, cells: vec![row("00000001-1111-4222-8333-444455556666")] };
    let page = written(Script::None, &mut |out| table(out, &rows));
    assert!(page.contains("<table class=\"rows wide\">"), "{page}");
    assert!(page.contains("<td class=\"whole\" data-column=\"id\">00000001-1111"), "{page}");
    let rows = Rows { columns: &COLUMNS[..2], cells: Vec::new() };
    let page = written(Script::None, &mut |out| table(out, &rows));
    assert!(page.contains("<table class=\"rows\">") && page.contains("<p>no rows</p>"), "{page}");
}

#[test]
fn charts_are_drawn_and_escaped() {
    let cells = (0..3).map(|n| vec![Cell::text(format!("{ATTACK}{n}")), Cell::Integer(n)]);
    let rows = Rows { columns: &["a", "n"], cells: cells.collect() };
    for kind in [Kind::Bar, Kind::Column, Kind::Pie, Kind::Time] {
        let request = Request { kind, title: ATTACK.to_owned(), x: None, y: Vec::new() };
        let chart = Chart::of(&request, &rows).expect("numbers");
        let page = written(Script::None, &mut |out| crate::output::svg::write(out, &chart));
        expect_harmless(&page);
        assert!(page.contains("<svg ") && page.contains("</svg>") && !page.contains("NaN"), "{page}");
    }
}

/// The colours of a block of the style, by name.
fn colors(block: &str) -> HashMap<&str, [f64; 3]> {
    let channel = |text: &str| f64::from(u8::from_str_radix(text, 16).unwrap()) / 255.0;
    let colors = block.split("--").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(":#")?;
        Some((name, [channel(&rest[..2]), channel(&rest[2..4]), channel(&rest[4..6])]))
    });
    colors.collect()
}

/// How light a colour is, as the contrast of text is measured.
fn lightness(color: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let [red, green, blue] = color.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[test]
fn text_can_be_told_from_what_is_behind_it() {
    let blocks: Vec<&str> =
        STYLE.split(":root{").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(blocks.len(), 3, "light, dark and paper");
    for block in blocks {
        let colors = colors(block);
        let pairs = [
            ("text", "page"),
            ("text", "panel"),
            ("muted", "page"),
            ("muted", "panel"),
            ("link", "page"),
            ("added", "page"),
            ("added", "added-back"),
            ("removed", "page"),
            ("removed", "removed-back"),
            ("changed", "page"),
            ("changed", "changed-back"),
            ("alarm", "page"),
            ("alarm", "alarm-back"),
            ("warn", "warn-back"),
            ("calm", "calm-back"),
        ];
        for (text, behind) in pairs {
            let (text_light, behind_light) = (lightness(colors[text]), lightness(colors[behind]));
            let ratio = (text_light.max(behind_light) + 0.05) / (text_light.min(behind_light) + 0.05);
            assert!(ratio >= 4.5, "{text} on {behind}: {ratio:.2} in {block}");
        }
    }
}
