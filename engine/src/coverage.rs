//! What each backup read of each type and relation, when, and what it could not read.

pub(crate) mod known;
mod unread;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;
use crate::{BackupId, BackupSummary, Result, Store};

pub use crate::backup::{BinExtent, Extent, Overlap, RelationReading, TypeReading};
pub use unread::{Unread, UnreadSide};

/// Something that could not be read. It keeps its earlier state, and is never taken for deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The type it concerns.
    #[serde(rename = "type")]
    pub type_token: String,
    /// What of the type.
    pub scope: GapScope,
    /// Why, such as Graph's code.
    pub reason: String,
    /// How many objects, as far as known.
    pub count: u64,
}

/// What of a type could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapScope {
    /// All of it.
    Type,
    /// Its recycle bin.
    Bin,
    /// One relation of all its objects.
    Relation(String),
    /// One property of all its objects.
    Property(String),
    /// One object, by its ID; `below ID`: the objects of the type that belong to this one.
    Object(String),
    /// One relation of one object.
    Links {
        /// The object's ID.
        source: String,
        /// The relation.
        relation: String,
    },
}

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
    /// Properties asked for, where the source said so.
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

impl Store {
    /// What a backup read and could not read.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn coverage(&self, backup: &BackupId) -> Result<Coverage> {
        let manifests = self.manifests_up_to(backup)?;
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

    /// What the source of a backup left to go on from there.
    ///
    /// # Errors
    /// `NoBackup`.
    pub fn source_state(&self, backup: &BackupId) -> Result<serde_json::Value> {
        Ok(self.manifests_up_to(backup)?.last().map(|manifest| manifest.state.clone()).unwrap_or_default())
    }

    /// The newest whole backup of a source that left something to go on from.
    #[must_use]
    pub fn newest_state(&self, source: &str) -> Option<(&BackupSummary, serde_json::Value)> {
        let manifests = self.state().manifests.iter().zip(&self.state().commits).rev();
        let mut fitting = manifests.filter(|(manifest, _)| {
            !manifest.is_reading() && manifest.source == source && !manifest.state.is_null()
        });
        fitting.next().map(|(manifest, summary)| (summary, manifest.state.clone()))
    }

    fn manifests_up_to(&self, backup: &BackupId) -> Result<&[Arc<Manifest>]> {
        Ok(self.state().manifests_up_to(self.sequence_of(backup)?))
    }
}

/// When each relation of a type was last read, as far as its sources say.
fn read_times(manifests: &[Arc<Manifest>], token: &str) -> BTreeMap<String, Timestamp> {
    let mut times = BTreeMap::new();
    for coverage in manifests.iter().filter_map(|manifest| manifest.coverage.get(token)) {
        times.extend(coverage.as_of.iter().map(|(name, time)| (name.clone(), *time)));
    }
    times
}
