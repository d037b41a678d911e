//! `backups`: the list.

use crate::error::{Outcome, Status};
use crate::output::backups;
use crate::session::Session;

/// Lists the backups, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap backups -o json")]
pub(crate) struct Options {}

/// Lists the backups, oldest first.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    session.name_tenant(&store);
    session.print_rows(&backups::listed(store.backups(), session.is_for_people()))?;
    Ok(Status::Done)
}
