//! From cells back to an object: the inverse of flattening.

use super::path::path_segments;
use super::scan::JsonCursor;
use super::write::{DEPTH_MAX, write_decoded};
use super::{NULL, UNKNOWN};

/// Puts the object together whose cells these are, in any order; absent and unknown cells leave no trace.
///
/// Names are in the order of their bytes. Where cells contradict (a value beside values below it), those below win.
pub(crate) fn assemble<'a>(cells: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut rows: Vec<(Vec<Vec<u8>>, &[u8])> = cells
        .into_iter()
        .filter(|(_, text)| !text.is_empty() && *text != UNKNOWN)
        .map(|(path, text)| (path_segments(path).collect(), text))
        .collect();
    rows.sort();
    let mut out = Vec::with_capacity(rows.iter().map(|(path, text)| text.len() + path.len() * 24).sum());
    write_level(&rows, 0, &mut out);
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Writes the object whose cells are `rows`, all alike in the first `depth` names.
fn write_level(rows: &[(Vec<Vec<u8>>, &[u8])], depth: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for group in rows.chunk_by(|(a, _), (b, _)| a.get(depth) == b.get(depth)) {
        let Some(name) = group.first().and_then(|(path, _)| path.get(depth)) else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        write_decoded(name, out);
        out.push(b':');
        match group {
            [.., (path, text)] if path.len() == depth + 1 => out.extend_from_slice(text),
            _ if depth + 1 >= DEPTH_MAX => out.extend_from_slice(b"{}"),
            _ => write_level(group, depth + 1, out),
        }
    }
    out.push(b'}');
}

/// Reads canonical text that `serde_json` refuses, putting the nearest value for what it has no room for.
pub(super) fn decode_near(text: &[u8]) -> serde_json::Value {
    let mut near = Vec::with_capacity(text.len());
    let mut cursor = JsonCursor::new(text);
    while !cursor.rest().is_empty() {
        let start = cursor.offset();
        match cursor.peek() {
            b'"' => match cursor.string() {
                Ok(raw) => {
                    let mut scratch = Vec::new();
                    let decoded = raw.decode(&mut scratch).unwrap_or_default();
                    let text = replace_surrogates(decoded);
                    write_decoded(text.as_bytes(), &mut near);
                }
                Err(_) => return serde_json::Value::Null,
            },
            b'-' | b'0'..=b'9' => match cursor.number() {
                Ok((number, _)) if serde_json::from_slice::<f64>(number).is_ok() => {
                    near.extend_from_slice(number);
                }
                Ok((number, _)) => {
                    write_decoded(number, &mut near);
                }
                Err(_) => return serde_json::Value::Null,
            },
            _ => {
                cursor.advance(1);
                near.extend_from_slice(cursor.since(start));
            }
        }
    }
    serde_json::from_slice(if near.is_empty() { NULL } else { &near }).unwrap_or_default()
}

/// Makes text of WTF-8, with one U+FFFD for each lone surrogate.
fn replace_surrogates(decoded: &[u8]) -> String {
    let mut text = String::with_capacity(decoded.len());
    let mut rest = decoded;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return text;
            }
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                text.push(char::REPLACEMENT_CHARACTER);
                rest = after.get(3..).unwrap_or_default();
            }
        }
    }
}
