//! The records that make a backup exist: its manifest, and HEAD, which names the newest one.
//!
//! Both are JSON with one member a line, so that a person, or a program of another age, can read them;
//! rkyv has no schema evolution, and these small files must be able to gain members.
//!
//! Invariants
//! 1. A manifest holds the BLAKE3 of the manifest before it and of its segment; HEAD holds that of the
//!    newest manifest: one hash pins all history.
//! 2. HEAD's last line is the BLAKE3 of all lines before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::coverage::gap::Gap;
use crate::journal;
use crate::{BackupId, BackupSummary, Warning};

/// The kind of a partial reading.
pub(crate) const READING: &str = "reading";
/// The kind of a whole backup.
pub(crate) const BACKUP: &str = "backup";

/// A committed backup, as its file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) format_version: u32,
    pub(crate) sequence: u64,
    pub(crate) id: BackupId,
    /// BLAKE3 of the manifest before this one, in hexadecimal; empty for the first.
    pub(crate) previous: String,
    pub(crate) store_id: String,
    pub(crate) tenant: Option<String>,
    pub(crate) taken_at: jiff::Timestamp,
    pub(crate) read_from: jiff::Timestamp,
    pub(crate) read_to: jiff::Timestamp,
    pub(crate) source: String,
    /// `backup`, or `reading` for a partial one.
    pub(crate) kind: String,
    pub(crate) note: String,
    /// Version of the table of types (what is a set, what is volatile) that content was normalised by.
    pub(crate) table_version: u32,
    pub(crate) segment: FileRecord,
    pub(crate) counts: Counts,
    pub(crate) coverage: BTreeMap<String, CoverageRecord>,
    pub(crate) warnings: Vec<Warning>,
    /// What the source needs to go on from here.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub(crate) state: serde_json::Value,
}

/// A file that a manifest vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    pub(crate) length: u64,
    /// BLAKE3 of the whole file, in hexadecimal.
    pub(crate) hash: String,
}

/// How much there is and what changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) objects: u64,
    pub(crate) links: u64,
    pub(crate) added: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
}

/// How a type was observed by a backup. A type that is missing was carried forward.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CoverageRecord {
    /// Objects missing from the data were kept.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) partial: bool,
    /// Which of its objects the data say something of.
    #[serde(skip_serializing_if = "is_all")]
    pub(crate) objects: ObjectsRead,
    /// The recycle bin was read.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) bin: bool,
    /// Properties seen for the first time in the store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) new_properties: Vec<String>,
    /// Those of them that earlier backups did not ask for: unknown before, not changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown_before: Vec<String>,
    /// Properties that this backup did not ask for: their values were carried forward.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) carried: Vec<String>,
    /// Relations that were read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) relations: Vec<String>,
    /// Objects whose content got a new version although nothing that is compared changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) insignificant: u64,
    /// Properties that were selected, where the source names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Vec<String>>,
    /// When each relation was read, where the source says so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) as_of: BTreeMap<String, jiff::Timestamp>,
    /// What could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gaps: Vec<Gap>,
}

/// Which live objects of a type the data of a backup say something of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ObjectsRead {
    /// All of them: each was observed, did not change, or is gone. Also where this follows from the other fields.
    #[default]
    All,
    /// Those that were observed.
    Part,
    /// None: only links were observed.
    Nothing,
}

/// Names the live files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    pub(crate) format_version: u32,
    pub(crate) store_id: String,
    /// Grows with every commit.
    pub(crate) generation: u64,
    /// Newest backup; 0 in an empty store.
    pub(crate) sequence: u64,
    /// BLAKE3 of the newest manifest, in hexadecimal.
    pub(crate) manifest: String,
    /// Newest segment that carries a checkpoint; 0 if none.
    pub(crate) checkpoint: u64,
    pub(crate) tenant: Option<String>,
    /// How far each journal was when HEAD was written.
    pub(crate) journals: BTreeMap<String, journal::JournalHead>,
}

/// What never changes about a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreRecord {
    pub(crate) format_version: u32,
    /// 16 bytes in hexadecimal.
    pub(crate) store_id: String,
    /// `none`; later versions may seal chunks.
    pub(crate) cipher: String,
    /// The key of content hashes: 32 bytes in hexadecimal, in the open unless a key slot wraps it.
    pub(crate) hash_key: String,
    /// Where the key slots are; none in a plain store.
    pub(crate) key_slots: Vec<String>,
}

impl Manifest {
    /// Whether it is a partial reading.
    pub(crate) fn is_reading(&self) -> bool {
        self.kind == READING
    }

    /// What lists show of it.
    pub(crate) fn summary(&self) -> BackupSummary {
        BackupSummary {
            id: self.id,
            taken_at: self.taken_at,
            source: self.source.clone(),
            note: self.note.clone(),
            objects: self.counts.objects,
            links: self.counts.links,
            added: self.counts.added,
            updated: self.counts.updated,
            deleted: self.counts.deleted,
            bytes: self.segment.length,
            warnings: self.warnings.clone(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_all(objects: &ObjectsRead) -> bool {
    *objects == ObjectsRead::All
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A record as bytes, followed by a line with their BLAKE3.
pub(crate) fn to_sealed_bytes(record: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(record).expect("records hold only what JSON holds");
    bytes.push(b'\n');
    let hash = blake3::hash(&bytes).to_hex();
    bytes.extend_from_slice(hash.as_bytes());
    bytes.push(b'\n');
    bytes
}

/// Reads what `to_sealed_bytes` wrote; the error says where and what was expected.
pub(crate) fn from_sealed_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, (usize, String)> {
    let Some(end) = bytes.len().checked_sub(65) else {
        return Err((0, format!("expected a record and its hash, found {} bytes", bytes.len())));
    };
    let (body, seal) = bytes.split_at(end);
    if seal[64] != b'\n' || seal[..64] != *blake3::hash(body).to_hex().as_bytes() {
        return Err((end, "the hash in the last line does not match the lines before it".into()));
    }
    serde_json::from_slice(body).map_err(|error| (0, format!("not a record of this kind: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{Counts, from_sealed_bytes, to_sealed_bytes};

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let bytes = to_sealed_bytes(&Counts { objects: 7, ..Counts::default() });
        assert_eq!(from_sealed_bytes::<Counts>(&bytes).unwrap().objects, 7);
        for position in 0..bytes.len() {
            assert!(from_sealed_bytes::<Counts>(&bytes[..position]).is_err(), "cut at {position}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[position] ^= 1 << bit;
                assert!(from_sealed_bytes::<Counts>(&flipped).is_err(), "byte {position} bit {bit}");
            }
        }
    }
}
