//! Rows as a table that fits the terminal.

use comfy_table::{
    Attribute, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, presets,
};

use super::{Look, Rows};

/// Columns that are unreadable when broken in two, the most important first.
const WHOLE: [&str; 7] = ["id", "takenAt", "backup", "from", "to", "change", "type"];

/// Letters between two columns: one of padding, and one where other styles draw a line.
const GAP: u16 = 2;

/// Letters that every column may have, its gap included, and those of the columns above.
const SHARES: (u16, u16) = (6, 13);

/// A table with its header, or a word that there is nothing.
pub(crate) fn render(rows: &Rows, look: Look) -> String {
    if rows.cells.is_empty() {
        return "nothing\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    table.force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    if look.color {
        table.enforce_styling();
    }
    table.set_header(
        rows.columns.iter().map(|name| comfy_table::Cell::new(name).add_attribute(Attribute::Bold)),
    );
    for row in &rows.cells {
        table.add_row(row.iter().map(|cell| {
            let side = if cell.is_number() { CellAlignment::Right } else { CellAlignment::Left };
            comfy_table::Cell::new(cell.pretty()).set_alignment(side)
        }));
    }
    arrange(&mut table, rows, look.width);
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// Keeps as many columns whole as there is room for: first those that must be, then narrow ones.
fn arrange(table: &mut Table, rows: &Rows, width: usize) {
    let wanted: Vec<u16> = table.column_max_content_widths().iter().map(|width| width + GAP).collect();
    let share = |index: usize| {
        let is_whole = WHOLE.contains(&rows.columns[index]);
        wanted[index].min(if is_whole { SHARES.1 } else { SHARES.0 })
    };
    let shared: u16 = (0..wanted.len()).map(share).sum();
    let mut room = width.saturating_sub(shared.into());
    let priority = |index: &usize| {
        let place = WHOLE.iter().position(|name| *name == rows.columns[*index]);
        (place.unwrap_or(WHOLE.len()), wanted[*index])
    };
    let mut order: Vec<usize> = (0..rows.columns.len()).collect();
    order.sort_by_key(priority);
    for index in order {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((0, GAP - 1));
        let extra = usize::from(wanted[index] - share(index));
        if extra <= room {
            room -= extra;
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}
