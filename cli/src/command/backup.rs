//! `backup`: a backup of the live tenant.

use std::time::Duration;

use engine::{Store, schema};
use ingest::graph::Access;
use ingest::pull::{BackupReport, BackupRequest, PullProgress, backup, staged_page_count};

use crate::args::tenant::{Tenant, Waiting, parse_duration};
use crate::bridge;
use crate::bridge::graph::{connect, until_interrupted};
use crate::error::{Outcome, Status};
use crate::output::text::{counted, grouped};
use crate::output::{Cell, Look, Rows, backups, list_text};
use crate::progress::{Meter, Progress};
use crate::session::Session;
use crate::wait::{self, Work};

/// Resource units a second that Graph gives a large tenant's application.
const UNITS_PER_S: u64 = 800;
/// Applications or service principals on a page.
const PARENTS_PER_PAGE: u64 = 999;
const WAY_COLUMNS: &[&str] = &["type", "read"];
const COST_COLUMNS: &[&str] = &["type", "objects", "requests", "units"];

impl PullProgress for Progress<'_> {
    fn objects(&self, _type_token: &str, count: u64) {
        self.add(count);
    }

    fn news(&self, _count: u64) {}

    fn waits(&self, until: jiff::Timestamp) {
        self.tell(&format!("Graph asks to wait until {}", until.strftime("%H:%M:%S UTC")));
    }
}

/// Commits a backup of the live tenant, read through Microsoft Graph
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap backup --stats\n\nIncremental where Graph tells what changed; a run that was interrupted is gone on with. `entrasnap setup` writes the commands that register the application it signs in as."
)]
pub(crate) struct Options {
    /// Only these types, such as `user,group`; the others are carried forward
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Reads everything, whatever the last backup left to go on from
    #[arg(long)]
    pub(crate) full: bool,
    /// Free text kept with the backup
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
    /// How old what no delta query tells of may get
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = parse_duration)]
    pub(crate) sweep_every: Duration,
    /// How old the last whole reading may get
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_duration)]
    pub(crate) full_every: Duration,
    /// Says what it will cost, from what the last backup holds; asks nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Says on stderr what was asked of Graph, and how each type was read
    #[arg(long, alias = "report")]
    pub(crate) stats: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// Commits a backup, and prints it.
///
/// # Errors
/// When the tenant cannot be reached or read, or the store cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    session.may_write("backup")?;
    if options.dry_run {
        return cost(session, options);
    }
    let request = BackupRequest {
        types: options.types.clone(),
        full: options.full,
        sweep_every: options.sweep_every,
        full_every: options.full_every,
        note: options.note.clone(),
        ..BackupRequest::default()
    };
    let (store, report) = take(session, &options.tenant, options.waiting, request)?;
    session.name_tenant(&store);
    print(session, &report, options)
}

/// Commits a backup of the live tenant, and gives the store with it; how long replicas are given to settle is that of the tenant.
///
/// # Errors
/// When the tenant cannot be reached or read, or the store cannot be written.
pub(super) fn take(
    session: &mut Session<'_, '_>,
    typed: &Tenant,
    waiting: Waiting,
    request: BackupRequest,
) -> Outcome<(Store, BackupReport)> {
    let connection = connect(session, typed, Access::ReadOnly)?;
    let mut store = session.create("backup")?;
    if waiting.wait.is_some() {
        wait::until_free(session, &store, Work::Backup, waiting.wait)?;
        // What was committed meanwhile is what this one goes on from.
        store = session.create("backup")?;
    }
    let request = BackupRequest { settle: connection.settle, ..request };
    let result = until_interrupted(session, &connection.cancel, |session| {
        let progress = session.progress(Meter::Counter);
        backup(&mut store, &connection.client, &request, &progress)
    });
    match result {
        Ok(report) => Ok((store, report)),
        Err(error) => {
            let pages = staged_page_count(&store) as u64;
            if pages > 0 {
                let pages = counted(pages, "page");
                session.note(&format!(
                    "{pages} read so far are kept: the next `entrasnap backup` goes on from there"
                ));
            }
            Err(error.into())
        }
    }
}

fn print(session: &mut Session<'_, '_>, report: &BackupReport, options: &Options) -> Outcome {
    if report.resumed_pages > 0 {
        session.note(&format!(
            "went on from {} of an interrupted run",
            counted(report.resumed_pages as u64, "page")
        ));
    }
    for warning in &report.summary.warnings {
        let kind = if warning.type_token.is_empty() { "" } else { ": " };
        let count = grouped(warning.count);
        session.warn(&format!("{}{kind}{} ({count})", warning.type_token, warning.reason));
    }
    if options.stats {
        let counts = report.counts;
        session.note(&format!(
            "{}, {} in them, {} resource units, {} refused for now, {} tried again",
            counted(counts.requests, "request"),
            counted(counts.calls, "call"),
            grouped(counts.units),
            grouped(counts.throttled),
            grouped(counts.retries)
        ));
        let cells =
            report.ways.iter().map(|(token, way)| vec![Cell::text(*token), Cell::text(*way)]).collect();
        let table = list_text(&Rows { columns: WAY_COLUMNS, cells }, Look { color: false, ..session.look });
        session.note(table.trim_end());
    }
    let people = backups::sentence(&report.summary);
    session
        .print_one(&backups::rows(std::slice::from_ref(&report.summary)), &people)
        .map_err(|failure| failure.after(&format!("backup {}", report.summary.id)))?;
    let is_whole = report.summary.warnings.iter().all(ingest::is_harmless);
    Ok(if is_whole { Status::Done } else { Status::Warnings })
}

/// What a whole reading will cost, from what the newest backup holds.
fn cost(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let store = session.open()?;
    let Some(newest) = store.backups().last() else {
        session.note("there is no backup yet to tell the size of the tenant from");
        return Ok(Status::Done);
    };
    let snapshot = store.snapshot(&newest.id)?;
    let wanted: Vec<String> = options.types.iter().map(|name| bridge::schema::type_token(name)).collect();
    let mut rows = Rows { columns: COST_COLUMNS, cells: Vec::new() };
    let (mut requests, mut units) = (0, 0);
    for found in
        schema::types().filter(|found| wanted.is_empty() || wanted.iter().any(|token| token == found.token))
    {
        let (objects, _) = snapshot.object_count(found.token)?;
        let pages = |of: u64| of.div_ceil(u64::from(found.graph.page.map_or(100, |page| page.max))).max(1);
        let below = match &found.graph.parent {
            Some(parent) => snapshot.object_count(parent.id.token())?.0,
            None => 0,
        };
        // What lives below others comes with the pages of these.
        let below = if below == 0 { 0 } else { below.div_ceil(PARENTS_PER_PAGE) };
        let lists = if found.graph.parent.is_some() { 0 } else { pages(objects) };
        let calls = lists
            + below
            + found.links().count() as u64 * pages(objects)
            + u64::from(found.graph.bin.is_some());
        let spent = lists * u64::from(found.graph.units.list)
            + below * u64::from(found.graph.units.list)
            + found.links().count() as u64 * pages(objects) * 2;
        (requests, units) = (requests + calls, units + spent);
        rows.cells.push(vec![
            Cell::text(found.token),
            Cell::Number(objects),
            Cell::Number(calls),
            Cell::Number(spent),
        ]);
    }
    session.print_rows(&rows)?;
    session.note(&format!(
        "a whole reading: about {}, {} resource units, {} s under Graph's limits; between whole readings only what changed",
        counted(requests, "request"),
        grouped(units),
        units.div_ceil(UNITS_PER_S)
    ));
    Ok(Status::Done)
}
