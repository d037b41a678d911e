//! Changes for people: one line per object, what changed in it below, counts at the end. Plans draw their steps with the
//! same lines.

use std::fmt::Write as _;

use super::super::Look;
use super::super::text::printable;
use super::content::Budget;
use super::detail::{Detail, Extent, Mark, details, mark_of, title_of, undo_of};
use super::named::Named;
use super::{sentence, unshown};
use crate::change::ChangeRow;
use crate::names::Names;

/// The indentation of lines below their object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Spaces in front.
    pub(crate) indent: usize,
    /// Whether each line has a mark of its own, or the line of the object says what happened.
    pub(crate) has_marks: bool,
}

/// Below the line of an object that differs.
const BELOW_OBJECT: Frame = Frame { indent: 4, has_marks: true };

/// The whole difference.
pub(crate) fn render(changes: &[ChangeRow], names: &mut Names, look: Look) -> String {
    let mut out = String::new();
    let mut budget = Budget::new(look.whole);
    for change in changes {
        out.push_str(&headline(change, names, look));
        out.push_str(&below(change, names, budget.next(change), look));
    }
    out.push_str(&sentence(changes));
    out.push('\n');
    if let Some(text) = unshown(&budget) {
        out.push_str(&text);
        out.push('\n');
    }
    out
}

/// One object: `~ user Ann Example (ID): updated; undo: update`.
pub(crate) fn headline(change: &ChangeRow, names: &mut Names, look: Look) -> String {
    let name = match title_of(change, names).as_str() {
        "" => change.id.clone(),
        name => format!("{name} ({})", change.id),
    };
    let undo = match undo_of(change) {
        undo if undo.is_empty() => undo,
        undo => format!("; {undo}"),
    };
    let text = format!("{} {}: {}{undo}", change.type_token, name, change.change);
    look.marked(mark_of(change), &printable(&text), 0)
}

/// What changed in one object, or what it holds, without its headline.
pub(crate) fn below(change: &ChangeRow, names: &mut Names, extent: Extent, look: Look) -> String {
    details(change, names, extent).iter().map(|detail| lines(detail, BELOW_OBJECT, look)).collect()
}

/// The lines of one detail.
pub(crate) fn lines(detail: &Detail, frame: Frame, look: Look) -> String {
    let marked = |mark, text: &str| {
        if frame.has_marks { look.marked(mark, text, frame.indent) } else { plain(text, frame.indent) }
    };
    match detail {
        Detail::Value { path, from, to } => value_line(path, from, to, frame, look),
        Detail::List { path, elements, order } => {
            let mut out = marked(Mark::Changed, &printable(path));
            let indent = frame.indent + 2;
            for (mark, element) in elements {
                tree(&mut out, (*mark, ""), element, indent, look);
            }
            // The order of a set means nothing, so only the whole output says it.
            if let Some(order) = order.as_ref().filter(|_| look.whole) {
                out.push_str(&plain(&format!("in the order {}", printable(order)), indent));
            }
            out
        }
        Detail::Link { mark, relation, target, note } => {
            marked(*mark, &printable(&format!("{relation}: {target}{note}")))
        }
        Detail::Held { mark, path, value: held } => {
            let mut out = String::new();
            tree(&mut out, (*mark, path), held, frame.indent, look);
            out
        }
        Detail::Unobserved(names) => {
            plain(&format!("? not observed on one side: {}", printable(names)), frame.indent)
        }
        Detail::Note(text) => plain(&printable(text), frame.indent),
    }
}

fn plain(text: &str, indent: usize) -> String {
    let mut line = " ".repeat(indent);
    writeln!(line, "{text}").ok();
    line
}

