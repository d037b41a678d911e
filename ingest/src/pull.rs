//! Owns backups of a live tenant: what is read through Graph becomes one backup, or nothing at all.
//!
//! Shape: `select` says what of each type is asked for, `run` decides the order, `whole`, `below` and `changes` read,
//! `missing` looks for what a list leaves out, `inside` completes objects; the calls are those of `asked`. `paging` follows
//! pages, `reader` asks Graph or what `stage` kept of an interrupted run, `event` writes into the backup in one thread,
//! `state` is what the next backup goes on from, `recovered` adds to that what a recovery touched, `live` reads only what a
//! question needs.
//!
//! Invariants
//! 1. What could not be read is a gap with its reason; it is never taken for deleted.
//! 2. A run that was stopped, or a tenant of which nothing can be read, is not committed; what was read is staged, and
//!    the next run goes on from there.
//! 3. A broken answer costs what was asked for, never the backup; that is asked again by the next backup.
//! 4. Two answers that contradict each other are asked about once more; gone is only what is not found twice.
//! 5. A delta record says that something changed, and Graph says what it is now: no record overwrites a newer reading.

mod asked;
mod below;
mod changes;
mod error;
mod event;
mod inside;
mod live;
mod missing;
mod paging;
mod reader;
mod recovered;
mod run;
mod select;
mod stage;
mod state;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::coverage::{BinExtent, Extent};
use engine::schema::{self, Type, TypeId};
use engine::{BackupDetails, BackupSummary, Observation, Snapshot, Store};
use jiff::Timestamp;
use serde::Deserialize;

use crate::graph::{self, Call, Client, Counts, TenantSize};
use asked::Asked;
pub use error::{Error, ErrorKind, Result};
use event::{Event, Writer};
pub use live::{LiveScope, read_live};
use reader::Reader;
use run::{Done, Run};
use stage::{BEGUN_KEY, Stage};
use state::SourceState;

/// How backups from Graph name their source.
pub const SOURCE: &str = "graph";

/// Events under way between readers and the writer.
const EVENT_COUNT_MAX: usize = 64;
/// Delta links live for seven days, and staged pages must not outlive the links among them.
const STAGE_AGE_MAX_HOURS: i64 = 24;

/// What to back up, and how.
#[derive(Debug, Clone)]
pub struct BackupRequest {
    /// Type tokens; empty for all.
    pub types: Vec<String>,
    /// Reads everything, whatever the last backup left.
    pub full: bool,
    /// How long replicas are given to settle before a whole reading.
    pub settle: Duration,
    /// How old what no delta tells may get.
    pub sweep_every: Duration,
    /// How old the last whole reading may get.
    pub full_every: Duration,
    /// Free text.
    pub note: String,
}

impl Default for BackupRequest {
    fn default() -> Self {
        Self {
            types: Vec::new(),
            full: false,
            settle: Duration::from_mins(5),
            sweep_every: Duration::from_hours(24),
            full_every: Duration::from_hours(7 * 24),
            note: String::new(),
        }
    }
}

/// What a backup did.
#[derive(Debug, Clone)]
pub struct BackupReport {
    /// What was committed.
    pub summary: BackupSummary,
    /// Whether everything was read.
    pub full: bool,
    /// How each type was read: `whole`, `changes`, `unchanged`, `polled`, `swept`, `carried`, `not read`.
    pub ways: BTreeMap<&'static str, &'static str>,
    /// What was asked of Graph.
    pub counts: Counts,
    /// Pages that an interrupted run left and that were not read again.
    pub resumed_pages: usize,
}

/// Told how far a backup is, by the thread that called it.
pub trait PullProgress {
    /// So many more objects of a type came.
    fn objects(&self, type_token: &str, count: u64);
    /// Links, removals and other news came.
    fn news(&self, count: u64);
    /// Graph asks to be left alone until then.
    fn waits(&self, _until: Timestamp) {}
}

impl PullProgress for () {
    fn objects(&self, _type_token: &str, _count: u64) {}
    fn news(&self, _count: u64) {}
}

