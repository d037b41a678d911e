//! Reads the outermost properties of an object, without looking into their values.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::split::{Separator, Span, Splitter};

#[cfg(test)]
mod tests;

/// What an input that begins with a brace is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A Graph list page.
    Page {
        /// Behind the opening bracket of its list, in bytes.
        list_at: usize,
        /// Its `@odata.context`.
        context: Option<String>,
        /// Whether `@odata.nextLink` came before the list.
        has_next: bool,
    },
    /// Objects, each over several lines.
    OverLines,
    /// One object on each line.
    Line,
}

/// The outermost properties of an object, as raw text.
pub(crate) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the outermost properties.
///
/// # Errors
/// When the text is not one JSON object.
pub(crate) fn fields(raw: &[u8]) -> Result<Fields<'_>, serde_json::Error> {
    serde_json::from_slice(raw)
}

/// The text of a property, when it is one.
pub(crate) fn text(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// Tells what begins with this brace, from the first bytes of an input.
pub(crate) fn start(bytes: &[u8]) -> Start {
    if let Some(page) = page_start(bytes) {
        return page;
    }
    let mut spans: Vec<Span> = Vec::new();
    let mut splitter = Splitter::new(Separator::White);
    // What follows the first object is looked at when it is read.
    let _later = splitter.feed(bytes, 0, &mut spans);
    let first = spans.first().map_or(bytes, |span| &bytes[..span.end]);
    // A line end cannot stand inside a JSON string: the object itself spans lines.
    let is_over_lines = memchr::memchr(b'\n', first).is_some();
    let shares_line =
        spans.get(1).is_some_and(|second| memchr::memchr(b'\n', &bytes[first.len()..second.start]).is_none());
    if is_over_lines || shares_line { Start::OverLines } else { Start::Line }
}

/// Whether `@odata.nextLink` is among the properties behind the list of a page.
///
/// # Errors
/// The offset at which the text is not the end of a page.
pub(crate) fn tail_has_next(tail: &[u8]) -> Result<bool, usize> {
    let start = tail.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(tail.len());
    let rest = match tail.get(start) {
        Some(b',') if !tail[start + 1..].trim_ascii_start().starts_with(b"}") => &tail[start + 1..],
        Some(b'}') => &tail[start..],
        _ => return Err(start),
    };
    let object = [b"{", rest].concat();
    let fields = fields(&object).map_err(|_| start)?;
    // A second list is not what the first one was read for: one of them would be lost.
    if fields.contains_key("value") { Err(start) } else { Ok(fields.contains_key(NEXT)) }
}

const NEXT: &str = "@odata.nextLink";

/// A page is an object with nothing but annotations before the list `value`.
fn page_start(bytes: &[u8]) -> Option<Start> {
    let mut rest = Rest { bytes, position: 1 };
    let mut context = None;
    let mut has_next = false;
    loop {
        let key: String = serde_json::from_slice(rest.string()?).ok()?;
        rest.take(b':')?;
        if key == "value" {
            rest.take(b'[')?;
            return Some(Start::Page { list_at: rest.position, context, has_next });
        }
        if !key.starts_with('@') {
            return None;
        }
        let value = rest.scalar()?;
        has_next |= key == NEXT;
        if key == "@odata.context" {
            context = serde_json::from_slice(value).ok();
        }
        rest.take(b',')?;
    }
}

/// A position in the first bytes of an object.
struct Rest<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Rest<'a> {
    fn skip_white(&mut self) {
        let rest = &self.bytes[self.position..];
        self.position += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        self.skip_white();
        (*self.bytes.get(self.position)? == wanted).then(|| self.position += 1)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.skip_white();
        let start = self.position;
        self.take(b'"')?;
        loop {
            let offset = memchr::memchr2(b'"', b'\\', &self.bytes[self.position..])?;
            self.position += offset + 1;
            if self.bytes[self.position - 1] == b'"' {
                return Some(&self.bytes[start..self.position]);
            }
            self.position = (self.position + 1).min(self.bytes.len());
        }
    }

    /// A string, or anything that has no quotes, braces or brackets.
    fn scalar(&mut self) -> Option<&'a [u8]> {
        self.skip_white();
        if self.bytes.get(self.position) == Some(&b'"') {
            return self.string();
        }
        let start = self.position;
        let is_plain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        self.position += self.bytes[start..].iter().take_while(is_plain).count();
        (self.position > start).then(|| &self.bytes[start..self.position])
    }
}
