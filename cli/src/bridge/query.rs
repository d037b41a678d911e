//! Queries over the store of a session, by package `query`.

mod chosen;
mod live;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use engine::{BackupSummary, Point, Store};
use query::{
    Code, Diagnostic, Limits, Parameters, PointArgument, PointResolver, ResolvedPoint, ResultPart,
    ResultTable, StoreResolver, StoreTables, TableSource, Tables, Value,
};

use crate::bridge::scratch::Scratch;
use crate::error::{Excerpt, Failure, Outcome, Status, library};
use crate::io::Interrupt;
use crate::output::text::people_time;
use crate::session;
pub(crate) use chosen::{chosen_changes, selection_of};
pub(crate) use live::tables_at_live;

/// Ticks from year 1 to 1970.
const EPOCH_TICKS: i128 = 621_355_968_000_000_000;

/// Most letters of a message.
const MESSAGE_MAX: usize = 2_000;

/// Tables that are no type of objects, known without a store.
const OTHER_TABLES: [&str; 10] = [
    "objects",
    "deletedItems",
    "links",
    "diff",
    "changes",
    "history",
    "backups",
    "reports",
    "recoveries",
    "recoverySteps",
];

/// What is asked, and within which bounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    /// What stands before the text and is not shown: definitions of earlier inputs, the pipe that a predicate is for.
    pub(crate) before: String,
    /// What somebody wrote.
    pub(crate) text: String,
    /// What stands behind the text and is not shown.
    pub(crate) behind: String,
    pub(crate) parameters: Parameters,
    /// Bytes that a query may take.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) now: jiff::Timestamp,
}

/// The tables of the session's store, which is opened when a query first names one of them.
pub(crate) struct StoredTables {
    /// The store's folder; that of a copy, once a reading went there.
    path: Mutex<PathBuf>,
    default: Mutex<String>,
    opened: RwLock<Option<Opened>>,
    told: Arc<Mutex<Told>>,
    /// The reading that `live` stands for, once there is one.
    live: Arc<Mutex<Option<String>>>,
}

struct Opened {
    head: Vec<u8>,
    tables: StoreTables,
}

/// What was learned while names were looked up.
#[derive(Default)]
struct Told {
    /// Points that were said already.
    said: Vec<ResolvedPoint>,
    /// Why a table could not be had, when that is no mistake in the text.
    trouble: Option<Failure>,
}

impl StoredTables {
    /// The tables of the store in a folder; `default` is the point in time of tables that name none.
    pub(crate) fn new(path: &Path, default: &str) -> Self {
        let (path, default) = (Mutex::new(path.to_owned()), Mutex::new(default.to_owned()));
        Self { path, default, opened: RwLock::default(), told: Arc::default(), live: Arc::default() }
    }

    /// Learns which reading `live` stands for, and in which folder it is; people know that already.
    pub(crate) fn set_live(&self, path: &Path, reading: &BackupSummary) {
        path.clone_into(&mut self.path.lock().unwrap_or_else(PoisonError::into_inner));
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading.id.to_string());
        let written = PointArgument::Text("live".to_owned());
        locked(&self.told).said.push(ResolvedPoint::new(&written, reading));
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn path(&self) -> PathBuf {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The point in time of tables that name none.
    pub(crate) fn default_point(&self) -> String {
        self.default.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the point in time of tables that name none.
    ///
    /// # Errors
    /// When it names no backup.
    pub(crate) fn use_point(&self, point: &str) -> Outcome<BackupSummary> {
        let backup = session::resolve(self.store()?.as_ref(), point)?;
        point.clone_into(&mut self.default.lock().unwrap_or_else(PoisonError::into_inner));
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
        let written = PointArgument::Text(point.to_owned());
        locked(&self.told).said.push(ResolvedPoint::new(&written, &backup));
        Ok(backup)
    }

    /// The store.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) fn store(&self) -> Outcome<Arc<Store>> {
        Ok(Arc::clone(self.open()?.store()))
    }

    /// Opens the store again when somebody committed a backup since.
    pub(crate) fn refresh(&self) {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.as_ref().is_some_and(|opened| opened.head != self.head()) {
            *opened = None;
        }
    }

    fn head(&self) -> Vec<u8> {
        std::fs::read(self.path().join("HEAD")).unwrap_or_default()
    }

    fn open(&self) -> Outcome<StoreTables> {
        if let Some(tables) = self.opened() {
            return Ok(tables);
        }
        let head = self.head();
        let store = Arc::new(Store::open(&self.path())?);
        let points = Points {
            inner: StoreResolver::new(Arc::clone(&store)),
            store: Arc::clone(&store),
            told: Arc::clone(&self.told),
            live: Arc::clone(&self.live),
        };
        let default = PointArgument::Text(self.default_point());
        let tables = StoreTables::new(store, Arc::new(points), default);
        let opened = Opened { head, tables: tables.clone() };
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(tables)
    }

    /// What people should know of the last query and were not told before: the backups that its points stand for,
    /// and whatever else its tables have to say.
    pub(crate) fn news(&self) -> Vec<String> {
        let Some(tables) = self.opened() else { return Vec::new() };
        let mut told = locked(&self.told);
        let mut news = Vec::new();
        for point in tables.take_points() {
            if told.said.contains(&point) {
                continue;
            }
            let time = people_time(point.taken_at);
            news.push(if point.backup == point.written {
                format!("{} ({time})", point.backup)
            } else {
                format!("{} is {} ({time})", point.written, point.backup)
            });
            let remark = Point::parse(&point.written).ok().and_then(|point| tables.store().remark(&point));
            news.extend(remark);
            told.said.push(point);
        }
        news.extend(tables.take_notes());
        news
    }

    /// Forgets what was looked up for the names that completion asked for.
    pub(crate) fn forget(&self) {
        if let Some(tables) = self.opened() {
            drop((tables.take_points(), tables.take_notes()));
        }
        locked(&self.told).trouble = None;
    }

    fn opened(&self) -> Option<StoreTables> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().map(|opened| opened.tables.clone())
    }

