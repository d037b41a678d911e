//! Data as people and programs read it: one way out, a writer for each format.
//!
//! Invariants: 1. the same rows give the same bytes. 2. Nothing a tenant holds can steer the
//! terminal (control characters are shown, not sent), run in a spreadsheet (formulas are quoted) or
//! be more than text on a page (everything is escaped).

mod anchor;
mod area;
pub(crate) mod backups;
pub(crate) mod change;
pub(crate) mod chart;
pub(crate) mod finding;
pub(crate) mod head;
pub(crate) mod html;
pub(crate) mod json;
mod line;
pub(crate) mod markdown;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod recovery;
pub(crate) mod review;
pub(crate) mod risk;
mod separated;
mod svg;
mod table;
pub(crate) mod text;
pub(crate) mod unread;

use std::io::{self, Write};

use jiff::Timestamp;

use crate::args::Format;
use chart::Chart;
use head::Head;
use separated::{Dialect, Separated};
use text::{grouped, people_time, printable, size};

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

    /// Whether it is aligned to the right.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Bytes(_) | Self::Integer(_) | Self::Real(_))
    }

    /// Whether its letters come from data.
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

/// Rows that are written one after another, under the names of their columns; one implementation for each format.
pub(crate) trait Writer {
    /// Begins a table.
    fn head(&mut self, columns: &[&str]) -> io::Result<()>;

    /// Writes one row.
    fn row(&mut self, row: &[Cell]) -> io::Result<()>;

    /// Ends the table; returns how much of it is shown.
    fn end(&mut self) -> io::Result<Fit>;

    /// Draws a chart where the format has charts; returns whether its rows follow as a table.
    fn chart(&mut self, _chart: &Chart) -> io::Result<bool> {
        Ok(true)
    }

    /// Writes what follows the last table.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How much of a table was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Columns that were shown.
    pub(crate) shown: usize,
    /// Columns there are.
    pub(crate) columns: usize,
    /// The names of those for which there was no room, those that are missed most first.
    pub(crate) left_out: Vec<String>,
}

/// Names of columns that are listed one by one.
const LISTED_COUNT_MAX: usize = 5;

impl Fit {
    /// All of so many columns.
    fn all(columns: usize) -> Self {
        Self { shown: columns, columns, left_out: Vec::new() }
    }

    /// Which columns are left out; nothing when all are shown.
    pub(crate) fn remark(&self) -> Option<String> {
        if self.left_out.is_empty() {
            return None;
        }
        let count = match self.left_out.len() {
            few if few <= LISTED_COUNT_MAX + 1 => few,
            _ => LISTED_COUNT_MAX,
        };
        let mut names = self.left_out[..count].join(", ");
        if count < self.left_out.len() {
            names = format!("{names} and {} more", self.left_out.len() - count);
        }
        Some(format!("{} of {} columns fit, without {names}", self.shown, self.columns))
    }
}

/// An empty line between two tables, and none before the first.
#[derive(Debug, Default)]
struct Gap {
    is_wanted: bool,
}

impl Gap {
    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.is_wanted, true) { out.write_all(b"\n") } else { Ok(()) }
    }
}

/// What rows are, which decides how a terminal shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A list of the program's own: few columns, whole values.
    List,
    /// Results of queries: any columns, long values cut.
    Results,
}

impl Layout {
    /// The title of a page.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Results => "Answers",
        }
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'h> {
    pub(crate) layout: Layout,
    pub(crate) format: Format,
    pub(crate) look: Look,
    /// Whether the output is a terminal, which nothing in it may steer.
    pub(crate) is_terminal: bool,
    /// Whether separated text is for programs, which take no value for a formula.
    pub(crate) is_raw: bool,
    /// What stands at the top of a page.
    pub(crate) head: Option<&'h Head>,
}

/// The writer of a format.
///
/// # Errors
/// When the beginning of a page cannot be written.
pub(crate) fn writer<'out>(out: &'out mut dyn Write, style: Style<'_>) -> io::Result<Box<dyn Writer + 'out>> {
    let separated = |out: &'out mut dyn Write, dialect| {
        let out: Box<dyn Write + 'out> =
            if style.is_terminal { Box::new(separated::DisarmingWriter::new(out)) } else { Box::new(out) };
        Box::new(Separated::new(out, dialect, style.is_raw))
    };
    Ok(match style.format {
        Format::Table => Box::new(table::Drawer::new(out, style.layout, style.look)),
        Format::Json => Box::new(json::Array::new(out)),
        Format::Ndjson => Box::new(json::Ndjson::new(out)),
        Format::Csv => separated(out, Dialect::Comma),
        Format::Tsv => separated(out, Dialect::Tab),
        Format::Md => Box::new(markdown::Markdown::new(out)),
        Format::Line => Box::new(line::ValueLines::new(out)),
        Format::Html => {
            let head = style.head.cloned().unwrap_or_else(|| Head::titled(style.layout.title()));
            Box::new(html::Tables::on_page(out, &head)?)
        }
    })
}

/// Whether rows of a format can be written before the last one is known, so that any number of them takes no memory.
pub(crate) fn is_stream(format: Format) -> bool {
    matches!(format, Format::Json | Format::Ndjson | Format::Csv | Format::Tsv)
}

/// Writes one table.
fn write_table(writer: &mut dyn Writer, table: &dyn Table) -> io::Result<Fit> {
    writer.head(&table.columns())?;
    table.visit(&mut |row| writer.row(row))?;
    writer.end()
}

/// Writes a list; returns how much of it is shown.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write_list(out: &mut dyn Write, rows: &Rows, style: Style<'_>) -> io::Result<Fit> {
    let mut writer = writer(out, style)?;
    let fit = write_table(&mut *writer, rows)?;
    writer.finish()?;
    Ok(fit)
}

/// A list as text for people.
pub(crate) fn list_text(rows: &Rows, look: Look) -> String {
    let style = Style {
        layout: Layout::List,
        format: Format::Table,
        look,
        is_terminal: false,
        is_raw: false,
        head: None,
    };
    let mut text = Vec::new();
    write_list(&mut text, rows, style).expect("memory takes every byte");
    String::from_utf8_lossy(&text).into_owned()
}

/// A result of a query, and how it is to be drawn.
pub(crate) struct ResultView<'a> {
    pub(crate) table: &'a dyn Table,
    pub(crate) chart: Option<chart::Request>,
}

/// Writes the results of several queries, one after another; returns how much of each is shown.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write_results(
    out: &mut dyn Write,
    results: &[ResultView<'_>],
    style: Style<'_>,
) -> io::Result<Vec<Fit>> {
    let mut writer = writer(out, style)?;
    let mut fits = Vec::with_capacity(results.len());
    let has_charts = matches!(style.format, Format::Table | Format::Html);
    for ResultView { table, chart } in results {
        let chart = chart.as_ref().filter(|_| has_charts).and_then(|request| Chart::of(request, *table));
        let has_rows = match chart {
            Some(chart) => writer.chart(&chart)?,
            None => true,
        };
        fits.push(if has_rows {
            write_table(&mut *writer, *table)?
        } else {
            Fit::all(table.columns().len())
        });
    }
    writer.finish()?;
    Ok(fits)
}

#[cfg(test)]
mod tests;
