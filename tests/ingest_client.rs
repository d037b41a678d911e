//! The Graph client against the twin: what it sends, what it makes of bad days, how fast it goes.

use std::sync::Arc;

use ingest::graph::{
    Access, Call, Cancel, Client, Clock as _, Cloud, Credential, Effect, Error, Meter, Secret, Settings,
    SignInCause, TenantSize,
};
use twin::{Fault, ManualClock, Options, Server, Twin};

use crate::tenant::{Hands, START_MS};

mod bounds;
mod pace;

/// A twin with a client of it.
struct Bench {
    clock: Arc<ManualClock>,
    server: Server,
}

impl Bench {
    fn new(objects: u64, speed: f64, faults: &str) -> Self {
        let clock = Arc::new(ManualClock::at_ms(START_MS));
        let mut options = Options::new(clock.clone(), [7; 32]);
        options.speed = speed;
        options.faults = Fault::parse_list(faults).unwrap();
        let server = twin::serve(Twin::from_synthetic(objects, 1), options).unwrap();
        Self { clock, server }
    }

    fn settings(&self) -> Settings {
        let credential = Credential::Secret {
            client_id: self.server.client_id().to_owned(),
            secret: Secret::new(self.server.client_secret()),
        };
        Settings {
            endpoint: self.server.endpoint(),
            authority: self.server.endpoint(),
            access: Access::ReadWrite,
            speed: 0.0,
            ..Settings::new(Cloud::Global, self.server.tenant_id(), credential, 1)
        }
    }

    fn client_with(&self, settings: Settings) -> Client {
        Client::new(settings, Arc::new(Hands(self.clock.clone()))).unwrap()
    }

    fn client(&self) -> Client {
        self.client_with(self.settings())
    }

    /// Seconds since the start.
    fn elapsed_s(&self) -> f64 {
        Hands(self.clock.clone()).monotonic().as_secs_f64()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Reads a collection to its end; the IDs of its items.
async fn ids(client: &Client, call: Call) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    let mut pages = client.pages(call);
    while let Some(page) = pages.next().await {
        ids.extend(page?.items().map(id_of));
    }
    Ok(ids)
}

/// The IDs of users whose master is not on-premises.
async fn cloud_users(client: &Client) -> Vec<String> {
    let mut users = Vec::new();
    let mut pages = client.pages(Call::get("/users?$top=999&$select=id,onPremisesSyncEnabled"));
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        users.extend(page.items().filter(|json| !json.contains("\"onPremisesSyncEnabled\":true")).map(id_of));
    }
    users
}

fn id_of(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["id"].as_str().unwrap().to_owned()
}

#[test]
fn pages_hold_every_object_once_and_as_it_came() {
    let bench = Bench::new(3000, 0.0, "");
    let client = bench.client();
    let found = run(ids(&client, Call::get("/users?$top=100&$select=id,displayName"))).unwrap();
    let expected = bench.server.objects().into_iter();
    let mut expected: Vec<String> = expected
        .filter(|(token, json)| token == "user" && !json.contains("\"deletedDateTime\":\""))
        .map(|(_, json)| id_of(&json))
        .collect();
    let mut sorted = found.clone();
    sorted.sort();
    expected.sort();
    assert!(expected.len() > 1000);
    assert_eq!(sorted, expected);
    let counts = client.counts();
    assert_eq!(counts.requests, expected.len().div_ceil(100) as u64);
    assert_eq!(counts.units, bench.server.take_counts().units);
}

#[test]
fn batches_answer_in_the_order_of_the_calls_and_each_alone() {
    let bench = Bench::new(3000, 0.0, "");
    let client = bench.client();
    let (asked, answers) = run(async {
        let mut asked = ids(&client, Call::get("/users?$top=53")).await.unwrap();
        asked.truncate(53);
        asked[7] = "00000000-0000-0000-0000-000000000001".to_owned();
        let calls = asked.iter().map(|id| Call::get(format!("/users/{id}?$select=id,displayName")));
        let answers = client.batch(calls.collect()).await;
        (asked, answers)
    });
    for (index, (id, answer)) in asked.iter().zip(&answers).enumerate() {
        match answer {
            Ok(answer) => assert_eq!(id_of(str::from_utf8(&answer.body).unwrap()), *id),
            Err(error) => {
                assert_eq!((index, error.status()), (7, Some(404)));
                assert_eq!(error.refusal().unwrap().code, "Request_ResourceNotFound");
            }
        }
    }
    assert_eq!(answers.len(), 53);
    assert_eq!(bench.server.take_counts().batches, 3);
}

