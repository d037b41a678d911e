//! Rows of any query for people: one line each, in as many columns as fit the terminal.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Cell, Look, Table};

/// Rows that are looked at to find how wide each column is.
const SAMPLE_ROWS: usize = 1_000;
/// So many columns are always shown, however narrow.
const ALWAYS_SHOWN: usize = 8;
/// The widest that a column wants to be when there are more columns than fit.
const WISH_MAX: usize = 40;
/// Spaces between two columns.
const GAP: usize = 2;

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

/// How much of a table was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Columns that were shown.
    pub(crate) shown: usize,
    /// Columns there are.
    pub(crate) columns: usize,
}

/// One column as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    column: usize,
    width: usize,
    is_number: bool,
}

/// What the first rows tell about a column.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    /// Width of its widest cell.
    width: usize,
    has_values: bool,
    has_words: bool,
}

/// Writes a table and its header.
pub(crate) fn write(out: &mut dyn Write, table: &dyn Table, look: Look) -> io::Result<Fit> {
    let names = table.columns();
    let measures = measure(table, names.len());
    let places = arrange(&names, &measures, look);
    let bold = if look.color { ["\u{1b}[1m", "\u{1b}[0m"] } else { ["", ""] };
    let header = line(&places, |place| names[place.column].to_owned());
    writeln!(out, "{}{header}{}", bold[0], bold[1])?;
    let width = places.iter().map(|place| place.width + GAP).sum::<usize>().saturating_sub(GAP);
    writeln!(out, "{}", "-".repeat(width.min(look.width)))?;
    table.visit(&mut |row| {
        let text = line(&places, |place| row.get(place.column).map(Cell::pretty).unwrap_or_default());
        writeln!(out, "{text}")
    })?;
    Ok(Fit { shown: places.len(), columns: names.len() })
}

/// Writes one line per value, and an empty line between rows.
pub(crate) fn lines(out: &mut dyn Write, table: &dyn Table) -> io::Result<()> {
    let names = table.columns();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0).min(WISH_MAX);
    let mut is_first = true;
    table.visit(&mut |row| {
        if !std::mem::take(&mut is_first) {
            writeln!(out)?;
        }
        names.iter().zip(row).try_for_each(|(name, cell)| {
            let space = " ".repeat(width.saturating_sub(name.width()));
            let text = format!("{space}{} = {}", super::printable(name), cell.pretty());
            writeln!(out, "{}", text.trim_end())
        })
    })
}

/// Looks at the first rows; the error that ends the visit early is its own.
fn measure(table: &dyn Table, width: usize) -> Vec<Measure> {
    let mut measures = vec![Measure::default(); width];
    let mut row_count = 0;
    let visited = table.visit(&mut |row| {
        for (measure, cell) in measures.iter_mut().zip(row) {
            let text = cell.pretty();
            measure.width = measure.width.max(text.width());
            measure.has_values |= !text.is_empty() && text != "[]" && text != "{}";
            measure.has_words |= !text.is_empty() && !cell.is_number();
        }
        row_count += 1;
        if row_count < SAMPLE_ROWS { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    });
    drop(visited);
    measures
}

/// Chooses columns and their widths.
fn arrange(names: &[&str], measures: &[Measure], look: Look) -> Vec<Place> {
    let place = |column: usize| {
        let (name, measure) = (names[column], measures[column]);
        let width = measure.width.max(name.width()).max(1);
        Place { column, width, is_number: measure.has_values && !measure.has_words }
    };
    let all: Vec<Place> = (0..names.len()).map(place).collect();
    if look.whole {
        return all;
    }
    let total: usize = all.iter().map(|place| place.width + GAP).sum();
    if total <= look.width + GAP {
        return all;
    }
    if all.len() <= ALWAYS_SHOWN {
        return shared(all, look.width);
    }
    chosen(&all, names, measures, look.width)
}

/// Gives narrow columns what they need, and the wide ones equal parts of the rest.
fn shared(mut places: Vec<Place>, width: usize) -> Vec<Place> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|index| places[*index].width);
    let mut room = width.saturating_sub(GAP * places.len().saturating_sub(1));
    for (done, index) in order.iter().enumerate() {
        let part = room / (places.len() - done);
        let place = &mut places[*index];
        place.width = place.width.min(part).max(1);
        room = room.saturating_sub(place.width);
    }
    places
}

/// The columns people look for first, then those that hold something, as long as they fit.
fn chosen(all: &[Place], names: &[&str], measures: &[Measure], width: usize) -> Vec<Place> {
    let find = |wanted: &&str| names.iter().position(|name| name == wanted);
    let preferred = PREFERRED.iter().find(|list| names.contains(&list[0])).map_or(&[][..], |list| &list[1..]);
    let mut order: Vec<usize> = preferred.iter().filter_map(find).collect();
    order.extend((0..all.len()).filter(|column| measures[*column].has_values));
    let mut places: Vec<Place> = Vec::new();
    let mut room = width + GAP;
    for column in order {
        let is_empty = !measures[column].has_values && measures.iter().any(|measure| measure.has_values);
        let wish = Place { width: all[column].width.min(WISH_MAX), ..all[column] };
        if is_empty || places.iter().any(|place| place.column == column) {
            continue;
        }
        if wish.width + GAP > room {
            continue;
        }
        room -= wish.width + GAP;
        places.push(wish);
    }
    if places.is_empty() { shared(all[..1].to_vec(), width) } else { places }
}

/// The cells of one line, each cut or filled to its width.
fn line(places: &[Place], text: impl Fn(&Place) -> String) -> String {
    let mut out = String::new();
    for (index, place) in places.iter().enumerate() {
        if index > 0 {
            out.push_str("  ");
        }
        let cell = cut(&super::printable(&text(place)), place.width);
        let space = " ".repeat(place.width.saturating_sub(cell.width()));
        if place.is_number {
            out.push_str(&space);
            out.push_str(&cell);
        } else {
            out.push_str(&cell);
            out.push_str(&space);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A text of at most so many columns of the terminal, with a sign that it was cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    out
}

/// Columns of the terminal that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests;
