//! What can be wrong with a query: every finding with its kind, its span, its cause, and its help.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ast::Span;

/// Kinds of findings, for callers that tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The text is not a query.
    Syntax,
    /// KQL that is outside the subset.
    Unsupported,
    /// A table that does not exist.
    UnknownTable,
    /// A column that does not exist.
    UnknownColumn,
    /// A function that does not exist.
    UnknownFunction,
    /// A value of a type that does not fit.
    Type,
    /// Anything else that makes no sense, such as a wrong number of arguments.
    Invalid,
    /// A table that cannot be had or read; [`Diagnostic::cause`] says why.
    Table,
    /// A limit of size, depth or memory, or that the query was stopped; [`Diagnostic::cause`] says more of memory.
    Limit,
}

impl Code {
    /// Names the kind as it is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "query::syntax",
            Self::Unsupported => "query::unsupported",
            Self::UnknownTable => "query::unknown_table",
            Self::UnknownColumn => "query::unknown_column",
            Self::UnknownFunction => "query::unknown_function",
            Self::Type => "query::type",
            Self::Invalid => "query::invalid",
            Self::Table => "query::table",
            Self::Limit => "query::limit",
        }
    }
}

/// One finding. A renderer needs nothing else but the text of the query.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Where it is, in bytes of the text; nowhere for what went wrong while rows were made.
    pub span: Span,
    /// What to do about it in the query.
    pub help: Option<String>,
    /// What it comes from, when that is not the text.
    #[source]
    pub cause: Option<Box<Cause>>,
}

/// What a finding comes from, when that is not the text.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// A table cannot be had or read.
    #[error(transparent)]
    Table(TableError),
    /// A step needs more memory than is left.
    #[error(
        "{step} needs {needed_bytes} bytes of memory; {left_bytes} of the {allowed_bytes} allowed are left"
    )]
    Memory {
        /// The step.
        step: &'static str,
        /// What it would hold.
        needed_bytes: usize,
        /// What the others leave to it.
        left_bytes: usize,
        /// What all may hold.
        allowed_bytes: usize,
    },
    /// Rows cannot be kept in the temporary folder.
    #[error("{}: {source}", path.display())]
    Temporary {
        /// The folder, or a file in it.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
}

impl PartialEq for Cause {
    /// Causes that say the same are the same.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

/// Why a table cannot be opened or read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TableError {
    /// An error of the store.
    #[error(transparent)]
    Store(Arc<engine::Error>),
    /// A text that is no point in time.
    #[error(transparent)]
    Point(Arc<engine::Error>),
    /// Arguments that the table does not take.
    #[error("{message}")]
    Arguments {
        /// What is expected and what was found.
        message: String,
        /// What may be meant.
        help: Option<String>,
    },
    /// `live` without a tenant.
    #[error("`live` reads from a tenant, and none is configured")]
    NoTenant,
    /// A point that resolves to a backup of another store.
    #[error("\"{written}\" stands for {backup}, which this store does not have")]
    UnknownBackup {
        /// The point as it was written.
        written: String,
        /// The backup.
        backup: String,
    },
    /// An ID that no recovery has.
    #[error("no recovery \"{id}\"")]
    NoRecovery {
        /// The ID.
        id: String,
        /// The nearest one there is.
        near: Option<String>,
        /// How many there are.
        known: usize,
    },
    /// Data that is not as it must be.
    #[error("{0}")]
    Data(String),
    /// An error of a table of another package.
    #[error(transparent)]
    Other(Arc<dyn std::error::Error + Send + Sync>),
}

impl TableError {
    pub(crate) fn store(error: engine::Error) -> Self {
        Self::Store(Arc::new(error))
    }

    pub(crate) fn arguments(message: String) -> Self {
        Self::Arguments { message, help: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Arguments { help, .. } => help.clone(),
            Self::NoTenant => Some("`latest` is the newest backup".to_owned()),
            Self::NoRecovery { near: Some(near), .. } => Some(format!("did you mean \"{near}\"?")),
            Self::NoRecovery { near: None, known: 0, .. } => Some("there are none yet".to_owned()),
            Self::NoRecovery { .. } => Some("`recoveries` lists them".to_owned()),
            Self::Store(_) | Self::Point(_) | Self::UnknownBackup { .. } | Self::Data(_) | Self::Other(_) => {
                None
            }
        }
    }
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, help: None, cause: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn with_cause(self, cause: Cause) -> Self {
        Self { cause: Some(Box::new(cause)), ..self }
    }

    pub(crate) fn unsupported(span: Span, name: &str) -> Self {
        Self::new(Code::Unsupported, span, format!("`{name}` is not supported"))
    }

    pub(crate) fn invalid(span: Span, message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, span, message)
    }

    /// What a table says of itself.
    pub(crate) fn of_table(span: Span, error: TableError) -> Self {
        let help = error.help();
        Self { help, ..Self::new(Code::Table, span, error.to_string()).with_cause(Cause::Table(error)) }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> Code {
        self.code
    }

    /// Why a table cannot be had or read, when that is what it is about.
    #[must_use]
    pub fn table_error(&self) -> Option<&TableError> {
        match self.cause.as_deref() {
            Some(Cause::Table(error)) => Some(error),
            Some(Cause::Memory { .. } | Cause::Temporary { .. }) | None => None,
        }
    }
}

/// The names that a help lists; the others are counted.
const LISTED_MAX: usize = 12;

impl Diagnostic {
    /// Helps with an unknown name: the nearest of those there are, else their list.
    pub(crate) fn with_names<'n>(
        self,
        name: &str,
        plural: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> Self {
        match nearest(name, known.clone()) {
            Some(near) => self.with_help(format!("did you mean `{near}`?")),
            None => self.with_list(plural, known),
        }
    }

    /// Lists the names there are, the first of them if there are many.
    pub(crate) fn with_list<'n>(self, plural: &str, known: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = known.collect();
        let listed = names[..names.len().min(LISTED_MAX)].join(", ");
        match names.len() {
            0 => self.with_help(format!("there are no {plural} here")),
            1..=LISTED_MAX => self.with_help(format!("{plural}: {listed}")),
            count => self.with_help(format!("{plural}: {listed} and {} more", count - LISTED_MAX)),
        }
    }
}

/// Returns the candidate nearest to `name`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A count with its noun: `1 key`, `2 keys`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Counts the letters to insert, delete, replace or swap to turn one text into the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut row = vec![i + 1; right.len() + 1];
        for j in 0..right.len() {
            let replaced = last[j] + usize::from(left[i] != right[j]);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}