#[test]
fn creates_and_changes_reach_the_tenant() {
    let bench = Bench::new(200, 0.0, "");
    let client = bench.client();
    let group = r#"{"displayName":"Made","mailEnabled":false,"mailNickname":"made","securityEnabled":true}"#;
    let id = run(async {
        let answer = client.send(&Call::post("/groups", group)).await.unwrap();
        assert_eq!(answer.status, 201);
        assert!(answer.location.is_some() && answer.request_id.is_some());
        let id = id_of(str::from_utf8(&answer.body).unwrap());
        let change = Call::patch(format!("/groups/{id}"), r#"{"displayName":"Changed"}"#);
        let answer = client.send(&change).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        id
    });
    assert!(bench.server.object("group", &id).unwrap().contains("Changed"));
    assert_eq!(client.counts().writes, 2);
}

/// Reads all users and groups in pages of 50, and each group's members in batches; fails on the first error.
async fn read_much(client: &Client) -> Result<usize, Error> {
    let users = ids(client, Call::get("/users?$top=50")).await?;
    let groups = ids(client, Call::get("/groups?$top=50")).await?;
    let calls = groups.iter().map(|id| Call::get(format!("/groups/{id}/members?$select=id")).units(2));
    let mut count = users.len() + groups.len();
    for answer in client.batch(calls.collect()).await {
        count += answer?.body.len();
    }
    Ok(count)
}

#[test]
fn reads_come_through_every_bad_day() {
    let expected = run(read_much(&Bench::new(2000, 0.0, "").client())).unwrap();
    for (faults, status) in [
        ("429=100", Some(429)),
        ("503=100", Some(503)),
        ("expired-token=100", Some(401)),
        ("reset=100", None),
        ("truncate=100", None),
        ("slow=1", None),
        ("429=50,503=50,reset=30,truncate=30,expired-token=50", Some(503)),
    ] {
        let bench = Bench::new(2000, 0.0, faults);
        let client = bench.client();
        assert_eq!(run(read_much(&client)).map_err(|error| format!("{faults}: {error}")), Ok(expected));
        let counts = bench.server.take_counts();
        if let Some(status) = status {
            assert!(
                counts.by_status.get(&status).is_some_and(|count| *count > 0),
                "{faults}: no fault happened"
            );
        }
        assert!(
            faults.starts_with("slow") || client.counts().retries > 0,
            "{faults}: nothing was sent again"
        );
    }
}

#[test]
fn changes_come_through_concurrency_and_lost_answers() {
    for faults in ["409=200", "429=100", "503=100", "reset=100", "truncate=100"] {
        let bench = Bench::new(2000, 0.0, faults);
        let client = bench.client();
        let users = run(async {
            let users = cloud_users(&client).await;
            // Which answers are lost depends on who was faster: it goes on until one was.
            for _ in 0..200 {
                change_titles(&client, &users[..100]).await;
                if client.counts().retries > 0 {
                    break;
                }
            }
            users
        });
        assert!(client.counts().retries > 0, "{faults}: nothing was sent again");
        for id in &users[..100] {
            assert!(bench.server.object("user", id).unwrap().contains("\"jobTitle\":\"Changed\""));
        }
    }
}

async fn change_titles(client: &Client, ids: &[String]) {
    let change = |id: &String| Call::patch(format!("/users/{id}"), r#"{"jobTitle":"Changed"}"#);
    for answer in client.batch(ids.iter().map(change).collect()).await {
        assert_eq!(answer.map(|answer| answer.status).map_err(|error| error.to_string()), Ok(204));
    }
}

fn group_named(name: &str) -> Call {
    let body = format!(
        r#"{{"displayName":"{name}","mailEnabled":false,"mailNickname":"{name}","securityEnabled":true}}"#
    );
    Call::post("/groups", body)
}

fn groups_named(server: &Server, name: &str) -> usize {
    let name = format!("\"displayName\":\"{name}\"");
    server.objects().iter().filter(|(token, json)| token == "group" && json.contains(&name)).count()
}

#[test]
fn a_create_whose_answer_is_lost_is_sent_once_and_said_to_be_unanswered() {
    for faults in ["reset=1000", "truncate=1000"] {
        let bench = Bench::new(200, 0.0, faults);
        let client = bench.client();
        let error = run(client.send(&group_named("lonely"))).unwrap_err();
        assert!(matches!(error, Error::Unanswered { .. }), "{faults}: {error}");
        assert_eq!(groups_named(&bench.server, "lonely"), 1, "{faults}");
        let calls = ["first", "second"].map(group_named).to_vec();
        for answer in run(client.batch(calls)) {
            assert!(matches!(answer, Err(Error::Unanswered { .. })), "{faults}");
        }
        assert_eq!(groups_named(&bench.server, "second"), 1, "{faults}");
    }
}

#[test]
fn a_create_that_was_refused_is_sent_again_until_it_takes_effect_once() {
    for faults in ["429=400", "503=400", "409=400", "expired-token=300"] {
        let bench = Bench::new(200, 0.0, faults);
        let client = bench.client();
        let names: Vec<String> = (0..40).map(|number| format!("again{number}")).collect();
        let answers = run(client.batch(names.iter().map(|name| group_named(name)).collect()));
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        // A token may be refused more often than a call may cost new ones.
        assert!(failed == 0 || faults.starts_with("expired") && failed < 5, "{faults}: {failed} failed");
        assert!(client.counts().retries > 10, "{faults}: nothing was sent again");
        for (name, answer) in names.iter().zip(answers) {
            assert_eq!(groups_named(&bench.server, name), usize::from(answer.is_ok()), "{faults}: {name}");
        }
    }
}

#[test]
fn a_refusal_for_good_says_what_was_asked() {
    let bench = Bench::new(200, 0.0, "403=device");
    let client = bench.client();
    let error = run(client.send(&Call::get("/devices?$top=1"))).unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, refusal.code.as_str()), (403, "Authorization_RequestDenied"));
    assert_eq!(refusal.asked, "GET /v1.0/devices");
    assert!(refusal.request_id.is_some() && refusal.tries == 1);
    assert!(run(ids(&client, Call::get("/users"))).is_ok());
}

