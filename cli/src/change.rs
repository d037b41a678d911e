//! The changes of a difference: as they are printed, and as a report keeps them.

use engine::{Change, LinkAction, LinkEnd};
use serde::{Deserialize, Serialize};

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

/// One link that was added or removed.
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
    /// How the link ended, behind its relation; nothing when it was added or removed by itself.
    pub(crate) fn how(&self) -> &'static str {
        match (self.reason.as_str(), self.direction.as_str()) {
            ("", _) => "",
            (_, "") => " (cascade)",
            _ => " (cascade, incoming)",
        }
    }

    /// Whether the link was added.
    pub(crate) fn is_added(&self) -> bool {
        self.change == LinkAction::Added.name()
    }
}

/// Saved rows keep JSON values byte for byte, so that a report says what the difference said.
mod json_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    use crate::output::json;

    #[expect(clippy::ref_option, reason = "serde fixes the signature")]
    pub(super) fn serialize<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        let value = RawValue::from_string(json::value(text.as_deref()));
        value.map_err(serde::ser::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        Box::<RawValue>::deserialize(from).map(|value| Some(value.get().to_owned()))
    }
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

    pub(crate) fn add(&mut self, change: &ChangeRow) {
        self.objects += 1;
        self.attributes += change.attributes.len() as u64;
        self.links += change.links.len() as u64;
    }
}

#[cfg(test)]
pub(crate) mod tests;
