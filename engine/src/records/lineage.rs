//! Objects that were created again: the IDs under which one object was known (journal `lineage`).
//!
//! Shape: one record per re-creation. The history of the object is that of all its IDs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{decode, encode, records};
use crate::state::State;
use crate::{ObjectKey, Result};

/// The journal's name.
pub(crate) const JOURNAL: &str = "lineage";

/// One object created again under another ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// Its type token.
    #[serde(rename = "type")]
    pub type_token: String,
    /// The ID that it had.
    pub old_id: String,
    /// The ID that it has.
    pub new_id: String,
    /// The recovery that created it.
    pub recovery: String,
    /// When.
    pub at: Timestamp,
    /// Members of the record that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The record of an object that was created again under another ID.
pub(crate) fn record(old: &ObjectKey, new_id: &str, recovery: &str, at: Timestamp) -> Result<Value> {
    encode(&Lineage {
        type_token: old.type_token.to_string(),
        old_id: old.id.clone(),
        new_id: new_id.to_owned(),
        recovery: recovery.to_owned(),
        at,
        other: Map::new(),
    })
}

/// As [`Store::lineages`](crate::Store::lineages).
pub(crate) fn lineages(state: &State) -> Result<Vec<Lineage>> {
    records(state, JOURNAL)?.into_iter().map(|record| decode(state, JOURNAL, record)).collect()
}

/// As [`Store::lineage`](crate::Store::lineage).
pub(crate) fn lineage(state: &State, object: &ObjectKey) -> Result<Vec<String>> {
    let mut ids = vec![object.id.clone()];
    // A history asks for every object: a store without the journal answers without a file operation.
    if !state.head.journals.contains_key(JOURNAL) {
        return Ok(ids);
    }
    let mut lineages = lineages(state)?;
    lineages.retain(|lineage| lineage.type_token == *object.type_token);
    for Lineage { old_id, new_id, .. } in &lineages {
        if ids.last() == Some(old_id) && !ids.contains(new_id) {
            ids.push(new_id.clone());
        }
    }
    for Lineage { old_id, new_id, .. } in lineages.iter().rev() {
        if ids[0] == *new_id && !ids.contains(old_id) {
            ids.insert(0, old_id.clone());
        }
    }
    Ok(ids)
}
