//! Owns time: the clock that the caller gives, and how Graph writes moments.

use std::sync::atomic::{AtomicI64, Ordering};

/// Gives the time. The twin reads no other clock.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;
}

/// A clock that moves only when it is advanced, for tests and rehearsals.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at a moment, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn at_ms(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }

    /// Moves on.
    pub fn advance_ms(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Writes a moment as Graph does in bodies: `2026-11-22T10:15:00Z`.
pub(crate) fn to_iso(now_ms: i64) -> String {
    format(now_ms, "%Y-%m-%dT%H:%M:%SZ")
}

/// Writes a moment as errors carry it, without a zone: `2026-11-22T10:15:00`.
pub(crate) fn to_error_date(now_ms: i64) -> String {
    format(now_ms, "%Y-%m-%dT%H:%M:%S")
}

/// Writes a moment as HTTP does: `Sun, 22 Nov 2026 10:15:00 GMT`.
pub(crate) fn to_http_date(now_ms: i64) -> String {
    format(now_ms, "%a, %d %b %Y %H:%M:%S GMT")
}

fn format(now_ms: i64, pattern: &str) -> String {
    let moment = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    moment.strftime(pattern).to_string()
}
