//! What a change comes to, whatever it is printed as: values path by path, lists element by element, links, each with
//! the names of what it points at.

use ingest::plan::StepLink;

use super::value::{Difference, differences};
use crate::change::{AttributeRow, ChangeRow, LinkRow};
use crate::names::{Names, is_guid};

/// What happened to an object, a value, an element or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Added,
    Removed,
    Changed,
}

/// A JSON text, and the name of what it points at, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) name: String,
}

impl Named {
    /// The text with its name behind it, both escaped as a format needs it.
    pub(super) fn shown(&self, escape: impl Fn(&str) -> String) -> String {
        let text = escape(&self.text);
        if self.name.is_empty() { text } else { format!("{text} ({})", escape(&self.name)) }
    }
}

/// One thing that changed in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detail {
    Value {
        path: String,
        from: Named,
        to: Named,
    },
    List {
        path: String,
        elements: Vec<(Mark, Named)>,
        /// The new list, where its order does not follow from the elements.
        order: Option<String>,
    },
    Link {
        mark: Mark,
        relation: String,
        target: String,
        /// Why it ended, or nothing.
        note: &'static str,
    },
    /// Properties that were not read on one side.
    Unobserved(String),
    /// What is worth knowing besides.
    Note(String),
}

/// What happened to the object of a change.
pub(crate) fn mark_of(change: &ChangeRow) -> Mark {
    match change.change.as_str() {
        "added" | "restored" => Mark::Added,
        "updated" => Mark::Changed,
        _ => Mark::Removed,
    }
}

/// What undoes a change, or why nothing does; empty when there is nothing to say.
pub(crate) fn undo_of(change: &ChangeRow) -> String {
    match (change.recovery_action.as_str(), change.reason.as_str()) {
        ("none", reason) => reason.to_owned(),
        (action, "") => format!("undo: {action}"),
        (action, reason) => format!("undo: {action} ({reason})"),
    }
}

/// Everything that changed in an object.
pub(crate) fn details(change: &ChangeRow, names: &mut Names) -> Vec<Detail> {
    let mut details = Vec::new();
    for AttributeRow { name, from_value, to_value } in &change.attributes {
        details.extend(values(name, from_value.as_deref(), to_value.as_deref(), names));
    }
    details.extend(change.links.iter().map(|link| of_link(link, names)));
    if !change.unknown.is_empty() {
        details.push(Detail::Unobserved(change.unknown.join(", ")));
    }
    details
}

/// What differs between the two values at a path.
pub(crate) fn values(path: &str, from: Option<&str>, to: Option<&str>, names: &mut Names) -> Vec<Detail> {
    let found = differences(path, from, to).into_iter();
    let details = found.map(|difference| match difference {
        Difference::Value { path, from, to } => {
            Detail::Value { path, from: named(from, names), to: named(to, names) }
        }
        Difference::List { path, removed, added, order } => {
            let removed = removed.into_iter().map(|element| (Mark::Removed, element));
            let added = added.into_iter().map(|element| (Mark::Added, element));
            let elements = removed.chain(added).map(|(mark, element)| (mark, named(Some(element), names)));
            Detail::List { path, elements: elements.collect(), order: order.map(str::to_owned) }
        }
    });
    details.collect()
}

/// A value with the name of what it points at.
pub(crate) fn named(text: Option<&str>, names: &mut Names) -> Named {
    let Some(text) = text else { return Named { text: "(absent)".to_owned(), name: String::new() } };
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name = inner.filter(|inner| is_guid(inner)).map(|id| names.get(id).name).unwrap_or_default();
    Named { text: text.to_owned(), name }
}

fn of_link(link: &LinkRow, names: &mut Names) -> Detail {
    let known = names.get(&link.target_id);
    Detail::Link {
        mark: if link.is_added() { Mark::Added } else { Mark::Removed },
        relation: link.relation.clone(),
        target: target(&known.type_token, &known.name, &link.target_id),
        note: link.how(),
    }
}

/// A link of a step of a plan.
pub(crate) fn of_step_link(mark: Mark, link: &StepLink) -> Detail {
    let target = target(&link.target_type, &link.target_name, &link.target_id);
    Detail::Link { mark, relation: link.relation.clone(), target, note: "" }
}

/// An object by its type, name and ID, as far as they are known.
fn target(type_token: &str, name: &str, id: &str) -> String {
    match (name, type_token) {
        ("", "") => id.to_owned(),
        ("", kind) => format!("{kind} {id}"),
        (name, "") => format!("{name} ({id})"),
        (name, kind) => format!("{kind} {name} ({id})"),
    }
}
