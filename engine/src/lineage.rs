//! Objects that were made again: under which IDs the same object was known.
//!
//! Shape: the journal `lineage` has a record for each time an object was re-created. Its history is that of all its IDs.

use serde_json::{Value, json};

use crate::{ObjectKey, Result, Store};

/// The journal's name.
const JOURNAL: &str = "lineage";

impl Store {
    /// Records that an object was made again under another ID.
    ///
    /// # Errors
    /// As [`Store::append_record`].
    pub fn add_lineage(
        &mut self,
        old: &ObjectKey,
        new_id: &str,
        recovery: &str,
        at: jiff::Timestamp,
    ) -> Result<()> {
        let record = json!({
            "type": &*old.type_token, "oldId": old.id, "newId": new_id, "recovery": recovery, "at": at.to_string(),
        });
        self.append_record(JOURNAL, &record)
    }

    /// All IDs under which an object was known, oldest first; its own alone when it was never made again.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn lineage(&self, object: &ObjectKey) -> Result<Vec<String>> {
        let mut ids = vec![object.id.clone()];
        // A store in which nothing was ever made again need not be asked twice.
        if !self.state().head.journals.contains_key(JOURNAL) {
            return Ok(ids);
        }
        let records = self.records(JOURNAL)?;
        let steps: Vec<(&str, &str)> = records
            .iter()
            .filter(|record| record["type"].as_str() == Some(&*object.type_token))
            .filter_map(|record| Some((text(record, "oldId")?, text(record, "newId")?)))
            .collect();
        for (old, new) in &steps {
            if ids.last().is_some_and(|last| last == old) && !ids.iter().any(|id| id == new) {
                ids.push((*new).to_owned());
            }
        }
        for (old, new) in steps.iter().rev() {
            if ids[0] == *new && !ids.iter().any(|id| id == old) {
                ids.insert(0, (*old).to_owned());
            }
        }
        Ok(ids)
    }
}

fn text<'r>(record: &'r Value, name: &str) -> Option<&'r str> {
    record[name].as_str()
}
