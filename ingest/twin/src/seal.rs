//! Owns sealed texts: page and delta tokens, and access tokens, which hold their meaning and cannot be forged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seals and opens texts with a key.
#[derive(Clone)]
pub(crate) struct Seal([u8; 32]);

const MARK_BYTES: usize = 12;

impl Seal {
    pub(crate) fn new(entropy: &[u8; 32]) -> Self {
        Self(blake3::derive_key("entrasnap twin 2026 tokens", entropy))
    }

    /// Seals a text.
    pub(crate) fn seal(&self, text: &str) -> String {
        let mut bytes = self.mark(text.as_bytes()).to_vec();
        bytes.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a sealed text; none when it was not sealed here.
    pub(crate) fn open(&self, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (mark, text) = bytes.split_at_checked(MARK_BYTES)?;
        if mark != self.mark(text) {
            return None;
        }
        String::from_utf8(text.to_vec()).ok()
    }

    fn mark(&self, text: &[u8]) -> [u8; MARK_BYTES] {
        let hash = blake3::keyed_hash(&self.0, text);
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&hash.as_bytes()[..MARK_BYTES]);
        mark
    }
}

/// Encodes as tokens are.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes ordinary base64, as the `Authorization: Basic` header has it.
pub(crate) fn decode_basic(text: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    String::from_utf8(bytes).ok()
}
