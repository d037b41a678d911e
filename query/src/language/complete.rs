//! What can follow at the cursor: tables, operators, columns of the pipe so far, functions, points in time.

use super::token::{Token, TokenKind, solid, tokens};
use super::{beginnings, charts, functions, join_kinds, keywords, operators};
use crate::script::{Context, Script};
use crate::syntax::stands_bare;

/// One completion at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What replaces the bytes from `start` to the cursor.
    pub value: String,
    /// What it is; may be empty.
    pub description: String,
    /// The first byte that is replaced.
    pub start: usize,
}

/// A value and what it is.
type Offer = (String, String);

/// Operators whose next word is a table.
const TAKES_TABLE: [&str; 3] = ["join", "lookup", "union"];

/// Every completion at a byte of a text, the likeliest first. Columns are looked up in the tables of the
/// context; nothing is read of them.
#[must_use]
pub fn complete(text: &str, cursor: usize, context: &Context<'_>) -> Vec<Completion> {
    let cursor = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let text = &text[..cursor];
    if tokens(text).last().is_some_and(|last| last.kind == TokenKind::Comment) {
        return Vec::new();
    }
    let pieces = solid(text);
    let Some(last) = pieces.last() else { return statement_begins("", 0, context) };
    if last.kind == (TokenKind::Text { closed: false }) {
        return point(&pieces, context);
    }
    let is_typing = last.kind == TokenKind::Word && last.end() == text.len();
    let (word, start) = if is_typing { (last.text, last.start) } else { ("", text.len()) };
    let before = if is_typing { &pieces[..pieces.len() - 1] } else { &pieces[..] };
    let cursor = Cursor::of(text, before);
    let found = match (before.last(), cursor.operator) {
        (None, _) => return statement_begins(word, start, context),
        (Some(bar), _) if bar.is('|') => described_operators(),
        (Some(before), _) if before.is(';') => return statement_begins(word, start, context),
        (Some(before), None) if before.is('(') || before.is('=') || TAKES_TABLE.contains(&before.text) => {
            let mut found = described_functions();
            found.extend(plain(context.tables.names(), "table"));
            found
        }
        (Some(_), None) => described_functions(),
        (Some(_), Some("render")) => plain(charts().iter().copied(), "chart"),
        (Some(sign), Some("join" | "lookup")) if is_value_of(before, sign, "kind") => {
            plain(join_kinds(), "kind of join")
        }
        (Some(before), Some(operator)) if before.text == operator && TAKES_TABLE.contains(&operator) => {
            return statement_begins(word, start, context);
        }
        (Some(before), Some(operator)) if before.is('(') && TAKES_TABLE.contains(&operator) => {
            return statement_begins(word, start, context);
        }
        (Some(_), Some(_)) => values(text, &cursor, context),
    };
    matching(found, word, start)
}

/// Where the cursor is: the pipe it is in, and the operator whose arguments it is among.
#[derive(Debug, Default)]
struct Cursor<'a> {
    /// Where the statement begins, or the pipe in brackets.
    start: usize,
    /// Where the statement begins that the outermost bracket is in.
    statement: usize,
    /// Where the last `|` is.
    bar: usize,
    operator: Option<&'a str>,
}

