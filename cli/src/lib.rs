//! The entrasnap command line: what was typed goes in, data and an exit status come out.
//!
//! [`run`] does everything through [`Io`], so that a test gives it its own streams, clock and environment.

mod args;
mod bridge;
mod command;
mod config;
mod difference;
mod engine_help;
mod io;
mod names;
mod progress;
mod records;
mod render;
mod repl;
mod report;
mod saved;
mod session;
mod unread;
mod wait;

use std::ffi::OsString;
use std::process::ExitCode;

pub use io::{Interrupt, Io};

use args::Parsed;
use report::{Failure, Status};
use session::Session;

/// Runs one command line (its first item is the program's name) and returns the exit status.
pub fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args::wants_json(&args, io.stdout_is_terminal);
    let status = match args::parse(&args, io.width, io.stdin_is_terminal && io.stdout_is_terminal) {
        Ok(Parsed::Command(arguments)) => match Session::start(io, &arguments.global) {
            Ok(mut session) => session
                .run(|session| command::run(session, arguments.command.unwrap_or_else(args::without_verb))),
            Err(failure) => report::failure(io, &failure, json),
        },
        Ok(Parsed::Planned(name)) => {
            let failure = Failure::not_built(&format!("`{name}`"), args::planned_help(&name));
            report::failure(io, &failure, json)
        }
        Err(error) => report::usage(io, &error, json),
    };
    match io.stdout.flush() {
        Err(error) if status == Status::DONE => report::failure(io, &Failure::output(error), json),
        _ => status,
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    io::with_process(|io| ExitCode::from(run(std::env::args_os(), io)))
}
