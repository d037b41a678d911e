//! Queries over the store of a session, by package `query`.

mod chosen;
mod findings;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use engine::disk::Disk;
use engine::{BackupSummary, Point, Store};
use query::{
    Cause, Code, Context, Definitions, Diagnostic, Limits, Parameters, PointArgument, PointResolver,
    Prepared, ResolvedPoint, ResultTable, Script, StoreResolver, StoreTables, TableError, TableSource,
    Tables, Value,
};

use crate::bridge::scratch::Scratch;
use crate::error::hint::hint;
use crate::error::{Excerpt, Failure, Outcome, Status};
use crate::io::Interrupt;
use crate::output::text::{people_time, printable};
use crate::session::{self, Session};
use crate::tenant::TenantIdentity;
pub(crate) use chosen::{chosen_changes, read_predicate, selection_of};
pub(crate) use findings::{findings, rules};

/// Most letters of a message.
const MESSAGE_MAX: usize = 2_000;

/// Tables that are no type of objects, known without a store.
const OTHER_TABLES: [&str; 11] = [
    "objects",
    "deletedItems",
    "links",
    "diff",
    "changes",
    "findings",
    "history",
    "backups",
    "reports",
    "recoveries",
    "recoverySteps",
];

/// What `search` looks through when no table is named.
const SEARCHED_TABLES: [&str; 3] = ["objects", "deletedItems", "links"];

/// A query, and its bounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    /// Its text, as written.
    pub(crate) text: String,
    /// What earlier inputs have named.
    pub(crate) definitions: Definitions,
    pub(crate) parameters: Parameters,
    /// Bytes that a query may take.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) now: jiff::Timestamp,
}

/// Reads what some tables, by their names, show of the live tenant, and makes that `live`.
pub(crate) type ReadLive<'r> = dyn FnMut(&[String]) -> Outcome<()> + 'r;

/// The tables of the session's store, which is opened when a query first names one of them.
pub(crate) struct StoredTables {
    disk: Arc<dyn Disk>,
    /// The store's folder; that of a copy, once a reading went there.
    path: Mutex<PathBuf>,
    default: Mutex<String>,
    opened: RwLock<Option<Opened>>,
    lookups: Arc<Mutex<Lookups>>,
    /// The reading that `live` names, once there is one.
    live: Arc<Mutex<Option<String>>>,
}

struct Opened {
    head: Vec<u8>,
    tables: StoreTables,
}

/// What was learned while names were looked up.
#[derive(Default)]
struct Lookups {
    /// Points that were said already.
    said: Vec<ResolvedPoint>,
    /// Tables that were looked up at `live` before that named a reading.
    at_live: Vec<String>,
}

impl StoredTables {
    /// The tables of the session's store; `default` is the point in time of tables that name none.
    pub(crate) fn new(session: &Session<'_, '_>, default: &str) -> Self {
        let disk = Arc::clone(&session.io.disk);
        let (path, default) = (Mutex::new(session.store_path().to_owned()), Mutex::new(default.to_owned()));
        Self { disk, path, default, opened: RwLock::default(), lookups: Arc::default(), live: Arc::default() }
    }

    /// Sets the reading that `live` names, and its folder; this is no news to people.
    pub(crate) fn set_live(&self, path: &Path, reading: &BackupSummary) {
        path.clone_into(&mut self.path.lock().unwrap_or_else(PoisonError::into_inner));
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading.id.to_string());
        let written = PointArgument::Text("live".to_owned());
        locked(&self.lookups).said.push(ResolvedPoint::new(&written, reading));
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The tenant of the store for a prompt: short, printable, and empty when it is unknown.
    pub(crate) fn tenant(&self) -> String {
        self.open().map(|tables| printable(&TenantIdentity::of(tables.store()).short())).unwrap_or_default()
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
        locked(&self.lookups).said.push(ResolvedPoint::new(&written, &backup));
        Ok(backup)
    }

