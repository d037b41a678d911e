//! What was most likely meant by a query that is none: habits of other languages, and what beginners leave out.

use std::ops::Range;

use query::Code;
use query::language::operators;

/// What to write instead of a word where the text stops being a query.
const WORDS: [(&[&str], &str); 9] = [
    (&["="], "`==` compares; `=` gives a name to a value"),
    (&["&"], "it is written `and`"),
    (&["|"], "it is written `or`"),
    (&["<", ">"], "it is written `!=`"),
    (&["like", "ilike"], "`contains`, `has`, `startswith`, `endswith` and `matches regex` compare texts"),
    (&["is"], "`isnull(…)` and `isempty(…)` test for nothing, `== true` and `== false` compare"),
    (&["descending"], "it is written `desc`"),
    (&["ascending"], "it is written `asc`"),
    (&["as"], "the name stands first: `project name = displayName`"),
];

/// What to write instead of operators that other languages have.
const OPERATORS: [(&[&str], &str); 9] = [
    (
        &["select", "table", "fields", "columns"],
        "`project` chooses columns: `users | project displayName, mail`",
    ),
    (
        &["group", "groupby", "stats", "aggregate"],
        "`summarize` groups: `users | summarize count() by department`",
    ),
    (&["from"], "the table stands first: `users | where …`"),
    (&["having", "if", "grep"], "`where` keeps rows"),
    (&["orderby", "sortby"], "it is written `sort by … asc`"),
    (&["head", "first"], "`take` gives some rows, `top 5 by …` the first ones of an order"),
    (&["uniq", "unique", "dedup"], "`distinct` leaves out what is double"),
    (&["rename"], "`project-rename` gives columns other names"),
    (&["eval", "let", "set", "add"], "`extend` adds columns: `users | extend n = strlen(displayName)`"),
];

/// First words of statements that other languages have.
const STATEMENTS: [&str; 8] = ["select", "from", "show", "describe", "get", "list", "find", "insert"];

/// Operators behind which a value stands.
const COMPARISONS: [&str; 14] = [
    "==",
    "!=",
    "=~",
    "!~",
    "<",
    ">",
    "contains",
    "contains_cs",
    "has",
    "has_cs",
    "startswith",
    "endswith",
    "in (",
    "in~ (",
];

/// What to do about a finding: what was most likely meant, beside what the language says itself.
pub(crate) fn hint(text: &str, code: Code, span: Range<usize>, help: String) -> String {
    let found = text.get(span.clone()).unwrap_or_default();
    let before = text.get(..span.start).unwrap_or_default().trim_end();
    let meant = match code {
        Code::Syntax => {
            of_statement(text).or_else(|| of_date(text, &span)).or_else(|| of_syntax(found, before))
        }
        Code::Type => of_date(text, &span),
        Code::UnknownColumn => of_column(found, before),
        Code::UnknownTable => of_statement(text),
        _ => None,
    };
    match (meant, code) {
        (None, _) => help,
        // What the grammar would take there is no help beside what was meant.
        (Some(meant), Code::Syntax | Code::Type) => meant,
        (Some(meant), _) if help.is_empty() => meant,
        (Some(meant), _) => format!("{meant}; {help}"),
    }
}

/// A statement of another language.
fn of_statement(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = words.first()?.to_ascii_lowercase();
    if words.len() < 2 || !STATEMENTS.contains(&first.as_str()) {
        return None;
    }
    let from = words.iter().position(|word| word.eq_ignore_ascii_case("from"));
    let table =
        from.and_then(|at| words.get(at + 1)).map_or("users", |word| word.trim_matches([',', ';', '(', ')']));
    let table = if table.is_empty() { "users" } else { table };
    Some(format!(
        "a query begins with a table, and operators follow: `{table} | where department == \"Sales\" | project displayName`"
    ))
}

/// What stands where the text stops being a query.
fn of_syntax(found: &str, before: &str) -> Option<String> {
    let word = found.to_ascii_lowercase();
    let listed = |table: &[(&[&str], &str)]| {
        table.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, meant)| (*meant).to_owned())
    };
    if before.ends_with('|') && !found.is_empty() && found != "|" {
        return listed(&OPERATORS);
    }
    let is_operator = operators().iter().any(|operator| operator.name == word);
    let behind_pipe = || is_operator.then(|| format!("an operator stands behind a `|`: `| {word} …`"));
    listed(&WORDS).or_else(behind_pipe)
}

