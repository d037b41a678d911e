//! Objects that were created again: the IDs under which one object was known (journal `lineage`).
//!
//! Shape: one record per re-creation. The history of the object is that of all its IDs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ObjectKey, Result, Store};

/// The journal's name.
const JOURNAL: &str = "lineage";

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

impl Store {
    /// Records that an object was created again under another ID.
    ///
    /// # Errors
    /// As [`Store::append_record`].
    pub fn add_lineage(
        &mut self,
        old: &ObjectKey,
        new_id: &str,
        recovery: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.append_typed(
            JOURNAL,
            &Lineage {
                type_token: old.type_token.to_string(),
                old_id: old.id.clone(),
                new_id: new_id.to_owned(),
                recovery: recovery.to_owned(),
                at,
                other: Map::new(),
            },
        )
    }

    /// Every object that was created again, oldest first.
    ///
    /// # Errors
    /// As [`Store::records`]; `Damaged` when a record is not one of lineage.
    pub fn lineages(&self) -> Result<Vec<Lineage>> {
        self.records(JOURNAL)?.into_iter().map(|record| self.decode(JOURNAL, record)).collect()
    }

    /// All IDs under which an object was known, oldest first; its own alone when it was never created again.
    ///
    /// # Errors
    /// As [`Store::lineages`].
    pub fn lineage(&self, object: &ObjectKey) -> Result<Vec<String>> {
        let mut ids = vec![object.id.clone()];
        // A history asks for every object: a store without the journal answers without a file operation.
        if !self.state().head.journals.contains_key(JOURNAL) {
            return Ok(ids);
        }
        let mut lineages = self.lineages()?;
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
}
