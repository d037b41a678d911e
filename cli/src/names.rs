//! Names for the IDs that people read: every printed GUID with its name, where it is known.
//!
//! Shape: an ID is looked for among the objects of the two sides, exactly and by type; then among the second IDs of
//! objects, such as application IDs ([`second`]); then among the permissions of the resources that a value names; then
//! among the IDs that are the same in every tenant ([`roles`], [`applications`], [`policies`], [`graph_permissions`]).
//!
//! Invariants: 1. what is removed has the name that it had on the FROM side, what is added that of the TO side. 2. the
//! number of look-ups in the store is bounded; no look-up reads all names.

mod applications;
mod graph_permissions;
mod policies;
mod roles;
mod second;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::scan::Space;
use engine::{BackupId, Object, ObjectKey, Snapshot, Store};

use crate::change::ChangeRow;
use second::SecondIds;

/// How many IDs are looked up in the store for one output; the rest stay plain.
pub(crate) const LOOKUP_COUNT_MAX: usize = 5_000;
/// How many resources have their permissions read for one output.
const RESOURCE_COUNT_MAX: usize = 100;

/// A side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    From,
    To,
}

/// What is known of an ID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Known {
    /// Type token, or empty.
    pub(crate) type_token: String,
    /// Display name, or empty.
    pub(crate) name: String,
}

/// Finds names in backups, and remembers them.
#[derive(Debug)]
pub(crate) struct Names {
    snapshots: Vec<Snapshot>,
    /// The types of the store.
    types: Vec<Arc<str>>,
    known: HashMap<(Side, String), Known>,
    /// The second IDs of each snapshot, once they were needed.
    second: HashMap<usize, SecondIds>,
    /// Permissions by ID, of the resources in `resources`.
    permissions: HashMap<String, String>,
    resources: HashSet<(Side, String)>,
    lookup_count: usize,
}

impl Names {
    /// Looks names up in these backups: the TO side first, then the FROM side, then others. One that cannot be read gives
    /// no names, which is no failure.
    pub(crate) fn of(store: &Store, backups: &[BackupId]) -> Self {
        let snapshots = backups.iter().filter_map(|backup| store.snapshot(backup).ok()).collect();
        let types = store.type_tokens().map(Arc::clone).collect();
        Self { snapshots, types, ..Self::none() }
    }

    /// Knows no names but those that are the same in every tenant.
    pub(crate) fn none() -> Self {
        Self {
            snapshots: Vec::new(),
            types: Vec::new(),
            known: HashMap::new(),
            second: HashMap::new(),
            permissions: HashMap::new(),
            resources: HashSet::new(),
            lookup_count: 0,
        }
    }

    /// Learns the names that a difference holds anyway.
    pub(crate) fn learn(&mut self, changes: &[ChangeRow]) {
        for change in changes {
            let known = Known { type_token: change.type_token.clone(), name: change.display_name.clone() };
            let former = change.attributes.iter().find(|attribute| attribute.name == "displayName");
            let former = former.and_then(|attribute| attribute.from_value.as_deref());
            let former = former.and_then(|text| serde_json::from_str::<String>(text).ok());
            let before = Known { name: former.unwrap_or_else(|| known.name.clone()), ..known.clone() };
            self.known.insert((Side::To, change.id.clone()), known);
            self.known.insert((Side::From, change.id.clone()), before);
        }
    }

    /// What is known of an ID now; empty when nothing is.
    pub(crate) fn get(&mut self, id: &str) -> Known {
        self.get_at(Side::To, id)
    }

    /// What is known of an ID as it was on a side; empty when nothing is.
    pub(crate) fn get_at(&mut self, side: Side, id: &str) -> Known {
        let key = (side, id.to_owned());
        if let Some(known) = self.known.get(&key).filter(|known| !known.type_token.is_empty()) {
            return known.clone();
        }
        if !self.known.contains_key(&key) {
            let found = self.look_up(side, id).or_else(|| self.look_up_second(side, id)).unwrap_or_default();
            self.known.insert(key.clone(), found);
        }
        match self.known.get(&key) {
            Some(known) if *known != Known::default() => known.clone(),
            // Permissions are learnt as values name their resources.
            _ => self
                .permission(id)
                .or_else(|| everywhere(id).map(str::to_owned))
                .map_or_else(Known::default, |name| Known { name, ..Known::default() }),
        }
    }

    /// Whether some backup has an object with this very ID.
    pub(crate) fn is_object(&mut self, id: &str) -> bool {
        self.look_up(Side::To, id).is_some()
    }

