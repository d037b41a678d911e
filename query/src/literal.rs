//! The texts of literals to values.

use std::sync::Arc;

use crate::value::{TICKS_PER_DAY, Type, Value};
use crate::{number, time};

/// Reads the text between the brackets of `type(…)`.
pub(crate) fn parse_typed(kind: Type, text: &str) -> Option<Value> {
    let text = text.trim();
    if text == "null" {
        return Some(Value::Null);
    }
    let decoded = match text.chars().next() {
        Some('"' | '\'' | '@' | '`') => decode_string(text)?,
        _ => text.to_owned(),
    };
    let text = decoded.trim();
    match kind {
        Type::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Int => parse_int(text),
        Type::Long => number::parse_integer(text).map(Value::Long),
        Type::Real => number::parse_real(text).map(Value::Real),
        Type::Datetime => parse_datetime(text).map(Value::Datetime),
        Type::Timespan => match text.parse::<i64>() {
            Ok(days) => days.checked_mul(TICKS_PER_DAY).map(Value::Timespan),
            Err(_) => time::parse_timespan(text).map(Value::Timespan),
        },
        Type::Guid => parse_guid(text).map(Value::Guid),
        Type::String => Some(Value::text(text)),
        Type::Dynamic => None,
    }
}

fn parse_int(text: &str) -> Option<Value> {
    let integer = number::parse_integer(text)?;
    i32::try_from(integer).ok().map(|_| Value::Long(integer))
}

/// Reads a datetime or `year, month, day[, hour, minute, second]`.
fn parse_datetime(text: &str) -> Option<i64> {
    if !text.contains(',') {
        return time::parse_datetime(text);
    }
    let parts: Option<Vec<i64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let parts = parts.filter(|parts| (3..=6).contains(&parts.len()))?;
    let part = |index: usize| parts.get(index).copied().unwrap_or(0);
    if !(0..24).contains(&part(3)) || !(0..60).contains(&part(4)) || !(0..60).contains(&part(5)) {
        return None;
    }
    let seconds = (part(3) * 60 + part(4)) * 60 + part(5);
    let ticks = seconds * crate::value::TICKS_PER_SECOND;
    time::Civil { year: part(0), month: part(1), day: part(2), ticks }.to_ticks()
}

/// Reads 32 hex digits, with or without dashes, braces or parentheses.
pub(crate) fn parse_guid(text: &str) -> Option<u128> {
    let text = text.trim().trim_start_matches(['{', '(']).trim_end_matches(['}', ')']);
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

/// Writes a guid in lower case with dashes.
pub(crate) fn format_guid(guid: u128) -> String {
    let text = format!("{guid:032x}");
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Reads one string literal with its quotes and prefix.
pub(crate) fn decode_string(token: &str) -> Option<String> {
    let body = token.strip_prefix(['h', 'H']).unwrap_or(token);
    for fence in ["```", "~~~"] {
        if let Some(inside) = body.strip_prefix(fence) {
            return inside.strip_suffix(fence).map(str::to_owned);
        }
    }
    if let Some(body) = body.strip_prefix('@') {
        let quote = body.get(..1)?;
        let inside = body.strip_prefix(quote)?.strip_suffix(quote)?;
        return Some(inside.replace(&quote.repeat(2), quote));
    }
    let quote = body.get(..1).filter(|quote| *quote == "\"" || *quote == "'")?;
    decode_escapes(body.strip_prefix(quote)?.strip_suffix(quote)?)
}

fn decode_escapes(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut decoded = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            decoded.push(character);
            continue;
        }
        decoded.push(match characters.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            'u' => decode_unicode(&mut characters)?,
            'x' => char::from_u32(decode_hex(&mut characters, 2)?)?,
            other @ ('\\' | '"' | '\'' | '/') => other,
            _ => return None,
        });
    }
    Some(decoded)
}

/// Reads four hex digits; a pair of surrogates counts as one character.
fn decode_unicode(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let unit = decode_hex(characters, 4)?;
    if !(0xD800..0xDC00).contains(&unit) {
        return char::from_u32(unit);
    }
    if characters.next()? != '\\' || characters.next()? != 'u' {
        return None;
    }
    let low = decode_hex(characters, 4)?;
    (0xDC00..0xE000)
        .contains(&low)
        .then(|| char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)))?
}

fn decode_hex(characters: &mut std::str::Chars<'_>, count: usize) -> Option<u32> {
    (0..count).try_fold(0, |number, _| Some(number * 16 + characters.next()?.to_digit(16)?))
}

/// Builds an object; a repeated key keeps its position and takes the last value.
pub(crate) fn object(pairs: Vec<(Arc<str>, Value)>) -> Value {
    let mut kept: Vec<(Arc<str>, Value)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        match kept.iter_mut().find(|(other, _)| *other == key) {
            Some(slot) => slot.1 = value,
            None => kept.push((key, value)),
        }
    }
    Value::Object(Arc::new(kept))
}
