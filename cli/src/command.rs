//! What was typed becomes what is done: one file per verb.

mod apply;
mod backup;
mod backups;
mod completions;
mod demo;
mod diff;
mod export;
mod history;
mod import;
mod man;
mod permissions;
mod plan;
mod query;
mod recoveries;
mod reindex;
mod report;
mod selection;
mod setup;
mod show;
mod stats;
mod twin;
mod verify;

use std::ffi::OsString;

use crate::args::Command;
use crate::error::{Outcome, Status};
use crate::io::Io;
use crate::session::Session;

/// Runs a whole command line, for a verb that shows how others are typed.
pub(crate) type RunLine = fn(Vec<OsString>, &mut Io<'_>) -> Status;

/// Runs a verb and returns the exit status.
///
/// # Errors
/// What went wrong, with its exit status.
pub(crate) fn run(session: &mut Session<'_, '_>, command: Command, run_line: RunLine) -> Outcome {
    match command {
        Command::Import(options) => import::run(session, options),
        Command::Backup(options) => backup::run(session, &options),
        Command::Plan(options) => plan::run(session, &options),
        Command::Apply(options) => apply::run(session, &options),
        Command::Recover(options) => apply::recover(session, &options),
        Command::Recoveries => recoveries::list(session),
        Command::Recovery(verb) => recoveries::run(session, &verb),
        Command::Permissions(options) => permissions::run(session, &options),
        Command::Setup(options) => setup::run(session, &options),
        Command::Backups => backups::run(session),
        Command::Show(options) => show::run(session, &options),
        Command::History(options) => history::run(session, &options),
        Command::Diff(options) => diff::run(session, &options),
        Command::Report(options) => report::run(session, &options),
        Command::Export(options) => export::run(session, &options),
        Command::Verify(options) => verify::run(session, &options),
        Command::Stats => stats::run(session),
        Command::Reindex => reindex::run(session),
        Command::Query(options) => query::run(session, &options),
        Command::Repl(options) => crate::repl::run(session, &options),
        Command::Demo(options) => demo::run(session, &options, run_line),
        Command::Twin(options) => twin::run(session, &options),
        Command::Completions(options) => completions::run(session, &options),
        Command::Man(options) => man::run(session, &options),
    }
}
