//! The changes between two backups one after the other, so that a difference of any size takes little memory.
//!
//! *Shape*: the candidates of one type at a time, in the order of their IDs; a batch of them becomes changes in
//! parallel, in the order of their ordinals, because that is how segments lie.

use std::sync::Arc;

use rayon::prelude::*;

use super::candidates::Candidate;
use super::coverage::Coverage;
use super::view::TypeView;
use super::{Comparison, DifferenceFilter};
use crate::change::Change;
use crate::id::Id;
use crate::snapshot::Snapshot;
use crate::{Result, Store};

/// Candidates that become changes together: enough for all cores, and some ten megabytes of changes.
const BATCH_LENGTH: usize = 16_384;

/// Two backups, and which of their differences are wanted.
#[derive(Debug)]
pub struct Difference {
    pub(super) from: Snapshot,
    pub(super) to: Snapshot,
    pub(super) filter: DifferenceFilter,
    pub(super) coverage: Coverage,
    /// Candidates that become changes together.
    batch_length: usize,
}

impl Store {
    /// Prepares the difference of two backups, named by their whole IDs.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn compare(&self, from: &str, to: &str, filter: &DifferenceFilter) -> Result<Difference> {
        let from = self.snapshot_at(self.sequence_of(from)?);
        let to = self.snapshot_at(self.sequence_of(to)?);
        Ok(Difference::new(from, to, filter.clone()))
    }

    /// The difference of two backups, named by their whole IDs, sorted by type and ID. Parallel inside; the same
    /// question always gives the same answer. It holds all changes; [`Store::compare`] gives them one by one.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn difference(&self, from: &str, to: &str, filter: &DifferenceFilter) -> Result<Vec<Change>> {
        self.compare(from, to, filter)?.changes()?.collect()
    }
}

impl Difference {
    pub(super) fn new(from: Snapshot, to: Snapshot, filter: DifferenceFilter) -> Self {
        let coverage = Coverage::between(to.state(), from.sequence(), to.sequence());
        Self { from, to, filter, coverage, batch_length: BATCH_LENGTH }
    }

    /// The changes, sorted by type and ID; parallel inside. An item is an error when the store is damaged or cannot
    /// be read.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn changes(&self) -> Result<Changes<'_>> {
        let comparison = Comparison::new(self);
        let ordinals = comparison.wanted_ordinals()?;
        let types = comparison.wanted_types().into_iter();
        let ready = Vec::new().into_iter();
        Ok(Changes { comparison, ordinals, batch_length: self.batch_length, types, current: None, ready })
    }
}

/// The changes between two backups, sorted by type and ID.
pub struct Changes<'d> {
    comparison: Comparison<'d>,
    ordinals: Option<roaring::RoaringBitmap>,
    batch_length: usize,
    types: std::vec::IntoIter<Arc<str>>,
    current: Option<TypeChanges<'d>>,
    ready: std::vec::IntoIter<Change>,
}

/// The candidates of one type that are left.
struct TypeChanges<'d> {
    view: TypeView<'d>,
    candidates: std::vec::IntoIter<Candidate>,
    batch_length: usize,
}

impl Iterator for Changes<'_> {
    type Item = Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(change) = self.ready.next() {
                return Some(Ok(change));
            }
            match self.next_batch() {
                Ok(Some(batch)) => self.ready = batch.into_iter(),
                Ok(None) => return None,
                Err(error) => {
                    // Nothing follows an error.
                    (self.current, self.types) = (None, Vec::new().into_iter());
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Changes<'_> {
    fn next_batch(&mut self) -> Result<Option<Vec<Change>>> {
        loop {
            if let Some(current) = &mut self.current {
                let mut batch: Vec<Candidate> =
                    current.candidates.by_ref().take(current.batch_length).collect();
                if !batch.is_empty() {
                    batch.sort_unstable_by_key(|candidate| candidate.ordinal);
                    return make_changes(&self.comparison, &current.view, &batch).map(Some);
                }
                self.current = None;
            }
            let Some(token) = self.types.next() else { return Ok(None) };
            self.current = self.begin(&token)?;
        }
    }
}

impl<'d> Changes<'d> {
    fn begin(&self, token: &Arc<str>) -> Result<Option<TypeChanges<'d>>> {
        let Some((view, mut candidates)) = self.comparison.view(token, self.ordinals.as_ref())? else {
            return Ok(None);
        };
        // Of relation objects another ID is shown than the one they are known by, so all are sorted at the end.
        let batch_length = if view.is_relation_object { usize::MAX } else { self.batch_length };
        if candidates.len() > batch_length {
            candidates = sort_by_id(&view, candidates)?;
        }
        Ok(Some(TypeChanges { view, candidates: candidates.into_iter(), batch_length }))
    }
}

fn sort_by_id(view: &TypeView<'_>, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let ids = candidates.par_iter().map(|candidate| view.id(candidate)).collect::<Result<Vec<Id>>>()?;
    let mut keyed: Vec<(Id, Candidate)> = ids.into_iter().zip(candidates).collect();
    keyed.par_sort_unstable_by(|a, b| a.0.cmp_text(&b.0));
    Ok(keyed.into_iter().map(|(_, candidate)| candidate).collect())
}

fn make_changes(
    comparison: &Comparison<'_>,
    view: &TypeView<'_>,
    batch: &[Candidate],
) -> Result<Vec<Change>> {
    let mut changes =
        super::make_each(view, batch, |cursors, candidate| comparison.change(view, cursors, candidate))?;
    changes.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(changes)
}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
