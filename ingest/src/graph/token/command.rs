//! Owns the tokens of the user who is signed in to the Azure CLI.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::super::error::{Result, SignIn, SignInCause};
use super::super::secret::Secret;
use super::super::settings::{Program, ProgramError};
use super::Token;
use super::sign_in::SignInContext;

/// How long a token is taken to last whose end is only given in local time.
const LIFE_UNKNOWN: Duration = Duration::from_mins(10);

/// The Azure CLI as it is installed.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstalledCli;

impl Program for InstalledCli {
    fn run(&self, arguments: &[&str]) -> Result<Secret, ProgramError> {
        let name = if cfg!(windows) { "az.cmd" } else { "az" };
        let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
        let output =
            output.map_err(|source| ProgramError::NotStarted { program: name.to_owned(), source })?;
        if output.status.success() {
            Ok(Secret::new(String::from_utf8_lossy(&output.stdout).into_owned()))
        } else {
            let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(ProgramError::Failed { stderr })
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
    let none = |said: &dyn std::fmt::Display| {
        let said = said.to_string();
        let message = format!("the Azure CLI gave none: {}", said.lines().next().unwrap_or_default());
        SignIn::new(SignInCause::AzureCli, message)
    };
    let printed = context.cancel.guard(run).await?.map_err(|error| none(&error))?;
    let printed = printed.map_err(|error| none(&error))?;
    let printed: Printed = serde_json::from_str(printed.reveal()).map_err(|error| {
        let message = format!("expected JSON with `accessToken` from the Azure CLI: {error}");
        SignIn::new(SignInCause::AzureCliOutput, message)
    })?;
    let now = context.clock.now();
    let life = printed.expires_on.map_or(LIFE_UNKNOWN, |end_s| {
        Duration::from_secs(u64::try_from(end_s - now.as_second()).unwrap_or(0))
    });
    Ok(Token { secret: Secret::new(printed.access_token), issued: now, life, number: 0 })
}
