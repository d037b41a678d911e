//! Calendar arithmetic on ticks, and the text forms of datetimes and timespans.

use jiff::Timestamp;

use crate::value::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// Ticks of an hour.
pub(crate) const TICKS_PER_HOUR: i64 = 3600 * TICKS_PER_SECOND;
/// Ticks of a minute.
pub(crate) const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// The last tick of year 9999.
pub(crate) const DATETIME_MAX: i64 = 3_155_378_975_999_999_999;
/// Ticks of 1970-01-01.
pub(crate) const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A timestamp as ticks; what is outside of the years that a datetime may have is the nearest that is not.
pub(crate) fn ticks_of(time: Timestamp) -> i64 {
    let ticks = time.as_nanosecond().div_euclid(100) + i128::from(UNIX_EPOCH);
    i64::try_from(ticks).map_or(0, |ticks| ticks.clamp(0, DATETIME_MAX))
}

/// A date and the ticks since its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) ticks: i64,
}

impl Civil {
    pub(crate) fn from_ticks(ticks: i64) -> Self {
        let (year, month, day) = date_of_days(ticks.div_euclid(TICKS_PER_DAY));
        Self { year, month, day, ticks: ticks.rem_euclid(TICKS_PER_DAY) }
    }

    pub(crate) fn to_ticks(self) -> Option<i64> {
        let valid = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..TICKS_PER_DAY).contains(&self.ticks);
        valid.then(|| days_of_date(self.year, self.month, self.day) * TICKS_PER_DAY + self.ticks)
    }
}

/// Returns ticks that are a datetime, or nothing.
pub(crate) fn in_range(ticks: i64) -> Option<i64> {
    (0..=DATETIME_MAX).contains(&ticks).then_some(ticks)
}

/// Counts the days from 0001-01-01 to a date of the Gregorian calendar.
pub(crate) fn days_of_date(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 306
}

fn date_of_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a datetime: ISO 8601, `month-day-year`, `month/day/year` or RFC 1123, in UTC.
pub(crate) fn parse_datetime(text: &str) -> Option<i64> {
    let mut reader = Reader { rest: text.trim() };
    let (year, month, day) = reader.date()?;
    let midnight = Civil { year, month, day, ticks: 0 }.to_ticks()?;
    if reader.rest.is_empty() || reader.rest == "Z" {
        return Some(midnight);
    }
    if !reader.skip('T') && !reader.skip('t') && !reader.rest.starts_with(' ') {
        return None;
    }
    reader.rest = reader.rest.trim_start();
    let time = reader.clock()?;
    in_range(midnight + time - reader.offset()?)
}

/// Reads a timespan: `[-][d.]hh:mm[:ss[.fffffff]]` or a number with a unit.
pub(crate) fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ticks = if body.contains(':') {
        let mut reader = Reader { rest: body };
        let ticks = reader.span()?;
        reader.rest.is_empty().then_some(ticks)?
    } else {
        parse_quantity(body)?
    };
    Some(if negative { -ticks } else { ticks })
}

/// Reads a number with a unit of time, such as `1.5h`.
pub(crate) fn parse_quantity(text: &str) -> Option<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let unit = unit_ticks(unit.trim())?;
    if let Ok(whole) = number.parse::<i64>() {
        return match unit {
            QuantityUnit::Ticks(ticks) => whole.checked_mul(ticks),
            QuantityUnit::Nanoseconds => Some(whole / 100),
        };
    }
    let number: f64 = number.parse().ok()?;
    let ticks = match unit {
        QuantityUnit::Ticks(ticks) => number * approximate(ticks),
        QuantityUnit::Nanoseconds => number / 100.0,
    };
    crate::number::to_integer(ticks.round())
}

enum QuantityUnit {
    Ticks(i64),
    Nanoseconds,
}

#[expect(clippy::cast_precision_loss, reason = "units are far below 2^53")]
fn approximate(ticks: i64) -> f64 {
    ticks as f64
}

fn unit_ticks(unit: &str) -> Option<QuantityUnit> {
    Some(QuantityUnit::Ticks(match unit {
        "d" | "day" | "days" => TICKS_PER_DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => TICKS_PER_HOUR,
        "m" | "min" | "minute" | "minutes" => TICKS_PER_MINUTE,
        "s" | "sec" | "second" | "seconds" => TICKS_PER_SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 10_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
        "tick" | "ticks" => 1,
        "nano" | "nanos" | "nanosec" | "nanosecond" | "nanoseconds" => {
            return Some(QuantityUnit::Nanoseconds);
        }
        _ => return None,
    }))
}

