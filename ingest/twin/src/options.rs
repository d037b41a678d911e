//! Owns the options of a running twin.

use std::sync::Arc;

use crate::clock::Clock;
use crate::faults::Fault;

/// How a twin is served.
#[derive(Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// How fast Graph's limits refill: 1 is Graph's own pace, 10 ten times it, 0 is without limits.
    pub speed: f64,
    /// How far replicas may lag behind writes, in milliseconds; delta queries up to twice that.
    pub replica_lag_ms: u32,
    /// The faults that are switched on.
    pub faults: Vec<Fault>,
    /// Random numbers for lags and faults follow from it.
    pub seed: u64,
    /// Random bytes that secret and tokens follow from: fresh ones for every run.
    pub entropy: [u8; 32],
    /// Gives the time.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// Chooses a free port, no limits, no lag, no faults.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: [u8; 32]) -> Self {
        Self { port: 0, speed: 0.0, replica_lag_ms: 0, faults: Vec::new(), seed: 1, entropy, clock }
    }
}
