//! What to do about each kind of error of imports and exports.

use engine::error::ObjectProblem;
use ingest::import::{Error, ErrorKind, InputProblem};

use super::super::{Failure, Status};
use super::UNCHANGED;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failed = |code, help: &str| Self::new(code, Status::Failed, message.as_str()).with_help(help);
        let failure = match error.kind() {
            ErrorKind::Store | ErrorKind::File | ErrorKind::OtherTenant => return of_source(error),
            ErrorKind::NotRegular => failed("disk", "give - as the path to import what a command writes"),
            ErrorKind::Grown => failed("disk", "import a copy of it"),
            ErrorKind::Input => failed("input", help_of_input(&error)),
            ErrorKind::GraphAnswer => failed("graphAnswer", "read this part of the tenant again"),
            ErrorKind::UnlikeStore => {
                let help =
                    "name the store of that tenant, or take the data as this one's with --new-tenant-data";
                Self::new("refused", Status::Refused, message.as_str()).with_help(help)
            }
            ErrorKind::NoData => failed("noData", ""),
            ErrorKind::NotEmpty => failed("notEmpty", "name another"),
            ErrorKind::Cancelled => {
                Self::new("interrupted", Status::Interrupted, message.as_str()).with_help(UNCHANGED)
            }
        };
        match &error {
            Error::Input { location, .. } | Error::GraphAnswer { location, .. } => {
                failure.at(&location.file, location.line)
            }
            Error::NotRegular { path, .. }
            | Error::Grown { path }
            | Error::NoData { path }
            | Error::NotEmpty { path } => failure.in_file(path),
            _ => failure,
        }
    }
}

/// What the error says that this one comes from, with where it is.
fn of_source(error: Error) -> Failure {
    let message = error.to_string();
    match error {
        Error::Store(error) => error.into(),
        Error::File(error) => error.into(),
        Error::OtherTenant { location, source } => {
            let failure = Failure { message, ..Failure::from(*source) };
            failure.at(&location.file, location.line)
        }
        _ => Failure::new("ingest", Status::Failed, message),
    }
}

fn help_of_input(error: &Error) -> &'static str {
    let Error::Input { problem, .. } = error else { return "" };
    match problem {
        InputProblem::Empty => "remove it, or export it again",
        InputProblem::NotJson { .. } => "an import takes JSON",
        InputProblem::CutOff => "the file is cut off, get it again",
        InputProblem::ListOpen => "it is cut off, get it again",
        InputProblem::TooLong { .. } => "put one object on each line",
        InputProblem::NotText => "convert the file",
        InputProblem::Encoding { .. } => "convert the file to UTF-8",
        InputProblem::NoType => "name it with --type, or name the file after it, such as users.json",
        InputProblem::Page => "put each page into its own file",
        InputProblem::Delta { .. } => "import full lists instead",
        InputProblem::Object { problem, .. } => match problem {
            ObjectProblem::Malformed => "",
            ObjectProblem::Truncated => {
                "export it again (ConvertTo-Json with a greater -Depth), or take it as it stands with --accept-truncated"
            }
            ObjectProblem::Untyped => "name it with --type",
        },
        InputProblem::Between { .. }
        | InputProblem::Behind
        | InputProblem::PageTail
        | InputProblem::Json { .. }
        | InputProblem::NoId { .. }
        | InputProblem::Link => "",
    }
}
