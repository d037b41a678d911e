//! Rows as comma-separated (RFC 4180) or tab-separated text, safe to open in a spreadsheet unless it is wanted raw.

use std::borrow::Cow;
use std::io::{self, Write};

use super::text::is_steering;
use super::{Cell, Fit, Writer};

/// The delimiter of cells and the end of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Commas, rows end with CR LF as RFC 4180 says.
    Comma,
    /// Tabs, rows end with LF. Nothing is quoted: a tab, a line break or a backslash in a cell is written as `\t`,
    /// `\n`, `\r` or `\\`.
    Tab,
}

/// Writes rows of separated text, with the names of the columns above them.
pub(crate) struct Separated<'out> {
    dialect: Dialect,
    is_raw: bool,
    state: CsvState<'out>,
    column_count: usize,
}

enum CsvState<'out> {
    Before(Box<dyn Write + 'out>),
    Commas(Box<csv::Writer<Box<dyn Write + 'out>>>),
    Tabs(Box<dyn Write + 'out>),
    /// The output failed.
    Lost,
}

impl<'out> Separated<'out> {
    /// Raw text has no guard against formulas.
    pub(crate) fn new(out: Box<dyn Write + 'out>, dialect: Dialect, is_raw: bool) -> Self {
        Self { dialect, is_raw, state: CsvState::Before(out), column_count: 0 }
    }

    fn write(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        match &mut self.state {
            CsvState::Commas(writer) => writer.write_record(cells).map_err(io_error),
            CsvState::Tabs(out) => {
                let cells: Vec<String> = cells.map(|cell| on_one_line(&cell)).collect();
                writeln!(out, "{}", cells.join("\t"))
            }
            CsvState::Before(_) | CsvState::Lost => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// A cell as text. Numbers stay numbers, whatever they begin with.
    fn text(&self, text: String, is_foreign: bool) -> String {
        if is_foreign && !self.is_raw { harmless(&text).into_owned() } else { text }
    }
}

impl Writer for Separated<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        let out = match std::mem::replace(&mut self.state, CsvState::Lost) {
            CsvState::Before(out) => out,
            CsvState::Commas(writer) => {
                let mut out = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
                out.write_all(b"\n")?;
                out
            }
            CsvState::Tabs(mut out) => {
                out.write_all(b"\n")?;
                out
            }
            CsvState::Lost => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        self.state = match self.dialect {
            Dialect::Comma => {
                let mut builder = csv::WriterBuilder::new();
                CsvState::Commas(Box::new(builder.terminator(csv::Terminator::CRLF).from_writer(out)))
            }
            Dialect::Tab => CsvState::Tabs(out),
        };
        self.column_count = columns.len();
        let names: Vec<String> = columns.iter().map(|name| self.text((*name).to_owned(), true)).collect();
        self.write(names.into_iter())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        let cells: Vec<String> = row.iter().map(|cell| self.text(cell.plain(), cell.is_foreign())).collect();
        self.write(cells.into_iter())
    }

    fn end(&mut self) -> io::Result<Fit> {
        match &mut self.state {
            CsvState::Commas(writer) => writer.flush()?,
            CsvState::Tabs(out) => out.flush()?,
            CsvState::Before(_) | CsvState::Lost => {}
        }
        Ok(Fit::all(self.column_count))
    }
}

/// A cell without tabs and line breaks, from which it can be had back.
fn on_one_line(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for letter in cell.chars() {
        match letter {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            _ => out.push(letter),
        }
    }
    out
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A terminal that is shown what would steer it, not sent that; files and programs get the exact text.
pub(crate) struct DisarmingWriter<'out> {
    out: &'out mut dyn Write,
    /// The first bytes of a letter, or of the end of a line, whose others are not written yet.
    begun: Vec<u8>,
}

impl<'out> DisarmingWriter<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, begun: Vec::new() }
    }
}

impl Write for DisarmingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.begun.len());
        let mut chunks = self.begun.utf8_chunks().peekable();
        let mut left = Vec::new();
        while let Some(chunk) = chunks.next() {
            let is_last = chunks.peek().is_none();
            let mut letters = chunk.valid().chars().peekable();
            while let Some(letter) = letters.next() {
                let next = letters.peek();
                match letter {
                    '\t' | '\n' => text.push(letter),
                    // Alone it would write over the line that it ends; what follows it may not be written yet.
                    '\r' if next == Some(&'\n') => text.push(letter),
                    '\r' if next.is_none() && is_last && chunk.invalid().is_empty() => left.push(b'\r'),
                    letter if is_steering(letter) => text.extend(letter.escape_unicode()),
                    letter => text.push(letter),
                }
            }
            if is_last {
                left.extend_from_slice(chunk.invalid());
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.begun = left;
        self.out.write_all(text.as_bytes()).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Puts a quote before what a spreadsheet would run as a formula.
pub(crate) fn harmless(cell: &str) -> Cow<'_, str> {
    // Spreadsheets of some countries take the wide forms of these letters for the letters.
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
