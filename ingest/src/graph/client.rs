//! Owns the client as callers see it: single calls, batches, collections, and what it knows of itself.

use std::sync::Arc;

use super::batch;
use super::call::{Answer, Call};
use super::clock::Clock;
use super::error::{Error, Result};
use super::pages::Pages;
use super::sender::{Counts, Sender};
use super::settings::{Settings, TenantSize};
use super::token::claims::Claims;

/// Asks Graph. Clones share connections, token, pace and counts.
#[derive(Clone)]
pub struct Client(Sender);

impl Client {
    /// Makes a client; asks nothing yet.
    ///
    /// # Errors
    /// `Settings` when a host is none, or plain http would leave this machine; `Connections`.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        Sender::new(settings, clock).map(Self)
    }

    /// Asks one thing, as often as it takes.
    ///
    /// # Errors
    /// `Refused` with what Graph answered; `Unanswered` for a call with [`super::Effect::Once`] whose answer was lost;
    /// `Unreachable`, `Untrusted`, `SignIn`, `ReadOnly`, `ForeignLink`, `Cancelled`.
    pub async fn send(&self, call: &Call) -> Result<Answer> {
        self.0.send(call).await
    }

    /// Asks many things, in batches of 20. Answers stand in the order of the calls.
    pub async fn batch(&self, calls: Vec<Call>) -> Vec<Result<Answer>> {
        let mut answers: Vec<Option<Result<Answer>>> = calls.iter().map(|_| None).collect();
        self.batch_each(calls, |index, answer| answers[index] = Some(answer)).await;
        answers.into_iter().map(|answer| answer.unwrap_or(Err(Error::Cancelled))).collect()
    }

    /// Asks many things, in batches of 20, and hands each answer on when it arrives, with the index of its call. Batches
    /// run side by side, as many as may be in flight.
    pub async fn batch_each(&self, calls: Vec<Call>, each: impl FnMut(usize, Result<Answer>)) {
        batch::run(&self.0, calls, each).await;
    }

    /// Reads a collection page by page.
    #[must_use]
    pub fn pages(&self, first: Call) -> Pages {
        Pages::new(self.0.clone(), first)
    }

    /// Gives what the token says of who asks; none when it is not in the readable form.
    ///
    /// # Errors
    /// `SignIn`, `Unreachable`, `Cancelled`.
    pub async fn claims(&self) -> Result<Option<Claims>> {
        Ok(Claims::of(self.0.token(None).await?.secret.reveal()))
    }

    /// Calls a function with the time until which Graph wants the client to wait, when that is long.
    pub fn on_wait(&self, tell: impl Fn(jiff::Timestamp) + Send + Sync + 'static) {
        self.0.on_wait(tell);
    }

    /// Corrects the tenant's size, once it is known.
    pub fn resize(&self, size: TenantSize) {
        self.0.resize(size);
    }

    /// Gives how much was asked so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// What the client was made of.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// The clock that the client was given.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.0.clock()
    }
}
