//! Markdown for pull requests and tickets: rows as a table, and documents that say the same as pages.

mod document;
mod plan;
mod policy;
mod recovery;

use std::io::{self, Write};

use super::text::printable;
use super::{Cell, Fit, Gap, Writer};

pub(crate) use document::{findings, head as document_head};
pub(crate) use plan::write as plan_document;
pub(crate) use policy::render as policy_table;
pub(crate) use recovery::write as recovery_document;

/// Writes tables; columns are aligned as the cells of the first row.
pub(crate) struct Markdown<'out> {
    out: &'out mut dyn Write,
    gap: Gap,
    column_count: usize,
    /// The header, until the first row is there.
    header: Option<String>,
}

impl<'out> Markdown<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, gap: Gap::default(), column_count: 0, header: None }
    }

    fn begin(&mut self, row: &[Cell]) -> io::Result<()> {
        let Some(header) = self.header.take() else { return Ok(()) };
        let is_number = |index: usize| row.get(index).is_some_and(Cell::is_number);
        let sides =
            (0..self.column_count).map(|index| if is_number(index) { "--:" } else { "---" }.to_owned());
        self.out.write_all((header + &line(sides)).as_bytes())
    }
}

impl Writer for Markdown<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        self.gap.write(self.out)?;
        self.column_count = columns.len();
        self.header = Some(line(columns.iter().map(|name| escaped(name))));
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.begin(row)?;
        self.out.write_all(line(row.iter().map(|cell| escaped(&cell.pretty()))).as_bytes())
    }

    fn end(&mut self) -> io::Result<Fit> {
        self.begin(&[])?;
        Ok(Fit::all(self.column_count))
    }
}

/// Text that Markdown shows as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    format!("| {} |\n", cells.join(" | "))
}
