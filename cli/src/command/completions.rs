//! `completions`: what a shell needs to complete our words.

use crate::args::{self, Completions};
use crate::error::{Outcome, Status};
use crate::session::Session;

/// Prints the script.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut args::command(), "entrasnap", &mut script);
    session.print_text(&String::from_utf8_lossy(&script))?;
    Ok(Status::Done)
}
