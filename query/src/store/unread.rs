//! What a table says nothing of, because it was not read at its point, in a few words.

use engine::coverage::Unread;

/// Types and relations that are named; the rest is counted.
const NAME_COUNT_MAX: usize = 6;

/// The list: `group (in no import), user.manager (not read again since 2026-11-16T08:00:00Z)`.
pub(super) fn list(unread: &[Unread]) -> String {
    let mut sorted: Vec<&Unread> = unread.iter().collect();
    sorted.sort_by_key(|lack| (lack.since.is_some(), lack.relation.is_some()));
    let mut names: Vec<String> = sorted.iter().take(NAME_COUNT_MAX).map(|lack| named(lack)).collect();
    if sorted.len() > NAME_COUNT_MAX {
        names.push(format!("{} more", sorted.len() - NAME_COUNT_MAX));
    }
    names.join(", ")
}

fn named(lack: &Unread) -> String {
    let inner = lack.relation.as_ref().or(lack.property.as_ref());
    let inner = inner.map_or_else(String::new, |name| format!(".{name}"));
    let of = lack.object.as_ref().map_or_else(String::new, |id| format!(" of {id}"));
    let since = lack.since.map_or_else(String::new, |time| format!("; last read {time}"));
    format!("{}{inner}{of} ({}{since})", lack.type_token, lack.reason)
}
