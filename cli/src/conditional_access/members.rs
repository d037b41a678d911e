//! The members of a part of a policy, which are taken out as they are put into words.

use serde_json::{Map, Value};

use super::nouns;
use super::{Directory, Found, Item, ReferenceKind};

/// A part of a policy, such as its conditions.
#[derive(Debug)]
pub(super) struct Members {
    path: &'static str,
    value: Value,
}

impl Members {
    /// A copy of a part at a path.
    pub(super) fn of(path: &'static str, value: &Value) -> Self {
        Self { path, value: value.clone() }
    }

    /// Takes out the member at a path inside; what is null, empty or not there is none.
    pub(super) fn take(&mut self, path: &str) -> Option<Value> {
        let (inside, name) = path.rsplit_once('/').unwrap_or(("", path));
        let pointer = if inside.is_empty() { String::new() } else { format!("/{inside}") };
        let value = self.value.pointer_mut(&pointer)?.as_object_mut()?.remove(name)?;
        (!is_empty(&value)).then_some(value)
    }

    /// Takes out a text.
    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        match self.take(path)? {
            Value::String(text) => Some(text),
            other => {
                self.put_back(path, other);
                None
            }
        }
    }

    /// Takes out a list of texts, or the flags of one text.
    pub(super) fn list(&mut self, path: &str) -> Vec<String> {
        match self.take(path) {
            Some(Value::Array(elements)) if elements.iter().all(Value::is_string) => {
                elements.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(Value::String(flags)) => flags.split(',').map(|flag| flag.trim().to_owned()).collect(),
            Some(other) => {
                self.put_back(path, other);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Takes out a list of IDs, with the names of what they are of.
    pub(super) fn named(
        &mut self,
        path: &str,
        kind: ReferenceKind,
        directory: &mut dyn Directory,
    ) -> Vec<Item> {
        self.list(path).iter().map(|id| item(kind, id, directory)).collect()
    }

    /// What was not taken out: each path with its value.
    pub(super) fn rest(self) -> Vec<String> {
        let mut rest = Vec::new();
        collect(self.path, &self.value, &mut rest);
        rest
    }

    /// What is of another shape than expected stays for the last row.
    fn put_back(&mut self, path: &str, value: Value) {
        let (inside, name) = path.rsplit_once('/').unwrap_or(("", path));
        let pointer = if inside.is_empty() { String::new() } else { format!("/{inside}") };
        if let Some(members) = self.value.pointer_mut(&pointer).and_then(Value::as_object_mut) {
            members.insert(name.to_owned(), value);
        }
    }
}

/// An ID with the name of what it is of.
pub(super) fn item(kind: ReferenceKind, id: &str, directory: &mut dyn Directory) -> Item {
    if let Some(text) = nouns::well_known(kind, id) {
        return Item::plain(text);
    }
    let noun = nouns::noun(kind);
    let text = |name: &str| {
        let shown = if name.is_empty() { id } else { name };
        if noun.is_empty() { shown.to_owned() } else { format!("{noun} {shown}") }
    };
    match directory.find(kind, id) {
        Found::Live(name) => Item::plain(text(&name)),
        Found::Deleted(name) => Item { text: text(&name), missing: "in the recycle bin" },
        Found::Missing => Item { text: text(""), missing: "points at nothing in this backup" },
        Found::Unread => Item::plain(text("")),
    }
}

fn collect(path: &str, value: &Value, rest: &mut Vec<String>) {
    if is_empty(value) {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !name.contains("@odata.")) {
                collect(&format!("{path}.{name}"), value, rest);
            }
        }
        other => rest.push(format!("{path}: {other}")),
    }
}

/// Whether a value says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => Map::is_empty(members),
        _ => false,
    }
}