#[test]
fn an_expired_delta_token_is_told_apart() {
    let bench = Bench::new(200, 0.0, "");
    let client = bench.client();
    run(async {
        let mut pages = client.pages(Call::get("/users/delta?$select=displayName"));
        let mut link = None;
        while let Some(page) = pages.next().await {
            link = page.unwrap().delta_link;
        }
        let link = link.expect("a round of a delta query ends with a link");
        assert!(client.send(&Call::get(link.clone())).await.is_ok());
        bench.server.set_faults(Fault::parse_list("expired-delta").unwrap());
        assert!(client.send(&Call::get(link.clone())).await.unwrap_err().is_resync());
        bench.server.set_faults(Fault::parse_list("410").unwrap());
        let error = client.send(&Call::get(link)).await.unwrap_err();
        assert!(error.is_resync() && error.refusal().unwrap().location.is_some());
    });
}

#[test]
fn a_link_to_another_host_is_not_followed() {
    let bench = Bench::new(200, 0.0, "");
    let other = Bench::new(200, 0.0, "");
    let client = bench.client();
    for link in [
        format!("{}/v1.0/users", other.server.endpoint()),
        bench.server.endpoint().replace("http:", "https:") + "/v1.0/users",
        "https://graph.microsoft.com/v1.0/users".to_owned(),
    ] {
        for error in [
            run(client.send(&Call::get(link.clone()))).unwrap_err(),
            run(client.batch(vec![Call::get(link.clone())])).pop().unwrap().unwrap_err(),
            run(client.pages(Call::get(link.clone())).next()).unwrap().unwrap_err(),
        ] {
            assert!(matches!(error, Error::ForeignLink { .. }), "{link}: {error}");
        }
    }
    assert_eq!(client.counts().requests, 0);
    assert_eq!(other.server.take_counts().requests, 0);
}

#[test]
fn a_client_that_may_only_read_sends_nothing_else() {
    let bench = Bench::new(200, 0.0, "");
    let client = bench.client_with(Settings { access: Access::ReadOnly, ..bench.settings() });
    let writes = [
        group_named("never"),
        Call::patch("/users/1", "{}"),
        Call::put("/users/1/manager/$ref", "{}"),
        Call::delete("/users/1"),
        Call::post("/directoryObjects/getByIds", "{}").effect(Effect::Read),
    ];
    run(async {
        for call in &writes {
            assert!(matches!(client.send(call).await, Err(Error::ReadOnly { .. })), "{call:?}");
        }
        for answer in client.batch(writes.to_vec()).await {
            assert!(matches!(answer, Err(Error::ReadOnly { .. })));
        }
        let mixed = vec![Call::get("/users"), Call::delete("/users/1")];
        assert!(client.batch(mixed).await.iter().all(Result::is_err));
        assert_eq!(client.counts().requests, 0);
        assert!(
            client.batch(vec![Call::get("/users"), Call::get("/groups")]).await.iter().all(Result::is_ok)
        );
    });
    assert_eq!(bench.server.take_counts().writes, 0);
}

