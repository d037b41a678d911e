//! Tests of rows in every format.

use super::text::{counted, grouped, printable, size};
use super::*;

fn rows(cells: Vec<Vec<Cell>>) -> Rows {
    Rows { columns: &["name", "count"], cells }
}

fn example() -> Rows {
    rows(vec![
        vec![Cell::text("Ann \"A\", Ltd"), Cell::Number(1_234)],
        vec![Cell::text("=1+1"), Cell::Json("{\"a\":[1,{}]}".to_owned())],
    ])
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn listed(rows: &Rows, format: Format) -> String {
    let style = Style {
        layout: Layout::List,
        format,
        look: Look::plain(),
        is_terminal: false,
        is_raw: false,
        head: None,
    };
    written(|out| write_list(out, rows, style).map(drop))
}

#[test]
fn comma_separated_text_follows_rfc_4180() {
    let text = listed(&example(), Format::Csv);
    assert_eq!(text, "name,count\r\n\"Ann \"\"A\"\", Ltd\",1234\r\n'=1+1,\"{\"\"a\"\":[1,{}]}\"\r\n");
}

#[test]
fn tab_separated_text_ends_lines_with_lf() {
    let rows =
        rows(vec![vec![Cell::text("a\tb"), Cell::text("\"c\" \\\r\n")], vec![Cell::text(""), Cell::Null]]);
    let text = listed(&rows, Format::Tsv);
    assert_eq!(text, "name\tcount\na\\tb\t\"c\" \\\\\\r\\n\n\t\n");
    let one = Rows { columns: &["name"], cells: vec![vec![Cell::text("")], vec![Cell::text("\"")]] };
    assert_eq!(listed(&one, Format::Tsv), "name\n\n\"\n");
}

#[test]
fn raw_text_is_what_it_was() {
    let look = Look::plain();
    for (format, expected) in
        [(Format::Csv, "name,count\r\n=1+1,-2\r\n"), (Format::Tsv, "name\tcount\n=1+1\t-2\n")]
    {
        let rows = rows(vec![vec![Cell::text("=1+1"), Cell::text("-2")]]);
        let style =
            Style { layout: Layout::List, format, look, is_terminal: false, is_raw: true, head: None };
        assert_eq!(written(|out| write_list(out, &rows, style).map(drop)), expected);
    }
}

#[test]
fn formulas_are_quoted_in_spreadsheets() {
    for cell in ["=cmd", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠sum"] {
        assert_eq!(separated::harmless(cell), format!("'{cell}"));
    }
    for cell in ["", "a=b", "1-2", " =x", "'=x"] {
        assert_eq!(separated::harmless(cell), cell);
    }
}

#[test]
fn objects_stand_one_per_line() {
    let text = listed(&example(), Format::Ndjson);
    assert_eq!(
        text,
        "{\"name\":\"Ann \\\"A\\\", Ltd\",\"count\":1234}\n{\"name\":\"=1+1\",\"count\":{\"a\":[1,{}]}}\n"
    );
}

#[test]
fn an_array_is_json_and_indented() {
    let text = listed(&example(), Format::Json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value[1]["count"]["a"][0], 1);
    assert!(text.starts_with("[\n  {\n    \"name\": "), "{text}");
    assert_eq!(listed(&rows(Vec::new()), Format::Json), "[]\n");
}

#[test]
fn indentation_keeps_numbers_and_strings() {
    let text = r#"{"a":1.50,"b":"x,{}[]:\"\\","c":[],"d":{},"e":[1e400,-0,null],"f":{"g":true}}"#;
    let indented = json::indented(text, 0);
    let packed: String = indented.split('\n').map(str::trim_start).collect();
    assert_eq!(packed.replace("\": ", "\":"), text);
    assert!(indented.contains("\"e\": [\n    1e400,\n    -0,\n    null\n  ]"), "{indented}");
}

#[test]
fn indentation_never_panics_on_what_is_no_json() {
    for text in ["", "}}}", "{", "\"", "\"\\", "é:é", "[[[", "nul", "\u{1f600}{\u{1f600}"] {
        json::indented(text, 0);
    }
}

#[test]
fn tables_fit_the_width() {
    let long = "word ".repeat(60);
    let rows = Rows {
        columns: &["id", "takenAt", "note"],
        cells: vec![vec![
            Cell::text("klmnopqrstuvwxyz"),
            Cell::Time(Timestamp::UNIX_EPOCH),
            Cell::Text(long),
        ]],
    };
    for width in [30, 60, 80, 200] {
        let text = list_text(&rows, Look { color: false, width, whole: false });
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
    }
    let text = list_text(&rows, Look { color: false, width: 80, whole: false });
    assert!(text.contains("klmnopqrstuvwxyz") && text.contains("1970-01-01 00:00:00Z"), "{text}");
}

#[test]
fn tables_never_carry_control_characters() {
    let rows = rows(vec![vec![Cell::text("\u{1b}[31m\nx"), Cell::Number(0)]]);
    let text = list_text(&rows, Look { color: false, width: 80, whole: false });
    assert!(text.contains("\\u{1b}[31m\\nx"), "{text}");
}

#[test]
fn markdown_is_one_line_per_row() {
    let table = rows(vec![vec![Cell::text("a|b\nc"), Cell::Number(1)]]);
    let text = listed(&table, Format::Md);
    assert_eq!(text, "| name | count |\n| --- | --: |\n| a\\|b\\\\nc | 1 |\n");
}

#[test]
fn numbers_and_sizes_are_readable() {
    assert_eq!(grouped(0), "0");
    assert_eq!(grouped(1_234_567), "1,234,567");
    assert_eq!(counted(1, "object"), "1 object");
    assert_eq!(counted(2_000, "object"), "2,000 objects");
    assert_eq!(size(999), "999 B");
    assert_eq!(size(1_000), "1.0 kB");
    assert_eq!(size(99_999), "99.9 kB");
    assert_eq!(size(999_999), "999 kB");
    assert_eq!(size(1_234_567), "1.2 MB");
    assert_eq!(size(u64::MAX), "18446 PB");
}

#[test]
fn narrow_tables_leave_columns_out_and_break_no_number() {
    let rows = Rows {
        columns: &["id", "takenAt", "source", "objects", "added", "bytes", "note"],
        cells: vec![vec![
            Cell::text("klmnopqrstuvwxyz"),
            Cell::Time(Timestamp::UNIX_EPOCH),
            Cell::text("import"),
            Cell::Number(1_234_567),
            Cell::Number(1_234_567),
            Cell::Bytes(1_234_567),
            Cell::text("before the incident"),
        ]],
    };
    for width in [20, 40, 60, 80, 200] {
        let look = Look { color: false, width, whole: false };
        let text = list_text(&rows, look);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        let header = text.lines().next().unwrap();
        let numbers = ["objects", "added"].iter().filter(|name| header.contains(**name)).count();
        assert_eq!(text.matches("1,234,567").count(), numbers, "{width}\n{text}");
        assert!(width > 60 || !text.contains("bytes"), "{text}");
        assert!(width < 40 || text.contains("klmnopqrstuvwxyz"), "{text}");
    }
    let style = Style {
        layout: Layout::List,
        format: Format::Table,
        look: Look { color: false, width: 20, whole: true },
        is_terminal: false,
        is_raw: false,
        head: None,
    };
    assert_eq!(write_list(&mut Vec::new(), &rows, style).unwrap(), Fit::all(7));
}

#[test]
fn machine_formats_do_not_steer_a_terminal_either() {
    let name = "\u{1b}[31m\u{9b}31m\u{202e}é\u{7f}";
    let table = rows(vec![vec![Cell::text(name), Cell::Number(1)]]);
    let json = listed(&table, Format::Ndjson);
    assert_eq!(json, "{\"name\":\"\\u001b[31m\\u009b31m\\u202eé\\u007f\",\"count\":1}\n");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["name"], name);
    let exact = listed(&table, Format::Tsv);
    assert_eq!(exact, format!("name\tcount\n{name}\t1\n"));
    let shown = written(|out| {
        let mut out = separated::DisarmingWriter::new(out);
        exact.as_bytes().chunks(1).try_for_each(|byte| out.write_all(byte))
    });
    assert_eq!(shown, "name\tcount\n\\u{1b}[31m\\u{9b}31m\\u{202e}é\\u{7f}\t1\n");
}

