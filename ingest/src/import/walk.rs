//! Finds the files of an import, in an order that does not depend on the file system.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::origin::Origin;
use crate::system::FileError;

/// Something to read.
pub(crate) enum Input<'a> {
    /// A file, and its size in bytes.
    File { path: PathBuf, origin: Origin, size_bytes: u64 },
    /// A stream.
    Stream { reader: Box<dyn Read + Send + 'a>, origin: Origin },
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files that are not JSON by their name.
    pub(crate) ignored_count: u64,
}

/// Appends the file, or the JSON files of the folder.
pub(crate) fn find(path: &Path, type_hint: Option<&str>, inputs: &mut Vec<Input<'_>>) -> Result<Found> {
    let metadata = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    let mut found = Found::default();
    if metadata.is_dir() {
        let before = inputs.len();
        let mut walk = Walk { above: path, type_hint, inputs, found: &mut found };
        walk.folder(Path::new(""))?;
        if inputs.len() == before {
            return Err(Error::NoData { path: path.to_owned() });
        }
    } else {
        check_regular(path, &metadata)?;
        let origin = Origin::of_file(path, type_hint);
        inputs.push(Input::File { path: path.to_owned(), origin, size_bytes: metadata.len() });
    }
    Ok(found)
}

/// Opens a file that is still what it was when it was found: a pipe or device in its origin has no end.
pub(crate) fn open(path: &Path) -> Result<fs::File> {
    let file = fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    check_regular(path, &metadata)?;
    Ok(file)
}

fn check_regular(path: &Path, metadata: &fs::Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(Error::NotRegular { path: path.to_owned(), found: kind_of(metadata.file_type()) })
}

#[cfg(unix)]
fn kind_of(found: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match found {
        _ if found.is_fifo() => "a pipe",
        _ if found.is_socket() => "a socket",
        _ if found.is_block_device() || found.is_char_device() => "a device",
        _ => "something else",
    }
}

#[cfg(not(unix))]
fn kind_of(_found: fs::FileType) -> &'static str {
    "something else"
}

/// The error of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Error {
    FileError { action: "read", path: path.to_owned(), source }.into()
}

struct Walk<'a, 'input> {
    above: &'a Path,
    type_hint: Option<&'a str>,
    inputs: &'a mut Vec<Input<'input>>,
    found: &'a mut Found,
}

impl Walk<'_, '_> {
    fn folder(&mut self, inside: &Path) -> Result<()> {
        let folder = self.above.join(inside);
        let unreadable = |source| unreadable(&folder, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort_unstable();
        for name in names {
            // Names with a leading dot belong to systems and tools, not to an export.
            if !name.as_encoded_bytes().starts_with(b".") {
                self.entry(&inside.join(name))?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, inside: &Path) -> Result<()> {
        let path = self.above.join(inside);
        let unreadable = |source| unreadable(&path, source);
        let is_symlink = fs::symlink_metadata(&path).map_err(unreadable)?.is_symlink();
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        if metadata.is_dir() {
            // A link to a folder can lead back to where it stands.
            return if is_symlink { Ok(()) } else { self.folder(inside) };
        }
        if !is_json(&path) {
            self.found.ignored_count += 1;
            return Ok(());
        }
        check_regular(&path, &metadata)?;
        let origin = Origin::in_folder(self.above, inside, self.type_hint);
        self.inputs.push(Input::File { path, origin, size_bytes: metadata.len() });
        Ok(())
    }
}

fn is_json(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["json", "ndjson", "jsonl"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
