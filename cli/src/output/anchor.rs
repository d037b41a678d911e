//! Owns where a page shows an object, so that findings and contents lead there.

use std::fmt::Write as _;

/// Where a page shows an object: the same for the same object, and for no other.
pub(crate) fn anchor(type_token: &str, id: &str) -> String {
    format!("{}.{}", anchor_part(type_token), anchor_part(id))
}

/// A text as a part of an anchor: whatever is no letter, digit or hyphen stands there as its number.
pub(crate) fn anchor_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            out.push(letter);
        } else {
            write!(out, "_{:x}_", u32::from(letter)).ok();
        }
    }
    out
}
