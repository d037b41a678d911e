//! `repl`: a conversation in the query language.

use crate::args::parse_size;
use crate::error::Outcome;
use crate::repl::{self, Settings};
use crate::session::Session;

/// Opens a conversation in the query language; so does no verb at all on a terminal
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Example:\n  echo 'print 1 + 1;' | entrasnap repl\n\n`.help` explains the language and the dot commands. Without a terminal, statements (each ended by `;` or an empty line) and dot commands are read from stdin; the first error ends it."
)]
pub(crate) struct Options {
    /// Keeps no history of what is typed
    #[arg(long)]
    pub(crate) no_history: bool,
    /// How much memory a query may take, such as 512MB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory_limit: Option<u64>,
}

/// Answers inputs until there are no more.
///
/// # Errors
/// As the conversation.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let settings = Settings { keeps_history: !options.no_history, memory_bytes: options.memory_limit };
    repl::run(session, &settings)
}
