//! When a value counts as the one that was recorded.

use serde_json::Value;

const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-12;
const TICKS_PER_SECOND: i64 = 10_000_000;

/// Two cells of a column; without a type the recorded one is text from a page.
pub(super) fn cell(kind: Option<&str>, expected: &Value, found: &Value, any_order: bool) -> bool {
    let is_null = expected.is_null() || found.is_null();
    match kind {
        None => printed(expected.as_str().unwrap_or_default(), found, any_order),
        Some("string") => found.as_str() == Some(expected.as_str().unwrap_or_default()),
        Some(_) if is_null => expected.is_null() && found.is_null(),
        Some("bool") => expected == found,
        Some("integer" | "real") => match special(expected) {
            Some(wanted) => special(found) == Some(wanted),
            None => number(expected, found),
        },
        Some("datetime") => same(datetime(expected), datetime(found)),
        Some("timespan") => same(timespan(expected), timespan(found)),
        Some("guid") => match (expected.as_str(), found.as_str()) {
            (Some(expected), Some(found)) => expected.eq_ignore_ascii_case(found),
            _ => false,
        },
        Some(_) => json(expected, found, any_order),
    }
}

/// Whether two lists hold the same items; an item that has no partner is the error.
pub(super) fn multiset<'e, T>(
    expected: &'e [T],
    found: &[T],
    same: impl Fn(&T, &T) -> bool,
) -> Result<(), &'e T> {
    let mut left: Vec<&T> = found.iter().collect();
    for item in expected {
        let index = left.iter().position(|other| same(item, other)).ok_or(item)?;
        left.remove(index);
    }
    Ok(())
}

fn same<T: PartialEq + Copy>(expected: Option<T>, found: Option<T>) -> bool {
    expected.is_some() && expected == found
}

fn special(value: &Value) -> Option<&'static str> {
    match value.as_str()?.trim().to_lowercase().as_str() {
        "nan" => Some("NaN"),
        "infinity" | "+infinity" | "inf" | "+inf" | "∞" => Some("Infinity"),
        "-infinity" | "-inf" | "-∞" => Some("-Infinity"),
        _ => None,
    }
}

fn is_close(expected: f64, found: f64, absolute: f64) -> bool {
    let largest = expected.abs().max(found.abs());
    (expected - found).abs() <= absolute.max(RELATIVE * largest)
}

fn number(expected: &Value, found: &Value) -> bool {
    match (expected.as_i64(), found.as_i64(), expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found), ..) => expected == found,
        (_, _, Some(expected), Some(found)) => is_close(expected, found, ABSOLUTE),
        _ => false,
    }
}

fn json(expected: &Value, found: &Value, any_order: bool) -> bool {
    match (expected, found) {
        (Value::Number(_), Value::Number(_)) => number(expected, found),
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(name, value)| found.get(name).is_some_and(|other| json(value, other, any_order)))
        }
        (Value::Array(expected), Value::Array(found)) if any_order => {
            expected.len() == found.len() && multiset(expected, found, |a, b| json(a, b, any_order)).is_ok()
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| json(a, b, any_order))
        }
        (expected, found) if expected == found => true,
        _ => {
            same(special(expected), special(found))
                || same(datetime(expected), datetime(found))
                || same(timespan(expected), timespan(found))
        }
    }
}

/// A cell as a page prints it, and a value.
fn printed(text: &str, found: &Value, any_order: bool) -> bool {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_lowercase();
    match found {
        Value::Null => matches!(lower.as_str(), "" | "null" | "(null)"),
        Value::Bool(found) => {
            matches!((lower.as_str(), found), ("true" | "1", true) | ("false" | "0", false))
        }
        Value::Number(found) => {
            let plain = text.replace(',', "");
            let decimals = plain.split_once('.').filter(|(_, rest)| !rest.contains(['e', 'E']));
            let digits = decimals.map_or(0, |(_, rest)| rest.len());
            let half_digit =
                if digits == 0 { 0.0 } else { 0.51 / 10_f64.powi(i32::try_from(digits).unwrap()) };
            let found = found.as_f64().unwrap();
            plain.parse().is_ok_and(|wanted| is_close(wanted, found, half_digit.max(ABSOLUTE)))
        }
        other => {
            let wanted = Value::from(text);
            let parsed =
                || serde_json::from_str::<Value>(text).is_ok_and(|wanted| json(&wanted, other, any_order));
            other.as_str().is_some_and(|other| folded(other) == folded(text))
                || same(special(&wanted), special(other))
                || same(datetime(&wanted), datetime(other))
                || same(timespan(&wanted), timespan(other))
                || parsed()
        }
    }
}

/// Ticks after the point, which has up to nine digits.
fn fraction(digits: &str) -> Option<i64> {
    let padded: String = digits.chars().chain(std::iter::repeat('0')).take(7).collect();
    (digits.len() <= 9).then(|| padded.parse().ok())?
}

/// Ticks since 1970 of an instant in RFC 3339 or as Kusto prints it; without a zone it is UTC.
fn datetime(value: &Value) -> Option<i64> {
    let text = value.as_str()?.trim();
    let (civil, zone) = match text.get(11..).and_then(|time| time.rfind(['Z', '+', '-'])) {
        Some(index) => text.split_at(index + 11),
        None => (text, ""),
    };
    let civil: jiff::civil::DateTime = match civil.parse::<jiff::civil::Date>() {
        Ok(date) if civil.len() == 10 => date.at(0, 0, 0, 0),
        _ => civil.parse().ok()?,
    };
    let since = civil.duration_since(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    let ticks = i64::try_from(since.as_nanos().div_euclid(100)).ok()?;
    let offset = match zone.trim() {
        "" | "Z" => 0,
        offset => {
            let minutes = clock(&format!("{}:00", &offset[1..]))?;
            if offset.starts_with('-') { -minutes } else { minutes }
        }
    };
    Some(ticks - offset)
}

/// Ticks of `[-][d.]hh:mm:ss[.fffffff]`, or of an ISO 8601 duration of days at most.
fn timespan(value: &Value) -> Option<i64> {
    let text = value.as_str()?.trim();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let ticks = match text.strip_prefix('P') {
        Some(duration) => iso_duration(duration)?,
        None => clock(text)?,
    };
    Some(sign * ticks)
}

fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (first, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let (seconds, digits) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = |text: &str| text.parse::<i64>().ok();
    let minutes = (whole(days)? * 24 + whole(hours)?) * 60 + whole(minutes)?;
    let ticks = (minutes * 60 + whole(seconds)?) * TICKS_PER_SECOND + fraction(digits)?;
    parts.next().is_none().then_some(ticks)
}

fn iso_duration(text: &str) -> Option<i64> {
    let (mut ticks, mut number, mut seen) = (0, String::new(), false);
    for letter in text.chars() {
        let seconds = match letter {
            'T' => continue,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        let (whole, digits) = number.split_once('.').unwrap_or((&number, ""));
        ticks += seconds * (whole.parse::<i64>().ok()? * TICKS_PER_SECOND + fraction(digits)?);
        seen = true;
        number.clear();
    }
    (seen && number.is_empty()).then_some(ticks)
}
