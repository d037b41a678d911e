//! When Enter runs what was typed, and when it begins another line.

use query::language::{is_unfinished, progress};

/// Whether an input runs as it is. A single line runs when it could be a whole query; more than one line runs at
/// a `;` or at an empty line, which is also the way out of what cannot be finished.
pub(crate) fn is_complete(text: &str) -> bool {
    if super::dot::is_dot(text) {
        return true;
    }
    let progress = progress(text);
    if progress.is_empty || progress.is_in_fence {
        return progress.is_empty;
    }
    let (before, last_line) = text.rsplit_once('\n').unwrap_or(("", text));
    if !before.is_empty() && last_line.trim().is_empty() {
        return true;
    }
    progress.open_brackets == 0 && (progress.is_ended || (before.is_empty() && !is_unfinished(text)))
}

/// Whether lines from a file or a pipe make an input: there, a line alone never does, as its result is not seen at once.
pub(crate) fn is_complete_in_script(text: &str) -> bool {
    let progress = progress(text);
    let is_ended = progress.is_ended && progress.open_brackets == 0;
    super::dot::is_dot(text)
        || super::dot::of_habit(text).is_some()
        || is_ended
        || (text.contains('\n') && is_complete(text))
}

#[cfg(test)]
mod tests;
