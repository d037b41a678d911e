//! Date-times in UTC as 100 ns ticks since 1970, if their texts come back exactly.
//!
//! | field | bytes | meaning |
//! | --- | --- | --- |
//! | digits | 1 | 0 to 7 = that many fraction digits in every text; 8 = as many as needed |
//! | unit | varint | ticks per stored step, at least 1 |
//! | least | varint (zigzag) | ticks of the earliest value |
//! | steps | packed | (ticks − least) / unit |

use crate::segment::format::{FormatError, Reader, put_varint, unzigzag, zigzag};
use crate::segment::integers::{PackedU64s, put_packed_u64s};

pub(super) const TICKS_PER_SECOND: i64 = 10_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// As many fraction digits as needed: none, or up to the last that is not zero.
pub(super) const DIGITS_NEEDED: u8 = 8;
/// 0000-01-01 and 9999-12-31, inclusive, in days since 1970.
const DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

/// Date-times, read in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateTimes<'a> {
    digits: u8,
    unit: u64,
    least: i64,
    steps: PackedU64s<'a>,
}

impl<'a> DateTimes<'a> {
    /// Reads `count` date-times.
    ///
    /// # Errors
    /// When a field is out of range, or a date is outside of the years 0 to 9999.
    pub(super) fn read(reader: &mut Reader<'a>, count: usize) -> Result<Self, FormatError> {
        let digits = reader.byte()?;
        let unit = reader.varint()?;
        let least = unzigzag(reader.varint()?);
        let steps = PackedU64s::read(reader, count)?;
        let times = Self { digits, unit, least, steps };
        let wrong = || reader.error("expected date-times from the year 0 to the year 9999");
        if digits > DIGITS_NEEDED || unit == 0 {
            return Err(wrong());
        }
        if reader.is_known() {
            return Ok(times);
        }
        let greatest = steps.iter().max().unwrap_or(0).checked_mul(unit);
        let greatest = greatest.and_then(|ticks| least.checked_add_unsigned(ticks));
        let day = |ticks: i64| ticks.div_euclid(TICKS_PER_SECOND * SECONDS_PER_DAY);
        let in_range = DAYS.contains(&day(least)) && greatest.is_some_and(|ticks| DAYS.contains(&day(ticks)));
        if in_range { Ok(times) } else { Err(wrong()) }
    }

    /// How many date-times there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// 100 ns ticks since 1970 of the value at `index`.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> i64 {
        self.least.wrapping_add_unsigned(self.steps.get(index).wrapping_mul(self.unit))
    }

    /// Appends the JSON text of the value at `index`.
    pub(super) fn append(&self, index: usize, out: &mut Vec<u8>) {
        let ticks = self.get(index);
        let seconds = ticks.div_euclid(TICKS_PER_SECOND);
        let (year, month, day) = date_of(seconds.div_euclid(SECONDS_PER_DAY));
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let mut text = *b"\"0000-00-00T00:00:00.0000000Z\"";
        put_digits::<4>(&mut text, 1, year);
        put_digits::<2>(&mut text, 6, month);
        put_digits::<2>(&mut text, 9, day);
        put_digits::<2>(&mut text, 12, second / 3600);
        put_digits::<2>(&mut text, 15, second / 60 % 60);
        put_digits::<2>(&mut text, 18, second % 60);
        put_digits::<7>(&mut text, 21, ticks.rem_euclid(TICKS_PER_SECOND));
        let digits = match self.digits {
            DIGITS_NEEDED => text[21..28].iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1),
            digits => usize::from(digits),
        };
        out.extend_from_slice(&text[..if digits == 0 { 20 } else { 21 + digits }]);
        out.extend_from_slice(b"Z\"");
    }
}

/// The stored form of date-times, with their least and greatest ticks; none when a text would not come back.
pub(super) fn encode(texts: &[&[u8]]) -> Option<(Vec<u8>, i64, i64)> {
    let (first, first_digits) = parse(texts.first()?)?;
    let mut alike = true;
    let mut needed = true;
    let (mut least, mut greatest) = (first, first);
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let (ticks, digits) = parse(text)?;
        alike &= digits == first_digits;
        needed &= digits == 0 || text.get(text.len() - 3) != Some(&b'0');
        if !(alike || needed) {
            return None;
        }
        least = least.min(ticks);
        greatest = greatest.max(ticks);
        all.push(ticks.cast_unsigned());
    }
    let unit = unit_of(&all, least);
    for ticks in &mut all {
        *ticks = ticks.wrapping_sub(least.cast_unsigned());
        if unit > 1 {
            *ticks /= unit;
        }
    }
    let mut out = vec![if alike { first_digits } else { DIGITS_NEEDED }];
    put_varint(unit, &mut out);
    put_varint(zigzag(least), &mut out);
    put_packed_u64s(&all, 0, &mut out);
    Some((out, least, greatest))
}

/// The greatest number of ticks that divides all distances from the least.
fn unit_of(all: &[u64], least: i64) -> u64 {
    let mut unit = 0;
    for ticks in all {
        let mut rest = ticks.wrapping_sub(least.cast_unsigned());
        if unit != 0 && rest % unit == 0 {
            continue;
        }
        while rest != 0 {
            (unit, rest) = (rest, unit % rest);
        }
        if unit == 1 {
            break;
        }
    }
    unit.max(1)
}

/// Ticks and fraction digits of a JSON text like `"2024-05-01T08:00:00.25Z"`.
fn parse(text: &[u8]) -> Option<(i64, u8)> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"Z\"")?;
    let (date, fraction) = inner.split_first_chunk::<19>()?;
    let separators = [date[4], date[7], date[10], date[13], date[16]];
    if separators != *b"--T::" {
        return None;
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..10])?);
    let (hour, minute) = (number(&date[11..13])?, number(&date[14..16])?);
    let second = number(&date[17..])?;
    let valid = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let (ticks, digits) = match fraction.split_first() {
        None => (0, 0),
        Some((b'.', digits)) if (1..=7).contains(&digits.len()) => {
            let count = u8::try_from(digits.len()).ok()?;
            (number(digits)? * 10_i64.pow(u32::from(7 - count)), count)
        }
        Some(_) => return None,
    };
    let days = days_of(year, month, day);
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some((seconds * TICKS_PER_SECOND + ticks, digits))
}

/// A number of a few decimal digits.
#[inline]
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + i64::from(digit))
    })
}

/// Writes the last digits of a number that is not negative.
#[inline]
fn put_digits<const COUNT: usize>(text: &mut [u8; 30], start: usize, number: i64) {
    let mut number = u32::try_from(number).unwrap_or(0);
    for index in (start..start + COUNT).rev() {
        text[index] = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970; years are counted from March, so that the leap day is the last of its year.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

/// Year, month and day of a day since 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let leap_days = year_of_era / 4 - year_of_era / 100;
    let day_of_year = day_of_era - year_of_era * 365 - leap_days;
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
