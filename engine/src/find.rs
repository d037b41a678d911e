//! Finds an object by what a person calls it: ID, user principal name, display name, application ID.
//!
//! The naming columns of the live objects are scanned. An index would have to be kept for every backup, and people look
//! up one name at a time.

mod nearest;

use std::sync::Arc;

use rayon::prelude::*;

use crate::id::Id;
use crate::paths::PathId;
use crate::rows::{RowCursor, Rows};
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::state::{State, TableKey, VectorKind};
use crate::vector::Slot;
use crate::verify::version_ordinals;
use crate::{BackupId, Error, ObjectKey, Result, value};
use nearest::Wanted;

/// Properties that people name objects by, besides the ID.
const NAME_PROPERTIES: [&str; 3] = ["userPrincipalName", "appId", "displayName"];
/// Versions that one thread reads at a time, at least.
const CHUNK_LENGTH_MIN: usize = 1024;
/// Objects shown when too many answer.
const EXAMPLE_COUNT_MAX: usize = 3;

/// As [`Store::find`](crate::Store::find).
pub(crate) fn find(snapshots: &Snapshots, name: &str, backup: &BackupId) -> Result<ObjectKey> {
    let snapshot = snapshots.of(backup)?;
    let (now, once) = find_id(snapshots, name, &snapshot)?;
    let mut found = if now.is_empty() { once } else { now };
    if found.is_empty() {
        found = find_named(&snapshot, name)?;
    }
    if found.is_empty() {
        found = find_relations(&snapshot, &|id| id == name)?;
    }
    if found.is_empty() {
        found = find_once(&snapshot, name)?;
    }
    match found.len() {
        0 => {
            let mut nearest = find_nearest(&snapshot, name)?;
            if nearest.is_empty() {
                nearest = "expected an ID, user principal name, display name or application ID".into();
            }
            Err(Error::NoObject { name: name.to_owned(), nearest })
        }
        1 => Ok(found.remove(0)),
        count => {
            found.truncate(EXAMPLE_COUNT_MAX);
            Err(Error::Ambiguous { name: name.to_owned(), count, examples: found })
        }
    }
}

/// As [`Store::find_all`](crate::Store::find_all).
pub(crate) fn find_all(snapshots: &Snapshots, name: &str, backup: &BackupId) -> Result<Vec<ObjectKey>> {
    let snapshot = snapshots.of(backup)?;
    let (mut found, mut once) = find_id(snapshots, name, &snapshot)?;
    found.append(&mut once);
    if found.is_empty() {
        return Ok(vec![find(snapshots, name, backup)?]);
    }
    found.sort_unstable();
    Ok(found)
}

/// The objects with an ID: those that are there at a snapshot, and those that are not but once were.
fn find_id(
    snapshots: &Snapshots,
    name: &str,
    snapshot: &Snapshot,
) -> Result<(Vec<ObjectKey>, Vec<ObjectKey>)> {
    let state = snapshots.state();
    for text in [name.to_owned(), name.to_ascii_lowercase()] {
        let Some(ordinal) = state.ordinal(&Id::from_text(&text))? else { continue };
        let (now, once) = find_ordinal(&snapshots.at(state.latest()), snapshot, ordinal)?;
        if !(now.is_empty() && once.is_empty()) {
            return Ok((now, once));
        }
    }
    Ok((Vec::new(), Vec::new()))
}

/// The types under which an ordinal is an object at a snapshot, and those under which it is none but once was.
fn find_ordinal(
    newest: &Snapshot,
    snapshot: &Snapshot,
    ordinal: u32,
) -> Result<(Vec<ObjectKey>, Vec<ObjectKey>)> {
    let state = snapshot.state();
    let (mut now, mut once) = (Vec::new(), Vec::new());
    for key in snapshot.core_keys() {
        let object = || -> Result<ObjectKey> {
            Ok(ObjectKey { type_token: key.type_token.clone(), id: state.id(ordinal)?.to_string() })
        };
        if !snapshot.slot(key, ordinal)?.is_absent() {
            now.push(object()?);
        } else if newest.slot(key, ordinal)? != Slot::NEVER || was_woven_in(state, key, ordinal)? {
            once.push(object()?);
        }
    }
    Ok((now, once))
}

