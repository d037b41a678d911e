//! Tests of pieces of text.

use super::*;

fn kinds(text: &str) -> Vec<(Kind, &str)> {
    solid(text).iter().map(|piece| (piece.kind, piece.text)).collect()
}

#[test]
fn a_pipe_is_cut_into_pieces() {
    use Kind::{Number, Sign, Text, Word};
    assert_eq!(
        kinds("users | mv-expand a-1 // x\n| take 1.5h"),
        [
            (Word, "users"),
            (Sign, "|"),
            (Word, "mv-expand"),
            (Word, "a"),
            (Sign, "-"),
            (Number, "1"),
            (Sign, "|"),
            (Word, "take"),
            (Number, "1.5h"),
        ]
    );
    assert_eq!(kinds("h'a\\'b'")[0], (Text { closed: true }, "h'a\\'b'"));
    assert_eq!(kinds("@'a\\' x")[0], (Text { closed: true }, "@'a\\'"));
    assert_eq!(kinds("@\"a\"\"b\"")[0], (Text { closed: true }, "@\"a\"\"b\""));
    assert_eq!(kinds("```a\n\"b``` c")[0], (Text { closed: true }, "```a\n\"b```"));
    assert_eq!(kinds("\"a | b")[0], (Text { closed: false }, "\"a | b"));
    assert_eq!(kinds("has h")[0], (Word, "has"));
}

#[test]
fn pieces_are_the_whole_text_again() {
    for text in
        ["", "é | \u{1f600}", "'\\", "@", "h@", "```", "a\"b'c", "1.", "\u{a0}x", "let f = (x:long) { x };"]
    {
        let whole: String = pieces(text).iter().map(|piece| piece.text).collect();
        assert_eq!(whole, text);
    }
}

#[test]
fn statements_end_where_nothing_is_open() {
    let text = "let f = (a:long) { let b = a; b }; // one\nprint f(1); print ';' ;;";
    assert_eq!(
        statements(text).iter().map(|text| text.trim()).collect::<Vec<_>>(),
        ["let f = (a:long) { let b = a; b }", "// one\nprint f(1)", "print ';'"]
    );
    assert_eq!(defined(text), ["f"]);
    assert!(is_definition(" // x\nlet a = 1") && !is_definition("letters | take 1"));
}

#[test]
fn declared_parameters_are_found() {
    let text = "declare query_parameters(since:string = 'a,b:c', n : long = 1);\nprint n";
    assert_eq!(declared_parameters(text), ["since", "n"]);
    assert!(declared_parameters("print x").is_empty());
}
