//! What a comparison needs to know of one type, found once and used for each of its candidates.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Comparison;
use super::candidates::Candidate;
use crate::Result;
use crate::directory::Ids;
use crate::paths::PathId;
use crate::rows::Rows;
use crate::schema::{self, SYNCED_MARKER};
use crate::state::{Part, TableKey};
use crate::vector::{Slot, Vector};

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
    pub(super) is_relation_object: bool,
    /// Core vector of the later side: for candidates whose core slots are alike on both.
    vector: Option<Arc<Vector>>,
}

impl<'a> TypeView<'a> {
    pub(super) fn new(comparison: &Comparison<'a>, token: &Arc<str>) -> Result<Self> {
        let state = comparison.state;
        let key = |part| TableKey { type_token: Arc::clone(token), part };
        let relations: BTreeMap<Arc<str>, TableKey> = state
            .tables
            .keys()
            .filter(|key| key.type_token == *token)
            .filter_map(|key| match &key.part {
                Part::Links(relation) => Some((Arc::clone(relation), key.clone())),
                _ => None,
            })
            .collect();
        let needs_vector = comparison.filter.all || !relations.is_empty();
        let vector = if needs_vector { Some(comparison.to.vector(&key(Part::Core))?) } else { None };
        Ok(Self {
            token: Arc::clone(token),
            core: Rows::many(state, &key(Part::Core)),
            volatile: Rows::many(state, &key(Part::Volatile)),
            relations,
            display_name: state.paths.id("displayName"),
            synced: state.paths.id(SYNCED_MARKER),
            id: state.paths.id("id"),
            ids: Ids::new(state),
            is_relation_object: schema::by_token(token).is_some_and(|info| info.is_relation_object),
            vector,
        })
    }

    /// The core slots of a candidate on the two sides.
    pub(super) fn core_slots(&self, candidate: &Candidate) -> (Slot, Slot) {
        candidate.core.unwrap_or_else(|| {
            let slot = self.vector.as_ref().map_or(Slot::NEVER, |vector| vector.get(candidate.ordinal));
            (slot, slot)
        })
    }
}
