//! Files into the store, by package `ingest`.

use std::sync::atomic::AtomicBool;

use engine::{BackupSummary, Store, Warning};
use ingest::{Advance, ImportRequest, Source};

use crate::args::Import;
use crate::error::Outcome;
use crate::progress::Progress;
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
