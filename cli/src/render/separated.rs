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

/// A terminal that is shown control characters, not sent them; files and programs get the exact text.
pub(crate) struct Shown<'out> {
    out: &'out mut dyn Write,
    /// Whether the first of two bytes came that together may be one.
    is_begun: bool,
}

impl<'out> Shown<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, is_begun: false }
    }
}

impl Write for Shown<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match (std::mem::take(&mut self.is_begun), byte) {
                (true, 0x80..=0x9f) | (false, 0..=8 | 11 | 12 | 14..=31 | 127) => {
                    write!(text, "\\u{{{byte:x}}}")?;
                }
                (false, 0xc2) => self.is_begun = true,
                (true, _) => text.extend([0xc2, *byte]),
                (false, _) => text.push(*byte),
            }
        }
        self.out.write_all(&text).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Puts a quote before what a spreadsheet would run as a formula.
pub(crate) fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