    /// The store.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) fn store(&self) -> Outcome<Arc<Store>> {
        match self.open() {
            Ok(tables) => Ok(Arc::clone(tables.store())),
            Err(error) => Err(Failure::from(&*error)),
        }
    }

    /// Opens the store again when a backup was committed since.
    pub(crate) fn refresh(&self) {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.as_ref().is_some_and(|opened| opened.head != self.head()) {
            *opened = None;
        }
    }

    fn head(&self) -> Vec<u8> {
        self.disk.read(&self.path().join("HEAD")).unwrap_or_default()
    }

    fn open(&self) -> Result<StoreTables, Arc<engine::Error>> {
        if let Some(tables) = self.opened() {
            return Ok(tables);
        }
        let head = self.head();
        let store = Arc::new(Store::open_on(Arc::clone(&self.disk), &self.path()).map_err(Arc::new)?);
        let points = Points {
            inner: StoreResolver::new(Arc::clone(&store)),
            store: Arc::clone(&store),
            live: Arc::clone(&self.live),
        };
        let default = PointArgument::Text(self.default_point());
        let tables = StoreTables::new(store, Arc::new(points), default);
        let opened = Opened { head, tables: tables.clone() };
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(tables)
    }

    /// What people should know of the last query and was not said before: the backups that its points name,
    /// and whatever else its tables have to say.
    pub(crate) fn news(&self) -> Vec<String> {
        let Some(tables) = self.opened() else { return Vec::new() };
        let mut lookups = locked(&self.lookups);
        let mut news = Vec::new();
        for point in tables.take_points() {
            if lookups.said.contains(&point) {
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
            lookups.said.push(point);
        }
        news.extend(tables.take_notes());
        news
    }

    /// Forgets the look-ups of completion.
    pub(crate) fn forget(&self) {
        if let Some(tables) = self.opened() {
            drop((tables.take_points(), tables.take_notes()));
        }
        drop(self.take_at_live());
    }

    /// Lets `live` stand for nothing until it is read again.
    fn forget_live(&self) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = None;
        drop(self.take_at_live());
    }

    /// The names of the tables that were looked up at `live` before that named a reading, each as often.
    fn take_at_live(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.lookups).at_live)
    }

    fn opened(&self) -> Option<StoreTables> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().map(|opened| opened.tables.clone())
    }
}

impl Tables for StoredTables {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        let is_read = self.live.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !is_read && arguments.iter().any(is_live) {
            locked(&self.lookups).at_live.push(name.to_owned());
            // Nothing is read of it: whatever backup there is has the columns that the rest of the query names.
            let stored =
                |argument: &Value| if is_live(argument) { Value::text("latest") } else { argument.clone() };
            return self.table(name, &arguments.iter().map(stored).collect::<Vec<_>>());
        }
        match self.open() {
            Ok(tables) => tables.table(name, arguments),
            Err(_) if !self.names().iter().any(|known| known == name) => Ok(None),
            Err(error) => Err(TableError::Store(error)),
        }
    }

    fn names(&self) -> Vec<String> {
        if let Ok(tables) = self.open() {
            return tables.names();
        }
        let types = engine::schema::types().map(|found| found.table);
        types.chain(OTHER_TABLES).map(str::to_owned).collect()
    }

    fn searched(&self) -> Vec<String> {
        SEARCHED_TABLES.map(str::to_owned).to_vec()
    }

    fn points(&self) -> Vec<(String, String)> {
        let backups = self.store().map(|store| store.backups().to_vec()).unwrap_or_default();
        let mut points = vec![("latest".to_owned(), "the newest backup".to_owned())];
        for (back, backup) in backups.iter().rev().enumerate().skip(1).take(9) {
            points.push((format!("latest~{back}"), people_time(backup.taken_at)));
        }
        for backup in backups.iter().rev() {
            let text = format!("{} {}", people_time(backup.taken_at), backup.note);
            points.push((backup.id.to_string(), crate::output::text::printable(text.trim_end())));
        }
        points
    }
}

