//! The language as a service: what editors, highlighting, validation and help need to know of it.
//!
//! Everything here comes from the tables that the parser and the binder use themselves: `syntax/{operator,keyword,chart}.rs`,
//! `bind/join.rs`, `function.rs`, `aggregate.rs`. Nothing here runs a query. Imports run from here to them, and never back,
//! but for the tokens, which know nothing of the others.
//!
//! | question | answer |
//! |--|--|
//! | which pieces has this text, what does each mean? | [`tokens`], [`highlight`] |
//! | is this text whole, or does it go on? | [`progress`], [`is_unfinished`] |
//! | what can follow at the cursor? | [`complete`] |
//! | what is this word, which words are like it? | [`help`], [`like`] |
//! | which words, operators, kinds are there? | [`keywords`], [`beginnings`], [`operators`], [`unsupported`], [`charts`], [`join_kinds`] |
//! | is this a condition by itself? | [`predicate`] |

mod complete;
mod highlight;
#[cfg(test)]
mod matrix;
mod progress;
pub(crate) mod token;

pub use complete::{Completion, complete};
pub use highlight::{Meaning, highlight};
pub use progress::{Progress, is_unfinished, progress};
pub use token::{Token, TokenKind, tokens};

pub use crate::function::{FunctionHelp, functions};
pub use crate::script::{Predicate, predicate};
pub use crate::syntax::OperatorHelp;

use crate::{bind, syntax};

/// Operators of the language with their help.
#[must_use]
pub fn operators() -> &'static [OperatorHelp] {
    &syntax::OPERATORS
}

/// Operators of KQL that are refused by their names.
#[must_use]
pub fn unsupported() -> &'static [&'static str] {
    &syntax::UNSUPPORTED
}

/// Words inside operators.
#[must_use]
pub fn keywords() -> &'static [&'static str] {
    &syntax::KEYWORDS
}

/// Words that begin a statement or a source.
#[must_use]
pub fn beginnings() -> &'static [&'static str] {
    &syntax::BEGINNINGS
}

/// Kinds of charts that `render` takes.
#[must_use]
pub fn charts() -> &'static [&'static str] {
    &syntax::CHARTS
}

/// Kinds of joins.
pub fn join_kinds() -> impl Iterator<Item = &'static str> {
    bind::join_kinds()
}

/// What a word of the language is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// An operator.
    Operator(&'static OperatorHelp),
    /// A function or an aggregate.
    Function(FunctionHelp),
}

/// Everything that a word is: some are an operator and a function.
#[must_use]
pub fn help(word: &str) -> Vec<Help> {
    let name = word.trim_end_matches(['(', ')']);
    let operators = operators().iter().filter(|operator| operator.name == name).map(Help::Operator);
    let functions = functions().into_iter().filter(|function| function.name.eq_ignore_ascii_case(name));
    operators.chain(functions.map(Help::Function)).collect()
}

/// A few words of the language that hold a text.
#[must_use]
pub fn like(text: &str) -> Vec<&'static str> {
    /// Most words that are listed.
    const COUNT_MAX: usize = 8;
    let lower = text.to_ascii_lowercase();
    let names = operators().iter().map(|operator| operator.name);
    let names = names.chain(functions().into_iter().map(|function| function.name));
    let mut found: Vec<&str> = names.filter(|name| name.contains(lower.as_str())).collect();
    found.dedup();
    found.truncate(COUNT_MAX);
    found
}

#[cfg(test)]
mod tests;
