//! Owns what can go wrong while a plan is applied, or a recovery looked up, resumed or stopped.

use crate::graph;
use crate::plan::{self, Guard};
use crate::system::{FileError, ThreadsError};

/// The result of applying a plan.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a plan is applied, or a recovery looked up, resumed or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] engine::Error),
    /// Asking Graph failed.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// The plan is not one that can be applied.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// The operating system refused a file operation.
    #[error(transparent)]
    File(#[from] FileError),
    /// The operating system gave no threads.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// The plan raises guards that are not allowed.
    #[error("the plan is guarded: {}", reasons(guards))]
    Guarded {
        /// The guards.
        guards: Vec<Guard>,
    },
    /// A text is no hash of a plan, or too short to name one.
    #[error("\"{found}\": expected {length_min} or more hexadecimal digits of a plan's hash")]
    HashText {
        /// The text.
        found: String,
        /// The least digits.
        length_min: usize,
    },
    /// The request names the hash of another plan.
    #[error("expected the plan with the hash {expected}, found {found}")]
    Hash {
        /// The hash, or its beginning, of the plan that was reviewed.
        expected: String,
        /// The hash of this plan.
        found: String,
    },
    /// A plan without the seal of this store is only applied with the hash of the one that was reviewed.
    #[error("a plan that this store did not make: expected the hash of the plan that was reviewed")]
    NoHash,
    /// The plan that a recovery began with has no seal of this store.
    #[error("the plan in the journal has no seal of this store")]
    UnsealedJournal,
    /// Neither plan, store nor request names a tenant.
    #[error("neither the plan nor its store says which tenant it is for, and this signs in to {found}")]
    NoTenant {
        /// The tenant that is signed in to.
        found: String,
    },
    /// The credentials lead to another tenant than the one a plan is for; nothing was sent.
    #[error("the plan is for the tenant {expected}, and this signs in to {found}")]
    SignedInElsewhere {
        /// The tenant that the plan is for.
        expected: String,
        /// The tenant that is signed in to.
        found: String,
    },
    /// Neither Graph nor the token says which tenant is signed in to.
    #[error("nobody says which tenant this signs in to")]
    UnknownTenant,
    /// The client may only read.
    #[error("this client may only read: a plan can be made with it, and not be applied")]
    ReadOnly,
    /// A native recovery of the tenant runs; the two would undo each other.
    #[error("a native recovery of the tenant is running")]
    NativeRecovery,
    /// No recovery has this ID, or one that begins so.
    #[error("no recovery {prefix}")]
    NoRecovery {
        /// The ID, or its beginning.
        prefix: String,
    },
    /// The IDs of several recoveries begin so.
    #[error("{count} recoveries begin with {prefix}")]
    AmbiguousRecovery {
        /// The beginning.
        prefix: String,
        /// How many there are.
        count: usize,
    },
    /// A recovery has no journal.
    #[error("recovery {recovery}: expected its journal, found none")]
    NoJournal {
        /// Its ID.
        recovery: String,
    },
    /// A recovery that should be stopped does not run.
    #[error("recovery {recovery} does not run, so there is nothing to stop")]
    NotRunning {
        /// Its ID.
        recovery: String,
    },
    /// A recovery began, and the store cannot keep what became of it.
    #[error("recovery {recovery} did not end: {source}")]
    Unfinished {
        /// Its ID.
        recovery: String,
        /// What the store said.
        source: Box<engine::Error>,
    },
    /// A test ended the run as a crash would.
    #[error("interrupted")]
    Cancelled,
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Store,
    Graph,
    Plan,
    File,
    Threads,
    Guarded,
    HashText,
    Hash,
    NoHash,
    UnsealedJournal,
    NoTenant,
    SignedInElsewhere,
    UnknownTenant,
    ReadOnly,
    NativeRecovery,
    NoRecovery,
    AmbiguousRecovery,
    NoJournal,
    NotRunning,
    Unfinished,
    Cancelled,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) => ErrorKind::Store,
            Self::Graph(_) => ErrorKind::Graph,
            Self::Plan(_) => ErrorKind::Plan,
            Self::File(_) => ErrorKind::File,
            Self::Threads(_) => ErrorKind::Threads,
            Self::Guarded { .. } => ErrorKind::Guarded,
            Self::HashText { .. } => ErrorKind::HashText,
            Self::Hash { .. } => ErrorKind::Hash,
            Self::NoHash => ErrorKind::NoHash,
            Self::UnsealedJournal => ErrorKind::UnsealedJournal,
            Self::NoTenant { .. } => ErrorKind::NoTenant,
            Self::SignedInElsewhere { .. } => ErrorKind::SignedInElsewhere,
            Self::UnknownTenant => ErrorKind::UnknownTenant,
            Self::ReadOnly => ErrorKind::ReadOnly,
            Self::NativeRecovery => ErrorKind::NativeRecovery,
            Self::NoRecovery { .. } => ErrorKind::NoRecovery,
            Self::AmbiguousRecovery { .. } => ErrorKind::AmbiguousRecovery,
            Self::NoJournal { .. } => ErrorKind::NoJournal,
            Self::NotRunning { .. } => ErrorKind::NotRunning,
            Self::Unfinished { .. } => ErrorKind::Unfinished,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }
}

fn reasons(guards: &[Guard]) -> String {
    let texts = guards.iter().map(|guard| format!("{} ({})", guard.name, guard.reason));
    texts.collect::<Vec<_>>().join("; ")
}
