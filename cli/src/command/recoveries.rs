//! `recoveries`: the list.

use ingest::apply::{RecoveryStatus, recoveries};

use crate::error::{Outcome, Status};
use crate::output::recovery;
use crate::session::Session;

/// Lists the recoveries, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap recoveries")]
pub(crate) struct Options {}

/// Lists the recoveries, oldest first.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    let found = recoveries(&store)?;
    session.print_rows(&recovery::rows(&found))?;
    for recovery in found.iter().filter(|recovery| recovery.status == RecoveryStatus::Interrupted) {
        session.note(&format!(
            "recovery {id} was interrupted: `entrasnap recovery resume {id}` goes on with it",
            id = recovery.id
        ));
    }
    Ok(Status::Done)
}
