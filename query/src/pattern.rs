//! The pattern of `parse` as one regular expression.

use std::fmt::Write as _;

use regex::Regex;

use crate::ast::{ParsePart, Span};
use crate::error::Diagnostic;
use crate::function;
use crate::value::Type;

/// How strictly a text must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The text must fit and every part must convert.
    Simple,
    /// A part that does not convert is null alone.
    Relaxed,
    /// As simple, but texts are patterns.
    Regex,
}

/// A compiled pattern; its groups `c0`, `c1`, … are the columns in order.
#[derive(Clone)]
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    pub(crate) mode: Mode,
}

/// Compiles a pattern.
pub(crate) fn compile(
    parts: &[ParsePart],
    mode: Mode,
    flags: &str,
    span: Span,
) -> Result<Pattern, Diagnostic> {
    let mut text = String::from(if mode == Mode::Regex { "" } else { "(?s)" });
    let inline: String = flags.chars().filter(|flag| "imsU".contains(*flag)).collect();
    if !inline.is_empty() {
        let _written = write!(text, "(?{inline})");
    }
    text.push('^');
    let mut columns = 0;
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        match part {
            ParsePart::Star => text.push_str(any(mode, last)),
            ParsePart::Text(literal, _) if mode == Mode::Regex => {
                let _written = write!(text, "(?:{literal})");
            }
            ParsePart::Text(literal, _) => text.push_str(&regex::escape(literal)),
            ParsePart::Column(_, kind) => {
                let followed = matches!(parts.get(index + 1), Some(ParsePart::Text(..)) | None);
                let free = followed && mode != Mode::Regex;
                let inside = if free { any(mode, last) } else { shape(*kind, mode) };
                let _written = write!(text, "(?P<c{columns}>{inside})");
                columns += 1;
            }
        }
    }
    text.push('$');
    let regex = function::compile(&text);
    let regex = regex.map_err(|_| Diagnostic::invalid(span, "the pattern is not a regular expression"))?;
    Ok(Pattern { regex, mode })
}

fn any(mode: Mode, last: bool) -> &'static str {
    if mode == Mode::Regex || last { ".*" } else { ".*?" }
}

/// What a column takes when no text says where it ends.
fn shape(kind: Type, mode: Mode) -> &'static str {
    match kind {
        Type::Int | Type::Long => r"\s*[-+]?\d+",
        Type::Real => r"\s*[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
        Type::Bool => "(?i:true|false)|[01]",
        Type::Guid => "[0-9a-fA-F-]{36}",
        _ => any(mode, false),
    }
}
