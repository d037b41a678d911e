//! What each piece of an input is, so that it can have its colour.

use super::words::{Kind, Piece, pieces};

/// What a piece means to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Plain,
    /// An operator behind a `|`, or a word that begins a statement.
    Operator,
    /// A word behind a `|` that is no operator.
    Unknown,
    /// A word of the language inside an operator.
    Keyword,
    Function,
    Table,
    Text,
    Number,
    Comment,
    /// A dot command.
    Command,
}

/// Words of the language that stand inside operators.
pub(crate) const KEYWORDS: [&str; 40] = [
    "and",
    "or",
    "by",
    "on",
    "in",
    "has",
    "contains",
    "startswith",
    "endswith",
    "has_any",
    "has_all",
    "has_cs",
    "contains_cs",
    "startswith_cs",
    "endswith_cs",
    "hasprefix",
    "hassuffix",
    "matches",
    "regex",
    "between",
    "asc",
    "desc",
    "nulls",
    "first",
    "last",
    "kind",
    "with",
    "to",
    "typeof",
    "from",
    "step",
    "true",
    "false",
    "null",
    "dynamic",
    "datetime",
    "timespan",
    "attributes",
    "links",
    "limit",
];

/// Words that begin a statement or a source.
pub(crate) const BEGINNINGS: [&str; 7] = ["let", "declare", "print", "range", "datatable", "union", "search"];

/// Names that an input may use.
pub(crate) struct Known<'a> {
    pub(crate) is_table: &'a dyn Fn(&str) -> bool,
    pub(crate) is_function: &'a dyn Fn(&str) -> bool,
}

/// The pieces of an input with what they mean; together they are the whole input.
pub(crate) fn meanings<'t>(text: &'t str, known: &Known<'_>) -> Vec<(Meaning, &'t str)> {
    if super::dot::is_dot(text) {
        let split = text
            .trim_start()
            .find(char::is_whitespace)
            .map_or(text.len(), |at| at + text.len() - text.trim_start().len());
        return vec![(Meaning::Command, &text[..split]), (Meaning::Plain, &text[split..])];
    }
    let pieces = pieces(text);
    let mut before: Option<Piece<'_>> = None;
    let mut out = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let next = pieces[index + 1..].iter().find(|piece| !piece.is_blank());
        out.push((meaning(piece, before.as_ref(), next, known), piece.text));
        if !piece.is_blank() {
            before = Some(*piece);
        }
    }
    out
}

fn meaning(
    piece: &Piece<'_>,
    before: Option<&Piece<'_>>,
    next: Option<&Piece<'_>>,
    known: &Known<'_>,
) -> Meaning {
    match piece.kind {
        Kind::Text { .. } => Meaning::Text,
        Kind::Number => Meaning::Number,
        Kind::Comment => Meaning::Comment,
        Kind::Space | Kind::Sign => Meaning::Plain,
        Kind::Word => {
            let name = piece.text;
            let is_call = next.is_some_and(|next| next.is('('));
            if before.is_some_and(|before| before.is('|')) {
                let is_operator = query::OPERATORS.contains(&name);
                // While it is typed, a word is the beginning of one.
                let is_beginning =
                    next.is_none() && query::OPERATORS.iter().any(|known| known.starts_with(name));
                return if is_operator || is_beginning { Meaning::Operator } else { Meaning::Unknown };
            }
            let is_first = before.is_none_or(|before| before.is(';') || before.is('(') || before.is('='));
            if is_first && BEGINNINGS.contains(&name) {
                return Meaning::Operator;
            }
            if is_call && (known.is_function)(name) {
                return Meaning::Function;
            }
            let is_member = before.is_some_and(|before| before.is('.'));
            match name {
                _ if is_member => Meaning::Plain,
                _ if (known.is_table)(name) => Meaning::Table,
                _ if KEYWORDS.contains(&name) || query::Type::from_name(name).is_some() => Meaning::Keyword,
                _ => Meaning::Plain,
            }
        }
    }
}

#[cfg(test)]
mod tests;
