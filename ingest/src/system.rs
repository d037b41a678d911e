//! Owns the errors of the operating system that several concerns share.

use std::io;
use std::path::{Path, PathBuf};

/// The operating system refused a file operation.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was being done, such as `read`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's own error.
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: what becomes of the system's error.
    pub(crate) fn of(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path: path.clone(), source }
    }
}

/// The operating system gave no threads for the network.
#[derive(Debug, thiserror::Error)]
#[error("cannot start threads for the network: {0}")]
pub struct ThreadsError(#[from] pub io::Error);
