//! A simulated tenant that a plan is rehearsed on: the state it was made against, Graph's rules and limits, and a clock
//! that jumps over waits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{BackupId, CreateOptions, Store};
use ingest::graph::{Client, Clock, Sleep};
use twin::{ManualClock, Options, Server};

use super::twin::{not_served, serve_on_a_free_port, settings_of};
use crate::bridge::scratch::Scratch;
use crate::error::{Failure, Outcome};

/// A rehearsal being held.
pub(crate) struct Rehearsal {
    pub(crate) client: Client,
    pub(crate) clock: Arc<ManualClock>,
    begun_ms: i64,
    folder: Scratch,
    _server: Server,
}

/// The clock of the simulated tenant: a wait advances it.
struct JumpingClock {
    clock: Arc<ManualClock>,
    begun_ms: i64,
}

impl JumpingClock {
    fn now_ms(&self) -> i64 {
        twin::Clock::now_ms(&*self.clock)
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_ms()).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_ms() - self.begun_ms).unwrap_or_default())
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let wake_ms = self.now_ms() + i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        let clock = Arc::clone(&self.clock);
        Box::pin(async move {
            let left_ms = wake_ms - twin::Clock::now_ms(&*clock);
            clock.advance_ms(left_ms.max(0));
        })
    }
}

/// Loads a backup or reading into a simulated tenant.
///
/// # Errors
/// When the store cannot be read, or nothing can be served.
pub(crate) fn prepare(store: &Store, backup: &BackupId, seed: [u8; 32]) -> Outcome<Rehearsal> {
    let snapshot = store.snapshot(backup)?;
    let begun_ms = snapshot.backup().taken_at.as_millisecond();
    let tenant = twin::Twin::from_snapshot(&snapshot, 1)?;
    let clock = Arc::new(ManualClock::at_ms(begun_ms));
    let mut options = Options::new(clock.clone(), seed);
    options.speed = 1.0;
    let server = serve_on_a_free_port(tenant, options)?;
    let settings = settings_of(&server, 1);
    let jumping = JumpingClock { clock: Arc::clone(&clock), begun_ms };
    let client = Client::new(settings, Arc::new(jumping)).map_err(|error| Failure::from(error).mistyped())?;
    let folder = Scratch::new().map_err(|error| not_served(&error))?;
    Ok(Rehearsal { client, clock, begun_ms, folder, _server: server })
}

impl Rehearsal {
    /// A store for the journal of the rehearsal, which goes away with it.
    pub(crate) fn store(&self) -> Outcome<Store> {
        let path: &Path = self.folder.path();
        Ok(Store::create(&path.join("store"), &CreateOptions { seed: [0; 32], tenant: None })?)
    }

    /// Seconds that it would have taken.
    pub(crate) fn elapsed_s(&self) -> i64 {
        (twin::Clock::now_ms(&*self.clock) - self.begun_ms) / 1000
    }
}
