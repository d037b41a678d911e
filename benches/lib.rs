//! What the benchmarks share: a simulated tenant of any size, its days as files, and stores made of them.
//!
//! `ENTRASNAP_BENCH_OBJECTS` chooses the size. The default is small, so that trying whether the benchmarks still run
//! takes seconds; figures are published for 100,000 and 1,000,000. The same size always gives the same bytes.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use engine::{BackupDetails, BackupSummary, CreateOptions, ObjectKey, Store};
use ingest::{ImportRequest, Source};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use twin::synthetic::Tenant;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OBJECT_COUNT_DEFAULT: u64 = 2_000;
/// Gives the same tenant every time.
pub const SEED: u64 = 1;

/// A tenant, and a folder that goes away with this value.
#[derive(Debug)]
pub struct Site {
    tenant: Tenant,
    folder: TempDir,
}

/// The number of objects that the environment asks for.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "how large a benchmark is, only its environment can say")]
pub fn object_count() -> u64 {
    let wanted = std::env::var("ENTRASNAP_BENCH_OBJECTS").ok();
    wanted.and_then(|text| text.replace('_', "").parse().ok()).unwrap_or(OBJECT_COUNT_DEFAULT)
}

impl Default for Site {
    fn default() -> Self {
        let folder = TempDir::with_prefix("entrasnap-bench-").expect("a folder for temporary files");
        Self { tenant: Tenant::new(object_count(), SEED), folder }
    }
}

impl Site {
    /// A path in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the tenant as it is on a day.
    ///
    /// # Panics
    /// When the disk is full.
    #[must_use]
    pub fn file(&self, day: u32) -> PathBuf {
        let path = self.path(&format!("{day}.ndjson"));
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).expect("a new file"));
        self.tenant.write_ndjson(day, &mut out).expect("room for a day");
        out.flush().expect("room for a day");
        path
    }

    /// Makes a store of so many days, one backup each.
    ///
    /// # Panics
    /// When the disk is full.
    #[must_use]
    pub fn store(&self, name: &str, days: u32) -> Store {
        let mut store = create(&self.path(name));
        for day in 0..days {
            let file = self.file(day);
            import(&mut store, &file, day);
            fs::remove_file(&file).expect("a file of ours");
        }
        store
    }

    /// Lengthens a store to so many backups, each of which changes some users.
    ///
    /// # Panics
    /// When the disk is full.
    pub fn lengthen(&self, store: &mut Store, backups: u32) {
        let first = u32::try_from(store.backups().len()).expect("few");
        let users: Vec<_> = self.users().take(700).collect();
        for day in first..backups {
            let mut details = details(day);
            details.partial = true;
            let mut backup = store.begin(details).expect("nobody else writes");
            for (token, json) in users.iter().skip(day as usize % 7).step_by(7) {
                let begin = json.strip_suffix('}').expect("an object");
                let json = format!("{begin},\"employeeId\":\"{day}\"}}");
                backup.put_json(token, json.as_bytes()).expect("a whole object");
            }
            backup.commit().expect("room for a backup");
        }
    }

    /// Gives some users' keys, spread over the tenant, in an order without order.
    ///
    /// # Panics
    /// Never: every tenant has users.
    #[must_use]
    pub fn keys(&self, count: usize) -> Vec<ObjectKey> {
        let all: Vec<String> = self.users().map(|(_, json)| id_of(&json)).collect();
        let mut sequence = 1_u64;
        let mut next = || {
            sequence =
                sequence.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(sequence >> 33).expect("31 bits") % all.len()
        };
        (0..count).map(|_| ObjectKey { type_token: "user".into(), id: all[next()].clone() }).collect()
    }

    fn users(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.tenant.objects(0).filter(|(token, _)| *token == "user")
    }
}

fn id_of(json: &str) -> String {
    let (_, behind) = json.split_once("\"id\":\"").expect("every object has an ID");
    behind.split('"').next().unwrap_or_default().to_owned()
}

/// Makes an empty store.
///
/// # Panics
/// When the folder cannot be written.
#[must_use]
pub fn create(path: &Path) -> Store {
    Store::create(path, &CreateOptions { seed: [7; 32], tenant: None }).expect("a new store")
}

/// Imports a file as the backup of a day.
///
/// # Panics
/// When the disk is full.
pub fn import(store: &mut Store, file: &Path, day: u32) -> BackupSummary {
    let taken_at = details(day).taken_at;
    let request = ImportRequest::new(vec![Source::Path(file.to_owned())], taken_at);
    ingest::import(store, request, &()).expect("generated files are whole")
}

/// Copies a folder, so that each run of a benchmark changes its own.
///
/// # Panics
/// When the disk is full.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder of ours") {
        let entry = entry.expect("a folder of ours");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a file of ours").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("room for a copy");
        }
    }
}

fn details(day: u32) -> BackupDetails {
    let taken_at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 + i64::from(day)));
    BackupDetails::new("bench", taken_at)
}
