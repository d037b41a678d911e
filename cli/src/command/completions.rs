//! `completions`: what a shell needs to complete our words.

use crate::error::{Outcome, Status};
use crate::session::Session;

/// Prints the completions of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap completions bash")]
pub(crate) struct Options {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the script.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options, mut command: clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "entrasnap", &mut script);
    session.print_text(&String::from_utf8_lossy(&script))?;
    Ok(Status::Done)
}
