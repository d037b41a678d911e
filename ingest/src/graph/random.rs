//! Owns random numbers that follow from a seed: for waits and request IDs, never for secrets.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of random numbers (`SplitMix64`), shared by reference.
pub(crate) struct Random(AtomicU64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Gives a number in 0..1.
    pub(crate) fn fraction(&self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(0);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// Gives a GUID of version 4.
    pub(crate) fn guid(&self) -> String {
        let high = self.next() & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = self.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        let mut guid = String::with_capacity(36);
        let parts = (high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff_ffff_ffff);
        let (first, second, third, fourth, fifth) = parts;
        write!(guid, "{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{fifth:012x}")
            .expect("a string takes all that is written");
        guid
    }
}
