//! Everything a command touches outside its arguments: streams, disk, clock, environment, seeds.

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::disk::{Disk, RealDisk};

use crate::error::Status;

/// The outside world of one run. Tests make their own.
pub struct Io<'a> {
    /// Where `-` reads from.
    pub stdin: &'a mut (dyn Read + Send),
    /// Data goes here.
    pub stdout: &'a mut (dyn Write + Send),
    /// Everything else goes here: notes, warnings, progress, errors.
    pub stderr: &'a mut (dyn Write + Send),
    /// Whether the input is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether the data goes to a terminal: then the default output is a table.
    pub stdout_is_terminal: bool,
    /// Whether the rest goes to a terminal: then progress is a bar.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal.
    pub width: u16,
    /// Lines of the terminal.
    pub height: u16,
    /// Relative paths start here.
    pub current_dir: PathBuf,
    /// Where the store is, and plans are written.
    pub disk: Arc<dyn Disk>,
    /// The clock.
    pub now: &'a (dyn Fn() -> jiff::Timestamp + Sync),
    /// The environment.
    pub environment: &'a (dyn Fn(&str) -> Option<OsString> + Sync),
    /// Random bytes: the key of a new store, the ID of a new report.
    pub seed: &'a (dyn Fn() -> [u8; 32] + Sync),
    /// The request to stop.
    pub interrupt: &'a Interrupt,
}

/// The request to stop, by Ctrl-C: a query observes it and ends, everything else ends with the process.
#[derive(Default)]
pub struct Interrupt {
    requested: AtomicBool,
    heard: AtomicBool,
    /// A pager has the terminal, and takes Ctrl-C as a key.
    paged: AtomicBool,
    /// What takes the place of waiting, where time is not that of this machine.
    pause: Option<Pause>,
}

/// What takes the place of waiting for so long.
type Pause = Box<dyn Fn(&Interrupt, Duration) + Send + Sync>;

/// The interval at which a wait looks for the request to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Interrupt").field("requested", &self.is_asked()).finish_non_exhaustive()
    }
}

impl Interrupt {
    /// No request yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            requested: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            paged: AtomicBool::new(false),
            pause: None,
        }
    }

    /// No request yet, and something else in the place of waiting, such as a clock that is moved on.
    #[must_use]
    pub fn with_pause(pause: impl Fn(&Self, Duration) + Send + Sync + 'static) -> Self {
        Self { pause: Some(Box::new(pause)), ..Self::new() }
    }

    /// Waits for so long, or until a stop is requested.
    pub(crate) fn wait(&self, time: Duration) {
        if let Some(pause) = &self.pause {
            return pause(self, time);
        }
        let begin = monotonic();
        while !self.is_asked() {
            let left = time.saturating_sub(monotonic().saturating_sub(begin));
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left.min(LOOK_EVERY));
        }
    }

    /// Requests to stop; returns whether the running work observes it.
    pub fn ask(&self) -> bool {
        let is_heard = self.heard.load(Ordering::SeqCst);
        let was_requested = self.requested.swap(true, Ordering::SeqCst);
        self.paged.load(Ordering::SeqCst) || (is_heard && !was_requested)
    }

    /// From now on the process stays, whatever is typed: a pager reads the terminal.
    pub(crate) fn begin_of_pager(&self) {
        self.paged.store(true, Ordering::SeqCst);
    }

    /// The pager has ended; what was typed meanwhile was typed to it.
    pub(crate) fn end_of_pager(&self) {
        self.paged.store(false, Ordering::SeqCst);
        self.clear();
    }

    /// Runs work that observes [`Interrupt::requested`].
    pub(crate) fn while_heard<T>(&self, body: impl FnOnce() -> T) -> T {
        let before = self.heard.swap(true, Ordering::SeqCst);
        let done = body();
        self.heard.store(before, Ordering::SeqCst);
        done
    }

    /// True once a stop is requested.
    pub(crate) fn requested(&self) -> &AtomicBool {
        &self.requested
    }

    /// Whether a stop is requested.
    pub(crate) fn is_asked(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Begins anew, after what was to be stopped has ended.
    pub(crate) fn clear(&self) {
        self.requested.store(false, Ordering::SeqCst);
    }
}

impl std::fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Io").field("current_dir", &self.current_dir).finish_non_exhaustive()
    }
}

impl Io<'_> {
    /// The same outside world, of which a part can be exchanged for an inner run.
    pub(crate) fn inner(&mut self) -> Io<'_> {
        Io {
            stdin: &mut *self.stdin,
            stdout: &mut *self.stdout,
            stderr: &mut *self.stderr,
            stdin_is_terminal: self.stdin_is_terminal,
            stdout_is_terminal: self.stdout_is_terminal,
            stderr_is_terminal: self.stderr_is_terminal,
            width: self.width,
            height: self.height,
            current_dir: self.current_dir.clone(),
            disk: Arc::clone(&self.disk),
            now: self.now,
            environment: self.environment,
            seed: self.seed,
            interrupt: self.interrupt,
        }
    }

    /// An environment variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// Writes a line to stderr, after the data written so far. A stderr that is closed is ignored.
    pub(crate) fn say(&mut self, line: &str) {
        self.stdout.flush().ok();
        self.stderr.write_all(format!("{line}\n").as_bytes()).ok();
    }
}