/// Whether a backup that was woven in brought an object: later ones may know nothing of it.
fn was_woven_in(state: &Arc<State>, key: &TableKey, ordinal: u32) -> Result<bool> {
    for &sequence in state.woven() {
        if Snapshot::new(Arc::clone(state), sequence).slot(key, ordinal)? != Slot::NEVER {
            return Ok(true);
        }
    }
    Ok(false)
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
pub(crate) fn find_relations(
    snapshot: &Snapshot,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<ObjectKey>> {
    let state = snapshot.state();
    let path = state.paths.id("id");
    let mut found = Vec::new();
    for key in state.tables.keys().filter(|key| key.kind == VectorKind::Volatile) {
        let matching = scan_table(snapshot, key, path, is_wanted)?;
        found.extend(matching.into_iter().map(|(key, _)| key));
    }
    Ok(found)
}

/// Objects that had this name at some backup: people ask for what is gone, too.
fn find_once(snapshot: &Snapshot, name: &str) -> Result<Vec<ObjectKey>> {
    let lower = name.to_lowercase();
    for property in NAME_PROPERTIES {
        let found = scan_versions(snapshot, property, &|text| text.to_lowercase() == lower)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The objects of which some version, of whichever backup, has such a property.
fn scan_versions(
    snapshot: &Snapshot,
    property: &str,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<ObjectKey>> {
    let state = snapshot.state();
    let path = state.paths.id(property);
    let mut found = Vec::new();
    for (key, numbers) in state.tables.iter().filter(|(key, _)| key.kind == VectorKind::Core) {
        let rows = Rows::many(state, key);
        for &(first, sequence) in &numbers.ranges {
            let ordinals = version_ordinals(state, key, sequence)?;
            let versions: Vec<(u32, u32)> = (first..).zip(ordinals).collect();
            let matching = versions.par_iter().with_min_len(CHUNK_LENGTH_MIN).map_init(
                || RowCursor::new(&rows),
                |cursor, &(version, ordinal)| -> Result<_> {
                    let is_wanted = read_text(cursor, version, path)?.is_some_and(|text| is_wanted(&text));
                    Ok(is_wanted.then_some(ordinal))
                },
            );
            for ordinal in matching.collect::<Result<Vec<_>>>()?.into_iter().flatten() {
                found.push(ObjectKey {
                    type_token: key.type_token.clone(),
                    id: state.id(ordinal)?.to_string(),
                });
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn read_text(cursor: &mut RowCursor<'_, '_>, version: u32, path: PathId) -> Result<Option<String>> {
    let mut json = Vec::new();
    if !cursor.read_cell(version, path, &mut json)? {
        return Ok(None);
    }
    Ok(match value::decode(&json) {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    })
}

type NamedObjects = Vec<(ObjectKey, String)>;

fn scan(
    snapshot: &Snapshot,
    property: &str,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<NamedObjects> {
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
) -> Result<NamedObjects> {
    let state = snapshot.state();
    let rows = Rows::many(state, key);
    let vector = snapshot.vector(key)?;
    let slots: Vec<_> = vector.iter().filter(|(_, slot)| !slot.is_absent()).collect();
    let found: Vec<Option<(ObjectKey, String)>> = slots
        .par_iter()
        .with_min_len(CHUNK_LENGTH_MIN)
        .map_init(
            || RowCursor::new(&rows),
            |cursor, (ordinal, slot)| {
                let text = read_text(cursor, slot.version(), path)?.filter(|text| is_wanted(text));
                let Some(text) = text else { return Ok(None) };
                let id = state.id(*ordinal)?.to_string();
                Ok(Some((ObjectKey { type_token: key.type_token.clone(), id }, text)))
            },
        )
        .collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A few names, or else IDs, that are nearly the name that was looked up.
fn find_nearest(snapshot: &Snapshot, name: &str) -> Result<String> {
    let wanted = Wanted::new(name);
    for property in ["displayName", "userPrincipalName"] {
        let found = scan(snapshot, property, &|text| wanted.rank(text).is_some())?;
        if !found.is_empty() {
            return Ok(wanted.list(found.into_iter().map(|(_, name)| name).collect()));
        }
    }
    let mut ids = Vec::new();
    for key in snapshot.core_keys() {
        for (ordinal, _) in snapshot.vector(key)?.iter().filter(|(_, slot)| !slot.is_absent()) {
            let id = snapshot.state().id(ordinal)?.to_string();
            if wanted.rank(&id).is_some() {
                ids.push(id);
            }
        }
    }
    Ok(wanted.list(ids))
}
