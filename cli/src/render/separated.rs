//! Rows as comma-separated (RFC 4180) or tab-separated text, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Cell, Table};
use crate::args::Format;

/// What stands between cells and ends rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Commas, rows end with CR LF as RFC 4180 says.
    Comma,
    /// Tabs, rows end with LF.
    Tab,
}

/// Whether a format is one of these.
pub(crate) fn is_dialect(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv)
}

/// Whether the names of the columns stand above the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Shown,
    /// They were shown with earlier rows.
    Left,
}

/// Writes a header, if it is wanted, and the rows.
pub(crate) fn write(
    out: &mut dyn Write,
    table: &dyn Table,
    dialect: Dialect,
    header: Header,
) -> io::Result<()> {
    let mut builder = csv::WriterBuilder::new();
    match dialect {
        Dialect::Comma => builder.terminator(csv::Terminator::CRLF),
        Dialect::Tab => builder.delimiter(b'\t'),
    };
    let mut writer = builder.from_writer(out);
    if header == Header::Shown {
        writer
            .write_record(table.columns().into_iter().map(|name| harmless(name).into_owned()))
            .map_err(io_error)?;
    }
    table.visit(&mut |row| writer.write_record(row.iter().map(safe)).map_err(io_error))?;
    writer.flush()
}

/// A cell as text. Numbers stay numbers, whatever they begin with.
fn safe(cell: &Cell) -> String {
    let text = cell.plain();
    if cell.is_foreign() { harmless(&text).into_owned() } else { text }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A terminal that is shown what would steer it, not sent that; files and programs get the exact text.
pub(crate) struct Shown<'out> {
    out: &'out mut dyn Write,
    /// The first bytes of a letter, or of the end of a line, whose others have not come yet.
    begun: Vec<u8>,
}

impl<'out> Shown<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, begun: Vec::new() }
    }
}

impl Write for Shown<'_> {
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
                    // Alone it would write over the line that it ends; what follows it may not have come yet.
                    '\r' if next == Some(&'\n') => text.push(letter),
                    '\r' if next.is_none() && is_last && chunk.invalid().is_empty() => left.push(b'\r'),
                    letter if super::is_steering(letter) => text.extend(letter.escape_unicode()),
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
