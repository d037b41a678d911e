//! Steps of a recovery: what each does, and what became of it (journal `recovery-ID`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, FieldKind as Kind, FieldValue as Cell};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// Writes attributes.
    Update,
    /// Adds links, makes a relation object again, or an element of a collection below an object.
    AddLink,
    /// Takes links away, removes a relation object, a credential, or an element of a collection below an object.
    RemoveLink,
    /// Restores an object from the bin, under its ID.
    Restore,
    /// Makes an object again, under a new ID.
    Recreate,
    /// Moves an object into the bin.
    SoftDelete,
    /// Deletes an object for good.
    HardDelete,
}

/// An object, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanObject {
    /// Its ID; of a relation object its natural key, `a|b|c`.
    pub id: String,
    /// Its type token.
    #[serde(rename = "type")]
    pub type_token: String,
    /// Its name; empty if it has none.
    pub display_name: String,
}

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepStatus {
    /// Not begun.
    Pending,
    /// Its request was about to be sent.
    Intended,
    /// Its effect was read back.
    Done,
    /// The values were as wanted already; no request was sent.
    Already,
    /// The observed values are neither as planned nor as wanted.
    Conflict,
    /// Graph refused.
    Failed,
    /// A step that it depends on has no effect.
    Skipped,
    /// It is not known whether it took effect.
    Uncertain,
    /// Graph accepted it, and reading back does not show it yet.
    Unconfirmed,
}

impl StepStatus {
    /// Whether steps that depend on it may go on.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Done | Self::Already | Self::Unconfirmed)
    }

    /// Whether it is decided.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Intended)
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutcome {
    /// The step's ID in the plan.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// Its state.
    pub status: StepStatus,
    /// The object that it is about.
    pub object: PlanObject,
    /// The values before; null for what was absent.
    #[serde(default)]
    pub before: Value,
    /// The values that are wanted.
    #[serde(default)]
    pub after: Value,
    /// The links that it makes or removes, without those that were as wanted.
    #[serde(default)]
    pub links: Value,
    /// Steps it depends on.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// The request; placeholders stay.
    #[serde(default)]
    pub request: Value,
    /// The reason of the status: Graph's code and message, or what differs.
    #[serde(default)]
    pub error: Value,
    /// Graph's ID of the request.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The properties that were written, of a step that Graph refused in part; the relation, when `links` has those of its
    /// links that were made or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// It took a name in a swap that failed, and gives it back, or did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_back: bool,
    /// IDs of what it created: `id`, `appId`.
    #[serde(default)]
    pub created: BTreeMap<String, String>,
    /// When it was decided.
    #[serde(default)]
    pub completed: Option<Timestamp>,
    /// Members of the record that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl StepOutcome {
    /// The fields that a table of steps shows.
    pub const FIELDS: [Field<Self>; 12] = [
        Field::new("id", Kind::Text, |step| Cell::text(&step.id)),
        Field::new("kind", Kind::Text, |step| Cell::word(step.kind)),
        Field::new("status", Kind::Text, |step| Cell::word(step.status)),
        Field::new("object", Kind::Json, |step| Cell::json_of(&step.object)),
        Field::new("before", Kind::Json, |step| Cell::json(&step.before)),
        Field::new("after", Kind::Json, |step| Cell::json(&step.after)),
        Field::new("links", Kind::Json, |step| Cell::json(&step.links)),
        Field::new("dependsOn", Kind::Json, |step| Cell::json_of(&step.depends_on)),
        Field::new("request", Kind::Json, |step| Cell::json(&step.request)),
        Field::new("error", Kind::Json, |step| Cell::json(&step.error)),
        Field::new("completed", Kind::Time, |step| Cell::time(step.completed)),
        Field::new("requestId", Kind::Text, |step| step.request_id.as_deref().map_or(Cell::Null, Cell::text)),
    ];

    /// The outcome of a step that has not begun, from the step as the plan has it.
    pub(super) fn pending(step: &Value) -> serde_json::Result<Self> {
        const MEMBERS: [&str; 7] = ["id", "kind", "object", "after", "links", "dependsOn", "request"];
        let member = |name: &&str| Some(((*name).to_owned(), step.get(name)?.clone()));
        let mut record: Map<String, Value> = MEMBERS.iter().filter_map(member).collect();
        record.insert("status".to_owned(), serde_json::to_value(StepStatus::Pending)?);
        serde_json::from_value(Value::Object(record))
    }
}
