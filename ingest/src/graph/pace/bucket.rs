//! Owns one limit: a bucket that fills with what is sent and empties with time.

use std::time::Duration;

/// How full we let it become.
const FILL_MAX: f64 = 0.8;
/// How much faster it may empty again, in a second without a refusal.
const RISE_PER_SECOND: f64 = 0.05;
/// Refusals closer together than this come from the same moment and slow down once.
const REFUSALS_APART: Duration = Duration::from_secs(1);
/// The slowest that refusals make it.
const FACTOR_MIN: f64 = 1.0 / 16.0;

/// A limit.
#[derive(Debug)]
pub(super) struct Bucket {
    capacity: f64,
    period_s: f64,
    speed: f64,
    level: f64,
    /// How fast we believe it to empty, of what is published: halved by refusals, rising with time.
    factor: f64,
    at: Duration,
    refused_at: Option<Duration>,
    paused_until: Duration,
}

impl Bucket {
    pub(super) fn new(capacity: f64, period_s: f64, speed: f64) -> Self {
        let at = Duration::ZERO;
        let (factor, paused_until) = (1.0, Duration::ZERO);
        Self { capacity, period_s, speed, level: 0.0, factor, at, refused_at: None, paused_until }
    }

    pub(super) fn resize(&mut self, capacity: f64) {
        self.capacity = capacity;
    }

    /// Gives how long to wait until there is room; nothing to send never waits.
    pub(super) fn wait(&mut self, amount: u32, now: Duration) -> Duration {
        if amount == 0 {
            return Duration::ZERO;
        }
        self.empty(now);
        let rate = self.rate();
        // What never fits leaves when the bucket is empty.
        let over = (self.level + f64::from(amount) - self.capacity * FILL_MAX).min(self.level);
        // Rounded up, so that a wait is over when it was waited for.
        let room = if over > 0.0 { Duration::from_secs_f64((over / rate).max(1e-6)) } else { Duration::ZERO };
        room.max(self.paused_until.saturating_sub(now))
    }

    pub(super) fn fill(&mut self, amount: u32) {
        self.level += f64::from(amount);
    }

    /// Replaces what a call was expected to cost by what it did cost.
    pub(super) fn correct(&mut self, expected: u32, actual: u32) {
        self.level = (self.level + f64::from(actual) - f64::from(expected)).max(0.0);
    }

    /// Believes Graph about how full it is.
    pub(super) fn learn(&mut self, fill: f64) {
        self.level = self.level.max(self.capacity * fill.clamp(0.0, 1.8));
    }

    /// Slows down, and stops for a while.
    pub(super) fn refuse(&mut self, wait: Duration, now: Duration) {
        self.empty(now);
        self.paused_until = self.paused_until.max(now + wait);
        if self.refused_at.is_none_or(|at| now.saturating_sub(at) >= REFUSALS_APART) {
            self.factor = (self.factor / 2.0).max(FACTOR_MIN);
            self.refused_at = Some(now);
        }
    }

    fn rate(&self) -> f64 {
        self.capacity / self.period_s * self.speed * self.factor
    }

    fn empty(&mut self, now: Duration) {
        let passed_s = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.level = (self.level - passed_s * self.rate()).max(0.0);
        self.factor = (self.factor + passed_s * RISE_PER_SECOND).min(1.0);
    }
}
