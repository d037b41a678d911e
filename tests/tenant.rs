//! A twin with a client of it, on one clock that moves on when somebody sleeps.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ingest::graph::{Access, Client, Clock, Cloud, Credential, Secret, Settings, Sleep};
use twin::{Fault, ManualClock, Options, Server, Twin};

/// When every tenant begins.
pub(crate) const START_MS: i64 = 1_795_341_600_000;

/// The twin's clock as the client's: whoever sleeps moves it on to when they want to wake.
pub(crate) struct Hands(pub(crate) Arc<ManualClock>);

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

/// A tenant, how it is reached, and what time it is there.
pub(crate) struct Tenant {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) server: Server,
}

impl Tenant {
    pub(crate) fn new(objects: u64, seed: u64) -> Self {
        Self::with(objects, seed, |_| {})
    }

    pub(crate) fn with(objects: u64, seed: u64, change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::at_ms(START_MS));
        let mut options = Options::new(clock.clone(), [7; 32]);
        change(&mut options);
        let server = twin::serve(Twin::from_synthetic(objects, seed), options).unwrap();
        Self { clock, server }
    }

    /// What time it is there.
    pub(crate) fn clock_ms(&self) -> i64 {
        twin::Clock::now_ms(&*self.clock)
    }

    pub(crate) fn set_faults(&self, list: &str) {
        self.server.set_faults(Fault::parse_list(list).unwrap());
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(|_| {})
    }

    pub(crate) fn client_with(&self, change: impl FnOnce(&mut Settings)) -> Client {
        let credential = Credential::Secret {
            client_id: self.server.client_id().to_owned(),
            secret: Secret::new(self.server.client_secret()),
        };
        let mut settings = Settings {
            endpoint: self.server.endpoint(),
            authority: self.server.endpoint(),
            access: Access::ReadOnly,
            speed: 0.0,
            ..Settings::new(Cloud::Global, self.server.tenant_id(), credential, 1)
        };
        change(&mut settings);
        Client::new(settings, Arc::new(Hands(self.clock.clone()))).unwrap()
    }
}
