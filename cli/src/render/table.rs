//! Rows as a table that fits the terminal.

use comfy_table::{
    Attribute, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, presets,
};

use super::{Cell, Look, Rows};

/// Columns that are unreadable when broken in two, the most important first.
const WHOLE: [&str; 7] = ["id", "takenAt", "backup", "from", "to", "change", "type"];

/// Columns that a narrow terminal does without, those that are missed least first; then the last ones.
const LEFT_OUT: [&str; 4] = ["bytes", "source", "links", "objects"];

/// Letters between two columns: one of padding, and one where other styles draw a line.
const GAP: u16 = 2;

/// Letters that every column may have, its gap included, and those of the columns above.
const SHARES: (usize, usize) = (6, 13);

/// A table with its header, or a word that there is nothing.
pub(crate) fn render(rows: &Rows, look: Look) -> String {
    if rows.cells.is_empty() {
        return "nothing\n".to_owned();
    }
    let (places, mut table) = (columns(rows, look), Table::new());
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    table.force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    if look.color {
        table.enforce_styling();
    }
    table.set_header(
        places
            .iter()
            .map(|place| comfy_table::Cell::new(rows.columns[*place]).add_attribute(Attribute::Bold)),
    );
    for row in &rows.cells {
        table.add_row(places.iter().filter_map(|place| row.get(*place)).map(|cell| {
            let side = if cell.is_number() { CellAlignment::Right } else { CellAlignment::Left };
            comfy_table::Cell::new(cell.pretty()).set_alignment(side)
        }));
    }
    arrange(&mut table, rows, &places, look.width);
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// Letters that an ID of a backup or report takes, its gap included.
const ID_SHARE: usize = 18;

/// Places of the columns that are shown: as many as can be read.
pub(crate) fn columns(rows: &Rows, look: Look) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows.columns.len()).collect();
    let least: Vec<usize> = places.iter().map(|place| share(rows, *place, wanted(rows, *place))).collect();
    let room = look.width + usize::from(GAP);
    while !look.whole && places.iter().map(|place| least[*place]).sum::<usize>() > room {
        let Some(missed_least) = missed_least(rows, &places) else { break };
        places.remove(missed_least);
    }
    places
}

/// Which of the columns is left out next.
fn missed_least(rows: &Rows, places: &[usize]) -> Option<usize> {
    let name = |index: usize| rows.columns[places[index]];
    let mut listed = LEFT_OUT.iter().filter_map(|left| (0..places.len()).find(|index| name(*index) == *left));
    listed.next().or_else(|| (1..places.len()).rev().find(|index| !WHOLE.contains(&name(*index))))
}

/// Letters that a column wants, its gap included.
fn wanted(rows: &Rows, place: usize) -> usize {
    let cells = rows.cells.iter().filter_map(|row| row.get(place));
    let widest = cells.map(|cell| super::grid::width(&cell.pretty())).max().unwrap_or(0);
    widest.max(super::grid::width(rows.columns[place])) + usize::from(GAP)
}

/// Letters that a column must have, its gap included: numbers and names of columns are not broken in two.
fn share(rows: &Rows, place: usize, wanted: usize) -> usize {
    let name = rows.columns[place];
    let is_number = rows.cells.iter().filter_map(|row| row.get(place)).any(Cell::is_number);
    let least = match WHOLE.contains(&name) {
        _ if is_number => wanted,
        // What is typed again is copied whole.
        true if name == WHOLE[0] => ID_SHARE,
        true => SHARES.1,
        false => SHARES.0,
    };
    wanted.min(least.max(super::grid::width(name) + usize::from(GAP)))
}

/// Keeps as many columns whole as there is room for: first those that must be, then narrow ones.
fn arrange(table: &mut Table, rows: &Rows, places: &[usize], width: usize) {
    let wanted: Vec<usize> = places.iter().map(|place| wanted(rows, *place)).collect();
    let shares: Vec<usize> =
        places.iter().zip(&wanted).map(|(place, wanted)| share(rows, *place, *wanted)).collect();
    let mut room = (width + usize::from(GAP)).saturating_sub(shares.iter().sum());
    let priority = |index: &usize| {
        let name = rows.columns[places[*index]];
        let place = WHOLE.iter().position(|whole| *whole == name);
        (place.unwrap_or(WHOLE.len()), wanted[*index])
    };
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(priority);
    for index in order {
        let Some(column) = table.column_mut(index) else { continue };
        let is_last = index + 1 == places.len();
        column.set_padding((0, if is_last { 0 } else { GAP - 1 }));
        let extra = wanted[index] - shares[index];
        if extra <= room {
            room -= extra;
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}
