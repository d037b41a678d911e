//! Encodings, with and without a mark, in pieces.

use std::io::{Cursor, Read};

use super::Decoded;

const TEXT: &str = "{\"a\":\"ä€😀\"}";

fn decode(bytes: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    Decoded::new(Cursor::new(bytes)).read_to_string(&mut text).map(|_| text)
}

fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes_of).collect()
}

#[test]
fn every_encoding_gives_the_same_text() {
    let marked = format!("\u{feff}{TEXT}");
    for bytes in [
        TEXT.as_bytes().to_vec(),
        marked.as_bytes().to_vec(),
        utf16(TEXT, u16::to_le_bytes),
        utf16(TEXT, u16::to_be_bytes),
        utf16(&marked, u16::to_le_bytes),
        utf16(&marked, u16::to_be_bytes),
    ] {
        assert_eq!(decode(&bytes).unwrap(), TEXT);
    }
}

#[test]
fn a_long_text_keeps_pairs_that_lie_across_pieces() {
    for lead in ["", "a"] {
        let text = format!("{{{lead}{}", "😀".repeat(70_000));
        assert_eq!(decode(&utf16(&text, u16::to_le_bytes)).unwrap(), text);
    }
}

#[test]
fn broken_utf_16_is_an_error() {
    let bytes = utf16(TEXT, u16::to_le_bytes);
    assert!(decode(&bytes[..bytes.len() - 1]).is_err());
    assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8, b'a', 0]).is_err());
    assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8]).is_err());
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(decode(b"").unwrap(), "");
    assert_eq!(decode(b"\xEF\xBB\xBF").unwrap(), "");
}