impl<'a> Cursor<'a> {
    fn of(text: &str, before: &[Token<'a>]) -> Self {
        let begun =
            |start: usize, statement: usize| Self { start, statement, bar: text.len(), operator: None };
        let mut open = vec![begun(0, 0)];
        for (index, token) in before.iter().enumerate() {
            let (depth, statement) = (open.len(), open.last().map_or(0, |innermost| innermost.statement));
            let Some(innermost) = open.last_mut() else { continue };
            match token {
                token if token.opens() => open.push(begun(token.end(), statement)),
                token if token.closes() && depth > 1 => drop(open.pop()),
                token if token.is(';') => {
                    let statement = if depth == 1 { token.end() } else { statement };
                    *innermost = begun(token.end(), statement);
                }
                token if token.is('|') => {
                    innermost.bar = token.start;
                    innermost.operator = before.get(index + 1).map(|word| word.text);
                }
                _ => {}
            }
        }
        // Brackets of a call belong to the pipe around them.
        let found = open.iter().rposition(|innermost| innermost.operator.is_some());
        found.map_or_else(Self::default, |index| open.swap_remove(index))
    }
}

/// Whether the last token is the `=` behind a word.
fn is_value_of(before: &[Token<'_>], sign: &Token<'_>, word: &str) -> bool {
    sign.is('=') && before.len() > 1 && before[before.len() - 2].is_word(word)
}

/// Columns of the pipe so far, then functions, then words.
fn values(text: &str, cursor: &Cursor<'_>, context: &Context<'_>) -> Vec<Offer> {
    let pipe = &text[cursor.start..cursor.bar];
    // Behind a `let name =` there is a pipe.
    let pipe = match solid(pipe).as_slice() {
        [first, _, equals, ..] if first.is_word("let") && equals.is('=') => &pipe[equals.end()..],
        _ => pipe,
    };
    let earlier = &text[..cursor.statement];
    let mut found = columns(earlier, pipe, context);
    if found.is_empty()
        && let Some(table) = solid(pipe).first()
    {
        found = columns(earlier, table.text, context);
    }
    found.extend(described_functions());
    found.extend(plain(keywords().iter().copied(), ""));
    found
}

/// The columns of a pipe behind earlier statements, with their types; none when it makes no sense.
fn columns(earlier: &str, pipe: &str, context: &Context<'_>) -> Vec<Offer> {
    let Ok(script) = Script::parse(&format!("{earlier}{pipe}")) else { return Vec::new() };
    let Ok(prepared) = script.bind(context) else { return Vec::new() };
    let fields = prepared.columns().next_back().unwrap_or_default();
    let offer = |field: &crate::Field| {
        let name = if stands_bare(&field.name) {
            field.name.clone()
        } else {
            format!("['{}']", field.name.replace('\\', "\\\\").replace('\'', "\\'"))
        };
        (name, field.kind.as_str().to_owned())
    };
    fields.iter().map(offer).collect()
}

fn described_functions() -> Vec<Offer> {
    let described = functions().into_iter().map(|function| {
        let kind = if function.aggregate { " (aggregate)" } else { "" };
        (format!("{}(", function.name), format!("{}{kind}: {}", function.usage, function.help))
    });
    let mut found: Vec<Offer> = described.collect();
    found.dedup_by(|left, right| left.0 == right.0);
    found
}

fn described_operators() -> Vec<Offer> {
    let described = operators().iter().map(|operator| (operator.name.to_owned(), operator.help.to_owned()));
    let mut found: Vec<Offer> = described.collect();
    found.sort();
    found
}

fn plain(words: impl IntoIterator<Item = impl Into<String>>, description: &str) -> Vec<Offer> {
    words.into_iter().map(|word| (word.into(), description.to_owned())).collect()
}

/// What can begin a statement.
fn statement_begins(word: &str, start: usize, context: &Context<'_>) -> Vec<Completion> {
    let mut found = plain(context.definitions.names(), "defined before");
    found.extend(plain(context.tables.names(), "table"));
    found.extend(plain(beginnings().iter().copied(), ""));
    matching(found, word, start)
}

/// Points in time inside the string that is an argument of a table.
fn point(pieces: &[Token<'_>], context: &Context<'_>) -> Vec<Completion> {
    let [before @ .., string] = pieces else { return Vec::new() };
    let open = before.iter().rposition(|token| token.is('('));
    let is_argument = before.last().is_some_and(|token| token.is('(') || token.is(','));
    let table = open.and_then(|open| open.checked_sub(1)).map(|index| before[index].text);
    let is_table = table.is_some_and(|name| context.tables.names().iter().any(|known| known == name));
    if !is_argument || !is_table {
        return Vec::new();
    }
    let mark = string.text.find(['"', '\'']).map_or(0, |at| at + 1);
    matching(context.tables.points(), &string.text[mark..], string.start + mark)
}

/// Those that begin with what is typed, in any case; what is typed in full already is no help.
fn matching(found: Vec<Offer>, word: &str, start: usize) -> Vec<Completion> {
    let lower = word.to_lowercase();
    let fits = |value: &str| value.to_lowercase().starts_with(&lower) && value != word;
    found
        .into_iter()
        .filter(|(value, _)| fits(value))
        .map(|(value, description)| Completion { value, description, start })
        .collect()
}