/// What writes the content of a file.
pub(crate) type Content<'c> = &'c dyn Fn(&mut dyn Write) -> std::io::Result<()>;

/// Bytes that are written at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Writes a file that the user named: it holds the old content until the new one is whole and durable, and only its
/// owner may read it. What is no regular file, such as a pipe, is written as it is. The inner error is one that
/// follows the replacement: the file has its new content, which a crash may still undo.
///
/// # Errors
/// What the operating system says; then a file that was there is as it was.
pub(crate) fn write_file(
    disk: &dyn Disk,
    path: &Path,
    content: Content<'_>,
) -> std::io::Result<std::io::Result<()>> {
    let path = match std::fs::canonicalize(path) {
        Ok(found) if found.is_file() => found,
        Ok(found) => {
            let mut out = BufWriter::with_capacity(PIECE_BYTES, std::fs::File::create(found)?);
            content(&mut out)?;
            return out.flush().map(Ok);
        }
        Err(_) => path.to_owned(),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut names = tempfile::Builder::new();
    let file = names.prefix(".entrasnap-").suffix(".tmp").make_in(folder, |path| disk.create(path))?;
    // The name goes away with this, whatever fails; once it was given up for the real one there is nothing to go.
    let (file, temporary) = file.into_parts();
    let mut out = BufWriter::with_capacity(PIECE_BYTES, file);
    content(&mut out)?;
    out.flush()?;
    out.get_mut().sync()?;
    disk.rename(&temporary, &path)?;
    Ok(disk.sync_folder(folder))
}

/// The wish of Ctrl-C to stop.
static INTERRUPT: Interrupt = Interrupt::new();

/// Calls `body` with the streams, clock and environment of this process.
pub(crate) fn with_process<T>(body: impl FnOnce(&mut Io<'_>) -> T) -> T {
    end_when_interrupted();
    let (stdout_is_terminal, stderr_is_terminal) =
        (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    // Where there is no terminal, reading its size starts other programs, which takes longer than most answers.
    let (width, height) =
        if stdout_is_terminal || stderr_is_terminal { terminal_size() } else { DEFAULT_SIZE };
    let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout());
    body(&mut Io {
        stdin: &mut std::io::stdin(),
        stdout: &mut stdout,
        stderr: &mut std::io::stderr(),
        stdin_is_terminal: std::io::stdin().is_terminal(),
        stdout_is_terminal,
        stderr_is_terminal,
        width,
        height,
        current_dir: PathBuf::new(),
        disk: Arc::new(RealDisk),
        now: &clock,
        environment: &variable,
        seed: &random_bytes,
        interrupt: &INTERRUPT,
    })
}

/// Ends an interrupted run at once, wherever it waits: what is not committed leaves no trace. A query that observes
/// the wish ends by itself; a second Ctrl-C ends the run without waiting.
fn end_when_interrupted() {
    let end = || {
        if INTERRUPT.ask() {
            return;
        }
        crate::bridge::scratch::remove_all();
        std::io::stderr().write_all(b"interrupted; what was committed before stays\n").ok();
        std::process::exit(u8::from(Status::Interrupted).into())
    };
    // Without a handler the system ends the run, which is as safe and says less.
    ctrlc::set_handler(end).ok();
}

/// Columns and lines of an output that is no terminal.
const DEFAULT_SIZE: (u16, u16) = (100, 40);

/// Columns and lines of the terminal; some claim to have none.
pub(crate) fn terminal_size() -> (u16, u16) {
    let (width, height) = crossterm::terminal::size().unwrap_or_default();
    (
        if width == 0 { DEFAULT_SIZE.0 } else { width.max(20) },
        if height == 0 { DEFAULT_SIZE.1 } else { height },
    )
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn clock() -> jiff::Timestamp {
    let now: Option<jiff::Timestamp> = std::time::SystemTime::now().try_into().ok();
    // Milliseconds are what people can tell apart, and what fits a line.
    now.and_then(|now| jiff::Timestamp::from_millisecond(now.as_millisecond()).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Time since the first call, which never goes back.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn monotonic() -> std::time::Duration {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("every supported system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_whole_keeps_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        write_file(&RealDisk, &path, &|out| out.write_all(b"old")).unwrap().unwrap();
        write_file(&RealDisk, &path, &|out| out.write_all(b"new")).unwrap().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names(), 1, "no temporary name stays");
        // A folder cannot be replaced by a file.
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        write_file(&RealDisk, &taken, &|out| out.write_all(b"new")).unwrap_err();
        assert!(taken.is_dir());
        assert_eq!(names(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_others_may_not_read_what_is_written() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("plan.json"), folder.path().join("link.json"));
        std::fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_file(&RealDisk, &link, &|out| out.write_all(b"new")).unwrap().unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
