//! Owns what can go wrong while a tenant is read into a store.

use crate::graph;
use crate::system::{FileError, ThreadsError};

/// The result of reading a tenant.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a tenant is read into a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] engine::Error),
    /// Asking Graph failed.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// The operating system refused a file operation.
    #[error(transparent)]
    File(#[from] FileError),
    /// The operating system gave no threads.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// Graph serves no type of this name.
    #[error("expected types that Graph serves, found {name}")]
    UnknownType {
        /// The name.
        name: String,
    },
    /// The caller asked to stop; the store is as it was before.
    #[error("interrupted")]
    Cancelled,
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Store,
    Graph,
    File,
    Threads,
    UnknownType,
    Cancelled,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) => ErrorKind::Store,
            Self::Graph(_) => ErrorKind::Graph,
            Self::File(_) => ErrorKind::File,
            Self::Threads(_) => ErrorKind::Threads,
            Self::UnknownType { .. } => ErrorKind::UnknownType,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }
}
