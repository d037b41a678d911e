//! What was typed becomes what is done: one file per verb, with its arguments, its help and what it does.

mod apply;
mod backup;
mod backups;
mod completions;
mod demo;
mod diff;
mod export;
mod findings;
mod history;
mod import;
mod man;
mod permissions;
mod plan;
mod query;
mod recover;
mod recoveries;
mod recovery;
mod reindex;
mod repl;
mod report;
mod setup;
mod show;
mod stats;
mod tenant;
mod twin;
mod verify;
mod watch;

use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::{Arg, FromArgMatches, Parser, Subcommand};

use crate::args::Global;
use crate::error::{Outcome, Status};
use crate::io::Io;
use crate::pager::Rest;
use crate::point;
use crate::session::Session;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "entrasnap",
    version,
    about = "Keeps every state of a Microsoft Entra ID tenant, and shows what changed between any two",
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The verbs; each says in its own file what it takes and does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(import::Options),
    Backup(backup::Options),
    Plan(plan::Options),
    Apply(apply::Options),
    Recover(recover::Options),
    Recoveries(recoveries::Options),
    #[command(subcommand)]
    Recovery(recovery::Options),
    Permissions(permissions::Options),
    Setup(setup::Options),
    Backups(backups::Options),
    Show(show::Options),
    History(history::Options),
    Diff(diff::Options),
    Findings(findings::Options),
    #[command(subcommand)]
    Report(report::Options),
    Export(export::Options),
    Verify(verify::Options),
    Stats(stats::Options),
    Reindex(reindex::Options),
    Query(query::Options),
    Repl(repl::Options),
    Demo(demo::Options),
    #[command(subcommand)]
    Tenant(tenant::Options),
    Twin(twin::Options),
    Watch(watch::Options),
    Completions(completions::Options),
    Man(man::Options),
}

/// Verbs that are known but not built, and what does the nearest thing today.
const PLANNED: [(&str, &str); 2] =
    [("prune", "every backup is kept"), ("store", "a store is a plain folder that can be copied")];

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A verb of this version.
    Command(Box<Arguments>),
    /// A verb that is not built yet.
    Planned(String),
}

/// Reads a command line. Without a verb it means the REPL on a terminal.
///
/// # Errors
/// What clap says, which includes the answer to `--help` and `--version`.
pub(crate) fn parse(args: &[OsString], width: u16, is_terminal: bool) -> Result<Parsed, clap::Error> {
    let args: Vec<OsString> = args.iter().map(|arg| spelled_out(arg)).collect();
    let command = with_planned(whole()).term_width(width.into());
    let command = command.subcommand_required(!is_terminal).arg_required_else_help(!is_terminal);
    let matches = command.try_get_matches_from(args)?;
    match matches.subcommand_name().filter(|name| planned(name).is_some()) {
        Some(name) => Ok(Parsed::Planned(name.to_owned())),
        None => Arguments::from_arg_matches(&matches).map(|found| Parsed::Command(Box::new(found))),
    }
}

/// An argument as the parser takes it: one that begins with a hyphen is an option, a point in time is none.
fn spelled_out(arg: &OsStr) -> OsString {
    let spelled = arg.to_str().and_then(point::spelled_out);
    spelled.map_or_else(|| arg.to_owned(), OsString::from)
}

/// The whole command line of this version, for help, completions and manual pages.
fn whole() -> clap::Command {
    let names: Vec<&str> = PLANNED.iter().map(|(name, _)| *name).collect();
    let note =
        format!("Known, but not built in this version: {}.\n\nExample:\n  entrasnap demo", names.join(", "));
    <Arguments as clap::CommandFactory>::command().after_help(StyledStr::from(note))
}

/// Verbs not built yet are recognised with whatever follows them, and never listed.
fn with_planned(command: clap::Command) -> clap::Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
    command.subcommands(
        PLANNED
            .map(|(name, _)| clap::Command::new(name).hide(true).disable_help_flag(true).arg(rest.clone())),
    )
}

impl Command {
    /// Whether the verb answers for each of several tenants by itself, in rows.
    pub(crate) fn is_for_many(&self) -> bool {
        match self {
            Self::Backup(_)
            | Self::Backups(_)
            | Self::Diff(_)
            | Self::Findings(_)
            | Self::Query(_)
            | Self::Recoveries(_)
            | Self::Stats(_)
            | Self::Verify(_) => true,
            Self::Watch(options) => options.once,
            Self::Import(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::Recover(_)
            | Self::Recovery(_)
            | Self::Permissions(_)
            | Self::Setup(_)
            | Self::Show(_)
            | Self::History(_)
            | Self::Report(_)
            | Self::Export(_)
            | Self::Reindex(_)
            | Self::Repl(_)
            | Self::Demo(_)
            | Self::Tenant(_)
            | Self::Twin(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }
}

/// What no verb at all means.
pub(crate) fn without_verb() -> Command {
    Command::Repl(repl::Options::default())
}

fn planned(name: &str) -> Option<&'static str> {
    PLANNED.iter().find(|(known, _)| *known == name).map(|(_, help)| *help)
}

/// What to do instead of a verb that is not built yet.
pub(crate) fn planned_help(name: &str) -> &'static str {
    planned(name).unwrap_or_default()
}

/// Whether a verb prints for reading, so that what is longer than the screen goes through a pager.
pub(crate) fn paged(command: &Command) -> Option<Rest> {
    match command {
        Command::Diff(_) | Command::Show(_) | Command::History(_) | Command::Findings(_) => {
            Some(Rest::Dropped)
        }
        Command::Plan(options) => options.is_show().then_some(Rest::Dropped),
        Command::Query(_) => Some(Rest::Stopped),
        _ => None,
    }
}

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
        Command::Recover(options) => recover::run(session, &options),
        Command::Recoveries(recoveries::Options {}) => recoveries::run(session),
        Command::Recovery(options) => recovery::run(session, &options),
        Command::Permissions(options) => permissions::run(session, &options),
        Command::Setup(options) => setup::run(session, &options),
        Command::Backups(backups::Options {}) => backups::run(session),
        Command::Show(options) => show::run(session, &options),
        Command::History(options) => history::run(session, &options),
        Command::Diff(options) => diff::run(session, &options),
        Command::Findings(options) => findings::run(session, &options),
        Command::Report(options) => report::run(session, &options),
        Command::Export(options) => export::run(session, &options),
        Command::Verify(options) => verify::run(session, &options),
        Command::Stats(stats::Options {}) => stats::run(session),
        Command::Reindex(reindex::Options {}) => reindex::run(session),
        Command::Query(options) => query::run(session, &options),
        Command::Repl(options) => repl::run(session, &options),
        Command::Demo(options) => demo::run(session, &options, run_line),
        Command::Tenant(options) => tenant::run(session, &options),
        Command::Twin(options) => twin::run(session, &options),
        Command::Watch(options) => watch::run(session, &options),
        Command::Completions(options) => completions::run(session, &options, whole()),
        Command::Man(options) => man::run(session, &options, whole()),
    }
}

#[cfg(test)]
mod tests;
