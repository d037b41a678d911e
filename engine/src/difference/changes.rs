//! The changes between two backups one after the other, so that a difference of any size takes little memory.
//!
//! *Shape*: the candidates of one type at a time, in the order of their IDs; a batch of them becomes changes in
//! parallel. Making them in the order of their ordinals, as segments lie, is a tenth faster, and putting them back into
//! the order of their IDs costs that tenth again.

use std::sync::Arc;

use rayon::prelude::*;

use super::candidates::Candidate;
use super::coverage::Coverage;
use super::view::TypeView;
use super::{Comparison, DifferenceFilter, make_each};
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
        self.compare(from, to, filter)?.changes()?.into_list()
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

/// The candidates of one type, and the order in which they become changes.
struct TypeChanges<'d> {
    view: TypeView<'d>,
    candidates: Vec<Candidate>,
    /// Places of candidates.
    order: Vec<u32>,
    /// How many of them have become changes.
    done: usize,
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
                let batch = current.next_batch(&self.comparison, self.batch_length)?;
                if batch.is_some() {
                    return Ok(batch);
                }
                self.current = None;
            }
            let Some(token) = self.types.next() else { return Ok(None) };
            self.current = self.begin(&token)?;
        }
    }

    /// All that are left, as many at a time as a type has.
    fn into_list(mut self) -> Result<Vec<Change>> {
        self.batch_length = usize::MAX;
        let mut all = Vec::new();
        while let Some(mut batch) = self.next_batch()? {
            if all.is_empty() {
                all = batch;
            } else {
                all.append(&mut batch);
            }
        }
        Ok(all)
    }
}

impl<'d> Changes<'d> {
    fn begin(&self, token: &Arc<str>) -> Result<Option<TypeChanges<'d>>> {
        let Some((view, candidates)) = self.comparison.view(token, self.ordinals.as_ref())? else {
            return Ok(None);
        };
        let count = u32::try_from(candidates.len()).expect("no more candidates than ordinals");
        // Of relation objects another ID is shown than the one they are known by, so their changes are sorted.
        let order = if view.is_relation_object { (0..count).collect() } else { by_id(&view, &candidates)? };
        Ok(Some(TypeChanges { view, candidates, order, done: 0 }))
    }
}

impl TypeChanges<'_> {
    fn next_batch(&mut self, comparison: &Comparison<'_>, length: usize) -> Result<Option<Vec<Change>>> {
        let Self { view, candidates, order, done } = self;
        let rest = &order[*done..];
        let batch = if view.is_relation_object { rest } else { &rest[..rest.len().min(length)] };
        if batch.is_empty() {
            return Ok(None);
        }
        *done += batch.len();
        let mut changes = make_each(view, batch, |cursors, place| {
            comparison.change(view, cursors, &candidates[*place as usize])
        })?;
        if view.is_relation_object {
            changes.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(Some(changes))
    }
}

/// The places of candidates in the order of their IDs' texts.
fn by_id(view: &TypeView<'_>, candidates: &[Candidate]) -> Result<Vec<u32>> {
    let ids = candidates.par_iter().map(|candidate| view.id(candidate)).collect::<Result<Vec<Id>>>()?;
    let guids: Option<Vec<(u128, u32)>> =
        ids.iter().zip(0..).map(|(id, place)| Some((id.guid()?, place))).collect();
    if let Some(mut guids) = guids {
        guids.par_sort_unstable();
        return Ok(guids.into_iter().map(|(_, place)| place).collect());
    }
    let mut keyed: Vec<(Id, u32)> = ids.into_iter().zip(0..).collect();
    keyed.par_sort_unstable_by(|a, b| a.0.cmp_text(&b.0));
    Ok(keyed.into_iter().map(|(_, place)| place).collect())
}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
