//! Data as people and programs read it: one set of rows, six formats.
//!
//! Invariants: 1. the same rows give the same bytes. 2. Nothing a tenant holds can steer the
//! terminal (control characters are shown, not sent) or run in a spreadsheet (formulas are quoted).

pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod separated;
pub(crate) mod table;
pub(crate) mod tree;

use std::io::Write;

use jiff::Timestamp;

use crate::args::Format;
use crate::report::{Failure, Outcome};
use crate::session::Session;

/// How text for people looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Whether colours are sent.
    pub(crate) color: bool,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Whether long values are shown whole.
    pub(crate) whole: bool,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    /// A size, for people in the unit that fits.
    Bytes(u64),
    Time(Timestamp),
    /// A JSON text; shown as it is.
    Json(String),
}

/// Rows under named columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) columns: &'static [&'static str],
    pub(crate) cells: Vec<Vec<Cell>>,
}

impl Cell {
    /// A text cell.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value as plain text, exact.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Text(text) | Self::Json(text) => text.clone(),
            Self::Number(number) | Self::Bytes(number) => number.to_string(),
            Self::Time(time) => time.to_string(),
        }
    }

    /// The value as people read it, on one line.
    pub(crate) fn pretty(&self) -> String {
        match self {
            Self::Text(text) | Self::Json(text) => printable(text),
            Self::Number(number) => grouped(*number),
            Self::Bytes(bytes) => size(*bytes),
            Self::Time(time) => time.strftime("%Y-%m-%d %H:%MZ").to_string(),
        }
    }

    /// Whether it stands to the right in its column.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Bytes(_))
    }
}

/// Prints a list.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn list(session: &mut Session<'_, '_>, rows: &Rows) -> Outcome<()> {
    let look = session.look;
    let out: &mut dyn Write = session.io.stdout;
    match session.format {
        Format::Table => out.write_all(table::render(rows, look).as_bytes()),
        Format::Json => json::array(out, rows),
        Format::Ndjson => json::lines(out, rows),
        Format::Csv => separated::write(out, rows, separated::Dialect::Comma),
        Format::Tsv => separated::write(out, rows, separated::Dialect::Tab),
        Format::Md | Format::Html => out.write_all(markdown::render(rows).as_bytes()),
    }
    .map_err(Failure::output)
}

/// Prints a single result: `rows` holds one row, `people` says the same in words.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn single(session: &mut Session<'_, '_>, rows: &Rows, people: &str) -> Outcome<()> {
    let out: &mut dyn Write = session.io.stdout;
    match session.format {
        Format::Table => out.write_all(people.as_bytes()).map_err(Failure::output),
        Format::Json => json::object(out, rows).map_err(Failure::output),
        _ => list(session, rows),
    }
}

/// Prints text as it is.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn raw(session: &mut Session<'_, '_>, text: &str) -> Outcome<()> {
    session.io.stdout.write_all(text.as_bytes()).map_err(Failure::output)
}

/// A text on one line, without anything that steers a terminal.
pub(crate) fn printable(text: &str) -> String {
    if !text.contains(is_steering) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_steering(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// A text of any number of lines, without anything that steers a terminal.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Control characters, and the invisible ones that turn the direction of text around.
fn is_steering(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number with its thousands apart: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 object`, `2 objects`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A size in the unit that fits: `1.2 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    match tenths {
        0..1_000 => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{} {}", tenths / 10, UNITS[unit]),
    }
}

/// A time to the second, in UTC: `2026-11-20 08:00:00Z`.
pub(crate) fn people_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
