//! How a caller names a point in time.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

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
}

impl Point {
    /// Reads `latest`, `latest~3`, a backup ID or its beginning, `2026-11-20` (00:00 UTC), or an RFC 3339 time
    /// (without an offset: UTC).
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
        parse_time(text).map(Self::At).ok_or_else(|| Error::NoBackup {
            point: text.to_owned(),
            reason: "expected latest, latest~N, a backup ID or its beginning, a date such as 2026-11-20, or a time such as 2026-11-20T08:00:00Z".into(),
        })
    }

    /// The backup that this point names, among backups oldest first. Readings, which are among the members, are
    /// named by their IDs alone.
    pub(crate) fn choose<'s>(
        &self,
        backups: &'s [BackupSummary],
        members: &'s [BackupSummary],
    ) -> Result<&'s BackupSummary> {
        match self {
            Self::Id(id) => Ok(&members[place_of_id(members, id.as_str())?]),
            Self::Prefix(prefix) => Ok(&members[place_of_id(members, prefix)?]),
            Self::Latest { .. } | Self::At(_) => Ok(&backups[self.place(backups)?]),
        }
    }

    /// The place of the backup that a point by time or number names.
    fn place(&self, backups: &[BackupSummary]) -> Result<usize> {
        let fail = |point: String, reason: String| Err(Error::NoBackup { point, reason });
        if backups.is_empty() {
            return fail(self.to_string(), "the store has no backup yet".into());
        }
        match self {
            Self::Latest { back } => match backups.len().checked_sub((*back as usize).saturating_add(1)) {
                Some(place) => Ok(place),
                None => fail(
                    self.to_string(),
                    format!("the store has {} backups; the oldest is {}", backups.len(), name(&backups[0])),
                ),
            },
            Self::Id(id) => place_of_id(backups, id.as_str()),
            Self::Prefix(prefix) => place_of_id(backups, prefix),
            Self::At(time) => {
                let at_or_before = backups.iter().enumerate().filter(|(_, backup)| backup.taken_at <= *time);
                if let Some((place, _)) = at_or_before.max_by_key(|(place, backup)| (backup.taken_at, *place))
                {
                    return Ok(place);
                }
                let nearest = backups.iter().min_by_key(|backup| backup.taken_at).expect("not empty");
                fail(self.to_string(), format!("none is that old; the nearest is {}", name(nearest)))
            }
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
        }
    }
}

fn place_of_id(backups: &[BackupSummary], prefix: &str) -> Result<usize> {
    let fail = |reason| Err(Error::NoBackup { point: prefix.to_owned(), reason });
    if backups.is_empty() {
        return fail("the store has no backup yet".into());
    }
    let found: Vec<usize> = backups
        .iter()
        .enumerate()
        .filter(|(_, backup)| backup.id.starts_with(prefix))
        .map(|(place, _)| place)
        .collect();
    match found.as_slice() {
        [place] => Ok(*place),
        [] => fail(format!("no backup has this ID; the newest is {}", name(&backups[backups.len() - 1]))),
        [first, second, ..] => fail(format!(
            "{} backups begin so, such as {} and {}; give more letters",
            found.len(),
            name(&backups[*first]),
            name(&backups[*second])
        )),
    }
}

fn name(backup: &BackupSummary) -> String {
    format!("{} of {}", backup.id, backup.taken_at)
}

fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::Point;

    #[test]
    fn all_forms_are_read_and_shown() {
        for text in ["latest", "latest~3", "kkkkkkkkzzzzzzzz", "kmz"] {
            assert_eq!(Point::parse(text).unwrap().to_string(), text);
        }
        let midnight = Point::parse("2026-11-20").unwrap();
        assert_eq!(midnight, Point::parse("2026-11-20T00:00:00Z").unwrap());
        assert_eq!(midnight, Point::parse("2026-11-20 00:00").unwrap());
        assert_eq!(midnight, Point::parse("2026-11-20T01:00:00+01:00").unwrap());
        assert_eq!(Point::parse("Latest~2").unwrap(), Point::Latest { back: 2 });
        assert_eq!(Point::parse("KMZ").unwrap(), Point::parse("kmz").unwrap());
        assert_eq!(Point::parse("latest~99999999999").unwrap(), Point::Latest { back: u32::MAX });
        for text in ["", "live", "latest~x", "latest~", "latest~-1", "yesterday", "2026-13-01"] {
            assert!(Point::parse(text).is_err(), "{text}");
        }
    }
}
