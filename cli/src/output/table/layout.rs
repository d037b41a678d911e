//! Which columns of a table are shown, and how wide.

use super::super::text::{width, wrapped};
use super::super::{Cell, Layout, Look};
use super::GAP;

/// So many columns of a query were most likely chosen one by one.
const FEW: usize = 8;
/// The widest that a column of a query wants to be when there are more columns than fit.
const WISH_MAX: usize = 40;

/// Columns that people look for first: those of the first line whose first word is a column.
const PREFERRED: [&[&str]; 14] = [
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
    &["$table", "$table", "type", "displayName", "sourceName", "relation", "targetName", "id"],
    &["sourceName", "sourceName", "relation", "targetName", "sourceType", "targetType", "sourceId"],
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

/// Columns of lists by which a row is told from the others; they stay the longest.
const KEPT: [&str; 7] = ["id", "takenAt", "backup", "from", "to", "change", "type"];

/// Columns of lists that a narrow terminal does without, those that are missed least first; then the last ones.
const LEFT_OUT: [&str; 7] = ["bytes", "source", "links", "objects", "updated", "added", "deleted"];

/// The longest word that is never broken: a GUID has 36 letters. What is longer is data, such as an address.
const WORD_MAX: usize = 40;
/// The narrowest that a column of longer words becomes.
const DATA_MIN: usize = 20;
/// The narrowest that a column of sentences becomes, so that they are not read word below word.
const SENTENCE_MIN: usize = 14;
/// What a sentence or name gets before a further column does.
const SENTENCE_WISH: usize = 24;

/// One column as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// Which of the columns it is.
    pub(super) index: usize,
    pub(super) width: usize,
    pub(super) is_number: bool,
}

/// The columns that are shown, and those for which there is no room.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrangement {
    pub(super) columns: Vec<Column>,
    /// Indexes of the columns that are not shown, those that are missed most first.
    pub(super) left_out: Vec<usize>,
}

/// What rows tell about a column.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    /// Width of its widest cell.
    width: usize,
    /// Width of the widest text that must stay in one piece.
    word: usize,
    has_values: bool,
    has_words: bool,
}

impl Measure {
    fn add(&mut self, cell: &Cell) {
        let text = cell.pretty();
        let cell_width = width(&text);
        self.width = self.width.max(cell_width);
        self.word = self.word.max(match cell {
            Cell::Json(_) => cell_width.min(DATA_MIN),
            Cell::Text(_) => text.split(' ').map(width).max().unwrap_or(0),
            _ => cell_width,
        });
        self.has_values |= !text.is_empty() && text != "[]" && text != "{}";
        self.has_words |= !text.is_empty() && !cell.is_number();
    }

    /// The narrowest that the column can be read at, below a name of this width.
    fn least(&self, name_width: usize) -> usize {
        let word = if self.word > WORD_MAX { DATA_MIN } else { self.word };
        word.max(self.width.min(SENTENCE_MIN)).max(name_width).max(1)
    }
}

/// A column while it is decided whether it is shown, and how wide.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    column: Column,
    /// The narrowest that it can be read at.
    least: usize,
    has_values: bool,
}

/// Chooses columns and their widths by the names of all, and by rows.
pub(super) fn arrange(layout: Layout, names: &[&str], rows: &[Vec<Cell>], look: Look) -> Arrangement {
    let mut measures = vec![Measure::default(); names.len()];
    for row in rows {
        measures.iter_mut().zip(row).for_each(|(measure, cell)| measure.add(cell));
    }
    let all = names.iter().zip(&measures).enumerate().map(|(index, (name, measure))| {
        let name_width = width(name);
        let width = measure.width.max(name_width).max(1);
        let is_number = measure.has_values && !measure.has_words;
        let least = measure.least(name_width).min(width);
        Candidate { column: Column { index, width, is_number }, least, has_values: measure.has_values }
    });
    let all: Vec<Candidate> = all.collect();
    let total: usize = all.iter().map(|found| found.column.width + GAP).sum();
    let is_whole = look.whole && layout == Layout::Results;
    if is_whole || total <= look.width + GAP {
        return Arrangement { columns: all.iter().map(|found| found.column).collect(), left_out: Vec::new() };
    }
    let (chosen, left_out) = match layout {
        Layout::List if look.whole => (all, Vec::new()),
        Layout::List => of_list(all, names, look.width),
        Layout::Results => of_results(&all, names, look.width),
    };
    let mut columns = widened(&chosen, look.width);
    for column in &mut columns {
        let narrowest = width(names[column.index]).min(column.width).max(1);
        column.width = broken_width(rows, column.index, column.width).max(narrowest);
    }
    Arrangement { columns, left_out }
}

