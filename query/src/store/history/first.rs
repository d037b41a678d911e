//! What the first backup of a store brought: all its objects, each a change of its own.

use std::sync::{Arc, OnceLock};

use engine::{Change, ChangeKind, DifferenceFilter, RecoveryAction, Snapshot, Store, schema};

use crate::store::event;
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
    changes: OnceLock<Result<Vec<Change>, String>>,
}

impl FirstObjects {
    /// Nothing when no such row is needed.
    pub(super) fn new(
        store: &Store,
        filter: &DifferenceFilter,
        conditions: &[Condition],
    ) -> Result<Option<Self>, String> {
        let Some(backup) = store.backups().first().filter(|_| event::needs_objects(conditions)) else {
            return Ok(None);
        };
        let failed = |error: engine::Error| error.to_string();
        let snapshot = store.snapshot(&backup.id).map_err(failed)?;
        let wanted: Vec<&str> = filter.types.iter().map(|name| schema::token_from_name(name)).collect();
        let mut types = Vec::new();
        for token in snapshot.types().map_err(failed)? {
            if wanted.is_empty() || wanted.contains(&&*token) {
                let (live, binned) = snapshot.object_count(&token).map_err(failed)?;
                let rows = usize::try_from(live + binned).unwrap_or(usize::MAX);
                types.push(TypeObjects {
                    token,
                    part_count: event::part_count(rows),
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
    pub(super) fn read(&self, part: usize) -> Result<&[Change], String> {
        let mut part = part;
        for of_type in &self.types {
            if part < of_type.part_count {
                let changes = of_type.changes.get_or_init(|| read_type(&self.snapshot, &of_type.token));
                let changes = changes.as_ref().map_err(Clone::clone)?;
                return Ok(&changes[event::part_range(part, changes.len())]);
            }
            part -= of_type.part_count;
        }
        Ok(&[])
    }
}

fn read_type(snapshot: &Snapshot, token: &Arc<str>) -> Result<Vec<Change>, String> {
    let failed = |error: engine::Error| error.to_string();
    let mut changes = Vec::new();
    for object in snapshot.objects(token).map_err(failed)? {
        let object = object.map_err(failed)?;
        let mut attributes = object.attributes();
        let mut text = |name: &str| match attributes.remove(name) {
            Some(serde_json::Value::String(text)) => Some(text),
            _ => None,
        };
        changes.push(Change {
            type_token: Arc::clone(token),
            id: text("id").unwrap_or_else(|| object.key.id.clone()),
            display_name: text("displayName").unwrap_or_default(),
            kind: if object.deleted { ChangeKind::CreatedAndDeleted } else { ChangeKind::Added },
            action: RecoveryAction::None,
            reason: None,
            attributes: Vec::new(),
            links: Vec::new(),
            unknown: Vec::new(),
        });
    }
    changes.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(changes)
}
