//! Pages of their own: everything escaped, nothing loaded from anywhere, readable without a script, ready to print.

mod filter;
mod findings;
mod frame;
mod plan;
mod policy;
mod recovery;

use std::io::{self, Write};

use super::chart::Chart;
use super::head::Head;
use super::text::{counted, escaped_html as escaped};
use super::{Cell, Fit, Rows, Writer, svg, write_table};
use crate::names::is_guid;

pub(crate) use filter::write as filter_bar;
pub(crate) use findings::write as findings;
pub(crate) use frame::{Body, Script, page};
pub(crate) use plan::write as plan_body;
pub(crate) use policy::write as policy_table;
pub(crate) use recovery::write as recovery_body;

/// Columns that a printed page has room for; a row of more is printed as a list of its cells.
const PRINTED_COLUMNS_MAX: usize = 8;

/// Letters of a text that a narrow column has room for.
const WHOLE_LENGTH_MAX: usize = 24;

/// Writes tables on a page.
pub(crate) struct Tables<'out> {
    out: &'out mut dyn Write,
    /// The escaped names of the columns.
    columns: Vec<String>,
    row_count: u64,
    /// Whether the page ends with the tables.
    is_page: bool,
}

impl<'out> Tables<'out> {
    /// Writes tables on a page of their own.
    ///
    /// # Errors
    /// When the beginning of the page cannot be written.
    pub(crate) fn on_page(out: &'out mut dyn Write, head: &Head) -> io::Result<Self> {
        frame::begin(out, head, Script::None)?;
        Ok(Self { is_page: true, ..Self::within(out) })
    }

    /// Writes tables among other things of a page.
    pub(crate) fn within(out: &'out mut dyn Write) -> Self {
        Self { out, columns: Vec::new(), row_count: 0, is_page: false }
    }

    fn is_wide(&self) -> bool {
        self.columns.len() > PRINTED_COLUMNS_MAX
    }
}

impl Writer for Tables<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        (self.columns, self.row_count) = (columns.iter().map(|name| escaped(name)).collect(), 0);
        let wide = if self.is_wide() { " wide" } else { "" };
        write!(
            self.out,
            "<div class=\"scroll\" role=\"region\" aria-label=\"Table\" tabindex=\"0\">\n<table class=\"rows{wide}\">\n<thead><tr>"
        )?;
        for name in &self.columns {
            write!(self.out, "<th>{name}</th>")?;
        }
        self.out.write_all(b"</tr></thead>\n<tbody>\n")
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.row_count += 1;
        let is_wide = self.is_wide();
        self.out.write_all(b"<tr>")?;
        for (index, cell) in row.iter().enumerate() {
            let text = cell.pretty();
            let class = class_of(cell, &text);
            let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            let name = self.columns.get(index).filter(|_| is_wide);
            let name = name.map_or_else(String::new, |name| format!(" data-column=\"{name}\""));
            write!(self.out, "<td{class}{name}>{}</td>", escaped(&text))?;
        }
        self.out.write_all(b"</tr>\n")
    }

    fn end(&mut self) -> io::Result<Fit> {
        self.out.write_all(b"</tbody>\n</table>\n</div>\n")?;
        let columns = self.columns.len();
        match self.row_count {
            0 => self.out.write_all(b"<p>no rows</p>\n")?,
            rows if self.is_page => {
                let (rows, columns) = (counted(rows, "row"), counted(columns as u64, "column"));
                writeln!(self.out, "<p class=\"count\">{rows}, {columns}</p>")?;
            }
            _ => {}
        }
        Ok(Fit::all(columns))
    }

    fn chart(&mut self, chart: &Chart) -> io::Result<bool> {
        svg::write(self.out, chart).map(|()| true)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.is_page { frame::end(self.out, Script::None) } else { Ok(()) }
    }
}

/// Writes rows as a table among other things of a page.
pub(crate) fn table(out: &mut dyn Write, rows: &Rows) -> io::Result<()> {
    write_table(&mut Tables::within(out), rows).map(drop)
}

/// How a cell is set: IDs, times and short words stay on one line.
fn class_of(cell: &Cell, text: &str) -> &'static str {
    match cell {
        _ if cell.is_number() => "number",
        Cell::Json(_) if text.len() > WHOLE_LENGTH_MAX => "value",
        Cell::Time(_) | Cell::Moment(_) | Cell::Word(_) => "whole",
        Cell::Text(_) if is_guid(text) => "whole",
        Cell::Text(_) if text.len() > WHOLE_LENGTH_MAX => "long",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
