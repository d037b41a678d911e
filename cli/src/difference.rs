//! The rows of a difference: as `diff` prints them, and as a report keeps them.

use std::collections::BTreeMap;

use engine::{Change, LinkAction, LinkEnd};
use serde::{Deserialize, Serialize};

use crate::render::{Cell, Rows, counted, json};

/// Columns of a difference.
const COLUMNS: &[&str] = &[
    "id",
    "type",
    "displayName",
    "change",
    "recoveryAction",
    "reason",
    "attributes",
    "links",
    "attributeCount",
    "linkCount",
    "unknown",
];

/// Columns of a summary.
const SUMMARY_COLUMNS: &[&str] = &["type", "change", "objects", "attributes", "links"];

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeRow {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) type_token: String,
    pub(crate) display_name: String,
    pub(crate) change: String,
    pub(crate) recovery_action: String,
    pub(crate) reason: String,
    pub(crate) attributes: Vec<AttributeRow>,
    pub(crate) links: Vec<LinkRow>,
    pub(crate) unknown: Vec<String>,
}

/// One attribute that differs; values are JSON texts, and an absent property has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttributeRow {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "json_text")]
    pub(crate) from_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "json_text")]
    pub(crate) to_value: Option<String>,
}

/// One link that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkRow {
    pub(crate) relation: String,
    pub(crate) target_id: String,
    pub(crate) change: String,
    /// `cascade` when it ended because an object at one of its ends was deleted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// `incoming` when the other end is the one that had the link.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) direction: String,
}

impl From<Change> for ChangeRow {
    fn from(change: Change) -> Self {
        let reason = change.reason_text().into_owned();
        let attributes = change.attributes.into_iter().map(|attribute| AttributeRow {
            name: attribute.name.to_string(),
            from_value: attribute.from.map(Into::into),
            to_value: attribute.to.map(Into::into),
        });
        let links = change.links.into_iter().map(|link| LinkRow {
            relation: link.relation.to_string(),
            target_id: link.target_id.to_string(),
            change: link.action.name().to_owned(),
            reason: link.cascade.map_or("", |_| "cascade").to_owned(),
            direction: if link.cascade == Some(LinkEnd::Source) { "incoming" } else { "" }.to_owned(),
        });
        Self {
            id: change.id.to_string(),
            type_token: change.type_token.to_string(),
            display_name: change.display_name.into(),
            change: change.kind.name().to_owned(),
            recovery_action: change.action.name().to_owned(),
            reason,
            attributes: attributes.collect(),
            links: links.collect(),
            unknown: change.unknown,
        }
    }
}

impl LinkRow {
    /// How the link ended, behind its relation; nothing when it came or went by itself.
    pub(crate) fn how(&self) -> &'static str {
        match (self.reason.as_str(), self.direction.as_str()) {
            ("", _) => "",
            (_, "") => " (cascade)",
            _ => " (cascade, incoming)",
        }
    }

    /// Whether the link came.
    pub(crate) fn is_added(&self) -> bool {
        self.change == LinkAction::Added.name()
    }
}

/// Saved rows keep JSON values byte for byte, so that a report says what the difference said.
mod json_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    use crate::render::json;

    #[expect(clippy::ref_option, reason = "serde fixes the signature")]
    pub(super) fn serialize<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        let value = RawValue::from_string(json::value(text.as_deref()));
        value.map_err(serde::ser::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        Box::<RawValue>::deserialize(from).map(|value| Some(value.get().to_owned()))
    }
}

/// The rows under their columns.
pub(crate) fn rows(changes: &[ChangeRow]) -> Rows {
    Rows { columns: COLUMNS, cells: changes.iter().map(cells).collect() }
}

/// The rows as one JSON array.
pub(crate) fn json_array(changes: &[ChangeRow]) -> String {
    array(changes.iter().map(|change| json::row_text(COLUMNS, &cells(change))))
}

fn cells(change: &ChangeRow) -> Vec<Cell> {
    vec![
        Cell::text(&change.id),
        Cell::text(&change.type_token),
        Cell::text(&change.display_name),
        Cell::text(&change.change),
        Cell::text(&change.recovery_action),
        Cell::text(&change.reason),
        Cell::Json(array(change.attributes.iter().map(attribute_json))),
        Cell::Json(array(change.links.iter().map(link_json))),
        Cell::Number(change.attributes.len() as u64),
        Cell::Number(change.links.len() as u64),
        Cell::Json(array(change.unknown.iter().map(|name| json::quoted(name)))),
    ]
}

fn attribute_json(attribute: &AttributeRow) -> String {
    let value = |text: &Option<String>| Cell::Json(json::value(text.as_deref()));
    let cells = [Cell::text(&attribute.name), value(&attribute.from_value), value(&attribute.to_value)];
    json::row_text(&["name", "fromValue", "toValue"], &cells)
}

fn link_json(link: &LinkRow) -> String {
    let members = [
        ("relation", &link.relation),
        ("targetId", &link.target_id),
        ("change", &link.change),
        ("reason", &link.reason),
        ("direction", &link.direction),
    ];
    // What has nothing to say is left out, but for the three that every link has.
    let told = members.iter().enumerate().filter(|(place, (_, value))| *place < 3 || !value.is_empty());
    let (names, cells): (Vec<&str>, Vec<Cell>) =
        told.map(|(_, (name, value))| (*name, Cell::text(*value))).unzip();
    json::row_text(&names, &cells)
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// Objects, attributes and links, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub(crate) objects: u64,
    pub(crate) attributes: u64,
    pub(crate) links: u64,
}

impl Totals {
    /// Counts all rows.
    pub(crate) fn of(changes: &[ChangeRow]) -> Self {
        let mut totals = Self::default();
        for change in changes {
            totals.add(change);
        }
        totals
    }

    fn add(&mut self, change: &ChangeRow) {
        self.objects += 1;
        self.attributes += change.attributes.len() as u64;
        self.links += change.links.len() as u64;
    }
}

/// Counts per type and kind of change, sorted by both.
pub(crate) fn summary(changes: &[ChangeRow]) -> Rows {
    let mut groups: BTreeMap<(&str, &str), Totals> = BTreeMap::new();
    for change in changes {
        groups.entry((&change.type_token, &change.change)).or_default().add(change);
    }
    let cells = groups.into_iter().map(|((type_token, change), totals)| {
        let numbers = [totals.objects, totals.attributes, totals.links].map(Cell::Number);
        [Cell::text(type_token), Cell::text(change)].into_iter().chain(numbers).collect()
    });
    Rows { columns: SUMMARY_COLUMNS, cells: cells.collect() }
}

/// One sentence that counts: `3 objects differ (1 added, 2 updated), 4 attributes, 1 link`.
pub(crate) fn sentence(changes: &[ChangeRow]) -> String {
    if changes.is_empty() {
        return "no difference".to_owned();
    }
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for change in changes {
        *kinds.entry(&change.change).or_default() += 1;
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, count)| format!("{} {kind}", crate::render::grouped(count))).collect();
    let totals = Totals::of(changes);
    let verb = if totals.objects == 1 { "differs" } else { "differ" };
    format!(
        "{} {verb} ({}), {}, {}",
        counted(totals.objects, "object"),
        kinds.join(", "),
        counted(totals.attributes, "attribute"),
        counted(totals.links, "link")
    )
}

#[cfg(test)]
pub(crate) mod tests;
