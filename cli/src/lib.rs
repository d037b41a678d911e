//! entrasnap as a library, and the command line of the program.
//!
//! [`Database`] opens a store, imports files, compares two points in time, and answers KQL with rows that are read into types
//! of the caller:
//!
#![doc = "```"]
#![doc = include_str!("../examples/embed.rs")]
#![doc = "```"]
//!
//! What it is made of is here in full: [`engine`] (stores, snapshots, differences), [`query`] (KQL), [`ingest`] (files,
//! Microsoft Graph, recoveries).
//!
//! # The command line
//!
//! What was typed goes in, data and an exit status come out. [`run`] does everything through [`Io`], so that a test gives it
//! its own streams, clock and environment.

mod answer;
mod applying;
mod args;
mod bridge;
mod change;
mod command;
mod comparison;
mod conditional_access;
mod config;
mod database;
mod engine_help;
mod error;
mod fleet;
mod heading;
mod io;
mod live;
mod names;
mod notify;
mod output;
mod pager;
mod plan_file;
mod planning;
mod point;
mod profiles;
mod progress;
mod records;
mod repl;
mod saved;
mod sentence;
mod session;
mod tenant;
mod wait;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

pub use database::{Database, Error, Result};
pub use engine::{self, BackupSummary, Change};
pub use ingest;
pub use io::{Interrupt, Io};
pub use jiff::Timestamp;
pub use query::{self, ResultTable, Row, RowError, Value};

use command::{Arguments, Parsed};
use error::{Failure, Outcome, Status, print};
use profiles::Profiles;
use session::Session;

/// Runs one command line (its first item is the program's name) and returns the exit status.
pub fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    run_line(args.into_iter().collect(), io).into()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a verb that runs command lines has no use for them afterwards"
)]
fn run_line(args: Vec<OsString>, io: &mut Io<'_>) -> Status {
    let json = args::wants_json(&args, io.stdout_is_terminal);
    let status = match command::parse(&args, io.width, io.stdin_is_terminal && io.stdout_is_terminal) {
        Ok(Parsed::Command(arguments)) if arguments.global.all_tenants => {
            fleet::run(&args, &arguments, io, run_command)
                .unwrap_or_else(|failure| print::failure(io, &failure, json))
        }
        Ok(Parsed::Command(arguments)) => {
            let paged = arguments.command.as_ref().and_then(command::paged);
            let paged = paged.filter(|_| !arguments.global.no_pager);
            let run = |io: &mut Io<'_>| {
                run_of_profile(*arguments, io).unwrap_or_else(|failure| print::failure(io, &failure, json))
            };
            match paged {
                Some(rest) => pager::page(io, rest, run),
                None => run(io),
            }
        }
        Ok(Parsed::Planned(name)) => {
            let failure = Failure::not_built(&format!("`{name}`"), command::planned_help(&name));
            print::failure(io, &failure, json)
        }
        Err(error) => print::usage(io, &error, json),
    };
    match io.stdout.flush() {
        Err(error) if status == Status::Done => print::failure(io, &Failure::output(error), json),
        _ => status,
    }
}

/// Runs a verb for the tenant that was named, if one was.
fn run_of_profile(arguments: Arguments, io: &mut Io<'_>) -> Outcome {
    let from_environment = || io.variable("ENTRASNAP_TENANT").and_then(|name| name.into_string().ok());
    // The verb that keeps the profiles is for none of them.
    let is_of_all = matches!(arguments.command, Some(command::Command::Tenant(_)));
    let name = arguments.global.tenant.clone().or_else(from_environment).filter(|_| !is_of_all);
    match name {
        Some(name) => {
            let profiles = Profiles::read(io)?;
            let profile = profiles.get(&name)?;
            let outer = io.environment;
            let environment = |name: &str| profile.variable(name, outer);
            run_command(arguments, &mut Io { environment: &environment, ..io.inner() })
        }
        None => run_command(arguments, io),
    }
}

/// Runs a verb.
fn run_command(arguments: Arguments, io: &mut Io<'_>) -> Outcome {
    let mut session = Session::start(io, &arguments.global)?;
    let command = arguments.command.unwrap_or_else(command::without_verb);
    Ok(session.run(|session| command::run(session, command, run_line)))
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    io::with_process(|io| ExitCode::from(run(std::env::args_os(), io)))
}
