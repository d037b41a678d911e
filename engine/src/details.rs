//! What a caller says of a store or backup it makes, and what a store says of its backups.

use crate::BackupId;

/// How a store is made. The default draws the seed from the operating system.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Store ID and hash key derive from these bytes; the same bytes make the same store.
    pub seed: [u8; 32],
    /// The tenant's ID, when known; else the first backup that knows it sets it.
    pub tenant: Option<String>,
}

impl Default for CreateOptions {
    fn default() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("every supported system gives random bytes");
        Self { seed, tenant: None }
    }
}

/// Whether a commit is a whole backup or a partial reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackupKind {
    /// Found by `latest`, by times and in lists.
    #[default]
    Backup,
    /// Read only in part, to answer one question; found by its ID alone.
    Reading,
}

/// What a backup says of itself.
#[derive(Debug, Clone, Default)]
pub struct BackupDetails {
    /// When the reading became consistent.
    pub taken_at: jiff::Timestamp,
    /// When reading began.
    pub read_from: jiff::Timestamp,
    /// When reading ended.
    pub read_to: jiff::Timestamp,
    /// Its source, such as `import`.
    pub source: String,
    /// Free text.
    pub note: String,
    /// The tenant's ID, when known.
    pub tenant: Option<String>,
    /// Objects missing from the data are kept.
    pub partial: bool,
    /// Types (`user`) and relations (`group.members`) that are complete although no data are of them.
    pub complete: Vec<String>,
    /// Whether it is a whole backup.
    pub kind: BackupKind,
    /// A time before that of the newest backup is intended: the backup is woven into the past.
    pub insert: bool,
    /// What its source needs to go on from here, such as delta links; the store only keeps it.
    pub state: serde_json::Value,
}

impl BackupDetails {
    /// A whole backup read at one moment, that says nothing more of itself.
    #[must_use]
    pub fn new(source: &str, at: jiff::Timestamp) -> Self {
        let source = source.to_owned();
        Self { taken_at: at, read_from: at, read_to: at, source, ..Self::default() }
    }
}

/// Something a backup has to say besides its data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Warning {
    /// Type token it concerns, or empty.
    #[serde(rename = "type")]
    pub type_token: String,
    /// What it is about.
    pub reason: String,
    /// How many objects.
    pub count: u64,
}

/// One committed backup.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupSummary {
    /// Its ID.
    pub id: BackupId,
    /// When the reading became consistent.
    pub taken_at: jiff::Timestamp,
    /// Its source.
    pub source: String,
    /// Free text.
    pub note: String,
    /// Live objects.
    pub objects: u64,
    /// Links between live objects.
    pub links: u64,
    /// Objects that became live.
    pub added: u64,
    /// Live objects whose attributes or links changed.
    pub updated: u64,
    /// Objects that ceased to be live.
    pub deleted: u64,
    /// Bytes this backup added to the store.
    pub bytes: u64,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}
