//! What a store keeps beside its backups: journals, and the reports, recoveries and lineage in them; seals.
//!
//! Here is what changes HEAD; what is read of a journal is made by `records`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Store;
use crate::recording::{self, RecordWriter};
use crate::records::read::journal_file;
use crate::records::{self, lineage, recovery, report};
use crate::records::{Lineage, Recovery, RecoverySummary, Report, StepOutcome};
use crate::{Error, ObjectKey, Result, seal};

impl Store {
    /// Appends a record to a hash-chained journal, such as `reports`, and syncs it.
    ///
    /// # Errors
    /// `Locked`, `Damaged`, `Invalid` (the journal's name) or `Disk`.
    pub fn append_record(&mut self, journal: &str, record: &Value) -> Result<()> {
        let state = Arc::clone(self.state());
        self.with_head_lock(|store| {
            let folder = state.root.join("journals");
            // What HEAD knows must still be there: a record after a loss would make the loss the truth.
            store.records(journal)?;
            let head = journal_file(&state, &folder, journal).append(std::slice::from_ref(record))?;
            let headed = store.write_head(|store_head| {
                store_head.generation += 1;
                store_head.journals.insert(journal.to_owned(), head);
            });
            // Who reads the journal finds the record, whether or not HEAD knows of it.
            headed.and_then(|synced| synced).map_err(|source| Error::Committed {
                what: format!("the record in the journal {journal}"),
                source: Box::new(source),
            })
        })
    }

    /// All records of a journal, oldest first; none if there is no such journal.
    ///
    /// # Errors
    /// `Damaged`, `Invalid` (the journal's name) or `Disk`.
    pub fn records(&self, journal: &str) -> Result<Vec<Value>> {
        records::records(self.state(), journal)
    }

    /// All records of a journal, oldest first, without their long members.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn record_heads(&self, journal: &str) -> Result<Vec<Value>> {
        records::record_heads(self.state(), journal)
    }

    /// Makes the catalog anew from the journals; returns how many records it has.
    ///
    /// # Errors
    /// `Damaged` when a journal is, or `Disk`.
    pub fn reindex(&mut self) -> Result<u64> {
        records::reindex(self.state())
    }

    /// Opens a journal for appending, such as one recovery's.
    ///
    /// # Errors
    /// `Locked` while another writer has it open; `Damaged`, also when records that HEAD knows are missing; `Invalid`
    /// (the journal's name) or `Disk`.
    pub fn open_journal(&self, name: &str) -> Result<RecordWriter> {
        recording::open_journal(self.state(), name)
    }

    /// The names of all journals, ascending.
    ///
    /// # Errors
    /// `Disk`.
    pub fn journals(&self) -> Result<Vec<String>> {
        recording::journals(self.state())
    }

    /// All reports that are not deleted, oldest first, without their changes.
    ///
    /// # Errors
    /// As [`Store::record_heads`]; `Damaged` when a record is no report.
    pub fn reports(&self) -> Result<Vec<Report>> {
        report::reports(self.state())
    }

    /// The report with this ID, with its changes; none when there is none or it is deleted.
    ///
    /// # Errors
    /// As [`Store::records`]; `Damaged` when a record is no report.
    pub fn report(&self, id: &str) -> Result<Option<Report>> {
        report::report(self.state(), id)
    }

    /// Saves a report.
    ///
    /// # Errors
    /// As [`Store::append_record`].
    pub fn add_report(&mut self, report: &Report) -> Result<()> {
        self.append_record(report::JOURNAL, &report::created(report)?)
    }

    /// Takes a report from the list; its record stays in the journal.
    ///
    /// # Errors
    /// As [`Store::append_record`].
    pub fn delete_report(&mut self, id: &str, at: Timestamp) -> Result<()> {
        self.append_record(report::JOURNAL, &report::deleted(id, at)?)
    }

    /// All recoveries, oldest first. One that did not end is running while a process holds the lock of recoveries.
    ///
    /// # Errors
    /// As [`Store::records`]; `Damaged` when a record is no recovery.
    pub fn recoveries(&self) -> Result<Vec<RecoverySummary>> {
        recovery::recoveries(self.state(), || self.recovery_holder())
    }

    /// What a recovery began with and did, by its whole ID; none when it has no journal.
    ///
    /// # Errors
    /// As [`Store::records`]; `Damaged` when a record is not of a recovery.
    pub fn recovery<P: DeserializeOwned>(&self, id: &str) -> Result<Option<Recovery<P>>> {
        recovery::recovery(self.state(), id)
    }

    /// Every step of a recovery in the order of its plan, those not begun included; none when it has no journal.
    ///
    /// # Errors
    /// As [`Store::recovery`].
    pub fn recovery_steps(&self, id: &str) -> Result<Vec<StepOutcome>> {
        recovery::recovery_steps(self.state(), id)
    }

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
        self.append_record(lineage::JOURNAL, &lineage::record(old, new_id, recovery, at)?)
    }

    /// Every object that was created again, oldest first.
    ///
    /// # Errors
    /// As [`Store::records`]; `Damaged` when a record is not one of lineage.
    pub fn lineages(&self) -> Result<Vec<Lineage>> {
        lineage::lineages(self.state())
    }

    /// All IDs under which an object was known, oldest first; its own alone when it was never created again.
    ///
    /// # Errors
    /// As [`Store::lineages`].
    pub fn lineage(&self, object: &ObjectKey) -> Result<Vec<String>> {
        lineage::lineage(self.state(), object)
    }

    /// The seal of a text, in hexadecimal. `purpose` keeps seals for one thing from being taken for another.
    #[must_use]
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        seal::of(self.state(), purpose, text)
    }

    /// Whether a seal is this store's.
    #[must_use]
    pub fn is_sealed(&self, purpose: &str, text: &str, seal: &str) -> bool {
        seal::is_sealed(self.state(), purpose, text, seal)
    }
}

impl RecordWriter {
    /// Makes HEAD know the records so far, so that none of them can be lost without being missed.
    ///
    /// # Errors
    /// `Locked` or `Disk`.
    pub fn pin(&self, store: &mut Store) -> Result<()> {
        let (name, head) = (self.name().to_owned(), self.head());
        let headed = store.update_head(|store_head| {
            store_head.generation += 1;
            store_head.journals.insert(name, head);
        });
        headed.and_then(|synced| synced)
    }
}
