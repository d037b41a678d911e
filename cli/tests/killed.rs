//! Kills the real program in the middle of an import: the store is whole, and the next import works.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const OBJECT_COUNT: usize = 20_000;
/// How often a folder is looked at before the import must have got there: some seconds.
const LOOK_COUNT_MAX: usize = 10_000_000;

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrasnap"));
    command.args(line.split(' ')).env_clear().current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

#[track_caller]
fn succeed(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn write_users(path: &Path, day: usize) {
    let mut text = String::new();
    for id in 0..OBJECT_COUNT {
        let city = if id % 10 == 0 { day } else { 0 };
        writeln!(
            text,
            r##"{{"@odata.type":"#microsoft.graph.user","id":"00000000-0000-4000-8000-{id:012}","displayName":"User {id}","city":"City {city}"}}"##
        )
        .unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// The length of the first file of a folder whose name ends so.
fn length_of(folder: &Path, ending: &str) -> Option<u64> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let mut found = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(ending));
    found.next()?.metadata().ok().map(|metadata| metadata.len())
}

/// Where an import is when it is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Begun,
    Writing,
    SegmentThere,
    ManifestThere,
}

impl Moment {
    fn is_reached(self, store: &Path, number: usize) -> bool {
        match self {
            Self::Begun => length_of(&store.join("segments"), ".seg.tmp").is_some(),
            Self::Writing => length_of(&store.join("segments"), ".seg.tmp").is_some_and(|length| length > 0),
            Self::SegmentThere => store.join(format!("segments/{number:010}.seg")).exists(),
            Self::ManifestThere => store.join(format!("manifests/{number:010}.man")).exists(),
        }
    }
}

/// Kills the import of `file` at a moment, if the import does not end before; tells whether it was killed.
fn kill_import(folder: &Path, file: &str, moment: Moment, number: usize) -> bool {
    let store = folder.join("entrasnap.store");
    let mut import = command(folder, &format!("import {file}")).spawn().unwrap();
    for _ in 0..LOOK_COUNT_MAX {
        if moment.is_reached(&store, number) {
            import.kill().unwrap();
            return !import.wait().unwrap().success();
        }
        if import.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    import.kill().unwrap();
    import.wait().unwrap();
    panic!("the import never came to {moment:?}");
}

/// Imports after a process was killed. A manifest that HEAD never named may be one that an older HEAD hides: it is kept
/// apart, and told.
fn import_after_a_kill(folder: &Path) {
    let output = run(folder, "import day1.ndjson");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_told = output.status.code() == Some(4) && told.contains("moved to trash/beyond");
    assert!(output.status.success() || is_told, "{told}");
}

fn backup_count(folder: &Path) -> usize {
    succeed(folder, "backups -o ndjson").lines().count()
}

#[test]
fn an_import_that_is_killed_leaves_a_whole_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_users(&folder.join("day0.ndjson"), 0);
    write_users(&folder.join("day1.ndjson"), 1);
    let mut killed_count = 0;
    // In the first import, when there is no store yet, and in later ones.
    for moment in [Moment::Begun, Moment::Writing, Moment::SegmentThere, Moment::ManifestThere] {
        for file in ["day0.ndjson", "day1.ndjson"] {
            let before = if folder.join("entrasnap.store/HEAD").exists() { backup_count(folder) } else { 0 };
            killed_count += usize::from(kill_import(folder, file, moment, before + 1));
            succeed(folder, "verify --deep");
            let after = backup_count(folder);
            assert!((before..=before + 1).contains(&after), "{moment:?}");
        }
        let before = backup_count(folder);
        import_after_a_kill(folder);
        assert_eq!(backup_count(folder), before + 1);
        succeed(folder, "verify --deep");
        let segments = std::fs::read_dir(folder.join("entrasnap.store/segments")).unwrap();
        assert_eq!(segments.count(), before + 1, "an interrupted import leaves nothing behind");
    }
    assert!(killed_count >= 2, "only {killed_count} imports were killed");
}
