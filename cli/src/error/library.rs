//! What the command line makes of the errors of the libraries: code, exit status, message, and what to do about it.
//!
//! Libraries say what was expected and found; what to do next is said here, once for each kind of error.

use std::path::Path;

use ingest::{FileError, ThreadsError, pull};

use super::{Failure, Status, advice};
use crate::engine_help::help_of_engine;

mod apply;
mod graph;
mod import;
mod plan;

/// What stopped before its commit leaves nothing behind.
const UNCHANGED: &str = "the store is as it was before";

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&engine::Error> for Failure {
    fn from(error: &engine::Error) -> Self {
        use engine::{Error as E, ErrorKind as K};
        let help = help_of_engine(error).unwrap_or_default().to_owned();
        let message = error.message();
        let failed = |code| Self::new(code, Status::Failed, message.as_str()).with_help(help.as_str());
        let refused = |code| Self::new(code, Status::Refused, message.as_str()).with_help(help.as_str());
        let failure = match error.kind() {
            K::Disk => failed("disk"),
            K::Damaged => failed("damaged"),
            K::NoStore => failed("noStore"),
            K::NewerFormat => failed("newerFormat"),
            K::Locked => refused("locked"),
            K::ReadOnly => refused("readOnly"),
            K::OtherTenant => refused("otherTenant"),
            K::OutOfOrder => refused("outOfOrder"),
            K::Committed => failed("committed"),
            K::NoBackup => failed("noBackup"),
            K::Object => failed("object"),
            K::NoObject => failed("noObject"),
            K::Ambiguous => failed("ambiguous"),
            K::Invalid => failed("invalid"),
        };
        match error {
            E::Disk { action, path, source } => {
                let failure = Self::file(action, path, source);
                let help = "restore this file from a copy; `entrasnap verify` says what else is wrong";
                if is_missing_part(path, source) { failure.with_help(help) } else { failure }
            }
            E::Committed { what, source } => Self::from(&**source).after(what),
            E::Damaged { path, .. } | E::NewerFormat { path, .. } => failure.in_file(path),
            _ => failure,
        }
    }
}

impl From<ingest::Error> for Failure {
    fn from(error: ingest::Error) -> Self {
        use ingest::Error as E;
        match error {
            E::Import(error) => error.into(),
            E::Graph(error) => error.into(),
            E::Pull(error) => error.into(),
            E::Plan(error) => error.into(),
            E::Apply(error) => error.into(),
            other => Self::new("ingest", Status::Failed, other.to_string()),
        }
    }
}

impl From<pull::Error> for Failure {
    fn from(error: pull::Error) -> Self {
        use pull::{Error as E, ErrorKind as K};
        let message = error.to_string();
        match error.kind() {
            K::Store | K::Graph | K::File | K::Threads => match error {
                E::Store(error) => error.into(),
                E::Graph(error) => error.into(),
                E::File(error) => error.into(),
                E::Threads(error) => error.into(),
                other => Self::new("ingest", Status::Failed, other.to_string()),
            },
            K::UnknownType => {
                Self::new("invalid", Status::Failed, message).with_help("such as user or group")
            }
            K::Cancelled => Self::new("interrupted", Status::Interrupted, message).with_help(UNCHANGED),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::file(&format!("cannot {}", error.action), &error.path, &error.source)
    }
}

impl From<ThreadsError> for Failure {
    fn from(error: ThreadsError) -> Self {
        Self::new("disk", Status::Failed, error.to_string()).with_help(advice(&error.0))
    }
}

impl Failure {
    fn in_file(self, path: &Path) -> Self {
        Self { file: Some(path.display().to_string().into()), ..self }
    }

    fn at(self, file: &str, line: u64) -> Self {
        Self { file: Some(file.into()), line: Some(line), ..self }
    }
}

/// Whether a file is not there that a store made and never removes while it is needed.
fn is_missing_part(path: &Path, error: &std::io::Error) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    error.kind() == std::io::ErrorKind::NotFound
        && folder.is_some_and(|folder| folder == "segments" || folder == "manifests")
}

#[cfg(test)]
mod tests;
