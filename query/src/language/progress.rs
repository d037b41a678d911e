//! How far a text that is being written has come.

use super::token::{TokenKind, solid};
use crate::error::Code;
use crate::syntax;

/// How far a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether there is nothing but blanks and comments.
    pub is_empty: bool,
    /// Brackets that are open at its end.
    pub open_brackets: usize,
    /// Whether it ends inside a text between fences, which may hold anything, empty lines too.
    pub is_in_fence: bool,
    /// Whether a `;` ends it.
    pub is_ended: bool,
}

/// Whether a text is complete, by its tokens alone.
#[must_use]
pub fn progress(text: &str) -> Progress {
    let tokens = solid(text);
    let open_brackets = tokens.iter().fold(0_usize, |depth, token| match token {
        token if token.opens() => depth + 1,
        token if token.closes() => depth.saturating_sub(1),
        _ => depth,
    });
    let last = tokens.last();
    let is_in_fence = last.is_some_and(|last| {
        let marked = last.text.trim_start_matches(['h', 'H']);
        last.kind == TokenKind::Text { closed: false } && marked.starts_with(['`', '~'])
    });
    Progress {
        is_empty: last.is_none(),
        open_brackets,
        is_in_fence,
        is_ended: last.is_some_and(|last| last.is(';')),
    }
}

/// Whether a text would be a query if it went on: everything is right but that it ends.
#[must_use]
pub fn is_unfinished(text: &str) -> bool {
    let end = text.trim_end().len();
    let findings = syntax::parse(text).err().unwrap_or_default();
    findings.iter().any(|finding| finding.code == Code::Syntax && finding.span.start >= end)
}
