//! One command that talks to a simulated tenant, and nothing else.

use std::ffi::OsString;
use std::process::{Command, ExitStatus};

use ::twin::Server;

use crate::bridge::twin as bridge;
use crate::error::{Failure, Outcome, Status};
use crate::session::Session;

/// Variables that would choose another way to sign in, or another tenant, than those of the simulated one.
const OTHER_WAYS: [&str; 7] = [
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "ENTRASNAP_AUTH",
    "ENTRASNAP_CLOUD",
    "ENTRASNAP_GRAPH_SPEED",
    "ENTRASNAP_TENANT",
];

/// The exit status of a command that ended by a signal, without the signal's number.
const SIGNAL: i32 = 128;

/// Runs a command to its end with the variables of the tenant.
///
/// # Errors
/// When it cannot be started.
pub(super) fn run(session: &mut Session<'_, '_>, server: &Server, command: &[OsString]) -> Outcome {
    let Some((program, args)) = command.split_first() else { return Ok(Status::Done) };
    session.io.stdout.flush().map_err(Failure::output)?;
    let mut child = Command::new(program);
    child.args(args).envs(bridge::variables(server));
    for name in OTHER_WAYS {
        child.env_remove(name);
    }
    if !session.io.current_dir.as_os_str().is_empty() {
        child.current_dir(&session.io.current_dir);
    }
    // Ctrl-C reaches the command as well, which ends as it likes; this process outlives it, to say how.
    let ended = session.io.interrupt.while_heard(|| child.status());
    let ended = ended.map_err(|error| {
        let message = format!("cannot start {}: {error}", program.to_string_lossy());
        Failure::new("io", Status::Failed, message).with_help("the command stands behind `--`, word by word")
    })?;
    Ok(Status::Command(u8::try_from(code(ended)).unwrap_or(u8::MAX)))
}

#[cfg(unix)]
fn code(ended: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    ended.code().unwrap_or_else(|| SIGNAL + ended.signal().unwrap_or_default())
}

#[cfg(not(unix))]
fn code(ended: ExitStatus) -> i32 {
    ended.code().unwrap_or(SIGNAL)
}
