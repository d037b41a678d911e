//! Points in time, in the forms that Graph and PowerShell write them in.

/// Appends the instant that a whole text names, and says whether it names one: seconds since 1970 in UTC, and what is
/// left of the fraction without trailing zeros.
pub(super) fn write_instant(text: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(instant) = parse_rfc3339(text).or_else(|| parse_date_call(text)) else { return false };
    out.push(MARK);
    out.extend_from_slice(instant.seconds.to_string().as_bytes());
    let fraction = trim_zeros(&instant.fraction);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
    true
}

/// What an instant begins with: no JSON text does.
const MARK: u8 = b'@';

struct Instant {
    seconds: i64,
    /// Digits behind the point.
    fraction: Vec<u8>,
}

/// `2026-03-01T10:00:00.0000000+02:00`.
fn parse_rfc3339(text: &[u8]) -> Option<Instant> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(position, byte)| date_time[*position] != *byte)
        || !matches!(date_time[10], b'T' | b't')
    {
        return None;
    }
    let part = |start: usize, length: usize| digits(&date_time[start..start + length]);
    let (year, month, day) = (part(0, 4)?, part(5, 2)?, part(8, 2)?);
    let (hour, minute, second) = (part(11, 2)?, part(14, 2)?, part(17, 2)?);
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if length == 0 {
                return None;
            }
            rest.split_at(length)
        }
        None => (&b""[..], rest),
    };
    let seconds = (days_since_1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    Some(Instant { seconds: seconds - offset_seconds(zone)?, fraction: fraction.to_vec() })
}

/// What a zone is ahead of UTC.
fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', ten, one] if hours.len() == 2 => {
            let (hours, minutes) = (digits(hours)?, digits(&[*ten, *one])?);
            let seconds = (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60)?;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// `/Date(1772359200000)/`, with or without a zone that does not move the instant: Windows PowerShell writes it.
fn parse_date_call(text: &[u8]) -> Option<Instant> {
    let inner = text.strip_prefix(b"/Date(")?.strip_suffix(b")/")?;
    let number = match inner {
        [number @ .., b'+' | b'-', a, b, c, d]
            if !number.is_empty() && digits(&[*a, *b, *c, *d]).is_some() =>
        {
            number
        }
        _ => inner,
    };
    let (is_negative, magnitude) = match number.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let milliseconds = (magnitude.len() <= 17).then(|| digits(magnitude))??;
    let milliseconds = if is_negative { -milliseconds } else { milliseconds };
    let fraction = format!("{:03}", milliseconds.rem_euclid(1000)).into_bytes();
    Some(Instant { seconds: milliseconds.div_euclid(1000), fraction })
}

/// The number that digits alone make.
fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn trim_zeros(fraction: &[u8]) -> &[u8] {
    let zeros = fraction.iter().rev().take_while(|&&digit| digit == b'0').count();
    &fraction[..fraction.len() - zeros]
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, in the Gregorian calendar at all times.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let in_year: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    // Day 719,163 counted from the first day of year 1 is 1970-01-01.
    before * 365 + leap_days + in_year + day - 719_163
}
