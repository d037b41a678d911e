//! Owns sending: nothing else sends to Graph. With it go the pace, the token, the tries and the counts around it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::call::{Answer, Call, Effect, Method};
use super::clock::Clock;
use super::error::{Error, ErrorBody, Result, Setting, SettingProblem, read_error};
use super::pace::{Cost, Pace, Signal};
use super::random::Random;
use super::retry::{Decision, RETRY_AFTER_MAX, TryOutcome, decide, read_retry_after};
use super::settings::{Access, Settings, TenantSize};
use super::token::sign_in::SignInContext;
use super::token::{Token, Tokens};
use super::transport::address::{Address, Plain};
use super::transport::{Lost, Outgoing, Received, Transport};
use super::trial::{Continuation, Parcel, Trial, checked};
use engine::schema::Version;

/// The most bytes of one answer, unpacked: a page of 999 users has five million.
const ANSWER_MAX: usize = 64 << 20;
/// The most bytes of the answer to a batch, unpacked.
const BATCH_ANSWER_MAX: usize = 16 << 20;
/// The shortest wait that is reported.
const WAIT_TOLD: Duration = Duration::from_secs(10);

/// How long a refusal lasts that does not say so.
const REFUSED_FOR: Duration = Duration::from_secs(1);

/// Sends calls. Clones share connections, token, pace and counts.
#[derive(Clone)]
pub(super) struct Sender(Arc<SenderState>);

/// What clones of a sender share.
struct SenderState {
    settings: Settings,
    endpoint: Address,
    authority: Address,
    resource: String,
    transport: Transport,
    tokens: Tokens,
    pace: Pace,
    permits: Semaphore,
    random: Random,
    clock: Arc<dyn Clock>,
    tally: Tally,
    waiting: Mutex<Waiting>,
}

/// Who is told of long waits, and until when the last one was.
#[derive(Default)]
struct Waiting {
    tell: Option<Arc<dyn Fn(jiff::Timestamp) + Send + Sync>>,
    until: Option<jiff::Timestamp>,
}

/// How much was sent so far, as a caller sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// HTTP requests to Graph, a batch being one.
    pub requests: u64,
    /// Calls, those in batches one by one, each time they were sent.
    pub calls: u64,
    /// Resource units, as Graph says or as the caller expected.
    pub units: u64,
    /// Calls that write.
    pub writes: u64,
    /// Calls that were refused with 429.
    pub throttled: u64,
    /// Calls that were sent again.
    pub retries: u64,
    /// Requests for tokens.
    pub sign_ins: u64,
    /// Bytes of the bodies of answers.
    pub body_bytes: u64,
}

/// How much was sent so far.
#[derive(Default)]
struct Tally {
    requests: AtomicU64,
    calls: AtomicU64,
    units: AtomicU64,
    writes: AtomicU64,
    throttled: AtomicU64,
    retries: AtomicU64,
    body_bytes: AtomicU64,
}

/// What is sent: the only two things there are.
pub(super) enum Sending<'a> {
    One(&'a Call),
    /// Calls of one version, and the body that has them all.
    Batch(Version, &'a [&'a Call], Bytes),
}

impl Sending<'_> {
    fn only_reads(&self) -> bool {
        match self {
            Self::One(call) => call.effect == Effect::Read,
            Self::Batch(_, calls, _) => calls.iter().all(|call| call.effect == Effect::Read),
        }
    }
}

/// What one sending came to, and which token it went with.
pub(super) struct SendOutcome {
    pub(super) received: Result<Received, Lost>,
    pub(super) token_number: u64,
}

