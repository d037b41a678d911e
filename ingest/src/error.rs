//! The errors of this package in one: each concern has its own, with a kind to match and facts as fields.
//!
//! What to do about an error is the caller's to say: no message names a command, an option or a variable.

#[cfg(test)]
mod tests;

/// The result of anything that this package does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in this package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// In an import or export.
    #[error(transparent)]
    Import(#[from] crate::import::Error),
    /// Between this program and Graph.
    #[error(transparent)]
    Graph(#[from] crate::graph::Error),
    /// In a reading of the tenant.
    #[error(transparent)]
    Pull(#[from] crate::pull::Error),
    /// In making, reading or signing a plan.
    #[error(transparent)]
    Plan(#[from] crate::plan::Error),
    /// In applying a plan.
    #[error(transparent)]
    Apply(#[from] crate::apply::Error),
}

/// The kind of an error: that of its concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Import(crate::import::ErrorKind),
    Graph(crate::graph::ErrorKind),
    Pull(crate::pull::ErrorKind),
    Plan(crate::plan::ErrorKind),
    Apply(crate::apply::ErrorKind),
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Import(error) => ErrorKind::Import(error.kind()),
            Self::Graph(error) => ErrorKind::Graph(error.kind()),
            Self::Pull(error) => ErrorKind::Pull(error.kind()),
            Self::Plan(error) => ErrorKind::Plan(error.kind()),
            Self::Apply(error) => ErrorKind::Apply(error.kind()),
        }
    }
}
