//! What a cell can hold: canonical JSON texts, their comparison, and the way back to an object.
//!
//! Shape:
//!
//! ```text
//! {"a": {"b.c": 1.50}, "d": [ ]}   --flatten-->   a/b.c = 1.5    d = []   --assemble-->   {"a":{"b.c":1.5},"d":[]}
//! ```
//!
//! Invariants: one value has one canonical text (numbers beyond a double apart, which keep their own text);
//! canonicalising a canonical text changes nothing.

mod assemble;
mod cutoff;
mod identity;
mod number;
mod path;
mod scan;
mod write;

pub(crate) use assemble::assemble;
pub(crate) use cutoff::{cut_off, is_cut_off, shortened};
pub(crate) use identity::{step_over_scalar, write_identity};
pub(crate) use number::write_decimal;
pub(crate) use path::{path_segments, path_to_display, push_segment};
pub(crate) use scan::{JsonCursor, Malformed, RawString, check_utf8};
pub(crate) use write::{CanonicalWriter, DEPTH_MAX, write_string};

/// Text of a cell that holds null.
pub(crate) const NULL: &[u8] = b"null";

/// Text of a cell whose value was never known; JSON cannot produce it.
pub(crate) const UNKNOWN: &[u8] = b"?";

/// Appends the canonical text of the one JSON value in `raw` to `out`. On an error `out` keeps what was written so far.
///
/// # Errors
/// `Malformed` with the offset in `raw` when it is not exactly one JSON value in UTF-8.
pub(crate) fn canonicalize(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    scan::check_utf8(raw)?;
    let mut cursor = JsonCursor::new(raw);
    cursor.skip_space();
    CanonicalWriter::default().write_value(&mut cursor, out, 0)?;
    cursor.expect_end()
}

/// Reads a canonical text.
///
/// What `serde_json::Value` has no room for is brought near: a lone surrogate becomes U+FFFD, a number beyond every
/// double becomes its text. Who needs the exact value uses the text itself.
pub(crate) fn decode(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text).unwrap_or_else(|_| assemble::decode_near(text))
}

#[cfg(test)]
pub(crate) mod tests;
