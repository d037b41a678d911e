//! Tests of the limits, on their own time.

use std::time::Duration;

use super::{Buckets, Cost, Signal};
use crate::graph::call::{Call, Effect, Meter};
use crate::graph::settings::TenantSize;

/// Sends requests one after another, as soon as each may; the seconds until the last one left.
fn send(buckets: &mut Buckets, count: u32, cost: Cost) -> f64 {
    let mut now = Duration::ZERO;
    for _ in 0..count {
        loop {
            let wait = buckets.take(cost, now);
            if wait.is_zero() {
                break;
            }
            now += wait;
        }
        buckets.end(cost, now);
    }
    now.as_secs_f64()
}

fn units(units: u32) -> Cost {
    Cost { units, ..Cost::default() }
}

#[test]
fn reads_go_at_the_quota_of_the_tenants_size() {
    for (size, per_second) in
        [(TenantSize::Small, 350.0), (TenantSize::Medium, 500.0), (TenantSize::Large, 800.0)]
    {
        let elapsed_s = send(&mut Buckets::new(size, 1.0), 50_000, units(2));
        let floor_s = 100_000.0 / per_second;
        assert!(elapsed_s < floor_s && elapsed_s > floor_s * 0.9, "{size:?}: {elapsed_s} of {floor_s}");
    }
}

#[test]
fn ten_times_the_speed_takes_a_tenth_of_the_time() {
    let plain = send(&mut Buckets::new(TenantSize::Large, 1.0), 50_000, units(2));
    let fast = send(&mut Buckets::new(TenantSize::Large, 10.0), 50_000, units(2));
    assert!((plain / fast - 10.0).abs() < 0.1, "{plain} and {fast}");
}

#[test]
fn writes_go_at_twenty_a_second() {
    let cost = Cost { units: 1, writes: 1, ..Cost::default() };
    let elapsed_s = send(&mut Buckets::new(TenantSize::Large, 1.0), 10_000, cost);
    assert!(elapsed_s > 350.0 && elapsed_s < 500.0, "{elapsed_s}");
}

#[test]
fn conditional_access_goes_once_a_second() {
    let cost = Cost::of(&Call::get("/identity/conditionalAccess/policies").meter(Meter::ConditionalAccess));
    let elapsed_s = send(&mut Buckets::new(TenantSize::Large, 1.0), 11, cost);
    assert!((elapsed_s - 10.1).abs() < 0.01, "{elapsed_s}");
}

#[test]
fn a_refusal_stops_for_its_time_and_halves_the_pace_once_for_all_of_its_moment() {
    let mut buckets = Buckets::new(TenantSize::Large, 1.0);
    let refused = Signal { refused: Some(Duration::from_secs(4)), ..Signal::default() };
    for _ in 0..16 {
        buckets.note(units(1), refused, Duration::ZERO);
    }
    assert_eq!(buckets.take(units(1), Duration::ZERO), Duration::from_secs(4));
    let full = Signal { fill: Some(1.8), ..Signal::default() };
    buckets.note(units(1), full, Duration::ZERO);
    // A whole bucket too much, at a pace between half and all of it.
    let wait_s = buckets.take(units(1), Duration::ZERO).as_secs_f64();
    assert!(wait_s > 10.0 && wait_s <= 20.1, "{wait_s}");
}

#[test]
fn writes_refused_do_not_stop_reads() {
    let mut buckets = Buckets::new(TenantSize::Large, 1.0);
    let cost = Cost { units: 1, writes: 1, ..Cost::default() };
    let wait = Duration::from_secs(9);
    let refused = Signal { refused: Some(wait), is_for_writes: true, ..Signal::default() };
    buckets.note(cost, refused, Duration::ZERO);
    assert_eq!(buckets.take(cost, Duration::ZERO), wait);
    assert_eq!(buckets.take(units(1), Duration::ZERO), Duration::ZERO);
}

#[test]
fn graphs_own_words_replace_ours() {
    let mut buckets = Buckets::new(TenantSize::Large, 1.0);
    assert!(buckets.take(units(1), Duration::ZERO).is_zero());
    buckets.note(units(1), Signal { fill: Some(0.9), ..Signal::default() }, Duration::ZERO);
    // From 0.9 down to 0.8 of 8,000 at 800 a second.
    let wait_s = buckets.take(units(1), Duration::ZERO).as_secs_f64();
    assert!((wait_s - 1.0).abs() < 0.01, "{wait_s}");
    let mut buckets = Buckets::new(TenantSize::Small, 1.0);
    assert!(buckets.take(units(1), Duration::ZERO).is_zero());
    buckets.note(units(1), Signal { units: Some(2801), ..Signal::default() }, Duration::ZERO);
    assert!(!buckets.take(units(1), Duration::ZERO).is_zero());
}

#[test]
fn a_batch_costs_what_its_calls_cost() {
    let calls = [
        Call::get("/users").units(2),
        Call::patch("/users/1", "{}"),
        Call::patch("/devices/1", "{}").meter(Meter::Device),
        Call::post("/directoryObjects/getByIds", "{}").effect(Effect::Read).units(5),
        Call::delete("/policies/1").meter(Meter::Unpublished),
    ];
    assert_eq!(Cost::sum(&calls), Cost { units: 9, writes: 3, devices: 1, policies: 0 });
}
