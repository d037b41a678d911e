//! What each token of a text means, so that it can have its colour.

use super::token::{Token, TokenKind, tokens};
use crate::function;
use crate::syntax::{BEGINNINGS, KEYWORDS, OPERATORS};
use crate::value::Type;

/// What a token means to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing in particular.
    Plain,
    /// An operator behind a `|`, or a word that begins a statement.
    Operator,
    /// A word behind a `|` that is no operator.
    Unknown,
    /// A word of the language inside an operator.
    Keyword,
    /// A function that is called.
    Function,
    /// A table.
    Table,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
}

/// The tokens of a text with what they mean; together they are the whole text.
#[must_use]
pub fn highlight<'t>(text: &'t str, is_table: &dyn Fn(&str) -> bool) -> Vec<(Meaning, &'t str)> {
    let tokens = tokens(text);
    let mut before: Option<Token<'_>> = None;
    let mut found = Vec::with_capacity(tokens.len());
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens[index + 1..].iter().find(|token| !token.is_blank());
        found.push((meaning(token, before.as_ref(), next, is_table), token.text));
        if !token.is_blank() {
            before = Some(*token);
        }
    }
    found
}

fn meaning(
    token: &Token<'_>,
    before: Option<&Token<'_>>,
    next: Option<&Token<'_>>,
    is_table: &dyn Fn(&str) -> bool,
) -> Meaning {
    match token.kind {
        TokenKind::Text { .. } => Meaning::Text,
        TokenKind::Number => Meaning::Number,
        TokenKind::Comment => Meaning::Comment,
        TokenKind::Space | TokenKind::Sign => Meaning::Plain,
        TokenKind::Word => word(token.text, before, next, is_table),
    }
}

fn word(
    name: &str,
    before: Option<&Token<'_>>,
    next: Option<&Token<'_>>,
    is_table: &dyn Fn(&str) -> bool,
) -> Meaning {
    if before.is_some_and(|before| before.is('|')) {
        let is_operator = OPERATORS.iter().any(|operator| operator.name == name);
        // While it is typed, a word is the beginning of one.
        let is_beginning = next.is_none() && OPERATORS.iter().any(|known| known.name.starts_with(name));
        return if is_operator || is_beginning { Meaning::Operator } else { Meaning::Unknown };
    }
    let is_first = before.is_none_or(|before| before.is(';') || before.is('(') || before.is('='));
    let is_call = next.is_some_and(|next| next.is('('));
    let is_member = before.is_some_and(|before| before.is('.'));
    match name {
        _ if is_first && BEGINNINGS.contains(&name) => Meaning::Operator,
        _ if is_call && function::exists(name) => Meaning::Function,
        _ if is_member => Meaning::Plain,
        _ if is_table(name) => Meaning::Table,
        _ if KEYWORDS.contains(&name) || Type::from_name(name).is_some() => Meaning::Keyword,
        _ => Meaning::Plain,
    }
}
