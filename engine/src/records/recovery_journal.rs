//! Writes the journal of one recovery, and its summaries beside it.

use serde::Serialize;
use serde_json::{Value, json};

use super::encode;
use super::recovery::{RecoveryStart, RecoverySummary, SUMMARIES, journal_of};
use super::step::StepOutcome;
use crate::recording::RecordWriter;
use crate::{Result, Store};

/// The journal of one recovery, open for writing.
#[derive(Debug)]
pub struct RecoveryJournal {
    writer: RecordWriter,
}

impl RecoveryJournal {
    /// Begins a recovery. When this returns, its start is durable.
    ///
    /// # Errors
    /// As [`Store::open_journal`], [`RecordWriter::append`] and [`Store::append_record`].
    pub fn begin<P: Serialize>(store: &mut Store, start: &RecoveryStart<P>) -> Result<Self> {
        let mut journal = Self::open(store, &start.recovery)?;
        journal.writer.append(&[encode(start)?])?;
        journal.writer.pin(store)?;
        store.append_record(SUMMARIES, &encode(&start.summary)?)?;
        Ok(journal)
    }

    /// Opens the journal of a recovery that began before.
    ///
    /// # Errors
    /// As [`Store::open_journal`].
    pub fn open(store: &Store, id: &str) -> Result<Self> {
        Ok(Self { writer: store.open_journal(&journal_of(id))? })
    }

    /// Appends states of steps; when this returns they are durable.
    ///
    /// # Errors
    /// As [`RecordWriter::append`].
    pub fn append(&mut self, outcomes: &[StepOutcome]) -> Result<()> {
        let records: Vec<Value> = outcomes.iter().map(encode).collect::<Result<_>>()?;
        self.writer.append(&records)
    }

    /// Ends a recovery, or this run of it.
    ///
    /// # Errors
    /// As [`RecordWriter::append`] and [`Store::append_record`].
    pub fn end(&mut self, store: &mut Store, summary: &RecoverySummary) -> Result<()> {
        self.writer.append(&[json!({ "end": encode(summary)? })])?;
        self.writer.pin(store)?;
        store.append_record(SUMMARIES, &encode(summary)?)
    }
}
