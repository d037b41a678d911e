//! Orders backups by the time they are of, whatever the order in which they were committed.
//!
//! Shape: segments hold what changed against the commit before, so vectors are read by *sequence*. Points
//! follow time: a backup's *rank* is its position among all backups and readings, oldest first, counted from 1; at one
//! instant the later commit is later. In a store to which nothing was ever added out of order the two are the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::manifest::Manifest;

/// The order of time over the order of commits.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// By sequence, which counts from 1.
    pub(crate) ranks: Vec<u64>,
    /// Sequences of the commits that were older than one before them.
    pub(crate) woven: Vec<u64>,
    /// Properties that a backup calls unknown before it, although one that was woven in later saw them earlier in time:
    /// by sequence and type.
    pub(crate) seen_before: HashMap<(u64, String), BTreeSet<String>>,
}

impl Timeline {
    /// Puts manifests, which are in the order of commits, into the order of time.
    pub(crate) fn arrange(manifests: &mut [Arc<Manifest>]) -> Self {
        let mut timeline = Self { ranks: (1..=manifests.len() as u64).collect(), ..Self::default() };
        if manifests.is_sorted_by_key(|manifest| manifest.taken_at) {
            return timeline;
        }
        let mut newest = Timestamp::MIN;
        for manifest in &*manifests {
            if manifest.taken_at < newest {
                timeline.woven.push(manifest.sequence);
            }
            newest = newest.max(manifest.taken_at);
        }
        // Stable: at one instant the order of commits stays.
        manifests.sort_by_key(|manifest| manifest.taken_at);
        for (rank, manifest) in (1..).zip(&*manifests) {
            let index = usize::try_from(manifest.sequence - 1).ok();
            if let Some(known) = index.and_then(|index| timeline.ranks.get_mut(index)) {
                *known = rank;
            }
        }
        timeline.find_seen_before(manifests);
        timeline
    }

    fn find_seen_before(&mut self, manifests: &[Arc<Manifest>]) {
        let mut known: HashMap<&str, BTreeSet<&String>> = HashMap::new();
        for manifest in manifests {
            for (token, coverage) in &manifest.coverage {
                let known = known.entry(token).or_default();
                let seen = coverage.unknown_before.iter().filter(|name| known.contains(name));
                let seen: BTreeSet<String> = seen.cloned().collect();
                if !seen.is_empty() {
                    self.seen_before.insert((manifest.sequence, token.clone()), seen);
                }
                known.extend(&coverage.new_properties);
            }
        }
    }
}
