//! Owns signatures of plans: people sign a plan's hash with the SSH keys they have, and whoever applies it asks for them.
//!
//! Shape: a signature is what `ssh-keygen -Y sign -n entrasnap-plan` makes of a file that holds the hash and nothing else,
//! without its frame of dashes; so keys behind a passphrase, in an agent or on a token sign too. Only Ed25519 is taken.
//!
//! Sources: [PROTOCOL.sshsig](https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig),
//! [PROTOCOL.key](https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key), RFC 8709 section 4, read 2026-11-30.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA512, digest};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::plan::{Error, Result, SignatureProblem};

/// What signatures of plans are for, so that one for something else is not taken for one of these.
pub const SIGNATURE_NAMESPACE: &str = "entrasnap-plan";

const ALGORITHM: &str = "ssh-ed25519";
const SIGNATURE_MAGIC: &[u8] = b"SSHSIG";
const KEY_MAGIC: &[u8] = b"openssh-key-v1\0";
const SEED_LENGTH: usize = 32;

/// A signature of a plan's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSignature {
    /// The public key, `ssh-ed25519 …`.
    pub key: String,
    /// The signature in the form of OpenSSH, in base64.
    pub signature: String,
}

/// Whose signatures a plan needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureRule {
    /// How many of the keys must have signed.
    pub required: usize,
    /// Public keys, `ssh-ed25519 …`, perhaps with a comment.
    pub keys: Vec<String>,
}

impl Plan {
    /// Signs the hash with a private key as OpenSSH keeps it, without a passphrase.
    ///
    /// # Errors
    /// `PrivateKey` when the text is no such key.
    pub fn sign(&mut self, private_key: &str) -> Result<String> {
        let (pair, public) = read_private_key(private_key)?;
        let signature = pair.sign(&signed_bytes(&self.hash));
        let mut blob = SIGNATURE_MAGIC.to_vec();
        blob.extend_from_slice(&1_u32.to_be_bytes());
        put(&mut blob, &public);
        for text in [SIGNATURE_NAMESPACE, "", "sha512"] {
            put(&mut blob, text.as_bytes());
        }
        let mut inner = Vec::new();
        put(&mut inner, ALGORITHM.as_bytes());
        put(&mut inner, signature.as_ref());
        put(&mut blob, &inner);
        self.add_signature(&STANDARD.encode(blob))
    }

    /// Adds a signature that `ssh-keygen -Y sign` made of the hash; gives the key that made it.
    ///
    /// # Errors
    /// `Signature` when it is none, or one of something else.
    pub fn add_signature(&mut self, text: &str) -> Result<String> {
        let signature = unarmored(text);
        let key = verify(&self.hash, &signature)?;
        self.signatures.retain(|other| other.key != key);
        self.signatures.push(PlanSignature { key: key.clone(), signature });
        Ok(key)
    }

    /// Checks that enough people signed: each listed key counts once, and signatures of others not at all.
    ///
    /// # Errors
    /// `Unsigned` when there are too few, `PublicKey` and `SignatureRule` when the rule is none.
    pub fn check_signatures(&self, rule: &SignatureRule) -> Result<()> {
        let mut listed = BTreeSet::new();
        for key in &rule.keys {
            let blob = key.split_whitespace().nth(1).and_then(|text| STANDARD.decode(text).ok());
            let blob = blob.filter(|_| key.starts_with(ALGORITHM)).filter(|blob| public_of(blob).is_some());
            listed.insert(blob.ok_or_else(|| Error::PublicKey { key: key.clone() })?);
        }
        if rule.required > listed.len() {
            return Err(Error::SignatureRule { required: rule.required, keys: listed.len() });
        }
        let verified =
            self.signatures.iter().filter_map(|signature| verify(&self.hash, &signature.signature).ok());
        let signed: BTreeSet<Vec<u8>> =
            verified.filter_map(|key| STANDARD.decode(key.split(' ').nth(1)?).ok()).collect();
        let count = signed.intersection(&listed).count();
        if count >= rule.required {
            return Ok(());
        }
        Err(Error::Unsigned { required: rule.required, found: count })
    }
}

