//! The canonical text of numbers.

/// Appends the canonical text of a JSON number.
///
/// Integers stay as they are. A number with a point or exponent takes the shortest text that reads back as the same
/// double, if that text denotes exactly the same decimal value; else it keeps its own text.
pub(super) fn write_number(text: &[u8], integer: bool, out: &mut Vec<u8>) {
    if integer && text != b"-0" {
        out.extend_from_slice(text);
        return;
    }
    let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    if let Some(value) = value.filter(|value| value.is_finite()) {
        let mut buffer = ryu::Buffer::new();
        let shortest = buffer.format_finite(value).as_bytes();
        if shortest == text || Decimal::parse(shortest) == Decimal::parse(text) {
            out.extend_from_slice(shortest);
            return;
        }
    }
    out.extend_from_slice(text);
}

/// Appends what is the same for all texts of one decimal value: sign, digits and exponent.
pub(crate) fn write_decimal(text: &[u8], out: &mut Vec<u8>) {
    let exponent = text.iter().rev().take_while(|byte| !matches!(byte, b'e' | b'E')).count();
    if exponent < text.len() && exponent > EXPONENT_LENGTH_MAX {
        // Beyond what can be calculated with; such a number is not written in two ways.
        out.extend_from_slice(text);
        return;
    }
    let Decimal { negative, digits, exponent } = Decimal::parse(text);
    if digits.is_empty() {
        out.push(b'0');
        return;
    }
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(&digits);
    out.push(b'e');
    out.extend_from_slice(exponent.to_string().as_bytes());
}

/// Longer exponents are not calculated with.
const EXPONENT_LENGTH_MAX: usize = 15;

/// A decimal number with neither leading nor trailing zero digits: its value is 0.DIGITS × 10^exponent.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &[u8]) -> Self {
        let negative = text.first() == Some(&b'-');
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(position) => (&text[..position], exponent_from_text(&text[position + 1..])),
            None => (text, 0),
        };
        let point = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
        let before_point = mantissa[..point].iter().filter(|byte| byte.is_ascii_digit()).count();
        let digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
        let leading = digits.iter().take_while(|&&digit| digit == b'0').count();
        let trailing = digits[leading..].iter().rev().take_while(|&&digit| digit == b'0').count();
        let digits = digits[leading..digits.len() - trailing].to_vec();
        if digits.is_empty() {
            return Self { negative, digits, exponent: 0 };
        }
        let shift =
            i64::try_from(before_point).unwrap_or(i64::MAX) - i64::try_from(leading).unwrap_or(i64::MAX);
        Self { negative, digits, exponent: exponent.saturating_add(shift) }
    }
}

fn exponent_from_text(text: &[u8]) -> i64 {
    let negative = text.first() == Some(&b'-');
    let magnitude = text
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0_i64, |sum, byte| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
    if negative { -magnitude } else { magnitude }
}
