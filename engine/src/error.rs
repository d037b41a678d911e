//! Errors of a store: a kind to match, facts as fields, the cause. Advice is added by the caller.

use std::path::PathBuf;

use crate::{BackupId, ObjectKey};

pub(crate) fn disk_error(action: &'static str, path: &std::path::Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Disk { action, path: path.clone(), source }
}

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("{action} {}: {source}", path.display())]
    Disk {
        /// What was being done, such as `cannot write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own error.
        source: std::io::Error,
    },
    /// Bytes on disk are not what was written.
    #[error("{}: at byte {offset}: {what}", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// Where in it, in bytes from its start.
        offset: u64,
        /// What was expected and found.
        what: String,
    },
    /// There is no store in this folder.
    #[error("no store at {}", path.display())]
    NoStore {
        /// The folder looked at.
        path: PathBuf,
    },
    /// The store was written by a newer version.
    #[error("{}: format version {found}, this program reads up to {supported}", path.display())]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this program reads.
        supported: u32,
    },
    /// Another process is writing.
    #[error("the store is being written by {holder}")]
    Locked {
        /// Who holds the lock, as the holder file says.
        holder: String,
    },
    /// The store was opened for reading only.
    #[error("the store is open for reading only, and {action} writes to it")]
    ReadOnly {
        /// What was refused.
        action: &'static str,
    },
    /// Data of another tenant.
    #[error("the store holds tenant {expected}, the data is of tenant {found}")]
    OtherTenant {
        /// The store's tenant ID.
        expected: String,
        /// The data's tenant ID.
        found: String,
    },
    /// A backup of a time before that of the newest one.
    #[error("the data is of {taken_at}, and the newest backup, {newest}, is of {newest_at}")]
    OutOfOrder {
        /// The time that the data is of.
        taken_at: jiff::Timestamp,
        /// ID of the newest backup.
        newest: BackupId,
        /// The time that it is of.
        newest_at: jiff::Timestamp,
        /// The source of the data, as [`BackupDetails::source`](crate::BackupDetails::source) says.
        origin: String,
    },
    /// Something was committed, and what had to follow failed.
    #[error("{what} is committed, but {source}")]
    Committed {
        /// What is in the store from now on, such as `backup` and its ID.
        what: String,
        /// What failed.
        source: Box<Error>,
    },
    /// A point in time that no backup answers.
    #[error("no backup for \"{point}\": {reason}{}", behind(nearest))]
    NoBackup {
        /// The point as written.
        point: String,
        /// Why.
        reason: NoBackupReason,
        /// The nearest backup, as a sentence, or empty.
        nearest: String,
    },
    /// An object that is not JSON, or not an object with an ID.
    #[error("{reason}, at byte {offset} of the object")]
    Object {
        /// Byte offset in the object's text.
        offset: usize,
        /// What kind of problem it is.
        problem: ObjectProblem,
        /// What was expected and found.
        reason: String,
    },
    /// No object answers this name.
    #[error("no object \"{name}\"{}", behind(nearest))]
    NoObject {
        /// The name that was looked up.
        name: String,
        /// `nearest: …` with the names that are nearly this one, or else what names an object.
        nearest: String,
    },
    /// More than one object answers this name.
    #[error("\"{name}\" is the name of {count} objects: {}", shown(examples))]
    Ambiguous {
        /// The name that was looked up.
        name: String,
        /// How many objects answer.
        count: usize,
        /// The first few, with their IDs.
        examples: Vec<ObjectKey>,
    },
    /// Data or a request that a store cannot take.
    #[error(transparent)]
    Invalid(#[from] InvalidReason),
}

