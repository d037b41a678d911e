//! The code of a Rust source alone: comments, texts and quoted letters are left out.

/// The source with each comment, text and quoted letter made a blank; line numbers stay.
pub(super) fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let length = skipped_length(rest, code.chars().next_back());
        if length == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.push(' ');
            code.extend(rest[..length].chars().filter(|letter| *letter == '\n'));
            rest = &rest[length..];
        }
    }
    code
}

/// Whether a letter may be part of a name.
pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Length in bytes of the comment, text or quoted letter at the beginning; 0 for anything else.
fn skipped_length(code: &str, before: Option<char>) -> usize {
    if code.starts_with("//") {
        return code.find('\n').unwrap_or(code.len());
    }
    if code.starts_with("/*") {
        return code.find("*/").map_or(code.len(), |end| end + 2);
    }
    if code.starts_with('\'') {
        return letter_length(code);
    }
    let prefix = code.find(|letter| !"bcr".contains(letter)).unwrap_or(code.len());
    if prefix > 0 && before.is_some_and(is_of_name) {
        return 0;
    }
    let (prefix, text) = code.split_at(prefix);
    let length = if prefix.contains('r') { raw_length(text) } else { text_length(text) };
    if length == 0 { 0 } else { prefix.len() + length }
}

/// Length of `'a'` or `'\n'`; 0 for the mark of a lifetime.
fn letter_length(code: &str) -> usize {
    let mut letters = code.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((offset, escaped))) => {
            let begin = offset + escaped.len_utf8();
            code[begin..].find('\'').map_or(code.len(), |end| begin + end + 1)
        }
        (Some(_), Some((offset, '\''))) => offset + 1,
        _ => 0,
    }
}

fn text_length(code: &str) -> usize {
    if !code.starts_with('"') {
        return 0;
    }
    let mut is_escaped = false;
    for (offset, letter) in code.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Length of a raw text without its `r`.
fn raw_length(code: &str) -> usize {
    let hashes = code.len() - code.trim_start_matches('#').len();
    if !code[hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", &code[..hashes]);
    let begin = hashes + 1;
    code[begin..].find(&end).map_or(code.len(), |offset| begin + offset + end.len())
}

#[test]
fn comments_and_texts_are_no_code() {
    for (source, code) in [
        ("a // b\nc", "a  \nc"),
        ("a /* b\n */ c", "a  \n c"),
        (r#"a("b \" \\", c)"#, "a( , c)"),
        ("a(br#\"b \" \n\"#)", "a( \n)"),
        ("a('b', '\\'', '\\u{41}', 'ä')", "a( ,  ,  ,  )"),
        ("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)"),
        ("r#type + arc", "r#type + arc"),
    ] {
        assert_eq!(code_of(source), code, "{source}");
    }
}
