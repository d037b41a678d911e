//! What a comparison needs to know of one type, found once and used for each of its candidates.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Comparison;
use super::candidates::Candidate;
use super::observed::Observed;
use crate::Result;
use crate::change_index::{ChangeIndexes, Line};
use crate::coverage::known;
use crate::id::Id;
use crate::id_index::Ids;
use crate::paths::PathId;
use crate::rows::Rows;
use crate::schema::{self, SYNCED_MARKER, Type};
use crate::snapshot::Snapshot;
use crate::state::{PassedOver, TableKey, VectorKind};
use crate::vector::Slot;

/// One type, seen from a comparison.
pub(super) struct TypeView<'a> {
    pub(super) token: Arc<str>,
    pub(super) core: Rows<'a>,
    pub(super) volatile: Rows<'a>,
    pub(super) relations: BTreeMap<Arc<str>, TableKey>,
    pub(super) display_name: PathId,
    pub(super) synced: PathId,
    pub(super) id: PathId,
    pub(super) ids: Ids<'a>,
    /// What the table of types says of it.
    pub(super) info: Option<&'static Type>,
    pub(super) is_relation_object: bool,
    /// Whether every version that differs is a change.
    pub(super) is_plain: bool,
    /// Properties not observed on one of the two sides.
    pub(super) unobserved: Vec<String>,
    /// What the earlier side observed.
    pub(super) observed: Observed<'a>,
    /// What the later side carries forward, where it did not read the type and a backup woven in before it did.
    pub(super) passed_over: Option<PassedOver>,
    pub(super) parent: PathId,
    key: TableKey,
    to: &'a Snapshot,
    /// Which objects changed between the two sides.
    change_indexes: ChangeIndexes<'a>,
    /// Whether the *to* side is the backup after the *from* side, both in time and as they were committed.
    is_one_step: bool,
    /// The ranks of the two sides, the earlier one first.
    ranks: (u64, u64),
}

impl<'a> TypeView<'a> {
    pub(super) fn new(comparison: &Comparison<'a>, token: &Arc<str>) -> Result<Self> {
        let state = comparison.state;
        let key = |kind| TableKey { type_token: Arc::clone(token), kind };
        let relations: BTreeMap<Arc<str>, TableKey> = state
            .tables
            .keys()
            .filter(|key| key.type_token == *token)
            .filter_map(|key| match &key.kind {
                VectorKind::Links(relation) => Some((Arc::clone(relation), key.clone())),
                _ => None,
            })
            .collect();
        let info = schema::by_token(token);
        let (from, to) = (comparison.from.rank(), comparison.to.rank());
        let sequences = (comparison.from.sequence(), comparison.to.sequence());
        let (early, late) = if from <= to { sequences } else { (sequences.1, sequences.0) };
        Ok(Self {
            token: Arc::clone(token),
            core: Rows::many(state, &key(VectorKind::Core)),
            volatile: Rows::many(state, &key(VectorKind::Volatile)),
            relations,
            display_name: state.paths.id("displayName"),
            synced: state.paths.id(SYNCED_MARKER),
            id: state.paths.id("id"),
            ids: Ids::new(state),
            info,
            is_relation_object: info.is_some_and(|info| info.is_relation_object),
            is_plain: comparison.coverage.is_plain(token),
            unobserved: comparison.coverage.unobserved(token),
            observed: Observed::new(state, early, token)?,
            passed_over: state.passed_over(late, token, |manifest| known::reads_objects(manifest, token)),
            parent: state.paths.id("parentId"),
            key: key(VectorKind::Core),
            to: comparison.to,
            change_indexes: ChangeIndexes::default(),
            is_one_step: sequences.0 + 1 == sequences.1 && from + 1 == to,
            ranks: (from.min(to), from.max(to)),
        })
    }

    /// Which objects of a type changed between the two sides; empty when the difference is read backwards.
    pub(super) fn change_indexes(comparison: &Comparison<'a>, token: &str) -> Result<ChangeIndexes<'a>> {
        let (low, high) = (comparison.from.sequence(), comparison.to.sequence());
        if low < high {
            ChangeIndexes::between(comparison.state, token, low, high)
        } else {
            Ok(ChangeIndexes::default())
        }
    }

    /// As [`TypeView::new`], for many candidates, which ascend by ordinal.
    pub(super) fn with_change_indexes(
        comparison: &Comparison<'a>,
        token: &Arc<str>,
        change_indexes: ChangeIndexes<'a>,
        candidates: &mut [Candidate],
    ) -> Result<Self> {
        let mut view = Self::new(comparison, token)?;
        view.change_indexes = change_indexes;
        let ordinals: Vec<u32> = candidates.iter().map(|candidate| candidate.ordinal).collect();
        let lines = view.change_indexes.find_each(ordinals.into_iter());
        for (candidate, line) in candidates.iter_mut().zip(lines) {
            candidate.line = line;
        }
        Ok(view)
    }

    /// What the change indexes say of a candidate, if they say it of the *to* side.
    pub(super) fn line(&self, candidate: &Candidate, to: Slot) -> Option<Line<'_, 'a>> {
        let line = self.change_indexes.line(candidate.line?);
        // Of an object that is not there any more the *from* side's name is shown, which may be an older one.
        (line.slot() == to && (self.is_one_step || to.version() > 0)).then_some(line)
    }

    /// The ID that a candidate is known by.
    pub(super) fn id(&self, candidate: &Candidate) -> Result<Id> {
        match candidate.line {
            Some(line) => self.change_indexes.line(line).id(),
            None => self.ids.id(candidate.ordinal),
        }
    }

    /// The core slots of a candidate on the two sides.
    pub(super) fn core_slots(&self, candidate: &Candidate) -> Result<(Slot, Slot)> {
        if let Some(slots) = candidate.core {
            return Ok(slots);
        }
        let slot = match candidate.line {
            Some(line) => self.change_indexes.line(line).slot(),
            None => self.to.slot(&self.key, candidate.ordinal)?,
        };
        Ok((slot, slot))
    }

    /// Whether two versions are neighbours of which it is known that they differ in what is compared.
    pub(super) fn is_plain_step(&self, (from, to): (Slot, Slot)) -> bool {
        let (from, to) = (from.version(), to.version());
        self.is_plain && self.is_one_step && from != to && from.min(to) > 0
    }

    /// Whether one of the backups between the two sides made a version. Of one that returns, the backup that made it
    /// says whether it differs from its predecessor in what is compared.
    fn is_made_between(&self, version: u32) -> Result<bool> {
        let state = self.core.state();
        let (segment, _) = state.locate(&self.key, version)?;
        let rank = state.rank(segment.sequence);
        Ok(self.ranks.0 < rank && rank <= self.ranks.1)
    }

    /// Whether it is known without a look at its content that an object, live on both sides, changed. Versions that
    /// are further apart may say the same: what one backup changed another changes back.
    pub(super) fn is_certain(&self, candidate: &Candidate, (from, to): (Slot, Slot)) -> Result<bool> {
        let (low, high) = (from.version().min(to.version()), from.version().max(to.version()));
        if !self.is_plain {
            return Ok(false);
        }
        if low < high {
            return Ok(
                self.is_one_step || (self.core.predecessor(high)? == low && self.is_made_between(high)?)
            );
        }
        let is_linked =
            || candidate.line.is_some_and(|line| self.change_indexes.line(line).has_link_change());
        Ok(self.is_one_step && is_linked())
    }
}