    /// An object as it was on a side, by the ID that a change shows.
    pub(crate) fn object_at(&mut self, side: Side, type_token: &str, id: &str) -> Option<Object> {
        let index = self.indexes(side).next()?;
        let snapshot = self.snapshots.get(index)?;
        let key = |id: &str| ObjectKey { type_token: type_token.into(), id: id.to_owned() };
        if let Some(object) = snapshot.object(&key(id)).ok()? {
            return Some(object);
        }
        let second = self.second.entry(index).or_default();
        let natural = second.natural_key(snapshot, type_token, id)?;
        snapshot.object(&key(&natural)).ok()?
    }

    /// Learns the permissions that a resource offers: an application or service principal, by any of its IDs.
    pub(crate) fn learn_permissions(&mut self, side: Side, resource: &str) {
        let is_new =
            self.resources.len() < RESOURCE_COUNT_MAX && self.resources.insert((side, resource.to_owned()));
        if !is_new {
            return;
        }
        for index in self.indexes(side).collect::<Vec<_>>() {
            let Some(snapshot) = self.snapshots.get(index) else { continue };
            let second = self.second.entry(index).or_default();
            let id = second.object(snapshot, resource).map_or_else(|| resource.to_owned(), |found| found.id);
            for (permission, name) in second::permissions(snapshot, &id) {
                self.permissions.entry(permission).or_insert(name);
            }
        }
    }

    /// The name of a permission, as far as it is known.
    pub(crate) fn permission(&self, id: &str) -> Option<String> {
        let id = id.to_ascii_lowercase();
        let found = self.permissions.get(&id).cloned();
        found.or_else(|| of_table(graph_permissions::PERMISSIONS, &id).map(str::to_owned))
    }

    /// The indexes of the snapshots, in the order in which those of a side are asked.
    fn indexes(&self, side: Side) -> impl Iterator<Item = usize> + use<> {
        let count = self.snapshots.len();
        let (first, second) = if side == Side::From && count > 1 { (1, 0) } else { (0, 1) };
        [first, second].into_iter().chain(2..count).filter(move |index| *index < count)
    }

    /// Looks up by type and ID, which is exact and quick; a search by name reads all names for an unknown ID.
    fn look_up(&mut self, side: Side, id: &str) -> Option<Known> {
        if self.lookup_count >= LOOKUP_COUNT_MAX {
            return None;
        }
        self.lookup_count += 1;
        let lower = id.to_ascii_lowercase();
        let written = [id, &lower];
        let ids = if lower == id { &written[..1] } else { &written[..] };
        self.indexes(side).find_map(|index| {
            let snapshot = self.snapshots.get(index)?;
            ids.iter().find_map(|id| object_name(snapshot, &self.types, id).ok()?)
        })
    }

    /// Looks for an ID that is none of an object itself.
    fn look_up_second(&mut self, side: Side, id: &str) -> Option<Known> {
        if !is_guid(id) {
            return None;
        }
        for index in self.indexes(side).collect::<Vec<_>>() {
            let Some(snapshot) = self.snapshots.get(index) else { continue };
            if let Some(found) = self.second.entry(index).or_default().object(snapshot, id) {
                return Some(found.known);
            }
        }
        None
    }
}

/// The type and display name of the object with an ID, if a snapshot has it.
fn object_name(snapshot: &Snapshot, types: &[Arc<str>], id: &str) -> engine::Result<Option<Known>> {
    let Some(first) = types.first() else { return Ok(None) };
    if snapshot.scan(first).ordinal(id)?.is_none() {
        return Ok(None);
    }
    for token in types {
        let scan = snapshot.scan(token);
        for is_deleted in [false, true] {
            let rows = scan.named(&[id], is_deleted)?;
            if rows.versions.is_empty() {
                continue;
            }
            let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
            let name = names.iter().next().and_then(|text| serde_json::from_slice::<String>(text).ok());
            let known = Known { type_token: token.to_string(), name: name.unwrap_or_default() };
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// The name of an ID that is the same in every tenant.
fn everywhere(id: &str) -> Option<&'static str> {
    let id = id.to_ascii_lowercase();
    [roles::ROLES, applications::APPLICATIONS, policies::POLICIES]
        .iter()
        .find_map(|table| of_table(table, &id))
}

fn of_table(table: &'static [(&str, &str)], id: &str) -> Option<&'static str> {
    table.binary_search_by(|(known, _)| (*known).cmp(id)).ok().map(|index| table[index].1)
}

/// Whether a text is shaped like a GUID.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests;
