//! `twin`: a simulated Graph tenant on loopback: in the foreground, in the background, or for one command.

mod background;
mod command;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use ::twin::Server;

use crate::args::Expected;
use crate::bridge::twin as bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::text::people_time;
use crate::session::{Session, resolve};

/// The interval at which the interrupt is checked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves a simulated Graph tenant on this machine
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap twin --objects 2000 --port 8080 --faults 429=5,slow\n  entrasnap twin --env twin.env\n  entrasnap twin --stop twin.env\n  entrasnap twin -- entrasnap backup\n\nIt prints the variables that Azure's libraries and this program need to talk to it, and serves until Ctrl-C. With `--env` it returns as soon as it listens, and goes on in the background until `--stop`, or until the file is gone. With a command behind `--` it sets the variables for that command alone, and ends with its exit status. Only programs on this machine reach it; nothing it is told is kept."
)]
pub(crate) struct Options {
    /// Serves this backup of the store instead of a made-up tenant
    #[arg(long, value_name = "POINT", conflicts_with = "objects")]
    pub(crate) from: Option<String>,
    /// Objects in the made-up tenant
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub(crate) objects: u32,
    /// The same seed gives the same tenant, lags and faults
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub(crate) port: u16,
    /// How fast Graph's limits refill: 1 is Graph's own pace, 10 ten times it, 0 is without limits
    #[arg(long, value_name = "F", default_value_t = 0.0, value_parser = parse_speed)]
    pub(crate) speed: f64,
    /// How far replicas may lag behind writes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) replica_lag: u32,
    /// What goes wrong, such as 429=5,503,slow=200; an unknown name lists all
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) faults: String,
    /// Serves in the background: writes the variables into this file, and returns when it listens
    #[arg(long, value_name = "FILE")]
    pub(crate) env: Option<PathBuf>,
    /// Ends the one in the background that wrote this file, and removes the file
    #[arg(long, value_name = "FILE", conflicts_with = "env")]
    pub(crate) stop: Option<PathBuf>,
    /// This process is the one in the background
    #[arg(long, hide = true, requires = "env")]
    pub(crate) in_background: bool,
    /// Runs this command with the variables set, then ends with its exit status
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["env", "stop"])]
    pub(crate) command: Vec<OsString>,
}

/// Serves a tenant, and says how to reach it.
///
/// # Errors
/// When the faults make no sense, there is no such backup, the port is taken, the file of variables cannot be written,
/// or the command cannot be started.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    if let Some(file) = &options.stop {
        let file = session.path(file);
        return background::stop(session, &file);
    }
    if let Some(file) = &options.env {
        let file = session.path(file);
        if !options.in_background {
            return background::start(session, options, &file);
        }
        let server = serve(session, options)?;
        return background::serve(session, server, &file);
    }
    let server = serve(session, options)?;
    if !options.command.is_empty() {
        let status = command::run(session, &server, &options.command);
        server.stop();
        return status;
    }
    session.print_text(&bridge::variable_lines(&server))?;
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

/// Begins to serve the tenant that was chosen.
fn serve(session: &mut Session<'_, '_>, options: &Options) -> Outcome<Server> {
    let faults = bridge::parse_faults(&options.faults)?;
    let tenant = match &options.from {
        Some(point) => {
            let store = session.open()?;
            let backup = resolve(&store, &session.point(&store, point)?)?;
            session.note(&format!("serving {} ({})", backup.id, people_time(backup.taken_at)));
            bridge::from_backup(&store, &backup.id, options.seed)?
        }
        None => bridge::made_up(options.objects, options.seed),
    };
    let settings = ::twin::Options {
        port: options.port,
        speed: options.speed,
        replica_lag_ms: options.replica_lag,
        faults,
        seed: options.seed,
        ..bridge::served((session.io.seed)())
    };
    bridge::serve(tenant, settings)
}

fn parse_speed(text: &str) -> Result<f64, Expected> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed >= 0.0);
    speed.ok_or(Expected("a number that is not negative, such as 1"))
}
