//! What an answer says nothing of, because it was not read, in one sentence.

use std::fmt::Write as _;

use engine::coverage::{Unread, UnreadSide};

use super::text::{counted, people_time};

/// Types and relations that a sentence names, at most; `-v` and JSON name all.
const NAME_COUNT_MAX: usize = 6;

/// One sentence: `not read at FROM: group (in no import; 3 objects at TO), user.manager (last 2026-11-16 08:00)`.
pub(crate) fn sentence(unread: &[Unread], names_all: bool) -> String {
    sentences(unread, names_all).join("; ")
}

/// A sentence for each side.
pub(crate) fn sentences(unread: &[Unread], names_all: bool) -> Vec<String> {
    let sides = [
        (Some(UnreadSide::From), "not read at FROM"),
        (Some(UnreadSide::To), "not read at TO"),
        (Some(UnreadSide::Both), "not read at either side"),
        (None, "not read"),
    ];
    let mut parts = Vec::new();
    for (side, words) in sides {
        let mut here: Vec<&Unread> = unread.iter().filter(|found| found.side == side).collect();
        if here.is_empty() {
            continue;
        }
        // What was never read weighs most, then whole types.
        here.sort_by_key(|found| (found.since.is_some(), found.relation.is_some()));
        let count_max = if names_all { usize::MAX } else { NAME_COUNT_MAX };
        let mut names: Vec<String> = here.iter().take(count_max).map(|found| named(found)).collect();
        if let Some(more) = here.len().checked_sub(count_max).filter(|more| *more > 0) {
            names.push(format!("{more} more"));
        }
        parts.push(format!("{words}: {}", names.join(", ")));
    }
    parts
}

fn named(unread: &Unread) -> String {
    let mut text = unread.type_token.clone();
    for inner in [&unread.relation, &unread.property].into_iter().flatten() {
        write!(text, ".{inner}").ok();
    }
    if let Some(object) = &unread.object {
        write!(text, " of {object}").ok();
    }
    write!(text, " ({}", unread.reason).ok();
    if let Some(since) = unread.since {
        write!(text, "; last {}", people_time(since)).ok();
    }
    if unread.objects > 0 {
        write!(text, "; {} at the other", counted(unread.objects, "object")).ok();
    }
    text + ")"
}

#[cfg(test)]
mod tests {
    use engine::coverage::{Unread, UnreadSide};

    use super::sentence;

    fn found(name: &str, relation: Option<&str>, since: Option<i64>) -> Unread {
        Unread {
            type_token: name.to_owned(),
            relation: relation.map(str::to_owned),
            property: None,
            object: None,
            since: since.map(|second| jiff::Timestamp::from_second(second).unwrap()),
            reason: "403".to_owned(),
            side: Some(UnreadSide::From),
            objects: u64::from(since.is_none()),
        }
    }

    #[test]
    fn what_was_never_read_comes_first_and_the_rest_is_counted() {
        let mut unread: Vec<Unread> =
            (0..7).map(|number| found(&format!("type{number}"), Some("owners"), Some(0))).collect();
        unread.push(found("group", None, None));
        let text = sentence(&unread, false);
        assert!(text.starts_with(
            "not read at FROM: group (403; 1 object at the other), type0.owners (403; last 1970"
        ));
        assert!(text.ends_with("2 more"), "{text}");
        assert!(sentence(&unread, true).contains("type6.owners"));
        assert_eq!(sentence(&[], false), "");
    }
}
