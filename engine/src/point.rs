//! How a caller names a point in time.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::NoBackupReason;
use crate::{BackupId, BackupSummary, Error, Result};

/// A point in time, before it is resolved to a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// The newest backup, or the n-th before it: `latest`, `latest~3`.
    Latest {
        /// How many backups before the newest.
        back: u32,
    },
    /// A backup ID.
    Id(BackupId),
    /// The beginning of a backup ID.
    Prefix(String),
    /// The newest backup at or before this time.
    At(Timestamp),
    /// The backup of this day in UTC, when just one lies in it; else the newest at or before its beginning.
    Day(Date),
}

impl Point {
    /// Reads `latest`, `latest~3`, a backup ID or its beginning, a day such as `2026-11-20`, or an RFC 3339 time (without
    /// an offset: UTC).
    ///
    /// # Errors
    /// `NoBackup` when the text is none of these. `live` is not one: who can read the tenant resolves it first.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let name = text.to_ascii_lowercase();
        if name == "latest" {
            return Ok(Self::Latest { back: 0 });
        }
        if let Some(back) = name.strip_prefix("latest~")
            && !back.is_empty()
            && back.bytes().all(|byte| byte.is_ascii_digit())
        {
            // More than fit are more than there are.
            return Ok(Self::Latest { back: back.parse().unwrap_or(u32::MAX) });
        }
        if let Some(id) = BackupId::from_text(&name) {
            return Ok(Self::Id(id));
        }
        if !name.is_empty() && name.len() < 16 && name.bytes().all(|byte| (b'k'..=b'z').contains(&byte)) {
            return Ok(Self::Prefix(name));
        }
        let time = || parse_time(text).map(Self::At);
        let day = || text.parse::<Date>().ok().filter(|_| is_plain_date(text)).map(Self::Day);
        day().or_else(time).ok_or_else(|| no_backup(text, NoBackupReason::Syntax, String::new()))
    }

    /// The backup that this point names, among backups oldest first. Readings, which are among the commits, are
    /// named by their IDs alone.
    pub(crate) fn choose<'s>(
        &self,
        backups: &'s [BackupSummary],
        commits: &'s [BackupSummary],
    ) -> Result<&'s BackupSummary> {
        match self {
            Self::Id(id) => Ok(&commits[index_of_id(commits, id.as_str())?]),
            Self::Prefix(prefix) => Ok(&commits[index_of_id(commits, prefix)?]),
            Self::Latest { .. } | Self::At(_) | Self::Day(_) => Ok(&backups[self.index(backups)?]),
        }
    }

    /// The index of the backup that a point by time or number names.
    fn index(&self, backups: &[BackupSummary]) -> Result<usize> {
        let fail = |reason, nearest| Err(no_backup(&self.to_string(), reason, nearest));
        let Some(oldest) = backups.first() else { return fail(NoBackupReason::Empty, String::new()) };
        let count = backups.len();
        let names_oldest = format!("which `latest~{}` names", count - 1);
        let too_old =
            || fail(NoBackupReason::TooOld, format!("the nearest is {}, {names_oldest}", name(oldest)));
        match self {
            Self::Latest { back } => match count.checked_sub((*back as usize).saturating_add(1)) {
                Some(index) => Ok(index),
                None => fail(
                    NoBackupReason::TooFew { count },
                    format!("the oldest is {}, {names_oldest}", name(oldest)),
                ),
            },
            Self::Id(id) => index_of_id(backups, id.as_str()),
            Self::Prefix(prefix) => index_of_id(backups, prefix),
            Self::At(time) => index_at(backups, *time).map_or_else(too_old, Ok),
            Self::Day(day) => {
                let within = indexes_in(backups, *day);
                if within.len() == 1 {
                    return Ok(within.start);
                }
                match (start_of(*day).and_then(|start| index_at(backups, start)), within.len()) {
                    (Some(index), _) => Ok(index),
                    (None, 0) => too_old(),
                    (None, count) => fail(
                        NoBackupReason::SeveralInDay { count },
                        format!("the first is {}", name(&backups[within.start])),
                    ),
                }
            }
        }
    }

    /// What the author of this point should know besides the backup that it names: the meaning of a day with several
    /// backups.
    pub(crate) fn remark(&self, backups: &[BackupSummary]) -> Option<String> {
        let Self::Day(day) = self else { return None };
        let within = indexes_in(backups, *day);
        match within.len() {
            1 => None,
            0 => {
                let next = backups.get(within.end)?;
                Some(format!(
                    "no backup lies in {day}, so that the newest before it is meant; the next one is {}",
                    name(next)
                ))
            }
            count => Some(format!(
                "{day} means its 00:00 UTC, because {count} backups lie in that day: {} to {}; give the time or the ID of one of them",
                name(&backups[within.start]),
                name(&backups[within.end - 1])
            )),
        }
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latest { back: 0 } => f.write_str("latest"),
            Self::Latest { back } => write!(f, "latest~{back}"),
            Self::Id(id) => write!(f, "{id}"),
            Self::Prefix(prefix) => f.write_str(prefix),
            Self::At(time) => write!(f, "{time}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

fn index_of_id(backups: &[BackupSummary], prefix: &str) -> Result<usize> {
    let fail = |reason, nearest| Err(no_backup(prefix, reason, nearest));
    if backups.is_empty() {
        return fail(NoBackupReason::Empty, String::new());
    }
    let found: Vec<usize> = backups
        .iter()
        .enumerate()
        .filter(|(_, backup)| backup.id.starts_with(prefix))
        .map(|(index, _)| index)
        .collect();
    match found.as_slice() {
        [index] => Ok(*index),
        [] => fail(NoBackupReason::UnknownId, nearest_id(backups, prefix)),
        [first, second, ..] => {
            let examples = [name(&backups[*first]), name(&backups[*second])];
            fail(NoBackupReason::AmbiguousId { count: found.len(), examples }, String::new())
        }
    }
}

fn no_backup(point: &str, reason: NoBackupReason, nearest: String) -> Error {
    Error::NoBackup { point: point.to_owned(), reason, nearest }
}

/// The backup whose ID begins most like this one; the newest when none does.
fn nearest_id(backups: &[BackupSummary], id: &str) -> String {
    let common =
        |backup: &BackupSummary| backup.id.bytes().zip(id.bytes()).take_while(|(a, b)| a == b).count();
    let newest = &backups[backups.len() - 1];
    match backups.iter().max_by_key(|backup| common(backup)).filter(|nearest| common(nearest) > 1) {
        Some(nearest) => format!("the nearest is {}, and the newest is {}", name(nearest), name(newest)),
        None => format!("the newest is {}", name(newest)),
    }
}

/// The newest backup at or before a time.
fn index_at(backups: &[BackupSummary], time: Timestamp) -> Option<usize> {
    backups.partition_point(|backup| backup.taken_at <= time).checked_sub(1)
}

/// The indexes of the backups that lie in a day.
fn indexes_in(backups: &[BackupSummary], day: Date) -> Range<usize> {
    let before = |time: Option<Timestamp>| {
        time.map_or(backups.len(), |time| backups.partition_point(|backup| backup.taken_at < time))
    };
    let (start, end) = (start_of(day), day.tomorrow().ok().and_then(start_of));
    before(start)..before(end)
}

fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Whether a text is a date and nothing else: dates are read from the beginning of longer texts, too.
fn is_plain_date(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn name(backup: &BackupSummary) -> String {
    format!("{} of {}", backup.id, backup.taken_at)
}

fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = text.parse::<DateTime>().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::Point;
    use crate::{BackupId, BackupSummary};

    #[test]
    fn all_forms_are_read_and_shown() {
        for text in ["latest", "latest~3", "kkkkkkkkzzzzzzzz", "kmz"] {
            assert_eq!(Point::parse(text).unwrap().to_string(), text);
        }
        let day = Point::parse("2026-11-20").unwrap();
        assert!(matches!(day, Point::Day(_)) && day.to_string() == "2026-11-20");
        let midnight = Point::parse("2026-11-20T00:00:00Z").unwrap();
        assert_eq!(midnight, Point::parse("2026-11-20 00:00").unwrap());
        assert_eq!(midnight, Point::parse("2026-11-20T01:00:00+01:00").unwrap());
        assert_eq!(Point::parse("Latest~2").unwrap(), Point::Latest { back: 2 });
        assert_eq!(Point::parse("KMZ").unwrap(), Point::parse("kmz").unwrap());
        assert_eq!(Point::parse("latest~99999999999").unwrap(), Point::Latest { back: u32::MAX });
        for text in ["", "live", "20", "--", "latest~x", "latest~", "latest~-1", "yesterday", "2026-13-01"] {
            assert!(Point::parse(text).is_err(), "{text}");
        }
    }

    fn backups(times: &[&str]) -> Vec<BackupSummary> {
        let backup = |(index, time): (usize, &&str)| BackupSummary {
            id: BackupId::from_text(["kkkkkkkkkkkkkkkk", "kkllllllllllllll", "mmmmmmmmmmmmmmmm"][index % 3])
                .unwrap(),
            taken_at: time.parse().unwrap(),
            source: "import".to_owned(),
            note: String::new(),
            objects: 0,
            links: 0,
            added: 0,
            updated: 0,
            deleted: 0,
            bytes: 0,
            warnings: Vec::new(),
        };
        times.iter().enumerate().map(backup).collect()
    }

    fn chosen(point: &str, backups: &[BackupSummary]) -> String {
        match Point::parse(point).unwrap().choose(backups, backups) {
            Ok(backup) => backup.taken_at.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_day_means_its_only_backup_and_else_its_beginning() {
        let all = backups(&["2026-11-19T23:59:59Z", "2026-11-20T08:00:00Z", "2026-11-22T00:00:00Z"]);
        assert_eq!(chosen("2026-11-20", &all), "2026-11-20T08:00:00Z");
        assert_eq!(chosen("2026-11-22", &all), "2026-11-22T00:00:00Z");
        assert_eq!(chosen("2026-11-20T00:00:00Z", &all), "2026-11-19T23:59:59Z");
        assert_eq!(chosen("2026-11-21", &all), "2026-11-20T08:00:00Z");
        let remark = |point: &str, all: &[BackupSummary]| Point::parse(point).unwrap().remark(all);
        assert_eq!(remark("2026-11-20", &all), None);
        assert!(
            remark("2026-11-21", &all).unwrap().contains("the next one is mmmmmmmmmmmmmmmm of 2026-11-22")
        );
        let two = backups(&["2026-11-19T12:00:00Z", "2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z"]);
        assert_eq!(chosen("2026-11-20", &two), "2026-11-19T12:00:00Z");
        assert!(
            remark("2026-11-20", &two)
                .unwrap()
                .contains("because 2 backups lie in that day: kkllllllllllllll of")
        );
    }

    #[test]
    fn a_point_that_does_not_exist_names_what_is_near_and_what_to_type() {
        let all = backups(&["2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z", "2026-11-22T00:00:00Z"]);
        for (point, words) in [
            (
                "2026-11-19",
                "none is that old; the nearest is kkkkkkkkkkkkkkkk of 2026-11-20T08:00:00Z, which `latest~2`",
            ),
            ("2026-11-19T10:00:00Z", "which `latest~2` names"),
            ("2026-11-20", "2 backups lie in that day, and none before it; the first is kkkk"),
            ("latest~3", "the oldest is kkkkkkkkkkkkkkkk of 2026-11-20T08:00:00Z, which `latest~2` names"),
            ("kklm", "the nearest is kkllllllllllllll of 2026-11-20T09:00:00Z, and the newest is mmmm"),
            ("zz", "no backup has this ID; the newest is mmmmmmmmmmmmmmmm of 2026-11-22"),
        ] {
            let message = chosen(point, &all);
            assert!(message.contains(words), "{point}: {message}");
        }
        let message = chosen("latest~1", &all[..1]);
        assert!(message.contains("the store has 1 backup; the oldest is"), "{message}");
    }
}