/// Writes `2020-01-31T08:00:00.0000000Z`.
pub(crate) fn format_datetime(ticks: i64) -> String {
    let civil = Civil::from_ticks(ticks);
    let seconds = civil.ticks / TICKS_PER_SECOND;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        civil.year,
        civil.month,
        civil.day,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        civil.ticks % TICKS_PER_SECOND
    )
}

/// Writes `[-][d.]hh:mm:ss[.fffffff]`.
pub(crate) fn format_timespan(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let total = ticks.unsigned_abs();
    let (seconds, fraction) = (total / 10_000_000, total % 10_000_000);
    let days = match seconds / 86_400 {
        0 => String::new(),
        days => format!("{days}."),
    };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:07}") };
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{sign}{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

/// Takes numbers and signs off the front of a text.
struct Reader<'a> {
    rest: &'a str,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Reader<'_> {
    fn skip(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A number of at most `width` digits and how many it has.
    fn digits(&mut self, width: usize) -> Option<(i64, usize)> {
        let count = self.rest.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..count)?.parse().ok()?;
        self.rest = &self.rest[count..];
        Some((number, count))
    }

    fn date(&mut self) -> Option<(i64, i64, i64)> {
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let comma = self.rest.find(',')?;
            self.rest = self.rest[comma + 1..].trim_start();
        }
        let (first, count) = self.digits(4)?;
        if self.skip(' ') {
            return self.named_month(first);
        }
        let separator = if self.skip('-') {
            '-'
        } else if self.skip('/') {
            '/'
        } else {
            return (count == 4).then_some((first, 1, 1));
        };
        let (second, _) = self.digits(2)?;
        if !self.skip(separator) {
            return (count == 4).then_some((first, second, 1));
        }
        if count == 4 {
            return Some((first, second, self.digits(2)?.0));
        }
        let (year, count) = self.digits(4)?;
        (count == 4).then_some((year, first, second))
    }

    fn named_month(&mut self, day: i64) -> Option<(i64, i64, i64)> {
        let word = self.rest.get(..3)?.to_ascii_lowercase();
        let month = MONTHS.iter().position(|name| *name == word)?;
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic())?;
        self.rest = self.rest[end..].trim_start_matches([' ', '-']);
        let (year, count) = self.digits(4)?;
        (count == 4).then_some((year, i64::try_from(month).ok()? + 1, day))
    }

    fn clock(&mut self) -> Option<i64> {
        let (mut hour, _) = self.digits(2)?;
        let minute = if self.skip(':') { self.digits(2)?.0 } else { return None };
        let second = if self.skip(':') { self.digits(2)?.0 } else { 0 };
        let fraction = self.fraction()?;
        let marker = self.rest.trim_start();
        if let Some(marker) = marker.get(..2).map(str::to_ascii_uppercase)
            && (marker == "AM" || marker == "PM")
        {
            hour = hour % 12 + if marker == "PM" { 12 } else { 0 };
            self.rest = &self.rest.trim_start()[2..];
        }
        (hour < 24 && minute < 60 && second < 60)
            .then_some(((hour * 60 + minute) * 60 + second) * TICKS_PER_SECOND + fraction)
    }

    /// Ticks of `.5` and the like; digits beyond the seventh are dropped.
    fn fraction(&mut self) -> Option<i64> {
        if !self.skip('.') {
            return Some(0);
        }
        let (number, count) = self.digits(7)?;
        self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let missing = u32::try_from(7 - count).ok()?;
        (count > 0).then_some(number * 10_i64.pow(missing))
    }

    fn offset(&mut self) -> Option<i64> {
        let zone = self.rest.trim();
        if matches!(zone, "" | "Z" | "z" | "GMT" | "UTC") {
            return Some(0);
        }
        self.rest = zone;
        let negative = self.skip('-');
        if !negative && !self.skip('+') {
            return None;
        }
        let (hours, _) = self.digits(2)?;
        let minutes = if self.skip(':') || !self.rest.is_empty() { self.digits(2)?.0 } else { 0 };
        let ticks = (hours * 60 + minutes) * TICKS_PER_MINUTE;
        self.rest.is_empty().then_some(if negative { -ticks } else { ticks })
    }

    fn span(&mut self) -> Option<i64> {
        let (mut hours, _) = self.digits(9)?;
        let days = if self.skip('.') { std::mem::replace(&mut hours, self.digits(2)?.0) } else { 0 };
        let minutes = if self.skip(':') { self.digits(2)?.0 } else { return None };
        let seconds = if self.skip(':') { self.digits(2)?.0 } else { 0 };
        let fraction = self.fraction()?;
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        let clock = ((hours * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + fraction;
        days.checked_mul(TICKS_PER_DAY)?.checked_add(clock)
    }
}
