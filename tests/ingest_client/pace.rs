//! How fast the client goes: near what the tenant permits, and hardly ever refused.

use super::*;

#[test]
fn bulk_reads_stay_near_the_quota_and_are_hardly_ever_refused() {
    let bench = Bench::new(30_000, 1.0, "");
    let client = bench.client_with(Settings { speed: 1.0, size: TenantSize::Large, ..bench.settings() });
    run(async {
        let groups = ids(&client, Call::get("/groups?$top=999&$select=id")).await.unwrap();
        let read = |id: &String| Call::get(format!("/groups/{id}/members?$select=id")).units(2);
        let calls: Vec<Call> = groups.iter().map(read).collect();
        while client.counts().units < 60_000 {
            assert!(client.batch(calls.clone()).await.iter().all(Result::is_ok));
        }
    });
    let counts = bench.server.take_counts();
    let refused = counts.by_status.get(&429).copied().unwrap_or(0);
    assert!(refused * 100 < counts.requests, "{refused} of {} were refused", counts.requests);
    assert_eq!((counts.units, counts.requests), (client.counts().units, client.counts().calls));
    #[expect(clippy::cast_precision_loss, reason = "the test has no such numbers")]
    let floor_s = counts.units as f64 / 800.0;
    let elapsed_s = bench.elapsed_s();
    assert!(elapsed_s < floor_s * 1.1, "{elapsed_s} s for {} units", counts.units);
    assert!(elapsed_s > floor_s * 0.7, "{elapsed_s} s for {} units: the twin set no pace", counts.units);
}

#[test]
fn ten_thousand_changes_go_at_the_pace_of_the_write_quota() {
    let bench = Bench::new(30_000, 1.0, "");
    let client = bench.client_with(Settings { speed: 1.0, size: TenantSize::Large, ..bench.settings() });
    run(async {
        let users = cloud_users(&client).await;
        let calls: Vec<Call> = (users.iter().cycle().take(10_000))
            .map(|id| Call::patch(format!("/users/{id}"), r#"{"jobTitle":"Changed"}"#))
            .collect();
        for answer in client.batch(calls).await {
            assert_eq!(answer.map(|answer| answer.status).map_err(|error| error.to_string()), Ok(204));
        }
    });
    let counts = bench.server.take_counts();
    let refused = counts.by_status.get(&429).copied().unwrap_or(0);
    assert!(refused * 100 < counts.requests, "{refused} of {} were refused", counts.requests);
    let elapsed_s = bench.elapsed_s();
    assert!(elapsed_s < 10_000.0 / 18.0 && elapsed_s > 300.0, "{elapsed_s} s");
}

#[test]
fn conditional_access_is_asked_once_a_second_and_never_refused() {
    let bench = Bench::new(2000, 1.0, "");
    let client = bench.client_with(Settings { speed: 1.0, ..bench.settings() });
    run(async {
        let policies = "/identity/conditionalAccess/policies";
        let call = Call::get(policies).meter(Meter::ConditionalAccess);
        assert!(client.batch(vec![call; 10]).await.iter().all(Result::is_ok));
    });
    assert_eq!(bench.server.take_counts().by_status.keys().collect::<Vec<_>>(), [&200]);
    assert!((9.0..12.0).contains(&bench.elapsed_s()), "{} s", bench.elapsed_s());
}

#[test]
fn conditional_access_that_is_refused_is_asked_again_although_nobody_says_when() {
    let bench = Bench::new(2000, 1.0, "");
    let client = bench.client();
    run(async {
        for _ in 0..5 {
            let policies = "/identity/conditionalAccess/policies";
            let call = Call::get(policies).meter(Meter::ConditionalAccess);
            assert!(client.send(&call).await.is_ok());
        }
    });
    assert_eq!(bench.server.take_counts().by_status.get(&429), Some(&4));
    assert!((4.0..8.0).contains(&bench.elapsed_s()), "{} s", bench.elapsed_s());
}

#[test]
fn a_client_of_a_wrong_size_adapts_to_what_the_tenant_gives() {
    let bench = Bench::new(200, 1.0, "");
    let client = bench.client_with(Settings { speed: 1.0, size: TenantSize::Large, ..bench.settings() });
    run(async {
        for _ in 0..10 {
            let calls = vec![Call::get("/users?$top=100").units(2); 1000];
            assert!(client.batch(calls).await.iter().all(Result::is_ok));
        }
    });
    let counts = bench.server.take_counts();
    let refused = counts.by_status.get(&429).copied().unwrap_or(0);
    assert!(refused * 100 < counts.requests * 10, "{refused} of {} were refused", counts.requests);
}
