//! Which objects differ, and nothing else of them: the cheapest answer there is.

use std::sync::Arc;

use super::changes::compare;
use super::{Comparison, DifferenceFilter, in_pool, make_each};
use crate::snapshots::Snapshots;
use crate::{BackupId, ChangeKind, ObjectId, Result};

/// An object that differs between two backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedObject {
    /// Type token, such as `user`.
    pub type_token: Arc<str>,
    /// Its ID; of a relation object the text of its natural key.
    pub id: ObjectId,
    /// How it differs.
    pub kind: ChangeKind,
}

/// As [`Store::changed_objects`](crate::Store::changed_objects).
pub(crate) fn changed_objects(
    snapshots: &Snapshots,
    from: &BackupId,
    to: &BackupId,
    filter: &DifferenceFilter,
) -> Result<Vec<ChangedObject>> {
    let filter = DifferenceFilter { objects_only: true, ..filter.clone() };
    let difference = compare(snapshots, from, to, &filter)?;
    in_pool(|| list(&Comparison::of_wanted(&difference)?))
}

fn list(comparison: &Comparison<'_>) -> Result<Vec<ChangedObject>> {
    let mut changed = Vec::new();
    for token in comparison.wanted_types() {
        let Some((view, candidates)) = comparison.view(&token)? else { continue };
        let made = make_each(&view, &candidates, |cursors, candidate| {
            let slots = view.core_slots(candidate)?;
            let Some(kind) = comparison.kind(&view, slots.0, slots.1) else { return Ok(None) };
            // Where slots alone do not tell, the whole comparison does.
            if kind == ChangeKind::Updated
                && !view.is_certain(candidate, slots)?
                && comparison.change(&view, cursors, candidate)?.is_none()
            {
                return Ok(None);
            }
            let id = view.id(candidate)?.into();
            Ok(Some(ChangedObject { type_token: Arc::clone(&cursors.names.token), id, kind }))
        })?;
        changed.extend(made.into_iter().flatten());
    }
    Ok(changed)
}
