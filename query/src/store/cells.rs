//! Cells of the tables of changes: columns of texts and JSON.

use std::collections::HashMap;
use std::sync::Arc;

use engine::ObjectId;
use jiff::Timestamp;

use crate::batch::{Column, Field, Schema};
use crate::json;
use crate::time::UNIX_EPOCH;
use crate::value::{Type, Value};

/// Name and type of a column, as the tables here list theirs.
pub(super) type ColumnSpec = (&'static str, Type);

pub(super) fn schema_of(columns: &[ColumnSpec]) -> Schema {
    columns.iter().map(|(name, kind)| Field::new(*name, *kind)).collect()
}

/// Texts of which many rows have the same.
pub(super) fn names<'t>(texts: impl Iterator<Item = &'t str>) -> Column {
    let mut indexes: HashMap<&str, u32> = HashMap::new();
    let mut values = Vec::new();
    let codes = texts.map(|text| {
        *indexes.entry(text).or_insert_with(|| {
            values.push(Value::text(text));
            crate::batch::row_number(values.len() - 1)
        })
    });
    let codes: Vec<u32> = codes.collect();
    Column::Dictionary { codes: Arc::new(codes), values: Arc::new(values) }
}

/// Texts that mostly differ.
pub(super) fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> Column {
    Column::of(texts.map(Value::text).collect())
}

/// An ID.
pub(super) fn id(id: &ObjectId) -> Value {
    Value::text(&id.to_string())
}

/// A count.
pub(super) fn count(count: usize) -> Value {
    Value::Long(i64::try_from(count).unwrap_or(i64::MAX))
}

/// An array of texts or others.
pub(super) fn array(elements: Vec<Value>) -> Value {
    Value::Array(Arc::new(elements))
}

/// A bag of a few named values.
pub(super) fn bag<'n>(pairs: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    Value::Object(Arc::new(pairs.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()))
}

/// The value of a JSON text; an absent or unknown one is null.
pub(super) fn json_value(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    if let Some(value) = json::parse(text) {
        return value;
    }
    // Half a surrogate pair is exact in the store, but no text can hold it.
    json::parse(&without_lone_surrogates(text)).unwrap_or(Value::Null)
}

/// The text of a cell that holds a JSON string; of any other an empty one.
pub(super) fn text_value(json: &[u8]) -> String {
    match std::str::from_utf8(json).map(|json| json_value(Some(json))) {
        Ok(Value::String(text)) => text.to_string(),
        _ => String::new(),
    }
}

fn without_lone_surrogates(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find('\\') {
        kept.push_str(&rest[..index]);
        let escape = &rest[index..];
        let is_surrogate = escape.len() >= 6 && escape.is_char_boundary(6) && {
            let code = escape[..6].strip_prefix("\\u").and_then(|hex| u32::from_str_radix(hex, 16).ok());
            code.is_some_and(|code| (0xD800..0xE000).contains(&code))
        };
        // Canonical texts escape no whole pair, so every escaped surrogate is a lone one.
        let length =
            if is_surrogate { 6 } else { escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at) };
        kept.push_str(if is_surrogate { "\\ufffd" } else { &escape[..length] });
        rest = &escape[length..];
    }
    kept + rest
}

/// A time as a cell.
pub(super) fn datetime(time: Timestamp) -> Value {
    Value::Datetime(ticks(time))
}

/// A time in ticks since 0001-01-01 UTC.
pub(super) fn ticks(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond().div_euclid(100)).unwrap_or(i64::MAX).saturating_add(UNIX_EPOCH)
}
