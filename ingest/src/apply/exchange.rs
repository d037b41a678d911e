//! Owns what is asked of Graph for the steps of a recovery: what stands before them, and the requests that they are.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;

use super::ApplyRequest;
use super::error::Result;
use super::ledger::Ledger;
use super::record::Created;
use super::send::{self, Sent};
use super::stand::{self, Look};
use super::standing::{Image, Standing};
use super::template::Filling;
use crate::graph::{self, Call, Client};
use crate::plan::StepKind;
use engine::records::StepStatus;

/// How long to wait before something is asked again that replicas may not show yet: a part of the time that they are given,
/// within bounds.
const RESTS: u32 = 20;
const REST_MIN: Duration = Duration::from_millis(100);
const REST_MAX: Duration = Duration::from_secs(5);
/// Characters of a password that is made for a user and shown to no one.
const PASSWORD_LENGTH: usize = 40;

/// Asks Graph as a recovery was asked to.
pub(super) struct Exchange<'a> {
    pub(super) client: &'a Client,
    pub(super) request: &'a ApplyRequest<'a>,
    /// How many passwords were made.
    password_count: Cell<u64>,
}

/// A step that is to be sent.
pub(super) struct Ready {
    pub(super) index: usize,
    pub(super) image: Image,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(client: &'a Client, request: &'a ApplyRequest<'a>) -> Self {
        Self { client, request, password_count: Cell::new(0) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    /// Time since some fixed moment.
    pub(super) fn monotonic(&self) -> Duration {
        self.client.clock().monotonic()
    }

    /// Waits before something is asked again.
    pub(super) async fn rest(&self) -> Result<()> {
        let rest = (self.request.settle / RESTS).clamp(REST_MIN, REST_MAX);
        let sleep = self.client.clock().sleep(rest);
        Ok(self.client.settings().cancel.guard(sleep).await?)
    }

    /// What placeholders stand for after what was made so far.
    pub(super) fn filling<'f>(
        &'f self,
        created: &'f Created,
        password: &'f dyn Fn() -> String,
    ) -> Filling<'f> {
        Filling { endpoint: &self.client.settings().endpoint, created, password }
    }

    /// Reads what stands before some steps, by their indexes.
    pub(super) async fn read(&self, ledger: &Ledger<'_>, indexes: &[usize]) -> Result<Vec<Standing>> {
        let look = |index: &usize| Look {
            step: &ledger.steps[*index],
            is_again: ledger.status_at(*index) != StepStatus::Pending,
        };
        let looks: Vec<Look<'_>> = indexes.iter().map(look).collect();
        let password = || self.password();
        stand::read(self.client, &looks, &self.filling(&ledger.created, &password)).await
    }

    /// Sends the requests of some steps once.
    pub(super) async fn send(&self, ledger: &Ledger<'_>, ready: &[Ready]) -> Result<Vec<Sent>> {
        let password = || self.password();
        let filling = self.filling(&ledger.created, &password);
        let mut calls: Vec<Call> = Vec::new();
        let mut ends = Vec::with_capacity(ready.len());
        for Ready { index, image } in ready {
            calls.extend(calls_of(ledger, *index, image, &filling));
            ends.push(calls.len());
        }
        let mut answers = self.client.batch(calls).await.into_iter();
        let mut sent = Vec::with_capacity(ready.len());
        let mut start = 0;
        for (Ready { index, image }, end) in ready.iter().zip(ends) {
            let step = &ledger.steps[*index];
            let own = answers.by_ref().take(end - start).collect();
            let mut outcome = send::read_link_answers(step, &image.targets, own);
            start = end;
            let is_bulk = step.kind == StepKind::AddLink && image.targets.len() > 1;
            if is_bulk
                && matches!(outcome, Sent::Refused { status: 400 | 404, .. })
                && let Some(calls) = send::one_by_one(step, &image.targets, &filling)
            {
                // All or nothing: one link that is there already refuses them all.
                outcome = send::read_link_answers(step, &image.targets, self.client.batch(calls).await);
            }
            sent.push(outcome);
        }
        Ok(sent)
    }

    /// A password that is sent, and kept nowhere.
    pub(super) fn password(&self) -> String {
        let count = self.password_count.get();
        self.password_count.set(count + 1);
        let mut hasher = blake3::Hasher::new_derive_key("entrasnap 2026-11 password");
        hasher.update(&self.request.seed).update(&count.to_le_bytes());
        hasher.update(self.now().to_string().as_bytes());
        let mut bytes = [0; PASSWORD_LENGTH];
        hasher.finalize_xof().fill(&mut bytes);
        let letters = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.";
        let text = bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()]));
        // One of each kind, as every password policy requires.
        format!("{}aZ7!", text.collect::<String>())
    }
}

fn calls_of(ledger: &Ledger<'_>, index: usize, image: &Image, filling: &Filling<'_>) -> Vec<Call> {
    let step = &ledger.steps[index];
    let mut calls = filling.calls(step, &image.targets);
    if let (Some(id), [call]) = (&image.graph_id, calls.as_mut_slice())
        && step.request.method == "DELETE"
        && let Some((above, _)) = call.path.rsplit_once('/')
    {
        // Graph gives a relation object a new ID each time it is made.
        call.path = format!("{above}/{}", graph::escape(id));
    }
    calls
}
