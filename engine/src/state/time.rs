//! What a store knows of the order of time: ranks, predecessors, and what a later insertion passed over.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::State;
use crate::manifest::Manifest;

/// What a backup carries forward although one that was woven in before it, after it was made, knows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PassedOver {
    /// When that was read; never, where no backup did.
    pub(crate) read: Option<Timestamp>,
}

impl State {
    /// Whether a commit carries forward what was known of a type before one that was woven in later. `is_read` says
    /// whether a backup read the type by itself.
    pub(crate) fn passed_over(
        &self,
        sequence: u64,
        token: &str,
        is_read: impl Fn(&Manifest) -> bool,
    ) -> Option<PassedOver> {
        if self.woven().is_empty() {
            return None;
        }
        let known = self.manifests_up_to(sequence);
        let mut carrying = BTreeSet::new();
        let mut source = known.last();
        while let Some(manifest) = source.filter(|manifest| !is_read(manifest.as_ref())) {
            carrying.insert(manifest.sequence);
            source = self.predecessor_of(manifest);
        }
        let index = source.map_or(0, |manifest| self.rank(manifest.sequence));
        let since = &known[usize::try_from(index).unwrap_or(usize::MAX).min(known.len())..];
        let is_passed = since
            .iter()
            .any(|manifest| manifest.coverage.contains_key(token) && !carrying.contains(&manifest.sequence));
        is_passed.then(|| PassedOver { read: source.map(|manifest| manifest.taken_at) })
    }

    /// The position of a commit in time, counted from 1; 0 for the empty state before all.
    pub(crate) fn rank(&self, sequence: u64) -> u64 {
        let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        index.and_then(|index| self.timeline.ranks.get(index)).copied().unwrap_or(0)
    }

    /// The commit at a position in time.
    pub(crate) fn sequence_at(&self, rank: u64) -> u64 {
        let index = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1));
        index.and_then(|index| self.manifests.get(index)).map_or(0, |manifest| manifest.sequence)
    }

    /// The commit that is newest in time; 0 in an empty store.
    pub(crate) fn latest(&self) -> u64 {
        self.sequence_at(self.manifests.len() as u64)
    }

    /// The commit after which a backup of this time belongs; 0 when it is older than all.
    pub(crate) fn predecessor_at(&self, time: Timestamp) -> u64 {
        self.sequence_at(self.manifests.partition_point(|manifest| manifest.taken_at <= time) as u64)
    }

    /// The backup before one in time, of those that were there when it was committed.
    pub(crate) fn predecessor_of(&self, manifest: &Manifest) -> Option<&Arc<Manifest>> {
        let until = self.manifests_up_to(manifest.sequence);
        until.iter().rev().find(|other| other.sequence < manifest.sequence)
    }

    /// The manifests up to a commit, in the order of time.
    pub(crate) fn manifests_up_to(&self, sequence: u64) -> &[Arc<Manifest>] {
        let count = usize::try_from(self.rank(sequence)).unwrap_or(usize::MAX).min(self.manifests.len());
        &self.manifests[..count]
    }

    /// All manifests in the order of commits, in which the hash chain runs.
    pub(crate) fn manifests_committed(&self) -> Vec<&Arc<Manifest>> {
        let mut manifests: Vec<_> = self.manifests.iter().collect();
        manifests.sort_by_key(|manifest| manifest.sequence);
        manifests
    }

    /// The commits that were older than one before them: their additions may not be part of the newest.
    pub(crate) fn woven(&self) -> &[u64] {
        &self.timeline.woven
    }

    /// Whether a property that a commit calls unknown before it was seen by one that is earlier in time.
    pub(crate) fn is_seen_before(&self, sequence: u64, token: &str, property: &str) -> bool {
        let seen = &self.timeline.seen_before;
        !seen.is_empty()
            && seen.get(&(sequence, token.to_owned())).is_some_and(|seen| seen.contains(property))
    }
}