    fn trouble(&self) -> Option<Failure> {
        locked(&self.told).trouble.take()
    }
}

impl Tables for StoredTables {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, String> {
        match self.open() {
            Ok(tables) => tables.table(name, arguments),
            Err(_) if !self.names().iter().any(|known| known == name) => Ok(None),
            Err(failure) => {
                let message = failure.message.clone();
                locked(&self.told).trouble = Some(failure);
                Err(message)
            }
        }
    }

    fn names(&self) -> Vec<String> {
        if let Ok(tables) = self.open() {
            return tables.names();
        }
        let types = engine::schema::types().map(|found| found.table);
        types.chain(OTHER_TABLES).map(str::to_owned).collect()
    }
}

/// Points of the store's backups; why one names none is remembered.
struct Points {
    inner: StoreResolver,
    store: Arc<Store>,
    told: Arc<Mutex<Told>>,
    live: Arc<Mutex<Option<String>>>,
}

impl PointResolver for Points {
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, String> {
        if point.is_live() {
            let reading = self.live.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(reading) = reading {
                let found = session::resolve(&self.store, &reading).map_err(|failure| failure.message)?;
                return Ok(ResolvedPoint::new(point, &found));
            }
            let failure = session::no_tenant();
            let message = failure.message.clone();
            locked(&self.told).trouble = Some(failure);
            return Err(message);
        }
        self.inner.resolve(point).inspect_err(|_| {
            if let Err(failure) = session::resolve(&self.store, &point.to_string()) {
                locked(&self.told).trouble = Some(failure);
            }
        })
    }
}

fn to_ticks(time: jiff::Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond() / 100 + EPOCH_TICKS).unwrap_or(i64::MAX)
}

