//! Owns the runtime: asking Graph is the only asynchronous work there is, so no other module has one.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::clock::{Clock, Sleep};
use crate::system::ThreadsError;

/// How many threads do what is spawned: batches, that is TLS and decompression.
const THREADS: usize = 2;

/// Runs work that asks Graph to its end, on this thread and two more.
///
/// # Errors
/// When the operating system has no threads left.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, ThreadsError> {
    let runtime = runtime()?;
    let value = runtime.block_on(work);
    // What is left over, such as a command that hangs, must not hold up the program's end.
    runtime.shutdown_background();
    Ok(value)
}

/// Threads for work that asks Graph.
pub(crate) fn runtime() -> Result<Runtime, ThreadsError> {
    Ok(Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?)
}

/// A real clock: it tells the time as the caller gives it, and really waits. Only inside of [`block_on`].
#[derive(Debug, Clone, Copy)]
pub struct RealClock {
    now: fn() -> jiff::Timestamp,
    monotonic: fn() -> Duration,
}

impl RealClock {
    /// Takes the time of day, and the time since some fixed moment.
    #[must_use]
    pub fn new(now: fn() -> jiff::Timestamp, monotonic: fn() -> Duration) -> Self {
        Self { now, monotonic }
    }
}

impl Clock for RealClock {
    fn now(&self) -> jiff::Timestamp {
        (self.now)()
    }

    fn monotonic(&self) -> Duration {
        (self.monotonic)()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