/// Columns of a query that fit: the columns people look for first, then those that hold something. A few columns were
/// chosen by who asked, and stay in that order.
fn of_results(all: &[Candidate], names: &[&str], room: usize) -> (Vec<Candidate>, Vec<usize>) {
    let is_few = all.len() <= FEW;
    let find = |wanted: &&str| names.iter().position(|name| name == wanted);
    let preferred = PREFERRED.iter().find(|list| names.contains(&list[0])).map_or(&[][..], |list| &list[1..]);
    let mut order: Vec<usize> = preferred.iter().filter_map(find).collect();
    order.extend((0..all.len()).filter(|index| all[*index].has_values));
    order.extend(0..all.len());
    let has_some = all.iter().any(|found| found.has_values);
    let mut room = room + GAP;
    let (mut chosen, mut left_out, mut empty) = (Vec::<Candidate>::new(), Vec::new(), Vec::new());
    let mut seen = vec![false; all.len()];
    for index in order {
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        let found = all[index];
        let comfort = found.column.width.min(SENTENCE_WISH).max(found.least);
        let needed = GAP + if is_few { found.least } else { comfort };
        if !found.has_values && has_some && !is_few {
            empty.push(index);
            continue;
        }
        if needed > room && !chosen.is_empty() {
            left_out.push(index);
            continue;
        }
        room = room.saturating_sub(needed);
        let width = if is_few { found.column.width } else { found.column.width.min(WISH_MAX).max(comfort) };
        let least = needed - GAP;
        chosen.push(Candidate { column: Column { width, ..found.column }, least, ..found });
    }
    left_out.append(&mut empty);
    if is_few {
        chosen.sort_by_key(|found| found.column.index);
    }
    (chosen, left_out)
}

/// Columns of a list that fit; those that are missed least make room for the others.
fn of_list(mut columns: Vec<Candidate>, names: &[&str], room: usize) -> (Vec<Candidate>, Vec<usize>) {
    let mut left_out = Vec::new();
    while columns.len() > 1 && columns.iter().map(|found| found.least + GAP).sum::<usize>() > room + GAP {
        left_out.insert(0, columns.remove(missed_least(&columns, names)).column.index);
    }
    (columns, left_out)
}

/// Which of the columns of a list is left out next.
fn missed_least(columns: &[Candidate], names: &[&str]) -> usize {
    let name = |position: usize| names[columns[position].column.index];
    let mut listed =
        LEFT_OUT.iter().filter_map(|left| (0..columns.len()).find(|position| name(*position) == *left));
    let last = || (1..columns.len()).rev().find(|position| !KEPT.contains(&name(*position)));
    listed.next().or_else(last).unwrap_or(columns.len() - 1)
}

/// Gives every column what it needs, and shares what is left: narrow columns get what they want, wide ones equal parts.
fn widened(chosen: &[Candidate], room: usize) -> Vec<Column> {
    let least: usize = chosen.iter().map(|found| found.least + GAP).sum();
    let mut left = (room + GAP).saturating_sub(least);
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    let wanted = |found: &Candidate| found.column.width.saturating_sub(found.least);
    order.sort_by_key(|position| wanted(&chosen[*position]));
    let mut columns: Vec<Column> = chosen.iter().map(|found| found.column).collect();
    for (done, position) in order.iter().enumerate() {
        let found = &chosen[*position];
        let more = wanted(found).min(left / (chosen.len() - done));
        // A terminal that is narrower than a single column breaks it all the same.
        let width_max = if chosen.len() == 1 { room.max(1) } else { usize::MAX };
        columns[*position].width = (found.least + more).min(width_max);
        left -= more;
    }
    columns
}

/// Letters that the lines of a column take once its cells are broken.
fn broken_width(rows: &[Vec<Cell>], index: usize, width_max: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(index));
    let lines = cells.flat_map(|cell| wrapped(&cell.pretty(), width_max));
    lines.map(|line| width(&line)).max().unwrap_or(0)
}
