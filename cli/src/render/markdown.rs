//! Rows as a Markdown table.

use super::Rows;

/// A table with its header.
pub(crate) fn render(rows: &Rows) -> String {
    let mut out = line(rows.columns.iter().map(|name| (*name).to_owned()));
    let sides = rows.columns.iter().enumerate().map(|(index, _)| {
        let number = rows.cells.first().and_then(|row| row.get(index)).is_some_and(super::Cell::is_number);
        if number { "--:".to_owned() } else { "---".to_owned() }
    });
    out.push_str(&line(sides));
    for row in &rows.cells {
        out.push_str(&line(row.iter().map(|cell| escaped(&cell.pretty()))));
    }
    out
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
