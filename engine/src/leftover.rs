//! Puts away what lies in a store's folder and HEAD does not name: temporary files of an interrupted writer, and whole
//! backups beyond HEAD.
//!
//! A backup lies beyond HEAD when its writer was interrupted just before the end, or when a program that syncs folders
//! put an older HEAD back. The two cannot be told apart, so such a backup is never written over: before the next commit
//! it moves to `trash/beyond`, where it stays.

use std::path::{Path, PathBuf};

use crate::disk::{Disk, TEMPORARY_SUFFIX, TRASH_FOLDER, empty_trash};
use crate::error::disk_error;
use crate::manifest::Manifest;
use crate::state::{State, manifest_path, parse_sealed, segment_path};
use crate::{Result, Warning};

/// Where backups beyond HEAD go, inside the trash. What lies in the trash itself goes with the next writer.
const BEYOND_FOLDER: &str = "beyond";

/// Removes what an interrupted writer left; it was never part of the store.
pub(crate) fn remove_temporary(disk: &dyn Disk, root: &Path) {
    for folder in ["segments", "manifests", "staging"] {
        let folder = root.join(folder);
        for (name, _) in disk.list(&folder).unwrap_or_default() {
            if name.ends_with(TEMPORARY_SUFFIX) {
                // What cannot be removed now does no harm and is tried again by the next writer.
                let _outcome = disk.remove(&folder.join(name));
            }
        }
    }
    let _count = empty_trash(disk, root);
}

/// The whole backups of this store beyond HEAD, in the order of their numbers.
pub(crate) fn find_beyond(state: &State) -> Result<Vec<Manifest>> {
    let folder = state.root.join("manifests");
    let files = state.disk.list(&folder).map_err(disk_error("cannot read", &folder))?;
    let numbers = files.iter().filter_map(|(name, _)| name.strip_suffix(".man")?.parse::<u64>().ok());
    let beyond = numbers.filter(|number| *number > state.newest());
    Ok(beyond.filter_map(|number| read_manifest(state, number)).collect())
}

/// A manifest of this store; nothing when the file is not whole, or not one of this store.
fn read_manifest(state: &State, number: u64) -> Option<Manifest> {
    let path = manifest_path(&state.root, number);
    let manifest: Manifest = parse_sealed(&path, &state.disk.read(&path).ok()?).ok()?;
    (manifest.store_id == state.head.store_id && manifest.sequence == number).then_some(manifest)
}

/// Moves the backups beyond HEAD out of the way of the next one; says which.
pub(crate) fn put_away_beyond(state: &State) -> Result<Option<Warning>> {
    let beyond = find_beyond(state)?;
    let (Some(first), Some(last)) = (beyond.first(), beyond.last()) else { return Ok(None) };
    let folder = beyond_folder(&state.root);
    let disk = &*state.disk;
    disk.create_folder(&folder).map_err(disk_error("cannot create", &folder))?;
    for manifest in &beyond {
        let number = manifest.sequence;
        let target = |ending| folder.join(format!("{number:010}-{}.{ending}", manifest.id));
        // The manifest goes last: while it is there, the next writer goes on with what is left to move.
        for (path, target) in [
            (segment_path(&state.root, number), target("seg")),
            (manifest_path(&state.root, number), target("man")),
        ] {
            match disk.rename(&path, &target) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                result => result.map_err(disk_error("cannot move to the trash", &path))?,
            }
        }
    }
    for folder in [&folder, &state.root.join(TRASH_FOLDER), &state.root.join("manifests")] {
        disk.sync_folder(folder).map_err(disk_error("cannot sync", folder))?;
    }
    let span = match beyond.len() {
        1 => format!("backup {} of {}", first.id, first.taken_at),
        count => {
            format!("{count} backups, {} of {} to {} of {}", first.id, first.taken_at, last.id, last.taken_at)
        }
    };
    let reason = format!(
        "moved to trash/beyond: {span}, beyond HEAD because an older HEAD was put back or a writer was interrupted"
    );
    Ok(Some(Warning { type_token: String::new(), reason, count: beyond.len() as u64 }))
}

fn beyond_folder(root: &Path) -> PathBuf {
    root.join(TRASH_FOLDER).join(BEYOND_FOLDER)
}
