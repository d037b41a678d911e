//! How many objects a backup being made has in common with the store, which tells whether both are of one tenant.

use super::basis::Basis;
use super::collect::Collected;
use crate::coverage::reading::Overlap;
use crate::schema::{self, TypeId};

/// How many objects the store and what was observed so far have in common.
pub(super) fn overlap(basis: &Basis, collected: &Collected) -> Overlap {
    let types = &collected.types;
    let has_organization =
        types.get(TypeId::Organization.token()).is_some_and(|work| !work.objects.seen.is_empty());
    let is_of_tenant = has_organization && basis.state.head.tenant.is_some();
    let mut overlap = Overlap { is_of_tenant, ..Overlap::default() };
    for found in schema::types().filter(|found| found.has_unique_ids) {
        let Some(work) = types.get(found.token).filter(|work| !work.objects.seen.is_empty()) else {
            continue;
        };
        let known = work.core.old.iter().filter(|(_, slot)| slot.is_live());
        let known: roaring::RoaringBitmap = known.map(|(ordinal, _)| ordinal).collect();
        overlap.known += known.len();
        overlap.came += work.objects.seen.len();
        overlap.shared += known.intersection_len(&work.objects.seen);
    }
    overlap
}