impl Sender {
    /// Prepares connections; sends nothing yet.
    ///
    /// # Errors
    /// `Settings` when a host is none, or plain http would leave this machine; `Connections`.
    pub(super) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let endpoint = Address::host(&settings.endpoint, Setting::Endpoint, Plain::Loopback)?;
        let authority = Address::host(&settings.authority, Setting::Authority, Plain::Loopback)?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if settings.tenant.is_empty() || !settings.tenant.bytes().all(is_name) {
            let problem = Box::new(SettingProblem::NoTenant);
            return Err(Error::Settings { setting: Setting::Tenant, problem });
        }
        let hosts = [&endpoint, &authority];
        let transport = Transport::new(&settings.user_agent, settings.exchange_max, &hosts)?;
        Ok(Self(Arc::new(SenderState {
            resource: endpoint.origin(),
            transport,
            tokens: Tokens::default(),
            pace: Pace::new(settings.size, settings.speed),
            permits: Semaphore::new(settings.in_flight_max.clamp(1, Semaphore::MAX_PERMITS)),
            random: Random::new(settings.seed),
            clock,
            tally: Tally::default(),
            waiting: Mutex::default(),
            endpoint,
            authority,
            settings,
        })))
    }

    /// Sends one call, as often as it takes.
    ///
    /// # Errors
    /// As [`super::Client::send`].
    pub(super) async fn send(&self, call: &Call) -> Result<Answer> {
        let mut trial = Trial::new(call);
        loop {
            let sent = self.send_once(&Sending::One(call), trial.refused_token).await?;
            let (answer, retry_after) = match sent.received {
                Ok(received) => {
                    let retry_after = self.retry_after(received.header("retry-after"));
                    (Ok(received.into()), retry_after)
                }
                Err(lost) => (Err(lost), None),
            };
            match self.judge(&mut trial, answer, retry_after, sent.token_number) {
                Continuation::Done(result) => return result,
                Continuation::Again { wait } => self.rest(wait).await?,
            }
        }
    }

    /// As [`super::Client::on_wait`].
    pub(super) fn on_wait(&self, tell: impl Fn(jiff::Timestamp) + Send + Sync + 'static) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Waiting { tell: Some(Arc::new(tell)), until: None };
    }

    /// As [`super::Client::resize`].
    pub(super) fn resize(&self, size: TenantSize) {
        self.0.pace.resize(size);
    }

    /// How much was sent so far.
    pub(super) fn counts(&self) -> Counts {
        let tally = &self.0.tally;
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            requests: get(&tally.requests),
            calls: get(&tally.calls),
            units: get(&tally.units),
            writes: get(&tally.writes),
            throttled: get(&tally.throttled),
            retries: get(&tally.retries),
            sign_ins: get(&self.0.tokens.requests),
            body_bytes: get(&tally.body_bytes),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    fn now(&self) -> Duration {
        self.0.clock.monotonic()
    }

    pub(super) fn in_flight_max(&self) -> usize {
        self.0.settings.in_flight_max.max(1)
    }

    pub(super) fn retry_after(&self, header: Option<&str>) -> Option<Duration> {
        let wait = header.and_then(|text| read_retry_after(text, self.0.clock.now()));
        wait.map(|wait| wait.min(RETRY_AFTER_MAX))
    }

    /// Waits, unless the run is cancelled.
    pub(super) async fn rest(&self, wait: Duration) -> Result<()> {
        if wait >= WAIT_TOLD {
            self.tell_wait(wait);
        }
        self.0.settings.cancel.guard(self.0.clock.sleep(wait)).await
    }

    fn tell_wait(&self, wait: Duration) {
        let until = self.0.clock.now().saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Calls that wait together are told of once.
        if waiting.until.is_some_and(|told| until <= told.saturating_add(WAIT_TOLD).unwrap_or(told)) {
            return;
        }
        waiting.until = Some(until);
        let tell = waiting.tell.clone();
        drop(waiting);
        if let Some(tell) = tell {
            tell(until);
        }
    }

    /// Gives the address that a call goes to.
    pub(super) fn address(&self, call: &Call) -> Result<Address> {
        if call.path.starts_with('/') {
            self.0.endpoint.join(call.version.segment(), &call.path)
        } else {
            self.0.endpoint.follow(&call.path)
        }
    }

    pub(super) async fn token(&self, refused: Option<u64>) -> Result<Token> {
        let inner = &*self.0;
        let context = SignInContext {
            transport: &inner.transport,
            clock: &*inner.clock,
            cancel: &inner.settings.cancel,
            random: &inner.random,
            authority: &inner.authority,
            resource: &inner.resource,
            tenant: &inner.settings.tenant,
            credential: &inner.settings.credential,
            refresh: &inner.tokens.refresh,
            requests: &inner.tokens.requests,
        };
        inner.tokens.get(&context, refused).await
    }

    /// Sends once. Nothing else sends anything to Graph.
    pub(super) async fn send_once(&self, sending: &Sending<'_>, refused: Option<u64>) -> Result<SendOutcome> {
        let inner = &*self.0;
        let (address, cost, count) = self.check(sending)?;
        let turn = inner.pace.admit(cost, &*inner.clock, &inner.settings.cancel).await?;
        let permit = inner.settings.cancel.guard(inner.permits.acquire()).await?;
        // Only now: a call may have waited for longer than a token lasts.
        let token = self.token(refused).await?;
        let request_id = inner.random.guid();
        let mut headers = vec![("client-request-id", request_id.as_str())];
        let body = match sending {
            Sending::One(call) => {
                headers.extend(call.is_eventual.then_some(("consistencylevel", "eventual")));
                headers.extend(call.prefer.as_deref().map(|preference| ("prefer", preference)));
                call.body.clone()
            }
            Sending::Batch(_, _, body) => Some(body.clone()),
        };
        let method = if let Sending::One(call) = sending { call.method } else { Method::Post };
        let body = body.map(|body| ("application/json", body));
        let answer_max = if let Sending::One(_) = sending { ANSWER_MAX } else { BATCH_ANSWER_MAX };
        let token_number = token.number;
        let token = Some(&token.secret);
        let outgoing = Outgoing { method, address: &address, headers: &headers, token, body, answer_max };
        inner.tally.sent(count, cost);
        let exchange = inner.transport.exchange(&outgoing);
        // A write that was sent is awaited even when the run is cancelled: its effect has to be known.
        let received =
            if sending.only_reads() { inner.settings.cancel.guard(exchange).await? } else { exchange.await };
        drop(permit);
        inner.pace.end(cost, self.now());
        drop(turn);
        if let Ok(received) = &received {
            inner.tally.body_bytes.fetch_add(received.body.len() as u64, Ordering::Relaxed);
            let is_one = matches!(sending, Sending::One(_));
            self.note(cost, received.status, count, |name| {
                received.header(name).filter(|_| is_one || received.status != 200)
            });
        }
        Ok(SendOutcome { received, token_number })
    }

    /// Refuses what a client that may only read must not send.
    fn check(&self, sending: &Sending<'_>) -> Result<(Address, Cost, u64)> {
        let may = |call: &Call| {
            if call.is_read() || self.0.settings.access == Access::ReadWrite {
                Ok(())
            } else {
                Err(Error::ReadOnly { asked: call.asked() })
            }
        };
        match sending {
            Sending::One(call) => {
                may(call)?;
                Ok((self.address(call)?, Cost::of(call), 1))
            }
            Sending::Batch(version, calls, _) => {
                calls.iter().try_for_each(|call| may(call))?;
                let cost = Cost::sum(calls.iter().copied());
                Ok((self.0.endpoint.join(version.segment(), "/$batch")?, cost, calls.len() as u64))
            }
        }
    }

    /// Tells pace and counts what the headers of an answer say.
    pub(super) fn note<'a>(
        &self,
        cost: Cost,
        status: u16,
        count: u64,
        header: impl Fn(&str) -> Option<&'a str>,
    ) {
        let is_refused = status == 429;
        let information = header("x-ms-throttle-information").unwrap_or_default();
        let units = header("x-ms-resource-unit").and_then(|text| text.trim().parse::<u32>().ok());
        let signal = Signal {
            refused: is_refused.then(|| self.retry_after(header("retry-after")).unwrap_or(REFUSED_FOR)),
            is_for_writes: information.starts_with("Write"),
            fill: header("x-ms-throttle-limit-percentage").and_then(|text| text.trim().parse().ok()),
            units,
        };
        if let Some(units) = units {
            let tally = &self.0.tally.units;
            tally.fetch_add(u64::from(units).wrapping_sub(u64::from(cost.units)), Ordering::Relaxed);
        }
        if is_refused {
            self.0.tally.throttled.fetch_add(count, Ordering::Relaxed);
        }
        self.0.pace.note(cost, signal, self.now());
    }

    /// Decides what becomes of one call after one try.
    pub(super) fn judge(
        &self,
        trial: &mut Trial<'_>,
        answer: Result<Parcel, Lost>,
        retry_after: Option<Duration>,
        token_number: u64,
    ) -> Continuation {
        trial.attempt.number += 1;
        // What it waited for its first turn does not count.
        let now = self.now();
        trial.attempt.elapsed = now.saturating_sub(*trial.begun.get_or_insert(now));
        let error = match &answer {
            Ok(parcel) if parcel.answer.status >= 300 => read_error(&parcel.answer.body),
            _ => ErrorBody::default(),
        };
        let (answer, broken) = checked(trial.call, answer);
        let outcome = match &answer {
            Ok(_) if broken.is_some() => TryOutcome::Malformed,
            Ok(parcel) => {
                TryOutcome::Answered { status: parcel.answer.status, code: &error.code, retry_after }
            }
            Err(lost) => TryOutcome::Lost(lost.loss),
        };
        match decide(&trial.attempt, &outcome, self.0.random.fraction()) {
            Decision::Accept | Decision::Fail => {
                let host = self.0.endpoint.origin();
                Continuation::Done(trial.end(answer, broken, error, host))
            }
            Decision::Unanswered => {
                let what = match answer {
                    Ok(parcel) => match broken {
                        Some(fault) => fault.to_string(),
                        None => format!("status {}", parcel.answer.status),
                    },
                    Err(lost) => lost.what,
                };
                Continuation::Done(Err(Error::Unanswered { asked: trial.call.asked(), what }))
            }
            Decision::Resend { wait } => {
                self.0.tally.retries.fetch_add(1, Ordering::Relaxed);
                Continuation::Again { wait }
            }
            Decision::Renew => {
                self.0.tally.retries.fetch_add(1, Ordering::Relaxed);
                trial.attempt.tokens += 1;
                trial.refused_token = Some(token_number);
                Continuation::Again { wait: Duration::ZERO }
            }
        }
    }
}

impl Tally {
    fn sent(&self, count: u64, cost: Cost) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.calls.fetch_add(count, Ordering::Relaxed);
        self.units.fetch_add(u64::from(cost.units), Ordering::Relaxed);
        self.writes.fetch_add(u64::from(cost.writes), Ordering::Relaxed);
    }
}