/// Why data or a request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// A text that cannot name a journal.
    #[error(
        "\"{}\" is no name of a journal: 1 to {length_max} of a-z, 0-9, - and _ are required",
        name.escape_debug()
    )]
    JournalName {
        /// The text.
        name: String,
        /// Bytes that a name has at most.
        length_max: usize,
    },
    /// An append to a journal whose previous append failed.
    #[error("{}: an append failed before; the journal must be opened again", path.display())]
    JournalClosed {
        /// The journal.
        path: PathBuf,
    },
    /// A record that has no form in JSON.
    #[error("a record cannot be written as JSON: {source}")]
    RecordNotJson {
        /// Why.
        source: serde_json::Error,
    },
    /// A record whose JSON the parser refuses, because it is nested too deeply.
    #[error("a record could not be read again: {source}")]
    RecordNotReadable {
        /// Why.
        source: serde_json::Error,
    },
    /// A record that is longer than a journal can say.
    #[error("a record of 4 GiB or more is too long for a journal")]
    RecordTooLong {
        /// Its length, in bytes.
        length: usize,
    },
    /// A store that is encrypted in a way that this version does not know.
    #[error("{}: cipher {cipher} is not known to this version", path.display())]
    UnknownCipher {
        /// The file that names the cipher.
        path: PathBuf,
        /// Its name.
        cipher: String,
    },
    /// An encrypted segment.
    #[error("{}: the segment is encrypted; this version reads plain segments only", path.display())]
    EncryptedSegment {
        /// The segment.
        path: PathBuf,
    },
    /// A column whose texts are longer than its offsets can say.
    #[error("a column holds more than 4 GiB of text")]
    ColumnTooLong {
        /// Its length, in bytes.
        length: usize,
    },
    /// The import cache names a type by a number beyond the types that it lists.
    #[error("the cache of the last import (staging/seen.memo) names a type that is not there")]
    UnknownCacheType {
        /// The number.
        index: u16,
        /// How many types the cache lists.
        count: usize,
    },
    /// The footer of a segment cannot be serialized.
    #[error("the segment's footer cannot be written: {source}")]
    Footer {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Disk,
    Damaged,
    NoStore,
    NewerFormat,
    Locked,
    ReadOnly,
    OtherTenant,
    OutOfOrder,
    Committed,
    NoBackup,
    Object,
    NoObject,
    Ambiguous,
    Invalid,
}

/// Why a point in time names no backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBackupReason {
    /// The text is not a point in time.
    #[error(
        "expected latest, latest~N, a backup ID or its beginning, a date such as 2026-11-20, or a time such as \
         2026-11-20T08:00:00Z"
    )]
    Syntax,
    /// The store has no backup.
    #[error("the store has no backup yet")]
    Empty,
    /// There are fewer backups than the point counts back.
    #[error("the store has {}", backups(*count))]
    TooFew {
        /// How many there are.
        count: usize,
    },
    /// Every backup is later.
    #[error("none is that old")]
    TooOld,
    /// No backup has this ID, or one that begins so.
    #[error("no backup has this ID")]
    UnknownId,
    /// The IDs of several backups begin so.
    #[error("{count} backups begin so, such as {} and {}", examples[0], examples[1])]
    AmbiguousId {
        /// How many.
        count: usize,
        /// Two of them.
        examples: [String; 2],
    },
    /// Several backups lie in the day, and none before it.
    #[error("{count} backups lie in that day, and none before it")]
    SeveralInDay {
        /// How many.
        count: usize,
    },
}

/// What is wrong with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObjectProblem {
    /// It is not JSON, or no object with an ID.
    #[default]
    Malformed,
    /// The program that wrote it cut off a part.
    Truncated,
    /// Nothing says its type.
    Untyped,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Disk { .. } => ErrorKind::Disk,
            Self::Damaged { .. } => ErrorKind::Damaged,
            Self::NoStore { .. } => ErrorKind::NoStore,
            Self::NewerFormat { .. } => ErrorKind::NewerFormat,
            Self::Locked { .. } => ErrorKind::Locked,
            Self::ReadOnly { .. } => ErrorKind::ReadOnly,
            Self::OtherTenant { .. } => ErrorKind::OtherTenant,
            Self::OutOfOrder { .. } => ErrorKind::OutOfOrder,
            Self::Committed { .. } => ErrorKind::Committed,
            Self::NoBackup { .. } => ErrorKind::NoBackup,
            Self::Object { .. } => ErrorKind::Object,
            Self::NoObject { .. } => ErrorKind::NoObject,
            Self::Ambiguous { .. } => ErrorKind::Ambiguous,
            Self::Invalid(_) => ErrorKind::Invalid,
        }
    }

    /// The existing names nearest to the missing one.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::NoBackup { nearest, .. } | Self::NoObject { nearest, .. } if !nearest.is_empty() => {
                Some(nearest)
            }
            _ => None,
        }
    }

    /// The message without [`Error::nearest`], for callers that show that apart.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NoBackup { point, reason, .. } => format!("no backup for \"{point}\": {reason}"),
            Self::NoObject { name, .. } => format!("no object \"{name}\""),
            other => other.to_string(),
        }
    }
}

fn backups(count: usize) -> String {
    if count == 1 { "1 backup".to_owned() } else { format!("{count} backups") }
}

fn behind(nearest: &str) -> String {
    if nearest.is_empty() { String::new() } else { format!("; {nearest}") }
}

fn shown(objects: &[ObjectKey]) -> String {
    let names = objects.iter().map(|key| format!("{} {}", key.type_token, key.id));
    names.collect::<Vec<_>>().join(", ")
}
