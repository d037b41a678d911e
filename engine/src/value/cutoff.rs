//! Texts in lieu of values that were cut off: what PowerShell writes below the depth that it is set to.

use super::scan::JsonCursor;

/// The beginnings of the names of types that PowerShell writes for a collection or a table.
const TYPE_NAMES: [&str; 3] = ["System.Collections.", "System.Management.Automation.", "System.Object"];

/// Characters of a foreign text that a message shows.
const SHOWN_LENGTH_MAX: usize = 80;

/// The first text in a canonical value that was written for a cut-off value, without its quotes.
pub(crate) fn cut_off(text: &[u8]) -> Option<&str> {
    let mut cursor = JsonCursor::new(text);
    while !cursor.rest().is_empty() {
        if cursor.peek() != b'"' {
            cursor.advance(1);
            continue;
        }
        let inner = std::str::from_utf8(cursor.string().ok()?.inner).ok()?;
        if is_cut_off(inner) {
            return Some(inner);
        }
    }
    None
}

/// Whether a text is what PowerShell writes of an object (`@{name=value}`), or the name of a type of .NET.
pub(crate) fn is_cut_off(text: &str) -> bool {
    let is_table = text.starts_with("@{") && text.ends_with('}') && (text.contains('=') || text == "@{}");
    let is_name = |text: &str| {
        let is_listed = TYPE_NAMES.iter().any(|name| text.starts_with(name));
        (is_listed || (text.starts_with("System.") && text.ends_with("[]"))) && !text.contains('=')
    };
    // Of an array of arrays it writes the name once for each.
    is_table || (!text.is_empty() && text.split(' ').all(is_name))
}

/// As much of a text as a message has room for.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_LENGTH_MAX {
        return text.to_owned();
    }
    text.chars().take(SHOWN_LENGTH_MAX - 1).chain(['…']).collect()
}
