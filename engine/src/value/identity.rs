//! The identity text of sets, of which the content hashes of table version 1 are made.
//!
//! Since version 2 the hash is of the observed text, so that every version of the table agrees on it; this form serves
//! the check of older stores.

use super::scan::JsonCursor;

/// Appends the identity text of a set: the canonical text with the elements of its arrays sorted, at every depth.
///
/// Only for canonical text. What is no array stays as it is.
pub(crate) fn write_identity(text: &[u8], out: &mut Vec<u8>) {
    copy_sorted(&mut JsonCursor::new(text), out);
}

/// Copies one canonical value, sorting arrays.
fn copy_sorted(cursor: &mut JsonCursor<'_>, out: &mut Vec<u8>) {
    match cursor.peek() {
        b'[' => copy_array(cursor, out),
        b'{' => {
            out.push(b'{');
            cursor.advance(1);
            while !matches!(cursor.peek(), b'}' | 0) {
                copy_scalar(cursor, out);
                copy_byte(cursor, b':', out);
                copy_sorted(cursor, out);
                copy_byte(cursor, b',', out);
            }
            copy_byte(cursor, b'}', out);
        }
        _ => copy_scalar(cursor, out),
    }
}

fn copy_array(cursor: &mut JsonCursor<'_>, out: &mut Vec<u8>) {
    let mut elements: Vec<&[u8]> = Vec::with_capacity(16);
    let mut ahead = cursor.clone();
    ahead.advance(1);
    let mut is_flat = true;
    while is_flat && !matches!(ahead.peek(), b']' | 0) {
        let start = ahead.offset();
        is_flat = step_over_flat(&mut ahead);
        elements.push(ahead.since(start));
        ahead.take(b',');
    }
    if is_flat {
        // Elements without arrays are sorted as they are.
        ahead.take(b']');
        *cursor = ahead;
        elements.sort_unstable();
        put_array(elements.into_iter(), out);
    } else {
        copy_nested_array(cursor, out);
    }
}

/// Copies an array of which elements have arrays themselves.
fn copy_nested_array(cursor: &mut JsonCursor<'_>, out: &mut Vec<u8>) {
    let mut elements = Vec::new();
    let mut texts = Vec::new();
    cursor.advance(1);
    while !matches!(cursor.peek(), b']' | 0) {
        let start = texts.len();
        copy_sorted(cursor, &mut texts);
        elements.push(start..texts.len());
        cursor.take(b',');
    }
    cursor.take(b']');
    elements.sort_by(|a, b| texts[a.clone()].cmp(&texts[b.clone()]));
    put_array(elements.into_iter().map(|element| &texts[element]), out);
}

fn put_array<'t>(elements: impl Iterator<Item = &'t [u8]>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(element);
    }
    out.push(b']');
}

/// Steps over one canonical value up to the first array in it; says whether there is none.
fn step_over_flat(cursor: &mut JsonCursor<'_>) -> bool {
    match cursor.peek() {
        b'[' => false,
        b'{' => step_over_object(cursor, step_over_flat),
        _ => {
            step_over_scalar(cursor);
            true
        }
    }
}

/// Steps over the object that begins here, over its values with `step_over`; says no as soon as that does.
fn step_over_object(cursor: &mut JsonCursor<'_>, step_over: impl Fn(&mut JsonCursor<'_>) -> bool) -> bool {
    cursor.advance(1);
    while !matches!(cursor.peek(), b'}' | 0) {
        step_over_scalar(cursor);
        if !cursor.take(b':') || !step_over(cursor) {
            return false;
        }
        cursor.take(b',');
    }
    cursor.take(b'}')
}

fn copy_byte(cursor: &mut JsonCursor<'_>, byte: u8, out: &mut Vec<u8>) {
    if cursor.take(byte) {
        out.push(byte);
    }
}

fn copy_scalar(cursor: &mut JsonCursor<'_>, out: &mut Vec<u8>) {
    let start = cursor.offset();
    step_over_scalar(cursor);
    out.extend_from_slice(cursor.since(start));
}

/// Steps over a string, number or literal; always moves on, so that text that is not canonical cannot make it loop.
pub(crate) fn step_over_scalar(cursor: &mut JsonCursor<'_>) {
    if cursor.peek() == b'"' {
        if cursor.string().is_err() {
            cursor.advance(cursor.rest().len());
        }
    } else {
        let length = cursor.rest().iter().take_while(|byte| !b",:]}".contains(byte)).count();
        cursor.advance(length.max(1));
    }
}
