//! Which columns of a table are shown, and how wide.

use super::super::text::{width, wrapped};
use super::super::{Cell, Layout, Look};
use super::GAP;

/// So many columns of a query are always shown, however narrow.
const ALWAYS_SHOWN: usize = 8;
/// The widest that a column of a query wants to be when there are more columns than fit.
const WISH_MAX: usize = 40;

/// Columns that people look for first: those of the first line whose first word is a column.
const PREFERRED: [&[&str]; 12] = [
    &[
        "recoveryAction",
        "type",
        "displayName",
        "change",
        "recoveryAction",
        "attributeCount",
        "linkCount",
        "id",
    ],
    &[
        "targetName",
        "displayName",
        "type",
        "change",
        "kind",
        "name",
        "action",
        "fromValue",
        "toValue",
        "targetName",
        "takenAt",
    ],
    &[
        "userPrincipalName",
        "id",
        "displayName",
        "userPrincipalName",
        "accountEnabled",
        "department",
        "jobTitle",
        "userType",
    ],
    &["groupTypes", "id", "displayName", "securityEnabled", "mailEnabled", "groupTypes", "description"],
    &["servicePrincipalType", "id", "displayName", "appId", "servicePrincipalType", "accountEnabled"],
    &["signInAudience", "id", "displayName", "appId", "signInAudience", "createdDateTime"],
    &["grantControls", "id", "displayName", "state", "createdDateTime", "modifiedDateTime"],
    &[
        "operatingSystem",
        "id",
        "displayName",
        "operatingSystem",
        "trustType",
        "isCompliant",
        "accountEnabled",
    ],
    &["rolePermissions", "id", "displayName", "isBuiltIn", "isEnabled", "description"],
    &["takenAt", "id", "takenAt", "source", "objects", "links", "added", "updated", "deleted", "note"],
    &["deletedDateTime", "id", "type", "displayName", "deletedDateTime"],
    &["id", "id", "type", "displayName", "name", "createdDateTime"],
];

/// Columns of lists that are unreadable when broken in two, the most important first.
const WHOLE: [&str; 7] = ["id", "takenAt", "backup", "from", "to", "change", "type"];

/// Columns of lists that a narrow terminal does without, those that are missed least first; then the last ones.
const LEFT_OUT: [&str; 4] = ["bytes", "source", "links", "objects"];

/// Letters that every column of a list may have, its gap included, and those of the columns above.
const SHARES: (usize, usize) = (6, 13);

/// Letters that an ID of a backup or report takes, its gap included.
const ID_SHARE: usize = 18;

/// One column as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// Which of the columns it is.
    pub(super) index: usize,
    pub(super) width: usize,
    pub(super) is_number: bool,
}

/// What rows tell about a column.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    /// Width of its widest cell.
    width: usize,
    has_values: bool,
    has_words: bool,
}

/// Chooses columns and their widths by the names of all, and by rows.
pub(super) fn arrange(layout: Layout, names: &[&str], rows: &[Vec<Cell>], look: Look) -> Vec<Column> {
    let measures = measure(rows, names.len());
    let column = |index: usize| {
        let (name, measure) = (names[index], measures[index]);
        let width = measure.width.max(width(name)).max(1);
        Column { index, width, is_number: measure.has_values && !measure.has_words }
    };
    let all: Vec<Column> = (0..names.len()).map(column).collect();
    match layout {
        Layout::List => listed(all, names, rows, look),
        Layout::Results => results(all, names, &measures, look),
    }
}

fn measure(rows: &[Vec<Cell>], column_count: usize) -> Vec<Measure> {
    let mut measures = vec![Measure::default(); column_count];
    for row in rows {
        for (measure, cell) in measures.iter_mut().zip(row) {
            let text = cell.pretty();
            measure.width = measure.width.max(width(&text));
            measure.has_values |= !text.is_empty() && text != "[]" && text != "{}";
            measure.has_words |= !text.is_empty() && !cell.is_number();
        }
    }
    measures
}

/// Columns of a query: all if they fit, else the best known.
fn results(all: Vec<Column>, names: &[&str], measures: &[Measure], look: Look) -> Vec<Column> {
    let total: usize = all.iter().map(|column| column.width + GAP).sum();
    if look.whole || total <= look.width + GAP {
        return all;
    }
    if all.len() <= ALWAYS_SHOWN {
        return shared(all, look.width);
    }
    chosen(&all, names, measures, look.width)
}

