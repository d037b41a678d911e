//! Reads the links of many objects at once.

use std::sync::Arc;

use rayon::prelude::*;

use super::Scan;
use crate::Result;
use crate::link_sets::LinkSets;
use crate::state::{TableKey, VectorKind};
use crate::vector::Slot;

/// Objects whose links are read by one thread at a time.
const CHUNK_COUNT: usize = 4096;

/// The targets of some objects in one relation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkLists {
    /// `[objects]u32`: where the targets of each object end.
    pub ends: Vec<u32>,
    /// `[objects]bool`: whether the relation was ever observed of it.
    pub observed: Vec<bool>,
    /// Ordinals of the targets, object after object, ascending in each.
    pub targets: Vec<u32>,
}

impl LinkLists {
    /// The targets of one object.
    ///
    /// # Panics
    /// When there are not so many objects.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u32] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.targets[start as usize..self.ends[index] as usize]
    }

    fn append(&mut self, other: &Self) {
        let before = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        self.ends.extend(other.ends.iter().map(|end| end.saturating_add(before)));
        self.observed.extend_from_slice(&other.observed);
        self.targets.extend_from_slice(&other.targets);
    }
}

impl Scan {
    /// The links of some objects in one relation, dormant ones left out.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn links(&self, relation: &str, ordinals: &[u32]) -> Result<LinkLists> {
        let state = self.snapshot.state();
        let key = TableKey { type_token: Arc::clone(&self.token), kind: VectorKind::Links(relation.into()) };
        if !state.tables.contains_key(&key) {
            let count = ordinals.len();
            return Ok(LinkLists { ends: vec![0; count], observed: vec![false; count], targets: Vec::new() });
        }
        let slots = self.snapshot.slots(&key, ordinals)?;
        let gone = self.snapshot.gone()?;
        let sets = LinkSets::open(state, &key)?;
        let read = |slots: &[Slot]| -> Result<LinkLists> {
            let mut lists = LinkLists::default();
            for slot in slots {
                let number = slot.version();
                lists.observed.push(number > 0);
                let targets = sets.read(number)?;
                if gone.is_empty() {
                    lists.targets.extend(targets);
                } else {
                    lists.targets.extend(targets.into_iter().filter(|target| !gone.contains(*target)));
                }
                lists.ends.push(u32::try_from(lists.targets.len()).unwrap_or(u32::MAX));
            }
            Ok(lists)
        };
        let parts: Vec<LinkLists> = slots.par_chunks(CHUNK_COUNT).map(read).collect::<Result<_>>()?;
        let mut all = LinkLists::default();
        for part in parts {
            all.append(&part);
        }
        Ok(all)
    }

    /// Which type each ordinal is live under at this backup, as an index into the list of types: the first in order of
    /// tokens; 65,535 for none.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn live_types(&self) -> Result<(Vec<Arc<str>>, Vec<u16>)> {
        let state = self.snapshot.state();
        let mut types = Vec::new();
        let mut indexes = vec![u16::MAX; state.ordinal_count as usize];
        for key in self.snapshot.core_keys() {
            let index = u16::try_from(types.len()).unwrap_or(u16::MAX);
            types.push(Arc::clone(&key.type_token));
            for (ordinal, _) in self.snapshot.vector(key)?.iter().filter(|(_, slot)| slot.is_live()) {
                let found = &mut indexes[ordinal as usize];
                *found = (*found).min(index);
            }
        }
        Ok((types, indexes))
    }
}
