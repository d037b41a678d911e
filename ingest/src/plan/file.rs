//! How a plan stands in a file: JSON for people, hashed in a form that does not depend on how it is laid out.

use std::io::Write;

use serde_json::Value;

use super::{FORMAT_VERSION, Plan};
use crate::{Error, Result};

impl Plan {
    /// The file: indented JSON.
    ///
    /// # Panics
    /// Never: a plan is made of texts, numbers and maps with text keys.
    #[must_use]
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a plan is JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file, and checks its format version and its hash.
    ///
    /// # Errors
    /// `PlanText` when it is no plan in JSON, `PlanVersion` when a newer version wrote it, `PlanEdited` when its hash
    /// is not that of its content.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self> {
        let text = |error: serde_json::Error| Error::PlanText {
            line: error.line(),
            column: error.column(),
            what: what_of(&error),
        };
        let value: Value = serde_json::from_slice(bytes).map_err(text)?;
        let version = value.get("formatVersion").and_then(Value::as_u64).unwrap_or_default();
        if version > u64::from(FORMAT_VERSION) {
            return Err(Error::PlanVersion { found: version, known: FORMAT_VERSION });
        }
        let found = value.get("hash").and_then(Value::as_str).unwrap_or_default().to_owned();
        let plan: Self = serde_json::from_slice(bytes).map_err(text)?;
        // The hash is over what stands in the file, so that nothing can be added that this program does not read.
        let expected = hash_of(value);
        if expected != found {
            return Err(Error::PlanEdited { expected, found });
        }
        Ok(plan)
    }

    /// The hash of everything but `hash`.
    ///
    /// # Panics
    /// Never: see [`Plan::to_file_bytes`].
    #[must_use]
    pub fn compute_hash(&self) -> String {
        hash_of(serde_json::to_value(self).expect("a plan is JSON"))
    }

    /// Checks that the plan is as it was made.
    ///
    /// # Errors
    /// `PlanEdited`.
    pub fn verify_hash(&self) -> Result<()> {
        let expected = self.compute_hash();
        if expected == self.hash {
            return Ok(());
        }
        Err(Error::PlanEdited { expected, found: self.hash.clone() })
    }
}

/// BLAKE3 of the canonical text: keys in order, no white space.
fn hash_of(mut value: Value) -> String {
    if let Value::Object(members) = &mut value {
        members.remove("hash");
    }
    let mut writer = std::io::BufWriter::with_capacity(1 << 16, blake3::Hasher::new());
    serde_json::to_writer(&mut writer, &value).expect("a hasher takes everything");
    writer.flush().expect("a hasher takes everything");
    writer.get_ref().finalize().to_hex().to_string()
}

/// The parser's words without the place, which is said apart.
fn what_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}
