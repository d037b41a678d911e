//! What to do about each kind of error of Graph and of signing in. What Graph itself says stays whole.

use ingest::graph::{CertificateProblem, Error, ErrorKind, Setting, SettingProblem, SignInCause};

use super::super::{Failure, Status};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failed = |code, help: &str| Self::new(code, Status::Failed, message(&error)).with_help(help);
        match error.kind() {
            ErrorKind::Refused
            | ErrorKind::ReadOnly
            | ErrorKind::ForeignLink
            | ErrorKind::Path
            | ErrorKind::Connections
            | ErrorKind::Malformed => failed("graph", ""),
            ErrorKind::Unanswered => {
                failed("graph", "whether it took effect has to be looked up before it is sent again")
            }
            ErrorKind::Unreachable => failed("graph", "check network, proxy and endpoint"),
            ErrorKind::Untrusted => failed("graph", "SSL_CERT_FILE names further certificate authorities"),
            ErrorKind::SignIn => failed("signIn", help_of_sign_in(&error)),
            ErrorKind::Settings => failed("graph", help_of_setting(&error)),
            ErrorKind::Cancelled => Self::new("interrupted", Status::Interrupted, message(&error)),
        }
    }
}

/// The message, in which a setting has the name of its variable.
fn message(error: &Error) -> String {
    let Error::Settings { setting, problem } = error else { return error.to_string() };
    let variable = match setting {
        Setting::Endpoint => "ENTRASNAP_GRAPH_ENDPOINT",
        Setting::Authority => "AZURE_AUTHORITY_HOST",
        Setting::Tenant => "AZURE_TENANT_ID",
        Setting::Certificate => "AZURE_CLIENT_CERTIFICATE_PATH",
        Setting::TokenFile => "AZURE_FEDERATED_TOKEN_FILE",
        Setting::IdentityEndpoint => "IDENTITY_ENDPOINT",
        Setting::IdentityHost | Setting::Webhook => return error.to_string(),
    };
    format!("{variable}: {problem}")
}

fn help_of_setting(error: &Error) -> &'static str {
    let Error::Settings { problem, .. } = error else { return "" };
    match &**problem {
        SettingProblem::Certificate { problem, .. } => match problem {
            CertificateProblem::NotPem => {
                "convert it with `openssl pkcs12 -in certificate.pfx -out certificate.pem -nodes`"
            }
            CertificateProblem::EncryptedKey => {
                "convert it with `openssl pkcs8 -in encrypted.pem -out key.pem` and put the certificate behind it"
            }
            CertificateProblem::NoCertificate
            | CertificateProblem::NoKey
            | CertificateProblem::OtherKey { .. } => "",
        },
        SettingProblem::NoAddress { .. }
        | SettingProblem::MoreThanHost { .. }
        | SettingProblem::Password
        | SettingProblem::NotHttps { .. }
        | SettingProblem::NoTenant
        | SettingProblem::Unreadable { .. }
        | SettingProblem::CannotSign => "",
    }
}

fn help_of_sign_in(error: &Error) -> &'static str {
    let Error::SignIn(sign_in) = error else { return "" };
    match sign_in.cause {
        SignInCause::WrongSecret => {
            "AZURE_CLIENT_SECRET must be the secret's value, not its ID, of this application"
        }
        SignInCause::ExpiredSecret => "the secret has expired: make a new one and set AZURE_CLIENT_SECRET",
        SignInCause::UnknownApplication => {
            "AZURE_CLIENT_ID must be an application of the tenant AZURE_TENANT_ID"
        }
        SignInCause::UnknownTenant => {
            "AZURE_TENANT_ID must be the ID or a verified domain of a tenant of this cloud"
        }
        SignInCause::UnknownCertificate => {
            "the certificate in AZURE_CLIENT_CERTIFICATE_PATH must be among the application's certificates"
        }
        SignInCause::UntimelyAssertion => {
            "the assertion is not valid now: check the clock, or the age of AZURE_FEDERATED_TOKEN_FILE"
        }
        SignInCause::UnmatchedToken => {
            "no federated credential of the application matches the token in AZURE_FEDERATED_TOKEN_FILE"
        }
        SignInCause::DisabledApplication => "the application is disabled in the tenant",
        SignInCause::ConditionalAccess => {
            "a conditional access policy refused the sign-in; use an application of its own"
        }
        SignInCause::NoConsent => "an administrator must consent to the application first",
        SignInCause::AzureCli => "sign in with `az login`, or choose another --auth",
        SignInCause::AzureCliOutput => "update it",
        SignInCause::NoManagedIdentity => {
            "run this on a machine or service of Azure that has one, or choose another --auth"
        }
        SignInCause::ExpiredCode => "start again",
        SignInCause::Refused | SignInCause::OddAnswer => "",
    }
}
