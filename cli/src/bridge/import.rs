//! Files into the store, by package `ingest`.

use std::sync::atomic::AtomicBool;

use engine::{BackupSummary, Store, Warning};
use ingest::{Advance, Error, ImportRequest, Source};

use crate::args::Import;
use crate::progress::Progress;
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;

impl ingest::Progress for Progress<'_> {
    fn advance(&self, advance: &Advance) {
        self.show(advance.objects, advance.bytes, advance.bytes_total);
    }
}

/// Commits a backup of the files that were named.
///
/// # Errors
/// What is wrong with the data, with its file and line; then the store is as it was.
pub(crate) fn run(
    session: &mut Session<'_, '_>,
    store: &mut Store,
    options: Import,
) -> Outcome<BackupSummary> {
    let paths = options.paths.iter().map(|typed| session.path(typed)).collect::<Vec<_>>();
    let quiet = session.quiet;
    let io = &mut *session.io;
    let mut stdin = Some(&mut *io.stdin);
    let sources = options.paths.iter().zip(paths).filter_map(|(typed, path)| {
        if typed.as_os_str() != "-" {
            return Some(Source::Path(path));
        }
        // A second `-` has nothing left to read.
        let reader = Box::new(stdin.take()?);
        Some(Source::Reader { name: "-".to_owned(), reader })
    });
    let request = ImportRequest {
        sources: sources.collect(),
        taken_at: options.taken_at,
        now: (io.now)(),
        insert: options.insert,
        note: options.note,
        type_hint: options.type_token,
        partial: options.partial,
        complete: options.complete,
        accept_truncated: options.accept_truncated,
        new_tenant_data: options.new_tenant_data,
        cancel: &AtomicBool::new(false),
    };
    let progress = match (quiet, io.stderr_is_terminal) {
        (true, _) => Progress::nothing(io.now),
        (false, true) => Progress::bar(io.now),
        (false, false) => Progress::lines(io.now, &mut *io.stderr),
    };
    Ok(ingest::import(store, request, &progress)?)
}

/// Whether a warning is only worth knowing: all the data was taken as it stands.
pub(crate) fn is_harmless(warning: &Warning) -> bool {
    ingest::is_harmless(warning)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let (code, status, file, line) = match error {
            Error::Store(error) => return Self::from(error),
            Error::File { action, path, source } => {
                return Self::file(&format!("cannot {action}"), &path, &source);
            }
            Error::OtherTenant { place, source } => {
                let failure = Self::from(source);
                let message = format!("{}:{}: {}", place.file, place.line, failure.message);
                return Self { message, file: Some(place.file.into()), line: Some(place.line), ..failure };
            }
            Error::Unfinished { source, .. } => {
                // Whatever the store kept of it, it is not what was asked for yet.
                return Self::from_text(Self::from(source).code, Status::FAILED, text);
            }
            Error::Input { place, .. } => ("input", Status::FAILED, place.file, Some(place.line)),
            Error::GraphAnswer { place, .. } => ("graphAnswer", Status::FAILED, place.file, Some(place.line)),
            Error::NoData { path } => ("noData", Status::FAILED, path.display().to_string(), None),
            Error::NotEmpty { path } => ("notEmpty", Status::FAILED, path.display().to_string(), None),
            Error::Cancelled => ("interrupted", Status::INTERRUPTED, String::new(), None),
            Error::Graph(ingest::graph::Error::Cancelled) => {
                ("interrupted", Status::INTERRUPTED, String::new(), None)
            }
            Error::Graph(ingest::graph::Error::SignIn(_)) => ("signIn", Status::FAILED, String::new(), None),
            Error::Graph(_) => ("graph", Status::FAILED, String::new(), None),
            Error::Invalid(_) => ("invalid", Status::FAILED, String::new(), None),
            Error::Refused { .. } => ("refused", Status::REFUSED, String::new(), None),
            Error::PlanEdited { .. } => ("planEdited", Status::REFUSED, String::new(), None),
            Error::PlanTenant { .. } | Error::SignedInElsewhere { .. } => {
                ("otherTenant", Status::REFUSED, String::new(), None)
            }
            Error::PlanStep { .. } => ("planStep", Status::REFUSED, String::new(), None),
            Error::PlanSeal { .. } => ("planSeal", Status::REFUSED, String::new(), None),
            Error::PlanHash { .. } => ("planHash", Status::REFUSED, String::new(), None),
            Error::PlanText { .. } => ("plan", Status::FAILED, String::new(), None),
            Error::PlanVersion { .. } => ("newerFormat", Status::FAILED, String::new(), None),
            _ => ("ingest", Status::FAILED, String::new(), None),
        };
        let file = (!file.is_empty()).then(|| file.into());
        Self { file, line, ..Self::from_text(code, status, text) }
    }
}