/// Gives narrow columns what they need, and the wide ones equal parts of the rest.
fn shared(mut columns: Vec<Column>, room: usize) -> Vec<Column> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|index| columns[*index].width);
    let mut room = room.saturating_sub(GAP * columns.len().saturating_sub(1));
    for (done, index) in order.iter().enumerate() {
        let part = room / (columns.len() - done);
        let column = &mut columns[*index];
        column.width = column.width.min(part).max(1);
        room = room.saturating_sub(column.width);
    }
    columns
}

/// The columns people look for first, then those that hold something, as long as they fit.
fn chosen(all: &[Column], names: &[&str], measures: &[Measure], width: usize) -> Vec<Column> {
    let find = |wanted: &&str| names.iter().position(|name| name == wanted);
    let preferred = PREFERRED.iter().find(|list| names.contains(&list[0])).map_or(&[][..], |list| &list[1..]);
    let has_some = measures.iter().any(|measure| measure.has_values);
    let mut order: Vec<usize> = preferred.iter().filter_map(find).collect();
    order.extend((0..all.len()).filter(|index| measures[*index].has_values));
    let mut columns: Vec<Column> = Vec::new();
    let mut room = width + GAP;
    for index in order {
        let is_empty = !measures[index].has_values && has_some;
        let wish = Column { width: all[index].width.min(WISH_MAX), ..all[index] };
        let is_chosen = columns.iter().any(|column| column.index == index);
        if is_empty || is_chosen || wish.width + GAP > room {
            continue;
        }
        room -= wish.width + GAP;
        columns.push(wish);
    }
    if columns.is_empty() { shared(all[..1].to_vec(), width) } else { columns }
}

/// Columns of a list: as many as can be read, as many of them whole as there is room for, the rest in equal parts.
fn listed(mut columns: Vec<Column>, names: &[&str], rows: &[Vec<Cell>], look: Look) -> Vec<Column> {
    let room = look.width + GAP;
    let share = |column: &Column| share(column, names[column.index]);
    while !look.whole && columns.iter().map(share).sum::<usize>() > room {
        let Some(missed_least) = missed_least(&columns, names) else { break };
        columns.remove(missed_least);
    }
    let mut left = room.saturating_sub(columns.iter().map(share).sum());
    let priority = |column: &Column| {
        let rank = WHOLE.iter().position(|whole| *whole == names[column.index]);
        (rank.unwrap_or(WHOLE.len()), column.width)
    };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|position| priority(&columns[*position]));
    let mut broken = Vec::new();
    for position in order {
        let least = share(&columns[position]);
        let extra = columns[position].width + GAP - least;
        if extra <= left {
            left -= extra;
        } else {
            broken.push((position, least));
        }
    }
    // What is left goes to those that are broken, the narrow ones first.
    broken.sort_by_key(|(position, _)| columns[*position].width);
    let count = broken.len();
    let mut left = left + broken.iter().map(|(_, least)| least).sum::<usize>();
    for (done, (position, least)) in broken.into_iter().enumerate() {
        let part = (left / (count - done)).max(least);
        let column = &mut columns[position];
        let width_max = column.width.min(part.saturating_sub(GAP)).max(1);
        column.width = broken_width(rows, column.index, width_max).max(width(names[column.index]));
        left = left.saturating_sub(column.width + GAP);
    }
    if columns.iter().map(|column| column.width + GAP).sum::<usize>() > room {
        return shared(columns, look.width);
    }
    columns
}

/// Letters that the lines of a column take once its cells are broken.
fn broken_width(rows: &[Vec<Cell>], index: usize, width_max: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(index));
    let lines = cells.flat_map(|cell| wrapped(&cell.pretty(), width_max));
    lines.map(|line| width(&line)).max().unwrap_or(0)
}

/// Which of the columns of a list is left out next.
fn missed_least(columns: &[Column], names: &[&str]) -> Option<usize> {
    let name = |position: usize| names[columns[position].index];
    let mut listed =
        LEFT_OUT.iter().filter_map(|left| (0..columns.len()).find(|position| name(*position) == *left));
    listed.next().or_else(|| (1..columns.len()).rev().find(|position| !WHOLE.contains(&name(*position))))
}

/// Letters that a column of a list must have, its gap included: numbers and names of columns are not broken in two.
fn share(column: &Column, name: &str) -> usize {
    let wanted = column.width + GAP;
    let least = match WHOLE.contains(&name) {
        _ if column.is_number => wanted,
        // What is typed again is copied whole.
        true if name == WHOLE[0] => ID_SHARE,
        true => SHARES.1,
        false => SHARES.0,
    };
    wanted.min(least.max(width(name) + GAP))
}
