//! Owns when a call may leave: Graph's published limits as buckets, and what Graph says about them.
//!
//! Buckets fill with what is sent and empty with time, as Graph's own do. They are kept a fifth below Graph's brim:
//! from there on Graph warns (`x-ms-throttle-limit-percentage`), and another reader of the tenant has room.
//!
//! Invariant: callers of one lane leave in the order in which they came; a lane that waits holds up no other lane.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::call::{Call, Meter, Method};
use super::cancel::Cancel;
use super::clock::Clock;
use super::error::Result;
use super::settings::TenantSize;

mod bucket;
#[cfg(test)]
mod tests;

use bucket::Bucket;

/// Time from one answer about conditional access to the next call: Graph counts a second between their arrivals, which
/// the client cannot see.
const POLICY_EVERY: Duration = Duration::from_millis(1010);

/// What a request counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) units: u32,
    pub(crate) writes: u32,
    pub(crate) devices: u32,
    pub(crate) policies: u32,
}

impl Cost {
    /// What one call counts.
    pub(crate) fn of(call: &Call) -> Self {
        let is_write = call.method != Method::Get && call.effect != super::call::Effect::Read;
        let writes = u32::from(is_write);
        match call.meter {
            Meter::Identity => Self { units: call.units, writes, ..Self::default() },
            Meter::Device => Self { units: call.units, writes, devices: writes, ..Self::default() },
            Meter::ConditionalAccess => Self { policies: 1, ..Self::default() },
            Meter::Unpublished => Self { writes, ..Self::default() },
        }
    }

    /// What a batch counts: all its calls.
    pub(crate) fn sum<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        calls.into_iter().map(Self::of).fold(Self::default(), |sum, cost| Self {
            units: sum.units + cost.units,
            writes: sum.writes + cost.writes,
            devices: sum.devices + cost.devices,
            policies: sum.policies + cost.policies,
        })
    }

    fn lane(&self) -> usize {
        match self {
            Self { policies: 1.., .. } => 0,
            Self { writes: 1.., .. } => 1,
            _ => 2,
        }
    }
}

/// What an answer tells about limits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Signal {
    /// For how long it was refused with 429.
    pub(crate) refused: Option<Duration>,
    /// Whether that was for its writes.
    pub(crate) is_for_writes: bool,
    /// How full Graph's bucket of resource units is, of 1.
    pub(crate) fill: Option<f64>,
    /// What the call cost.
    pub(crate) units: Option<u32>,
}

/// The right to be the only one of a lane under way.
pub(crate) type Turn<'a> = tokio::sync::MutexGuard<'a, ()>;

/// Lets calls leave at the pace of the limits.
pub(crate) struct Pace {
    lanes: [tokio::sync::Mutex<()>; 3],
    buckets: Mutex<Buckets>,
}

/// All limits of a tenant and this application.
#[derive(Debug)]
struct Buckets {
    speed: f64,
    units: Bucket,
    writes: Bucket,
    devices: Bucket,
    policy_next: Duration,
}

impl Pace {
    pub(crate) fn new(size: TenantSize, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.max(0.0) } else { 0.0 };
        Self { lanes: Default::default(), buckets: Mutex::new(Buckets::new(size, speed)) }
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Corrects the tenant's size.
    pub(crate) fn resize(&self, size: TenantSize) {
        self.buckets().units.resize(units_max(size));
    }

    /// Waits until a request of this cost may leave, and counts it. Nothing leaves in its lane while the turn that
    /// it gives is held; only calls about conditional access get one.
    ///
    /// # Errors
    /// `Cancelled`.
    pub(crate) async fn admit(
        &self,
        cost: Cost,
        clock: &dyn Clock,
        cancel: &Cancel,
    ) -> Result<Option<Turn<'_>>> {
        if self.buckets().speed == 0.0 || cost == Cost::default() {
            return Ok(None);
        }
        let turn = cancel.guard(self.lanes[cost.lane()].lock()).await?;
        loop {
            let wait = self.buckets().take(cost, clock.monotonic());
            if wait.is_zero() {
                return Ok((cost.policies > 0).then_some(turn));
            }
            cancel.guard(clock.sleep(wait)).await?;
        }
    }

    /// Takes note that a request is over, answered or not.
    pub(crate) fn end(&self, cost: Cost, now: Duration) {
        self.buckets().end(cost, now);
    }

    /// Takes note of what an answer tells.
    pub(crate) fn note(&self, cost: Cost, signal: Signal, now: Duration) {
        self.buckets().note(cost, signal, now);
    }
}

fn units_max(size: TenantSize) -> f64 {
    match size {
        TenantSize::Small => 3500.0,
        TenantSize::Medium => 5000.0,
        TenantSize::Large => 8000.0,
    }
}

impl Buckets {
    fn new(size: TenantSize, speed: f64) -> Self {
        Self {
            speed,
            units: Bucket::new(units_max(size), 10.0, speed),
            writes: Bucket::new(3000.0, 150.0, speed),
            devices: Bucket::new(3000.0, 150.0, speed),
            policy_next: Duration::ZERO,
        }
    }

    /// Counts a cost when there is room for all of it; else gives how long to wait.
    fn take(&mut self, cost: Cost, now: Duration) -> Duration {
        let wait = self.units.wait(cost.units, now);
        let wait = wait.max(self.writes.wait(cost.writes, now)).max(self.devices.wait(cost.devices, now));
        let wait = if cost.policies > 0 { wait.max(self.policy_next.saturating_sub(now)) } else { wait };
        if wait.is_zero() {
            self.units.fill(cost.units);
            self.writes.fill(cost.writes);
            self.devices.fill(cost.devices);
        }
        wait
    }

    fn end(&mut self, cost: Cost, now: Duration) {
        if cost.policies > 0 && self.speed > 0.0 {
            self.policy_next = now + POLICY_EVERY.div_f64(self.speed);
        }
    }

    fn note(&mut self, cost: Cost, signal: Signal, now: Duration) {
        if let Some(units) = signal.units.filter(|_| cost.units > 0) {
            self.units.correct(cost.units, units);
        }
        if let Some(fill) = signal.fill {
            self.units.learn(fill);
        }
        let Some(wait) = signal.refused else { return };
        // Conditional access shares its limit with all applications: nothing of ours tells when it is free again.
        if cost.policies > 0 || self.speed == 0.0 {
            return;
        }
        let bucket = if signal.is_for_writes { &mut self.writes } else { &mut self.units };
        bucket.refuse(wait, now);
    }
}
