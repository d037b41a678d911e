//! The drawer of tables for people: as many columns as fit the terminal, numbers to the right.
//!
//! Rows of a list are held until the last, and no value is cut. Rows of a query are drawn while it runs: the first
//! ones decide how wide the columns are, and wider values are cut.

mod layout;

use std::io::{self, Write};

use self::layout::Column;
use super::chart::{self, Chart};
use super::text::{cut, printable, width, wrapped};
use super::{Cell, Fit, Gap, Layout, Look, Writer};

/// Rows that are looked at to find how wide each column of a query is.
const SAMPLE_ROW_COUNT: usize = 1_000;
/// Spaces between two columns.
const GAP: usize = 2;

/// Draws tables.
pub(crate) struct Drawer<'out> {
    out: &'out mut dyn Write,
    look: Look,
    layout: Layout,
    gap: Gap,
    names: Vec<String>,
    /// Rows before the columns are arranged.
    held: Vec<Vec<Cell>>,
    columns: Option<Vec<Column>>,
}

impl<'out> Drawer<'out> {
    pub(crate) fn new(out: &'out mut dyn Write, layout: Layout, look: Look) -> Self {
        Self { out, look, layout, gap: Gap::default(), names: Vec::new(), held: Vec::new(), columns: None }
    }

    /// Arranges the columns, and writes the header and the rows held.
    fn begin(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let columns = layout::arrange(self.layout, &names, &held, self.look);
        let header = columns.iter().map(|column| {
            // Names of a list are aligned to the left, those of a query as their values.
            let is_right = column.is_number && self.layout == Layout::Results;
            (vec![cut(&printable(names[column.index]), column.width)], is_right)
        });
        let header: Vec<(Vec<String>, bool)> = header.collect();
        let bold = if self.look.color { ["\u{1b}[1m", "\u{1b}[0m"] } else { ["", ""] };
        let header = lines(&columns, &header).concat();
        writeln!(self.out, "{}{header}{}", bold[0], bold[1])?;
        let rule_width = columns.iter().map(|column| column.width + GAP).sum::<usize>().saturating_sub(GAP);
        writeln!(self.out, "{}", "-".repeat(rule_width.min(self.look.width)))?;
        self.columns = Some(columns);
        held.iter().try_for_each(|row| self.draw(row))
    }

    fn draw(&mut self, row: &[Cell]) -> io::Result<()> {
        let Some(columns) = &self.columns else { return Ok(()) };
        let cells = columns.iter().map(|column| {
            let text = row.get(column.index).map(Cell::pretty).unwrap_or_default();
            let text = match self.layout {
                Layout::Results => vec![cut(&printable(&text), column.width)],
                Layout::List => wrapped(&printable(&text), column.width),
            };
            (text, column.is_number)
        });
        let cells: Vec<(Vec<String>, bool)> = cells.collect();
        lines(columns, &cells).iter().try_for_each(|line| writeln!(self.out, "{line}"))
    }
}

impl Writer for Drawer<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        self.gap.write(self.out)?;
        self.names = columns.iter().map(|name| (*name).to_owned()).collect();
        self.columns = None;
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        if self.columns.is_some() {
            return self.draw(row);
        }
        self.held.push(row.to_vec());
        if self.layout == Layout::Results && self.held.len() == SAMPLE_ROW_COUNT {
            self.begin()
        } else {
            Ok(())
        }
    }

    fn end(&mut self) -> io::Result<Fit> {
        if self.layout == Layout::List && self.held.is_empty() {
            self.out.write_all(b"nothing\n")?;
            return Ok(Fit::all(self.names.len()));
        }
        if self.columns.is_none() {
            self.begin()?;
        }
        let shown = self.columns.take().map_or(0, |columns| columns.len());
        Ok(Fit { shown, columns: self.names.len() })
    }

    fn chart(&mut self, chart: &Chart) -> io::Result<bool> {
        self.gap.write(self.out)?;
        self.out.write_all(chart::draw(chart, self.look).as_bytes())?;
        Ok(false)
    }
}

/// The lines of one row: each cell with its own lines, and whether it is aligned to the right.
fn lines(columns: &[Column], cells: &[(Vec<String>, bool)]) -> Vec<String> {
    let height = cells.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0).max(1);
    let line = |index: usize| {
        let mut out = String::new();
        for (column, (lines, is_right)) in columns.iter().zip(cells) {
            let text = lines.get(index).map_or("", String::as_str);
            let space = " ".repeat(column.width.saturating_sub(width(text)));
            let (first, second) = if *is_right { (&*space, text) } else { (text, &*space) };
            out.push_str(first);
            out.push_str(second);
            out.push_str(&" ".repeat(GAP));
        }
        out.truncate(out.trim_end().len());
        out
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests;