/// Reads the tenant and commits a backup.
///
/// # Errors
/// `Graph` when the tenant cannot be read, `Cancelled`, `File` (staging) and `Store`; then nothing is committed, and
/// what was read is staged for the next run. `UnknownType`, `Threads`.
pub fn backup(
    store: &mut Store,
    client: &Client,
    request: &BackupRequest,
    progress: &dyn PullProgress,
) -> Result<BackupReport> {
    let runtime = graph::runtime()?;
    let now = client.clock().now();
    let endpoint = client.settings().endpoint.clone();
    let resources = chosen(&request.types)?;
    let left = last_state(store, &endpoint);
    let is_full = request.full
        || left.as_ref().is_none_or(|(state, _)| is_older(state.full_at, now, request.full_every))
        || left.as_ref().is_some_and(|(_, taken_at)| runtime.block_on(was_recovered(client, *taken_at)));
    let mut known = SourceState::new(&endpoint);
    if let Some((state, taken_at)) = left {
        known = state;
        known.again.extend(recovered::touched(store, taken_at)?);
    }
    let previous = newest_snapshot(store)?;
    size_up(client, previous.as_ref())?;
    let (asked, gaps) = runtime.block_on(select::select(client, resources, &known))?;
    let name = run_name(client, &asked, is_full, previous.as_ref(), request) + &recovered::mark(store)?;
    let staged = Arc::new(open_stage(store, &name, now)?);
    let resumed_pages = staged.count();
    let mut backup = store.begin(BackupDetails {
        note: request.note.clone(),
        tenant: tenant_of(client),
        ..BackupDetails::new(SOURCE, now)
    })?;
    let (events, mut incoming) = tokio::sync::mpsc::channel(EVENT_COUNT_MAX);
    let run = Run {
        reader: Reader::new(client, Some(Arc::clone(&staged)), events).over(previous.clone()),
        asked,
        gaps,
        is_full,
        state: known,
        settle: request.settle,
        sweep_every: request.sweep_every,
        now,
        previous,
    };
    let driver = runtime.spawn(run.drive());
    let mut writer = Writer::new(&mut backup);
    let mut written = Ok(());
    while let Some(event) = incoming.blocking_recv() {
        report(progress, &event);
        written = writer.take(event);
        if written.is_err() {
            break;
        }
    }
    drop(incoming);
    let done = runtime.block_on(driver).map_err(|_| Error::Cancelled)?;
    written?;
    let broken = writer.broken();
    let mut done: Done = done?;
    for (token, mut reading) in done.readings {
        if let Some(gap) = event::gap_of_broken(&broken, token) {
            backup.observe(Observation::Unread(gap))?;
            (reading.extent, reading.bin) = (Extent::Changes, BinExtent::NotRead);
            done.state.again.types.insert(token.to_owned());
            done.state.delta.remove(token);
        }
        backup.observe(Observation::Read { type_token: token, reading })?;
    }
    let ended = client.clock().now();
    backup.conclude(ended, ended, done.state.to_value());
    let summary = backup.commit()?;
    staged.finish();
    Ok(BackupReport { summary, full: is_full, ways: done.ways, counts: client.counts(), resumed_pages })
}

fn report(progress: &dyn PullProgress, event: &Event) {
    match event {
        Event::Objects { token, texts, .. } => progress.objects(token, texts.len() as u64),
        Event::Waits(until) => progress.waits(*until),
        _ => progress.news(1),
    }
}

/// The types to read.
fn chosen(names: &[String]) -> Result<Vec<&'static Type>> {
    if names.is_empty() {
        return Ok(schema::types().filter(|found| !found.graph.is_on_request).collect());
    }
    let mut chosen = Vec::new();
    for name in names {
        let token = engine::schema::token_from_name(name);
        let found = schema::by_token(token).ok_or_else(|| Error::UnknownType { name: name.clone() })?;
        chosen.push(found);
    }
    Ok(chosen)
}

/// What the newest backup left to go on from, and when it was taken. An import in between ends that: what it brought
/// is not what a delta query tells changes of.
fn last_state(store: &Store, endpoint: &str) -> Option<(SourceState, Timestamp)> {
    let (summary, value) = store.newest_state(SOURCE)?;
    let is_newest = store.backups().last().is_some_and(|newest| newest.id == summary.id);
    let state = SourceState::read(value, endpoint).filter(|_| is_newest)?;
    Some((state, summary.taken_at))
}

