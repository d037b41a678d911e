//! Tests of the real program: what only a process can show.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::process::{Command, Output, Stdio};

fn entrasnap(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_entrasnap"))
        .args(args)
        .env_clear()
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn help_and_version_are_data() {
    let version = entrasnap(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(version.stdout, format!("entrasnap {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
    let help = entrasnap(&["diff", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("Example:\n  entrasnap diff "));
    assert!(help.stderr.is_empty());
}

#[test]
fn a_verb_nobody_knows_is_a_usage_error() {
    let answer = entrasnap(&["backpus"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(answer.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&answer.stderr);
    assert!(stderr.contains("backups"), "{stderr}");
    assert!(stderr.lines().last().is_some_and(|line| line.starts_with("{\"error\":{")), "{stderr}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_entrasnap"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let answer = child.wait_with_output().unwrap();
    assert_eq!(answer.status.code(), Some(0));
    assert!(answer.stderr.is_empty(), "{}", String::from_utf8_lossy(&answer.stderr));
}
