//! `history(from, to)`: what every backup of a window changed, a part for each.
//!
//! *Shape*: `history/window.rs` says which backups, `history/first.rs` the objects of the first backup of a store. One
//! object is followed without comparing backups: the store knows which of them changed it.

mod first;
mod window;

use std::sync::Arc;

use engine::{BackupId, BackupSummary, Change, DifferenceFilter, ObjectKey, Store};

use super::StoreTables;
use super::cells::{self, ColumnSpec};
use super::condition;
use super::event::{self, Event, Events};
use super::part;
use super::points::described;
use super::target::Targets;
use crate::batch::{Batch, Column, Schema};
use crate::error::{TableError, counted};
use crate::point::ResolvedPoint;
use crate::table::{Condition, Parts, ScanRequest, TableSource};
use crate::value::Value;
use first::FirstObjects;
use window::Window;

/// Most objects that are followed one by one; of more, backups are compared.
const FOLLOWED_COUNT_MAX: usize = 64;

/// What one backup changed: its index among the backups, and a change.
type BackupChange = (usize, Change);

/// The table.
pub(super) struct History {
    store: Arc<Store>,
    window: Window,
    /// The changes of the one object that the arguments name.
    object: Option<Vec<BackupChange>>,
}

impl History {
    pub(super) fn new(tables: &StoreTables, arguments: &[Value]) -> Result<Self, TableError> {
        let (points, object) = match arguments {
            [points @ .., object] if arguments.len() == 3 => (points, Some(object)),
            [_] | [_, _] => (arguments, None),
            other => {
                let count = counted(other.len(), "argument");
                return Err(TableError::arguments(format!(
                    "`history(from, to, \"id\")` takes a point in time, perhaps a second one, and perhaps the ID of an \
                     object, found {count}"
                )));
            }
        };
        let window = Window::new(tables, points)?;
        let object = match object {
            None => None,
            Some(Value::String(id)) => Some(follow_named(&tables.store, id, &window)?),
            Some(other) => {
                let found = described(other);
                return Err(TableError::arguments(format!(
                    "the third argument of `history` must be the ID of an object, found {found}"
                )));
            }
        };
        Ok(Self { store: Arc::clone(&tables.store), window, object })
    }

    /// The changes of these objects, if these can be followed one by one.
    fn followed(
        &self,
        ids: &[&str],
        conditions: &[Condition],
    ) -> Result<Option<Vec<BackupChange>>, TableError> {
        if ids.len() > FOLLOWED_COUNT_MAX {
            return Ok(None);
        }
        let mut steps = Vec::new();
        for id in ids {
            // An ID that the store does not know may be a volatile one of a relation object.
            let Some(mut found) = follow(&self.store, id, &self.window)? else { return Ok(None) };
            steps.append(&mut found);
        }
        steps.retain(|(index, _)| self.admits(*index, conditions));
        Ok(Some(steps))
    }

    fn admits(&self, index: usize, conditions: &[Condition]) -> bool {
        self.store.commits().get(index).is_some_and(|backup| {
            condition::admits_text(conditions, event::BACKUP, &backup.id)
                && condition::admits_time(conditions, event::TAKEN_AT, cells::ticks(backup.taken_at))
        })
    }
}

impl TableSource for History {
    fn schema(&self) -> Schema {
        let columns: Vec<ColumnSpec> = event::COLUMNS.into_iter().chain(event::MOMENT_COLUMNS).collect();
        cells::schema_of(&columns)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let conditions = &request.conditions;
        let (store, columns) = (Arc::clone(&self.store), request.columns.clone());
        let ids = condition::wanted_texts(conditions, event::ID);
        let followed = match (&self.object, &ids) {
            (Some(steps), _) => {
                let admitted = steps.iter().filter(|(index, _)| self.admits(*index, conditions));
                Some(admitted.cloned().collect())
            }
            (None, Some(ids)) => self.followed(ids, conditions)?,
            (None, None) => None,
        };
        let last_backup = self.window.last_backup(&store);
        if let Some(mut steps) = followed {
            sort(&mut steps);
            let (indexes, changes): (Vec<usize>, Vec<Change>) = steps.into_iter().unzip();
            let events = event::events(&changes, conditions);
            return Ok(Box::new(Followed { store, last_backup, indexes, changes, events, columns }));
        }
        let mut indexes: Vec<usize> =
            self.window.indexes().filter(|index| self.admits(*index, conditions)).collect();
        let mut filter = event::filter(conditions);
        // What was not followed is compared by the IDs that are shown.
        filter.ids.clear();
        // An object's first appearance is part of its history, whether or not it may have been there before.
        filter.first_seen = true;
        let mut first = None;
        if indexes.first() == Some(&0) {
            indexes.remove(0);
            first = FirstObjects::new(&store, &filter, conditions)?;
        }
        let request = request.clone();
        Ok(Box::new(Compared { store, last_backup, request, filter, first, indexes }))
    }

