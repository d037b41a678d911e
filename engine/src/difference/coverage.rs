//! What two backups observed, as far as it decides what can be called a change.

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::GapScope;
use crate::schema;
use crate::state::State;

/// What the backups between two points observed of each type.
#[derive(Debug, Default)]
pub(super) struct ObservedTypes {
    types: BTreeMap<String, ObservedType>,
}

#[derive(Debug, Default)]
struct ObservedType {
    /// Properties that the earlier side does not know.
    unknown: BTreeSet<String>,
    /// Properties that the later side carried forward.
    carried: BTreeSet<String>,
    /// The newest reading of the type between the two read the recycle bin.
    bin: bool,
    /// Some versions differ in nothing that is compared.
    insignificant: bool,
}

impl ObservedTypes {
    /// The coverage of the backups after one of the two, up to the other, by their ranks.
    pub(super) fn between(state: &State, from: u64, to: u64) -> Self {
        let (low, high) = (from.min(to), from.max(to));
        let mut types: BTreeMap<String, ObservedType> = BTreeMap::new();
        // The backup of rank n is the n-th manifest.
        let index = |rank: u64| usize::try_from(rank).unwrap_or(usize::MAX).min(state.manifests.len());
        let between = &state.manifests[index(low)..index(high)];
        for manifest in between {
            for (token, coverage) in &manifest.coverage {
                let view = types.entry(token.clone()).or_default();
                let is_new = |name: &&String| !state.is_seen_before(manifest.sequence, token, name);
                view.unknown.extend(coverage.unknown_before.iter().filter(is_new).cloned());
                view.bin = coverage.bin;
                view.insignificant |=
                    coverage.insignificant > 0 || manifest.table_version != schema::TABLE_VERSION;
            }
        }
        for side in [low, high] {
            let Some(manifest) = index(side).checked_sub(1).and_then(|index| state.manifests.get(index))
            else {
                continue;
            };
            for (token, coverage) in &manifest.coverage {
                let view = types.entry(token.clone()).or_default();
                view.carried.extend(coverage.carried.iter().cloned());
                view.carried.extend(coverage.gaps.iter().filter_map(|gap| match &gap.scope {
                    GapScope::Relation(name) | GapScope::Property(name) => Some(name.clone()),
                    _ => None,
                }));
            }
        }
        Self { types }
    }

    /// Whether every version that differs is a change.
    pub(super) fn is_plain(&self, token: &str) -> bool {
        self.types.get(token).is_none_or(|view| !view.insignificant && view.unknown.is_empty())
    }

    /// Whether it is known that an object that is gone is not in a recycle bin either.
    pub(super) fn is_bin_known(&self, token: &str) -> bool {
        let has_bin = schema::by_token(token).is_none_or(schema::Type::has_bin);
        !has_bin || self.types.get(token).is_some_and(|view| view.bin)
    }

    /// Whether a property is unknown on the earlier side.
    pub(super) fn is_unknown(&self, token: &str, property: &str) -> bool {
        self.types.get(token).is_some_and(|view| view.unknown.contains(property))
    }

    /// Properties not observed on one of the sides.
    pub(super) fn unobserved(&self, token: &str) -> Vec<String> {
        let Some(view) = self.types.get(token) else { return Vec::new() };
        view.unknown.union(&view.carried).cloned().collect()
    }
}
