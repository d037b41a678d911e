//! Tests of signed assertions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::{Certificate, CertificateProblem as Problem};

const PEM: &[u8] = include_bytes!("certificate.pem");

fn refusal(bytes: &[u8]) -> Option<Problem> {
    Certificate::read(bytes).err()
}

#[test]
fn an_assertion_is_signed_by_the_certificates_key_and_names_the_certificate() {
    let certificate = Certificate::read(PEM).unwrap();
    let now = jiff::Timestamp::from_second(1_795_341_600).unwrap();
    let assertion = certificate.assert("client", "https://login/token", "unique", now).unwrap();
    let parts: Vec<&str> = assertion.reveal().split('.').collect();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&"PS256".into(), &"JWT".into()));
    // As the fingerprint of `openssl x509 -sha256` has it.
    assert_eq!(header["x5t#S256"], THUMBPRINT);
    assert_eq!(claims["aud"], "https://login/token");
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["jti"]),
        (&"client".into(), &"client".into(), &"unique".into())
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
    let signed = assertion.reveal().rsplit_once('.').unwrap().0;
    let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key.public_key().as_ref());
    assert!(key.verify(signed.as_bytes(), &decode(parts[2])).is_ok());
}

const THUMBPRINT: &str = "HJHEo4ow1H_pJIB7fFzUGYrNxGvBRJvxhwgcGsWPYJM";

#[test]
fn what_is_no_certificate_with_a_key_is_refused_with_its_reason() {
    assert_eq!(refusal(b"\x30\x82\x0a\x00"), Some(Problem::NotPem));
    assert_eq!(refusal(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"), Some(Problem::EncryptedKey));
    assert_eq!(refusal(b"-----BEGIN PRIVATE KEY-----"), Some(Problem::NoCertificate));
    let text = str::from_utf8(PEM).unwrap();
    let (alone, _) = text.split_once("-----BEGIN PRIVATE").unwrap();
    assert_eq!(refusal(alone.as_bytes()), Some(Problem::NoKey));
}
