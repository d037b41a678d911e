//! The difference of two backups: which objects, and what of them.
//!
//! Shape: changed slots (from the segments between the two backups, or by comparing two vectors when that
//! reads less) → candidates, one per object → changes, made in parallel.
//!
//! A candidate is a change when something that was observed on both sides differs under the table of types:
//! see `manifest::TypeCoverage` for what was not observed.

mod candidates;
mod content;
mod coverage;
mod list;
mod view;

pub use list::ChangedObject;

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::change::{Change, ChangeKind, RecoveryAction};
use crate::find::find_relations;
use crate::id::Id;
use crate::schema;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::vector::Slot;
use crate::{BackupSummary, ObjectKey, Result, Store};
use candidates::Candidate;
use content::Cursors;
use coverage::Coverage;
use view::TypeView;

/// Candidates that one thread takes at a time, at least: each costs a few microseconds.
const CHUNK_LENGTH_MIN: usize = 64;

/// Which changes are wanted.
#[derive(Debug, Clone, Default)]
pub struct DifferenceFilter {
    /// Type tokens; empty for all.
    pub types: Vec<String>,
    /// Object IDs; empty for all.
    pub ids: Vec<String>,
    /// Server-made properties and purged objects too (`--all`).
    pub all: bool,
    /// Only which objects changed, not their attributes and links.
    pub objects_only: bool,
}

impl Store {
    /// The difference of two backups, named by their whole IDs, sorted by type and ID. Parallel inside; the same
    /// question always gives the same answer.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` or `Disk`.
    pub fn difference(&self, from: &str, to: &str, filter: &DifferenceFilter) -> Result<Vec<Change>> {
        let from = self.snapshot_at(self.sequence_of(from)?);
        let to = self.snapshot_at(self.sequence_of(to)?);
        Comparison::new(&from, &to, filter).changes()
    }

    /// All changes of one object over all backups, oldest first, its first appearance included.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn history(&self, object: &ObjectKey) -> Result<Vec<(BackupSummary, Change)>> {
        let state = self.state();
        let Some(ordinal) = state.ordinal(&Id::from_text(&object.id))? else { return Ok(Vec::new()) };
        let filter =
            DifferenceFilter { types: vec![object.type_token.to_string()], ..DifferenceFilter::default() };
        let mut history = Vec::new();
        for sequence in 1..=state.newest() {
            let Some(candidate) = candidates::of_object(state, &object.type_token, ordinal, sequence)? else {
                continue;
            };
            let (from, to) = (self.snapshot_before(sequence), self.snapshot_at(sequence));
            let comparison = Comparison::new(&from, &to, &filter);
            let view = TypeView::new(&comparison, &object.type_token)?;
            if let Some(change) = comparison.change(&view, &mut Cursors::new(&view), &candidate)? {
                history.push((to.backup().clone(), change));
            }
        }
        Ok(history)
    }

    /// The snapshot of the backup before; of the first one, an empty snapshot.
    fn snapshot_before(&self, sequence: u64) -> Snapshot {
        if sequence > 1 { self.snapshot_at(sequence - 1) } else { Snapshot::new(Arc::clone(self.state()), 0) }
    }
}

/// Two snapshots being compared.
struct Comparison<'a> {
    state: &'a State,
    from: &'a Snapshot,
    to: &'a Snapshot,
    filter: &'a DifferenceFilter,
    coverage: Coverage,
}

impl<'a> Comparison<'a> {
    fn new(from: &'a Snapshot, to: &'a Snapshot, filter: &'a DifferenceFilter) -> Self {
        let state = to.state();
        let coverage = Coverage::between(state, from.sequence(), to.sequence());
        Self { state, from, to, filter, coverage }
    }

    fn changes(&self) -> Result<Vec<Change>> {
        let ordinals = self.wanted_ordinals()?;
        let mut changes = Vec::new();
        for token in self.wanted_types() {
            let view = TypeView::new(self, &token)?;
            let candidates = self.candidates(&token, ordinals.as_ref())?;
            let found: Vec<Option<Change>> = candidates
                .par_iter()
                .with_min_len(CHUNK_LENGTH_MIN)
                .map_init(|| Cursors::new(&view), |cursors, candidate| self.change(&view, cursors, candidate))
                .collect::<Result<_>>()?;
            let mut found: Vec<Change> = found.into_iter().flatten().collect();
            found.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
            changes.append(&mut found);
        }
        Ok(changes)
    }

    /// The candidates of a type, those alone that were asked for by ID if any were.
    fn candidates(
        &self,
        token: &Arc<str>,
        wanted: Option<&roaring::RoaringBitmap>,
    ) -> Result<Vec<Candidate>> {
        let mut candidates = candidates::between(self.state, self.from, self.to, token, self.filter.all)?;
        if let Some(wanted) = wanted {
            candidates.retain(|candidate| wanted.contains(candidate.ordinal));
        }
        Ok(candidates)
    }

