//! Owns what an application signs to prove that it has its certificate's key: a JWT with PS256.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use serde_json::json;

use super::super::error::{CertificateProblem, Error, Result, Setting, SettingProblem};
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
        let bytes = std::fs::read(path).map_err(|source| {
            let (path, source) = (path.to_owned(), source.into());
            unfit(SettingProblem::Unreadable { expected: "a PEM file at", path, source })
        })?;
        Self::read(&bytes)
            .map_err(|problem| unfit(SettingProblem::Certificate { path: path.to_owned(), problem }))
    }

    fn read(bytes: &[u8]) -> Result<Self, CertificateProblem> {
        let text = str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN "));
        let text = text.ok_or(CertificateProblem::NotPem)?;
        if text.contains("ENCRYPTED") {
            return Err(CertificateProblem::EncryptedKey);
        }
        let certificate = section(text, "CERTIFICATE").ok_or(CertificateProblem::NoCertificate)?;
        let key = match (section(text, "PRIVATE KEY"), section(text, "RSA PRIVATE KEY")) {
            (Some(key), _) => RsaKeyPair::from_pkcs8(&key),
            (None, Some(key)) => RsaKeyPair::from_der(&key),
            (None, None) => return Err(CertificateProblem::NoKey),
        };
        let key = key.map_err(|error| CertificateProblem::OtherKey { reason: error.to_string() })?;
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
            .map_err(|_| unfit(SettingProblem::CannotSign))?;
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

fn unfit(problem: SettingProblem) -> Error {
    Error::Settings { setting: Setting::Certificate, problem: Box::new(problem) }
}
