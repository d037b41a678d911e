//! JSON text to values and back, keeping the order of keys.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::literal;
use crate::number::format_real;
use crate::time::{format_datetime, format_timespan};
use crate::value::{Type, Value};

/// Reads JSON text; nothing if it is not JSON.
pub(crate) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str::<Parsed>(text).ok().map(|parsed| parsed.0)
}

struct Parsed(Value);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Parsed)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Long(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond a long there are only reals")]
        let real = value as f64;
        Ok(i64::try_from(value).map_or(Value::Real(real), Value::Long))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Parsed(element)) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(Arc::new(elements)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs: Vec<(Arc<str>, Value)> = Vec::new();
        while let Some((key, Parsed(value))) = map.next_entry::<String, Parsed>()? {
            pairs.push((Arc::from(key), value));
        }
        Ok(literal::object(pairs))
    }
}

/// Writes a value inside a dynamic one as compact JSON.
pub(crate) fn to_text(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

/// Longest JSON text written; beyond it nested values are left out, since values that share parts
/// can be much longer as text than they are in memory.
const JSON_BYTES_MAX: usize = 64 << 20;

fn write(out: &mut String, value: &Value) {
    if out.len() > JSON_BYTES_MAX {
        out.push_str("null");
        return;
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Long(long) => {
            let _written = write!(out, "{long}");
        }
        Value::Real(real) if real.is_finite() => out.push_str(&format_real(*real)),
        Value::Real(real) => write_string(out, special(*real)),
        Value::String(text) => write_string(out, text),
        Value::Datetime(ticks) => write_string(out, &format_datetime(*ticks)),
        Value::Timespan(ticks) => write_string(out, &format_timespan(*ticks)),
        Value::Guid(guid) => write_string(out, &literal::format_guid(*guid)),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                comma(out, index);
                write(out, element);
            }
            out.push(']');
        }
        Value::Object(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                comma(out, index);
                write_string(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn comma(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn special(real: f64) -> &'static str {
    if real.is_nan() {
        "NaN"
    } else if real > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Writes a text in quotes with the escapes JSON requires.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => {
                let _written = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl Value {
    /// Writes the value as the JSON value a cell of a column of this type has in NDJSON output.
    #[must_use]
    pub fn to_json(&self, kind: Type) -> String {
        match self {
            Self::Null if kind == Type::String => "\"\"".to_owned(),
            value => to_text(value),
        }
    }
}
