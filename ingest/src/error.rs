//! What can go wrong between files and a store, for whom.

use std::path::PathBuf;

/// The result of an import or export.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between files and a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] engine::Error),
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was being done, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own error.
        source: std::io::Error,
    },
    /// The data is not what an import takes.
    #[error("{place}: {what}")]
    Input {
        /// Where in the input.
        place: Place,
        /// What was expected and found, and what to do.
        what: String,
    },
    /// The data is an error that Graph answered, saved in the place of the data.
    #[error(
        "{place}: expected objects, found the Graph error {code}: {message}; read this part of the tenant again"
    )]
    GraphAnswer {
        /// Where in the input.
        place: Place,
        /// Graph's code, such as `Authorization_RequestDenied`.
        code: String,
        /// Graph's message.
        message: String,
    },
    /// The data is of another tenant than the store.
    #[error("{place}: {source}")]
    OtherTenant {
        /// Where the organization stands.
        place: Place,
        /// What the store said.
        source: Box<engine::Error>,
    },
    /// The paths hold nothing to import.
    #[error("{}: expected JSON files, found none", path.display())]
    NoData {
        /// The folder looked at.
        path: PathBuf,
    },
    /// An export would mix with other files.
    #[error("{}: expected an empty or new folder, found files in it; name another", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Something forbids it: a guard, a role, another recovery.
    #[error("{what}; {help}")]
    Refused {
        /// What forbids it.
        what: String,
        /// What to do.
        help: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A file is no plan.
    #[error("line {line}, column {column}: expected a recovery plan in JSON: {what}; make the plan again")]
    PlanText {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What the parser found.
        what: String,
    },
    /// A newer version of the program made the plan.
    #[error(
        "the plan has format version {found}, this program knows {known}; make the plan again, or apply it with the \
         program that made it"
    )]
    PlanVersion {
        /// The version in the file.
        found: u64,
        /// The newest version that is known.
        known: u32,
    },
    /// The plan is not as it was made.
    #[error(
        "the plan was edited: its content has the hash {expected}, it says {found}; make a new plan that has what is \
         wanted"
    )]
    PlanEdited {
        /// The hash of its content.
        expected: String,
        /// The hash that it says.
        found: String,
    },
    /// The backups are of another tenant than the one the plan is for.
    #[error(
        "expected backups of the tenant {expected}, found those of {found}; name the store of that tenant"
    )]
    PlanTenant {
        /// The tenant that the plan is for.
        expected: String,
        /// The tenant of the backups.
        found: String,
    },
    /// A step of a plan cannot run, or does not send what it shows.
    #[error("step {step} of the plan: {what}; make the plan anew")]
    PlanStep {
        /// The step's ID.
        step: String,
        /// What was expected and found.
        what: String,
    },
    /// Another store made the plan, or nobody says who.
    #[error(
        "expected a plan with the seal of this store, found {found}; apply it with the store that made it, or make it \
         anew; after reading it, `--accept-unsealed --hash {hash}` applies it all the same"
    )]
    PlanSeal {
        /// What was found in its place.
        found: &'static str,
        /// The plan's hash.
        hash: String,
    },
    /// Whoever applies a plan expects another one.
    #[error("expected the plan with the hash {expected}, found {found}; apply the plan that was reviewed")]
    PlanHash {
        /// The hash, or its beginning, of the plan that was reviewed.
        expected: String,
        /// The hash of this plan.
        found: String,
    },
    /// The credentials lead to another tenant than the one a plan is for.
    #[error(
        "the plan is for the tenant {expected}, and this signs in to {found}; nothing was sent: sign in to {expected} \
         (AZURE_TENANT_ID) and apply it then"
    )]
    SignedInElsewhere {
        /// The tenant that the plan is for.
        expected: String,
        /// The tenant that is signed in to.
        found: String,
    },
    /// A recovery began, and the store cannot keep what became of it.
    #[error(
        "recovery {recovery} did not end: {source}; `entrasnap recovery resume {recovery}` goes on with it"
    )]
    Unfinished {
        /// Its ID.
        recovery: String,
        /// What the store said.
        source: Box<engine::Error>,
    },
    /// Asking Graph failed.
    #[error(transparent)]
    Graph(#[from] crate::graph::Error),
    /// The caller asked to stop.
    #[error("interrupted; the store is as it was before")]
    Cancelled,
}

/// A place in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named, or `-` for the standard input.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1, when it is known.
    pub column: Option<u64>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}
