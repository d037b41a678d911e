//! Splitting against a plain state machine, at every border.

use proptest::prelude::*;

use super::{Separator, Span, Splitter, Unexpected};

/// Feeds `text` in pieces of `piece` bytes, dropping what is not needed, as the reader of blocks does.
fn split(text: &[u8], piece: usize, separator: Separator) -> Result<Vec<Vec<u8>>, Unexpected> {
    let mut splitter = Splitter::new(separator);
    let mut buffer = Vec::new();
    let mut objects = Vec::new();
    for part in text.chunks(piece) {
        let from = buffer.len();
        buffer.extend_from_slice(part);
        let mut spans = Vec::new();
        splitter.feed(&buffer, from, &mut spans)?;
        objects.extend(spans.iter().map(|Span { start, end }| buffer[*start..*end].to_vec()));
        let kept_from = splitter.kept_from(buffer.len());
        splitter.rebase();
        buffer.drain(..kept_from);
    }
    Ok(objects)
}

const ELEMENTS: [&str; 7] = [
    "{}",
    r#"{"a":"}{][\\"}"#,
    r#"{"a":"\\\\\\\"{","b":{"c":{"d":[{}]}}}"#,
    r#"{"a":"\u007b"}"#,
    r#"{"long":"0123456789012345678901234567890123456789012345678901234567890123456789","x":{}}"#,
    "{ \"pretty\" :\n  \"ä€😀\" }",
    r#"{"back":"\\"}"#,
];

#[test]
fn every_piece_size_finds_the_same_objects() {
    let text = format!(" {} ]", ELEMENTS.join(" ,\n"));
    for piece in 1..=text.len() {
        let objects = split(text.as_bytes(), piece, Separator::Comma).unwrap();
        assert_eq!(objects, ELEMENTS.map(|element| element.as_bytes().to_vec()), "{piece}");
    }
}

#[test]
fn objects_may_follow_one_another_without_commas() {
    let text = ELEMENTS.join("\n");
    for piece in [1, 7, 64, 1000] {
        assert_eq!(split(text.as_bytes(), piece, Separator::White).unwrap().len(), ELEMENTS.len());
    }
}

#[test]
fn a_foreign_byte_between_objects_is_named() {
    let wrong = |text: &str| split(text.as_bytes(), 5, Separator::Comma).unwrap_err();
    assert_eq!(wrong("{},1]").found, b'1');
    assert_eq!(wrong("{} {}]").expected, "`,` or `]`");
    assert_eq!(wrong("{},]").expected, "an object");
    assert_eq!(wrong("\"text\"]").expected, "an object or `]`");
}

proptest! {
    #[test]
    fn the_fast_scan_equals_the_plain_one(
        picks in prop::collection::vec((0..ELEMENTS.len(), "[a\\\\\"{}]{0,90}"), 0..9),
        piece in 1_usize..200,
    ) {
        let elements: Vec<String> = picks
            .iter()
            .map(|(pick, noise)| {
                let noise = noise.replace('\\', "\\\\").replace('"', "\\\"");
                format!("{{\"noise\":\"{noise}\",\"object\":{}}}", ELEMENTS[*pick])
            })
            .collect();
        let text = format!("{}]", elements.join(","));
        let objects = split(text.as_bytes(), piece, Separator::Comma).unwrap();
        let expected: Vec<Vec<u8>> = elements.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(objects, expected);
    }
}