fn is_live(argument: &Value) -> bool {
    matches!(argument, Value::String(text) if PointArgument::Text(text.to_string()).is_live())
}

/// Points of the store's backups, and the reading that `live` names.
struct Points {
    inner: StoreResolver,
    store: Arc<Store>,
    live: Arc<Mutex<Option<String>>>,
}

impl PointResolver for Points {
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, TableError> {
        let reading = self.live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(reading) = reading.filter(|_| point.is_live()) else { return self.inner.resolve(point) };
        let found =
            self.store.resolve(&Point::parse(&reading).map_err(|error| TableError::Point(Arc::new(error)))?);
        let found = found.map_err(|error| TableError::Store(Arc::new(error)))?;
        Ok(ResolvedPoint::new(point, found))
    }
}

fn locked(lookups: &Mutex<Lookups>) -> MutexGuard<'_, Lookups> {
    lookups.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Question {
    /// Reads the text without looking anything up.
    ///
    /// # Errors
    /// What is wrong with the text, each finding with its position.
    pub(crate) fn parse(&self) -> Outcome<Script> {
        Script::parse(&self.text).map_err(|findings| self.failure(&findings, false))
    }

    /// Reads the text without looking up tables and columns.
    ///
    /// # Errors
    /// As [`Question::parse`].
    pub(crate) fn check(&self) -> Outcome<()> {
        self.parse()?.check().map_err(|findings| self.failure(&findings, false))
    }

    /// Runs every query of the text.
    ///
    /// # Errors
    /// What is wrong with the text, each finding with its position; or what stopped a query.
    pub(crate) fn run(
        &self,
        tables: &StoredTables,
        interrupt: &Interrupt,
        live: &mut ReadLive<'_>,
    ) -> Outcome<Vec<ResultTable>> {
        self.run_script(&self.parse()?, tables, interrupt, live)
    }

    /// As [`Question::run`], of a script that was made of the text.
    fn run_script(
        &self,
        script: &Script,
        tables: &StoredTables,
        interrupt: &Interrupt,
        live: &mut ReadLive<'_>,
    ) -> Outcome<Vec<ResultTable>> {
        // Where there can be no folder, a query has memory alone.
        let scratch = Scratch::new().ok();
        let context = self.context(tables, interrupt, scratch.as_ref());
        let prepared = self.bind(script, &context, tables, interrupt, live)?;
        self.heard(interrupt, || prepared.run())
    }

    /// How every query of the text would be run.
    ///
    /// # Errors
    /// As [`Question::run`].
    pub(crate) fn explain(&self, tables: &StoredTables, interrupt: &Interrupt) -> Outcome<String> {
        let context = self.context(tables, interrupt, None);
        let prepared = self.bind(&self.parse()?, &context, tables, interrupt, &mut no_live)?;
        self.heard(interrupt, || prepared.explain())
    }

    /// What the names of the text stand for, and within which bounds it runs.
    pub(crate) fn context<'a>(
        &self,
        tables: &'a StoredTables,
        interrupt: &'a Interrupt,
        scratch: Option<&'a Scratch>,
    ) -> Context<'a> {
        let bytes = self
            .memory_bytes
            .map_or(Limits::default().bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let limits =
            Limits { bytes, temporary: scratch.map(Scratch::path), cancelled: Some(interrupt.requested()) };
        let (definitions, parameters) = (self.definitions.clone(), self.parameters.clone());
        Context { definitions, parameters, limits, ..Context::new(tables, self.now) }
    }

    /// Looks up the names of a script, which may first ask for the live tenant.
    ///
    /// # Errors
    /// What is wrong with the text, each finding with its position; or why the live tenant cannot be read.
    pub(crate) fn bind<'c>(
        &self,
        script: &Script,
        context: &'c Context<'c>,
        tables: &StoredTables,
        interrupt: &Interrupt,
        live: &mut ReadLive<'_>,
    ) -> Outcome<Prepared<'c>> {
        // Each question reads the tenant anew.
        tables.forget_live();
        let bind = || interrupt.while_heard(|| script.bind(context));
        let mut bound = bind();
        let named = tables.take_at_live();
        if !named.is_empty() {
            // Findings are about the tables that the script names, and so are remarks on its points.
            drop(bound);
            tables.forget();
            live(&named)?;
            tables.refresh();
            bound = bind();
        }
        bound.map_err(|findings| self.failure(&findings, interrupt.is_asked()))
    }

    /// Does something with a script whose names are known, until a stop is requested.
    ///
    /// # Errors
    /// What stopped it.
    pub(crate) fn heard<T>(
        &self,
        interrupt: &Interrupt,
        work: impl FnOnce() -> Result<T, Diagnostic>,
    ) -> Outcome<T> {
        let done = interrupt.while_heard(work);
        done.map_err(|diagnostic| self.failure(&[diagnostic], interrupt.is_asked()))
    }

    fn failure(&self, findings: &[Diagnostic], stopped: bool) -> Failure {
        if stopped {
            return Failure::stopped();
        }
        // An error of execution has no position in the text.
        if let [only] = findings
            && only.span.end == 0
        {
            let code = if only.code == Code::Limit { "limit" } else { "query" };
            let failure = Failure::new(code, Status::Failed, &*only.message).with_help(help_of(only));
            let trouble = only.table_error().and_then(trouble);
            return trouble.map_or(failure, |trouble| Failure {
                code: "query",
                status: Status::Failed,
                ..trouble
            });
        }
        let trouble = findings.iter().find_map(|finding| trouble(finding.table_error()?));
        // An error of a file of the store has its position there.
        if let Some(trouble) = trouble.as_ref().filter(|trouble| trouble.file.is_some()) {
            return Failure {
                file: trouble.file.clone(),
                ..Failure::new(trouble.code, trouble.status, &*trouble.message)
            }
            .with_help(&*trouble.help);
        }
        let excerpts: Box<[Excerpt]> = findings.iter().map(|finding| self.excerpt(finding)).collect();
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

    /// The position of a finding in the text of the query.
    fn excerpt(&self, finding: &Diagnostic) -> Excerpt {
        let index = |offset: usize| {
            let offset = offset.min(self.text.len());
            (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
        };
        let (start, end) = (index(finding.span.start), index(finding.span.end));
        Excerpt {
            text: self.text.clone(),
            offset: start,
            length: end.saturating_sub(start),
            // A message may quote a piece of the text, and that may be all of it.
            message: crate::output::text::cut(&finding.message, MESSAGE_MAX),
            help: hint(&self.text, finding.code, start..end, help_of(finding)),
        }
    }
}

/// What to do about a finding: in the query, else on the command line.
fn help_of(finding: &Diagnostic) -> String {
    let help = finding.help.clone().unwrap_or_default();
    match finding.cause.as_deref() {
        Some(Cause::Memory { .. }) => format!("{help}, or allow more with `--memory-limit`"),
        Some(Cause::Temporary { .. }) => format!("{help}, or allow more memory with `--memory-limit`"),
        Some(Cause::Table(_)) | None => help,
    }
}

/// Why a table could not be had, when that is no mistake in the text.
fn trouble(error: &TableError) -> Option<Failure> {
    match error {
        TableError::Store(error) => Some(Failure::from(&**error)),
        TableError::Point(error) => Some(Failure { status: Status::Usage, ..Failure::from(&**error) }),
        TableError::NoTenant => Some(session::no_tenant()),
        TableError::Arguments { .. }
        | TableError::UnknownBackup { .. }
        | TableError::NoRecovery { .. }
        | TableError::Data(_)
        | TableError::Other(_) => None,
    }
}

/// For what has no tenant to read.
pub(crate) fn no_live(_: &[String]) -> Outcome<()> {
    Err(session::no_tenant())
}
