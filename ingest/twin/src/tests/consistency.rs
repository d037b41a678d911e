//! Owns the tests of lagging replicas.

use super::*;

#[test]
fn what_was_just_written_is_seen_late_and_in_the_end_everywhere() {
    let client = Client::new(small(), |options| options.replica_lag_ms = 60_000);
    let body =
        json!({"displayName": "New", "mailEnabled": false, "mailNickname": "n", "securityEnabled": true});
    let mut missed = [0, 0, 0];
    let mut made = Vec::new();
    for _ in 0..20 {
        let reply = client.call("POST", "/v1.0/groups", &[], Some(body.clone()));
        made.push(tree(&reply)["id"].as_str().unwrap().to_owned());
    }
    client.clock.advance_ms(20_000);
    let listed = client.follow("/v1.0/groups?$select=id").0;
    for id in &made {
        missed[0] += usize::from(client.call("GET", &format!("/v1.0/groups/{id}"), &[], None).status == 404);
        missed[1] += usize::from(!ids(&listed).contains(&id.as_str()));
        let nested = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")});
        missed[2] += usize::from(client.write("POST", "/v1.0/groups/staff/members/$ref", nested) == 404);
    }
    assert!(missed.iter().all(|&missed| (3..18).contains(&missed)), "{missed:?}");
    let early = client.follow("/v1.0/groups/delta").0;
    assert!(made.iter().all(|id| !ids(&early).contains(&id.as_str())), "delta lags behind all others");
    client.clock.advance_ms(120_000);
    let late = client.follow("/v1.0/groups/delta").0;
    assert!(made.iter().all(|id| ids(&late).contains(&id.as_str())));
    assert!(made.iter().all(|id| client.call("GET", &format!("/v1.0/groups/{id}"), &[], None).status == 200));
}

#[test]
fn delta_rounds_miss_nothing_when_replicas_lag() {
    let client = Client::new(small(), |options| options.replica_lag_ms = 10_000);
    let mut link = client.follow("/v1.0/users/delta?$select=city").1.unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..30 {
        for user in ["ann", "bob"] {
            client.write("PATCH", &format!("/v1.0/users/{user}"), json!({"city": format!("{user} {round}")}));
            client.clock.advance_ms(1700);
        }
        let (values, next) = client.follow(&link);
        link = next.unwrap();
        for value in values {
            seen.insert(value["id"].to_string(), value["city"].to_string());
        }
    }
    client.clock.advance_ms(30_000);
    for value in client.follow(&link).0 {
        seen.insert(value["id"].to_string(), value["city"].to_string());
    }
    let values: Vec<&String> = seen.values().collect();
    assert_eq!(values, ["\"ann 29\"", "\"bob 29\""]);
}
