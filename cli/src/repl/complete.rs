//! What could stand at the cursor: tables, operators, columns of the pipe so far, functions, points in time.

use super::dot;
use super::highlight::{BEGINNINGS, KEYWORDS};
use super::words::{Kind, Piece, defined, solid};

/// One thing that could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    /// What is put in place of the bytes from `start` to the cursor.
    pub(crate) value: String,
    pub(crate) description: String,
    pub(crate) start: usize,
}

/// Where names come from. What costs something is asked for only when it is needed.
pub(crate) trait Names {
    /// Tables of the store.
    fn tables(&self) -> Vec<String>;
    /// Definitions of earlier inputs, as text that ends with a `;` if it is not empty.
    fn definitions(&self) -> String;
    /// Columns of a pipe with their types; nothing when it makes no sense.
    fn columns(&self, pipe: &str) -> Vec<(String, String)>;
    /// Points in time and what they are.
    fn points(&self) -> Vec<(String, String)>;
}

const CHARTS: [&str; 5] = ["barchart", "columnchart", "piechart", "timechart", "table"];
const JOIN_KINDS: [&str; 9] = [
    "inner",
    "innerunique",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftanti",
    "rightanti",
    "leftsemi",
    "rightsemi",
];
/// Operators whose next word is a table.
const TAKES_TABLE: [&str; 3] = ["join", "lookup", "union"];

/// Everything that could stand at the cursor, the likeliest first.
pub(crate) fn complete(line: &str, cursor: usize, names: &dyn Names) -> Vec<Completion> {
    let text = &line[..cursor.min(line.len())];
    if dot::is_dot(text) {
        return dot_argument(text, names);
    }
    let pieces = solid(text);
    let Some(last) = pieces.last() else { return table_names("", 0, names) };
    if last.kind == (Kind::Text { closed: false }) {
        return point(&pieces, names);
    }
    if text.rfind("//").is_some_and(|at| !text[at..].contains('\n') && at >= last.end()) {
        return Vec::new();
    }
    let is_typing = last.kind == Kind::Word && last.end() == text.len();
    let (word, start) = if is_typing { (last.text, last.start) } else { ("", text.len()) };
    let before = if is_typing { &pieces[..pieces.len() - 1] } else { &pieces[..] };
    let place = Place::of(text, before);
    let found = match (before.last(), place.operator) {
        (None, _) => return table_names(word, start, names),
        (Some(bar), _) if bar.is('|') => operators(),
        (Some(before), _) if before.is(';') => return table_names(word, start, names),
        (Some(before), None) if before.is('(') || before.is('=') || TAKES_TABLE.contains(&before.text) => {
            let mut found = functions();
            found.extend(plain(names.tables(), "table"));
            found
        }
        (Some(_), None) => functions(),
        (Some(_), Some("render")) => plain(CHARTS, "chart"),
        (Some(before), Some("join" | "lookup")) if is_behind(before, &pieces, "kind") => {
            plain(JOIN_KINDS, "kind of join")
        }
        (Some(before), Some(operator)) if before.text == operator && TAKES_TABLE.contains(&operator) => {
            return table_names(word, start, names);
        }
        (Some(before), Some(operator)) if before.is('(') && TAKES_TABLE.contains(&operator) => {
            return table_names(word, start, names);
        }
        (Some(_), Some(_)) => values(text, &place, names),
    };
    matching(found, word, start)
}

/// Where the cursor is: the pipe it is in, and the operator whose arguments it is among.
#[derive(Debug, Default)]
struct Place<'a> {
    /// Where the statement or the pipe in brackets begins.
    start: usize,
    /// Where the last `|` stands.
    bar: usize,
    operator: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(text: &str, before: &[Piece<'a>]) -> Self {
        let mut places = vec![Self { start: 0, bar: text.len(), operator: None }];
        for (index, piece) in before.iter().enumerate() {
            match piece.text {
                "(" | "[" | "{" => places.push(Self { start: piece.end(), bar: text.len(), operator: None }),
                ")" | "]" | "}" if places.len() > 1 => drop(places.pop()),
                ";" => {
                    if let Some(place) = places.last_mut() {
                        *place = Self { start: piece.end(), bar: text.len(), operator: None };
                    }
                }
                "|" if piece.kind == Kind::Sign => {
                    if let Some(place) = places.last_mut() {
                        place.bar = piece.start;
                        place.operator = before.get(index + 1).map(|word| word.text);
                    }
                }
                _ => {}
            }
        }
        // Brackets of a call belong to the pipe around them.
        let found = places.iter().rposition(|place| place.operator.is_some());
        found.map_or_else(Self::default, |index| places.swap_remove(index))
    }
}

/// Whether a sign `=` stands behind a word.
fn is_behind(before: &Piece<'_>, pieces: &[Piece<'_>], word: &str) -> bool {
    let place = pieces.iter().position(|piece| piece == before).unwrap_or(0);
    before.is('=') && place > 0 && pieces[place - 1].text == word
}

