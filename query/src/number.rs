//! Conversions between numbers, and their text forms.

/// Converts a real to an integer when it is one within range.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(crate) fn to_integer(real: f64) -> Option<i64> {
    (real.abs() < 9.2e18).then_some(real as i64)
}

/// Converts an integer to the nearest real.
#[expect(clippy::cast_precision_loss, reason = "the language rounds here too")]
pub(crate) fn to_real(integer: i64) -> f64 {
    integer as f64
}

/// Reads digits, or hex digits after `0x`, with an optional sign.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if body.starts_with(['+', '-']) {
        return None;
    }
    if let Some(digits) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        let bits = u64::from_str_radix(digits, 16).ok()?.cast_signed();
        return Some(if negative { bits.wrapping_neg() } else { bits });
    }
    if body.is_empty() || !body.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if negative { format!("-{body}").parse().ok() } else { body.parse().ok() }
}

/// Reads a real: digits, point, exponent; `nan` and `inf` in any case.
pub(crate) fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "nan" => return Some(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => return Some(f64::INFINITY),
        "-inf" | "-infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if plain { text.parse().ok() } else { None }
}

/// Writes the shortest text that reads back, always with a point or an exponent.
pub(crate) fn format_real(real: f64) -> String {
    if real.is_nan() {
        return "NaN".to_owned();
    }
    if real.is_infinite() {
        return if real > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    format!("{real:?}")
}
