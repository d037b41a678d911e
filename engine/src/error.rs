//! What can go wrong in a store, for whom.

use std::path::PathBuf;

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
    #[error("{}: at byte {offset}: {what}; restore this file from a copy, or run `entrasnap verify --deep`", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// Where in it, in bytes from its start.
        offset: u64,
        /// What was expected and found.
        what: String,
    },
    /// There is no store in this folder.
    #[error("no store at {}; the first `entrasnap backup` or `entrasnap import` makes one", path.display())]
    NoStore {
        /// The folder looked at.
        path: PathBuf,
    },
    /// The store was written by a newer version.
    #[error("{}: format version {found}, this program reads up to {supported}; use a newer entrasnap", path.display())]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this program reads.
        supported: u32,
    },
    /// Somebody else is writing.
    #[error("the store is being written by {holder}; wait until that ends, then try again")]
    Locked {
        /// Who holds the lock, as the holder file says.
        holder: String,
    },
    /// The store was opened for reading only.
    #[error("the store is open for reading only; {action} writes to it")]
    ReadOnly {
        /// What was refused.
        action: &'static str,
    },
    /// Data of another tenant.
    #[error("the store holds tenant {expected}, the data is of tenant {found}; use another --store for it")]
    OtherTenant {
        /// The store's tenant ID.
        expected: String,
        /// The data's tenant ID.
        found: String,
    },
    /// A backup of a time before that of the newest one.
    #[error("the data is of {taken_at}, and the newest backup, {newest}, is of {newest_at}; {advice}")]
    OutOfOrder {
        /// The time that the data is of.
        taken_at: jiff::Timestamp,
        /// ID of the newest backup.
        newest: String,
        /// The time that it is of.
        newest_at: jiff::Timestamp,
        /// What to do.
        advice: &'static str,
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
    #[error("no backup for \"{point}\": {reason}")]
    NoBackup {
        /// The point as asked.
        point: String,
        /// Why, and what is nearest.
        reason: String,
    },
    /// An object that is not JSON, or not an object with an ID.
    #[error("{reason}, at byte {offset} of the object")]
    Object {
        /// Byte offset in the object's text.
        offset: usize,
        /// What was expected and found.
        reason: String,
    },
    /// No object answers this name.
    #[error("no object \"{name}\"{nearest}")]
    NoObject {
        /// What was asked for.
        name: String,
        /// `; nearest: …`, or empty.
        nearest: String,
    },
    /// More than one object answers this name.
    #[error("\"{name}\" is the name of {count} objects: {examples}; use the ID")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many objects answer.
        count: usize,
        /// The first few, with their IDs.
        examples: String,
    },
    /// A request that makes no sense for this store.
    #[error("{0}")]
    Invalid(String),
}
