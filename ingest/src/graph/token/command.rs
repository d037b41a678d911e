//! Owns the tokens of whoever is signed in to the Azure CLI.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::super::error::{Result, SignIn};
use super::super::secret::Secret;
use super::super::settings::Program;
use super::Token;
use super::sign_in::SignInContext;

/// How long a token is taken to last whose end is only given in local time.
const LIFE_UNKNOWN: Duration = Duration::from_mins(10);

/// The Azure CLI as it is installed.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstalledCli;

impl Program for InstalledCli {
    fn run(&self, arguments: &[&str]) -> Result<Secret, String> {
        let name = if cfg!(windows) { "az.cmd" } else { "az" };
        let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("`{name}` did not start: {error}"))?;
        if output.status.success() {
            Ok(Secret::new(String::from_utf8_lossy(&output.stdout).into_owned()))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

#[derive(Deserialize)]
struct Printed {
    #[serde(rename = "accessToken")]
    access_token: String,
    /// Seconds since 1970; missing before version 2.54.
    expires_on: Option<i64>,
}

/// Gets a token.
pub(super) async fn run(context: &SignInContext<'_>, program: &Arc<dyn Program>) -> Result<Token> {
    let (program, resource) = (Arc::clone(program), context.resource.to_owned());
    let tenant = context.tenant.to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let arguments = ["account", "get-access-token", "--resource", &resource, "--tenant", &tenant];
        program.run(&[&arguments[..], &["--output", "json"]].concat())
    });
    let printed = context.cancel.guard(run).await?.unwrap_or_else(|error| Err(error.to_string()));
    let printed = printed.map_err(|error| {
        let message = format!("the Azure CLI gave none: {}", error.lines().next().unwrap_or_default());
        failure(message, "sign in with `az login`, or choose another --auth")
    })?;
    let printed: Printed = serde_json::from_str(printed.reveal()).map_err(|error| {
        failure(format!("expected JSON with `accessToken` from the Azure CLI: {error}"), "update it")
    })?;
    let now = context.clock.now();
    let life = printed.expires_on.map_or(LIFE_UNKNOWN, |end_s| {
        Duration::from_secs(u64::try_from(end_s - now.as_second()).unwrap_or(0))
    });
    Ok(Token { secret: Secret::new(printed.access_token), issued: now, life, number: 0 })
}

fn failure(message: String, help: &str) -> SignIn {
    SignIn { code: String::new(), message, help: help.to_owned() }
}
