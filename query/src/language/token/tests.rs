//! Texts cut into tokens.

use proptest::prelude::*;

use super::*;

fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
    solid(text).iter().map(|token| (token.kind, token.text)).collect()
}

#[test]
fn a_pipe_is_cut_into_tokens() {
    use TokenKind::{Number, Sign, Text, Word};
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
    assert_eq!(kinds("'a\\\nb'")[0], (Text { closed: false }, "'a\\"));
    assert_eq!(kinds("has h")[0], (Word, "has"));
}

proptest! {
    #[test]
    fn tokens_are_the_whole_text_again(text in "[a-c \\n\"'@h`~/\\\\|(){}\\[\\];.0-9é\u{a0}\u{1f600}-]{0,40}") {
        let whole: String = tokens(&text).iter().map(|token| token.text).collect();
        prop_assert_eq!(whole, text);
    }
}
