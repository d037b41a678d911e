//! Owns notifications by webhook: one POST of JSON, signed, and its answer.
//!
//! *Invariants*: 1. Plain http goes to this machine alone. 2. The path of the address, which is often a secret, and the key
//! are in no error. 3. Redirects are not followed. 4. The signature covers the body as it is sent, byte for byte: a
//! time in the body keeps an old notification from being replayed.
//!
//! *Sources*: HMAC is RFC 2104, its test vectors are RFC 4231, read 2026-11-30.

use std::time::Duration;

use bytes::Bytes;
use ring::hmac;

use crate::graph::{self, Address, Cancel, Method, Outgoing, Plain, Secret, Setting, Transport, block_on};
use crate::system::ThreadsError;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-entrasnap-signature";
/// The header with the ID of the notification, which is the same when it is sent again.
pub const DELIVERY_HEADER: &str = "x-entrasnap-delivery";

/// How long one exchange may take.
const EXCHANGE_MAX: Duration = Duration::from_secs(30);
/// The most bytes of an answer, of which nothing but the status counts.
const ANSWER_MAX: usize = 1 << 16;
const USER_AGENT: &str = concat!("entrasnap/", env!("CARGO_PKG_VERSION"));

/// Why a notification did not arrive, as far as is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used, or no connection can be prepared; or a stop is requested.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// There are no threads for the network.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// There was no answer.
    #[error("{origin} gave no answer: {what}")]
    Lost {
        /// Scheme, host and port.
        origin: String,
        /// What happened.
        what: String,
    },
    /// The answer was no success.
    #[error("{origin} answered {status}, expected 200 to 299")]
    Refused {
        /// Scheme, host and port.
        origin: String,
        /// The status of HTTP.
        status: u16,
        /// How long the receiver asks to be left alone.
        retry_after: Option<Duration>,
    },
}

impl Error {
    /// Whether the same may arrive when it is sent again soon.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Graph(_) => false,
            Self::Threads(_) | Self::Lost { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
        }
    }

    /// How long the receiver asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Graph(_) | Self::Threads(_) | Self::Lost { .. } => None,
        }
    }
}

/// Where notifications go.
pub struct Webhook {
    address: Address,
    key: Option<Secret>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Webhook").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Checks an address; without a key nothing is signed.
    ///
    /// # Errors
    /// `Graph` when it is no address of https, or of http on this machine.
    pub fn new(address: &str, key: Option<Secret>) -> Result<Self, Error> {
        Ok(Self { address: Address::checked(address, Setting::Webhook, Plain::Loopback)?, key })
    }

    /// Scheme, host and port: what may be shown of the address.
    #[must_use]
    pub fn origin(&self) -> String {
        self.address.origin()
    }

    /// Sends a JSON text, once.
    ///
    /// # Errors
    /// Why it did not arrive, or may not have arrived.
    pub fn post(&self, body: &[u8], delivery: &str, cancel: &Cancel) -> Result<(), Error> {
        // Connections belong to the threads that made them, which end with this exchange.
        let transport = Transport::new(USER_AGENT, EXCHANGE_MAX, &[&self.address])?;
        let signature = self.key.as_ref().map(|key| signature(key, body));
        let mut headers = vec![(DELIVERY_HEADER, delivery)];
        headers.extend(signature.as_deref().map(|signature| (SIGNATURE_HEADER, signature)));
        let outgoing = Outgoing {
            method: Method::Post,
            address: &self.address,
            headers: &headers,
            token: None,
            body: Some(("application/json", Bytes::copy_from_slice(body))),
            answer_max: ANSWER_MAX,
        };
        let received = block_on(cancel.guard(transport.exchange(&outgoing)))??;
        let received = received.map_err(|lost| Error::Lost { origin: self.origin(), what: lost.what })?;
        if (200..300).contains(&received.status) {
            return Ok(());
        }
        let seconds = received.header("retry-after").and_then(|text| text.trim().parse().ok());
        Err(Error::Refused {
            origin: self.origin(),
            status: received.status,
            retry_after: seconds.map(Duration::from_secs),
        })
    }
}

/// The value of [`SIGNATURE_HEADER`] for a body: `sha256=` and the HMAC-SHA256 in hexadecimal digits.
#[must_use]
pub fn signature(key: &Secret, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes()), body);
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("sha256={}", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature(&Secret::new("Jefe"), b"what do ya want for nothing?"), expected);
        assert_ne!(signature(&Secret::new("Jefe"), b"what do ya want for nothing!"), expected);
    }

    #[test]
    fn only_addresses_that_keep_a_secret_are_taken_and_no_path_is_shown() {
        for address in
            ["http://example.com/hook", "ftp://example.com", "example.com", "https://a:b@example.com/"]
        {
            let error = Webhook::new(address, None).expect_err(address).to_string();
            assert!(!error.contains("/hook"), "{error}");
        }
        let webhook = Webhook::new("https://hooks.example.com/services/T0/secret", None).unwrap();
        assert_eq!(webhook.origin(), "https://hooks.example.com");
        assert!(!format!("{webhook:?}").contains("secret"));
        Webhook::new("http://127.0.0.1:8080/hook", None).unwrap();
    }

    #[test]
    fn only_what_may_pass_is_worth_another_try() {
        let refused = |status| Error::Refused { origin: String::new(), status, retry_after: None };
        assert!([408, 425, 429, 500, 503].map(refused).iter().all(Error::may_pass));
        assert!(![301, 400, 401, 404, 410].map(refused).iter().any(Error::may_pass));
        assert!(!Error::from(graph::Error::Cancelled).may_pass());
    }
}
