//! Owns small stores on a disk in memory: how tests make one, fill it, and see all of what it holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::verify::{Depth, Verification};
use engine::{
    Backup, BackupDetails, BackupId, BackupSummary, Cascades, Change, CreateOptions, DifferenceFilter,
    Observation, Result, Store,
};
use jiff::Timestamp;

use crate::FaultyDisk;

/// Where the stores stand on their disks.
pub const ROOT: &str = "/tenant.store";

/// A place for one store: a disk in memory and the folder [`ROOT`] on it.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// The disk. Clones are the same disk.
    pub disk: FaultyDisk,
}

/// What a snapshot says of an object: whether it lies in the recycle bin, its JSON, its links.
pub type Shown = (bool, String, Vec<(String, Vec<String>)>);

/// All that a snapshot shows, by type and ID.
pub type Contents = BTreeMap<(String, String), Shown>;

/// All that a store shows: its backups, the contents of each, and the difference of every two, both ways.
pub type Everything = (Vec<BackupSummary>, Vec<Contents>, Vec<Vec<Change>>);

/// How all these stores are made.
#[must_use]
pub fn options() -> CreateOptions {
    CreateOptions { seed: [7; 32], tenant: None }
}

/// The details of a backup taken so many days after the first; complete, nothing special.
#[must_use]
pub fn details(day: u32) -> BackupDetails {
    let taken_at = Timestamp::from_second(1_790_000_000 + i64::from(day) * 86_400).unwrap_or_default();
    BackupDetails { note: format!("day {day}"), ..BackupDetails::new("import", taken_at) }
}

impl Shelf {
    /// A place on this disk.
    #[must_use]
    pub fn on(disk: FaultyDisk) -> Self {
        Self { disk }
    }

    /// Makes a store, or opens the one that is there.
    ///
    /// # Errors
    /// As [`Store::create_on`].
    pub fn create(&self) -> Result<Store> {
        Store::create_on(Arc::new(self.disk.clone()), Path::new(ROOT), &options())
    }

    /// Opens the store.
    ///
    /// # Errors
    /// As [`Store::open_on`].
    pub fn open(&self) -> Result<Store> {
        Store::open_on(Arc::new(self.disk.clone()), Path::new(ROOT))
    }

    /// Checks the store as far as it can be checked.
    ///
    /// # Errors
    /// As [`Store::verify_on`].
    pub fn verify(&self) -> Result<Verification> {
        Store::verify_on(Arc::new(self.disk.clone()), Path::new(ROOT), Depth::Deep)
    }

    /// The files of the store that hold data, by their path in it: no locks, no memo, nothing temporary.
    #[must_use]
    pub fn data_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = self.disk.files().into_iter();
        let inside =
            files.filter_map(|(path, bytes)| Some((path.strip_prefix(ROOT).ok()?.to_owned(), bytes)));
        let kept = ["json", "man", "seg", "log"];
        inside
            .filter(|(path, _)| {
                let extension = path.extension().and_then(|extension| extension.to_str());
                extension.map_or(path == Path::new("HEAD"), |extension| kept.contains(&extension))
            })
            .collect()
    }
}

/// Makes a backup of objects given as JSON texts, each with its `@odata.type`.
///
/// # Errors
/// As [`Store::begin`], [`Backup::observe`] and [`Backup::commit`].
pub fn back_up<Text: AsRef<str>>(store: &mut Store, day: u32, objects: &[Text]) -> Result<BackupSummary> {
    back_up_with(store, details(day), objects)
}

/// As [`back_up`], with details of its own.
///
/// # Errors
/// As [`back_up`].
pub fn back_up_with<Text: AsRef<str>>(
    store: &mut Store,
    details: BackupDetails,
    objects: &[Text],
) -> Result<BackupSummary> {
    let mut backup = store.begin(details)?;
    put(&mut backup, objects)?;
    backup.commit()
}

/// Puts objects given as JSON texts into a backup, as an import does.
///
/// # Errors
/// As [`Backup::observe`].
pub fn put<Text: AsRef<str>>(backup: &mut Backup<'_>, objects: &[Text]) -> Result<()> {
    let mut shredder = backup.shredder();
    for object in objects {
        shredder.push(object.as_ref().as_bytes(), None, false)?;
    }
    backup.observe(Observation::Objects(shredder.take()))
}

/// All that the snapshot of a backup shows.
///
/// # Errors
/// `Damaged` or `Disk`.
pub fn contents(store: &Store, backup: &BackupId) -> Result<Contents> {
    let snapshot = store.snapshot(backup)?;
    let mut contents = Contents::new();
    for token in snapshot.types()? {
        for object in snapshot.objects(&token)? {
            let object = object?;
            let links = object.links.iter().map(|(name, ids)| (name.to_string(), ids.clone())).collect();
            let shown = (object.deleted, object.attributes_json().to_owned(), links);
            contents.insert((token.to_string(), object.key.id), shown);
        }
    }
    Ok(contents)
}

/// Reads all that a store shows.
///
/// # Errors
/// `Damaged` or `Disk`.
pub fn everything(store: &Store) -> Result<Everything> {
    let backups = store.backups().to_vec();
    let shown = backups.iter().map(|backup| contents(store, &backup.id)).collect::<Result<_>>()?;
    // What was written down of old files tells a link by the set that it is in.
    let filter = DifferenceFilter { all: true, cascades: Cascades::Hidden, ..DifferenceFilter::default() };
    let mut differences = Vec::new();
    for from in &backups {
        for to in &backups {
            differences.push(store.difference(&from.id, &to.id, &filter)?);
        }
    }
    Ok((backups, shown, differences))
}
