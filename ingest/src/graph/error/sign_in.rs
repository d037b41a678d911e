//! Owns why no token could be had.

use std::fmt;

/// Why no token could be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// What callers tell apart.
    pub cause: SignInCause,
    /// Entra's number, such as `AADSTS7000215`, or an error such as `invalid_client`; empty when there is none.
    pub code: String,
    /// What was expected and found.
    pub message: String,
}

/// Causes of a failed sign-in that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInCause {
    /// The secret is none of the application.
    WrongSecret,
    /// The secret has expired.
    ExpiredSecret,
    /// The tenant does not know the application.
    UnknownApplication,
    /// The cloud does not know the tenant.
    UnknownTenant,
    /// The certificate is none of the application.
    UnknownCertificate,
    /// The assertion is not valid at this time.
    UntimelyAssertion,
    /// No federated credential of the application matches the token.
    UnmatchedToken,
    /// The application is disabled in the tenant.
    DisabledApplication,
    /// A conditional access policy refused the sign-in.
    ConditionalAccess,
    /// No administrator consented to the application.
    NoConsent,
    /// Entra refused for any other reason.
    Refused,
    /// The answer holds no token, or no code for a device.
    OddAnswer,
    /// The Azure CLI gave no token.
    AzureCli,
    /// The Azure CLI printed something else than a token.
    AzureCliOutput,
    /// Nothing answers where a managed identity would be.
    NoManagedIdentity,
    /// The person did not sign in before the code expired.
    ExpiredCode,
}

impl SignInCause {
    /// Tells the cause from Entra's number.
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            "AADSTS7000215" => Self::WrongSecret,
            "AADSTS7000222" => Self::ExpiredSecret,
            "AADSTS700016" => Self::UnknownApplication,
            "AADSTS90002" | "AADSTS900023" | "AADSTS900021" => Self::UnknownTenant,
            "AADSTS700027" | "AADSTS700025" => Self::UnknownCertificate,
            "AADSTS700024" => Self::UntimelyAssertion,
            "AADSTS70021" | "AADSTS700211" | "AADSTS700212" | "AADSTS700213" => Self::UnmatchedToken,
            "AADSTS7000112" => Self::DisabledApplication,
            "AADSTS50076" | "AADSTS50079" | "AADSTS53003" => Self::ConditionalAccess,
            "AADSTS65001" | "AADSTS500011" => Self::NoConsent,
            _ => Self::Refused,
        }
    }
}

impl SignIn {
    /// A failure that has no number of Entra's.
    pub(crate) fn new(cause: SignInCause, message: String) -> Self {
        Self { cause, code: String::new(), message }
    }
}

impl std::error::Error for SignIn {}

impl fmt::Display for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no access token: {}", self.message)?;
        if self.code.is_empty() || self.message.contains(&self.code) {
            return Ok(());
        }
        write!(formatter, " ({})", self.code)
    }
}
