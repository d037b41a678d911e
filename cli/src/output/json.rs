//! Rows as JSON: an array, an object, or one object per line. JSON values go through unchanged.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::value::RawValue;

use super::text::is_steering;
use super::{Cell, Fit, Rows, Writer};

/// Writes one object per line.
pub(crate) struct Ndjson<'out> {
    out: &'out mut dyn Write,
    keys: Keys,
    line: String,
}

impl<'out> Ndjson<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, keys: Keys(Vec::new()), line: String::new() }
    }
}

impl Writer for Ndjson<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        self.keys = Keys::of(columns);
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.line.clear();
        self.keys.write(&mut self.line, row);
        self.line.push('\n');
        self.out.write_all(unsteering(&self.line).as_bytes())
    }

    fn end(&mut self) -> io::Result<Fit> {
        Ok(Fit::all(self.keys.0.len()))
    }
}

/// Writes an array of indented objects. An array that never ends tells a program that rows are missing.
pub(crate) struct Array<'out> {
    out: &'out mut dyn Write,
    keys: Keys,
    is_empty: bool,
}

impl<'out> Array<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, keys: Keys(Vec::new()), is_empty: true }
    }
}

impl Writer for Array<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        self.keys = Keys::of(columns);
        self.is_empty = true;
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.out.write_all(if std::mem::take(&mut self.is_empty) { b"[\n  " } else { b",\n  " })?;
        let mut text = String::new();
        self.keys.write(&mut text, row);
        self.out.write_all(indented(&unsteering(&text), 1).as_bytes())
    }

    fn end(&mut self) -> io::Result<Fit> {
        self.out.write_all(if self.is_empty { b"[]\n" } else { b"\n]\n" })?;
        Ok(Fit::all(self.keys.0.len()))
    }
}

/// JSON of the same value, in which nothing can steer a terminal. Only strings can hold such letters.
pub(crate) fn unsteering(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| letter > '~' && is_steering(letter);
    // The bytes alone decide for most texts.
    if text.is_ascii() && !text.contains('\u{7f}') || !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_odd(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").ok();
            }
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

/// Writes JSON as somebody makes it, piece by piece, with nothing in it that can steer a terminal.
pub(crate) fn unsteered(out: &mut dyn Write, content: crate::io::Content<'_>) -> io::Result<()> {
    let mut pieces = io::BufWriter::with_capacity(1 << 16, Unsteered { out, cut: Vec::new() });
    content(&mut pieces)?;
    pieces.flush()
}

/// Takes any pieces of a text, and writes it as [`unsteering`] has it.
struct Unsteered<'o> {
    out: &'o mut dyn Write,
    /// The first bytes of a letter whose others are in the next piece.
    cut: Vec<u8>,
}

impl Write for Unsteered<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        let text = std::str::from_utf8(&self.cut[..whole]).unwrap_or_default();
        self.out.write_all(unsteering(text).as_bytes())?;
        self.cut.drain(..whole);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the one row as an indented object.
pub(crate) fn object(out: &mut dyn Write, rows: &Rows) -> io::Result<()> {
    for row in &rows.cells {
        out.write_all(indented(&unsteering(&row_text(rows.columns, row)), 0).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One row as a JSON object, its keys in the order of the columns.
pub(crate) fn row_text(columns: &[&str], row: &[Cell]) -> String {
    let mut text = String::new();
    Keys::of(columns).write(&mut text, row);
    text
}

/// The names of columns as JSON strings.
struct Keys(Vec<String>);

impl Keys {
    fn of(columns: &[&str]) -> Self {
        Self(columns.iter().map(|name| quoted(name)).collect())
    }

    fn write(&self, out: &mut String, row: &[Cell]) {
        out.push('{');
        for (index, (key, cell)) in self.0.iter().zip(row).enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            out.push(':');
            out.push_str(&json_of(cell));
        }
        out.push('}');
    }
}

fn json_of(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Json(text) => Cow::Borrowed(text),
        Cell::Real(text) if text.ends_with(|last: char| last.is_ascii_digit()) => Cow::Borrowed(text),
        Cell::Real(text) | Cell::Text(text) | Cell::Moment(text) | Cell::Word(text) => {
            Cow::Owned(quoted(text))
        }
        Cell::Null => Cow::Borrowed("null"),
        Cell::Flag(_) | Cell::Integer(_) | Cell::Number(_) | Cell::Bytes(_) => Cow::Owned(cell.plain()),
        Cell::Time(_) => Cow::Owned(quoted(&cell.plain())),
    }
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

/// A value of the store as JSON: as it is, and as a string if it is none.
pub(crate) fn value(text: Option<&str>) -> String {
    match text {
        None => "null".to_owned(),
        Some(text) if serde_json::from_str::<&RawValue>(text).is_ok() => text.to_owned(),
        Some(text) => quoted(text),
    }
}

/// A JSON text with line breaks and indentation; numbers and strings stay byte for byte.
pub(crate) fn indented(text: &str, depth: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = depth;
    let mut rest = text.trim();
    while let Some(letter) = rest.chars().next() {
        let (token, after) = rest.split_at(token_length(rest, letter));
        rest = after.trim_start();
        match letter {
            '{' | '[' if rest.starts_with(['}', ']']) => {
                out.push(letter);
                out.push_str(&rest[..1]);
                rest = rest[1..].trim_start();
            }
            '{' | '[' => {
                out.push(letter);
                depth += 1;
                line_break(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line_break(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line_break(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => out.push_str(token),
        }
    }
    out
}

fn line_break(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// How many bytes the token at the start takes: a bracket, a string, or a word up to the next bracket.
fn token_length(rest: &str, first: char) -> usize {
    match first {
        '"' => string_length(rest),
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        _ => rest
            .find(|letter: char| {
                matches!(letter, '{' | '}' | '[' | ']' | ',' | ':' | '"') || letter.is_whitespace()
            })
            .unwrap_or(rest.len())
            .max(first.len_utf8()),
    }
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
