//! What is known of the objects that links point at: their types and names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use engine::scan::Space;
use engine::{BackupId, Store};
use rayon::prelude::*;

use super::cells;
use crate::error::TableError;

/// Type token and display name; empty where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) type_token: Arc<str>,
    pub(super) name: Arc<str>,
}

/// Where targets are looked up.
#[derive(Debug)]
pub(super) struct Targets<'s> {
    store: &'s Store,
    /// Backups looked at first, by their IDs: names of today say more than those of then.
    backups: Vec<BackupId>,
}

impl<'s> Targets<'s> {
    /// Looks in these backups, in this order.
    pub(super) fn new(store: &'s Store, backups: &[BackupId]) -> Self {
        Self { store, backups: backups.to_vec() }
    }

    /// What is known of each ID; one that is not found is looked for at the backup beside it, too, and at the one before.
    pub(super) fn find(&self, wanted: &[(&str, Option<usize>)]) -> Result<Vec<Target>, TableError> {
        let mut known: HashMap<&str, Target> = HashMap::new();
        let mut missing: HashSet<&str> =
            wanted.iter().map(|(id, _)| *id).filter(|id| !id.is_empty()).collect();
        for backup in &self.backups {
            known.extend(self.look_up(backup, &missing)?);
            missing.retain(|id| !known.contains_key(id));
        }
        let mut then: HashMap<(&str, usize), Target> = HashMap::new();
        for (index, mut missing) in by_index(wanted, &missing) {
            let indexes = [Some(index), index.checked_sub(1)];
            for backup in indexes.into_iter().flatten().filter_map(|index| self.store.commits().get(index)) {
                let found = self.look_up(&backup.id, &missing)?;
                missing.retain(|id| !found.contains_key(id));
                then.extend(found.into_iter().map(|(id, target)| ((id, index), target)));
            }
        }
        let target = |(id, index): &(&str, Option<usize>)| {
            let at_backup = || index.and_then(|index| then.get(&(*id, index)));
            known.get(id).or_else(at_backup).cloned().unwrap_or_default()
        };
        Ok(wanted.iter().map(target).collect())
    }

    fn look_up<'i>(
        &self,
        backup: &BackupId,
        ids: &HashSet<&'i str>,
    ) -> Result<HashMap<&'i str, Target>, TableError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let failed = TableError::store;
        let snapshot = self.store.snapshot(backup).map_err(failed)?;
        let types = snapshot.types().map_err(failed)?;
        let mut indexes: HashMap<u32, &'i str> = HashMap::new();
        if let Some(scan) = types.first().map(|token| snapshot.scan(token)) {
            for id in ids {
                indexes.extend(scan.ordinal(id).map_err(failed)?.map(|ordinal| (ordinal, *id)));
            }
        }
        let ids: Vec<&str> = indexes.values().copied().collect();
        let found = types.par_iter().map(|token| {
            let scan = snapshot.scan(token);
            let mut targets = Vec::new();
            for deleted in [false, true] {
                let rows = scan.named(&ids, deleted)?;
                let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
                for (index, ordinal) in rows.ordinals.iter().enumerate() {
                    let name = cells::text_value(names.get(index));
                    let target = Target { type_token: Arc::clone(token), name: name.into() };
                    targets.extend(indexes.get(ordinal).map(|id| (*id, target)));
                }
            }
            Ok(targets)
        });
        let found: Vec<Vec<(&str, Target)>> = found.collect::<engine::Result<_>>().map_err(failed)?;
        // Two types may have one ID: the first of them counts.
        Ok(found.into_iter().flatten().rev().collect())
    }
}

/// The IDs still missing, by the index of a backup that may have them.
fn by_index<'i>(
    wanted: &[(&'i str, Option<usize>)],
    missing: &HashSet<&'i str>,
) -> BTreeMap<usize, HashSet<&'i str>> {
    let mut by_index: BTreeMap<usize, HashSet<&str>> = BTreeMap::new();
    for (id, index) in wanted.iter().filter(|(id, _)| missing.contains(id)) {
        if let Some(index) = index {
            by_index.entry(*index).or_default().insert(id);
        }
    }
    by_index
}
