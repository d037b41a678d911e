//! What is known of the objects that links point at: their types and names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use engine::{ObjectKey, Store};
use rayon::prelude::*;

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
    backups: Vec<String>,
}

impl<'s> Targets<'s> {
    /// Looks in these backups, in this order.
    pub(super) fn new(store: &'s Store, backups: &[&str]) -> Self {
        Self { store, backups: backups.iter().map(|backup| (*backup).to_owned()).collect() }
    }

    /// What is known of each ID; one that is not found is looked for at the backup beside it, too, and at the one before.
    pub(super) fn find(&self, wanted: &[(&str, Option<usize>)]) -> Result<Vec<Target>, String> {
        let mut known: HashMap<&str, Target> = HashMap::new();
        let mut missing: HashSet<&str> =
            wanted.iter().map(|(id, _)| *id).filter(|id| !id.is_empty()).collect();
        for backup in &self.backups {
            known.extend(self.look_up(backup, &missing)?);
            missing.retain(|id| !known.contains_key(id));
        }
        let mut then: HashMap<(&str, usize), Target> = HashMap::new();
        for (place, mut missing) in by_place(wanted, &missing) {
            let places = [Some(place), place.checked_sub(1)];
            for backup in places.into_iter().flatten().filter_map(|place| self.store.backups().get(place)) {
                let found = self.look_up(&backup.id, &missing)?;
                missing.retain(|id| !found.contains_key(id));
                then.extend(found.into_iter().map(|(id, target)| ((id, place), target)));
            }
        }
        let target = |(id, place): &(&str, Option<usize>)| {
            let at_place = || place.and_then(|place| then.get(&(*id, place)));
            known.get(id).or_else(at_place).cloned().unwrap_or_default()
        };
        Ok(wanted.iter().map(target).collect())
    }

    fn look_up<'i>(&self, backup: &str, ids: &HashSet<&'i str>) -> Result<HashMap<&'i str, Target>, String> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let failed = |error: engine::Error| error.to_string();
        let snapshot = self.store.snapshot(backup).map_err(failed)?;
        let types = snapshot.types().map_err(failed)?;
        let find = |id: &&'i str| {
            for type_token in &types {
                let key = ObjectKey { type_token: Arc::clone(type_token), id: (*id).to_owned() };
                if let Some(object) = snapshot.object(&key)? {
                    let name = object.display_name().into();
                    return Ok(Some((*id, Target { type_token: key.type_token, name })));
                }
            }
            Ok(None)
        };
        let ids: Vec<&'i str> = ids.iter().copied().collect();
        let found = ids.par_iter().filter_map(|id| find(id).transpose());
        found.collect::<engine::Result<_>>().map_err(failed)
    }
}

/// The IDs still missing, by the place of a backup that may know them.
fn by_place<'i>(
    wanted: &[(&'i str, Option<usize>)],
    missing: &HashSet<&'i str>,
) -> BTreeMap<usize, HashSet<&'i str>> {
    let mut by_place: BTreeMap<usize, HashSet<&str>> = BTreeMap::new();
    for (id, place) in wanted.iter().filter(|(id, _)| missing.contains(id)) {
        if let Some(place) = place {
            by_place.entry(*place).or_default().insert(id);
        }
    }
    by_place
}
