//! The front door of the library: a store that is filled from files, compared and queried in a few lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{BackupSummary, Change, CreateOptions, DifferenceFilter, Point, Store};
use ingest::{ImportRequest, Source};
use jiff::Timestamp;
use query::{Context, Diagnostic, PointArgument, ResultTable, RowError, StoreResolver, StoreTables};

/// What a [`Database`] gives, or why not.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call of a [`Database`] fails; each variant holds the error of a package.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store, or a point in time that it does not have.
    #[error(transparent)]
    Store(Box<engine::Error>),
    /// The data to import.
    #[error(transparent)]
    Import(Box<ingest::import::Error>),
    /// The query: every finding about its text, or what stopped it.
    #[error("{}", listed(.0))]
    Query(Vec<Diagnostic>),
    /// A text that names things, and queries nothing.
    #[error("expected a query, found none")]
    NoQuery,
    /// A row that does not fit the type it is read into.
    #[error(transparent)]
    Row(#[from] RowError),
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        Self::Store(Box::new(error))
    }
}

impl From<ingest::import::Error> for Error {
    fn from(error: ingest::import::Error) -> Self {
        Self::Import(Box::new(error))
    }
}

fn listed(findings: &[Diagnostic]) -> String {
    let messages = findings.iter().map(|finding| match &finding.help {
        Some(help) => format!("{}: {help}", finding.message),
        None => finding.message.clone(),
    });
    messages.collect::<Vec<_>>().join("; ")
}

/// An open store, and its tables.
///
/// Backups that other processes commit are seen after [`Database::refresh`]. What is not here, the packages that it is made
/// of have: [`Database::store`] and [`Database::tables`] lead to them.
pub struct Database {
    tables: StoreTables,
}

impl Database {
    /// Opens the store in a folder.
    ///
    /// # Errors
    /// [`Error::Store`] when there is none, or it cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::of(Store::open(path.as_ref())?))
    }

    /// Makes an empty store in a folder, or opens the one that is there.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be written or read.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::of(Store::create(path.as_ref(), &CreateOptions::default())?))
    }

    fn of(store: Store) -> Self {
        let store = Arc::new(store);
        let points = StoreResolver::new(Arc::clone(&store));
        Self { tables: StoreTables::new(store, Arc::new(points), PointArgument::latest()) }
    }

    /// Looks again at what is committed.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn refresh(&mut self) -> Result<()> {
        *self = Self::open(self.store().path())?;
        Ok(())
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.tables.store()
    }

    /// The tables of the store, for a [`query::Context`] of the caller's own.
    #[must_use]
    pub fn tables(&self) -> &StoreTables {
        &self.tables
    }

    /// All backups, oldest first.
    #[must_use]
    pub fn backups(&self) -> &[BackupSummary] {
        self.store().backups()
    }

    /// Commits files and folders as one backup of a time, or nothing at all.
    ///
    /// # Errors
    /// [`Error::Import`] when the data cannot be taken; the store is as it was.
    pub fn import<P: Into<PathBuf>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
        taken_at: Timestamp,
    ) -> Result<BackupSummary> {
        let sources = paths.into_iter().map(|path| Source::Path(path.into()));
        let request = ImportRequest::new(sources.collect(), Timestamp::now());
        self.import_with(ImportRequest { taken_at: Some(taken_at), ..request })
    }

    /// As [`Database::import`], with all options.
    ///
    /// # Errors
    /// As [`Database::import`].
    pub fn import_with(&mut self, request: ImportRequest<'_>) -> Result<BackupSummary> {
        let mut store = Store::open(self.store().path())?;
        let backup = ingest::import(&mut store, request, &())?;
        *self = Self::of(store);
        Ok(backup)
    }

    /// What differs between two points in time, such as `latest~1`, `2026-11-16` or a backup ID.
    ///
    /// # Errors
    /// [`Error::Store`] when a point names no backup, or the store cannot be read.
    pub fn difference(&self, from: &str, to: &str) -> Result<Vec<Change>> {
        let store = self.store();
        let [from, to] = [store.resolve(&Point::parse(from)?)?, store.resolve(&Point::parse(to)?)?];
        Ok(store.difference(&from.id, &to.id, &DifferenceFilter::default())?)
    }

    /// The rows of a KQL query; of the last one, where the text has several. [`query::Script`] has parameters, limits, and
    /// rows that come one batch at a time.
    ///
    /// # Errors
    /// [`Error::Query`] with every finding, and [`Error::NoQuery`].
    pub fn query(&self, text: &str) -> Result<ResultTable> {
        drop((self.tables.take_points(), self.tables.take_notes()));
        let context = Context::new(&self.tables, Timestamp::now());
        let mut tables = query::run(text, &context).map_err(Error::Query)?;
        tables.pop().ok_or(Error::NoQuery)
    }

    /// What the last query should be read with: which of its tables were not read at their points in time.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.tables.take_notes()
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("store", self.store()).finish_non_exhaustive()
    }
}
