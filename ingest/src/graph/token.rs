//! Owns access tokens: had once, shared, renewed before they expire, by one caller while the others wait.
//!
//! This is own code. `azure_identity` was weighed: it brings a hundred packages, clocks and waits of its own, refuses
//! loopback, knows no device code, and signs with OpenSSL; the forms that are left over are a page of code.
//!
//! Invariant: tokens and secrets are never in an error or a log; they are [`Secret`] from the moment they are read.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::{Error, Result};
use super::secret::Secret;

mod assertion;
pub(crate) mod claims;
pub(crate) mod command;
mod credential;
mod device;
mod identity;
pub(crate) mod sign_in;

use sign_in::SignInContext;

/// How long before its end a token is renewed.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// How long a sign-in that failed is not tried again: other callers that waited for it would fail too.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// A token with its end.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) issued: jiff::Timestamp,
    pub(crate) life: Duration,
    /// Counts renewals, so that a token that was refused is renewed once, however many calls it failed.
    pub(crate) number: u64,
}

impl Token {
    fn is_good(&self, now: jiff::Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(self.issued)).unwrap_or_default();
        // Of short lives a tenth has to do.
        age + RENEW_BEFORE.min(self.life / 10) < self.life
    }
}

/// Keeps the token of a client.
#[derive(Default)]
pub(crate) struct Tokens {
    current: Mutex<Option<Token>>,
    /// Held while a token is renewed; how the last try failed, and when.
    renewing: tokio::sync::Mutex<Option<(Duration, Error)>>,
    /// What renews the token of a person who signed in.
    pub(crate) refresh: Mutex<Option<Secret>>,
    /// How many requests signing in took.
    pub(crate) requests: AtomicU64,
}

impl Tokens {
    /// Gives a token that is good, and is not the one with the refused number.
    ///
    /// # Errors
    /// `SignIn`, `Settings`, `Unreachable`, `Untrusted` or `Cancelled`.
    pub(crate) async fn get(&self, context: &SignInContext<'_>, refused: Option<u64>) -> Result<Token> {
        let is_fit = |token: &Token| token.is_good(context.clock.now()) && Some(token.number) != refused;
        if let Some(token) = self.current().filter(is_fit) {
            return Ok(token);
        }
        let mut turn = context.cancel.guard(self.renewing.lock()).await?;
        // The call that held the lock before may have renewed it.
        let before = self.current();
        if let Some(token) = before.clone().filter(is_fit) {
            return Ok(token);
        }
        let now = context.clock.monotonic();
        let failed = turn.as_ref().filter(|(at, _)| now.saturating_sub(*at) < FAILED_FOR);
        if let Some((_, error)) = failed {
            return Err(error.clone());
        }
        let mut token = match credential::run(context).await {
            Ok(token) => token,
            Err(error) => {
                *turn = Some((context.clock.monotonic(), error.clone()));
                return Err(error);
            }
        };
        *turn = None;
        token.number = before.map_or(0, |token| token.number) + 1;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        drop(turn);
        Ok(token)
    }

    fn current(&self) -> Option<Token> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
