//! Tests of what the program leaves on disk: who may read it, and what becomes of it when something goes wrong.

use std::path::Path;

use crate::cli_commands::Shell;

/// Every file and folder below a folder, with its mode.
#[cfg(unix)]
fn modes(folder: &Path) -> Vec<(String, u32, bool)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        found.push((path.display().to_string(), mode, metadata.is_dir()));
        if metadata.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn nobody_but_the_owner_may_read_what_a_session_leaves() {
    let shell = Shell::with_two_days();
    let typed = std::collections::HashSet::from(["monday.ndjson", "tuesday.ndjson"]);
    for line in [
        "report create latest~1 --name kept --log run.log",
        "plan latest~1 latest --out plan.json",
        "export latest lines --format ndjson",
        "export latest tree --format entra-exporter",
        "reindex",
        "query users|count",
        "verify --deep",
    ] {
        shell.run(line).expect(0);
    }
    shell.run_with("repl", ".output answers.txt\nusers | count\n").expect(0);
    let found = modes(shell.folder.path());
    let open = |(path, mode, is_folder): &(String, u32, bool)| {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        !typed.contains(name) && *mode != if *is_folder { 0o700 } else { 0o600 }
    };
    let open: Vec<_> = found.iter().filter(|entry| open(entry)).collect();
    assert!(open.is_empty(), "{open:#?}");
    for part in [
        "HEAD",
        "store.json",
        "manifests/",
        "segments/",
        "journals/reports.log",
        "catalog/",
        "backup.lock",
        "run.log",
        "plan.json",
        "lines/user.ndjson",
        "tree/Users/u1/u1.json",
        "answers.txt",
    ] {
        assert!(found.iter().any(|(path, ..)| path.contains(part)), "{part} was made: {found:#?}");
    }
}

#[test]
fn a_plan_that_cannot_be_written_leaves_the_one_that_was_there() {
    let shell = Shell::with_two_days();
    shell.run("plan latest~1 latest --out plan.json").expect(0);
    let path = shell.folder.path().join("plan.json");
    let before = std::fs::read(&path).unwrap();
    shell.run("plan latest~1 latest --types group --out plan.json").expect(0);
    let after = std::fs::read(&path).unwrap();
    assert_ne!(before, after);
    let folder = shell.folder.path().join("taken.json");
    std::fs::create_dir(&folder).unwrap();
    let answer = shell.run("plan latest~1 latest --out taken.json").expect(1);
    assert_eq!(answer.error()["file"].as_str().map(|file| file.ends_with("taken.json")), Some(true));
    let left = std::fs::read_dir(shell.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn a_backup_streams_to_stdout_and_imports_again_without_a_change() {
    let shell = Shell::with_two_days();
    let lines = shell.run("export latest - -o table").expect(0).stdout;
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(lines.lines().all(|line| line.starts_with("{\"@odata.type\":")), "{lines}");
    shell.run_with("import - --taken-at 2026-11-18", &lines).expect(0);
    assert_eq!(shell.run("diff latest~1").expect(0).stdout, "");
    let refused = shell.run("export latest - --format entra-exporter").expect(2);
    assert_eq!(refused.error()["code"], "usage");
}
