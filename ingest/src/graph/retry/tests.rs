//! Tests of the decision, as a table.

use std::time::Duration;

use super::{
    Attempt, Decision, ELAPSED_MAX, FAILED_MAX, Loss, REFUSED_MAX, TOKENS_MAX, TryOutcome, decide,
    read_retry_after,
};
use crate::graph::call::{Effect, Meter};

const SECOND: Duration = Duration::from_secs(1);

fn attempt(effect: Effect) -> Attempt {
    Attempt { number: 1, tokens: 0, elapsed: Duration::ZERO, effect, meter: Meter::Identity }
}

fn answered(status: u16, code: &str, retry_after: Option<Duration>) -> TryOutcome<'_> {
    TryOutcome::Answered { status, code, retry_after }
}

/// What becomes of each outcome, with no wait chosen by chance: for reads, for what may be repeated, for what may not.
#[test]
fn each_outcome_has_one_decision_for_each_effect() {
    use Decision::{Accept, Fail, Renew, Resend, Unanswered};
    let again = Resend { wait: Duration::ZERO };
    let later = Resend { wait: SECOND };
    let busy = "Directory_ConcurrencyViolation";
    let table = [
        (answered(200, "", None), Accept, Accept, Accept),
        (answered(201, "", None), Accept, Accept, Accept),
        (answered(204, "", Some(SECOND)), Accept, Accept, Accept),
        (answered(302, "", None), Fail, Fail, Fail),
        (answered(400, "Request_BadRequest", None), Fail, Fail, Fail),
        (answered(401, "InvalidAuthenticationToken", None), Renew, Renew, Renew),
        (answered(403, "Authorization_RequestDenied", None), Fail, Fail, Fail),
        (answered(404, "Request_ResourceNotFound", None), Fail, Fail, Fail),
        (answered(408, "", None), again, again, Unanswered),
        (answered(409, "Request_MultipleObjectsWithSameKeyValue", None), Fail, Fail, Fail),
        (answered(409, busy, None), again, again, again),
        (answered(409, busy, Some(SECOND)), later, later, later),
        (answered(410, "resyncRequired", None), Fail, Fail, Fail),
        (answered(424, "FailedDependency", None), Fail, Fail, Fail),
        (answered(429, "TooManyRequests", Some(SECOND)), later, later, later),
        (answered(429, "activityLimitReached", None), again, again, again),
        (answered(500, "", None), again, again, Unanswered),
        (answered(501, "NotImplemented", None), Fail, Fail, Fail),
        (answered(502, "UnknownError", None), again, again, Unanswered),
        (answered(503, "ServiceUnavailable", None), again, again, again),
        (answered(503, "ServiceUnavailable", Some(SECOND)), later, later, later),
        (answered(504, "", Some(SECOND)), later, later, Unanswered),
        (TryOutcome::Lost(Loss::NotSent), again, again, again),
        (TryOutcome::Lost(Loss::Distrusted), Fail, Fail, Fail),
        (TryOutcome::Lost(Loss::NoAnswer), again, again, Unanswered),
        (TryOutcome::Lost(Loss::Truncated { status: 200 }), again, again, Unanswered),
        (TryOutcome::Lost(Loss::Truncated { status: 500 }), again, again, Unanswered),
        (TryOutcome::Lost(Loss::Truncated { status: 404 }), again, again, Fail),
        (TryOutcome::Lost(Loss::Truncated { status: 429 }), again, again, again),
        (TryOutcome::Lost(Loss::Truncated { status: 503 }), again, again, again),
        (TryOutcome::Lost(Loss::Truncated { status: 401 }), Renew, Renew, Renew),
        (TryOutcome::Lost(Loss::TooLarge { status: 200, limit_bytes: 1 }), again, again, Unanswered),
        (TryOutcome::Lost(Loss::TooLarge { status: 404, limit_bytes: 1 }), again, again, Fail),
        (TryOutcome::Malformed, again, again, Unanswered),
    ];
    for (outcome, read, idempotent, once) in table {
        for (effect, expected) in
            [(Effect::Read, read), (Effect::Idempotent, idempotent), (Effect::Once, once)]
        {
            assert_eq!(decide(&attempt(effect), &outcome, 0.0), expected, "{effect:?} {outcome:?}");
        }
    }
}

