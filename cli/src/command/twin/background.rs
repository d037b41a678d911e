//! A simulated tenant in the background, and the file by which it is found and ended.
//!
//! *Invariants*: 1. Whoever starts it returns when it listens and the file is whole. 2. It ends when the file is gone or
//! is no longer its own: no process is ever ended by its number, which another may have by then. 3. A file that is not
//! one of these is never replaced or removed. 4. Nobody but the user may read the file.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ::twin::Server;

use super::Options;
use crate::args::Format;
use crate::bridge::twin as bridge;
use crate::error::{Failure, Outcome, Status};
use crate::io::{monotonic, write_file};
use crate::session::Session;

/// The first line of such a file.
const HEAD: &str = "# Variables of a simulated tenant; `entrasnap twin --stop` with this file ends it.\n";
/// The variable with the number of the process.
const PROCESS: &str = "ENTRASNAP_TWIN_PROCESS";
/// The variable with the address.
const ENDPOINT: &str = "ENTRASNAP_GRAPH_ENDPOINT";
/// The interval at which the file is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long one that was told to end may take.
const END_MAX: Duration = Duration::from_secs(10);
/// The most bytes of such a file.
const FILE_MAX: u64 = 1 << 16;

/// Starts a process of its own that serves a tenant, and returns when it listens.
///
/// # Errors
/// When the file is another one's, or the process cannot be started. What the process itself says goes to stderr, and its
/// exit status becomes that of this run.
pub(super) fn start(session: &mut Session<'_, '_>, options: &Options, file: &Path) -> Outcome {
    if let Some(text) = read(file)?
        && !text.starts_with(HEAD)
    {
        return Err(foreign(file).with_help("name a file that is not there yet"));
    }
    let mut child = spawn(session, options, file)?;
    let mut told = String::new();
    if let Some(stdout) = child.stdout.take() {
        // An error is a process without an answer.
        drop(BufReader::new(stdout).read_line(&mut told));
    }
    if told.is_empty() {
        return ended(session, &mut child);
    }
    session.note(&format!(
        "listens on {}; `entrasnap twin --stop {}` ends it",
        told.trim_end(),
        file.display()
    ));
    Ok(Status::Done)
}

/// Serves until the file is gone or another's, or an interrupt.
///
/// # Errors
/// When the file cannot be written, or the process that started it is gone.
pub(super) fn serve(session: &mut Session<'_, '_>, server: Server, file: &Path) -> Outcome {
    let text = format!("{HEAD}{}{PROCESS}={}\n", bridge::variable_lines(&server), std::process::id());
    let written = write_file(&*session.io.disk, file, &|out| out.write_all(text.as_bytes()));
    written.and_then(|durable| durable).map_err(|error| Failure::file("cannot write", file, &error))?;
    let told = session.print_text(&format!("{}\n", server.endpoint()));
    let told = told.and_then(|()| session.io.stdout.flush().map_err(Failure::output));
    let is_own = || matches!(read(file), Ok(Some(found)) if found == text);
    if told.is_ok() {
        let interrupt = session.io.interrupt;
        interrupt.while_heard(|| {
            while !interrupt.is_asked() && is_own() {
                std::thread::park_timeout(LOOK_EVERY);
            }
        });
    }
    server.stop();
    if is_own() {
        // What cannot be removed names a tenant that no longer answers.
        std::fs::remove_file(file).ok();
    }
    told.map(|()| Status::Done)
}

/// Ends the process that wrote a file: the file goes, and with it the process.
///
/// # Errors
/// When the file is not there or is another one's, or the process still answers after a while.
pub(super) fn stop(session: &mut Session<'_, '_>, file: &Path) -> Outcome {
    let missing = || {
        let failure = Failure::new("disk", Status::Failed, format!("{} is not there", file.display()));
        failure.with_help("it was ended before, or never started; `entrasnap twin --env FILE` starts one")
    };
    let text = read(file)?.ok_or_else(missing)?;
    if !text.starts_with(HEAD) {
        return Err(foreign(file).with_help("name the file that `entrasnap twin --env` wrote"));
    }
    std::fs::remove_file(file).map_err(|error| Failure::file("cannot remove", file, &error))?;
    let endpoint = text.lines().find_map(|line| line.strip_prefix(ENDPOINT)?.strip_prefix("=http://"));
    let Some(address) = endpoint.and_then(|address| address.parse::<SocketAddr>().ok()) else {
        return Ok(Status::Done);
    };
    let begin = monotonic();
    while TcpStream::connect_timeout(&address, LOOK_EVERY).is_ok() {
        if monotonic().saturating_sub(begin) > END_MAX {
            let process = text.lines().find_map(|line| line.strip_prefix(PROCESS)?.strip_prefix('='));
            let message = format!("{address} still answers after {} s", END_MAX.as_secs());
            let help = format!("its process is {}", process.unwrap_or("not known"));
            return Err(Failure::new("io", Status::Failed, message).with_help(help));
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    session.note(&format!("{address} is ended"));
    Ok(Status::Done)
}

/// The text of a file; nothing when it is not there.
fn read(file: &Path) -> Outcome<Option<String>> {
    let failed = |error: std::io::Error| Failure::file("cannot read", file, &error);
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    opened.take(FILE_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn foreign(file: &Path) -> Failure {
    let message = format!("{}: expected a file of a simulated tenant, found another one", file.display());
    Failure { file: Some(file.display().to_string().into()), ..Failure::usage(message) }
}

/// Starts this program once more, with the same choices.
fn spawn(session: &Session<'_, '_>, options: &Options, file: &Path) -> Outcome<Child> {
    let failed = |error: std::io::Error| {
        Failure::new("io", Status::Failed, format!("cannot start a process in the background: {error}"))
    };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let is_json = matches!(session.format, Format::Json | Format::Ndjson);
    command.arg("--store").arg(session.store_path()).args(["--quiet", "--color", "never"]);
    command.args(["--output", if is_json { "ndjson" } else { "table" }]);
    command.args(["twin", "--in-background", "--env"]).arg(file);
    match &options.from {
        Some(point) => command.arg(format!("--from={point}")),
        None => command.arg(format!("--objects={}", options.objects)),
    };
    command.arg(format!("--seed={}", options.seed)).arg(format!("--port={}", options.port));
    command.arg(format!("--speed={}", options.speed)).arg(format!("--faults={}", options.faults));
    command.arg(format!("--replica-lag={}", options.replica_lag));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    detach(&mut command);
    command.spawn().map_err(failed)
}

/// Keeps what ends the starting process, such as Ctrl-C on its terminal, from the new one.
#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

/// Keeps what ends the starting process, such as the end of its console, from the new one.
#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const DETACHED_PROCESS: u32 = 0x8;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

#[cfg(not(any(unix, windows)))]
fn detach(_command: &mut Command) {}

/// Passes on how a process ended that never listened.
fn ended(session: &mut Session<'_, '_>, child: &mut Child) -> Outcome {
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        drop(BufReader::new(stderr).read_to_string(&mut said));
    }
    let status = child.wait().ok().and_then(|status| status.code());
    if said.trim().is_empty() {
        let message = "the process in the background ended before it listened";
        return Err(Failure::new("io", Status::Failed, message));
    }
    session.io.say(said.trim_end());
    Ok(match status {
        Some(2) => Status::Usage,
        Some(3) => Status::Refused,
        _ => Status::Failed,
    })
}
