//! Functions of points in time and lengths of time.

use super::{Function, Returns, RowArguments, or_null};
use crate::convert;
use crate::number::to_integer;
use crate::time::{self, Civil, UNIX_EPOCH, days_in_month, days_of_date, in_range};
use crate::value::{TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value};

const DATETIME: Returns = Returns::Is(Type::Datetime);
const LONG: Returns = Returns::Is(Type::Long);
const INT: Returns = Returns::Is(Type::Int);
const TICKS_PER_WEEK: i64 = 7 * TICKS_PER_DAY;

pub(super) const TABLE: &[Function] = &[
    Function::new("now([offset])", "the instant of the query", (0, 1), DATETIME, |call| {
        let offset = if call.has(0) { convert::to_timespan(call.value(0)) } else { Some(0) };
        datetime(offset.and_then(|offset| call.state.now.checked_add(offset)))
    }),
    Function::new("ago(span)", "a length of time before now", (1, 1), DATETIME, |call| {
        let span = convert::to_timespan(call.value(0));
        datetime(span.and_then(|span| call.state.now.checked_sub(span)))
    }),
    Function::new("startofday(date [, offset])", "the first instant of a day", (1, 2), DATETIME, |call| {
        start(call, CalendarUnit::Day)
    }),
    Function::new(
        "startofweek(date [, offset])",
        "the first instant of a week, a Sunday",
        (1, 2),
        DATETIME,
        |call| start(call, CalendarUnit::Week),
    ),
    Function::new(
        "startofmonth(date [, offset])",
        "the first instant of a month",
        (1, 2),
        DATETIME,
        |call| start(call, CalendarUnit::Month),
    ),
    Function::new("startofyear(date [, offset])", "the first instant of a year", (1, 2), DATETIME, |call| {
        start(call, CalendarUnit::Year)
    }),
    Function::new("endofday(date [, offset])", "the last instant of a day", (1, 2), DATETIME, |call| {
        end(call, CalendarUnit::Day)
    }),
    Function::new(
        "endofweek(date [, offset])",
        "the last instant of a week, a Saturday",
        (1, 2),
        DATETIME,
        |call| end(call, CalendarUnit::Week),
    ),
    Function::new("endofmonth(date [, offset])", "the last instant of a month", (1, 2), DATETIME, |call| {
        end(call, CalendarUnit::Month)
    }),
    Function::new("endofyear(date [, offset])", "the last instant of a year", (1, 2), DATETIME, |call| {
        end(call, CalendarUnit::Year)
    }),
    Function::new("dayofweek(date)", "the time since Sunday", (1, 1), Returns::Is(Type::Timespan), |call| {
        or_null(call.datetime(0), |ticks| Value::Timespan(weekday(ticks) * TICKS_PER_DAY))
    }),
    Function::new("dayofmonth(date)", "the day of the month", (1, 1), INT, |call| civil(call, |c| c.day)),
    Function::new("dayofyear(date)", "the day of the year", (1, 1), INT, |call| civil(call, day_of_year)),
    Function::new("monthofyear(date)", "the month", (1, 1), INT, |call| civil(call, |c| c.month)),
    Function::new("getmonth(date)", "the month", (1, 1), INT, |call| civil(call, |c| c.month)),
    Function::new("getyear(date)", "the year", (1, 1), INT, |call| civil(call, |c| c.year)),
    Function::new("hourofday(date)", "the hour", (1, 1), INT, |call| {
        civil(call, |c| c.ticks / time::TICKS_PER_HOUR)
    }),
    Function::new("week_of_year(date)", "the week by ISO 8601", (1, 1), LONG, |call| {
        or_null(call.datetime(0), |ticks| Value::Long(iso_week(ticks)))
    }),
    Function::new("datetime_part(part, date)", "one part of a date", (2, 2), LONG, datetime_part),
    Function::new(
        "datetime_add(part, count, date)",
        "a date some parts later",
        (3, 3),
        DATETIME,
        datetime_add,
    ),
    Function::new(
        "datetime_diff(part, a, b)",
        "the boundaries between two dates",
        (3, 3),
        LONG,
        datetime_diff,
    ),
    Function::new(
        "make_datetime(year, month, day [, hour, minute [, second]])",
        "a date of its parts",
        (1, 7),
        DATETIME,
        make_datetime,
    ),
    Function::new(
        "make_timespan([day,] hour, minute [, second])",
        "a length of time of its parts",
        (2, 4),
        Returns::Is(Type::Timespan),
        make_timespan,
    ),
    Function::new(
        "unixtime_seconds_todatetime(number)",
        "a date of seconds since 1970",
        (1, 1),
        DATETIME,
        |call| unix(call, TICKS_PER_SECOND, 1),
    ),
    Function::new(
        "unixtime_milliseconds_todatetime(number)",
        "a date of milliseconds since 1970",
        (1, 1),
        DATETIME,
        |call| unix(call, 10_000, 1),
    ),
    Function::new(
        "unixtime_microseconds_todatetime(number)",
        "a date of microseconds since 1970",
        (1, 1),
        DATETIME,
        |call| unix(call, 10, 1),
    ),
    Function::new(
        "unixtime_nanoseconds_todatetime(number)",
        "a date of nanoseconds since 1970",
        (1, 1),
        DATETIME,
        |call| unix(call, 1, 100),
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum CalendarUnit {
    Day,
    Week,
    Month,
    Year,
}

fn datetime(ticks: Option<i64>) -> Value {
    or_null(ticks.and_then(in_range), Value::Datetime)
}

fn civil(call: &RowArguments<'_>, part: fn(Civil) -> i64) -> Value {
    or_null(call.datetime(0), |ticks| Value::Long(part(Civil::from_ticks(ticks))))
}

/// Days since Sunday; 0001-01-01 was a Monday.
fn weekday(ticks: i64) -> i64 {
    (ticks.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7)
}

fn day_of_year(civil: Civil) -> i64 {
    days_of_date(civil.year, civil.month, civil.day) - days_of_date(civil.year, 1, 1) + 1
}

/// The week that holds the Thursday of the same week.
fn iso_week(ticks: i64) -> i64 {
    let days = ticks.div_euclid(TICKS_PER_DAY);
    let thursday = days - days.rem_euclid(7) + 3;
    (day_of_year(Civil::from_ticks(thursday * TICKS_PER_DAY)) - 1) / 7 + 1
}

fn start(call: &mut RowArguments<'_>, unit: CalendarUnit) -> Value {
    datetime(
        call.datetime(0).zip(call.long_or(1, 0)).and_then(|(ticks, offset)| start_of(unit, ticks, offset)),
    )
}

/// The last tick before the next unit starts.
fn end(call: &mut RowArguments<'_>, unit: CalendarUnit) -> Value {
    datetime(
        call.datetime(0)
            .zip(call.long_or(1, 0))
            .and_then(|(ticks, offset)| start_of(unit, ticks, offset.checked_add(1)?).map(|next| next - 1)),
    )
}

/// The start of a unit; the one after year 9999 counts too, since it ends the last.
fn start_of(unit: CalendarUnit, ticks: i64, offset: i64) -> Option<i64> {
    let civil = Civil::from_ticks(ticks);
    match unit {
        CalendarUnit::Day => (ticks - civil.ticks).checked_add(offset.checked_mul(TICKS_PER_DAY)?),
        CalendarUnit::Week => (ticks - civil.ticks - weekday(ticks) * TICKS_PER_DAY)
            .checked_add(offset.checked_mul(TICKS_PER_WEEK)?),
        CalendarUnit::Month => {
            let months = (civil.year * 12 + civil.month - 1).checked_add(offset)?;
            first_of(months.div_euclid(12), months.rem_euclid(12) + 1)
        }
        CalendarUnit::Year => first_of(civil.year.checked_add(offset)?, 1),
    }
}

fn first_of(year: i64, month: i64) -> Option<i64> {
    (1..=10_000).contains(&year).then(|| days_of_date(year, month, 1) * TICKS_PER_DAY)
}

fn datetime_part(call: &mut RowArguments<'_>) -> Value {
    let Some(ticks) = call.datetime(1) else { return Value::Null };
    let civil = Civil::from_ticks(ticks);
    let part = match call.text(0).to_ascii_lowercase().as_str() {
        "year" => civil.year,
        "quarter" => (civil.month - 1) / 3 + 1,
        "month" => civil.month,
        "week_of_year" | "weekofyear" | "week" => iso_week(ticks),
        "day" => civil.day,
        "dayofyear" => day_of_year(civil),
        "hour" => civil.ticks / time::TICKS_PER_HOUR,
        "minute" => civil.ticks / time::TICKS_PER_MINUTE % 60,
        "second" => civil.ticks / TICKS_PER_SECOND % 60,
        "millisecond" => civil.ticks % TICKS_PER_SECOND / 10_000,
        "microsecond" => civil.ticks % TICKS_PER_SECOND / 10,
        "nanosecond" => civil.ticks % TICKS_PER_SECOND * 100,
        _ => return Value::Null,
    };
    Value::Long(part)
}

/// Ticks of a part of fixed length.
fn part_ticks(part: &str) -> Option<i64> {
    Some(match part {
        "week" => TICKS_PER_WEEK,
        "day" => TICKS_PER_DAY,
        "hour" => time::TICKS_PER_HOUR,
        "minute" => time::TICKS_PER_MINUTE,
        "second" => TICKS_PER_SECOND,
        "millisecond" => 10_000,
        "microsecond" => 10,
        _ => return None,
    })
}

/// Months of a part that has no fixed length.
fn part_months(part: &str) -> Option<i64> {
    Some(match part {
        "year" => 12,
        "quarter" => 3,
        "month" => 1,
        _ => return None,
    })
}

fn datetime_add(call: &mut RowArguments<'_>) -> Value {
    let part = call.text(0).to_ascii_lowercase();
    let (Some(count), Some(ticks)) = (call.long(1), call.datetime(2)) else { return Value::Null };
    if part == "nanosecond" {
        return datetime(ticks.checked_add(count / 100));
    }
    if let Some(length) = part_ticks(&part) {
        return datetime(count.checked_mul(length).and_then(|added| ticks.checked_add(added)));
    }
    let added = part_months(&part).and_then(|months| months.checked_mul(count));
    datetime(added.and_then(|months| add_months(ticks, months)))
}

/// The same day of a later month, or its last day.
fn add_months(ticks: i64, added: i64) -> Option<i64> {
    let civil = Civil::from_ticks(ticks);
    let months = (civil.year * 12 + civil.month - 1).checked_add(added)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let day = civil.day.min(days_in_month(year, month));
    Civil { year, month, day, ticks: civil.ticks }.to_ticks()
}

fn datetime_diff(call: &mut RowArguments<'_>) -> Value {
    let part = call.text(0).to_ascii_lowercase();
    let (Some(left), Some(right)) = (call.datetime(1), call.datetime(2)) else {
        return Value::Null;
    };
    if part == "nanosecond" {
        return or_null((left - right).checked_mul(100), Value::Long);
    }
    if let Some(months) = part_months(&part) {
        let number = |ticks| {
            let civil = Civil::from_ticks(ticks);
            (civil.year * 12 + civil.month - 1).div_euclid(months)
        };
        return Value::Long(number(left) - number(right));
    }
    let Some(length) = part_ticks(&part) else { return Value::Null };
    let shift = if part == "week" { TICKS_PER_DAY } else { 0 };
    let number = |ticks: i64| (ticks + shift).div_euclid(length);
    Value::Long(number(left) - number(right))
}

fn make_datetime(call: &mut RowArguments<'_>) -> Value {
    if call.len() == 1 {
        return datetime(call.datetime(0));
    }
    let part = |index: usize, default: i64| call.long_or(index, default);
    let (Some(year), Some(month), Some(day)) = (part(0, 1), part(1, 1), part(2, 1)) else {
        return Value::Null;
    };
    let (Some(hour), Some(minute)) = (part(3, 0), part(4, 0)) else { return Value::Null };
    let second = if call.has(5) { call.real(5) } else { Some(0.0) };
    let Some(second) = second.filter(|second| (0.0..60.0).contains(second)) else {
        return Value::Null;
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return Value::Null;
    }
    let ticks =
        (hour * 60 + minute) * time::TICKS_PER_MINUTE + to_integer((second * 1e7).round()).unwrap_or(0);
    datetime(Civil { year, month, day, ticks }.to_ticks())
}

fn make_timespan(call: &mut RowArguments<'_>) -> Value {
    let shift = usize::from(call.len() == 4);
    let days = if shift == 1 { call.long(0) } else { Some(0) };
    let (Some(days), Some(hour), Some(minute)) = (days, call.long(shift), call.long(shift + 1)) else {
        return Value::Null;
    };
    let second = if call.has(shift + 2) { call.real(shift + 2) } else { Some(0.0) };
    let Some(second) = second.filter(|second| (0.0..60.0).contains(second)) else {
        return Value::Null;
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..10_000_000).contains(&days) {
        return Value::Null;
    }
    let clock = (hour * 60 + minute) * time::TICKS_PER_MINUTE;
    let ticks = days * TICKS_PER_DAY + clock + to_integer((second * 1e7).round()).unwrap_or(0);
    Value::Timespan(ticks)
}

/// A number of units since 1970, each so many ticks, or so many of them a tick.
fn unix(call: &mut RowArguments<'_>, ticks: i64, units: i64) -> Value {
    let since = match call.value(0) {
        Value::Real(real) if units == 1 => to_integer((real * crate::number::to_real(ticks)).round()),
        value => convert::to_long(value).and_then(|number| number.checked_mul(ticks)),
    };
    datetime(since.and_then(|since| UNIX_EPOCH.checked_add(since / units)))
}
