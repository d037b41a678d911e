//! Fields of a record as columns: a name, a kind, and how to read the value.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A count.
    Count,
    /// An instant.
    Time,
    /// Any JSON value.
    Json,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'r> {
    /// Not recorded, or not yet.
    Null,
    /// A text.
    Text(Cow<'r, str>),
    /// A count.
    Count(u64),
    /// An instant.
    Time(Timestamp),
    /// Any JSON value.
    Json(Cow<'r, Value>),
}

/// One field of the records of type `R`; its name is the member's name in the journal.
#[derive(Debug)]
pub struct Field<R> {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Reads it.
    pub value: for<'r> fn(&'r R) -> FieldValue<'r>,
}

impl<R> Field<R> {
    pub(super) const fn new(
        name: &'static str,
        kind: FieldKind,
        value: for<'r> fn(&'r R) -> FieldValue<'r>,
    ) -> Self {
        Self { name, kind, value }
    }
}

impl<'r> FieldValue<'r> {
    pub(super) fn text(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The word by which the journal names a status or kind.
    pub(super) fn word(token: impl Serialize) -> Self {
        match serde_json::to_value(token) {
            Ok(Value::String(word)) => Self::Text(Cow::Owned(word)),
            _ => Self::Null,
        }
    }

    pub(super) fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }

    /// A value kept as JSON.
    pub(super) fn json(value: &'r Value) -> Self {
        Self::Json(Cow::Borrowed(value))
    }

    /// A value as the journal writes it.
    pub(super) fn json_of(value: impl Serialize) -> Self {
        serde_json::to_value(value).map_or(Self::Null, |value| Self::Json(Cow::Owned(value)))
    }
}
