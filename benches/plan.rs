//! How much memory does a plan take, while it is made, written and read again?
//!
//! Every user works elsewhere, so that each is a step of its own. A step in memory is its texts (ID, type, name, path,
//! some 200 bytes), a name and a value on both sides and in the body, and what holds these together: 900 bytes. While it is
//! made its change stands beside it, with a name and two values: 400 bytes more, and what is known of its object, 200.
//! In the file it is about 1,000 bytes of text, which is never whole in memory when it is written, and is when it is read.
//! Expected: under 2,000 bytes a step, whatever is done with it.
//!
//! It is read from `/proc/self/status`, so there are figures on Linux alone. This one has nothing to repeat, so it prints a
//! table instead of being measured by criterion.

use std::fs::{self, File};
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use benches::{Site, create, import, object_count};
use engine::DifferenceFilter;
use ingest::plan::{GUARDS, GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, make};

const TENANT: &str = "10000000-0000-4000-8000-000000000000";

/// Memory of one phase after the other, each since the one before.
struct Table<W> {
    out: W,
    steps: u64,
}

impl<W: Write> Table<W> {
    /// Does something, and writes how much more memory there was at its peak than before it, and how much stays.
    fn measured<T>(&mut self, name: &str, work: impl FnOnce() -> T) -> std::io::Result<T> {
        // Only Linux has this file; elsewhere later peaks count what was before.
        fs::write("/proc/self/clear_refs", "5").ok();
        let before = memory("VmRSS:");
        let result = work();
        let [peak, stays] = [memory("VmHWM:"), memory("VmRSS:")].map(|bytes| {
            bytes.zip(before).map_or_else(String::new, |(now, before)| {
                (now.saturating_sub(before) / self.steps.max(1)).to_string()
            })
        });
        let whole =
            memory("VmHWM:").map_or_else(String::new, |bytes| (bytes / self.steps.max(1)).to_string());
        writeln!(self.out, "{name:>24} {peak:>12} {stays:>12} {whole:>12}")?;
        Ok(result)
    }
}

fn main() -> std::io::Result<()> {
    let site = Site::default();
    let mut store = create(&site.path("store"));
    for (day, department) in ["Sales", "Elsewhere"].into_iter().enumerate() {
        let file = users(&site.path("users.ndjson"), department)?;
        import(&mut store, &file, u32::try_from(day).unwrap_or_default());
    }
    let [from, to] = store.backups() else { panic!("two backups were made") };
    let mut table = Table { out: stdout().lock(), steps: object_count() };
    writeln!(table.out, "memory of a plan of {} steps, bytes a step", object_count())?;
    writeln!(table.out, "{:>24} {:>12} {:>12} {:>12}", "", "more at peak", "more after", "all at peak")?;
    let changes = table.measured("difference", || {
        store.difference(&from.id, &to.id, &DifferenceFilter::default()).expect("two backups")
    })?;
    let input = PlanInput {
        changes,
        unread: Vec::new(),
        from: store.snapshot(&from.id).expect("a backup"),
        to: store.snapshot(&to.id).expect("a backup"),
        live: None,
        selection: None,
        options: PlanOptions::default(),
        context: context(to.taken_at),
    };
    let plan = table.measured("making", || make(input).expect("a whole difference"))?;
    assert_eq!(plan.steps.len() as u64, object_count());
    let path = site.path("plan.json");
    table.measured("writing", || write(&plan, &path))??;
    drop(plan);
    let plan = table.measured("reading", || read(&path))??;
    assert_eq!(plan.steps.len() as u64, object_count());
    let bytes = fs::metadata(&path)?.len() / object_count().max(1);
    writeln!(table.out, "the file has {bytes} bytes a step")
}

fn write(plan: &Plan, path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    plan.write_file(&mut out)?;
    out.flush()
}

fn read(path: &Path) -> std::io::Result<Plan> {
    Ok(Plan::from_file_bytes(&fs::read(path)?).expect("a plan as it was made"))
}

/// Writes a file of users who all work in one department.
fn users(path: &Path, department: &str) -> std::io::Result<PathBuf> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(out, r##"{{"@odata.type":"#microsoft.graph.organization","id":"{TENANT}"}}"##)?;
    for number in 0..object_count() {
        writeln!(
            out,
            r##"{{"@odata.type":"#microsoft.graph.user","id":"20000000-0000-4000-8000-{number:012x}","displayName":"User Number {number}","userPrincipalName":"user{number}@example.org","accountEnabled":true,"department":"{department}"}}"##
        )?;
    }
    out.flush()?;
    Ok(path.to_owned())
}

fn context(now: jiff::Timestamp) -> PlanContext {
    PlanContext {
        tenant_id: TENANT.to_owned(),
        seed: [3; 32],
        now,
        from_point: "latest~1".to_owned(),
        to_point: "latest".to_owned(),
        query: String::new(),
        identity: Identity::default(),
        break_glass: Vec::new(),
        limits: GuardLimits::default(),
        allow: GUARDS.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// A figure of this process, in bytes.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
