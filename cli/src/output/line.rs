//! One line per value, and an empty line between rows, for rows that are wider than any terminal.

use std::io::{self, Write};

use super::text::{printable, width};
use super::{Cell, Fit, Gap, Writer};

/// The widest that names are made.
const NAME_WIDTH_MAX: usize = 40;

/// Writes one line per value.
pub(crate) struct ValueLines<'out> {
    out: &'out mut dyn Write,
    tables: Gap,
    rows: Gap,
    names: Vec<String>,
}

impl<'out> ValueLines<'out> {
    pub(crate) fn new(out: &'out mut dyn Write) -> Self {
        Self { out, tables: Gap::default(), rows: Gap::default(), names: Vec::new() }
    }
}

impl Writer for ValueLines<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        self.tables.write(self.out)?;
        self.rows = Gap::default();
        self.names = columns.iter().map(|name| (*name).to_owned()).collect();
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.rows.write(self.out)?;
        let name_width = self.names.iter().map(|name| width(name)).max().unwrap_or(0).min(NAME_WIDTH_MAX);
        self.names.iter().zip(row).try_for_each(|(name, cell)| {
            let space = " ".repeat(name_width.saturating_sub(width(name)));
            let text = format!("{space}{} = {}", printable(name), cell.pretty());
            writeln!(self.out, "{}", text.trim_end())
        })
    }

    fn end(&mut self) -> io::Result<Fit> {
        Ok(Fit::all(self.names.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Rows, write_table};

    #[test]
    fn a_line_per_value_keeps_rows_apart() {
        let cells = vec![vec![Cell::text("x"), Cell::Null], vec![Cell::text("y"), Cell::Integer(2)]];
        let mut out = Vec::new();
        write_table(&mut ValueLines::new(&mut out), &Rows { columns: &["name", "n"], cells }).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "name = x\n   n =\n\nname = y\n   n = 2\n");
    }
}
