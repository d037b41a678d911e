//! Long output through the user's pager; short output, and output nobody looks at, as it is.
//!
//! Verbs and the REPL page in the same way. What a verb says on stderr behind its data waits until the pager has ended.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Failure, Status, print};
use crate::io::{Interrupt, Io};

/// What shows long output when the user says nothing: it ends by itself when all fits, and keeps colours.
const DEFAULT: &str = if cfg!(windows) { "more" } else { "less -FRX" };

/// The user's pager; nothing when it was set to nothing, when there is none, or on a terminal that can do nothing.
pub(crate) fn command(io: &Io<'_>) -> Option<OsString> {
    if !io.stdout_is_terminal || io.variable("TERM").is_some_and(|term| term == "dumb") {
        return None;
    }
    let set = (io.environment)("ENTRASNAP_PAGER").or_else(|| (io.environment)("PAGER"));
    let default = || is_installed(io).then(|| DEFAULT.into());
    set.or_else(default).filter(|command| !command.is_empty() && command != "cat")
}

/// Whether the default is there: a shell that does not find it would show nothing of the output.
fn is_installed(io: &Io<'_>) -> bool {
    let name = DEFAULT.split(' ').next().unwrap_or(DEFAULT);
    let folders = io.variable("PATH").unwrap_or_default();
    cfg!(windows) || std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// What becomes of data when the user has left the pager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It is dropped: all of it is known, and so is the exit status.
    Dropped,
    /// No more of it is made.
    Stopped,
}

/// The size of a screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) lines: usize,
    pub(crate) width: usize,
}

/// Keeps output back until it is longer than the terminal, then gives it to the pager.
pub(crate) struct Pager<'io> {
    out: &'io mut (dyn Write + Send),
    interrupt: &'io Interrupt,
    command: Option<OsString>,
    rest: Rest,
    screen: Screen,
    kept: Vec<u8>,
    line_count: usize,
    /// Bytes of the last line so far.
    line_bytes: usize,
    is_over: bool,
    has_left: bool,
    child: Option<Child>,
    /// Whether there is data, so that what is said from now on belongs behind it.
    has_begun: Arc<AtomicBool>,
}

impl<'io> Pager<'io> {
    /// Shows what fits the screen as it is. Without a command it does so with all.
    pub(crate) fn new(
        out: &'io mut (dyn Write + Send),
        interrupt: &'io Interrupt,
        command: Option<OsString>,
        screen: Screen,
        rest: Rest,
    ) -> Self {
        let kept = Vec::new();
        let has_begun = Arc::default();
        Self {
            out,
            interrupt,
            command,
            rest,
            screen,
            kept,
            line_count: 0,
            line_bytes: 0,
            is_over: false,
            has_left: false,
            child: None,
            has_begun,
        }
    }

    /// Shows the rest, and waits until the user has read it.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else {
            return self.out.write_all(&self.kept).and_then(|()| self.out.flush());
        };
        drop(child.stdin.take());
        let ended = child.wait();
        self.interrupt.end_of_pager();
        ended.map(drop)
    }

    /// A pager that cannot be run is no reason to show nothing.
    fn start(&mut self) -> io::Result<()> {
        self.is_over = true;
        if let Some(command) = self.command.take() {
            self.out.flush()?;
            let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
            self.child = Command::new(shell).arg(flag).arg(command).stdin(Stdio::piped()).spawn().ok();
            if self.child.is_some() {
                self.interrupt.begin_of_pager();
            }
        }
        let kept = std::mem::take(&mut self.kept);
        self.pass(&kept)
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(child) = &mut self.child else { return self.out.write_all(bytes) };
        if self.has_left {
            return Ok(());
        }
        let Some(stdin) = &mut child.stdin else { return Ok(()) };
        match stdin.write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.rest == Rest::Dropped => {
                self.has_left = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Counts the lines of the screen that bytes take; a long line takes several.
    fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.line_bytes += 1;
            if *byte == b'\n' {
                self.line_count += 1 + (self.line_bytes - 1).saturating_sub(1) / self.screen.width.max(1);
                self.line_bytes = 0;
            }
            if self.line_count > self.screen.lines {
                return;
            }
        }
    }
}

impl Write for Pager<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.has_begun.store(true, Ordering::SeqCst);
        if self.is_over {
            return self.pass(bytes).map(|()| bytes.len());
        }
        self.kept.extend_from_slice(bytes);
        self.count(bytes);
        if self.line_count > self.screen.lines { self.start().map(|()| bytes.len()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps back what is said while there is data that may not be seen yet.
struct Remarks<'io> {
    out: &'io mut (dyn Write + Send),
    has_begun: Arc<AtomicBool>,
    kept: Vec<u8>,
}

impl Write for Remarks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_begun.load(Ordering::SeqCst) {
            return self.out.write(bytes);
        }
        self.kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Runs a verb with its data going through the pager when it is longer than the screen.
pub(crate) fn page(io: &mut Io<'_>, rest: Rest, run: impl FnOnce(&mut Io<'_>) -> Status) -> Status {
    let Some(command) = command(io) else { return run(io) };
    let screen =
        Screen { lines: usize::from(io.height).saturating_sub(1).max(1), width: usize::from(io.width) };
    let mut pager = Pager::new(&mut *io.stdout, io.interrupt, Some(command), screen, rest);
    let mut remarks =
        Remarks { out: &mut *io.stderr, has_begun: Arc::clone(&pager.has_begun), kept: Vec::new() };
    let status = run(&mut Io {
        stdin: &mut *io.stdin,
        stdout: &mut pager,
        stderr: &mut remarks,
        stdin_is_terminal: io.stdin_is_terminal,
        stdout_is_terminal: io.stdout_is_terminal,
        stderr_is_terminal: io.stderr_is_terminal,
        width: io.width,
        height: io.height,
        current_dir: io.current_dir.clone(),
        disk: Arc::clone(&io.disk),
        now: io.now,
        environment: io.environment,
        seed: io.seed,
        interrupt: io.interrupt,
    });
    let (finished, said) = (pager.finish(), remarks.kept);
    io.stderr.write_all(&said).ok();
    match finished {
        Err(error) if status == Status::Done => print::failure(io, &Failure::output(error), false),
        _ => status,
    }
}

#[cfg(test)]
mod tests;
