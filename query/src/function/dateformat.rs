//! Points in time and lengths of time as texts of a pattern.

use super::{Function, Returns, RowArguments, or_null};
use crate::convert;
use crate::time::{Civil, TICKS_PER_HOUR, TICKS_PER_MINUTE};
use crate::value::{TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value};

const TEXT: Returns = Returns::Is(Type::String);

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "format_datetime(date, pattern)",
        "a date as a text such as `yyyy-MM-dd HH:mm`",
        (2, 2),
        TEXT,
        |call| or_null(call.datetime(0), |ticks| date_text(call, ticks)),
    ),
    Function::new(
        "format_timespan(span, pattern)",
        "a length of time as a text such as `d.hh:mm:ss`",
        (2, 2),
        TEXT,
        |call| or_null(convert::to_timespan(call.value(0)), |ticks| span_text(call, ticks)),
    ),
    Function::new(
        "format_bytes(number [, digits [, unit]])",
        "a number of bytes as a text such as `1 KB`",
        (1, 3),
        TEXT,
        format_bytes,
    ),
];

/// Runs of one letter, as the pattern has them.
fn runs(pattern: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for character in pattern.chars() {
        match runs.last_mut() {
            Some((last, count)) if *last == character => *count += 1,
            _ => runs.push((character, 1)),
        }
    }
    runs
}

fn date_text(call: &RowArguments<'_>, ticks: i64) -> Value {
    let civil = Civil::from_ticks(ticks);
    let mut text = String::new();
    for (letter, count) in runs(&call.text(1)) {
        let part = match letter {
            'y' if count <= 2 => padded(civil.year % 100, count),
            'y' => padded(civil.year, count),
            'M' => padded(civil.month, count.min(2)),
            'd' => padded(civil.day, count.min(2)),
            't' => if civil.ticks < TICKS_PER_DAY / 2 { "AM" } else { "PM" }.to_owned(),
            other => clock_part(other, count, civil.ticks),
        };
        push(&mut text, &part, letter);
    }
    Value::text(&text)
}

fn span_text(call: &RowArguments<'_>, ticks: i64) -> Value {
    let size = i64::try_from(ticks.unsigned_abs()).unwrap_or(i64::MAX);
    let mut text = String::new();
    for (letter, count) in runs(&call.text(1)) {
        let part = match letter {
            'd' => padded(size / TICKS_PER_DAY, count),
            'h' => clock_part('H', count, size % TICKS_PER_DAY),
            other => clock_part(other, count, size % TICKS_PER_DAY),
        };
        push(&mut text, &part, letter);
    }
    Value::text(&if ticks < 0 { format!("-{text}") } else { text })
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}")
}

/// Hours, minutes, seconds and fractions; other characters are copied.
fn clock_part(letter: char, count: usize, ticks: i64) -> String {
    let width = count.min(2);
    match letter {
        'H' => padded(ticks / TICKS_PER_HOUR, width),
        'h' => padded((ticks / TICKS_PER_HOUR + 11) % 12 + 1, width),
        'm' => padded(ticks / TICKS_PER_MINUTE % 60, width),
        's' => padded(ticks / TICKS_PER_SECOND % 60, width),
        'f' | 'F' if count <= 7 => {
            let digits = format!("{:07}", ticks % TICKS_PER_SECOND);
            let cut = &digits[..count];
            if letter == 'F' { cut.trim_end_matches('0').to_owned() } else { cut.to_owned() }
        }
        other => other.to_string().repeat(count),
    }
}

/// An empty fraction removes the point before it.
fn push(text: &mut String, part: &str, letter: char) {
    if part.is_empty() && letter == 'F' && text.ends_with('.') {
        text.pop();
    }
    text.push_str(part);
}

fn format_bytes(call: &mut RowArguments<'_>) -> Value {
    const UNITS: [&str; 6] = ["Bytes", "KB", "MB", "GB", "TB", "PB"];
    let (Some(mut number), Some(digits)) = (call.real(0), call.long_or(1, 0)) else {
        return Value::Null;
    };
    let wanted = call.text(2);
    let mut unit = 0;
    while unit < UNITS.len() - 1 && (if call.has(2) { UNITS[unit] != wanted } else { number.abs() >= 1024.0 })
    {
        number /= 1024.0;
        unit += 1;
    }
    let digits = usize::try_from(digits.clamp(0, 15)).unwrap_or(0);
    let text = format!("{number:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    Value::text(&format!("{text} {}", UNITS[unit]))
}
