//! Why a command stopped: exit status, code, message and help. [`library`] says it of the errors of the libraries,
//! [`hint`] of queries what was most likely meant, [`print`] prints it.

pub(crate) mod hint;
pub(crate) mod library;
pub(crate) mod print;
pub(crate) mod verb;

use std::path::Path;

/// Exit statuses; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Done,
    Failed,
    Usage,
    Refused,
    Warnings,
    Different,
    Interrupted,
    /// That of a command that was run.
    Command(u8),
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => 0,
            Status::Failed => 1,
            Status::Usage => 2,
            Status::Refused => 3,
            Status::Warnings => 4,
            Status::Different => 10,
            Status::Interrupted => 130,
            Status::Command(code) => code,
        }
    }
}

/// The result of a command.
pub(crate) type Outcome<T = Status> = Result<T, Failure>;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A stable word for scripts, such as `noBackup`.
    pub(crate) code: &'static str,
    pub(crate) status: Status,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) file: Option<Box<str>>,
    pub(crate) line: Option<u64>,
    pub(crate) excerpts: Box<[Excerpt]>,
    /// The reader of the output has closed it, so nothing is printed.
    pub(crate) silent: bool,
}

/// A range of a text, and what is wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct Excerpt {
    /// The whole text.
    pub(crate) text: String,
    /// Byte offset of the range.
    pub(crate) offset: usize,
    /// Its length in bytes.
    pub(crate) length: usize,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Failure {
    /// A failure with nothing but a code, a status and a message.
    pub(crate) fn new(code: &'static str, status: Status, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            help: String::new(),
            file: None,
            line: None,
            excerpts: Box::default(),
            silent: false,
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", Status::Usage, message)
    }

    /// A query that was stopped.
    pub(crate) fn stopped() -> Self {
        Self::new("interrupted", Status::Interrupted, "the query was stopped")
    }

    /// Something of the contract that this version lacks.
    pub(crate) fn not_built(what: &str, help: &str) -> Self {
        let message = format!("{what} is not built yet in this version");
        Self::new("notBuilt", Status::Failed, message).with_help(help)
    }

    /// A file operation that failed.
    pub(crate) fn file(action: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{action} {}: {error}", path.display());
        let failure = Self::new("disk", Status::Failed, message).with_help(advice(error));
        Self { file: Some(path.display().to_string().into()), ..failure }
    }

    /// Data that could not be printed.
    #[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
    pub(crate) fn output(error: std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        let status = if silent { Status::Done } else { Status::Failed };
        Self { silent, ..Self::new("output", status, format!("cannot write the output: {error}")) }
    }

    /// The same, of what followed a commit: the exit status must not make a script commit again.
    pub(crate) fn after(self, what: &str) -> Self {
        let message = format!("{what} is committed, but {}", self.message);
        Self { code: "committed", status: Status::Warnings, message, ..self }
    }

    /// The same, of something that was typed and makes no sense.
    pub(crate) fn mistyped(self) -> Self {
        Self { code: "usage", status: Status::Usage, ..self }
    }

    /// The same, with what to do about it.
    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }
}

/// What to do when the operating system refuses a file operation; empty where its own words say it all.
fn advice(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "check the path; it, or a folder of it, is not there",
        K::PermissionDenied | K::ReadOnlyFilesystem => "check who owns it and what it permits",
        K::StorageFull | K::QuotaExceeded => "make room, then try again",
        K::IsADirectory => "name a file instead of a folder",
        K::NotADirectory => "check the path; a part of it is a file",
        _ => "",
    }
}
