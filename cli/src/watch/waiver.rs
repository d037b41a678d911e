//! Owns `waivers.json` in the folder of the store: which findings are known and agreed on, why, and until when. People
//! write it, and a review reads it; this program only reads it.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use crate::error::{Failure, Outcome};

/// The file's name in the folder of the store.
pub(crate) const FILE: &str = "waivers.json";

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Waivers {
    waivers: Vec<Waiver>,
}

/// One agreement: findings of a rule that name an object are not sent until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Waiver {
    /// The rule.
    pub(crate) rule: String,
    /// The ID of an object that the finding names.
    pub(crate) object_id: String,
    /// Why it is agreed on, and by whom.
    pub(crate) reason: String,
    /// The last day on which it counts, in UTC.
    pub(crate) until: Date,
}

impl Waivers {
    /// Reads the file; nothing is waived where there is none.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON of this form, or a waiver lacks something.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::file("cannot read", path, &error)),
        };
        let help = "expected {\"waivers\": [{\"rule\": …, \"objectId\": …, \"reason\": …, \"until\": \"2026-12-31\"}]}";
        let odd = |message: String, line: Option<u64>| {
            let failure = Failure::usage(format!("{}: {message}", path.display())).with_help(help);
            Failure { file: Some(path.display().to_string().into()), line, ..failure }
        };
        let read: Self =
            serde_json::from_str(&text).map_err(|error| odd(error.to_string(), Some(error.line() as u64)))?;
        for waiver in &read.waivers {
            let members =
                [("rule", &waiver.rule), ("objectId", &waiver.object_id), ("reason", &waiver.reason)];
            if let Some((name, _)) = members.iter().find(|(_, text)| text.trim().is_empty()) {
                return Err(odd(format!("a waiver has no {name}"), None));
            }
        }
        Ok(read)
    }

    /// The waiver that keeps an alert from being sent.
    pub(crate) fn of(&self, alert: &Alert, now: Timestamp) -> Option<&Waiver> {
        self.matching(alert).find(|waiver| !waiver.is_expired(now))
    }

    /// The waiver that no longer keeps an alert from being sent.
    pub(crate) fn expired_of(&self, alert: &Alert, now: Timestamp) -> Option<&Waiver> {
        self.matching(alert).find(|waiver| waiver.is_expired(now))
    }

    /// All that count no more.
    pub(crate) fn expired(&self, now: Timestamp) -> impl Iterator<Item = &Waiver> {
        self.waivers.iter().filter(move |waiver| waiver.is_expired(now))
    }

    /// Those of the rule of an alert and of an object that it names, whether they count or not.
    fn matching<'w, 'a>(&'w self, alert: &'a Alert) -> impl Iterator<Item = &'w Waiver> + use<'w, 'a> {
        let is_of = move |waiver: &&Waiver| waiver.rule == alert.rule && alert.names(&waiver.object_id);
        self.waivers.iter().filter(move |waiver| !alert.is_trouble() && is_of(waiver))
    }
}

impl Waiver {
    /// Whether its last day is over.
    fn is_expired(&self, now: Timestamp) -> bool {
        now.to_zoned(TimeZone::UTC).date() > self.until
    }
}

impl std::fmt::Display for Waiver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, object_id, reason, until } = self;
        write!(formatter, "{rule} of {object_id} until {until} ({reason})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::alert::AlertChange;

    fn read(text: &str) -> Outcome<Waivers> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, text).unwrap();
        Waivers::read(&path)
    }

    const ONE: &str = r#"{"waivers": [{"rule": "guest-added", "objectId": "u1", "reason": "audit, Ann", "until": "2026-12-31"}]}"#;

    fn alert(rule: &str, id: &str) -> Alert {
        let change = AlertChange { id: id.into(), ..AlertChange::default() };
        Alert { rule: rule.into(), change, ..Alert::default() }
    }

    #[test]
    fn a_waiver_counts_for_its_rule_and_object_through_its_last_day() {
        let waivers = read(ONE).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (last, after) = (at("2026-12-31T23:59:59Z"), at("2027-01-01T00:00:00Z"));
        assert!(waivers.of(&alert("guest-added", "U1"), last).is_some());
        assert!(waivers.of(&alert("guest-added", "u1"), after).is_none());
        assert!(waivers.expired_of(&alert("guest-added", "u1"), after).is_some());
        assert!(waivers.of(&alert("guest-added", "u2"), last).is_none());
        assert!(waivers.of(&alert("domain-added", "u1"), last).is_none());
        assert_eq!((waivers.expired(last).count(), waivers.expired(after).count()), (0, 1));
    }

    #[test]
    fn a_waiver_without_a_reason_or_an_end_is_refused_with_its_line() {
        for text in [
            ONE.replace("audit, Ann", " "),
            ONE.replace(r#", "until": "2026-12-31""#, ""),
            ONE.replace("2026-12-31", "some day"),
            ONE.replace("objectId", "object"),
            "[]".to_owned(),
        ] {
            let failure = read(&text).expect_err(&text);
            assert!(failure.message.contains(FILE) && failure.help.contains("until"), "{}", failure.message);
        }
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Waivers::read(&folder.path().join(FILE)).unwrap(), Waivers::default());
    }
}
