//! Owns which setting of a client can be wrong, and how.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A setting of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Scheme and host of Graph.
    Endpoint,
    /// Scheme and host of the sign-in.
    Authority,
    /// The tenant.
    Tenant,
    /// The file with the certificate of an application and its key.
    Certificate,
    /// The file with the token of another identity provider.
    TokenFile,
    /// The host that gives the tokens of a managed identity.
    IdentityHost,
    /// The address that gives the tokens of a managed identity.
    IdentityEndpoint,
    /// The address that notifications go to.
    Webhook,
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Endpoint => "the endpoint",
            Self::Authority => "the authority",
            Self::Tenant => "the tenant",
            Self::Certificate => "the certificate",
            Self::TokenFile => "the federated token",
            Self::IdentityHost => "the managed identity's host",
            Self::IdentityEndpoint => "the managed identity's endpoint",
            Self::Webhook => "the webhook",
        })
    }
}

/// What was expected of a setting, and what was found.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettingProblem {
    /// It is no address.
    #[error("expected an address such as https://host, found {reason}")]
    NoAddress {
        /// What the parser found.
        reason: String,
    },
    /// It is an address with more than scheme and host.
    #[error("expected scheme and host only, found {found}")]
    MoreThanHost {
        /// Its scheme and host.
        found: String,
    },
    /// It is an address with a name and password.
    #[error("expected an address without a name and password")]
    Password,
    /// The token would go over the network in the clear.
    #[error("expected https, or http on a loopback address, found {found}")]
    NotHttps {
        /// Its scheme and host.
        found: String,
    },
    /// It names no tenant.
    #[error("expected the ID or a domain of a tenant")]
    NoTenant,
    /// The file cannot be read.
    #[error("expected {expected} {}: {source}", path.display())]
    Unreadable {
        /// What the file has to hold, with a preposition.
        expected: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own error.
        source: Arc<io::Error>,
    },
    /// The file does not hold what it has to.
    #[error("{}: {problem}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        problem: CertificateProblem,
    },
    /// The key gives no signatures.
    #[error("the key cannot sign")]
    CannotSign,
}

/// What is wrong with a file that should hold a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// It is not PEM.
    #[error("expected PEM, found something else, perhaps PFX")]
    NotPem,
    /// The key is encrypted.
    #[error("expected a key that is not encrypted")]
    EncryptedKey,
    /// It has no certificate.
    #[error("expected a certificate, found none")]
    NoCertificate,
    /// It has no key.
    #[error("expected the certificate's private key, found none")]
    NoKey,
    /// The key is of another kind.
    #[error("expected an RSA key of 2048 bits or more: {reason}")]
    OtherKey {
        /// What was found.
        reason: String,
    },
}
