//! Written queries read back as the same tree.

use crate::Script;
use crate::error::Diagnostic;
use crate::syntax::QUERIES;

fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    Script::parse(text).map(|script| script.format())
}

#[test]
fn what_is_written_reads_back() {
    for query in QUERIES {
        let once = format(query).unwrap();
        let twice = format(&once);
        assert_eq!(twice.as_ref(), Ok(&once), "{query}");
    }
}

#[test]
fn stages_stand_on_lines_of_their_own() {
    let written = format("let x=1;users|where  a==x and (b or c)|take 5").unwrap();
    assert_eq!(written, "let x = 1;\nusers\n| where (a == x) and (b or c)\n| take 5\n");
}

#[test]
fn literals_keep_their_types() {
    let written = format("print int(null), 1.5, 1h, -2, ['a b'], @'\\x', dynamic({'k':[1h]})").unwrap();
    assert_eq!(
        written,
        "print int(null), real(1.5), timespan(01:00:00), -2, [\"a b\"], \"\\\\x\", \
         dynamic({\"k\": [timespan(01:00:00)]})\n"
    );
}

#[test]
fn what_is_no_table_keeps_its_parentheses_where_tables_stand() {
    for query in ["union (a % b), c", "union (-1), 'x'", "a | join (b and c) on d", "union (a | take 1), b.c"]
    {
        let once = format(query).unwrap();
        assert_eq!(format(&once).as_ref(), Ok(&once), "{query}");
    }
}
