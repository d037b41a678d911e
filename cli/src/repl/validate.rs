//! When Enter runs what was typed, and when it begins another line.

use crate::bridge::query::is_unfinished;

use super::words::{Kind, solid};

/// Whether an input runs as it stands. A single line runs when it could be a whole query; more than one line runs at
/// a `;` or at an empty line, which is also the way out of what cannot be finished.
pub(crate) fn is_complete(text: &str) -> bool {
    if super::dot::is_dot(text) {
        return true;
    }
    let pieces = solid(text);
    let Some(last) = pieces.last() else { return true };
    let is_in_fence = last.kind == (Kind::Text { closed: false }) && last.text.contains(['`', '~']);
    if is_in_fence && !last.text.starts_with(['"', '\'', '@', 'h', 'H']) {
        return false;
    }
    let (before, last_line) = text.rsplit_once('\n').unwrap_or(("", text));
    if !before.is_empty() && last_line.trim().is_empty() {
        return true;
    }
    if depth(text) > 0 {
        return false;
    }
    if last.is(';') {
        return true;
    }
    before.is_empty() && !is_unfinished(text)
}

/// How many brackets are open at the end.
pub(crate) fn depth(text: &str) -> usize {
    solid(text).iter().fold(0, |depth, piece| match piece.text {
        "(" | "[" | "{" => depth + 1,
        ")" | "]" | "}" => usize::saturating_sub(depth, 1),
        _ => depth,
    })
}

/// Whether lines from a file or a pipe make an input: there, a line alone never does, as nobody sees it run.
pub(crate) fn is_complete_in_script(text: &str) -> bool {
    let is_ended = solid(text).last().is_some_and(|last| last.is(';'));
    super::dot::is_dot(text) || (is_ended && depth(text) == 0) || (text.contains('\n') && is_complete(text))
}

#[cfg(test)]
mod tests;
