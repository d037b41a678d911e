//! Finds an object by what a person calls it: ID, user principal name, display name, application ID.

use rayon::prelude::*;

use crate::id::Id;
use crate::paths::PathId;
use crate::rows::Rows;
use crate::snapshot::Snapshot;
use crate::state::{Part, TableKey};
use crate::vector::Slot;
use crate::{Error, ObjectKey, Result, Store, value};

/// Properties that people name objects by, besides the ID.
const NAME_PROPERTIES: [&str; 3] = ["userPrincipalName", "appId", "displayName"];
/// Names shown when none or too many answer.
const EXAMPLE_COUNT_MAX: usize = 3;

impl Store {
    /// Finds an object by ID, or by user principal name, display name or application ID when just one object has
    /// it. Looks at `backup` (its whole ID) first, and at the object's last appearance when it is not there.
    ///
    /// # Errors
    /// `NoObject` with the nearest names, `Ambiguous`, `NoBackup`, `Damaged` or `Disk`.
    pub fn find(&self, name: &str, backup: &str) -> Result<ObjectKey> {
        let snapshot = self.snapshot_at(self.sequence_of(backup)?);
        let state = self.state();
        let mut found = Vec::new();
        for text in [name.to_owned(), name.to_ascii_lowercase()] {
            if let Some(ordinal) = state.ordinal(&Id::from_text(&text))? {
                found = find_ordinal(&self.snapshot_at(state.newest()), &snapshot, ordinal)?;
            }
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            found = find_named(&snapshot, name)?;
        }
        if found.is_empty() {
            found = find_relation(&snapshot, name)?;
        }
        match found.len() {
            0 => Err(Error::NoObject { name: name.to_owned(), nearest: nearest(&snapshot, name)? }),
            1 => Ok(found.remove(0)),
            count => {
                let examples: Vec<String> = found
                    .iter()
                    .take(EXAMPLE_COUNT_MAX)
                    .map(|key| format!("{} {}", key.type_token, key.id))
                    .collect();
                Err(Error::Ambiguous { name: name.to_owned(), count, examples: examples.join(", ") })
            }
        }
    }
}

/// The types under which an ordinal is, or once was, an object; those where it is now come alone.
fn find_ordinal(newest: &Snapshot, snapshot: &Snapshot, ordinal: u32) -> Result<Vec<ObjectKey>> {
    let state = snapshot.state();
    let (mut now, mut once) = (Vec::new(), Vec::new());
    for key in snapshot.core_keys() {
        let object = || -> Result<ObjectKey> {
            Ok(ObjectKey { type_token: key.type_token.clone(), id: state.id(ordinal)?.to_string() })
        };
        if !snapshot.vector(key)?.get(ordinal).is_absent() {
            now.push(object()?);
        } else if newest.vector(key)?.get(ordinal) != Slot::NEVER {
            once.push(object()?);
        }
    }
    Ok(if now.is_empty() { once } else { now })
}

/// Objects of a snapshot with this name, compared without regard to case.
fn find_named(snapshot: &Snapshot, name: &str) -> Result<Vec<ObjectKey>> {
    for property in NAME_PROPERTIES {
        let found = scan(snapshot, property, &|text| text.to_lowercase() == name.to_lowercase())?;
        if !found.is_empty() {
            return Ok(found.into_iter().map(|(key, _)| key).collect());
        }
    }
    Ok(Vec::new())
}

/// Relation objects by the ID that Graph gives them for now.
fn find_relation(snapshot: &Snapshot, name: &str) -> Result<Vec<ObjectKey>> {
    let state = snapshot.state();
    let path = state.paths.id("id");
    let mut found = Vec::new();
    for key in state.tables.keys().filter(|key| key.part == Part::Volatile) {
        let matching = scan_table(snapshot, key, path, &|text| text == name)?;
        found.extend(matching.into_iter().map(|(key, _)| key));
    }
    Ok(found)
}

type Found = Vec<(ObjectKey, String)>;

fn scan(snapshot: &Snapshot, property: &str, is_wanted: &(dyn Fn(&str) -> bool + Sync)) -> Result<Found> {
    let path = snapshot.state().paths.id(property);
    let mut found = Vec::new();
    for key in snapshot.core_keys() {
        found.append(&mut scan_table(snapshot, key, path, is_wanted)?);
    }
    Ok(found)
}

fn scan_table(
    snapshot: &Snapshot,
    key: &TableKey,
    path: PathId,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Found> {
    let state = snapshot.state();
    let rows = Rows::many(state, key);
    let vector = snapshot.vector(key)?;
    let slots: Vec<_> = vector.iter().filter(|(_, slot)| !slot.is_absent()).collect();
    let found: Vec<Option<(ObjectKey, String)>> = slots
        .par_iter()
        .map(|(ordinal, slot)| {
            let Some(json) = rows.read_cell(slot.version(), path)? else { return Ok(None) };
            let serde_json::Value::String(text) = value::decode(&json) else { return Ok(None) };
            if !is_wanted(&text) {
                return Ok(None);
            }
            Ok(Some((
                ObjectKey { type_token: key.type_token.clone(), id: state.id(*ordinal)?.to_string() },
                text,
            )))
        })
        .collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A few names that contain what was asked for, or begin like it.
fn nearest(snapshot: &Snapshot, name: &str) -> Result<String> {
    let wanted = name.to_lowercase();
    let start: String = wanted.chars().take(3).collect();
    for property in ["displayName", "userPrincipalName"] {
        for contains in [&wanted, &start] {
            if contains.is_empty() {
                continue;
            }
            let found = scan(snapshot, property, &|text| text.to_lowercase().contains(contains.as_str()))?;
            if !found.is_empty() {
                let mut names: Vec<String> = found.into_iter().map(|(_, name)| name).collect();
                names.sort_unstable_by_key(|name| (name.len().abs_diff(wanted.len()), name.clone()));
                names.dedup();
                names.truncate(EXAMPLE_COUNT_MAX);
                return Ok(format!("; nearest: {}", names.join(", ")));
            }
        }
    }
    Ok(String::new())
}
