//! The difference of two backups: which objects, and what of them.
//!
//! Shape: changed slots (from the segments between the two backups, or by comparing two vectors when that
//! reads less) → candidates, one per object → changes, made in parallel.
//!
//! A candidate is a change when something that was observed on both sides differs under the table of types:
//! see `manifest::CoverageRecord` for what was not observed.

mod candidates;
mod cascade;
mod changes;
mod content;
mod coverage;
mod list;
mod observed;
mod view;

pub use changes::{Changes, Difference};
pub(crate) use changes::{compare, difference};
pub use list::ChangedObject;
pub(crate) use list::changed_objects;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::change::{Change, ChangeKind, RecoveryAction, Text, UNOBSERVED_AT_FROM, UNOBSERVED_AT_TO};
use crate::change_index::Targets;
use crate::coverage::known::Known;
use crate::find::find_relations;
use crate::id::Id;
use crate::records::lineage;
use crate::schema;
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::state::{State, VectorKind};
use crate::vector::Slot;
use crate::{BackupSummary, ObjectKey, Result};
use candidates::Candidate;
use cascade::Cascade;
use content::Cursors;
use coverage::ObservedTypes;
use view::TypeView;

/// Candidates that one thread takes at a time, at least: each costs up to a microsecond.
const CHUNK_LENGTH: usize = 256;

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
    /// Also the links that ended because an object at one of their ends was deleted. Where there is such an object, every
    /// link set of the *from* side is looked at for it.
    pub cascades: Cascades,
    /// Also what was read for the first time, so that nothing is known of it at the earlier side.
    pub first_seen: bool,
}

/// Where links are shown that ended because an object at one of their ends was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cascades {
    /// Nowhere: only the deleted object is shown.
    Hidden,
    /// At the deleted object: its own links, and those that led to it.
    #[default]
    AtDeleted,
    /// At the object at the other end as well, which is a change of it.
    AtBothEnds,
}

/// As [`Store::history`](crate::Store::history).
pub(crate) fn history(snapshots: &Snapshots, object: &ObjectKey) -> Result<Vec<(BackupSummary, Change)>> {
    let mut history = Vec::new();
    for id in lineage(snapshots.state(), object)? {
        let key = ObjectKey { type_token: Arc::clone(&object.type_token), id };
        history.append(&mut history_of(snapshots, &key)?);
    }
    // The old ID of an object is deleted before its new one is added, or in the same backup.
    history.sort_by_key(|(rank, _, _)| *rank);
    Ok(history.into_iter().map(|(_, backup, change)| (backup, change)).collect())
}

fn history_of(snapshots: &Snapshots, object: &ObjectKey) -> Result<Vec<(u64, BackupSummary, Change)>> {
    let state = snapshots.state();
    let Some(ordinal) = state.ordinal(&Id::from_text(&object.id))? else { return Ok(Vec::new()) };
    let filter = DifferenceFilter {
        types: vec![object.type_token.to_string()],
        first_seen: true,
        ..DifferenceFilter::default()
    };
    let keys = state.tables.keys();
    let keys: Vec<_> =
        keys.filter(|key| key.type_token == object.type_token && key.kind != VectorKind::Volatile).collect();
    let mut history = Vec::new();
    for rank in 1..=state.manifests.len() as u64 {
        let (before, sequence) = (state.sequence_at(rank - 1), state.sequence_at(rank));
        let candidate = if before + 1 == sequence {
            candidates::of_object(state, &keys, ordinal, sequence)?
        } else {
            let (from, to) = (snapshots.at_or_empty(before), snapshots.at(sequence));
            candidates::of_object_between(&keys, ordinal, &from, &to)?
        };
        let Some(candidate) = candidate else { continue };
        let (from, to) = (snapshots.at_or_empty(before), snapshots.at(sequence));
        let difference = Difference::new(from, to.clone(), filter.clone());
        let only = roaring::RoaringBitmap::from_iter([ordinal]);
        let comparison = Comparison { ordinals: Some(only), ..Comparison::new(&difference) };
        let view = TypeView::new(&comparison, &object.type_token)?;
        if let Some(change) = comparison.change(&view, &mut Cursors::new(&view), &candidate)? {
            history.push((rank, to.backup().clone(), change));
        }
    }
    Ok(history)
}

