//! How large is a store, and how much memory does making it take?
//!
//! One backup: 1,000,000 objects are 2.0 GB of text. What is random in it cannot shrink: 16 bytes of ID and about 60
//! bytes of other identifiers, 16 bytes of keyed hash, 30 bytes of names; the rest is dictionaries and dates. Expected:
//! under 180 MB. Each further day adds 1 % of it: new values, their old ones, hashes. Expected for 31 days of 100,000
//! objects: under 35 MB, where the first day and minimal patches would take 27.
//!
//! Memory for a backup is bounded by dictionaries and the map of IDs. Expected for 1,000,000 objects: under 700 MB.
//! It is read from `/proc/self/status`, so the column of peaks is empty elsewhere than on Linux.
//!
//! This one has nothing to repeat, so it prints a table instead of being measured by criterion.

use std::fs;
use std::io::{Write, stdout};
use std::time::Instant;

use benches::{Site, create, import, object_count};

const DAY_COUNT: u32 = 31;

fn main() -> std::io::Result<()> {
    let site = Site::default();
    let mut store = create(&site.path("store"));
    let mut out = stdout().lock();
    writeln!(out, "size and peak memory, {} objects", object_count())?;
    writeln!(
        out,
        "{:>4} {:>14} {:>14} {:>14} {:>9} {:>12}",
        "day", "text", "added", "store", "seconds", "peak memory"
    )?;
    let mut total = 0;
    for day in 0..DAY_COUNT {
        let file = site.file(day);
        reset_peak();
        let text = fs::metadata(&file)?.len();
        let (added, seconds) = timed(|| import(&mut store, &file, day).bytes);
        total += added;
        let peak = peak_memory().map_or_else(String::new, |bytes| bytes.to_string());
        writeln!(out, "{day:>4} {text:>14} {added:>14} {total:>14} {seconds:>9.2} {peak:>12}")?;
        fs::remove_file(&file)?;
    }
    let statistics = store.statistics().expect("whole files");
    let (bytes, versions) = (statistics.bytes, statistics.versions);
    writeln!(out, "all files {bytes} bytes, {versions} versions, the memo of the last import among them")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

/// Forgets the peak so far; where that is not possible, later peaks count what was before.
fn reset_peak() {
    // Only Linux has this file.
    fs::write("/proc/self/clear_refs", "5").ok();
}

/// The largest resident set since the last reset, in bytes; the parts of files that are mapped count.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