/// The key that made a signature of a hash.
fn verify(hash: &str, signature: &str) -> Result<String> {
    let blob = STANDARD.decode(signature).map_err(|_| Error::Signature(SignatureProblem::NotBase64))?;
    let parts = read_signature(&blob).ok_or(Error::Signature(SignatureProblem::OtherForm))?;
    if parts.namespace != SIGNATURE_NAMESPACE.as_bytes() {
        return Err(Error::Signature(SignatureProblem::OtherNamespace));
    }
    let public = public_of(parts.key).ok_or(Error::Signature(SignatureProblem::OtherKey))?;
    let key = UnparsedPublicKey::new(&ED25519, public);
    let signed = key.verify(&signed_bytes(hash), parts.signature);
    signed.map_err(|_| Error::Signature(SignatureProblem::OtherHash))?;
    Ok(format!("{ALGORITHM} {}", STANDARD.encode(parts.key)))
}

/// What an SSH signature covers.
fn signed_bytes(hash: &str) -> Vec<u8> {
    let mut bytes = SIGNATURE_MAGIC.to_vec();
    for text in [SIGNATURE_NAMESPACE, "", "sha512"] {
        put(&mut bytes, text.as_bytes());
    }
    put(&mut bytes, digest(&SHA512, hash.as_bytes()).as_ref());
    bytes
}

struct SignatureParts<'b> {
    key: &'b [u8],
    namespace: &'b [u8],
    signature: &'b [u8],
}

fn read_signature(blob: &[u8]) -> Option<SignatureParts<'_>> {
    let mut rest = blob.strip_prefix(SIGNATURE_MAGIC)?.strip_prefix(&1_u32.to_be_bytes())?;
    let (key, namespace) = (take(&mut rest)?, take(&mut rest)?);
    let _reserved = take(&mut rest)?;
    let algorithm = take(&mut rest)?;
    let mut inner = take(&mut rest)?;
    let is_known = algorithm == b"sha512" && take(&mut inner)? == ALGORITHM.as_bytes() && rest.is_empty();
    let signature = take(&mut inner)?;
    (is_known && inner.is_empty()).then_some(SignatureParts { key, namespace, signature })
}

/// The 32 bytes of a public key.
fn public_of(mut blob: &[u8]) -> Option<&[u8]> {
    let is_known = take(&mut blob)? == ALGORITHM.as_bytes();
    let key = take(&mut blob)?;
    (is_known && blob.is_empty() && key.len() == 32).then_some(key)
}

/// A key pair, and its public half as SSH writes it.
fn read_private_key(text: &str) -> Result<(Ed25519KeyPair, Vec<u8>)> {
    let odd = || Error::PrivateKey;
    let blob = STANDARD.decode(unarmored(text)).map_err(|_| odd())?;
    let (seed, public) = private_parts(&blob).ok_or_else(odd)?;
    let key = public_of(&public).ok_or_else(odd)?.to_vec();
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &key).map_err(|_| odd())?;
    Ok((pair, public))
}

fn private_parts(blob: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut rest = blob.strip_prefix(KEY_MAGIC)?;
    let (cipher, _derivation, _options) = (take(&mut rest)?, take(&mut rest)?, take(&mut rest)?);
    let mut rest = rest.strip_prefix(&1_u32.to_be_bytes())?;
    let public = take(&mut rest)?.to_vec();
    let mut private = take(&mut rest)?.get(8..)?;
    let is_known = cipher == b"none" && take(&mut private)? == ALGORITHM.as_bytes();
    let _public = take(&mut private)?;
    let seed = take(&mut private)?.get(..SEED_LENGTH)?.to_vec();
    is_known.then_some((seed, public))
}

/// A text in base64 without its frame and line ends.
fn unarmored(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
}

/// Takes the bytes behind a length.
fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (taken, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).expect("keys, names and hashes are short");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}
