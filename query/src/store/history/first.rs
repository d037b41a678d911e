//! The first backup of a store: all its objects, each as a change.

use std::sync::{Arc, OnceLock};

use engine::scan::Space;
use engine::{Change, ChangeKind, DifferenceFilter, RecoveryAction, Snapshot, Store, schema};
use rayon::prelude::*;

use crate::error::TableError;
use crate::store::{cells, event, part};
use crate::table::Condition;

/// The objects of the first backup, in parts.
pub(super) struct FirstObjects {
    snapshot: Snapshot,
    types: Vec<TypeObjects>,
}

struct TypeObjects {
    token: Arc<str>,
    part_count: usize,
    /// Read when the first part is.
    changes: OnceLock<Result<Vec<Change>, TableError>>,
}

impl FirstObjects {
    /// `None` if no such row is needed.
    pub(super) fn new(
        store: &Store,
        filter: &DifferenceFilter,
        conditions: &[Condition],
    ) -> Result<Option<Self>, TableError> {
        let Some(backup) = store.commits().first().filter(|_| event::needs_objects(conditions)) else {
            return Ok(None);
        };
        let failed = TableError::store;
        let snapshot = store.snapshot(&backup.id).map_err(failed)?;
        let wanted: Vec<&str> = filter.types.iter().map(|name| schema::token_from_name(name)).collect();
        let mut types = Vec::new();
        for token in snapshot.types().map_err(failed)? {
            if wanted.is_empty() || wanted.contains(&&*token) {
                let (live, binned) = snapshot.object_count(&token).map_err(failed)?;
                let rows = usize::try_from(live + binned).unwrap_or(usize::MAX);
                types.push(TypeObjects {
                    token,
                    part_count: part::part_count(rows),
                    changes: OnceLock::new(),
                });
            }
        }
        Ok(Some(Self { snapshot, types }))
    }

    /// Number of parts.
    pub(super) fn part_count(&self) -> usize {
        self.types.iter().map(|of_type| of_type.part_count).sum()
    }

    /// The changes of a part, by type and ID.
    pub(super) fn read(&self, part: usize) -> Result<&[Change], TableError> {
        let mut part = part;
        for of_type in &self.types {
            if part < of_type.part_count {
                let changes = of_type
                    .changes
                    .get_or_init(|| read_type(&self.snapshot, &of_type.token).map_err(TableError::store));
                let changes = changes.as_ref().map_err(Clone::clone)?;
                return Ok(&changes[part::part_range(part, changes.len())]);
            }
            part -= of_type.part_count;
        }
        Ok(&[])
    }
}

fn read_type(snapshot: &Snapshot, token: &Arc<str>) -> engine::Result<Vec<Change>> {
    let scan = snapshot.scan(token);
    let moves = schema::by_token(token).is_some_and(|found| found.is_relation_object);
    let mut changes = Vec::new();
    for (rows, kind) in [(scan.live()?, ChangeKind::Added), (scan.deleted()?, ChangeKind::CreatedAndDeleted)]
    {
        let ids = scan.ids(&rows.ordinals)?;
        let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
        // What is shown of a relation object is the ID that Graph gives it for now.
        let shown = if moves {
            Some(scan.cells(Space::Volatile, "id", &scan.volatile(&rows.ordinals)?)?)
        } else {
            None
        };
        for index in 0..rows.ordinals.len() {
            let shown = shown.as_ref().map(|shown| cells::text_value(shown.get(index)));
            let known = || String::from_utf8_lossy(ids.get(index)).into_owned();
            changes.push(Change {
                type_token: Arc::clone(token),
                id: shown.filter(|shown| !shown.is_empty()).unwrap_or_else(known).as_str().into(),
                display_name: cells::text_value(names.get(index)).into(),
                kind,
                action: RecoveryAction::None,
                reason: None,
                last_read: None,
                attributes: Vec::new(),
                links: Vec::new(),
                unknown: Vec::new(),
            });
        }
    }
    changes.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(changes)
}
