//! Queries made to take a machine down: what they take of its memory, and how fast they stop. Linux only, as it reads
//! `/proc`.
//!
//! Each query is asked of the program itself, over a store of users, with a limit of memory. The first time it may run
//! for a while, and its peak is read; it may take twice the limit. The second time it is interrupted after three
//! seconds, if it still runs, and may take one more to end. The exit status says whether all kept within that.
//!
//! ```text
//! cargo build --release --workspace
//! target/release/hostile target/release/entrasnap 256 20
//! ```
//! The arguments: the program, the limit in MiB, and how many seconds each query may run.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::io::{Error, Write as _, stdout};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use benches::Site;

/// How often the peak of a program is looked up.
const LOOK: Duration = Duration::from_millis(20);
/// How long a query runs before it is interrupted.
const BEFORE_INTERRUPT: Duration = Duration::from_secs(3);
/// How long it may go on after that.
const STOP_MAX: Duration = Duration::from_secs(1);
/// So much of the memory is the program's own: its code, its threads, the store's maps.
const OWN_BYTES: u64 = 48 << 20;

fn main() -> std::io::Result<ExitCode> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let [program, limit_mib, seconds] = typed.as_slice() else {
        return Err(Error::other("expected the program, the limit in MiB and seconds, such as 256 20"));
    };
    let number = |text: &String| text.parse::<u64>().map_err(Error::other);
    let (limit_mib, patience) = (number(limit_mib)?, Duration::from_secs(number(seconds)?));
    let site = Site::default();
    drop(site.store("store", 2));
    let store = site.path("store");
    let mut is_kept = true;
    for (name, query) in queries() {
        let asked = Asked { program: program.as_ref(), store: &store, query: &query, limit_mib };
        let peak_bytes = asked.peak(patience)?;
        let stopped = asked.stopped()?;
        let most_bytes = 2 * (limit_mib << 20) + OWN_BYTES;
        let fits = peak_bytes <= most_bytes && stopped.is_none_or(|took| took <= STOP_MAX);
        let took = stopped
            .map_or("ended by itself".to_owned(), |took| format!("stopped in {} ms", took.as_millis()));
        let word = if fits { "kept" } else { "BROKEN" };
        let (peak_mib, most_mib) = (peak_bytes >> 20, most_bytes >> 20);
        writeln!(stdout(), "{word:<7} peak {peak_mib:>5} MiB of {most_mib:>5}, {took}: {name}")?;
        is_kept &= fits;
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What each query does, and its text.
fn queries() -> Vec<(&'static str, String)> {
    let expanded = |count: usize, behind: &str| {
        let stages: Vec<String> = (0..count).map(|stage| format!(" | mv-expand a{stage} = a")).collect();
        let stages = stages.concat();
        format!("print a = range(1, 10){stages}{behind}")
    };
    let mut joins = "let t0 = users | project id, displayName, mail, department; ".to_owned();
    for level in 1..=11 {
        let before = level - 1;
        let _written = write!(joins, "let t{level} = t{before} | join kind=inner t{before} on id; ");
    }
    let long = "users | extend t = strcat(strrep(displayName, 500), id)";
    vec![
        ("nine mv-expand of ten, counted", expanded(9, " | count")),
        ("nine mv-expand of ten, shown", expanded(9, "")),
        ("nine mv-expand of ten, sorted", expanded(9, " | sort by tolong(a8) | take 1")),
        ("nine mv-expand of ten, grouped", expanded(9, " | summarize count() by strcat(a0, a1, a2, a3, a4, a5, a6, a7)")),
        ("an array of 100,000 for each row", "users | extend a = range(1, 100000) | summarize sum(array_length(a))".to_owned()),
        ("an array of 100,000 for each row, kept", "users | extend a = range(1, 100000) | project a".to_owned()),
        ("arrays joined to arrays", "users | extend a = range(1, 100000) | extend b = array_concat(a, a, a, a) | summarize make_list(array_length(b))".to_owned()),
        ("has_any of a range", "users | where displayName has_any (range(1, 1000000)) | count".to_owned()),
        ("eleven joins of a table with itself", format!("{joins}t11 | count")),
        ("pairs of all users", "users | extend k = 1 | join kind=inner (users | extend k = 1) on k | join kind=inner (users | extend k = 1) on k | count".to_owned()),
        ("long texts, sorted", format!("{long} | mv-expand n = range(1, 500) | extend t = strcat(t, n) | sort by t | take 1")),
        ("long texts, distinct", format!("{long} | mv-expand n = range(1, 500) | distinct strcat(t, n) | count")),
        ("texts that double", "print t = strrep('x', 1000000) | extend t = strcat(t, t, t, t), n = range(1, 1000) | mv-expand n | extend u = strcat(t, n) | summarize make_list(u)".to_owned()),
        ("a thousand operators", format!("users{} | count", " | extend x = strcat(displayName, 'x')".repeat(1000))),
        ("ten thousand operators", format!("users{} | count", " | where true".repeat(10_000))),
        ("ten thousand brackets", format!("print {}", "(".repeat(10_000))),
    ]
}

/// One question to the program.
struct Asked<'q> {
    program: &'q Path,
    store: &'q Path,
    query: &'q str,
    limit_mib: u64,
}

impl Asked<'_> {
    fn begin(&self) -> std::io::Result<Child> {
        let limit = format!("{}MB", self.limit_mib);
        Command::new(self.program)
            .arg("--store")
            .arg(self.store)
            .args(["query", "-o", "ndjson", "--memory-limit", &limit, self.query])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    /// The most memory that the query takes until it ends, or until nobody waits any longer.
    fn peak(&self, patience: Duration) -> std::io::Result<u64> {
        let mut child = self.begin()?;
        let began = now();
        let mut peak_bytes = 0;
        while child.try_wait()?.is_none() {
            if began.elapsed() > patience {
                child.kill()?;
                child.wait()?;
                break;
            }
            peak_bytes = peak_of(&child).unwrap_or(0).max(peak_bytes);
            std::thread::sleep(LOOK);
        }
        Ok(peak_bytes)
    }

    /// How long the query went on after it was interrupted; nothing if it ended before.
    fn stopped(&self) -> std::io::Result<Option<Duration>> {
        let mut child = self.begin()?;
        let began = now();
        while began.elapsed() < BEFORE_INTERRUPT {
            if child.try_wait()?.is_some() {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
        let asked = now();
        Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
        child.wait()?;
        Ok(Some(asked.elapsed()))
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures how long a program takes")]
fn now() -> Instant {
    Instant::now()
}

/// The most memory that a program has taken so far, in bytes.
fn peak_of(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? << 10)
}
