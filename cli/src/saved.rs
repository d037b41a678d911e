//! Reports as the store keeps them: a journal of records, the newest word on an ID counts.

use engine::{Store, Unread};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::change::ChangeRow;
use crate::error::{Failure, Outcome, Status};

/// Name of the journal.
pub(crate) const JOURNAL: &str = "reports";

/// How many letters of an ID are enough to name it.
const PREFIX_LENGTH_MIN: usize = 4;

/// A saved difference.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) from: String,
    pub(crate) from_taken_at: Timestamp,
    pub(crate) to: String,
    pub(crate) to_taken_at: Timestamp,
    pub(crate) filter: Value,
    pub(crate) started: Timestamp,
    pub(crate) completed: Timestamp,
    pub(crate) objects: u64,
    pub(crate) attributes: u64,
    pub(crate) links: u64,
    /// What was not read at one of the two backups.
    #[serde(default)]
    pub(crate) unread: Vec<Unread>,
    /// Kept as one JSON text, so that numbers of any length come back as they were.
    #[serde(deserialize_with = "changes_from_text", default)]
    pub(crate) changes: Vec<ChangeRow>,
}

impl Saved {
    /// Reads a record of kind `created`.
    ///
    /// # Errors
    /// When the record is none.
    pub(crate) fn from_record(record: &Value) -> Outcome<Self> {
        Self::deserialize(record).map_err(|error| {
            let message = format!("the journal of reports holds a record that is no report: {error}");
            let help = "run `entrasnap verify --deep`";
            Failure::new("damaged", Status::Failed, message).with_help(help)
        })
    }

    /// Whether this is the report's whole ID or its name.
    pub(crate) fn answers(&self, name: &str) -> bool {
        self.id == name || self.name == name
    }
}

/// A new report's ID: 12 hexadecimal digits.
pub(crate) fn new_id(seed: [u8; 32]) -> String {
    let digits = seed[..6].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Changes as the text that a record keeps.
pub(crate) fn changes_text(changes: &[ChangeRow]) -> String {
    serde_json::to_string(changes).expect("changes are JSON values under text keys")
}

fn changes_from_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<ChangeRow>, D::Error> {
    let text = String::deserialize(from)?;
    serde_json::from_str(&text).map_err(serde::de::Error::custom)
}

/// All reports that are not deleted, oldest first, those with many changes without them.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn heads(store: &Store) -> Outcome<Vec<Saved>> {
    standing(&store.record_heads(JOURNAL)?)
}

/// What records leave standing.
fn standing(records: &[Value]) -> Outcome<Vec<Saved>> {
    let deleted: Vec<&Value> =
        records.iter().filter(|record| record["kind"] == "deleted").map(|record| &record["id"]).collect();
    records
        .iter()
        .filter(|record| record["kind"] == "created" && !deleted.contains(&&record["id"]))
        .map(Saved::from_record)
        .collect()
}

/// The report with an ID, a name, or the only one whose ID starts so.
///
/// # Errors
/// When there is none, or more than one.
pub(crate) fn find(store: &Store, name: &str) -> Outcome<Saved> {
    choose(standing(&store.records(JOURNAL)?)?, name)
}

fn choose(mut reports: Vec<Saved>, name: &str) -> Outcome<Saved> {
    if let Some(place) = reports.iter().position(|report| report.answers(name)) {
        return Ok(reports.swap_remove(place));
    }
    let known: Vec<String> = reports.iter().map(|report| report.id.clone()).collect();
    reports.retain(|report| name.len() >= PREFIX_LENGTH_MIN && report.id.starts_with(name));
    match reports.len() {
        1 => Ok(reports.swap_remove(0)),
        0 => {
            let message = format!("no report \"{name}\"");
            let help = match known.as_slice() {
                [] => "there are none; `entrasnap report create` makes one".to_owned(),
                known => format!("there are: {}", known.join(", ")),
            };
            Err(Failure::new("noReport", Status::Failed, message).with_help(help))
        }
        count => {
            let message = format!("\"{name}\" is the start of the IDs of {count} reports");
            Err(Failure::new("ambiguous", Status::Failed, message).with_help("use more letters of the ID"))
        }
    }
}

#[cfg(test)]
mod tests;
