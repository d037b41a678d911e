//! Data as people and programs read it: one table, seven formats.
//!
//! Invariants: 1. the same rows give the same bytes. 2. Nothing a tenant holds can steer the
//! terminal (control characters are shown, not sent), run in a spreadsheet (formulas are quoted) or
//! be more than text on a page (everything is escaped).

pub(crate) mod chart;
pub(crate) mod grid;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod plan;
pub(crate) mod separated;
pub(crate) mod stream;
pub(crate) mod svg;
pub(crate) mod table;
pub(crate) mod tree;

use std::io::{self, Write};

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

impl Look {
    /// Without colours, for what is kept.
    pub(crate) fn plain() -> Self {
        Self { color: false, width: 120, whole: true }
    }
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
    /// No value.
    Null,
    Flag(bool),
    Integer(i64),
    /// A number with a fraction as JSON writes it, or `NaN`, `Infinity`, `-Infinity`.
    Real(String),
    /// A time as RFC 3339 text, with all its digits.
    Moment(String),
    /// A text made by a program: a length of time, a GUID.
    Word(String),
}

/// Rows that are made one after another, so that many of them are never held twice.
pub(crate) trait Table {
    /// The names of the columns.
    fn columns(&self) -> Vec<&str>;

    /// Number of rows.
    fn row_count(&self) -> usize;

    /// Shows every row, in order, until there is an error.
    fn visit(&self, visit: &mut dyn FnMut(&[Cell]) -> io::Result<()>) -> io::Result<()>;
}

/// Rows under named columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) columns: &'static [&'static str],
    pub(crate) cells: Vec<Vec<Cell>>,
}

impl Table for Rows {
    fn columns(&self) -> Vec<&str> {
        self.columns.to_vec()
    }

    fn row_count(&self) -> usize {
        self.cells.len()
    }

    fn visit(&self, visit: &mut dyn FnMut(&[Cell]) -> io::Result<()>) -> io::Result<()> {
        self.cells.iter().try_for_each(|row| visit(row))
    }
}

impl Cell {
    /// A text cell.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value as plain text, exact.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Text(text)
            | Self::Json(text)
            | Self::Real(text)
            | Self::Moment(text)
            | Self::Word(text) => text.clone(),
            Self::Null => String::new(),
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(number) => number.to_string(),
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
            Self::Time(time) => people_time(*time),
            Self::Moment(text) => moment(text),
            Self::Null | Self::Flag(_) | Self::Integer(_) | Self::Real(_) | Self::Word(_) => self.plain(),
        }
    }

    /// Whether it stands to the right in its column.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Bytes(_) | Self::Integer(_) | Self::Real(_))
    }

    /// Whether somebody else chose its letters.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Json(_))
    }
}

/// A time without what says nothing: `2026-11-20 08:00:00Z`.
fn moment(text: &str) -> String {
    let text = text.replacen('T', " ", 1);
    match text.strip_suffix('Z').and_then(|text| text.split_once('.')) {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => format!("{whole}Z"),
            fraction => format!("{whole}.{fraction}Z"),
        },
        None => text,
    }
}

/// Prints a list.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn list(session: &mut Session<'_, '_>, rows: &Rows) -> Outcome<()> {
    let look = session.look;
    let is_shown = session.io.stdout_is_terminal && separated::is_dialect(session.format);
    let mut out: &mut dyn Write = session.io.stdout;
    let mut shown;
    if is_shown {
        shown = separated::Shown::new(out);
        out = &mut shown;
    }
    match session.format {
        Format::Table => out.write_all(table::render(rows, look).as_bytes()),
        Format::Json => json::array(out, rows),
        Format::Ndjson => json::lines(out, rows),
        Format::Csv => separated::write(out, rows, separated::Dialect::Comma, separated::Header::Shown),
        Format::Tsv => separated::write(out, rows, separated::Dialect::Tab, separated::Header::Shown),
        Format::Md => markdown::write(out, rows),
        Format::Line => grid::lines(out, rows),
        Format::Html => html::page(out, "entrasnap", &mut |out| html::table(out, rows)),
    }
    .map_err(Failure::output)?;
    let (all, shown) = (rows.columns.len(), table::columns(rows, look).len());
    if session.format == Format::Table && shown < all && !rows.cells.is_empty() {
        session.note(&format!("{shown} of {all} columns; a wider terminal or `-o json` shows all"));
    }
    Ok(())
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

/// A result of a query, and how it is to be drawn.
pub(crate) struct Shown<'a> {
    pub(crate) table: &'a dyn Table,
    pub(crate) chart: Option<chart::Request>,
}

/// Writes the results of several queries, one after another; what people see of each is told back.
pub(crate) fn results(
    out: &mut dyn Write,
    results: &[Shown<'_>],
    format: Format,
    look: Look,
) -> io::Result<Vec<grid::Fit>> {
    let mut fits = Vec::new();
    if format == Format::Html {
        html::page(out, "entrasnap query", &mut |out| {
            results.iter().try_for_each(|result| {
                if let Some(chart) = result.chart.as_ref().and_then(|it| chart::Chart::of(it, result.table)) {
                    svg::write(out, &chart)?;
                }
                html::table(out, result.table)
            })
        })?;
        return Ok(fits);
    }
    for (index, result) in results.iter().enumerate() {
        if index > 0 && !matches!(format, Format::Json | Format::Ndjson) {
            out.write_all(b"\n")?;
        }
        match format {
            Format::Table => fits.push(for_people(out, result, look)?),
            Format::Json => json::array(out, result.table)?,
            Format::Ndjson => json::lines(out, result.table)?,
            Format::Csv => {
                separated::write(out, result.table, separated::Dialect::Comma, separated::Header::Shown)?;
            }
            Format::Tsv => {
                separated::write(out, result.table, separated::Dialect::Tab, separated::Header::Shown)?;
            }
            Format::Line => grid::lines(out, result.table)?,
            Format::Md | Format::Html => markdown::write(out, result.table)?,
        }
    }
    Ok(fits)
}

/// A chart if one was asked for and the rows make one, else a table.
fn for_people(out: &mut dyn Write, result: &Shown<'_>, look: Look) -> io::Result<grid::Fit> {
    match result.chart.as_ref().and_then(|request| chart::Chart::of(request, result.table)) {
        Some(drawn) => {
            out.write_all(chart::draw(&drawn, look).as_bytes())?;
            let columns = result.table.columns().len();
            Ok(grid::Fit { shown: columns, columns })
        }
        None => grid::write(out, result.table, look),
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

/// Control characters, and letters that are not seen: those that turn the direction of text around, that break lines,
/// and those of no width, with which two names look alike.
pub(crate) fn is_steering(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
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
