//! Gaps, which are what could not be read, with their reasons: a bounded list, and one warning for each kind.
//!
//! *Invariant*: a gap never makes anything gone or empty.

use std::collections::BTreeMap;

use crate::Warning;
use crate::coverage::{Gap, GapScope};
use crate::manifest::CoverageRecord;

/// Gaps of a type that are listed one by one; further ones of the same kind are counted.
const GAP_COUNT_MAX: usize = 1000;

/// What a backup could not read.
#[derive(Debug, Default)]
pub(super) struct Gaps(Vec<Gap>);

impl Gaps {
    pub(super) fn add(&mut self, gap: Gap) {
        let of_type = self.0.iter().filter(|known| known.type_token == gap.type_token).count();
        let is_same = |known: &&mut Gap| {
            known.type_token == gap.type_token
                && known.reason == gap.reason
                && counts_with(&known.scope, &gap.scope)
        };
        match self.0.iter_mut().rev().find(is_same) {
            // What is not of single objects is listed once.
            Some(last) if last.scope == gap.scope && !is_of_objects(&gap.scope) => {
                last.count = last.count.max(gap.count);
            }
            Some(last) if of_type >= GAP_COUNT_MAX => last.count += gap.count,
            _ => self.0.push(gap),
        }
    }

    /// One warning for all gaps of a kind.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for gap in &self.0 {
            let what = match &gap.scope {
                GapScope::Type => "not read".to_owned(),
                GapScope::Bin => "the recycle bin was not read".to_owned(),
                GapScope::Relation(relation) => format!("{relation} were not read"),
                GapScope::Property(property) => format!("the property {property} was not read"),
                GapScope::Object(_) => "some objects were not read".to_owned(),
                GapScope::Links { relation, .. } => format!("{relation} of some objects were not read"),
            };
            let kind = (gap.type_token.clone(), format!("{what}: {}", gap.reason));
            *counts.entry(kind).or_default() += gap.count;
        }
        counts.into_iter().map(|((type_token, reason), count)| Warning { type_token, reason, count })
    }

    /// Adds each gap to the coverage of its type.
    pub(super) fn add_to(self, coverage: &mut BTreeMap<String, CoverageRecord>) {
        for gap in self.0 {
            coverage.entry(gap.type_token.clone()).or_default().gaps.push(gap);
        }
    }
}

fn is_of_objects(scope: &GapScope) -> bool {
    matches!(scope, GapScope::Object(_) | GapScope::Links { .. })
}

/// Whether two gaps with one reason may become one with their count: only objects and sources are too many to name.
fn counts_with(known: &GapScope, scope: &GapScope) -> bool {
    match (known, scope) {
        (GapScope::Object(_), GapScope::Object(_)) => true,
        (GapScope::Links { relation: known, .. }, GapScope::Links { relation, .. }) => known == relation,
        _ => known == scope,
    }
}
