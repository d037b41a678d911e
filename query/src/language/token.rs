//! The text of a query cut into words, strings, comments and signs, without judging what they mean.
//!
//! *Invariants*: 1. Nothing fails: half-written text is the rule here. 2. The tokens are the whole text again.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// A name or a word of the language; dashes belong to it behind a `|`, as in `mv-expand`.
    Word,
    /// A number, perhaps with a unit.
    Number,
    /// A string.
    Text {
        /// Whether its end is there.
        closed: bool,
    },
    /// From `//` to the end of the line.
    Comment,
    /// Blanks and ends of lines.
    Space,
    /// One sign.
    Sign,
}

/// A piece of text and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: TokenKind,
    /// The piece.
    pub text: &'t str,
    /// Its first byte.
    pub start: usize,
}

impl Token<'_> {
    /// The byte after its last.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// Whether it is this sign.
    pub(crate) fn is(&self, sign: char) -> bool {
        self.kind == TokenKind::Sign && self.text.starts_with(sign)
    }

    /// Whether it opens a bracket.
    pub(crate) fn opens(&self) -> bool {
        self.is('(') || self.is('[') || self.is('{')
    }

    /// Whether it closes a bracket.
    pub(crate) fn closes(&self) -> bool {
        self.is(')') || self.is(']') || self.is('}')
    }

    /// Whether it is this word.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text == word
    }
}

/// Cuts a text into tokens.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut start = 0;
    let mut is_behind_bar = false;
    while let Some(first) = text[start..].chars().next() {
        let (kind, length) = next(&text[start..], first, is_behind_bar);
        let token = Token { kind, text: &text[start..start + length], start };
        if !token.is_blank() {
            is_behind_bar = token.is('|');
        }
        tokens.push(token);
        start += length;
    }
    tokens
}

/// The tokens that say something.
pub(crate) fn solid(text: &str) -> Vec<Token<'_>> {
    let mut tokens = tokens(text);
    tokens.retain(|token| !token.is_blank());
    tokens
}

/// The kind and the length of the token that a text begins with.
fn next(rest: &str, first: char, is_behind_bar: bool) -> (TokenKind, usize) {
    if is_space(first) {
        return (TokenKind::Space, run(rest, is_space));
    }
    if rest.starts_with("//") {
        return (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some((closed, length)) = string(rest) {
        return (TokenKind::Text { closed }, length);
    }
    if first.is_ascii_digit() {
        let length = run(rest, |letter| letter.is_ascii_alphanumeric());
        let fraction = rest[length..]
            .strip_prefix('.')
            .filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        let more = fraction.map_or(0, |rest| 1 + run(rest, |letter| letter.is_ascii_alphanumeric()));
        return (TokenKind::Number, length + more);
    }
    if is_name(first) {
        let is_part =
            |letter: char| is_name(letter) || letter.is_ascii_digit() || (is_behind_bar && letter == '-');
        return (TokenKind::Word, run(rest, is_part));
    }
    (TokenKind::Sign, first.len_utf8())
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

fn is_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

/// Bytes of the letters at the start that belong together.
fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|letter: char| !belongs(letter)).unwrap_or(rest.len())
}

/// The string at the start, if there is one: whether it is closed, and its length.
pub(crate) fn string(rest: &str) -> Option<(bool, usize)> {
    let body = rest.strip_prefix(['h', 'H']).unwrap_or(rest);
    for fence in ["```", "~~~"] {
        if let Some(inner) = body.strip_prefix(fence) {
            let before = rest.len() - inner.len();
            let end = inner.find(fence).map(|at| before + at + fence.len());
            return Some((end.is_some(), end.unwrap_or(rest.len())));
        }
    }
    let (is_verbatim, body) = match body.strip_prefix('@') {
        Some(body) => (true, body),
        None => (false, body),
    };
    let before = rest.len() - body.len();
    let mark = body.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    let mut letters = body.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' if !is_verbatim => return Some((false, before + at)),
            '\\' if !is_verbatim => drop(letters.next_if(|(_, next)| *next != '\n')),
            _ if letter == mark => {
                let is_doubled = is_verbatim && letters.peek().is_some_and(|(_, next)| *next == mark);
                if !is_doubled {
                    return Some((true, before + at + mark.len_utf8()));
                }
                letters.next();
            }
            _ => {}
        }
    }
    Some((false, rest.len()))
}

#[cfg(test)]
mod tests;
