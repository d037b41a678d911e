//! The drawer of tables for people: as many columns as fit the terminal, numbers to the right.
//!
//! Rows of a list are held until the last, and no value is cut. Rows of a query are drawn while it runs: the first
//! ones decide how wide the columns are, and longer values are cut. Words and IDs stay in one piece: where there is no
//! room, the columns that are missed least are left out, and sentences go on in the next line.

mod layout;

use std::io::{self, Write};

use self::layout::{Arrangement, Column};
use super::chart::{self, Chart};
use super::text::{cut, printable, width, wrapped};
use super::{Cell, Fit, Gap, Layout, Look, Writer};

/// Rows that are looked at to find how wide each column of a query is.
const SAMPLE_ROW_COUNT: usize = 1_000;
/// Lines that a value of a query takes at most.
const LINE_COUNT_MAX: usize = 4;
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
    arrangement: Option<Arrangement>,
}

impl<'out> Drawer<'out> {
    pub(crate) fn new(out: &'out mut dyn Write, layout: Layout, look: Look) -> Self {
        Self {
            out,
            look,
            layout,
            gap: Gap::default(),
            names: Vec::new(),
            held: Vec::new(),
            arrangement: None,
        }
    }

    /// Arranges the columns, and writes the header and the rows held.
    fn begin(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let arrangement = layout::arrange(self.layout, &names, &held, self.look);
        let columns = &arrangement.columns;
        let header = columns.iter().map(|column| {
            // Names of a list are aligned to the left, those of a query as their values.
            let is_right = column.is_number && self.layout == Layout::Results;
            (vec![cut(&printable(names[column.index]), column.width)], is_right)
        });
        let header: Vec<(Vec<String>, bool)> = header.collect();
        let bold = if self.look.color { ["\u{1b}[1m", "\u{1b}[0m"] } else { ["", ""] };
        let header = lines(columns, &header).concat();
        writeln!(self.out, "{}{header}{}", bold[0], bold[1])?;
        let rule_width = columns.iter().map(|column| column.width + GAP).sum::<usize>().saturating_sub(GAP);
        writeln!(self.out, "{}", "-".repeat(rule_width.min(self.look.width)))?;
        self.arrangement = Some(arrangement);
        held.iter().try_for_each(|row| self.draw(row))
    }

    fn draw(&mut self, row: &[Cell]) -> io::Result<()> {
        let Some(Arrangement { columns, .. }) = &self.arrangement else { return Ok(()) };
        let cells = columns.iter().map(|column| {
            let cell = row.get(column.index).unwrap_or(&Cell::Null);
            let text = printable(&cell.pretty());
            let text = match (self.layout, cell) {
                (Layout::List, _) => wrapped(&text, column.width),
                (Layout::Results, Cell::Text(_)) => shortened(&text, column.width),
                (Layout::Results, _) => vec![cut(&text, column.width)],
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
        self.arrangement = None;
        Ok(())
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        if self.arrangement.is_some() {
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
        if self.arrangement.is_none() {
            self.begin()?;
        }
        let Arrangement { columns, left_out } = self.arrangement.take().unwrap_or_default();
        let left_out = left_out.iter().map(|index| printable(&self.names[*index])).collect();
        Ok(Fit { shown: columns.len(), columns: self.names.len(), left_out })
    }

    fn chart(&mut self, chart: &Chart) -> io::Result<bool> {
        self.gap.write(self.out)?;
        self.out.write_all(chart::draw(chart, self.look).as_bytes())?;
        Ok(false)
    }
}

/// A text in few lines, broken between words; a word that is wider than the column is cut, and so is a long text.
fn shortened(text: &str, room: usize) -> Vec<String> {
    if text.split(' ').any(|word| width(word) > room) {
        return vec![cut(text, room)];
    }
    let mut lines = wrapped(text, room);
    if lines.len() > LINE_COUNT_MAX {
        let rest = lines.split_off(LINE_COUNT_MAX - 1).join(" ");
        lines.push(cut(&rest, room));
    }
    lines
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
