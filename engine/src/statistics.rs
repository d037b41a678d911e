//! Sizes and counts of a store.

use crate::snapshots::Snapshots;
use crate::state::VectorKind;
use crate::{BackupSummary, Result};

/// Sizes and counts of a store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Bytes of all files.
    pub bytes: u64,
    /// Live objects in the newest backup.
    pub objects: u64,
    /// Distinct versions of objects.
    pub versions: u64,
    /// Number of backups.
    pub backups: u64,
    /// Per type.
    pub types: Vec<TypeStatistics>,
    /// Per backup.
    pub per_backup: Vec<BackupSummary>,
}

/// Counts of one type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeStatistics {
    /// Type token.
    #[serde(rename = "type")]
    pub type_token: String,
    /// Live objects in the newest backup.
    pub objects: u64,
    /// Objects in the recycle bin in the newest backup.
    pub deleted: u64,
    /// Distinct versions.
    pub versions: u64,
    /// Bytes of its columns.
    pub bytes: u64,
}

/// As [`Store::statistics`](crate::Store::statistics).
pub(crate) fn statistics(snapshots: &Snapshots) -> Result<Statistics> {
    let state = snapshots.state();
    let mut types: Vec<TypeStatistics> = Vec::new();
    for key in state.tables.keys().filter(|key| key.kind == VectorKind::Core) {
        let (objects, deleted) = match state.latest() {
            0 => (0, 0),
            latest => snapshots.at(latest).object_count(&key.type_token)?,
        };
        let versions = u64::from(state.tables[key].next.saturating_sub(1));
        let type_token = key.type_token.to_string();
        types.push(TypeStatistics { type_token, objects, deleted, versions, bytes: 0 });
    }
    let mut bytes = 0;
    for folder in ["", "segments", "manifests", "journals", "staging"] {
        let files = state.disk.list(&state.root.join(folder)).unwrap_or_default();
        bytes += files.iter().map(|(_, length)| length).sum::<u64>();
    }
    for sequence in 1..=state.newest() {
        let segment = state.segment(sequence)?;
        for (token, length) in segment.bytes_by_type() {
            if let Some(found) = types.iter_mut().find(|found| found.type_token == token) {
                found.bytes += length;
            }
        }
    }
    Ok(Statistics {
        bytes,
        objects: types.iter().map(|found| found.objects).sum(),
        versions: types.iter().map(|found| found.versions).sum(),
        backups: state.newest(),
        types,
        per_backup: state.summaries.clone(),
    })
}
