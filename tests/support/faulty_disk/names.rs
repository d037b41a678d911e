//! Owns the names of files and folders: what a program finds, and what a crash may leave of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub(super) enum Change {
    Folder { path: PathBuf },
    Make { path: PathBuf, file: usize },
    Remove { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf, file: usize },
}

impl Change {
    /// The folders that must be synced before the change is durable.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let paths = match self {
            Self::Folder { path } | Self::Make { path, .. } | Self::Remove { path } => vec![path],
            Self::Rename { from, to, .. } => vec![from, to],
        };
        paths.into_iter().filter_map(|path| path.parent()).map(Path::to_path_buf).collect()
    }
}

#[derive(Debug, Default, Clone)]
struct Tree {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, usize>,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    current: Tree,
    /// What was durable before the first change of the log.
    base: Tree,
    log: Vec<Logged>,
}

#[derive(Debug)]
struct Logged {
    change: Change,
    /// Folders yet to be synced; none = durable.
    waits_for: BTreeSet<PathBuf>,
}

impl Tree {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Folder { path } => drop(self.folders.insert(path.clone())),
            Change::Make { path, file } => drop(self.files.insert(path.clone(), *file)),
            Change::Remove { path } => drop(self.files.remove(path)),
            Change::Rename { from, to, file } => {
                self.files.remove(from);
                self.files.insert(to.clone(), *file);
            }
        }
    }

    fn has_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || self.folders.contains(path)
    }

    /// A folder that is lost takes everything below it.
    fn drop_unreachable(&mut self) {
        // Parents come first in order.
        for path in self.folders.clone() {
            if !path.parent().is_some_and(|parent| self.has_folder(parent)) {
                self.folders.remove(&path);
            }
        }
        let Self { folders, files } = self;
        files.retain(|path, _| {
            path.parent().is_some_and(|parent| parent.parent().is_none() || folders.contains(parent))
        });
    }
}

impl Names {
    pub(super) fn files(&self) -> &BTreeMap<PathBuf, usize> {
        &self.current.files
    }

    pub(super) fn find(&self, path: &Path) -> Option<usize> {
        self.current.files.get(path).copied()
    }

    pub(super) fn require_folder(&self, path: &Path) -> io::Result<()> {
        if self.current.has_folder(path) { Ok(()) } else { Err(super::missing(path)) }
    }

    pub(super) fn require_folder_of(&self, path: &Path) -> io::Result<()> {
        if self.current.has_folder(path) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.require_folder(path.parent().unwrap_or(path))
    }

    pub(super) fn change(&mut self, change: Change) {
        self.current.apply(&change);
        self.log.push(Logged { waits_for: change.folders(), change });
    }

    pub(super) fn make_folders(&mut self, path: &Path) -> io::Result<()> {
        let ancestors: Vec<&Path> = path.ancestors().collect();
        for folder in ancestors.into_iter().rev() {
            if self.find(folder).is_some() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            if !self.current.has_folder(folder) {
                self.change(Change::Folder { path: folder.into() });
            }
        }
        Ok(())
    }

    pub(super) fn sync(&mut self, folder: &Path) {
        for logged in &mut self.log {
            logged.waits_for.remove(folder);
        }
        // Durable changes stay in the log while an older one is pending, because order counts.
        let durable = self.log.iter().take_while(|logged| logged.waits_for.is_empty()).count();
        for logged in self.log.drain(..durable) {
            self.base.apply(&logged.change);
        }
    }

    pub(super) fn after_crash(&self, survives: &mut dyn FnMut() -> bool) -> Self {
        let mut base = self.base.clone();
        for Logged { change, waits_for } in &self.log {
            if waits_for.is_empty() || survives() {
                base.apply(change);
            }
        }
        base.drop_unreachable();
        Self { current: base.clone(), base, log: Vec::new() }
    }
}
