//! Paths of flattened properties: `employeeOrgData/division` inside, `employeeOrgData.division` for people.
//!
//! A path is a JSON Pointer without its leading slash: `~0` is `~`, `~1` is `/`. Beyond that, `~u` and four digits is
//! a lone surrogate, which JSON allows in names and UTF-8 does not, and `~e` is the empty name.

use super::write::surrogate;

/// Appends a property name, given as WTF-8 bytes, to a path.
pub(crate) fn push_segment(name: &[u8], path: &mut String) {
    if !path.is_empty() {
        path.push('/');
    }
    let start = path.len();
    let mut rest = name;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                push_escaped(text, path);
                break;
            }
            Err(error) => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                push_escaped(std::str::from_utf8(valid).unwrap_or_default(), path);
                let unit = after.get(1..).and_then(surrogate).unwrap_or(0xd800);
                path.push_str("~u");
                for shift in [12, 8, 4, 0] {
                    path.push(char::from(b"0123456789abcdef"[usize::from(unit >> shift & 15)]));
                }
                rest = after.get(3..).unwrap_or_default();
            }
        }
    }
    if path.len() == start {
        path.push_str("~e");
    }
}

fn push_escaped(text: &str, path: &mut String) {
    for character in text.chars() {
        match character {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            _ => path.push(character),
        }
    }
}

/// The names along a path, as WTF-8 bytes.
pub(crate) fn path_segments(path: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    path.split('/').map(decode_segment)
}

fn decode_segment(segment: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(segment.len());
    let mut parts = segment.split('~');
    name.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let mut characters = part.chars();
        match characters.next() {
            Some('0') => name.push(b'~'),
            Some('1') => name.push(b'/'),
            Some('u') => {
                let unit = part.get(1..5).and_then(|digits| u16::from_str_radix(digits, 16).ok());
                let [low, high] = unit.unwrap_or(0xd800).to_le_bytes();
                name.extend_from_slice(&[0xed, 0x80 | ((high & 15) << 2) | (low >> 6), 0x80 | (low & 0x3f)]);
                characters = part.get(5..).unwrap_or_default().chars();
            }
            _ => {}
        }
        name.extend_from_slice(characters.as_str().as_bytes());
    }
    name
}

/// The path as people read and type it: dots, and `['a.b']` around names that are no identifiers.
pub(crate) fn path_to_display(path: &str) -> String {
    let mut display = String::with_capacity(path.len());
    for segment in path.split('/') {
        let name = decode_segment(segment);
        match std::str::from_utf8(&name) {
            Ok(name) if is_identifier(name) => {
                if !display.is_empty() {
                    display.push('.');
                }
                display.push_str(name);
            }
            Ok(name) => push_quoted(name, &mut display),
            Err(_) => push_quoted(&String::from_utf8_lossy(&name), &mut display),
        }
    }
    display
}

/// Reads what [`path_to_display`] wrote (lone surrogates apart); `None` when brackets or quotes do not match.
#[cfg_attr(not(test), expect(dead_code, reason = "the other direction of what is shown, for tests"))]
pub(crate) fn path_from_display(display: &str) -> Option<String> {
    let mut path = String::with_capacity(display.len());
    let mut rest = display;
    loop {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (name, after) = split_quoted(quoted)?;
            push_segment(name.as_bytes(), &mut path);
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return None;
            }
            push_segment(name.as_bytes(), &mut path);
            rest = after;
        }
        match rest.chars().next() {
            None => return Some(path),
            Some('.') => rest = &rest[1..],
            Some('[') => {}
            Some(_) => return None,
        }
    }
}

fn split_quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '\'' => return text[index + 1..].strip_prefix(']').map(|after| (name, after)),
            _ => name.push(character),
        }
    }
    None
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn push_quoted(name: &str, display: &mut String) {
    display.push_str("['");
    for character in name.chars() {
        if matches!(character, '\'' | '\\') {
            display.push('\\');
        }
        display.push(character);
    }
    display.push_str("']");
}
