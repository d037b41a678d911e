//! The Graph client against the twin: what it sends, what it makes of bad days, how fast it goes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ingest::graph::{
    Access, Call, Client, Clock, Cloud, Credential, Effect, Error, Secret, Settings, Sleep, TenantSize,
};
use twin::{Fault, ManualClock, Options, Server, Twin};

const START_MS: i64 = 1_795_341_600_000;

/// The twin's clock as the client's: whoever sleeps moves it on to when they want to wake.
struct Hands(Arc<ManualClock>);

impl Hands {
    fn now_ms(&self) -> i64 {
        twin::Clock::now_ms(&*self.0)
    }
}

impl Clock for Hands {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_ms()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_ms() - START_MS).unwrap())
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let wake_ms = self.now_ms() + i64::try_from(duration.as_micros().div_ceil(1000)).unwrap();
        let clock = Arc::clone(&self.0);
        let sleep = async move {
            // Whatever can go on without time goes on first.
            tokio::task::yield_now().await;
            let left_ms = wake_ms - twin::Clock::now_ms(&*clock);
            clock.advance_ms(left_ms.max(0));
        };
        Box::pin(sleep) as Pin<Box<_>>
    }
}

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
    for (place, (id, answer)) in asked.iter().zip(&answers).enumerate() {
        match answer {
            Ok(answer) => assert_eq!(id_of(str::from_utf8(&answer.body).unwrap()), *id),
            Err(error) => {
                assert_eq!((place, error.status()), (7, Some(404)));
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
