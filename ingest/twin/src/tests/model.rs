//! Owns the test of delta queries as a whole: a mirror kept by them alone equals the tenant.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::Fault;
use crate::synthetic::random::Source;

/// The objects that a client has from delta queries.
#[derive(Default)]
struct Mirror {
    users: BTreeMap<String, Value>,
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Mirror {
    fn take_users(&mut self, values: &[Value]) {
        for value in values {
            let id = value["id"].as_str().unwrap().to_owned();
            if value["@removed"].is_object() {
                self.users.remove(&id);
            } else {
                self.users.insert(id, value["city"].clone());
            }
        }
    }

    fn take_groups(&mut self, values: &[Value]) {
        for value in values {
            let members = self.members.entry(value["id"].as_str().unwrap().to_owned()).or_default();
            for member in value["members@delta"].as_array().into_iter().flatten() {
                let id = member["id"].as_str().unwrap().to_owned();
                if member["@removed"].is_object() {
                    members.remove(&id)
                } else {
                    members.insert(id)
                };
            }
        }
    }
}

/// Makes one random write, whether or not it succeeds.
fn act(client: &Client, source: Source, users: &[String], groups: &[String]) {
    let pick =
        |name, list: &[String]| list[source.below(name, u32::try_from(list.len()).unwrap()) as usize].clone();
    let (user, group) = (pick(1, users), pick(2, groups));
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{user}")});
    let members = format!("/v1.0/groups/{group}/members");
    match source.below(3, 8) {
        0 => client.write("DELETE", &format!("/v1.0/users/{user}"), Value::Null),
        1 | 2 => client.write("POST", &format!("/v1.0/directory/deletedItems/{user}/restore"), Value::Null),
        3 | 4 => client.write("POST", &format!("{members}/$ref"), reference),
        5 => client.write("DELETE", &format!("{members}/{user}/$ref"), Value::Null),
        _ => {
            let city = source.below(4, 1000).to_string();
            client.write("PATCH", &format!("/v1.0/users/{user}"), json!({"city": city}))
        }
    };
}

fn check(lag_ms: u32, faults: &str, seed: u64) {
    let client = Client::new(Twin::from_synthetic(600, seed), |options| {
        options.replica_lag_ms = lag_ms;
        options.faults = Fault::parse_list(faults).unwrap();
    });
    let of = |values: Vec<Value>| ids(&values).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let users = of(client.follow("/v1.0/users?$select=id&$top=40").0);
    let groups = of(client.follow("/v1.0/groups?$select=id&$top=10").0);
    let source = Source::new(seed);
    let mut mirror = Mirror::default();
    let (mut user_link, mut group_link) =
        ("/v1.0/users/delta?$select=city".to_owned(), "/v1.0/groups/delta?$select=id,members".to_owned());
    for round in 0..60 {
        let calm = round >= 58;
        for step in 0..if calm { 0 } else { 12 } {
            act(&client, source.fork(round * 100 + step), &users[..20], &groups);
            client.clock.advance_ms(i64::from(source.fork(round).below(step, 400)));
        }
        if calm {
            client.clock.advance_ms(2 * i64::from(lag_ms) + 1);
        }
        let (values, next) = client.follow(&user_link);
        mirror.take_users(&values);
        user_link = next.unwrap();
        let (values, next) = client.follow(&group_link);
        mirror.take_groups(&values);
        group_link = next.unwrap();
    }
    let listed = client.follow("/v1.0/users?$select=id,city&$top=999").0;
    let expected: BTreeMap<String, Value> =
        listed.iter().map(|user| (user["id"].as_str().unwrap().to_owned(), user["city"].clone())).collect();
    assert_eq!(mirror.users, expected, "lag {lag_ms}, {faults}");
    for group in &groups {
        let listed = client.follow(&format!("/v1.0/groups/{group}/members?$select=id&$top=999")).0;
        let expected: BTreeSet<String> = of(listed).into_iter().collect();
        let mut known = mirror.members.get(group).cloned().unwrap_or_default();
        known.retain(|id| mirror.users.contains_key(id));
        assert_eq!(known, expected, "lag {lag_ms}, {faults}");
    }
}

#[test]
fn a_mirror_kept_by_delta_alone_ends_up_as_the_tenant() {
    let faults = "duplicate-delta,unordered-delta,empty-delta-pages";
    for seed in 0..4 {
        check(0, "", seed);
        check(0, faults, seed);
        check(5000, faults, seed);
    }
}
