//! Owns the backup that a point in time resolves to.

use engine::BackupId;
use jiff::Timestamp;

/// The backup that a point resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedPoint {
    /// The point as it was written.
    pub written: String,
    /// The backup's whole ID.
    pub backup: BackupId,
    /// When the reading of that backup became consistent.
    pub taken_at: Timestamp,
}