#[test]
fn whoever_asks_to_stop_is_heard_in_the_middle_of_a_wait() {
    let bench = Bench::new(200, 0.0, "slow=60000");
    let cancel = Cancel::new();
    let client = bench.client_with(Settings { cancel: cancel.clone(), ..bench.settings() });
    let error = run(async {
        let asked = tokio::spawn(async move { client.send(&Call::get("/users")).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        asked.await.unwrap().unwrap_err()
    });
    assert!(matches!(error, Error::Cancelled), "{error}");
}

#[test]
fn a_write_that_left_is_waited_for_although_somebody_asks_to_stop() {
    let bench = Bench::new(200, 0.0, "");
    let cancel = Cancel::new();
    let client = bench.client_with(Settings { cancel: cancel.clone(), ..bench.settings() });
    let made = run(async {
        client.send(&Call::get("/users?$top=1")).await.unwrap();
        bench.server.set_faults(Fault::parse_list("slow=20").unwrap());
        let asked = tokio::spawn(async move { client.send(&group_named("late")).await });
        while groups_named(&bench.server, "late") == 0 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        asked.await.unwrap()
    });
    assert_eq!(made.map(|answer| answer.status).map_err(|error| error.to_string()), Ok(201));
}

#[test]
fn a_sign_in_that_fails_is_not_tried_by_each_call() {
    let bench = Bench::new(200, 0.0, "");
    let credential = Credential::Secret { client_id: "nobody".to_owned(), secret: Secret::new("wrong") };
    let client = bench.client_with(Settings { credential, ..bench.settings() });
    let answers = run(client.batch(vec![Call::get("/users"); 1000]));
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::SignIn(_)))));
    assert_eq!(client.counts().sign_ins, 1);
}

#[test]
fn a_wrong_secret_is_explained_and_never_shown() {
    let bench = Bench::new(200, 0.0, "");
    let secret = "a-secret-that-is-wrong";
    let credential = |client_id: &str, secret: &str| Credential::Secret {
        client_id: client_id.to_owned(),
        secret: Secret::new(secret),
    };
    let ask = |settings| run(bench.client_with(settings).send(&Call::get("/users"))).unwrap_err();
    let client_id = bench.server.client_id();
    let wrong = ask(Settings { credential: credential(client_id, secret), ..bench.settings() });
    let cause = |error: &Error| if let Error::SignIn(sign_in) = error { Some(sign_in.cause) } else { None };
    assert_eq!(wrong.to_string(), "no access token: AADSTS7000215: Invalid client secret provided.");
    assert_eq!(cause(&wrong), Some(SignInCause::WrongSecret));
    let wrong = ask(Settings { credential: credential("nobody", secret), ..bench.settings() });
    assert_eq!(cause(&wrong), Some(SignInCause::UnknownApplication), "{wrong}");
    let wrong = ask(Settings { tenant: "elsewhere.example".to_owned(), ..bench.settings() });
    assert_eq!(cause(&wrong), Some(SignInCause::UnknownTenant), "{wrong}");
    assert!(!format!("{wrong:?}").contains(secret), "{wrong}");
    assert_eq!(bench.server.take_counts().requests, 0);
}

#[test]
fn a_token_is_had_once_and_renewed_before_it_ends() {
    let bench = Bench::new(200, 0.0, "");
    let client = bench.client();
    run(async {
        assert!(client.send(&Call::get("/users")).await.is_ok());
        bench.clock.advance_ms(3_400_000);
        assert!(client.send(&Call::get("/users")).await.is_ok());
        // Past the end of the first token: whoever had not renewed it would be refused now.
        bench.clock.advance_ms(300_000);
        assert!(client.send(&Call::get("/users")).await.is_ok());
    });
    assert_eq!(bench.server.take_counts().by_status.keys().collect::<Vec<_>>(), [&200]);
    assert_eq!(client.counts().retries, 0);
}

#[test]
fn a_wait_without_end_is_cut_and_told() {
    let bench = Bench::new(200, 0.0, "long-wait=/users");
    let client = bench.client();
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    client.on_wait(move |until| kept.lock().unwrap().push(until));
    let error = run(client.send(&Call::get("/users"))).unwrap_err();
    assert_eq!(error.status(), Some(429));
    assert!(bench.elapsed_s() <= 15.0 * 60.0, "{}", bench.elapsed_s());
    let told = told.lock().unwrap().clone();
    assert!(!told.is_empty());
    let first = told[0].as_second() - START_MS / 1000;
    assert!((290..=310).contains(&first), "{first}");
    // What was refused to one call does not hold up others for longer than that.
    run(client.send(&Call::get("/groups"))).unwrap();
    assert!(bench.elapsed_s() <= 20.0 * 60.0, "{}", bench.elapsed_s());
}