/// Two snapshots being compared.
struct Comparison<'a> {
    state: &'a State,
    from: &'a Snapshot,
    to: &'a Snapshot,
    filter: &'a DifferenceFilter,
    coverage: &'a ObservedTypes,
    /// The objects that the filter names by ID, if it does.
    ordinals: Option<roaring::RoaringBitmap>,
    targets: OnceLock<Targets<'a>>,
    cascade: OnceLock<Cascade>,
}

impl<'a> Comparison<'a> {
    fn new(difference: &'a Difference) -> Self {
        let Difference { from, to, filter, coverage, .. } = difference;
        Self {
            state: to.state(),
            from,
            to,
            filter,
            coverage,
            ordinals: None,
            targets: OnceLock::new(),
            cascade: OnceLock::new(),
        }
    }

    /// As [`Comparison::new`], with the objects looked up that the filter names by ID.
    fn of_wanted(difference: &'a Difference) -> Result<Self> {
        let mut comparison = Self::new(difference);
        comparison.ordinals = comparison.wanted_ordinals()?;
        Ok(comparison)
    }

    /// The candidates of a type, only those that the filter names by ID if it does, and what many of them need; nothing
    /// when there are none.
    fn view(&self, token: &Arc<str>) -> Result<Option<(TypeView<'a>, Vec<Candidate>)>> {
        let (candidates, change_indexes) = rayon::join(
            || candidates::between(self.state, self.from, self.to, token, self.filter.all),
            || TypeView::change_indexes(self, token),
        );
        let mut candidates = candidates?;
        if self.filter.cascades == Cascades::AtBothEnds {
            self.cascade()?.add_candidates(token, &mut candidates);
        }
        if let Some(wanted) = &self.ordinals {
            candidates.retain(|candidate| wanted.contains(candidate.ordinal));
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        if candidates.iter().any(|candidate| self.tells_lost_links(candidate.went())) {
            // Found once, by all threads together, before any thread needs it.
            self.cascade()?;
        }
        let mut view = TypeView::with_change_indexes(self, token, change_indexes?, &mut candidates)?;
        if self.ordinals.is_none() {
            let (from, to) = (self.from.sequence(), self.to.sequence());
            view.core.unpack_between(from.min(to), from.max(to))?;
        }
        Ok(Some((view, candidates)))
    }

    /// Whether the links are shown that an object lost with one of their ends.
    fn tells_lost_links(&self, has_gone: bool) -> bool {
        match self.filter.cascades {
            Cascades::Hidden => false,
            Cascades::AtDeleted => has_gone && !self.filter.objects_only,
            Cascades::AtBothEnds => true,
        }
    }

    /// IDs of the objects that changed links lead to.
    fn targets(&self) -> Result<&Targets<'a>> {
        if let Some(targets) = self.targets.get() {
            return Ok(targets);
        }
        let (from, to) = (self.from.sequence(), self.to.sequence());
        let targets = Targets::between(self.state, from.min(to), from.max(to))?;
        Ok(self.targets.get_or_init(|| targets))
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
        let slots = view.core_slots(candidate)?;
        let Some(kind) = self.kind(view, slots.0, slots.1) else { return Ok(None) };
        let mut change = Change {
            type_token: Arc::clone(&cursors.names.token),
            id: Id::Text(Box::default()).into(),
            display_name: Text::default(),
            kind,
            action: RecoveryAction::None,
            reason: None,
            last_read: None,
            attributes: Vec::new(),
            links: Vec::new(),
            unknown: Vec::new(),
        };
        let needs_content = !(self.filter.objects_only && view.is_certain(candidate, slots)?);
        if matches!(kind, ChangeKind::Updated | ChangeKind::Restored) && needs_content {
            self.compare_content(view, cursors, candidate, slots, &mut change)?;
        }
        if self.tells_lost_links(slots.0.is_live() && !slots.1.is_live()) {
            self.add_cascade(view, &cursors.names, candidate.ordinal, slots, &mut change)?;
        }
        let is_empty = change.attributes.is_empty() && change.links.is_empty();
        if kind == ChangeKind::Updated && needs_content && is_empty {
            return Ok(None);
        }
        self.describe(view, cursors, candidate, slots, &mut change)?;
        if candidate.core.is_none() && candidate.links.is_empty() {
            let is_cascade = change.attributes.is_empty() && !change.links.is_empty();
            let reason = if is_cascade { "cascade" } else { "server-made" };
            (change.action, change.reason) = (RecoveryAction::None, Some(reason));
        }
        if kind != ChangeKind::Updated {
            self.doubt(view, cursors, candidate, slots, &mut change)?;
        }
        if let Some(passed) = view.passed_over.filter(|_| !change.is_unobserved()) {
            let reason = if self.is_forward() { UNOBSERVED_AT_TO } else { UNOBSERVED_AT_FROM };
            (change.action, change.reason) = (RecoveryAction::None, Some(reason));
            change.last_read = passed.read;
        }
        Ok(Some(change))
    }

