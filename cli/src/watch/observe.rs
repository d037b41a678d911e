//! What a new backup says of alerts: which of those that are open are gone, and which are new.

use std::collections::{BTreeMap, BTreeSet};

use engine::{BackupId, DifferenceFilter, Store};

use super::alert::{Alert, AlertChange};
use super::state::{AlertState, Moment, OpenAlert, WatchState};
use super::waiver::Waivers;
use crate::change::ChangeRow;
use crate::error::Outcome;

/// Where to look up whether changes are still there.
pub(crate) trait Changes {
    /// Says of each change since a backup whether it is there; nothing when the backup is not.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn are_there(&self, from: &str, changes: &[&AlertChange]) -> Outcome<Option<Vec<bool>>>;
}

/// The changes between backups of a store and one of them.
pub(crate) struct StoreChanges<'s> {
    pub(crate) store: &'s Store,
    pub(crate) newest: BackupId,
}

impl Changes for StoreChanges<'_> {
    fn are_there(&self, from: &str, changes: &[&AlertChange]) -> Outcome<Option<Vec<bool>>> {
        let Some(from) = self.store.commits().iter().find(|backup| backup.id.as_str() == from) else {
            return Ok(None);
        };
        let ids: BTreeSet<&str> =
            changes.iter().map(|change| &*change.id).filter(|id| !id.is_empty()).collect();
        if ids.is_empty() {
            return Ok(Some(vec![false; changes.len()]));
        }
        let ids = ids.into_iter().map(str::to_owned).collect();
        let filter = DifferenceFilter { ids, ..DifferenceFilter::default() };
        let difference = self.store.compare(&from.id, &self.newest, &filter)?;
        let rows = difference.changes()?.map(|change| change.map(ChangeRow::from));
        let rows: Vec<ChangeRow> = rows.collect::<Result<_, _>>()?;
        Ok(Some(changes.iter().map(|change| rows.iter().any(|row| holds(row, change))).collect()))
    }
}

/// Whether an object that differs has a change among its own. One that was added or deleted has all of them.
fn holds(row: &ChangeRow, change: &AlertChange) -> bool {
    let is_path = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    row.type_token == change.type_token
        && row.id == change.id
        && (row.change != "updated"
            || row.attributes.iter().any(|attribute| {
                !change.name.is_empty()
                    && (is_path(&attribute.name, &change.name) || is_path(&change.name, &attribute.name))
            })
            || row
                .links
                .iter()
                .any(|link| link.relation == change.name && link.target_id == change.target_id))
}

/// What has become of an alert that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The change is still there.
    Stays,
    /// It was undone.
    Gone,
    /// The backup before it is no longer in the store, so that there is nothing to compare with.
    Unknown,
}

/// Queues the open alerts whose changes are undone, and those whose waivers are over.
///
/// # Errors
/// When the store cannot be read; then the state is as it was.
pub(crate) fn look_after(
    state: &mut WatchState,
    changes: &dyn Changes,
    waivers: &Waivers,
    moment: &Moment,
) -> Outcome<()> {
    let fates = fates(state, changes)?;
    for mut open in std::mem::take(&mut state.open) {
        let is_excused = waivers.of(&open.alert, moment.time).is_some();
        match fates.get(&key_of(&open)).copied().unwrap_or(Fate::Stays) {
            Fate::Stays if open.is_waived && !is_excused => {
                let expired = waivers.expired_of(&open.alert, moment.time).map(ToString::to_string);
                state.queue(AlertState::New, open.alert.clone(), moment, expired.unwrap_or_default());
                open.is_waived = false;
                state.open.push(open);
            }
            Fate::Stays => state.open.push(open),
            Fate::Gone if !open.is_waived => state.queue(AlertState::Gone, open.alert, moment, String::new()),
            Fate::Gone | Fate::Unknown => {}
        }
    }
    Ok(())
}

/// What tells an open alert from every other that comes from another change.
type OpenKey = (String, String);

fn key_of(open: &OpenAlert) -> OpenKey {
    (open.from.clone(), open.alert.key.clone())
}

/// The fates of the open alerts that come from changes.
fn fates(state: &WatchState, changes: &dyn Changes) -> Outcome<BTreeMap<OpenKey, Fate>> {
    let mut of_origin: BTreeMap<&str, Vec<&OpenAlert>> = BTreeMap::new();
    for open in state.open.iter().filter(|open| !open.from.is_empty()) {
        of_origin.entry(&open.from).or_default().push(open);
    }
    let mut fates = BTreeMap::new();
    for (from, group) in of_origin {
        let keys: Vec<&AlertChange> = group.iter().map(|open| &open.alert.change).collect();
        let there = changes.are_there(from, &keys)?;
        for (index, open) in group.into_iter().enumerate() {
            let fate = match &there {
                None => Fate::Unknown,
                Some(there) if there[index] => Fate::Stays,
                Some(_) => Fate::Gone,
            };
            fates.insert(key_of(open), fate);
        }
    }
    Ok(fates)
}

/// Queues what is new and not waived of the findings since a backup. A finding of a change since then is new; one without
/// such a change, because its rule reads the state and not the difference, is new until it is open.
///
/// # Errors
/// When the store cannot be read; then the state is as it was.
pub(crate) fn take(
    state: &mut WatchState,
    found: Vec<Alert>,
    from: &str,
    changes: &dyn Changes,
    waivers: &Waivers,
    moment: &Moment,
) -> Outcome<()> {
    let keys: Vec<&AlertChange> = found.iter().map(|alert| &alert.change).collect();
    let there = changes.are_there(from, &keys)?.unwrap_or_else(|| vec![false; found.len()]);
    // What no rule finds any more is over, which is not to say that it was undone.
    let is_found = |open: &OpenAlert| found.iter().any(|alert| alert.is_same(&open.alert));
    state.open.retain(|open| !open.from.is_empty() || open.alert.is_trouble() || is_found(open));
    for (alert, is_there) in found.into_iter().zip(there) {
        if !is_there && state.open.iter().any(|open| open.alert.is_same(&alert)) {
            continue;
        }
        let is_waived = waivers.of(&alert, moment.time).is_some();
        if !is_waived {
            let expired = waivers.expired_of(&alert, moment.time).map(ToString::to_string);
            state.queue(AlertState::New, alert.clone(), moment, expired.unwrap_or_default());
        }
        let from = if is_there { from.to_owned() } else { String::new() };
        state.keep(OpenAlert { from, is_waived, alert });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
