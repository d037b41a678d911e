//! Owns the tokens of a managed identity, which the machine or the service that this runs on gives.

use super::super::call::{Method, escape};
use super::super::error::{Error, Result, Setting, SignIn, SignInCause};
use super::super::settings::IdentitySource;
use super::super::transport::address::{Address, Plain};
use super::Token;
use super::sign_in::{Patience, SignInContext};

/// Gets a token.
pub(super) async fn run(
    context: &SignInContext<'_>,
    source: &IdentitySource,
    client_id: Option<&str>,
) -> Result<Token> {
    let client = client_id.map(|id| format!("&client_id={}", escape(id))).unwrap_or_default();
    let resource = escape(context.resource);
    let (address, header) = match source {
        IdentitySource::Machine { host } => {
            let host = Address::host(host, Setting::IdentityHost, Plain::LinkLocal)?;
            let path =
                format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}{client}");
            (host.join("", &path)?, ("metadata", "true"))
        }
        IdentitySource::Service { endpoint, header } => {
            let mark = if endpoint.contains('?') { '&' } else { '?' };
            let address = format!("{endpoint}{mark}api-version=2019-08-01&resource={resource}{client}");
            let address = Address::checked(&address, Setting::IdentityEndpoint, Plain::LinkLocal)?;
            (address, ("x-identity-header", header.reveal()))
        }
    };
    match context.ask(Method::Get, &address, &[header], None, Patience::Identity).await {
        Ok(received) => context.read(&received),
        Err(Error::Unreachable { host, what, .. } | Error::Untrusted { host, what, .. }) => {
            let message =
                format!("expected a managed identity at {host}, found nothing that answers ({what})");
            Err(SignIn::new(SignInCause::NoManagedIdentity, message).into())
        }
        Err(error) => Err(error),
    }
}