    fn is_forward(&self) -> bool {
        self.from.rank() <= self.to.rank()
    }

    /// Marks an added or deleted object of which the earlier side did not observe whether it was there.
    fn doubt(
        &self,
        view: &TypeView<'_>,
        cursors: &mut Cursors<'_, '_>,
        candidate: &Candidate,
        (from, to): (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let (early, late) = if self.is_forward() { (from, to) } else { (to, from) };
        let mut known = view.observed.objects();
        if late.is_in_bin() && early.is_absent() && known == Known::Read {
            known = view.observed.bin();
        }
        let is_unread = view.observed.is_object_unread(candidate.ordinal)
            || (view.observed.has_unread_parents() && cursors.is_below_unread(view, (early, late))?);
        change.last_read = match known {
            Known::Before(time) => Some(time),
            // It was observed by itself, and the whole was never read.
            Known::Never if early != Slot::NEVER => return Ok(()),
            Known::Read if !is_unread => return Ok(()),
            _ => None,
        };
        let reason = if self.is_forward() { UNOBSERVED_AT_FROM } else { UNOBSERVED_AT_TO };
        (change.action, change.reason) = (RecoveryAction::None, Some(reason));
        Ok(())
    }

    /// Whether an object is only seen for the first time: the earlier side says nothing of it.
    fn is_first_seen(&self, view: &TypeView<'_>, from: Slot, to: Slot) -> bool {
        let (early, late) = if self.is_forward() { (from, to) } else { (to, from) };
        early == Slot::NEVER
            && (view.observed.objects() == Known::Never
                || (late.is_in_bin() && view.observed.bin() == Known::Never))
    }

    fn kind(&self, view: &TypeView<'_>, from: Slot, to: Slot) -> Option<ChangeKind> {
        let token = &view.token;
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
        let is_kept = kind == ChangeKind::Updated || self.filter.first_seen;
        (is_kept || !self.is_first_seen(view, from, to)).then_some(kind)
    }
}

/// Runs something on a thread of the pool: from there parallel work starts and ends without waking others up for each
/// of the many types of which few objects changed.
fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

/// Makes something of each of some candidates of a type, in parallel, in the order of `picks`; nothing of those that are
/// no change after all.
fn make_each<'a, P: Sync, T: Send>(
    view: &TypeView<'a>,
    picks: &[P],
    make: impl Fn(&mut Cursors<'_, 'a>, &P) -> Result<Option<T>> + Sync,
) -> Result<Vec<Option<T>>> {
    let failed = Mutex::new(None);
    let each = picks.par_iter().with_min_len(CHUNK_LENGTH).map_init(
        || Cursors::new(view),
        |cursors, pick| {
            make(cursors, pick).unwrap_or_else(|error| {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                None
            })
        },
    );
    // Collected as results, which saves a copy of all of them.
    let mut results = Vec::new();
    each.collect_into_vec(&mut results);
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(results),
    }
}

/// What would undo a change, and what prevents it.
fn action_of(
    info: Option<&schema::Type>,
    kind: ChangeKind,
    is_synced: bool,
) -> (RecoveryAction, Option<&'static str>) {
    let has_bin = info.is_some_and(schema::Type::has_bin);
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