fn is_older(time: Option<Timestamp>, now: Timestamp, limit: Duration) -> bool {
    time.is_none_or(|time| {
        let age = now.duration_since(time);
        age.is_negative() || age.unsigned_abs() >= limit
    })
}

/// Whether a native recovery ended since the last backup: delta queries tell nothing of what it did.
async fn was_recovered(client: &Client, since: Timestamp) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Job {
        completed_date_time: Option<Timestamp>,
    }
    #[derive(Deserialize)]
    struct Jobs {
        value: Vec<Job>,
    }
    // Who may not look at them relies on the whole reading now and then.
    let Ok(answer) = client.send(&Call::get("/directory/recovery/jobs")).await else { return false };
    let jobs: Jobs = serde_json::from_slice(&answer.body).unwrap_or(Jobs { value: Vec::new() });
    jobs.value.iter().any(|job| job.completed_date_time.is_some_and(|time| time > since))
}

fn newest_snapshot(store: &Store) -> Result<Option<Snapshot>> {
    let newest = store.commits().last().map(|member| member.id);
    Ok(newest.map(|id| store.snapshot(&id)).transpose()?)
}

/// The pace follows from the number of users.
fn size_up(client: &Client, previous: Option<&Snapshot>) -> Result<()> {
    if let Some(previous) = previous {
        client.resize(TenantSize::from_user_count(previous.object_count(TypeId::User.token())?.0));
    }
    Ok(())
}

/// Whether objects of a type can be asked for by the IDs that people and the store know.
fn has_ids(asked: &Asked) -> bool {
    let is_keyed = !asked.resource.natural_key.is_empty();
    !is_keyed && !asked.resource.is_singleton && asked.resource.graph.parent.is_none()
}

/// What makes two runs the same, so that one may go on with the pages of the other.
fn run_name(
    client: &Client,
    asked: &[Asked],
    is_full: bool,
    previous: Option<&Snapshot>,
    request: &BackupRequest,
) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("entrasnap 2026-11 backup run");
    for asked in asked {
        hasher.update(format!("{}:{};", asked.resource.token, asked.select.join(",")).as_bytes());
    }
    let settings = client.settings();
    let previous = previous.map_or("", |snapshot| snapshot.backup().id.as_str());
    format!(
        "{} {} {is_full} {previous} {:?} {}",
        settings.endpoint,
        settings.tenant,
        request.sweep_every,
        hasher.finalize().to_hex()
    )
}

/// Whether a warning of a backup is only worth knowing: nothing of the tenant is left out.
#[must_use]
pub fn is_harmless(warning: &engine::Warning) -> bool {
    names_missing_bin(&warning.reason)
}

/// Whether a reason is that the tenant has no recycle bin for a type, which hides nothing else of that type.
#[must_use]
pub fn names_missing_bin(reason: &str) -> bool {
    reason.ends_with(whole::NO_BIN)
}

/// How many pages an interrupted backup of this store left, for the next one to go on from.
#[must_use]
pub fn staged_page_count(store: &Store) -> usize {
    stage::left(&store.path().join("staging"))
}

/// Opens the staging; one that is too old is begun anew.
fn open_stage(store: &Store, name: &str, now: Timestamp) -> Result<Stage> {
    let folder = store.path().join("staging");
    let begun = Stage::open(&folder, name)?;
    let time =
        begun.get(BEGUN_KEY).and_then(|text| std::str::from_utf8(&text).ok()?.parse::<Timestamp>().ok());
    if time.is_some_and(|time| now.duration_since(time).as_hours().abs() < STAGE_AGE_MAX_HOURS) {
        return Ok(begun);
    }
    begun.finish();
    let stage = Stage::open(&folder, name)?;
    stage.put(BEGUN_KEY, now.to_string().as_bytes())?;
    Ok(stage)
}

/// The tenant's ID, when the client was given that and not a domain.
fn tenant_of(client: &Client) -> Option<String> {
    let tenant = &client.settings().tenant;
    let is_id = tenant.len() == 36 && tenant.bytes().filter(|byte| *byte == b'-').count() == 4;
    is_id.then(|| tenant.to_ascii_lowercase())
}
