//! Pages of their own: everything escaped, nothing loaded from anywhere, no script, ready to print.

use std::io::{self, Write};

use crate::difference::{ChangeRow, Totals, sentence};
use crate::names::Names;

use super::{Cell, Table, printable};

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
    let title = escaped(title);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    body(out)?;
    out.write_all(b"</body>\n</html>\n")
}

/// Writes a table.
pub(crate) fn table(out: &mut dyn Write, table: &dyn Table) -> io::Result<()> {
    out.write_all(b"<table>\n<thead><tr>")?;
    for name in table.columns() {
        write!(out, "<th>{}</th>", escaped(name))?;
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")?;
    table.visit(&mut |row| {
        out.write_all(b"<tr>")?;
        for cell in row {
            let class = match cell {
                _ if cell.is_number() => " class=\"n\"",
                Cell::Json(_) => " class=\"v\"",
                _ => "",
            };
            write!(out, "<td{class}>{}</td>", escaped(&cell.pretty()))?;
        }
        out.write_all(b"</tr>\n")
    })?;
    out.write_all(b"</tbody>\n</table>\n")?;
    match table.row_count() {
        0 => out.write_all(b"<p>no rows</p>\n"),
        _ => Ok(()),
    }
}

/// Writes a difference: counts, then each object with what changed in it.
pub(crate) fn difference(out: &mut dyn Write, changes: &[ChangeRow], names: &mut Names) -> io::Result<()> {
    writeln!(out, "<p>{}</p>", escaped(&sentence(changes)))?;
    if Totals::of(changes).objects > 1 {
        table(out, &crate::difference::summary(changes))?;
    }
    changes.iter().try_for_each(|change| object(out, change, names))
}

fn object(out: &mut dyn Write, change: &ChangeRow, names: &mut Names) -> io::Result<()> {
    let class = match change.change.as_str() {
        "added" | "restored" => "came",
        "updated" => "differs",
        _ => "went",
    };
    let name = if change.display_name.is_empty() { &change.id } else { &change.display_name };
    let (kind, what) = (escaped(&change.type_token), escaped(&change.change));
    let (name, id) = (escaped(name), escaped(&change.id));
    writeln!(
        out,
        "<h2><span class=\"{class}\">{what}</span> {kind} {name} <span class=\"id\"><code>{id}</code></span></h2>"
    )?;
    let undo = match (change.recovery_action.as_str(), change.reason.as_str()) {
        ("none", "") => String::new(),
        ("none", reason) => reason.to_owned(),
        (action, "") => format!("undo: {action}"),
        (action, reason) => format!("undo: {action} ({reason})"),
    };
    if !undo.is_empty() {
        writeln!(out, "<p>{}</p>", escaped(&undo))?;
    }
    if !change.unknown.is_empty() {
        writeln!(out, "<p>not observed on one side: {}</p>", escaped(&change.unknown.join(", ")))?;
    }
    if change.attributes.is_empty() && change.links.is_empty() {
        return Ok(());
    }
    out.write_all(b"<table>\n<thead><tr><th>what</th><th>from</th><th>to</th></tr></thead>\n<tbody>\n")?;
    for attribute in &change.attributes {
        let value = |text: &Option<String>| escaped(text.as_deref().unwrap_or("(absent)"));
        let (from, to) = (value(&attribute.from_value), value(&attribute.to_value));
        let name = escaped(&attribute.name);
        writeln!(
            out,
            "<tr><td>{name}</td><td class=\"v went\">{from}</td><td class=\"v came\">{to}</td></tr>"
        )?;
    }
    for link in &change.links {
        let target = escaped(format!("{} {}", names.get(&link.target_id).name, link.target_id).trim_start());
        let relation = escaped(&format!("{}{}", link.relation, link.how()));
        let cells = if link.is_added() {
            format!("<td></td><td class=\"came\">{target}</td>")
        } else {
            format!("<td class=\"went\">{target}</td><td></td>")
        };
        writeln!(out, "<tr><td>{relation}</td>{cells}</tr>")?;
    }
    out.write_all(b"</tbody>\n</table>\n")
}

/// Text that a page shows as it is, in elements and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests;
