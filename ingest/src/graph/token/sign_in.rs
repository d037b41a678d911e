//! Owns one request for a token: its form, its answer, and why it was refused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::super::call::{Effect, Meter, Method, escape};
use super::super::cancel::Cancel;
use super::super::clock::Clock;
use super::super::error::{Error, Result, SignIn, SignInCause};
use super::super::random::Random;
use super::super::retry::{Attempt, Decision, Loss, TryOutcome, decide, read_retry_after};
use super::super::secret::Secret;
use super::super::settings::Credential;
use super::super::transport::address::Address;
use super::super::transport::{Outgoing, Received, Transport};
use super::Token;

/// The most bytes of an answer: a token has a few thousand.
const ANSWER_MAX: usize = 1 << 20;

/// What signing in takes.
pub(crate) struct SignInContext<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) cancel: &'a Cancel,
    pub(crate) random: &'a Random,
    pub(crate) authority: &'a Address,
    /// Scheme and host of Graph: the resource that tokens are for.
    pub(crate) resource: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) credential: &'a Credential,
    /// What renews the token of a person.
    pub(crate) refresh: &'a Mutex<Option<Secret>>,
    pub(crate) requests: &'a AtomicU64,
}

/// How often a token endpoint is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// As Graph itself.
    Entra,
    /// As a managed identity wants it: 404 passes while it is being set up, and where nothing listens, nothing will.
    Identity,
}

impl SignInContext<'_> {
    /// Gives one of the tenant's addresses at the authority.
    pub(super) fn endpoint(&self, name: &str) -> Result<Address> {
        self.authority.join("", &format!("/{}/oauth2/v2.0/{name}", self.tenant))
    }

    pub(super) async fn client_credentials(&self, pairs: &[(&str, &str)]) -> Result<Token> {
        let scope = format!("{}/.default", self.resource);
        let mut all = vec![("grant_type", "client_credentials"), ("scope", scope.as_str())];
        all.extend_from_slice(pairs);
        let address = self.endpoint("token")?;
        let received = self.ask(Method::Post, &address, &[], Some(form(&all)), Patience::Entra).await?;
        self.read(&received)
    }

    /// Sends a request until it is answered.
    pub(super) async fn ask(
        &self,
        method: Method,
        address: &Address,
        headers: &[(&'static str, &str)],
        form: Option<Bytes>,
        patience: Patience,
    ) -> Result<Received> {
        let begun = self.clock.monotonic();
        let asked = format!("{} {}", method.name(), address.origin());
        for number in 1.. {
            let body = form.clone().map(|form| ("application/x-www-form-urlencoded", form));
            let answer_max = ANSWER_MAX;
            let outgoing = Outgoing { method, address, headers, token: None, body, answer_max };
            self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = self.cancel.guard(self.transport.exchange(&outgoing)).await?;
            let outcome = match &answer {
                Ok(received) => TryOutcome::Answered {
                    status: patience.status(received.status),
                    code: "",
                    retry_after: received
                        .header("retry-after")
                        .and_then(|text| read_retry_after(text, self.clock.now())),
                },
                Err(lost) => TryOutcome::Lost(lost.loss),
            };
            let is_hopeless = patience == Patience::Identity && outcome == TryOutcome::Lost(Loss::NotSent);
            let elapsed = self.clock.monotonic().saturating_sub(begun);
            let attempt =
                Attempt { number, tokens: 0, elapsed, effect: Effect::Read, meter: Meter::Unpublished };
            match (decide(&attempt, &outcome, self.random.fraction()), answer) {
                (Decision::Resend { wait }, _) if !is_hopeless => {
                    self.cancel.guard(self.clock.sleep(wait)).await?;
                }
                (_, Ok(received)) => return Ok(received),
                (_, Err(lost)) => {
                    let (host, what) = (address.origin(), lost.what);
                    return Err(match lost.loss {
                        Loss::Distrusted => Error::Untrusted { asked, host, what },
                        _ => Error::Unreachable { asked, host, tries: number, what },
                    });
                }
            }
        }
        Err(Error::Cancelled)
    }

    /// Reads an answer of a token endpoint.
    pub(super) fn read(&self, received: &Received) -> Result<Token> {
        if received.status >= 300 {
            return Err(refusal(received.status, &received.body).into());
        }
        let body: Granted = serde_json::from_slice(&received.body).map_err(|error| {
            let message = format!("expected a token in the answer of {}: {error}", self.authority.origin());
            SignIn::new(SignInCause::OddAnswer, message)
        })?;
        let now = self.clock.now();
        let life_s = match (body.expires_in, body.expires_on) {
            (Some(life), _) => life.number(),
            (None, Some(end)) => end.number() - now.as_second(),
            (None, None) => 0,
        };
        if let Some(refresh) = body.refresh_token {
            *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(refresh));
        }
        Ok(Token {
            secret: Secret::new(body.access_token),
            issued: now,
            life: Duration::from_secs(u64::try_from(life_s).unwrap_or(0)),
            number: 0,
        })
    }
}

impl Patience {
    fn status(self, status: u16) -> u16 {
        match (self, status) {
            (Self::Identity, 404 | 410) => 503,
            // These requests carry no token that could be renewed.
            (_, 401) => 400,
            (_, status) => status,
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<Seconds>,
    /// Since 1970; App Service gives nothing else.
    expires_on: Option<Seconds>,
    refresh_token: Option<String>,
}

/// A number, which managed identities write as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().unwrap_or(0),
        }
    }
}

/// Writes a form.
pub(super) fn form(pairs: &[(&str, &str)]) -> Bytes {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value)));
    pairs.collect::<Vec<_>>().join("&").into()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

/// Gives the error's name, such as `authorization_pending`.
pub(super) fn refused_error(body: &[u8]) -> String {
    serde_json::from_slice::<Refused>(body).unwrap_or_default().error
}

/// Says why no token was given.
pub(super) fn refusal(status: u16, body: &[u8]) -> SignIn {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let description = refused.error_description.lines().next().unwrap_or_default();
    let number = description.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next());
    let code = number.map_or(refused.error.clone(), |number| format!("AADSTS{number}"));
    let message = if description.is_empty() {
        format!("the sign-in answered {status} {}", refused.error).trim_end().to_owned()
    } else {
        description.to_owned()
    };
    SignIn { cause: SignInCause::of_code(&code), code, message }
}