#[test]
fn a_terminal_gets_ends_of_lines_and_nothing_that_goes_back_in_one() {
    for step in [1, 2, 100] {
        let shown = written(|out| {
            let mut out = separated::DisarmingWriter::new(out);
            "a\rb\r\n\r\ré\n".as_bytes().chunks(step).try_for_each(|bytes| out.write_all(bytes))
        });
        assert_eq!(shown, "a\\u{d}b\r\n\\u{d}\\u{d}é\n", "{step}");
    }
}

#[test]
fn letters_that_are_not_seen_are_shown() {
    // The kinds: no width, joiners, byte order mark, soft hyphen, separators of lines, fillers, tags.
    for letter in
        ['\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{2028}', '\u{3164}', '\u{e0061}']
    {
        let name = format!("ad{letter}min");
        let escaped = format!("ad\\u{{{:x}}}min", u32::from(letter));
        assert_eq!(printable(&name), escaped);
        let table = rows(vec![vec![Cell::text(&*name), Cell::Number(1)]]);
        let json = listed(&table, Format::Ndjson);
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["name"], name);
        let shown = written(|out| separated::DisarmingWriter::new(out).write_all(name.as_bytes()));
        assert_eq!(shown, escaped);
    }
    for name in ["Zoë", "名前", "Ελλάδα", "👩\u{fe0f}", "a b"] {
        assert_eq!(printable(name), name);
    }
}
