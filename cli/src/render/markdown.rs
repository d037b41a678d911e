//! Rows as a Markdown table.

use std::io::{self, Write};

use super::Table;

/// Writes a table with its header; numbers stand to the right when they do in the first row.
pub(crate) fn write(out: &mut dyn Write, table: &dyn Table) -> io::Result<()> {
    let columns = table.columns();
    let header = line(columns.iter().map(|name| escaped(name)));
    let mut sides = vec!["---"; columns.len()];
    let mut is_first = true;
    table.visit(&mut |row| {
        if is_first {
            is_first = false;
            for (side, cell) in sides.iter_mut().zip(row) {
                *side = if cell.is_number() { "--:" } else { "---" };
            }
            out.write_all((header.clone() + &sides_line(&sides)).as_bytes())?;
        }
        out.write_all(line(row.iter().map(|cell| escaped(&cell.pretty()))).as_bytes())
    })?;
    if is_first { out.write_all((header + &sides_line(&sides)).as_bytes()) } else { Ok(()) }
}

fn sides_line(sides: &[&str]) -> String {
    line(sides.iter().map(|side| (*side).to_owned()))
}

/// Text that Markdown shows as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in super::printable(text).chars() {
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
