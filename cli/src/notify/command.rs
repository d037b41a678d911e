//! A command line that takes a notification on its standard input; exit status 0 says that it has it.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::io::{Io, monotonic};

/// How long it may run.
const RUN_MAX: Duration = Duration::from_mins(2);
/// The interval at which its end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs a command line to its end. What it prints is dropped; what it says on its standard error is seen.
///
/// # Errors
/// How it failed.
pub(super) fn run(line: &str, text: String, io: &Io<'_>) -> Result<(), String> {
    let mut command = shell(line);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    if !io.current_dir.as_os_str().is_empty() {
        command.current_dir(&io.current_dir);
    }
    let mut child = command.spawn().map_err(|error| format!("the command cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing must not hold up this thread; how it ends says whether it wanted more.
        std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    }
    let begin = monotonic();
    let problem = loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the command ended with {status}")),
            Err(error) => break format!("the command cannot be waited for: {error}"),
            Ok(None) if io.interrupt.is_asked() => break "the command was interrupted".to_owned(),
            Ok(None) if monotonic().saturating_sub(begin) > RUN_MAX => {
                break format!("the command still ran after {} s", RUN_MAX.as_secs());
            }
            Ok(None) => std::thread::park_timeout(LOOK_EVERY),
        }
    };
    // One that has just ended by itself needs no end.
    child.kill().ok();
    child.wait().ok();
    Err(problem)
}

#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt as _;
    let mut command = Command::new("cmd");
    // `cmd` reads the rest of its command line by rules of its own.
    command.raw_arg("/D /S /C \"").raw_arg(line).raw_arg("\"");
    command
}
