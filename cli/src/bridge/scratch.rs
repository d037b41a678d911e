//! The folders where queries keep what does not fit into memory: each goes away with its query, or with the process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// The folders there are now. A process that ends at once drops nothing, and rows of a tenant must not stay behind.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder of one query, which nobody else may read.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// Makes a folder. Where there can be none, queries have memory alone.
    pub(crate) fn new() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("entrasnap-query-").tempdir().ok()?;
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
        Some(Self(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| folder != self.path());
    }
}

/// Removes every folder, before the process ends without dropping anything.
pub(crate) fn remove_all() {
    for folder in FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left who could be told.
        drop(std::fs::remove_dir_all(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_query() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        assert!(path.is_dir());
        assert!(FOLDERS.lock().unwrap().contains(&path));
        drop(scratch);
        assert!(!path.exists());
        assert!(!FOLDERS.lock().unwrap().contains(&path));
    }
}
