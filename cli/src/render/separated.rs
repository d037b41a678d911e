//! Rows as comma-separated (RFC 4180) or tab-separated text, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Rows;

/// What stands between cells and ends rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Commas, rows end with CR LF as RFC 4180 says.
    Comma,
    /// Tabs, rows end with LF.
    Tab,
}

/// Writes a header and the rows.
pub(crate) fn write(out: &mut dyn Write, rows: &Rows, dialect: Dialect) -> io::Result<()> {
    let mut builder = csv::WriterBuilder::new();
    match dialect {
        Dialect::Comma => builder.terminator(csv::Terminator::CRLF),
        Dialect::Tab => builder.delimiter(b'\t'),
    };
    let mut writer = builder.from_writer(out);
    writer.write_record(rows.columns).map_err(io_error)?;
    for row in &rows.cells {
        let cells = row.iter().map(|cell| harmless(&cell.plain()).into_owned());
        writer.write_record(cells).map_err(io_error)?;
    }
    writer.flush()
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
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
