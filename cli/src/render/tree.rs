//! A difference for people: one line per object, what changed in it below, counts at the end.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::difference::{AttributeRow, ChangeRow, LinkRow, sentence};
use crate::names::{Names, is_guid};

use super::{Look, printable};

/// What a line says about its object, attribute or link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Came,
    Went,
    Differs,
}

/// The whole difference.
pub(crate) fn render(changes: &[ChangeRow], names: &mut Names, look: Look) -> String {
    let mut out = String::new();
    for change in changes {
        out.push_str(&headline(change, look));
        out.push_str(&details(change, names, look));
    }
    out.push_str(&sentence(changes));
    out.push('\n');
    out
}

/// What changed in one object, one line each, without its headline.
pub(crate) fn details(change: &ChangeRow, names: &mut Names, look: Look) -> String {
    let mut out = String::new();
    for attribute in &change.attributes {
        out.push_str(&attribute_lines(attribute, names, look));
    }
    for link in &change.links {
        out.push_str(&link_line(link, names, look));
    }
    if !change.unknown.is_empty() {
        let list = printable(&change.unknown.join(", "));
        writeln!(out, "    ? not observed on one side: {list}").ok();
    }
    out
}

/// One object: `~ user Ann Example (ID) updated; undo: update`.
pub(crate) fn headline(change: &ChangeRow, look: Look) -> String {
    let mark = match change.change.as_str() {
        "added" | "restored" => Mark::Came,
        "updated" => Mark::Differs,
        _ => Mark::Went,
    };
    let name = match change.display_name.as_str() {
        "" => change.id.clone(),
        name => format!("{name} ({})", change.id),
    };
    let undo = match (change.recovery_action.as_str(), change.reason.as_str()) {
        ("none", "") => String::new(),
        ("none", reason) => format!("; {reason}"),
        (action, "") => format!("; undo: {action}"),
        (action, reason) => format!("; undo: {action} ({reason})"),
    };
    let text = format!("{} {}: {}{undo}", change.type_token, name, change.change);
    look.marked(mark, &printable(&text), 0)
}

fn attribute_lines(attribute: &AttributeRow, names: &mut Names, look: Look) -> String {
    let name = printable(&attribute.name);
    let (from, to) = (attribute.from_value.as_deref(), attribute.to_value.as_deref());
    if let Some((went, came)) = from.zip(to).and_then(|(from, to)| element_changes(from, to)) {
        let mut out = look.marked(Mark::Differs, &name, 4);
        let room = look.width.saturating_sub(10);
        for (mark, elements) in [(Mark::Went, went), (Mark::Came, came)] {
            for element in elements {
                out.push_str(&look.marked(mark, &value(Some(element), names, look, room), 6));
            }
        }
        return out;
    }
    let room = look.width.saturating_sub(name.chars().count() + 12);
    let length = |text: Option<&str>| text.map_or(8, |text| text.chars().count());
    let (from_room, to_room) = shares(room, length(from), length(to));
    let from = value(from, names, look, from_room);
    let to = value(to, names, look, to_room);
    look.marked(Mark::Differs, &format!("{name}: {from} -> {to}"), 4)
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

fn link_line(link: &LinkRow, names: &mut Names, look: Look) -> String {
    let known = names.get(&link.target_id);
    let target = match (known.name.as_str(), known.type_token.as_str()) {
        ("", "") => link.target_id.clone(),
        ("", kind) => format!("{kind} {}", link.target_id),
        (name, kind) => format!("{kind} {name} ({})", link.target_id),
    };
    let mark = if link.is_added() { Mark::Came } else { Mark::Went };
    look.marked(mark, &printable(&format!("{}: {target}{}", link.relation, link.how())), 4)
}

/// A value with the name of what it points at, cut to the room there is.
fn value(text: Option<&str>, names: &mut Names, look: Look, room: usize) -> String {
    let Some(text) = text else { return "(absent)".to_owned() };
    let shown = look.cut(&printable(text), room);
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.filter(|inner| is_guid(inner)).map(|id| names.get(id).name) {
        Some(name) if !name.is_empty() => format!("{shown} ({})", printable(&name)),
        _ => shown,
    }
}

/// The elements that went and came, when both values are arrays and that tells the change.
fn element_changes<'text>(from: &'text str, to: &'text str) -> Option<(Vec<&'text str>, Vec<&'text str>)> {
    let elements = |text: &'text str| -> Option<Vec<&'text str>> {
        let raw: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        Some(raw.into_iter().map(RawValue::get).collect())
    };
    let (from, to) = (elements(from)?, elements(to)?);
    if from.is_empty() && to.is_empty() {
        return None;
    }
    let went = without(&from, &to);
    let came = without(&to, &from);
    (!went.is_empty() || !came.is_empty()).then_some((went, came))
}

/// The elements of `left` that are not in `right`, each as often as it is missing there.
fn without<'text>(left: &[&'text str], right: &[&'text str]) -> Vec<&'text str> {
    let mut count = std::collections::HashMap::new();
    for element in right {
        *count.entry(*element).or_insert(0_usize) += 1;
    }
    let is_missing = |element: &&'text str| match count.get_mut(element) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    left.iter().copied().filter(is_missing).collect()
}

impl Look {
    /// A line with its mark, coloured when colours are wanted.
    fn marked(self, mark: Mark, text: &str, indent: usize) -> String {
        let (sign, color) = match mark {
            Mark::Came => ('+', "\u{1b}[32m"),
            Mark::Went => ('-', "\u{1b}[31m"),
            Mark::Differs => ('~', "\u{1b}[33m"),
        };
        let space = " ".repeat(indent);
        if self.color {
            format!("{space}{color}{sign} {text}\u{1b}[0m\n")
        } else {
            format!("{space}{sign} {text}\n")
        }
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

/// A difference as a Markdown table, and its counts.
pub(crate) fn markdown(changes: &[ChangeRow]) -> String {
    use super::markdown::escaped;
    let mut out =
        String::from("| change | type | name | ID | undo | what |\n| --- | --- | --- | --- | --- | --- |\n");
    for change in changes {
        let attributes = change.attributes.iter().map(|attribute| {
            let shown = |text: &Option<String>| escaped(text.as_deref().unwrap_or("(absent)"));
            let (from, to) = (shown(&attribute.from_value), shown(&attribute.to_value));
            format!("{}: {from} → {to}", escaped(&attribute.name))
        });
        let links = change.links.iter().map(|link| {
            let (relation, target) = (escaped(&link.relation), escaped(&link.target_id));
            format!("{relation} {}{}: {target}", link.change, link.how())
        });
        let what: Vec<String> = attributes.chain(links).collect();
        let fields =
            [&change.change, &change.type_token, &change.display_name, &change.id, &change.recovery_action];
        let fields = fields.map(|field| escaped(field)).join(" | ");
        writeln!(out, "| {fields} | {} |", what.join("<br>")).ok();
    }
    format!("{out}\n{}\n", sentence(changes))
}

#[cfg(test)]
mod tests;
