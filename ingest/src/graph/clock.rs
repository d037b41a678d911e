//! Owns what the client knows of time: a clock that the caller gives.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What [`Clock::sleep`] gives.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits. The client reads no other clock; only connect and read time-outs are the transport's own.
pub trait Clock: Send + Sync {
    /// The time of day, as tokens expire and servers write it.
    fn now(&self) -> jiff::Timestamp;
    /// Time since some fixed moment, which never goes back.
    fn monotonic(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration) -> Sleep;
}
