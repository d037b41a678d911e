//! Points in time as people say them: days by name, lengths of time ago, the notes of backups.

use engine::error::NoBackupReason;
use engine::{BackupSummary, Error, Point, Store};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::error::{Failure, Outcome, Status};
use crate::output::text::people_time;

/// The days of the week.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Units of time, and seconds in each.
const UNITS: [(&[&str], i64); 5] = [
    (&["s", "sec", "second", "seconds"], 1),
    (&["m", "min", "minute", "minutes"], 60),
    (&["h", "hour", "hours"], 3_600),
    (&["d", "day", "days"], 86_400),
    (&["w", "week", "weeks"], 604_800),
];

/// Backups that are listed when several have a note.
const LISTED_COUNT_MAX: usize = 5;

/// An argument such as `-1d`, in words: the parser of the command line takes a hyphen for an option.
pub(crate) fn spelled_out(argument: &str) -> Option<String> {
    let length = argument.strip_prefix('-')?;
    seconds(length)?;
    Some(format!("{length} ago"))
}

/// The same point as the store reads it.
///
/// # Errors
/// When several backups have the note that it is.
pub(crate) fn absolute(store: &Store, text: &str, now: Timestamp) -> Outcome<String> {
    let text = text.trim();
    if let Some(relative) = relative(text, now) {
        return Ok(relative);
    }
    if text.is_empty() || text.eq_ignore_ascii_case("live") || !is_unknown(store, text) {
        return Ok(text.to_owned());
    }
    match noted(store.backups(), text).as_slice() {
        // What is wrong with it, the store says best.
        [] => Ok(text.to_owned()),
        [backup] => Ok(backup.id.to_string()),
        several => Err(ambiguous(text, several)),
    }
}

/// Whether a text has no meaning of its own: letters of IDs may be a note, too.
fn is_unknown(store: &Store, text: &str) -> bool {
    match Point::parse(text) {
        Err(_) => true,
        Ok(point @ Point::Prefix(_)) => {
            matches!(store.resolve(&point), Err(Error::NoBackup { reason: NoBackupReason::UnknownId, .. }))
        }
        Ok(_) => false,
    }
}

/// The backups with a note, in any case; else those whose note has the text in it.
fn noted<'s>(backups: &'s [BackupSummary], text: &str) -> Vec<&'s BackupSummary> {
    let text = text.to_lowercase();
    let of = |fits: &dyn Fn(&str) -> bool| -> Vec<&'s BackupSummary> {
        backups.iter().filter(|backup| fits(&backup.note.to_lowercase())).collect()
    };
    let exact = of(&|note| note == text);
    if exact.is_empty() { of(&|note| note.contains(&text)) } else { exact }
}

fn ambiguous(text: &str, backups: &[&BackupSummary]) -> Failure {
    let newest = backups.iter().rev().take(LISTED_COUNT_MAX);
    let listed =
        newest.map(|backup| format!("{} of {}: {}", backup.id, people_time(backup.taken_at), backup.note));
    let mut listed = listed.collect::<Vec<_>>().join("; ");
    if backups.len() > LISTED_COUNT_MAX {
        listed = format!("{listed}; and {} before", backups.len() - LISTED_COUNT_MAX);
    }
    let message = format!("\"{text}\" is in the notes of {} backups: {listed}", backups.len());
    Failure::new("ambiguous", Status::Usage, message)
        .with_help("give the ID, or a whole note that only one has")
}

/// What a day by name, or a length of time ago, is now. A day of the week is the last one before today.
fn relative(text: &str, now: Timestamp) -> Option<String> {
    let name = text.to_ascii_lowercase();
    if let Some(length) = name.strip_suffix("ago").or_else(|| name.strip_prefix('-')) {
        let time = now.checked_sub(SignedDuration::from_secs(seconds(length.trim())?)).ok()?;
        return Some(time.to_string());
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = match name.as_str() {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        name => {
            let (_, weekday) = WEEKDAYS.iter().find(|(known, _)| *known == name)?;
            let back = today.weekday().since(*weekday);
            today.checked_sub(i64::from(if back == 0 { 7 } else { back }).days()).ok()
        }
    };
    day.map(|day| day.to_string())
}

/// Reads a length of time such as `1d`, `36h`, `2 weeks`.
fn seconds(text: &str) -> Option<i64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number: i64 = number.parse().ok()?;
    let unit = unit.trim().to_ascii_lowercase();
    let (_, factor) = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    number.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_lengths_of_time_are_read_against_a_clock() {
        // A Monday.
        let now: Timestamp = "2026-11-30T10:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("yesterday", "2026-11-29"),
            ("Today", "2026-11-30"),
            ("sunday", "2026-11-29"),
            ("monday", "2026-11-23"),
            ("tuesday", "2026-11-24"),
            ("-1d", "2026-11-29T10:00:00Z"),
            ("36h ago", "2026-11-28T22:00:00Z"),
            ("2 weeks ago", "2026-11-16T10:00:00Z"),
        ] {
            assert_eq!(relative(text, now).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "ago", "-", "-1", "-1x", "1d", "latest", "latest~1", "2026-11-20", "-99999999999999999d"]
        {
            assert_eq!(relative(text, now), None, "{text}");
        }
    }

    #[test]
    fn only_lengths_of_time_lose_their_hyphen() {
        assert_eq!(spelled_out("-1d").as_deref(), Some("1d ago"));
        for argument in ["-o", "-v", "--all", "-", "1d", "-1", "-d1", "--1d"] {
            assert_eq!(spelled_out(argument), None, "{argument}");
        }
    }
}
