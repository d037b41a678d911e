//! A backup being made: observations in, one committed segment out.
//!
//! Shape: [`Backup::observe`] runs in one thread, in input order. New objects become whole rows and are sealed
//! into row groups in input order; known objects that differ are kept as patches, because which properties the data
//! selected, which objects are gone, and so what is a change, is decided by all observations together.
//! [`Backup::commit`] then goes through the stages, each a value that is made of the one before it:
//!
//! ```text
//!   Collected ── resolve ──▶ Resolved ── encode ──▶ Encoded ── commit ──▶ Committed
//! ```
//!
//! Imports run from a stage to those before it, and from all of them to what they work with:
//!
//! | module | owns |
//! | --- | --- |
//! | `observation` | what a source may report |
//! | `basis` | what a backup builds on, unchanged from the beginning to the end |
//! | `by_name`, `intern` | values by name; the ordinals of new IDs |
//! | `table`, `links` | versions and link sets that a backup adds, collected and then decided |
//! | `gaps` | what could not be read |
//! | `type_work`, `collect` | one type, and all types, while observations are collected |
//! | `missing`, `overlap` | queries of a source during collection |
//! | `patches`, `projection`, `judge` | what changed in known objects, and what of it counts |
//! | `recall`, `versions` | the versions made of these changes |
//! | `absent` | objects that are gone, and empty relations |
//! | `resolve`, `resolved`, `count`, `weave` | what all observations together decide |
//! | `encode`, `pieces`, `change_index`, `checkpoint` | what is written to the segment |
//! | `remember` | the import cache that a backup leaves |
//! | `commit` | the files that make a backup exist |
//!
//! Invariants
//! 1. Until commit renames HEAD nothing of the store changes; a dropped backup leaves no trace.
//! 2. The same data in the same order makes the same bytes, however many threads took part.

mod absent;
mod basis;
mod by_name;
mod change_index;
mod checkpoint;
mod collect;
mod commit;
mod count;
mod encode;
mod gaps;
mod intern;
mod judge;
mod links;
mod missing;
mod observation;
mod overlap;
mod patches;
mod pieces;
mod projection;
mod recall;
mod remember;
mod resolve;
mod resolved;
mod table;
mod type_work;
mod versions;
mod weave;

use std::sync::Arc;

use jiff::Timestamp;

pub use observation::Observation;
pub(crate) use patches::top_of;
pub(crate) use versions::is_hash_of;

use crate::content::Shredder;
use crate::coverage::reading::{BinExtent, Overlap};
use crate::disk::DiskLock;
use crate::{BackupDetails, BackupSummary, Result, Store, Warning, leftover};
use basis::Basis;
use collect::Collected;

/// A backup being made. Dropped without `commit`, it leaves no trace.
pub struct Backup<'store> {
    collected: Collected,
    basis: Basis,
    shredder: Shredder,
    store: &'store mut Store,
    /// Held until the end; nothing reads it.
    lock: Box<dyn DiskLock>,
}

impl<'store> Backup<'store> {
    pub(crate) fn begin(
        store: &'store mut Store,
        lock: Box<dyn DiskLock>,
        details: BackupDetails,
    ) -> Result<Self> {
        let basis = Basis::new(store.snapshots(), &details)?;
        let collected = Collected::new(&basis, details)?;
        let state = &basis.state;
        // The import cache is bound to the newest commit.
        let cache = if basis.base.is_none() { remember::read(state) } else { None };
        let shredder = Shredder::new(state.hash_key, cache.map(Arc::new));
        Ok(Self { collected, basis, shredder, store, lock })
    }

    /// A parser of objects for this backup; one per worker thread.
    #[must_use]
    pub fn shredder(&self) -> Shredder {
        self.shredder.clone()
    }

    /// Makes parsers made from now on refuse objects of which something was cut off; see [`Shredder::refuse_cut_off`].
    pub fn refuse_cut_off(&mut self) {
        self.shredder.refuse_cut_off();
    }

    /// Takes what a source reports.
    ///
    /// # Errors
    /// `Disk`, `Damaged`; `OtherTenant` when an organization object is not this tenant's.
    pub fn observe(&mut self, observation: Observation<'_>) -> Result<()> {
        self.collected.observe(&self.basis, &self.shredder, observation)
    }

    /// Takes one object as JSON text. For tool authors; bulk loads parse with [`Backup::shredder`].
    ///
    /// # Errors
    /// `Object` when the text is not a JSON object with an ID, else as [`Backup::observe`].
    pub fn put_json(&mut self, type_token: &str, text: &[u8]) -> Result<()> {
        let mut shredder = self.shredder.clone();
        shredder.push(text, Some(type_token), false)?;
        self.observe(Observation::Objects(shredder.take()))
    }

    /// Adds a warning to the backup's summary.
    pub fn warn(&mut self, warning: Warning) {
        self.collected.description.warnings.push(warning);
    }

    /// Says when the reading became consistent and ended, and what its source needs to go on from there.
    pub fn conclude(&mut self, taken_at: Timestamp, read_to: Timestamp, state: serde_json::Value) {
        let details = &mut self.collected.description.details;
        (details.taken_at, details.read_to, details.state) = (taken_at, read_to, state);
    }

    /// How many objects were observed so far, repetitions included.
    #[must_use]
    pub fn object_count(&self) -> u64 {
        self.collected.object_count
    }

    /// How many objects the store and what was observed so far have in common.
    #[must_use]
    pub fn overlap(&self) -> Overlap {
        overlap::overlap(&self.basis, &self.collected)
    }

    /// The IDs of the stored objects of a type that were not observed so far: live ones, and those in the recycle bin
    /// when it was read whole. A reader of lists reads them one by one before the commit makes them gone.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn missing(&self, type_token: &str, bin: BinExtent) -> Result<Vec<String>> {
        missing::objects(&self.basis, &self.collected, type_token, bin)
    }

    /// The IDs of the observed objects of a type that had links of a relation before, and of which no link was observed
    /// so far: a reader of lists reads their links one by one before the commit empties the relation.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn unlinked(&mut self, type_token: &str, relation: &str) -> Result<Vec<String>> {
        missing::links(&self.basis, &mut self.collected, type_token, relation)
    }

    /// Commits: from here on the backup exists, whole.
    ///
    /// # Errors
    /// `Disk` or `Damaged`; then the store is as it was before.
    pub fn commit(self) -> Result<BackupSummary> {
        let Self { collected, basis, shredder, store, lock } = self;
        let mut resolved = resolve::resolve(collected, &basis)?;
        resolved.description.warnings.extend(leftover::put_away_beyond(&basis.state)?);
        let encoded = encode::encode(resolved, &basis)?;
        let committed = commit::commit(encoded, &basis, store)?;
        let summary = committed.remember(store.state());
        // The lock is held until here.
        drop((shredder, lock));
        Ok(summary)
    }
}

impl std::fmt::Debug for Backup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backup")
            .field("sequence", &self.basis.sequence)
            .field("objects", &self.collected.object_count)
            .finish_non_exhaustive()
    }
}
