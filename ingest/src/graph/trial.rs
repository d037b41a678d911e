//! Owns one call on its way through its tries: what came back last, and what the caller gets when no more is tried.

use std::time::Duration;

use super::call::{Answer, Call};
use super::error::{AnswerFault, Error, ErrorBody, Refusal, Result};
use super::retry::{Attempt, Loss};
use super::transport::{Lost, Received};

/// Holds an answer against what it has to be; says what is wrong with it.
pub(super) fn checked(
    call: &Call,
    mut answer: Result<Parcel, Lost>,
) -> (Result<Parcel, Lost>, Option<AnswerFault>) {
    let Ok(Parcel { answer: found, content_type }) = &mut answer else { return (answer, None) };
    if found.status >= 300 {
        return (answer, None);
    }
    match call.shape.check(found.status, content_type.as_deref(), &found.body) {
        Ok(page) => {
            found.page = page;
            (answer, None)
        }
        Err(fault) => (answer, Some(fault)),
    }
}

/// An answer of any status, with what only errors need.
pub(super) struct Parcel {
    pub(super) answer: Answer,
    pub(super) content_type: Option<String>,
}

impl From<Received> for Parcel {
    fn from(received: Received) -> Self {
        let header = |name: &str| received.header(name).map(str::to_owned);
        let (request_id, location, content_type) =
            (header("request-id"), header("location"), header("content-type"));
        let answer =
            Answer { status: received.status, body: received.body, request_id, location, page: None };
        Self { answer, content_type }
    }
}

/// One call on its way through its tries.
pub(super) struct Trial<'a> {
    pub(super) call: &'a Call,
    pub(super) refused_token: Option<u64>,
    pub(super) attempt: Attempt,
    /// When the first answer came.
    pub(super) begun: Option<Duration>,
}

/// What becomes of a call.
#[expect(clippy::large_enum_variant, reason = "each lives for a moment, and nearly all are the larger one")]
pub(super) enum Continuation {
    Done(Result<Answer>),
    Again { wait: Duration },
}

impl<'a> Trial<'a> {
    pub(super) fn new(call: &'a Call) -> Self {
        let (effect, meter) = (call.effect, call.meter);
        let attempt = Attempt { number: 0, tokens: 0, elapsed: Duration::ZERO, effect, meter };
        Self { call, refused_token: None, attempt, begun: None }
    }

    /// What the caller gets when no more is tried.
    pub(super) fn end(
        &self,
        answer: Result<Parcel, Lost>,
        broken: Option<AnswerFault>,
        error: ErrorBody,
        host: String,
    ) -> Result<Answer> {
        let asked = self.call.asked();
        let tries = self.attempt.number;
        match (answer, broken) {
            (Ok(parcel), Some(fault)) => {
                let request_id = parcel.answer.request_id;
                Err(Error::Malformed { asked, fault, tries: Some(tries), request_id })
            }
            (Ok(parcel), None) if parcel.answer.status < 300 => Ok(parcel.answer),
            (Ok(parcel), None) => Err(self.refusal(parcel, error).into()),
            (Err(Lost { loss: Loss::TooLarge { limit_bytes, .. }, .. }), _) => {
                let fault = AnswerFault::TooLong { limit_bytes };
                Err(Error::Malformed { asked, fault, tries: None, request_id: None })
            }
            (Err(Lost { loss: Loss::Distrusted, what }), _) => Err(Error::Untrusted { asked, host, what }),
            (Err(lost), _) => Err(Error::Unreachable { asked, host, tries, what: lost.what }),
        }
    }

    fn refusal(&self, parcel: Parcel, error: ErrorBody) -> Box<Refusal> {
        Box::new(Refusal {
            status: parcel.answer.status,
            code: error.code,
            message: error.message,
            details: error.details,
            request_id: parcel.answer.request_id.or(error.request_id),
            location: parcel.answer.location,
            asked: self.call.asked(),
            tries: self.attempt.number,
        })
    }
}
