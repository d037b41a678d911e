//! The text of a query cut into words, strings, comments and signs, without judging what they mean.
//!
//! Half-written text is the rule here: nothing fails, and the pieces are the whole text again.

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword; dashes belong to it when it stands behind a `|`, as in `mv-expand`.
    Word,
    Number,
    /// A string, and whether its end is there.
    Text {
        closed: bool,
    },
    Comment,
    Space,
    /// One sign.
    Sign,
}

/// A piece of text and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Piece<'_> {
    /// Where it ends.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it says nothing.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// Whether it is this sign.
    pub(crate) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign && self.text.starts_with(sign)
    }
}

/// Cuts a text into pieces.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut start = 0;
    let mut is_behind_bar = false;
    while let Some(first) = text[start..].chars().next() {
        let (kind, length) = piece(&text[start..], first, is_behind_bar);
        let piece = Piece { kind, text: &text[start..start + length], start };
        if !piece.is_blank() {
            is_behind_bar = piece.is('|');
        }
        pieces.push(piece);
        start += length;
    }
    pieces
}

/// The pieces that say something.
pub(crate) fn solid(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = pieces(text);
    pieces.retain(|piece| !piece.is_blank());
    pieces
}

fn piece(rest: &str, first: char, is_behind_bar: bool) -> (Kind, usize) {
    if first.is_whitespace() {
        return (Kind::Space, run(rest, char::is_whitespace));
    }
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some((closed, length)) = string(rest) {
        return (Kind::Text { closed }, length);
    }
    if first.is_ascii_digit() {
        let length = run(rest, |letter| letter.is_ascii_alphanumeric());
        let fraction = rest[length..]
            .strip_prefix('.')
            .filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        let more = fraction.map_or(0, |rest| 1 + run(rest, |letter| letter.is_ascii_alphanumeric()));
        return (Kind::Number, length + more);
    }
    if is_name(first) {
        let is_part =
            |letter: char| is_name(letter) || letter.is_ascii_digit() || (is_behind_bar && letter == '-');
        return (Kind::Word, run(rest, is_part));
    }
    (Kind::Sign, first.len_utf8())
}

fn is_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

/// Bytes of the letters at the start that belong together.
fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|letter: char| !belongs(letter)).unwrap_or(rest.len())
}

/// Whether a string stands at the start: whether it is closed, and its length.
fn string(rest: &str) -> Option<(bool, usize)> {
    let body = rest.strip_prefix(['h', 'H']).unwrap_or(rest);
    let body = body.strip_prefix('@').unwrap_or(body);
    let is_verbatim = rest.len() > body.len() && rest[..rest.len() - body.len()].ends_with('@');
    let before = rest.len() - body.len();
    for fence in ["```", "~~~"] {
        if let Some(inner) = body.strip_prefix(fence) {
            let end = inner.find(fence);
            return Some((end.is_some(), end.map_or(rest.len(), |at| before + at + 2 * fence.len())));
        }
    }
    let mark = body.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    let mut letters = body.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' if !is_verbatim => return Some((false, before + at)),
            '\\' if !is_verbatim => drop(letters.next()),
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

/// Where each statement of a text begins and ends, its `;` not included; empty ones are left out.
pub(crate) fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for piece in solid(text) {
        match piece.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            ";" if depth == 0 => {
                found.push(&text[start..piece.start]);
                start = piece.end();
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found.retain(|statement| !solid(statement).is_empty());
    found
}

/// Whether a statement only defines something.
pub(crate) fn is_definition(statement: &str) -> bool {
    solid(statement).first().is_some_and(|first| matches!(first.text, "let" | "declare"))
}

/// The names that `let` statements define.
pub(crate) fn defined(text: &str) -> Vec<&str> {
    let names = statements(text).into_iter().filter_map(|statement| match solid(statement).as_slice() {
        [first, name, ..] if first.text == "let" && name.kind == Kind::Word => Some(name.text),
        _ => None,
    });
    names.collect()
}

/// The names that `declare query_parameters` declares.
pub(crate) fn declared_parameters(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for statement in statements(text) {
        let pieces = solid(statement);
        if pieces.first().is_none_or(|first| first.text != "declare") {
            continue;
        }
        let mut depth = 0;
        for pair in pieces.windows(3) {
            match pair[0].text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 1 && matches!(pair[0].text, "(" | ",") && pair[2].is(':') {
                names.push(pair[1].text.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