/// A word without quotes, or a value that is tested by a function.
fn of_column(found: &str, before: &str) -> Option<String> {
    let is_value = COMPARISONS.iter().any(|operator| before.ends_with(operator)) || is_in_list(before);
    let is_word =
        !found.is_empty() && found.chars().all(|letter| letter.is_alphanumeric() || "_-'".contains(letter));
    match found.to_ascii_lowercase().as_str() {
        "null" | "none" | "nil" => Some("`isnull(…)` and `isempty(…)` test for nothing".to_owned()),
        _ if is_value && is_word => Some(format!("a text stands in quotes: \"{found}\"")),
        _ => None,
    }
}

/// Whether what follows is a further value of `in (…)`.
fn is_in_list(before: &str) -> bool {
    let Some((head, list)) = before.rsplit_once('(') else { return false };
    let head = head.trim_end();
    before.ends_with(',') && !list.contains(')') && (head.ends_with(" in") || head.ends_with(" in~"))
}

/// A date that is not said to be one.
fn of_date(text: &str, span: &Range<usize>) -> Option<String> {
    let found =
        dates(text).find(|date| date.start < span.end.max(span.start + 1) && span.start < date.end)?;
    Some(format!("a time is written datetime({})", &text[found]))
}

/// The dates of a text, with the time behind each; those that are said to be dates apart.
fn dates(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(9)).filter_map(move |start| {
        let shape = &bytes[start..start + 10];
        let fits = shape.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let is_inside = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'-');
        let before = text.get(..start)?.trim_end_matches(['"', '\'', ' ']);
        if !fits || is_inside || before.ends_with("datetime(") {
            return None;
        }
        let rest = bytes[start + 10..].iter();
        let length = rest.take_while(|byte| byte.is_ascii_digit() || b"TZtz:.+-".contains(byte)).count();
        Some(start..start + 10 + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, code: Code, found: &str) -> String {
        let start = text.rfind(found).unwrap();
        hint(text, code, start..start + found.len(), "expected a sign".to_owned())
    }

    #[test]
    fn habits_of_other_languages_are_told_apart() {
        for (text, found, meant) in [
            ("users | where department = \"Sales\"", "=", "`==` compares"),
            ("select displayName from groups where x = 1", "displayName", "`groups | where"),
            ("SELECT * FROM users", "users", "begins with a table"),
            ("users | select displayName", "select", "`project`"),
            ("users | where a == 1 && b == 2", "& b", "expected a sign"),
            ("users | where a == 1 && b == 2", "&", "`and`"),
            ("users | where displayName like \"a%\"", "like", "`contains`"),
            ("users where department == \"x\"", "where", "behind a `|`: `| where …`"),
            ("users | where t > 2026-11-20T10:00", "20T10", "datetime(2026-11-20T10:00)"),
            ("users | order by displayName descending", "descending", "`desc`"),
            ("users | where a ==", "==", "expected a sign"),
        ] {
            let help = of(text, Code::Syntax, found);
            assert!(help.contains(meant), "{text}: {help}");
        }
    }

    #[test]
    fn words_need_quotes_and_times_are_said_to_be_some() {
        for (text, found, meant) in [
            ("users | where department == Sales", "Sales", "in quotes: \"Sales\"; expected a sign"),
            ("users | where department in (\"a\", Sales)", "Sales", "in quotes: \"Sales\""),
            ("users | where department == null", "null", "`isempty(…)`"),
        ] {
            assert!(of(text, Code::UnknownColumn, found).contains(meant), "{text}");
        }
        assert_eq!(of("users | where depart == 1", Code::UnknownColumn, "depart"), "expected a sign");
        assert_eq!(of("users | project Sales", Code::UnknownColumn, "Sales"), "expected a sign");
        for text in ["users | where t > \"2026-11-20\"", "users | where t > 2026-11-20"] {
            let start = text.find("t >").unwrap();
            let help = hint(text, Code::Type, start..text.len(), "convert one side".to_owned());
            assert_eq!(help, "a time is written datetime(2026-11-20)", "{text}");
        }
        let text = "users | where n > datetime(2026-11-20)";
        assert_eq!(hint(text, Code::Type, 14..text.len(), "convert".to_owned()), "convert");
    }

    #[test]
    fn no_text_and_no_span_is_too_odd() {
        for text in ["", "é", "select", "日本 2026-11-20", "|||", "in (", "2026-11-2"] {
            for start in 0..=text.len() + 1 {
                for end in [start, start + 1, start + 9] {
                    for code in [Code::Syntax, Code::Type, Code::UnknownColumn, Code::UnknownTable] {
                        hint(text, code, start..end, String::new());
                    }
                }
            }
        }
    }
}
