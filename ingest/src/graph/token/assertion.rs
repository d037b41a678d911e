//! Owns what an application signs to prove that it has its certificate's key: a JWT with PS256.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use serde_json::json;

use super::super::error::{Error, Result};
use super::super::secret::Secret;

#[cfg(test)]
mod tests;

/// How long an assertion may be used.
const LIFE_S: i64 = 600;

/// A certificate with its key.
pub(super) struct Certificate {
    key: RsaKeyPair,
    /// SHA-256 of the certificate.
    thumbprint: String,
}

impl Certificate {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// `Settings` when it is none, its key is encrypted, or a part is missing.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            wrong(format!("AZURE_CLIENT_CERTIFICATE_PATH: expected a PEM file at {name}: {error}"))
        })?;
        Self::read(&bytes).map_err(|what| wrong(format!("AZURE_CLIENT_CERTIFICATE_PATH: {name}: {what}")))
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN "));
        let text = text.ok_or(
            "expected PEM, found something else, perhaps PFX; convert it with \
             `openssl pkcs12 -in certificate.pfx -out certificate.pem -nodes`",
        )?;
        if text.contains("ENCRYPTED") {
            return Err("expected a key that is not encrypted; convert it with \
                        `openssl pkcs8 -in encrypted.pem -out key.pem` and put the certificate behind it"
                .to_owned());
        }
        let certificate = section(text, "CERTIFICATE").ok_or("expected a certificate, found none")?;
        let key = match (section(text, "PRIVATE KEY"), section(text, "RSA PRIVATE KEY")) {
            (Some(key), _) => RsaKeyPair::from_pkcs8(&key),
            (None, Some(key)) => RsaKeyPair::from_der(&key),
            (None, None) => return Err("expected the certificate's private key, found none".to_owned()),
        };
        let key = key.map_err(|error| format!("expected an RSA key of 2048 bits or more: {error}"))?;
        let hash = ring::digest::digest(&ring::digest::SHA256, &certificate);
        Ok(Self { key, thumbprint: URL_SAFE_NO_PAD.encode(hash) })
    }

    /// Signs an assertion.
    pub(super) fn assert(
        &self,
        client_id: &str,
        audience: &str,
        unique: &str,
        now: jiff::Timestamp,
    ) -> Result<Secret> {
        let now_s = now.as_second();
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = json!({"aud": audience, "iss": client_id, "sub": client_id, "jti": unique,
            "nbf": now_s, "iat": now_s, "exp": now_s + LIFE_S});
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // The salt of a signature is the one thing here that no seed may foretell.
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_| wrong("AZURE_CLIENT_CERTIFICATE_PATH: the key cannot sign".to_owned()))?;
        Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// Gives what the first section of this name holds.
fn section(text: &str, name: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {name}-----"), format!("-----END {name}-----"));
    let rest = &text[text.find(&begin)? + begin.len()..];
    let lines: String = rest[..rest.find(&end)?].split_whitespace().collect();
    STANDARD.decode(lines).ok()
}

fn wrong(what: String) -> Error {
    Error::Settings { what }
}
