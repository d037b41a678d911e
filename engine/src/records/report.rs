//! Reports: differences saved under an ID and a name (journal `reports`).
//!
//! Shape: a record of kind `created` holds a report, one of kind `deleted` takes it from the list. Records of other
//! kinds are left to the version that wrote them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, FieldKind as Kind, FieldValue as Cell};
use super::{decode, encode, record_heads, records};
use crate::coverage::Unread;
use crate::state::State;
use crate::{BackupId, Result};

/// The journal's name.
pub(crate) const JOURNAL: &str = "reports";

/// A saved difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// 12 hexadecimal digits.
    pub id: String,
    /// Its name; empty if it has none.
    #[serde(default)]
    pub name: String,
    /// How far it is: `completed`.
    pub status: String,
    /// The earlier backup.
    pub from: BackupId,
    /// When that was taken.
    pub from_taken_at: Timestamp,
    /// The later backup.
    pub to: BackupId,
    /// When that was taken.
    pub to_taken_at: Timestamp,
    /// What was chosen: `types`, `ids`, `where`. Null in a list when it is long.
    #[serde(default)]
    pub filter: Value,
    /// When making it began.
    pub started: Timestamp,
    /// When making it ended.
    pub completed: Timestamp,
    /// Objects that differ.
    pub objects: u64,
    /// Attributes that differ.
    pub attributes: u64,
    /// Links that differ.
    pub links: u64,
    /// What was not read at one of the two backups.
    #[serde(default)]
    pub unread: Vec<Unread>,
    /// The changed objects as one JSON text, so that numbers of any length stay as they are; none in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// Members of the record that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A record of the journal.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Record<'r> {
    Created(&'r Report),
    Deleted { id: &'r str, at: Timestamp },
}

impl Report {
    /// The fields that a table of reports shows.
    pub const FIELDS: [Field<Self>; 13] = [
        Field::new("id", Kind::Text, |report| Cell::text(&report.id)),
        Field::new("name", Kind::Text, |report| Cell::text(&report.name)),
        Field::new("status", Kind::Text, |report| Cell::text(&report.status)),
        Field::new("from", Kind::Text, |report| Cell::text(&report.from)),
        Field::new("fromTakenAt", Kind::Time, |report| Cell::Time(report.from_taken_at)),
        Field::new("to", Kind::Text, |report| Cell::text(&report.to)),
        Field::new("toTakenAt", Kind::Time, |report| Cell::Time(report.to_taken_at)),
        Field::new("filter", Kind::Json, |report| Cell::json(&report.filter)),
        Field::new("started", Kind::Time, |report| Cell::Time(report.started)),
        Field::new("completed", Kind::Time, |report| Cell::Time(report.completed)),
        Field::new("objects", Kind::Count, |report| Cell::Count(report.objects)),
        Field::new("attributes", Kind::Count, |report| Cell::Count(report.attributes)),
        Field::new("links", Kind::Count, |report| Cell::Count(report.links)),
    ];
}

/// As [`Store::reports`](crate::Store::reports).
pub(crate) fn reports(state: &State) -> Result<Vec<Report>> {
    let mut reports = standing_reports(state, record_heads(state, JOURNAL)?)?;
    for report in &mut reports {
        report.changes = None;
    }
    Ok(reports)
}

/// As [`Store::report`](crate::Store::report).
pub(crate) fn report(state: &State, id: &str) -> Result<Option<Report>> {
    let mut records = records(state, JOURNAL)?;
    records.retain(|record| record["id"] == id);
    Ok(standing_reports(state, records)?.pop())
}

/// The record of a report.
pub(crate) fn created(report: &Report) -> Result<Value> {
    encode(&Record::Created(report))
}

/// The record that takes a report from the list.
pub(crate) fn deleted(id: &str, at: Timestamp) -> Result<Value> {
    encode(&Record::Deleted { id, at })
}

fn standing_reports(state: &State, mut records: Vec<Value>) -> Result<Vec<Report>> {
    let deleted = records.iter().filter(|record| record["kind"] == "deleted");
    let deleted: Vec<Value> = deleted.map(|record| record["id"].clone()).collect();
    records.retain(|record| record["kind"] == "created" && !deleted.contains(&record["id"]));
    let reports = records.into_iter().map(|mut record| {
        // The kind says which type the record is of, and is no field of it.
        if let Some(members) = record.as_object_mut() {
            members.remove("kind");
        }
        decode(state, JOURNAL, record)
    });
    reports.collect()
}