/// Columns of the pipe so far, then functions, then words.
fn values(text: &str, place: &Place<'_>, names: &dyn Names) -> Vec<(String, String)> {
    let pipe = &text[place.start..place.bar];
    // Definitions stand before the statement, and behind a `let name =` there is a pipe.
    let earlier = &text[..place.start];
    let pipe_start = match solid(pipe).as_slice() {
        [first, _, equals, ..] if first.text == "let" && equals.is('=') => equals.end(),
        _ => 0,
    };
    let is_inside = super::validate::depth(earlier) > 0;
    let earlier = if is_inside { earlier.rfind(';').map_or("", |at| &earlier[..=at]) } else { earlier };
    let pipe = &pipe[pipe_start..];
    let mut columns = names.columns(&format!("{}{earlier}{pipe}", names.definitions()));
    if columns.is_empty()
        && let Some(table) = solid(pipe).first()
    {
        columns = names.columns(&format!("{}{earlier}{}", names.definitions(), table.text));
    }
    for (name, _) in &mut columns {
        let is_plain =
            name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
        if !is_plain {
            *name = format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"));
        }
    }
    columns.extend(functions());
    columns.extend(plain(KEYWORDS, ""));
    columns
}

fn functions() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = query::functions()
        .into_iter()
        .map(|function| {
            let kind = if function.aggregate { " (aggregate)" } else { "" };
            (format!("{}(", function.name), format!("{}{kind}: {}", function.usage, function.help))
        })
        .collect();
    found.dedup_by(|left, right| left.0 == right.0);
    found
}

fn operators() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = query::OPERATORS
        .iter()
        .map(|name| ((*name).to_owned(), super::help::operator(name).0.to_owned()))
        .collect();
    found.sort();
    found
}

fn plain(words: impl IntoIterator<Item = impl Into<String>>, description: &str) -> Vec<(String, String)> {
    words.into_iter().map(|word| (word.into(), description.to_owned())).collect()
}

/// What can begin a statement.
fn table_names(word: &str, start: usize, names: &dyn Names) -> Vec<Completion> {
    let definitions = names.definitions();
    let mut found = plain(defined(&definitions), "defined before");
    found.extend(plain(names.tables(), "table"));
    found.extend(plain(BEGINNINGS, ""));
    matching(found, word, start)
}

/// Points in time inside the string that is an argument of a table.
fn point(pieces: &[Piece<'_>], names: &dyn Names) -> Vec<Completion> {
    let [before @ .., string] = pieces else { return Vec::new() };
    let open = before.iter().rposition(|piece| piece.is('('));
    let is_argument = before.last().is_some_and(|piece| piece.is('(') || piece.is(','));
    let table = open.and_then(|open| open.checked_sub(1)).map(|index| before[index].text);
    let is_table = table.is_some_and(|name| names.tables().iter().any(|known| known == name));
    if !is_argument || !is_table {
        return Vec::new();
    }
    let mark = string.text.find(['"', '\'']).map_or(0, |at| at + 1);
    matching(names.points(), &string.text[mark..], string.start + mark)
}

/// What stands behind a dot command, or its own name.
fn dot_argument(text: &str, names: &dyn Names) -> Vec<Completion> {
    let line = text.trim_start();
    let indent = text.len() - line.len();
    let Some((command, rest)) = line.split_once(char::is_whitespace) else {
        let found = dot::COMMANDS.iter().map(|command| (command.name.to_owned(), command.help.to_owned()));
        return matching(found.collect(), line, indent);
    };
    let argument = rest.trim_start();
    let start = text.len() - argument.len();
    let found = match command {
        ".schema" => plain(names.tables(), "table"),
        ".use" => names.points(),
        ".mode" => plain(dot::MODES.map(|(name, _)| name), "format"),
        ".timing" => plain(["on", "off"], ""),
        ".help" => {
            let mut found = operators();
            found.extend(query::functions().into_iter().map(|it| (it.name.to_owned(), it.usage.to_owned())));
            found
        }
        ".explain" => {
            let inner = complete(argument, argument.len(), names);
            return inner.into_iter().map(|it| Completion { start: it.start + start, ..it }).collect();
        }
        _ => Vec::new(),
    };
    matching(found, argument, start)
}

/// Those that begin with what is typed, in any case; what is typed in full already is no help.
fn matching(found: Vec<(String, String)>, word: &str, start: usize) -> Vec<Completion> {
    let lower = word.to_lowercase();
    let fits = |value: &str| value.to_lowercase().starts_with(&lower) && value != word;
    found
        .into_iter()
        .filter(|(value, _)| fits(value))
        .map(|(value, description)| Completion { value, description, start })
        .collect()
}

#[cfg(test)]
mod tests;
