//! Writes the normal form of a canonical text: what is the same has the same bytes.

use super::instant::write_instant;
use super::{ENDS, Meaning};
use crate::id::lower_guid;
use crate::schema::{RuleKind, is_transport_annotation};
use crate::value::{JsonCursor, NULL, decode, step_over_scalar, write_decimal};

/// A GUID and its quotes.
pub(super) const QUOTED_GUID_LENGTH: usize = 38;

/// What the names of a list in one text begin with: no JSON text does.
const LIST_MARK: u8 = b'~';

/// Writes normal forms below one path.
pub(super) struct Normal<'c> {
    below: &'c [(Box<str>, RuleKind)],
    /// The path from where it began, where something is declared below.
    path: String,
}

impl<'c> Normal<'c> {
    pub(super) fn new(below: &'c [(Box<str>, RuleKind)]) -> Self {
        Self { below, path: String::new() }
    }

    pub(super) fn write(&mut self, text: &[u8], meaning: Meaning) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        if !text.is_empty() {
            self.value(&mut JsonCursor::new(text), meaning, &mut out);
        }
        out
    }

    /// Appends the value that begins here; says whether it is anything at all, and appends nothing if it is not.
    fn value(&mut self, cursor: &mut JsonCursor<'_>, meaning: Meaning, out: &mut Vec<u8>) -> bool {
        match cursor.peek() {
            b'[' => self.array(cursor, meaning, out),
            b'{' => self.object(cursor, meaning, out),
            b'"' => {
                let start = cursor.offset();
                step_over_scalar(cursor);
                write_text(cursor.since(start), meaning, out)
            }
            _ => {
                let start = cursor.offset();
                step_over_scalar(cursor);
                let text = cursor.since(start);
                match text.first() {
                    Some(b'-' | b'0'..=b'9') => write_decimal(text, out),
                    _ if text == NULL => return false,
                    _ => out.extend_from_slice(text),
                }
                true
            }
        }
    }

    fn array(&mut self, cursor: &mut JsonCursor<'_>, meaning: Meaning, out: &mut Vec<u8>) -> bool {
        cursor.advance(1);
        let (mut texts, mut elements) = (Vec::new(), Vec::new());
        while !matches!(cursor.peek(), b']' | 0) {
            let start = texts.len();
            // An element that says nothing is still one.
            if !self.value(cursor, meaning, &mut texts) {
                texts.extend_from_slice(NULL);
            }
            elements.push(start..texts.len());
            cursor.take(b',');
        }
        cursor.take(b']');
        if elements.is_empty() {
            return false;
        }
        if !meaning.is_ordered {
            elements.sort_by(|a, b| texts[a.clone()].cmp(&texts[b.clone()]));
        }
        for (index, element) in elements.into_iter().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            out.extend_from_slice(&texts[element]);
        }
        out.push(b']');
        true
    }

    fn object(&mut self, cursor: &mut JsonCursor<'_>, meaning: Meaning, out: &mut Vec<u8>) -> bool {
        let whole = cursor.rest();
        let start = out.len();
        cursor.advance(1);
        while !matches!(cursor.peek(), b'}' | 0) {
            let quoted = cursor.rest();
            let name_start = cursor.offset();
            step_over_scalar(cursor);
            let quoted = &quoted[..cursor.offset() - name_start];
            let name = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
            cursor.take(b':');
            let above = self.path.len();
            let declared = self.enter(name, meaning);
            let before = out.len();
            out.push(if before == start { b'{' } else { b',' });
            out.extend_from_slice(quoted);
            out.push(b':');
            let is_compared = match declared {
                _ if is_annotation(name) => None,
                Declared::Meaning(meaning) => Some(meaning),
                Declared::Start if has_end(whole) => Some(meaning),
                Declared::Start | Declared::Volatile => None,
            };
            let is_kept = self.value(cursor, is_compared.unwrap_or(meaning), out) && is_compared.is_some();
            if !is_kept {
                out.truncate(before);
            }
            self.path.truncate(above);
            cursor.take(b',');
        }
        cursor.take(b'}');
        let is_anything = out.len() > start;
        if is_anything {
            out.push(b'}');
        }
        is_anything
    }

    /// Goes down to a member, and says what is declared of it.
    fn enter(&mut self, name: &[u8], meaning: Meaning) -> Declared {
        if self.below.is_empty() {
            return Declared::Meaning(meaning.inside());
        }
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(&String::from_utf8_lossy(name));
        let mut meaning = meaning.inside();
        for (path, kind) in self.below.iter().filter(|(path, _)| **path == *self.path) {
            match (kind, path) {
                (RuleKind::Volatile, _) => return Declared::Volatile,
                (RuleKind::Start, _) => return Declared::Start,
                (kind, _) => meaning = meaning.with(*kind),
            }
        }
        Declared::Meaning(meaning)
    }
}

impl Meaning {
    /// What holds for a member of an object whose own meaning this is. Stages follow one another, but who decides in one
    /// of them is a set.
    fn inside(self) -> Self {
        Self { is_exact: false, is_ordered: false, ..self }
    }
}

/// What the table declares of a member.
enum Declared {
    Meaning(Meaning),
    Volatile,
    Start,
}

/// Whether a member speaks of how another one, or the object, is transported: `members@odata.count`,
/// `Project@odata.type`. The object's own `@odata.type` tells what it is.
fn is_annotation(name: &[u8]) -> bool {
    is_transport_annotation(name) || (name.ends_with(b"@odata.type") && name != b"@odata.type")
}

/// Whether the schedule that begins here says when it ends.
fn has_end(schedule: &[u8]) -> bool {
    let mut cursor = JsonCursor::new(schedule);
    step_over_object(&mut cursor);
    let schedule = decode(cursor.since(0));
    ENDS.iter().any(|path| {
        path.split('/').try_fold(&schedule, |value, name| value.get(name)).is_some_and(|end| !end.is_null())
    })
}

fn write_text(quoted: &[u8], meaning: Meaning, out: &mut Vec<u8>) -> bool {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if let Some(separator) = meaning.separator {
        return write_list(inner, separator, out);
    }
    if !meaning.is_exact {
        if write_instant(inner, out) {
            return true;
        }
        if let Some(guid) = lower_guid(inner) {
            out.push(b'"');
            out.extend_from_slice(&guid);
            out.push(b'"');
            return true;
        }
    }
    out.extend_from_slice(quoted);
    true
}

/// Appends the names that a text lists, sorted; blanks around them and empty names say nothing.
fn write_list(inner: &[u8], separator: u8, out: &mut Vec<u8>) -> bool {
    let mut names: Vec<&[u8]> = inner
        .split(|byte| *byte == separator)
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    for (index, name) in names.iter().enumerate() {
        out.push(if index == 0 { LIST_MARK } else { separator });
        out.extend_from_slice(name);
    }
    !names.is_empty()
}

/// Steps over the object that begins here.
fn step_over_object(cursor: &mut JsonCursor<'_>) {
    let mut depth = 0_usize;
    loop {
        match cursor.peek() {
            0 => return,
            b'{' | b'[' => {
                depth += 1;
                cursor.advance(1);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                cursor.advance(1);
                if depth == 0 {
                    return;
                }
            }
            b',' | b':' => cursor.advance(1),
            _ => step_over_scalar(cursor),
        }
    }
}
