//! Owns which way each kind of credential takes to a token.

use super::super::error::{Error, Result, Setting, SettingProblem};
use super::super::secret::Secret;
use super::super::settings::Credential;
use super::assertion::Certificate;
use super::sign_in::SignInContext;
use super::{Token, command, device, identity};

/// Gets a token.
///
/// # Errors
/// `SignIn`, `Settings`, `Unreachable`, `Untrusted` or `Cancelled`.
pub(crate) async fn run(context: &SignInContext<'_>) -> Result<Token> {
    match context.credential {
        Credential::Secret { client_id, secret } => {
            let pairs = [("client_id", client_id.as_str()), ("client_secret", secret.reveal())];
            context.client_credentials(&pairs).await
        }
        Credential::Certificate { client_id, path } => {
            let certificate = Certificate::open(path)?;
            let audience = context.endpoint("token")?.to_text();
            let unique = context.random.guid();
            let assertion = certificate.assert(client_id, &audience, &unique, context.clock.now())?;
            context.client_credentials(&asserted(client_id, &assertion)).await
        }
        Credential::Workload { client_id, token_file } => {
            let token = std::fs::read_to_string(token_file).map_err(|source| {
                let path = token_file.clone();
                let problem =
                    SettingProblem::Unreadable { expected: "a token in", path, source: source.into() };
                Error::Settings { setting: Setting::TokenFile, problem: Box::new(problem) }
            })?;
            context.client_credentials(&asserted(client_id, &Secret::new(token.trim()))).await
        }
        Credential::ManagedIdentity { source, client_id } => {
            identity::run(context, source, client_id.as_deref()).await
        }
        Credential::AzureCli { program } => command::run(context, program).await,
        Credential::DeviceCode { client_id, show } => device::run(context, client_id, &**show).await,
    }
}

fn asserted<'a>(client_id: &'a str, assertion: &'a Secret) -> [(&'static str, &'a str); 3] {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    [("client_id", client_id), ("client_assertion_type", kind), ("client_assertion", assertion.reveal())]
}
