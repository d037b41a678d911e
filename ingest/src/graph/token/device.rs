//! Owns the sign-in of a person with a browser elsewhere: a code is shown, and asked about until it was typed in.

use std::time::Duration;

use serde::Deserialize;

use super::super::call::Method;
use super::super::error::{Result, SignIn, SignInCause};
use super::super::secret::Secret;
use super::super::settings::DevicePrompt;
use super::super::transport::Received;
use super::Token;
use super::sign_in::{Patience, SignInContext, form, refusal, refused_error};

/// What the sign-in adds to the wait when it is asked too often.
const SLOWER: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    message: String,
    expires_in: u64,
    #[serde(default = "interval_s")]
    interval: u64,
}

fn interval_s() -> u64 {
    5
}

/// Gets a token: with what was kept of the last sign-in, else from the person.
pub(super) async fn run(
    context: &SignInContext<'_>,
    client_id: &str,
    show: &(dyn Fn(&DevicePrompt) + Send + Sync),
) -> Result<Token> {
    let scope = format!("{}/.default offline_access", context.resource);
    let kept = context.refresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if let Some(kept) = kept {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("scope", &scope),
            ("refresh_token", kept.reveal()),
        ];
        let received = ask(context, "token", &pairs).await?;
        // What was kept may have been revoked: then the person is asked again.
        if received.status < 300 {
            return context.read(&received);
        }
    }
    let received = ask(context, "devicecode", &[("client_id", client_id), ("scope", &scope)]).await?;
    if received.status >= 300 {
        return Err(refusal(received.status, &received.body).into());
    }
    let begun: Begun = serde_json::from_slice(&received.body)
        .map_err(|error| format!("expected a device code from the sign-in: {error}"))
        .map_err(|message| SignIn::new(SignInCause::OddAnswer, message))?;
    let Begun { user_code, verification_uri, .. } = &begun;
    let message = if begun.message.is_empty() {
        format!("open {verification_uri} and enter the code {user_code} to sign in")
    } else {
        begun.message.clone()
    };
    show(&DevicePrompt { message, verification_uri: verification_uri.clone(), user_code: user_code.clone() });
    poll(context, client_id, &begun).await
}

/// Asks until the person is done.
async fn poll(context: &SignInContext<'_>, client_id: &str, begun: &Begun) -> Result<Token> {
    let code = Secret::new(begun.device_code.as_str());
    let pairs = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client_id),
        ("device_code", code.reveal()),
    ];
    let end = context.clock.monotonic() + Duration::from_secs(begun.expires_in);
    let mut wait = Duration::from_secs(begun.interval.max(1));
    while context.clock.monotonic() < end {
        context.cancel.guard(context.clock.sleep(wait)).await?;
        let received = ask(context, "token", &pairs).await?;
        if received.status < 300 {
            return context.read(&received);
        }
        match refused_error(&received.body).as_str() {
            "authorization_pending" => {}
            "slow_down" => wait += SLOWER,
            "expired_token" => break,
            _ => return Err(refusal(received.status, &received.body).into()),
        }
    }
    let message = "nobody signed in before the code expired".to_owned();
    Err(SignIn::new(SignInCause::ExpiredCode, message).into())
}

async fn ask(context: &SignInContext<'_>, name: &str, pairs: &[(&str, &str)]) -> Result<Received> {
    let address = context.endpoint(name)?;
    context.ask(Method::Post, &address, &[], Some(form(pairs)), Patience::Entra).await
}
