//! Pages of their own: everything escaped, nothing loaded from anywhere, no script, ready to print.

use std::io::{self, Write};

use super::chart::Chart;
use super::text::escaped_html as escaped;
use super::{Cell, Fit, Writer, svg};

/// The browser is told to load and run nothing, whatever a page holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}p{margin:.3rem 0}
table{border-collapse:collapse;margin:.6rem 0 1.4rem;font-size:.9em}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #8885;overflow-wrap:anywhere}
th{border-bottom:2px solid #888;white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}
code,.v{font-family:ui-monospace,monospace;font-size:.93em}.id{color:#777;font-weight:normal;font-size:.9em}
.came{color:#1a7f37}.went{color:#c62828}.differs{color:#9a6700}
figure{margin:1rem 0}svg{max-width:100%;height:auto}svg text{fill:currentColor;font:12px system-ui,sans-serif}
@media print{body{margin:0;max-width:none;font-size:10pt}h2,tr,figure{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}
";

/// Writes a whole page around its body.
pub(crate) fn page(
    out: &mut dyn Write,
    title: &str,
    body: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    begin(out, title)?;
    body(out)?;
    end(out)
}

fn begin(out: &mut dyn Write, title: &str) -> io::Result<()> {
    let title = escaped(title);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )
}

fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"</body>\n</html>\n")
}

/// Writes tables on a page.
pub(crate) struct Tables<'out> {
    out: &'out mut dyn Write,
    column_count: usize,
    row_count: u64,
    /// Whether the page ends with the tables.
    is_page: bool,
}

impl<'out> Tables<'out> {
    /// Writes tables on a page of their own.
    pub(crate) fn on_page(out: &'out mut dyn Write, title: &str) -> io::Result<Self> {
        begin(out, title)?;
        Ok(Self { is_page: true, ..Self::within(out) })
    }

    /// Writes tables among other things of a page.
    pub(crate) fn within(out: &'out mut dyn Write) -> Self {
        Self { out, column_count: 0, row_count: 0, is_page: false }
    }
}

impl Writer for Tables<'_> {
    fn head(&mut self, columns: &[&str]) -> io::Result<()> {
        (self.column_count, self.row_count) = (columns.len(), 0);
        self.out.write_all(b"<table>\n<thead><tr>")?;
        for name in columns {
            write!(self.out, "<th>{}</th>", escaped(name))?;
        }
        self.out.write_all(b"</tr></thead>\n<tbody>\n")
    }

    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        self.row_count += 1;
        self.out.write_all(b"<tr>")?;
        for cell in row {
            let class = match cell {
                _ if cell.is_number() => " class=\"n\"",
                Cell::Json(_) => " class=\"v\"",
                _ => "",
            };
            write!(self.out, "<td{class}>{}</td>", escaped(&cell.pretty()))?;
        }
        self.out.write_all(b"</tr>\n")
    }

    fn end(&mut self) -> io::Result<Fit> {
        self.out.write_all(b"</tbody>\n</table>\n")?;
        if self.row_count == 0 {
            self.out.write_all(b"<p>no rows</p>\n")?;
        }
        Ok(Fit::all(self.column_count))
    }

    fn chart(&mut self, chart: &Chart) -> io::Result<bool> {
        svg::write(self.out, chart).map(|()| true)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.is_page { end(self.out) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
