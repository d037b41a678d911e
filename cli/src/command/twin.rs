//! `twin`: a simulated Graph tenant on loopback, in the foreground until somebody stops it.

use std::time::Duration;

use crate::args::Twin;
use crate::bridge::twin as bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::text::people_time;
use crate::session::{Session, resolve};

/// How often it is looked whether somebody wants it to end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves a tenant, and says how to reach it.
///
/// # Errors
/// When the faults make no sense, there is no such backup, or the port is taken.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Twin) -> Outcome {
    let faults = bridge::parse_faults(&options.faults)?;
    let tenant = match &options.from {
        Some(point) => {
            let store = session.open()?;
            let backup = resolve(&store, point)?;
            session.note(&format!("serving {} ({})", backup.id, people_time(backup.taken_at)));
            bridge::from_backup(&store, &backup.id, options.seed)?
        }
        None => bridge::made_up(options.objects, options.seed),
    };
    let server = bridge::serve(tenant, options, faults, (session.io.seed)())?;
    let endpoint = server.endpoint();
    let variables = [
        ("AZURE_TENANT_ID", server.tenant_id()),
        ("AZURE_CLIENT_ID", server.client_id()),
        ("AZURE_CLIENT_SECRET", server.client_secret()),
        ("AZURE_AUTHORITY_HOST", &endpoint),
        ("ENTRASNAP_GRAPH_ENDPOINT", &endpoint),
    ];
    for (name, value) in variables {
        session.print_text(&format!("{name}={value}\n"))?;
    }
    session.io.stdout.flush().map_err(Failure::output)?;
    session.note("Ctrl-C ends it");
    let interrupt = session.io.interrupt;
    interrupt.while_heard(|| {
        while !interrupt.is_asked() {
            std::thread::park_timeout(LOOK_EVERY);
        }
    });
    server.stop();
    Ok(Status::Done)
}