#[test]
fn attempts_tokens_and_time_are_bounded() {
    let refused = answered(429, "", Some(SECOND));
    let failed = answered(500, "", None);
    let read = attempt(Effect::Read);
    let number = |number| Attempt { number, ..read };
    assert!(matches!(decide(&number(REFUSED_MAX - 1), &refused, 0.5), Decision::Resend { .. }));
    assert_eq!(decide(&number(REFUSED_MAX), &refused, 0.5), Decision::Fail);
    assert!(matches!(decide(&number(FAILED_MAX - 1), &failed, 0.5), Decision::Resend { .. }));
    assert_eq!(decide(&number(FAILED_MAX), &failed, 0.5), Decision::Fail);
    assert_eq!(decide(&number(FAILED_MAX), &TryOutcome::Lost(Loss::NotSent), 0.5), Decision::Fail);
    let late = Attempt { elapsed: ELAPSED_MAX, ..read };
    assert_eq!(decide(&late, &refused, 0.0), Decision::Fail);
    // Nobody waits for ever because one answer says so.
    let patient = answered(429, "", Some(ELAPSED_MAX + SECOND));
    assert_eq!(decide(&read, &patient, 0.0), Decision::Resend { wait: Duration::from_mins(5) });
    let unauthorized = answered(401, "", None);
    let tokens = |tokens| Attempt { tokens, ..read };
    assert_eq!(decide(&tokens(TOKENS_MAX - 1), &unauthorized, 0.0), Decision::Renew);
    assert_eq!(decide(&tokens(TOKENS_MAX), &unauthorized, 0.0), Decision::Fail);
}

#[test]
fn waits_double_up_to_a_bound_and_chance_takes_from_all_of_them() {
    let wait = |number, meter, random| {
        let attempt = Attempt { number, meter, ..attempt(Effect::Read) };
        match decide(&attempt, &answered(429, "", None), random) {
            Decision::Resend { wait } => wait.as_millis(),
            other => panic!("expected another try, found {other:?}"),
        }
    };
    let waits = [1, 2, 3, 4, 5, 6, 7, 8, 11].map(|number| wait(number, Meter::Identity, 1.0));
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert_eq!(wait(3, Meter::Identity, 0.25), 500);
    assert_eq!(wait(3, Meter::Identity, 0.0), 0);
    assert_eq!(wait(1, Meter::ConditionalAccess, 0.0), 1050);
}

#[test]
fn the_servers_wait_is_never_shortened_and_hardly_lengthened() {
    let wait = |random| decide(&attempt(Effect::Read), &answered(429, "", Some(SECOND * 20)), random);
    assert_eq!(wait(0.0), Decision::Resend { wait: SECOND * 20 });
    assert_eq!(wait(1.0), Decision::Resend { wait: SECOND * 21 });
}

#[test]
fn retry_after_is_seconds_fractions_or_a_date() {
    let now: jiff::Timestamp = "2026-11-22T10:15:00Z".parse().unwrap();
    let table = [
        ("5", Some(5000)),
        ("2.128", Some(2128)),
        (" 0 ", Some(0)),
        ("-3", Some(0)),
        ("Sun, 22 Nov 2026 10:15:07 GMT", Some(7000)),
        ("Sun, 22 Nov 2026 10:14:00 GMT", Some(0)),
        ("soon", None),
        ("", None),
        ("NaN", None),
        ("1e300", None),
    ];
    for (text, expected_ms) in table {
        let found = read_retry_after(text, now).map(|wait| wait.as_millis());
        assert_eq!(found, expected_ms, "{text}");
    }
}
