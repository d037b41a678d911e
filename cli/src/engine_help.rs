//! What to do about each kind of error of a store, in terms of the command line.

use engine::error::{NoBackupReason, ObjectProblem};
use engine::{Error, ErrorKind};

/// Where imports come from: the time of their data is what the caller says.
const IMPORT: &str = "import";

/// What to do next; none where the message says it all.
pub(crate) fn help_of_engine(error: &Error) -> Option<&str> {
    if let Some(nearest) = error.nearest() {
        return Some(nearest);
    }
    match error.kind() {
        ErrorKind::Damaged => Some("restore this file from a copy, or run `entrasnap verify --deep`"),
        ErrorKind::NoStore => Some("the first `entrasnap backup` or `entrasnap import` makes one"),
        ErrorKind::NewerFormat => Some("use a newer entrasnap"),
        ErrorKind::Locked => Some("wait until that ends, then try again"),
        ErrorKind::OtherTenant => Some("use another --store for it"),
        ErrorKind::Ambiguous => Some("use the ID"),
        ErrorKind::OutOfOrder => Some(help_of_order(error)),
        ErrorKind::NoBackup => help_of_point(error),
        ErrorKind::Object => help_of_object(error),
        ErrorKind::Committed => match error {
            Error::Committed { source, .. } => help_of_engine(source),
            _ => None,
        },
        ErrorKind::Disk | ErrorKind::ReadOnly | ErrorKind::NoObject | ErrorKind::Invalid => None,
    }
}

fn help_of_order(error: &Error) -> &'static str {
    match error {
        Error::OutOfOrder { origin, .. } if origin == IMPORT => {
            "say when it was read with `--taken-at`, or weave it into the past with `--insert`"
        }
        _ => {
            "the clock of this machine went back, or that backup was taken with a wrong one: set the clock right, then \
             try again"
        }
    }
}

fn help_of_point(error: &Error) -> Option<&'static str> {
    match error {
        Error::NoBackup { reason: NoBackupReason::AmbiguousId { .. }, .. } => Some("give more letters"),
        _ => None,
    }
}

fn help_of_object(error: &Error) -> Option<&'static str> {
    match error {
        Error::Object { problem: ObjectProblem::Untyped, .. } => Some("name it with --type"),
        Error::Object { problem: ObjectProblem::Truncated, .. } => {
            Some("take it as it stands with --accept-truncated")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use engine::error::InvalidReason;

    use super::*;

    #[test]
    fn advice_is_of_the_kind_and_of_what_is_nearest() {
        let taken_at = jiff::Timestamp::UNIX_EPOCH;
        let out_of_order = |origin: &str| Error::OutOfOrder {
            taken_at,
            newest: engine::BackupId::from_hash(&[0; 32]),
            newest_at: taken_at,
            origin: origin.to_owned(),
        };
        let no_object =
            |nearest: &str| Error::NoObject { name: "Anm".to_owned(), nearest: nearest.to_owned() };
        let locked = Error::Locked { holder: "process 7".to_owned() };
        let committed = Error::Committed { what: "backup kkkk".to_owned(), source: Box::new(locked) };
        for (error, help) in [
            (out_of_order("import"), Some("--insert")),
            (out_of_order("backup"), Some("set the clock right")),
            (no_object("nearest: Ann"), Some("nearest: Ann")),
            (no_object(""), None),
            (committed, Some("wait until that ends")),
            (InvalidReason::ColumnTooLong { length: 1 << 32 }.into(), None),
        ] {
            let found = help_of_engine(&error);
            assert_eq!(found.is_some(), help.is_some(), "{error}");
            assert!(help.is_none_or(|help| found.is_some_and(|found| found.contains(help))), "{error}");
        }
    }
}