    fn points(&self) -> Vec<ResolvedPoint> {
        self.window.points.clone()
    }
}

/// All changes in the window of the objects that have this ID; `None` if no object has it.
fn follow(store: &Store, id: &str, window: &Window) -> Result<Option<Vec<BackupChange>>, TableError> {
    let mut all: Option<Vec<BackupChange>> = None;
    for type_token in store.type_tokens() {
        let key = ObjectKey { type_token: Arc::clone(type_token), id: id.to_owned() };
        let history = store.history(&key).map_err(TableError::store)?;
        if !history.is_empty() {
            all.get_or_insert_default().append(&mut inside(store, history, window));
        }
    }
    Ok(all)
}

/// Those steps of an object that lie in the window.
fn inside(store: &Store, history: Vec<(BackupSummary, Change)>, window: &Window) -> Vec<BackupChange> {
    let backups = store.commits();
    let mut index = 0;
    let steps = history.into_iter().filter_map(|(backup, change)| {
        // Both are oldest first; one backup may have several steps, where the object was made again under another ID.
        index += backups[index..].iter().position(|other| other.id == backup.id)?;
        window.indexes().contains(&index).then_some((index, change))
    });
    steps.collect()
}

/// As [`follow`]; an object may be named by anything that the store finds it by.
fn follow_named(store: &Store, name: &str, window: &Window) -> Result<Vec<BackupChange>, TableError> {
    let failed = TableError::store;
    let mut steps = Vec::new();
    // One ID under two types is two objects, and both are meant.
    let Some(last_backup) = window.last_backup(store) else { return Ok(steps) };
    for key in store.find_all(name, &last_backup).map_err(failed)? {
        steps.append(&mut inside(store, store.history(&key).map_err(failed)?, window));
    }
    Ok(steps)
}

/// In the order of the backups, and then as differences are sorted.
fn sort(steps: &mut Vec<BackupChange>) {
    steps.sort_by(|(index, change), (other_index, other)| {
        let (this, that) = ((&change.type_token, &change.id), (&other.type_token, &other.id));
        index.cmp(other_index).then(this.cmp(&that))
    });
    steps.dedup();
}

/// The rows of objects that were followed.
struct Followed {
    store: Arc<Store>,
    last_backup: Option<BackupId>,
    indexes: Vec<usize>,
    changes: Vec<Change>,
    events: Vec<Event>,
    columns: Vec<usize>,
}

impl Parts for Followed {
    fn count(&self) -> usize {
        part::part_count(self.events.len())
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let events = &self.events[part::part_range(part, self.events.len())];
        let targets = Targets::new(&self.store, self.last_backup.as_slice());
        let index = |change: usize| self.indexes.get(change).copied();
        let rows = Events { changes: &self.changes, of: events, targets: &targets, index: &index };
        let backups = self.store.commits();
        rows.batch(&self.columns, &|column| {
            let of_rows = events.iter().map(|event| &backups[self.indexes[event.change()]]);
            match column {
                event::BACKUP => cells::names(of_rows.map(|backup| backup.id.as_str())),
                _ => Column::of(of_rows.map(|backup| cells::datetime(backup.taken_at)).collect()),
            }
        })
    }
}

/// The rows of backups that are compared with the ones before them.
struct Compared {
    store: Arc<Store>,
    last_backup: Option<BackupId>,
    request: ScanRequest,
    filter: DifferenceFilter,
    /// The objects of the first backup, if the window includes it; their parts come first.
    first: Option<FirstObjects>,
    /// The other backups, by their indexes.
    indexes: Vec<usize>,
}

impl Parts for Compared {
    fn count(&self) -> usize {
        self.first.as_ref().map_or(0, FirstObjects::part_count) + self.indexes.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let first_count = self.first.as_ref().map_or(0, FirstObjects::part_count);
        if let Some(first) = self.first.as_ref().filter(|_| part < first_count) {
            return self.batch(0, first.read(part)?);
        }
        let index = self.indexes[part - first_count];
        let backups = self.store.commits();
        let (from, to) = (&backups[index - 1].id, &backups[index].id);
        let changes = self.store.difference(from, to, &self.filter).map_err(TableError::store)?;
        self.batch(index, &changes)
    }
}

impl Compared {
    fn batch(&self, index: usize, changes: &[Change]) -> Result<Batch, TableError> {
        let events = event::events(changes, &self.request.conditions);
        let targets = Targets::new(&self.store, self.last_backup.as_slice());
        let rows = Events { changes, of: &events, targets: &targets, index: &|_| Some(index) };
        let backup = &self.store.commits()[index];
        rows.batch(&self.request.columns, &|column| {
            Column::Constant(match column {
                event::BACKUP => Value::text(&backup.id),
                _ => cells::datetime(backup.taken_at),
            })
        })
    }
}
