//! Tests of colours.

use super::*;

fn shown(text: &str) -> Vec<(Meaning, &str)> {
    let known = Known { is_table: &|name| name == "users", is_function: &|name| name == "count" };
    let all = meanings(text, &known);
    assert_eq!(all.iter().map(|(_, text)| *text).collect::<String>(), text);
    all.into_iter().filter(|(meaning, _)| *meaning != Meaning::Plain).collect()
}

#[test]
fn every_piece_has_its_meaning() {
    use Meaning::{Comment, Function, Keyword, Number, Operator, Table, Text};
    assert_eq!(
        shown("users | summarize n = count() by a // x\n| where b has 'c' and d > 5"),
        [
            (Table, "users"),
            (Operator, "summarize"),
            (Function, "count"),
            (Keyword, "by"),
            (Comment, "// x"),
            (Operator, "where"),
            (Keyword, "has"),
            (Text, "'c'"),
            (Keyword, "and"),
            (Number, "5"),
        ]
    );
}

#[test]
fn an_operator_that_is_none_stands_out_once_it_is_written() {
    assert_eq!(shown("users | projct a")[1], (Meaning::Unknown, "projct"));
    assert_eq!(shown("users | proj")[1], (Meaning::Operator, "proj"));
    assert_eq!(shown("let x = 1; print x")[0], (Meaning::Operator, "let"));
    assert_eq!(shown("a.users"), []);
    assert_eq!(shown(" .use latest~1"), [(Meaning::Command, " .use")]);
}
