//! `reindex`: the catalogue, made anew from the files.

use crate::error::{Outcome, Status};
use crate::output::text::counted;
use crate::output::{Cell, Rows};
use crate::session::Session;

/// Makes the catalogue of the store anew from its files
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap reindex")]
pub(crate) struct Options {}

/// Makes the catalogue anew, and says how many records it holds.
///
/// # Errors
/// When this run is for reading only, another process writes, or a file cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    let records = session.open_to_write("reindex")?.reindex()?;
    let rows = Rows { columns: &["records"], cells: vec![vec![Cell::Number(records)]] };
    session.print_one(&rows, &format!("catalogue made anew: {}\n", counted(records, "record")))?;
    Ok(Status::Done)
}