/// A value that differs: on one line where it has room, else part by part.
fn value_line(path: &str, from: &Named, to: &Named, frame: Frame, look: Look) -> String {
    let marked = |text: &str| {
        if frame.has_marks {
            look.marked(Mark::Changed, text, frame.indent)
        } else {
            plain(text, frame.indent)
        }
    };
    let path = printable(path);
    let room = look.width.saturating_sub(path.chars().count() + frame.indent + 8);
    let length = |value: &Named| value.text.chars().count();
    let (from_room, to_room) = shares(room, length(from), length(to));
    let is_long = length(from) > from_room || length(to) > to_room;
    if !look.whole && is_long && !(from.parts.is_empty() && to.parts.is_empty()) {
        let mut out = marked(&path);
        tree(&mut out, (Mark::Removed, ""), from, frame.indent + 2, look);
        tree(&mut out, (Mark::Added, ""), to, frame.indent + 2, look);
        return out;
    }
    let (mut before, mut after) = (value(from, look, from_room), value(to, look, to_room));
    if before == after {
        // Cut, they would look the same.
        let whole = Look { whole: true, ..look };
        (before, after) = (value(from, whole, 0), value(to, whole, 0));
    }
    marked(&format!("{path}: {before} -> {after}"))
}

/// A value on a line of its own, or, where it has no room there, its parts below each other.
fn tree(out: &mut String, (mark, label): (Mark, &str), held: &Named, indent: usize, look: Look) {
    let label = printable(label);
    let used = if label.is_empty() { 0 } else { label.chars().count() + 2 };
    let room = look.width.saturating_sub(indent + 2 + used);
    if look.whole || held.parts.is_empty() || held.text.chars().count() <= room {
        let text = value(held, look, room);
        let text = if label.is_empty() { text } else { format!("{label}: {text}") };
        out.push_str(&look.marked(mark, &text, indent));
        return;
    }
    if !label.is_empty() {
        out.push_str(&look.marked(mark, &label, indent));
    }
    for (index, (name, part)) in held.parts.iter().enumerate() {
        // The first part of an element stands in its place, the others below it.
        let is_first = label.is_empty() && (index == 0 || name.is_empty());
        let indent = if is_first { indent } else { indent + 2 };
        tree(out, (mark, name), part, indent, look);
    }
}

/// Shares the room of a line between two values: what the shorter leaves is the longer one's.
fn shares(room: usize, left: usize, right: usize) -> (usize, usize) {
    let half = room / 2;
    match (left <= half, right <= half) {
        (true, _) => (left, room - left),
        (false, true) => (room - right, right),
        (false, false) => (half, half),
    }
}

/// A value cut to the room there is, and its name behind it.
fn value(value: &Named, look: Look, room: usize) -> String {
    let shown = look.cut(&printable(&value.text), room);
    if value.name.is_empty() { shown } else { format!("{shown} ({})", printable(&value.name)) }
}

fn sign(mark: Mark) -> (char, &'static str) {
    match mark {
        Mark::Added => ('+', "\u{1b}[32m"),
        Mark::Removed => ('-', "\u{1b}[31m"),
        Mark::Changed => ('~', "\u{1b}[33m"),
    }
}

impl Look {
    /// A line with its mark, coloured when colours are wanted.
    pub(crate) fn marked(self, mark: Mark, text: &str, indent: usize) -> String {
        let (sign, color) = sign(mark);
        let space = " ".repeat(indent);
        if self.color {
            format!("{space}{color}{sign} {text}\u{1b}[0m\n")
        } else {
            format!("{space}{sign} {text}\n")
        }
    }

    /// A mark alone, coloured when colours are wanted.
    pub(crate) fn marked_sign(self, mark: Mark) -> String {
        let (sign, color) = sign(mark);
        if self.color { format!("{color}{sign}\u{1b}[0m") } else { sign.to_string() }
    }

    /// A text cut to so many letters, with a sign that it was.
    pub(crate) fn cut(self, text: &str, room: usize) -> String {
        let room = room.max(16);
        if self.whole || text.chars().count() <= room {
            return text.to_owned();
        }
        text.chars().take(room - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests;
