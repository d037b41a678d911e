//! Writes a backup as files that import again without a change.
//!
//! Shape: `TYPE.ndjson`, or the folders of `EntraExporter` with links as files of their own:
//!
//! ```text
//! user.ndjson                  Groups/{id}/{id}.json
//! group.ndjson                 Groups/{id}/Members/{id}/{id}.json
//!                              DeletedItems/Users/{id}/{id}.json
//! ```

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use engine::disk::{Disk as _, RealDisk, create_private_folder, private_file};
use engine::{Object, Snapshot};
use rayon::prelude::*;

mod ndjson;
#[cfg(test)]
mod tests;
mod tree;

use crate::import::{Error, Result};
use crate::system::FileError;

/// The form of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// A file per type, an object per line.
    Ndjson,
    /// The folders that `EntraExporter` writes, a file per object.
    EntraExporter,
}

/// What an export wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Files.
    pub files: u64,
    /// Objects, those in the recycle bin included.
    pub objects: u64,
    /// Links.
    pub links: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The file that is there as long as the others are not all written: an import refuses it, and so the folder.
const UNFINISHED: &str = "unfinished.json";

/// Writes everything a backup holds into a new or empty folder. Until all of it is there and durable, the folder has a
/// file `unfinished.json`, with which it is not imported.
///
/// # Errors
/// `NotEmpty` when files are there already, `File` when one cannot be written, `Store` when the backup cannot be
/// read.
pub fn export(snapshot: &Snapshot, folder: &Path, format: ExportFormat) -> Result<ExportCounts> {
    prepare(folder)?;
    let unfinished = begin(folder)?;
    let counts = write_all(snapshot, folder, format)?;
    sync(folder)?;
    fs::remove_file(&unfinished).map_err(|source| unwritable(&unfinished, source))?;
    RealDisk.sync_folder(folder).map_err(|source| unwritable(folder, source))?;
    Ok(counts)
}

fn begin(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(UNFINISHED);
    let message = "this export did not come to its end: remove the folder, then export again";
    let body = serde_json::json!({"error": {"code": "unfinishedExport", "message": message}});
    let mut options = private_file();
    let file = options.write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| writeln!(file, "{body}").and_then(|()| file.sync_all()));
    let synced = written.and_then(|()| RealDisk.sync_folder(folder));
    synced.map_err(|source| unwritable(&path, source))?;
    Ok(path)
}

/// Makes files and folders below a folder durable.
fn sync(folder: &Path) -> Result<()> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| unwritable(&path, source)
    };
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let is_folder = entry.file_type().map_err(failed(folder))?.is_dir();
        if is_folder { folders.push(entry.path()) } else { files.push(entry.path()) }
    }
    files.par_iter().try_for_each(|path| {
        // Some systems make a file durable only through a handle that may write.
        let opened = fs::OpenOptions::new().write(true).open(path);
        opened.and_then(|file| file.sync_all()).map_err(failed(path))
    })?;
    folders.par_iter().try_for_each(|path| sync(path))?;
    RealDisk.sync_folder(folder).map_err(failed(folder))
}

fn write_all(snapshot: &Snapshot, folder: &Path, format: ExportFormat) -> Result<ExportCounts> {
    let mut counts = ExportCounts::default();
    for type_token in snapshot.types()? {
        let objects = snapshot.objects(&type_token)?.map(|object| Ok(Item::from(&object?)));
        match format {
            ExportFormat::Ndjson => ndjson::write(folder, &type_token, objects, &mut counts)?,
            ExportFormat::EntraExporter => tree::write(folder, &type_token, objects, &mut counts)?,
        }
    }
    Ok(counts)
}

/// One object on its way into a file.
#[derive(Debug, Clone)]
struct Item {
    /// Its ID, unless the object itself has another.
    id: String,
    is_deleted: bool,
    /// The whole object with its links, as one line.
    json: String,
    /// Relation and targets.
    links: Vec<(String, Vec<String>)>,
}

impl From<&Object> for Item {
    fn from(object: &Object) -> Self {
        let links = object.links.iter();
        Self {
            id: object.key.id.clone(),
            is_deleted: object.deleted,
            json: object.to_json(),
            links: links.map(|(name, targets)| (name.to_string(), targets.clone())).collect(),
        }
    }
}

impl ExportCounts {
    fn add(&mut self, item: &Item) {
        self.objects += 1;
        self.links += item.links.iter().map(|(_, targets)| targets.len() as u64).sum::<u64>();
    }
}

/// Makes the folder, or checks that it is empty.
fn prepare(folder: &Path) -> Result<()> {
    create_private_folder(folder).map_err(|source| unwritable(folder, source))?;
    let mut entries = fs::read_dir(folder).map_err(|source| unwritable(folder, source))?;
    if entries.next().is_some() {
        return Err(Error::NotEmpty { path: folder.to_owned() });
    }
    Ok(())
}

fn unwritable(path: &Path, source: std::io::Error) -> Error {
    FileError { action: "write", path: PathBuf::from(path), source }.into()
}
