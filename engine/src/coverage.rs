//! What each backup read of each type and relation, when, and what it could not read.

pub(crate) mod gap;
pub(crate) mod known;
pub(crate) mod reading;
mod unread;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::manifest::Manifest;
use crate::snapshots::Snapshots;
use crate::state::State;
use crate::{BackupId, BackupSummary, Result};

pub use gap::{Gap, GapScope};
pub use reading::{BinExtent, Extent, Overlap, RelationReading, TypeReading};
pub use unread::{Unread, UnreadSide};
pub(crate) use unread::{unread_at, unread_between};

/// What a backup read, by type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Types that this backup read, by token; others were carried forward.
    pub types: BTreeMap<String, TypeCoverage>,
}

/// What a backup read of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeCoverage {
    /// Only what changed was read; the rest was kept.
    pub partial: bool,
    /// The recycle bin was read.
    pub bin: bool,
    /// Selected properties, where the source names them.
    pub properties: Option<Vec<String>>,
    /// Properties whose earlier values were carried forward.
    pub carried: Vec<String>,
    /// Relations and when each was last read, in this backup or before.
    pub relations: Vec<RelationCoverage>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// When a relation was last read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RelationCoverage {
    /// Its name.
    pub name: String,
    /// When it was last read.
    pub as_of: Timestamp,
}

/// As [`Store::coverage`](crate::Store::coverage).
pub(crate) fn coverage(snapshots: &Snapshots, backup: &BackupId) -> Result<Coverage> {
    let manifests = manifests_up_to(snapshots, backup)?;
    let Some(newest) = manifests.last() else { return Ok(Coverage::default()) };
    let types = newest.coverage.iter().map(|(token, coverage)| {
        let relations = read_times(manifests, token).into_iter();
        let of_type = TypeCoverage {
            partial: coverage.partial,
            bin: coverage.bin,
            properties: coverage.asked.clone(),
            carried: coverage.carried.clone(),
            relations: relations.map(|(name, as_of)| RelationCoverage { name, as_of }).collect(),
            gaps: coverage.gaps.clone(),
        };
        (token.clone(), of_type)
    });
    Ok(Coverage { types: types.collect() })
}

/// As [`Store::source_state`](crate::Store::source_state).
pub(crate) fn source_state(snapshots: &Snapshots, backup: &BackupId) -> Result<serde_json::Value> {
    Ok(manifests_up_to(snapshots, backup)?.last().map(|manifest| manifest.state.clone()).unwrap_or_default())
}

/// As [`Store::newest_state`](crate::Store::newest_state).
pub(crate) fn newest_state<'s>(
    state: &'s State,
    source: &str,
) -> Option<(&'s BackupSummary, serde_json::Value)> {
    let manifests = state.manifests.iter().zip(&state.commits).rev();
    let mut fitting = manifests.filter(|(manifest, _)| {
        !manifest.is_reading() && manifest.source == source && !manifest.state.is_null()
    });
    fitting.next().map(|(manifest, summary)| (summary, manifest.state.clone()))
}

fn manifests_up_to<'s>(snapshots: &'s Snapshots, backup: &BackupId) -> Result<&'s [Arc<Manifest>]> {
    Ok(snapshots.state().manifests_up_to(snapshots.sequence_of(backup)?))
}

/// When each relation of a type was last read, as far as its sources say.
fn read_times(manifests: &[Arc<Manifest>], token: &str) -> BTreeMap<String, Timestamp> {
    let mut times = BTreeMap::new();
    for coverage in manifests.iter().filter_map(|manifest| manifest.coverage.get(token)) {
        times.extend(coverage.as_of.iter().map(|(name, time)| (name.clone(), *time)));
    }
    times
}
