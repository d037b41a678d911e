//! Rows for programs as they come, so that a result of any length takes no memory.

use std::io::{self, Write};

use crate::args::Format;

use super::separated::{Dialect, Header};
use super::{Table, json, separated};

/// Whether rows of a format can be written before the last one is known.
pub(crate) fn is_possible(format: Format) -> bool {
    matches!(format, Format::Json | Format::Ndjson | Format::Csv | Format::Tsv)
}

/// Writes what stands before the rows of a result; `index` counts the results.
pub(crate) fn begin(out: &mut dyn Write, table: &dyn Table, format: Format, index: usize) -> io::Result<()> {
    let Some(dialect) = dialect(format) else { return Ok(()) };
    if index > 0 {
        out.write_all(b"\n")?;
    }
    separated::write(out, table, dialect, Header::Shown)
}

/// Writes some rows of a result that has begun; `row_count` of its rows were written before.
pub(crate) fn rows(
    out: &mut dyn Write,
    table: &dyn Table,
    format: Format,
    row_count: usize,
) -> io::Result<()> {
    match dialect(format) {
        Some(dialect) => separated::write(out, table, dialect, Header::Left),
        None if format == Format::Json => json::items(out, table, row_count == 0),
        None => json::lines(out, table),
    }
}

/// Writes what stands behind the rows of a result. An array that never ends tells a program that rows are missing.
pub(crate) fn end(out: &mut dyn Write, format: Format, row_count: usize) -> io::Result<()> {
    if format == Format::Json { json::end_of_array(out, row_count == 0) } else { Ok(()) }
}

fn dialect(format: Format) -> Option<Dialect> {
    match format {
        Format::Csv => Some(Dialect::Comma),
        Format::Tsv => Some(Dialect::Tab),
        _ => None,
    }
}
