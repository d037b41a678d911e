//! `import`: a backup from files.

use std::path::PathBuf;

use engine::{BackupSummary, Store};
use ingest::{Advance, ImportRequest, Source};
use jiff::Timestamp;

use crate::args::Expected;
use crate::args::tenant::Waiting;
use crate::bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::backups;
use crate::output::text::grouped;
use crate::progress::{Meter, Progress};
use crate::session::Session;
use crate::wait::{self, Work};

impl ingest::Progress for Progress<'_> {
    fn advance(&self, advance: &Advance) {
        self.show(advance.objects, advance.bytes, advance.bytes_total);
    }
}

/// Commits a backup from files
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  echo '{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u1\",\"displayName\":\"Ann\"}' | entrasnap import -"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
pub(crate) struct Options {
    /// Files or folders: NDJSON (`-` is stdin), a JSON array, a Graph list page, a folder in the layout of `EntraExporter`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// When the data was read from the tenant [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) taken_at: Option<Timestamp>,
    /// Weaves data older than the newest backup into the past; else it is refused
    #[arg(long)]
    pub(crate) insert: bool,
    /// Free text kept with the backup
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
    /// Type of objects that do not say theirs
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) type_token: Option<String>,
    /// What is missing from the data is kept, not deleted
    #[arg(long)]
    pub(crate) partial: bool,
    /// Types (`user`) and relations (`group.members`) that are complete although no data came for them
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) complete: Vec<String>,
    /// Values that PowerShell cut off (`@{…}`, a single value for a list) are taken as they stand
    #[arg(long)]
    pub(crate) accept_truncated: bool,
    /// Data is taken although it has hardly any of the objects that the store holds
    #[arg(long)]
    pub(crate) new_tenant_data: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// Commits a backup, and prints it.
///
/// # Errors
/// When a path is missing, the data is not what an import takes, or the store cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: Options) -> Outcome {
    session.may_write("import")?;
    check_paths(session, &options)?;
    let mut store = session.create("import")?;
    check_complete(&store, &options.complete)?;
    wait::until_free(session, &store, Work::Backup, options.waiting.wait)?;
    let backup = commit(session, &mut store, options)?;
    for warning in &backup.warnings {
        let kind = if warning.type_token.is_empty() { "" } else { ": " };
        let count = grouped(warning.count);
        session.warn(&format!("{}{kind}{} ({count})", warning.type_token, warning.reason));
    }
    let people = backups::sentence(&backup);
    session
        .print_one(&backups::rows(std::slice::from_ref(&backup)), &people)
        .map_err(|failure| failure.after(&format!("backup {}", backup.id)))?;
    let is_whole = backup.warnings.iter().all(ingest::is_harmless);
    Ok(if is_whole { Status::Done } else { Status::Warnings })
}

/// Commits a backup of the files that were named.
///
/// # Errors
/// What is wrong with the data, with its file and line; then the store is as it was.
fn commit(session: &mut Session<'_, '_>, store: &mut Store, options: Options) -> Outcome<BackupSummary> {
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
        taken_at: options.taken_at,
        insert: options.insert,
        note: options.note,
        type_hint: options.type_token,
        partial: options.partial,
        complete: options.complete,
        accept_truncated: options.accept_truncated,
        new_tenant_data: options.new_tenant_data,
        ..ImportRequest::new(sources.collect(), (io.now)())
    };
    let meter = (!quiet).then_some(Meter::Bar);
    let progress = Progress::new(meter, io.stderr_is_terminal, io.now, &mut *io.stderr);
    Ok(ingest::import(store, request, &progress)?)
}

/// Refuses types and relations that nothing knows: a slip of the hand would otherwise change what is deleted.
fn check_complete(store: &Store, complete: &[String]) -> Outcome<()> {
    for name in complete {
        let (type_name, relation) = name.split_once('.').map_or((&**name, None), |(t, r)| (t, Some(r)));
        let token = bridge::schema::type_token(type_name);
        let is_type = bridge::schema::is_known(&token) || is_kept(store, &token)?;
        if !is_type {
            let help = "`--complete` takes types such as user, and relations such as group.members";
            return Err(Failure::usage(format!("no type \"{type_name}\"")).with_help(help));
        }
        let relations = bridge::schema::relations(&token);
        if let Some(relation) = relation.filter(|relation| !relations.contains(relation)) {
            let help = if relations.is_empty() {
                format!("{token} has no relations")
            } else {
                format!("{token} has: {}", relations.join(", "))
            };
            return Err(Failure::usage(format!("no relation \"{relation}\" of {token}")).with_help(help));
        }
    }
    Ok(())
}

/// Whether the newest backup holds objects of a type.
fn is_kept(store: &Store, token: &str) -> Outcome<bool> {
    let Some(newest) = store.backups().last() else { return Ok(false) };
    Ok(store.snapshot(&newest.id)?.types()?.iter().any(|kept| **kept == *token))
}

/// Looks at the paths before a store is made for them.
fn check_paths(session: &Session<'_, '_>, options: &Options) -> Outcome<()> {
    for typed in &options.paths {
        if typed.as_os_str() != "-" {
            let path = session.path(typed);
            path.metadata().map_err(|error| Failure::file("cannot read", &path, &error))?;
        }
    }
    Ok(())
}

/// Reads an RFC 3339 time, or a date or a time without offset as UTC.
pub(super) fn parse_time(text: &str) -> Result<Timestamp, Expected> {
    let civil = || {
        let date_time: jiff::civil::DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(date_time).ok()
    };
    let expected = Expected("a time such as 2026-11-20T08:00:00Z, or a date such as 2026-11-20");
    text.parse().ok().or_else(civil).ok_or(expected)
}
