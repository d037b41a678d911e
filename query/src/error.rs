//! What can be wrong with a query: every finding with its place, its meaning and a way out.

use crate::ast::Span;

/// Kinds of findings, for callers that tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The text is not a query.
    Syntax,
    /// KQL that is outside the subset.
    Unsupported,
    /// A table that does not exist.
    UnknownTable,
    /// A column that does not exist.
    UnknownColumn,
    /// A function that does not exist.
    UnknownFunction,
    /// A value of a type that does not fit.
    Type,
    /// Anything else that makes no sense, such as a wrong number of arguments.
    Invalid,
    /// A limit of size, depth or memory.
    Limit,
}

impl Code {
    /// Names the kind as it is shown to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "query::syntax",
            Self::Unsupported => "query::unsupported",
            Self::UnknownTable => "query::unknown_table",
            Self::UnknownColumn => "query::unknown_column",
            Self::UnknownFunction => "query::unknown_function",
            Self::Type => "query::type",
            Self::Invalid => "query::invalid",
            Self::Limit => "query::limit",
        }
    }
}

/// One finding. A renderer needs nothing else but the text of the query.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Where it is, in bytes of the text.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn unsupported(span: Span, name: &str) -> Self {
        Self::new(Code::Unsupported, span, format!("`{name}` is not supported"))
    }

    pub(crate) fn invalid(span: Span, message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, span, message)
    }
}

/// Returns the candidate nearest to `name`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Counts the letters to insert, delete, replace or swap to turn one text into the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut row = vec![i + 1; right.len() + 1];
        for j in 0..right.len() {
            let replaced = last[j] + usize::from(left[i] != right[j]);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}