    fn wanted_types(&self) -> Vec<Arc<str>> {
        let mut types: Vec<Arc<str>> = self.to.core_keys().map(|key| Arc::clone(&key.type_token)).collect();
        if !self.filter.types.is_empty() {
            let wanted: Vec<&str> =
                self.filter.types.iter().map(|name| schema::token_from_name(name)).collect();
            types.retain(|token| wanted.contains(&&**token));
        }
        types
    }

    fn wanted_ordinals(&self) -> Result<Option<roaring::RoaringBitmap>> {
        if self.filter.ids.is_empty() {
            return Ok(None);
        }
        let mut ordinals = roaring::RoaringBitmap::new();
        let mut others = HashSet::new();
        for id in &self.filter.ids {
            let before = ordinals.len();
            for text in [id.clone(), id.to_ascii_lowercase()] {
                ordinals.extend(self.state.ordinal(&Id::from_text(&text))?);
            }
            if ordinals.len() == before {
                others.insert(id.as_str());
            }
        }
        // What is shown of a relation object is the ID that moves, so it is what people ask for.
        for side in [self.from, self.to] {
            let found =
                if others.is_empty() { Vec::new() } else { find_relations(side, &|id| others.contains(id))? };
            for key in found {
                ordinals.extend(self.state.ordinal(&Id::from_text(&key.id))?);
            }
        }
        Ok(Some(ordinals))
    }

    /// The change that a candidate is, if it is one.
    fn change(
        &self,
        view: &TypeView<'_>,
        cursors: &mut Cursors<'_, '_>,
        candidate: &Candidate,
    ) -> Result<Option<Change>> {
        let slots = view.core_slots(candidate);
        let Some(kind) = self.kind(&view.token, slots.0, slots.1) else { return Ok(None) };
        let mut change = Change {
            type_token: Arc::clone(&view.token),
            id: String::new(),
            display_name: String::new(),
            kind,
            action: RecoveryAction::None,
            reason: None,
            attributes: Vec::new(),
            links: Vec::new(),
            unknown: Vec::new(),
        };
        if matches!(kind, ChangeKind::Updated | ChangeKind::Restored) && !self.is_certain(view, slots) {
            self.compare_content(view, cursors, candidate, slots, &mut change)?;
            let is_empty = change.attributes.is_empty() && change.links.is_empty();
            if kind == ChangeKind::Updated && is_empty {
                return Ok(None);
            }
        }
        self.describe(view, cursors, candidate.ordinal, slots, &mut change)?;
        if candidate.core.is_none() && candidate.links.is_empty() {
            (change.action, change.reason) = (RecoveryAction::None, Some("server-made"));
        }
        Ok(Some(change))
    }

    /// Whether the slots alone say that the object changed, and no more was asked for.
    fn is_certain(&self, view: &TypeView<'_>, (from, to): (Slot, Slot)) -> bool {
        self.filter.objects_only && from.version() != to.version() && self.coverage.is_plain(&view.token)
    }

    fn kind(&self, token: &str, from: Slot, to: Slot) -> Option<ChangeKind> {
        let kind = match (from, to) {
            (from, to) if from.is_live() && to.is_live() => ChangeKind::Updated,
            (from, to) if from.is_live() && to.is_in_bin() => ChangeKind::SoftDeleted,
            (from, _) if from.is_live() && self.coverage.is_bin_known(token) => ChangeKind::HardDeleted,
            (from, _) if from.is_live() => ChangeKind::Deleted,
            (from, to) if from.is_in_bin() && to.is_live() => ChangeKind::Restored,
            (_, to) if to.is_live() => ChangeKind::Added,
            (from, to) if from.is_absent() && to.is_in_bin() => ChangeKind::CreatedAndDeleted,
            (from, to) if from.is_in_bin() && to.is_absent() && self.filter.all => ChangeKind::Purged,
            _ => return None,
        };
        Some(kind)
    }
}

/// What would undo a change, and what stands in its way.
fn action_of(token: &str, kind: ChangeKind, is_synced: bool) -> (RecoveryAction, Option<&'static str>) {
    let info = schema::by_token(token);
    let has_bin = info.is_some_and(|info| info.has_bin);
    let is_relation = info.is_some_and(|info| info.is_relation_object);
    if is_synced {
        return (RecoveryAction::None, Some("synced from on-premises"));
    }
    match kind {
        ChangeKind::Updated => (RecoveryAction::Update, None),
        ChangeKind::SoftDeleted => (RecoveryAction::Restore, None),
        ChangeKind::HardDeleted | ChangeKind::Deleted if is_relation => (RecoveryAction::Add, None),
        ChangeKind::Deleted if has_bin => (RecoveryAction::Restore, Some("the recycle bin was not read")),
        ChangeKind::HardDeleted | ChangeKind::Deleted => (RecoveryAction::Recreate, None),
        ChangeKind::Added if is_relation => (RecoveryAction::Remove, None),
        ChangeKind::Added | ChangeKind::Restored if has_bin => (RecoveryAction::SoftDelete, None),
        ChangeKind::Added | ChangeKind::Restored => (RecoveryAction::None, Some("no bin")),
        ChangeKind::CreatedAndDeleted => (RecoveryAction::None, Some("created and deleted")),
        ChangeKind::Purged => (RecoveryAction::None, Some("purged")),
    }
}
