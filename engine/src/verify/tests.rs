//! Segments, manifests and HEAD that somebody wrote wrongly on purpose, with every checksum right: none makes the
//! program panic or ask for memory beyond measure, and a deep check is never milder than what reads the store.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::disk::RealDisk;
use crate::manifest::{Head, Manifest, from_sealed_bytes, to_sealed_bytes};
use crate::segment::layout::{TRAILER_SIZE, Trailer};
use crate::segment::reader::{Segment, footer_of};
use crate::verify::Depth;
use crate::{
    Backup, BackupDetails, BackupId, CreateOptions, DifferenceFilter, ObjectKey, Observation, Result, Store,
};

/// The largest piece of memory that anybody asked for, in bytes.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// More than any honest reading of these small stores asks for at once, or any other test of this package.
const PIECE_MAX: usize = 256 << 20;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator can be written in no other way")]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Puts a number somewhere into a manifest.
type ManifestChange = fn(&mut Manifest, u64);

/// A store on disk, and its files as they should be.
struct Forge {
    folder: tempfile::TempDir,
    sound: BTreeMap<PathBuf, Vec<u8>>,
    newest: u64,
    /// What it shows.
    right: String,
}

impl Forge {
    fn new(days: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        let mut store = Store::create(&root, &CreateOptions { seed: [7; 32], tenant: None }).unwrap();
        for day in 0..days {
            back_up(&mut store, day);
        }
        drop(store);
        let mut sound = BTreeMap::new();
        for part in [".", "manifests", "segments"] {
            for entry in std::fs::read_dir(root.join(part)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    sound.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        let right = shown(&root).unwrap();
        assert_eq!(Store::verify(&root, Depth::Deep).unwrap().errors, []);
        Self { folder, sound, newest: days.into(), right }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn segment_path(&self, sequence: u64) -> PathBuf {
        crate::state::segment_path(&self.root(), sequence)
    }

    fn segment(&self, sequence: u64) -> &[u8] {
        &self.sound[&self.segment_path(sequence)]
    }

    /// Writes a segment, and every hash that vouches for it.
    fn put_segment(&self, sequence: u64, bytes: &[u8]) {
        std::fs::write(self.segment_path(sequence), bytes).unwrap();
        self.put_manifests(sequence, |manifest| {
            if manifest.sequence == sequence {
                manifest.segment.length = bytes.len() as u64;
                manifest.segment.hash = blake3::hash(bytes).to_hex().to_string();
            }
        });
    }

    /// Changes manifests from one on, and HEAD with them.
    fn put_manifests(&self, from: u64, change: impl Fn(&mut Manifest)) {
        let mut previous = None;
        for sequence in from..=self.newest {
            let path = crate::state::manifest_path(&self.root(), sequence);
            let mut manifest: Manifest = from_sealed_bytes(&self.sound[&path]).unwrap();
            change(&mut manifest);
            if let Some(previous) = previous {
                manifest.previous = previous;
            }
            let bytes = to_sealed_bytes(&manifest);
            previous = Some(blake3::hash(&bytes).to_hex().to_string());
            std::fs::write(&path, bytes).unwrap();
        }
        self.put_head(|head| head.manifest = previous.unwrap());
    }

    fn put_head(&self, change: impl FnOnce(&mut Head)) {
        let path = self.root().join("HEAD");
        let mut head: Head = from_sealed_bytes(&self.sound[&path]).unwrap();
        change(&mut head);
        std::fs::write(&path, to_sealed_bytes(&head)).unwrap();
    }

    fn restore(&self, from: u64) {
        let is_changed = |path: &&PathBuf| {
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            number.is_none_or(|number| number >= from)
        };
        for path in self.sound.keys().filter(is_changed) {
            std::fs::write(path, &self.sound[path]).unwrap();
        }
    }

    /// What is wrong about how the program takes the store as it is now.
    fn judge(&self, what: &str, must_be_told: bool) -> Option<String> {
        let root = self.root();
        let caught = std::panic::catch_unwind(|| (Store::verify(&root, Depth::Deep), shown(&root)));
        let Ok((found, shown)) = caught else { return Some(format!("{what}: a panic")) };
        let is_clean = found.is_ok_and(|found| found.errors.is_empty());
        match shown {
            Err(error) if is_clean => {
                Some(format!("{what}: the check finds nothing, and reading fails: {error}"))
            }
            Ok(shown) if is_clean && must_be_told && shown != self.right => {
                Some(format!("{what}: the check finds nothing, and the answer is another"))
            }
            _ => None,
        }
    }
}

/// Attributes that are compared: of those that the server moves by itself no hash is kept.
fn user(number: u32, day: u32) -> String {
    json!({"id": format!("00000000-0000-4000-8000-{number:012}"), "displayName": format!("User {number}"),
        "department": format!("D{}", (number + day) % 3), "age": number * 7 + day, "accountEnabled": number.is_multiple_of(2),
        "createdDateTime": "2024-05-01T08:00:00Z"})
    .to_string()
}

fn back_up(store: &mut Store, day: u32) {
    let taken_at = jiff::Timestamp::from_second(1_790_000_000 + i64::from(day) * 86_400).unwrap();
    put_day(store.begin(BackupDetails::new("import", taken_at)).unwrap(), day);
}

fn put_day(mut backup: Backup<'_>, day: u32) {
    for number in day % 4..8 {
        backup
            .put_json("user", user(number, if number.is_multiple_of(2) { day } else { 0 }).as_bytes())
            .unwrap();
    }
    backup.put_json("group", json!({"id": "g", "displayName": "Group"}).to_string().as_bytes()).unwrap();
    let targets: Vec<String> =
        (0..6 + day % 3).map(|number| format!("00000000-0000-4000-8000-{number:012}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).chain(["a textual ID"]).collect();
    let source = &ObjectKey { type_token: "group".into(), id: "g".into() };
    backup.observe(Observation::Links { source, relation: "members", targets: &targets }).unwrap();
    backup.commit().unwrap();
}

/// What a store shows: some contents, differences and histories.
fn shown(root: &Path) -> Result<String> {
    let store = Store::open(root)?;
    let count = store.backups().len();
    let chosen: Vec<BackupId> = [0, 1, count.saturating_sub(2), count.saturating_sub(1)]
        .into_iter()
        .filter_map(|index| store.backups().get(index).map(|backup| backup.id))
        .collect();
    let mut text = format!("{:?}\n", store.backups());
    let key = |type_token: &str, id: &str| ObjectKey { type_token: type_token.into(), id: id.into() };
    let keys =
        [key("user", "00000000-0000-4000-8000-000000000002"), key("group", "g"), key("user", "nobody")];
    for from in &chosen {
        let snapshot = store.snapshot(from)?;
        for type_token in snapshot.types()? {
            for object in snapshot.objects(&type_token)? {
                let object = object?;
                writeln!(text, "{} {}", object.to_json(), object.deleted).unwrap();
            }
        }
        for key in &keys {
            writeln!(text, "{:?}", snapshot.object(key)?.map(|object| object.to_json())).unwrap();
        }
        for to in &chosen {
            writeln!(text, "{:?}", store.difference(from, to, &DifferenceFilter::default())?).unwrap();
        }
    }
    for key in &keys {
        writeln!(text, "{:?}", store.history(key)?).unwrap();
    }
    Ok(text)
}

/// A segment with another footer, whose hash and checksum are right.
fn with_footer(bytes: &[u8], footer: &[u8]) -> Vec<u8> {
    let trailer = Trailer::from_file(bytes).unwrap();
    let start = usize::try_from(trailer.footer_offset).unwrap();
    let trailer = Trailer {
        footer_length: footer.len() as u64,
        footer_hash: *blake3::hash(footer).as_bytes(),
        ..trailer
    };
    [&bytes[..start], footer, &trailer.to_bytes()].concat()
}

/// The lines in which what a forged footer says differs from what the sound one does.
fn differing(sound: &[u8], forged: &[u8]) -> String {
    let lines = |bytes: &[u8]| {
        footer_of(bytes).map_or_else(|error| error.to_string(), |footer| format!("{footer:#?}"))
    };
    let (sound, forged) = (lines(sound), lines(forged));
    let pairs = (1..).zip(sound.lines().zip(forged.lines())).filter(|(_, (old, new))| old != new);
    let pairs = pairs.map(|(line, (old, new))| format!("line {line}: {} became {}", old.trim(), new.trim()));
    pairs.take(4).collect::<Vec<String>>().join("; ")
}

/// Every word of a footer, one after the other, as a writer of falsehoods would choose it.
fn forge_footers(forge: &Forge, sequence: u64, step: usize) -> Vec<String> {
    let bytes = forge.segment(sequence);
    let start = usize::try_from(Trailer::from_file(bytes).unwrap().footer_offset).unwrap();
    let footer = &bytes[start..bytes.len() - TRAILER_SIZE];
    let mut faults = Vec::new();
    for (index, at) in (0..footer.len() - 3).step_by(4).enumerate() {
        let old = u32::from_le_bytes(footer[at..at + 4].try_into().unwrap());
        let values = [0, old.wrapping_add(1), old.wrapping_sub(1), u32::MAX, 1 << 31, 70_000];
        for (turn, value) in values.into_iter().enumerate().filter(|(_, value)| *value != old) {
            if !(index + turn).is_multiple_of(step) {
                continue;
            }
            let mut forged = footer.to_vec();
            forged[at..at + 4].copy_from_slice(&value.to_le_bytes());
            forge.put_segment(sequence, &with_footer(bytes, &forged));
            let what = format!("word {at} of footer {sequence}, {old} to {value}");
            let told = forge.judge(&what, true);
            faults.extend(told.map(|told| format!("{told}; {}", differing(footer, &forged))));
        }
    }
    forge.restore(sequence);
    faults
}

/// Bytes of every chunk, with checksums that are right. What a chunk holds may be changed into something else that is
/// whole, which nobody could tell; but it is read, or refused.
fn forge_chunks(forge: &Forge, sequence: u64, step: usize) -> Vec<String> {
    let bytes = forge.segment(sequence);
    let opened = Segment::open(&RealDisk, &forge.segment_path(sequence), store_id(forge), sequence).unwrap();
    let mut faults = Vec::new();
    for (chunk, entry) in opened.footer.chunks.iter().enumerate() {
        let (offset, length) =
            (usize::try_from(entry.offset).unwrap(), usize::try_from(entry.length).unwrap());
        for at in (offset..offset + length).step_by(step) {
            for value in [0, 0xff, bytes[at].wrapping_add(1), bytes[at] ^ 0x80] {
                let mut forged = bytes.to_vec();
                forged[at] = value;
                let mut footer = opened.footer.clone();
                footer.chunks[chunk].checksum =
                    crate::segment::writer::checksum(&forged[offset..offset + length]);
                forge.put_segment(
                    sequence,
                    &with_footer(&forged, &crate::segment::writer::footer_bytes(&footer)),
                );
                let what = format!("byte {} of chunk {chunk} of segment {sequence}", at - offset);
                faults.extend(forge.judge(&what, false));
            }
        }
    }
    forge.restore(sequence);
    faults
}

fn store_id(forge: &Forge) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&forge.segment(1)[16..32]);
    id
}

fn expect_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest < PIECE_MAX, "{largest} bytes were asked for at once");
}

#[test]
fn no_forged_footer_is_believed_or_costs_memory() {
    let forge = Forge::new(3);
    let faults: Vec<String> = (1..=3).flat_map(|sequence| forge_footers(&forge, sequence, 7)).collect();
    expect_none(&faults);
}

#[test]
fn no_forged_chunk_makes_reading_panic_or_costs_memory() {
    let forge = Forge::new(3);
    let faults: Vec<String> = (1..=3).flat_map(|sequence| forge_chunks(&forge, sequence, 29)).collect();
    expect_none(&faults);
}

#[test]
fn no_forged_checkpoint_is_believed_or_costs_memory() {
    let forge = Forge::new(66);
    let head: Head = from_sealed_bytes(&forge.sound[&forge.root().join("HEAD")]).unwrap();
    assert!(head.checkpoint > 0, "so many backups carry a checkpoint");
    expect_none(&forge_footers(&forge, head.checkpoint, 29));
}

#[test]
fn no_forged_number_in_head_or_a_manifest_costs_memory() {
    let forge = Forge::new(3);
    let mut faults = Vec::new();
    for number in [0, 1, 2, 4, 100, 1 << 20, 1 << 32, u64::MAX] {
        forge.put_head(|head| head.sequence = number);
        faults.extend(forge.judge(&format!("sequence {number} in HEAD"), true));
        forge.put_head(|head| head.checkpoint = number);
        faults.extend(forge.judge(&format!("checkpoint {number} in HEAD"), true));
        forge.restore(1);
        for sequence in 1..=3 {
            let changes: [(&str, ManifestChange); 6] = [
                ("sequence", |manifest, number| manifest.sequence = number),
                ("objects", |manifest, number| manifest.counts.objects = number),
                ("added", |manifest, number| manifest.counts.added = number),
                ("deleted", |manifest, number| manifest.counts.deleted = number),
                ("links", |manifest, number| manifest.counts.links = number),
                ("length", |manifest, number| manifest.segment.length = number),
            ];
            for (name, change) in changes {
                forge.put_manifests(sequence, |manifest| {
                    if manifest.sequence == sequence {
                        change(manifest, number);
                    }
                });
                // Links are counted for the newest backup alone.
                let must_be_told = name != "links" || sequence == 3;
                faults.extend(forge.judge(&format!("{name} {number} in manifest {sequence}"), must_be_told));
            }
            forge.restore(1);
        }
    }
    expect_none(&faults);
}

#[test]
fn a_store_whose_backups_were_woven_into_the_past_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let mut store = Store::create(&root, &CreateOptions { seed: [7; 32], tenant: None }).unwrap();
    for (turn, day) in [4, 9, 1, 6, 12, 2, 15].into_iter().enumerate() {
        let taken_at = jiff::Timestamp::from_second(1_790_000_000 + i64::from(day) * 86_400).unwrap();
        let details = BackupDetails::new("import", taken_at);
        put_day(store.begin(BackupDetails { insert: true, partial: turn % 3 == 1, ..details }).unwrap(), day);
        let found = Store::verify(&root, Depth::Deep).unwrap();
        assert_eq!(found.errors, [], "after the backup of day {day}");
    }
}
