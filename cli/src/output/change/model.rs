//! Owns the parts that a drawn change consists of, whatever it is printed as.

use super::named::Named;
use crate::change::ChangeRow;
use crate::names::Side;

/// What happened to an object, a value, an element or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Added,
    Removed,
    Changed,
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
    /// What an object that is new or gone holds.
    Held {
        mark: Mark,
        path: String,
        value: Named,
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

/// How much is shown of what objects hold that are new or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Nothing.
    Headline,
    /// What people want to know first.
    First,
    /// Everything.
    Whole,
}

/// The side that tells what the object of a change is.
pub(crate) fn side_of(change: &ChangeRow) -> Side {
    match mark_of(change) {
        Mark::Removed => Side::From,
        Mark::Added | Mark::Changed => Side::To,
    }
}

/// An object by its type, name and ID, as far as they are known.
pub(super) fn target(type_token: &str, name: &str, id: &str) -> String {
    match (name, type_token) {
        ("", "") => id.to_owned(),
        ("", kind) => format!("{kind} {id}"),
        (name, "") => format!("{name} ({id})"),
        (name, kind) => format!("{kind} {name} ({id})"),
    }
}
