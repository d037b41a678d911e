//! Owns the decision whether a call is sent again: one pure function of what came back.
//!
//! Invariants
//! 1. A call with [`Effect::Once`] is sent again only when the server said that it refused it, or was never reached.
//! 2. Attempts and time are bounded.

use std::time::Duration;

use super::call::{Effect, Meter};

#[cfg(test)]
mod tests;

/// The most attempts at a call that the server refuses for now.
const REFUSED_MAX: u32 = 12;
/// The most attempts at a call that fails in any other way.
const FAILED_MAX: u32 = 6;
/// The most new tokens for one call. One would do, if tokens were never revoked while a call is repeated.
const TOKENS_MAX: u32 = 3;
/// The longest wait that a server is granted; the longest window of the published limits is as long. What asks for more is
/// tried again after this, as often as time allows.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);
/// The longest that a call may take with all its repetitions.
const ELAPSED_MAX: Duration = Duration::from_mins(15);
/// The longest first wait that the client chooses; each further one doubles.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long conditional access wants to be left alone.
const WAIT_POLICY: Duration = Duration::from_millis(1050);

/// What was tried so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// From 1.
    pub(crate) number: u32,
    /// How many new tokens the call has cost.
    pub(crate) tokens: u32,
    /// Since the first attempt ended.
    pub(crate) elapsed: Duration,
    pub(crate) effect: Effect,
    pub(crate) meter: Meter,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TryOutcome<'a> {
    /// An answer, whole.
    Answered { status: u16, code: &'a str, retry_after: Option<Duration> },
    /// An answer that is not what was asked for.
    Malformed,
    /// No answer, or not all of it.
    Lost(Loss),
}

/// How an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The server was not reached: nothing was sent.
    NotSent,
    /// Who was reached could not show who they are: nothing was sent, and nothing will be.
    Distrusted,
    /// The connection ended, or nothing came in time.
    NoAnswer,
    /// The body ended in the middle.
    Truncated { status: u16 },
    /// The body is longer than any that is asked for.
    TooLarge { status: u16, limit_bytes: usize },
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Give the answer to the caller.
    Accept,
    /// Give the error to the caller.
    Fail,
    /// Tell the caller that it may have taken effect.
    Unanswered,
    /// Send it again after a wait.
    Resend { wait: Duration },
    /// Send it again with a new token.
    Renew,
}

/// Decides. `random` is in 0..1.
pub(crate) fn decide(attempt: &Attempt, outcome: &TryOutcome<'_>, random: f64) -> Decision {
    let is_once = attempt.effect == Effect::Once;
    match *outcome {
        TryOutcome::Answered { status: ..300, .. } => Decision::Accept,
        TryOutcome::Answered { status: 401, .. } if attempt.tokens < TOKENS_MAX => Decision::Renew,
        TryOutcome::Answered { status: 429 | 503, retry_after, .. } => {
            let wait = retry_after.map_or_else(|| backoff(attempt, random), |wait| behind(wait, random));
            resend(attempt, wait, REFUSED_MAX, Decision::Fail)
        }
        TryOutcome::Answered { status: 409, code, retry_after } if is_concurrency(code) => {
            let wait = retry_after.map_or_else(|| backoff(attempt, random), |wait| behind(wait, random));
            resend(attempt, wait, REFUSED_MAX, Decision::Fail)
        }
        TryOutcome::Answered { status: 408 | 500 | 502 | 504, .. } if is_once => Decision::Unanswered,
        TryOutcome::Answered { status: 408 | 500 | 502 | 504, retry_after, .. } => {
            let wait = retry_after.map_or_else(|| backoff(attempt, random), |wait| behind(wait, random));
            resend(attempt, wait, FAILED_MAX, Decision::Fail)
        }
        TryOutcome::Answered { .. } | TryOutcome::Lost(Loss::Distrusted) => Decision::Fail,
        // The status tells that it was refused, whatever the rest would have said.
        TryOutcome::Lost(Loss::Truncated { status: status @ (401 | 429 | 503) }) => {
            decide(attempt, &TryOutcome::Answered { status, code: "", retry_after: None }, random)
        }
        TryOutcome::Lost(Loss::Truncated { status: 400..500 } | Loss::TooLarge { status: 400..500, .. })
            if is_once =>
        {
            Decision::Fail
        }
        TryOutcome::Lost(Loss::NoAnswer | Loss::Truncated { .. } | Loss::TooLarge { .. })
        | TryOutcome::Malformed
            if is_once =>
        {
            Decision::Unanswered
        }
        TryOutcome::Malformed | TryOutcome::Lost(_) => {
            resend(attempt, backoff(attempt, random), FAILED_MAX, Decision::Fail)
        }
    }
}

/// Parallel writes to one object are refused with this.
fn is_concurrency(code: &str) -> bool {
    code.eq_ignore_ascii_case("Directory_ConcurrencyViolation")
}

fn resend(attempt: &Attempt, wait: Duration, number_max: u32, otherwise: Decision) -> Decision {
    let is_bounded = attempt.number < number_max && attempt.elapsed + wait <= ELAPSED_MAX;
    if is_bounded { Decision::Resend { wait } } else { otherwise }
}

/// Waits between nothing and an upper bound that doubles: callers that failed together do not come back together.
fn backoff(attempt: &Attempt, random: f64) -> Duration {
    let doublings = attempt.number.saturating_sub(1).min(16);
    let bound = WAIT_FIRST.saturating_mul(1 << doublings).min(WAIT_MAX);
    let wait = bound.mul_f64(random);
    if attempt.meter == Meter::ConditionalAccess { WAIT_POLICY + wait } else { wait }
}

/// Waits as long as the server said, and a little more, so that callers do not return all at once.
fn behind(wait: Duration, random: f64) -> Duration {
    let wait = wait.min(RETRY_AFTER_MAX);
    wait + (wait / 10).min(Duration::from_secs(1)).mul_f64(random)
}

/// Reads `Retry-After`: seconds, also fractions of them, or a date.
pub(crate) fn read_retry_after(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(if seconds < 0.0 { 0.0 } else { seconds }).ok();
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}
