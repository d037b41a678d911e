//! Owns the hash of the content of a plan file, whatever its members are. Steps are nearly all of it: they are looked at one by
//! one, so that the file is never in memory as a tree.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Value};

use super::UNHASHED;

/// The member that is not kept.
const STEPS: &str = "steps";

/// The members of the file but its steps; these are null, so that their presence is known.
pub(super) fn frame(bytes: &[u8]) -> Result<BTreeMap<String, Value>, Error> {
    let mut frame = BTreeMap::new();
    each_member(bytes, Members { frame: Some(&mut frame), steps: None })?;
    Ok(frame)
}

/// BLAKE3 of the file's canonical text: members in order, no white space.
pub(super) fn hash(bytes: &[u8], frame: &BTreeMap<String, Value>) -> Result<String, Error> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, blake3::Hasher::new());
    let mut separator = "{";
    for (name, value) in frame.iter().filter(|(name, _)| !UNHASHED.contains(&name.as_str())) {
        out.write_all(separator.as_bytes()).map_err(Error::io)?;
        separator = ",";
        serde_json::to_writer(&mut out, name)?;
        out.write_all(b":").map_err(Error::io)?;
        if name == STEPS {
            each_member(bytes, Members { frame: None, steps: Some(Steps(&mut out)) })?;
        } else {
            serde_json::to_writer(&mut out, value)?;
        }
    }
    out.write_all(if separator == "{" { b"{}" } else { b"}" }).map_err(Error::io)?;
    out.flush().map_err(Error::io)?;
    Ok(out.get_ref().finalize().to_hex().to_string())
}

fn each_member(bytes: &[u8], members: Members<'_>) -> Result<(), Error> {
    let mut file = serde_json::Deserializer::from_slice(bytes);
    file.deserialize_map(members)?;
    file.end()
}

type Hashing = std::io::BufWriter<blake3::Hasher>;

/// Keeps the members but the steps, or hashes the steps alone.
struct Members<'m> {
    frame: Option<&'m mut BTreeMap<String, Value>>,
    steps: Option<Steps<'m>>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a recovery plan")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == STEPS {
                match self.steps.take() {
                    Some(steps) => map.next_value_seed(steps)?,
                    None => _ = map.next_value::<IgnoredAny>()?,
                }
                if let Some(frame) = &mut self.frame {
                    frame.insert(name, Value::Null);
                }
            } else if let Some(frame) = &mut self.frame {
                let value = map.next_value()?;
                frame.insert(name, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Hashes each step in its canonical form.
struct Steps<'h>(&'h mut Hashing);

impl<'de> DeserializeSeed<'de> for Steps<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, steps: D) -> Result<(), D::Error> {
        steps.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Steps<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the steps of a plan")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<(), A::Error> {
        let failed = |error: &dyn fmt::Display| serde::de::Error::custom(error);
        let mut separator: &[u8] = b"[";
        while let Some(step) = steps.next_element::<Value>()? {
            self.0.write_all(separator).map_err(|error| failed(&error))?;
            separator = b",";
            serde_json::to_writer(&mut *self.0, &step).map_err(|error| failed(&error))?;
        }
        let end: &[u8] = if separator == b"[" { b"[]" } else { b"]" };
        self.0.write_all(end).map_err(|error| failed(&error))
    }
}
