//! The changes between two backups one after the other, so that a difference of any size takes little memory.
//!
//! *Shape*: the candidates of one type at a time. A batch of them, which follow one another by ID, becomes changes in
//! parallel, in the order of ordinals, as segments lie; then the changes are put into the order of their IDs. The list
//! of a whole difference ([`Store::difference`](crate::Store::difference)) is made of one batch a type.

use std::sync::Arc;

use rayon::prelude::*;

use super::candidates::Candidate;
use super::coverage::ObservedTypes;
use super::view::TypeView;
use super::{Comparison, DifferenceFilter, in_pool, make_each};
use crate::change::Change;
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::{BackupId, ObjectId, Result};

/// Candidates that become changes together: enough for all cores, and some ten megabytes of changes.
const BATCH_LENGTH: usize = 16_384;

/// Two backups, and which of their differences are wanted.
#[derive(Debug)]
pub struct Difference {
    pub(super) from: Snapshot,
    pub(super) to: Snapshot,
    pub(super) filter: DifferenceFilter,
    pub(super) coverage: ObservedTypes,
    /// Candidates that become changes together.
    batch_length: usize,
}

/// As [`Store::compare`](crate::Store::compare).
pub(crate) fn compare(
    snapshots: &Snapshots,
    from: &BackupId,
    to: &BackupId,
    filter: &DifferenceFilter,
) -> Result<Difference> {
    Ok(Difference::new(snapshots.of(from)?, snapshots.of(to)?, filter.clone()))
}

/// As [`Store::difference`](crate::Store::difference).
pub(crate) fn difference(
    snapshots: &Snapshots,
    from: &BackupId,
    to: &BackupId,
    filter: &DifferenceFilter,
) -> Result<Vec<Change>> {
    compare(snapshots, from, to, filter)?.changes()?.into_list()
}

impl Difference {
    pub(super) fn new(from: Snapshot, to: Snapshot, filter: DifferenceFilter) -> Self {
        let coverage = ObservedTypes::between(to.state(), from.rank(), to.rank());
        Self { from, to, filter, coverage, batch_length: BATCH_LENGTH }
    }

    /// The changes, sorted by type and ID; parallel inside. An item is an error when the store is damaged or cannot
    /// be read.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn changes(&self) -> Result<Changes<'_>> {
        let comparison = Comparison::of_wanted(self)?;
        let types = comparison.wanted_types().into_iter();
        let ready = Vec::new().into_iter();
        Ok(Changes { comparison, batch_length: self.batch_length, types, current: None, ready })
    }
}

/// The changes between two backups, sorted by type and ID.
pub struct Changes<'d> {
    comparison: Comparison<'d>,
    batch_length: usize,
    types: std::vec::IntoIter<Arc<str>>,
    current: Option<TypeChanges<'d>>,
    ready: std::vec::IntoIter<Change>,
}

/// The candidates of one type, and which of them become changes next.
struct TypeChanges<'d> {
    view: TypeView<'d>,
    candidates: Vec<Candidate>,
    order: BatchOrder,
}

enum BatchOrder {
    /// All at once.
    Whole,
    /// By batches of the indexes of candidates, in the order of their IDs.
    ById(std::vec::IntoIter<u32>),
    Done,
}

impl Iterator for Changes<'_> {
    type Item = Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(change) = self.ready.next() {
                return Some(Ok(change));
            }
            let mut batch = Vec::new();
            match self.next_batch(&mut batch) {
                Ok(true) => self.ready = batch.into_iter(),
                Ok(false) => return None,
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
    /// Appends the changes of the next batch; says whether there was one.
    fn next_batch(&mut self, changes: &mut Vec<Change>) -> Result<bool> {
        in_pool(|| self.next_batch_here(changes))
    }

    fn next_batch_here(&mut self, changes: &mut Vec<Change>) -> Result<bool> {
        loop {
            if let Some(current) = &mut self.current {
                if current.next_batch(&self.comparison, self.batch_length, changes)? {
                    return Ok(true);
                }
                self.current = None;
            }
            let Some(token) = self.types.next() else { return Ok(false) };
            self.current = self.begin(&token)?;
        }
    }

    /// All that are left, as many at a time as a type has.
    fn into_list(mut self) -> Result<Vec<Change>> {
        self.batch_length = usize::MAX;
        in_pool(|| {
            let mut all = Vec::new();
            while self.next_batch_here(&mut all)? {}
            Ok(all)
        })
    }
}

impl<'d> Changes<'d> {
    fn begin(&self, token: &Arc<str>) -> Result<Option<TypeChanges<'d>>> {
        let Some((view, candidates)) = self.comparison.view(token)? else { return Ok(None) };
        // Of relation objects another ID is shown than the one they are known by: their order shows when they are made.
        let is_whole = view.is_relation_object || candidates.len() <= self.batch_length;
        let order = if is_whole {
            BatchOrder::Whole
        } else {
            BatchOrder::ById(by_id(&view, &candidates)?.into_iter())
        };
        Ok(Some(TypeChanges { view, candidates, order }))
    }
}

impl TypeChanges<'_> {
    /// Appends the changes of the next batch; says whether there was one.
    fn next_batch(
        &mut self,
        comparison: &Comparison<'_>,
        length: usize,
        changes: &mut Vec<Change>,
    ) -> Result<bool> {
        let Self { view, candidates, order } = self;
        let mut made = match order {
            BatchOrder::Done => return Ok(false),
            BatchOrder::Whole => {
                *order = BatchOrder::Done;
                make_each(view, candidates, |cursors, candidate| comparison.change(view, cursors, candidate))?
            }
            BatchOrder::ById(rest) => {
                let mut indexes: Vec<u32> = rest.take(length).collect();
                if indexes.is_empty() {
                    return Ok(false);
                }
                indexes.sort_unstable();
                make_each(view, &indexes, |cursors, index| {
                    comparison.change(view, cursors, &candidates[*index as usize])
                })?
            }
        };
        append_by_id(&mut made, changes);
        Ok(true)
    }
}

/// Moves changes behind others in the order of their IDs.
fn append_by_id(made: &mut [Option<Change>], changes: &mut Vec<Change>) {
    let mut order: Vec<(Option<u128>, u32)> = Vec::with_capacity(made.len());
    order
        .extend(made.iter().zip(0..).filter_map(|(change, index)| Some((change.as_ref()?.id.guid(), index))));
    if order.iter().all(|(guid, _)| guid.is_some()) {
        order.par_sort_unstable();
    } else {
        order.par_sort_unstable_by(|(_, a), (_, b)| {
            let id = |index: &u32| made[*index as usize].as_ref().map(|change| &change.id);
            id(a).cmp(&id(b)).then(a.cmp(b))
        });
    }
    changes.reserve(order.len());
    changes.extend(order.iter().filter_map(|(_, index)| made[*index as usize].take()));
}

/// The indexes of candidates in the order of their IDs.
fn by_id(view: &TypeView<'_>, candidates: &[Candidate]) -> Result<Vec<u32>> {
    let indexes = 0..u32::try_from(candidates.len()).expect("no more candidates than ordinals");
    let id = |(index, candidate)| Ok((view.id(candidate)?.into(), index));
    let ids = indexes.into_par_iter().zip(candidates).map(id);
    let mut ids: Vec<(ObjectId, u32)> = ids.collect::<Result<_>>()?;
    ids.par_sort_unstable();
    Ok(ids.into_iter().map(|(_, index)| index).collect())
}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