fn locked(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Question {
    fn whole(&self) -> String {
        format!("{}{}{}", self.before, self.text, self.behind)
    }

    /// Runs every query of the text.
    ///
    /// # Errors
    /// What is wrong with the text, each with its place; or what stopped a query.
    pub(crate) fn run(&self, tables: &StoredTables, interrupt: &Interrupt) -> Outcome<Vec<ResultTable>> {
        // Where there can be no folder, a query has memory alone.
        let scratch = Scratch::new().ok();
        let (text, now) = (self.whole(), to_ticks(self.now));
        let limits = self.limits(interrupt, scratch.as_ref());
        let results =
            interrupt.while_heard(|| query::run_within(&text, &self.parameters, tables, now, &limits));
        results.map_err(|findings| self.failure(findings, tables.trouble(), interrupt.is_asked()))
    }

    /// Runs every query of the text and gives rows as they come: first a result without rows, then its rows.
    ///
    /// # Errors
    /// As [`Question::run`]; what was given before stays given.
    pub(crate) fn stream(
        &self,
        tables: &StoredTables,
        interrupt: &Interrupt,
        take: &mut dyn FnMut(ResultPart) -> ControlFlow<()>,
    ) -> Outcome<()> {
        // Where there can be no folder, a query has memory alone.
        let scratch = Scratch::new().ok();
        let (text, now) = (self.whole(), to_ticks(self.now));
        let limits = self.limits(interrupt, scratch.as_ref());
        let done = interrupt
            .while_heard(|| query::run_streaming(&text, &self.parameters, tables, now, &limits, take));
        done.map_err(|findings| self.failure(findings, tables.trouble(), interrupt.is_asked()))
    }

    fn limits<'a>(&self, interrupt: &'a Interrupt, scratch: Option<&'a Scratch>) -> Limits<'a> {
        let bytes = self
            .memory_bytes
            .map_or(Limits::default().bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        Limits { bytes, temporary: scratch.map(Scratch::path), cancelled: Some(interrupt.asked()) }
    }

    /// How every query of the text would be run.
    ///
    /// # Errors
    /// As [`Question::run`].
    pub(crate) fn explain(&self, tables: &StoredTables) -> Outcome<String> {
        let explained = query::explain(&self.whole(), &self.parameters, tables, to_ticks(self.now));
        explained.map_err(|findings| self.failure(findings, tables.trouble(), false))
    }

    /// Reads the text without looking up tables and columns.
    ///
    /// # Errors
    /// What is wrong with the text, each with its place.
    pub(crate) fn check(&self) -> Outcome<()> {
        query::check(&self.whole()).map_err(|findings| self.failure(findings, None, false))
    }

    fn failure(&self, findings: Vec<Diagnostic>, trouble: Option<Failure>, stopped: bool) -> Failure {
        if stopped {
            return Failure::new("interrupted", Status::Interrupted, "the query was stopped");
        }
        // What went wrong while rows were made has no place in the text.
        if let [only] = findings.as_slice()
            && only.span.end == 0
        {
            let code = if only.code == Code::Limit { "limit" } else { "query" };
            let failure = library::unsorted(code, Status::Failed, &only.message);
            return match &only.help {
                Some(help) => failure.with_help(help.clone()),
                None => failure,
            };
        }
        // What is wrong with a file of the store has its place there.
        if let Some(trouble) = trouble.as_ref().filter(|trouble| trouble.file.is_some()) {
            return Failure {
                file: trouble.file.clone(),
                ..Failure::new(trouble.code, trouble.status, &*trouble.message)
            }
            .with_help(&*trouble.help);
        }
        let excerpts: Box<[Excerpt]> = findings.into_iter().map(|finding| self.excerpt(finding)).collect();
        let message = match &*excerpts {
            [one] => one.message.clone(),
            several => format!("{} errors in the query", several.len()),
        };
        let help = excerpts.first().map(|first| first.help.clone()).unwrap_or_default();
        let line = excerpts.first().map(|first| 1 + self.text[..first.offset].matches('\n').count() as u64);
        let failure =
            Failure { line, excerpts, ..Failure::new("query", Status::Usage, message).with_help(help) };
        match trouble {
            Some(trouble) => {
                let help = if trouble.help.is_empty() { failure.help.clone() } else { trouble.help };
                Failure { code: trouble.code, status: trouble.status, file: trouble.file, help, ..failure }
            }
            None => failure,
        }
    }

    /// The place of a finding in what somebody wrote.
    fn excerpt(&self, finding: Diagnostic) -> Excerpt {
        let place = |offset: usize| {
            let offset = offset.saturating_sub(self.before.len()).min(self.text.len());
            (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
        };
        let (start, end) = (place(finding.span.start), place(finding.span.end));
        // What stands behind the text is nothing its author wrote, so nothing to blame.
        let is_behind = finding.span.start >= self.before.len() + self.text.len() && !self.behind.is_empty();
        let message = if is_behind && finding.code == Code::Syntax {
            "syntax error: unexpected end".to_owned()
        } else {
            // A message may quote a piece of the text, and that may be all of it.
            crate::output::text::cut(&finding.message, MESSAGE_MAX)
        };
        Excerpt {
            text: self.text.clone(),
            offset: start,
            length: end.saturating_sub(start),
            message,
            help: finding.help.unwrap_or_default(),
        }
    }
}

/// The columns that a pipe gives, with their types; nothing when it does not make sense.
pub(crate) fn columns_of(pipe: &str, tables: &dyn Tables) -> Vec<(String, String)> {
    let text = format!("{pipe}\n| getschema");
    let Ok(results) = query::run(&text, &Parameters::new(), tables, 0) else { return Vec::new() };
    let rows = results.last().into_iter().flat_map(|result| &result.batches).flat_map(|batch| {
        (0..batch.row_count)
            .map(|row| (batch.columns[0].get(row).into_owned(), batch.columns[3].get(row).into_owned()))
    });
    rows.filter_map(|cells| match cells {
        (Value::String(name), Value::String(kind)) => Some((name.to_string(), kind.to_string())),
        _ => None,
    })
    .collect()
}

/// Whether a text would be a query if it went on: everything is right but that it ends.
pub(crate) fn is_unfinished(text: &str) -> bool {
    let end = text.trim_end().len();
    query::check(text).is_err_and(|findings| {
        findings.iter().any(|finding| finding.code == Code::Syntax && finding.span.start >= end)
    })
}
