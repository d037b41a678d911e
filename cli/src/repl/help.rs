//! What `.help` says.

use std::fmt::Write as _;

use super::dot::COMMANDS;

/// What each operator does, and an example over `users`.
const OPERATOR_HELP: [(&str, &str, &str); 27] = [
    (
        "where",
        "keeps the rows for which it is true",
        "users | where department == \"Sales\" and not(accountEnabled)",
    ),
    ("filter", "keeps the rows for which it is true, as `where`", "users | filter accountEnabled"),
    (
        "project",
        "chooses and computes columns",
        "users | project displayName, domain = tostring(split(mail, \"@\")[1])",
    ),
    ("project-away", "leaves out columns", "users | project-away aboutMe, *Phone"),
    ("project-keep", "keeps these columns in their order", "users | project-keep id, display*"),
    ("project-rename", "renames columns", "users | project-rename name = displayName"),
    ("project-reorder", "puts columns first", "users | project-reorder displayName, mail"),
    ("extend", "adds computed columns", "users | extend age = now() - createdDateTime"),
    ("summarize", "makes one row for each group", "users | summarize n = count() by department"),
    ("count", "counts the rows", "users | count"),
    ("distinct", "gives each combination of values once", "users | distinct department, city"),
    ("sort", "sorts the rows, descending unless `asc`", "users | sort by displayName asc"),
    ("order", "sorts the rows, as `sort`", "users | order by createdDateTime"),
    ("top", "gives the first rows of an order", "users | top 5 by createdDateTime"),
    ("take", "gives any so many rows", "users | take 5"),
    ("limit", "gives any so many rows, as `take`", "users | limit 5"),
    ("join", "pairs rows of two tables", "users(\"latest~1\") | join kind=leftanti users on id"),
    (
        "lookup",
        "adds columns of a second table",
        "links | lookup (users | project targetId = id, mail) on targetId",
    ),
    ("union", "puts rows of several tables together", "users | union groups | project id, displayName"),
    (
        "mv-expand",
        "makes a row for each element of an array",
        "groups | mv-expand member = members | project displayName, member",
    ),
    ("parse", "takes a text apart", "users | parse mail with name \"@\" domain"),
    ("search", "finds rows with a word in any column", "users | search \"svc\""),
    ("as", "names the rows so far", "users | as everyone | where city == \"Oslo\""),
    ("getschema", "lists the columns instead of the rows", "users | getschema"),
    (
        "render",
        "draws a chart: barchart, columnchart, piechart, timechart",
        "users | summarize n = count() by department | render barchart",
    ),
    (
        "invoke",
        "calls a function of the query on the rows",
        "let few = (T:(*)) { T | take 3 }; users | invoke few()",
    ),
    (
        "recover",
        "chooses changes to undo; sends nothing",
        "diff(\"latest~1\", \"latest\") | where type == \"user\" | recover",
    ),
];

const OVERVIEW: &str = "\
A query is a table, then operators, each behind a `|`:
  users | where department == \"Sales\" | summarize n = count() by city | sort by n
Tables take a point in time: users(\"latest~1\"), users(\"2026-11-20\"), users(ago(7d)).
What changed: diff(\"latest~1\", \"latest\"), changes(…), history(ago(90d)).

Enter runs a line that is a whole query; a line that ends with `|`, `,` or an open
bracket goes on. More than one line runs at a `;` or at an empty line. Alt-Enter
begins a new line anyway. `let` definitions stay for later inputs. Tab completes,
the right arrow takes the grey suggestion, Ctrl-R searches the history, Ctrl-C stops
a query or drops the input, Ctrl-D ends. An input with a space in front is not kept.

";

/// What an operator does, and an example.
pub(crate) fn operator(name: &str) -> (&'static str, &'static str) {
    let found = OPERATOR_HELP.iter().find(|(known, ..)| *known == name);
    found.map_or(("", ""), |(_, help, example)| (help, example))
}

/// The whole of it.
pub(crate) fn overview() -> String {
    let mut out = OVERVIEW.to_owned();
    for command in &COMMANDS {
        let usage = command.usage.split(" [table|").next().unwrap_or(command.usage);
        writeln!(out, "  {usage:<16} {}", command.help).ok();
    }
    out.push_str("\nOperators (.help OPERATOR says more):\n");
    let names = query::OPERATORS.iter().map(|name| (*name).to_owned());
    for line in wrapped(names, 78) {
        writeln!(out, "  {line}").ok();
    }
    out
}

/// What is known of a word: an operator, a function, a dot command.
pub(crate) fn word(word: &str) -> Option<String> {
    let mut out = String::new();
    let plain = word.trim_end_matches(['(', ')']);
    let command =
        COMMANDS.iter().find(|command| command.name.trim_start_matches('.') == plain.trim_start_matches('.'));
    if let Some(command) = command.filter(|_| word.starts_with('.') || operator(plain).0.is_empty()) {
        writeln!(out, "{}: {}", command.usage, command.help).ok();
    }
    let (help, example) = operator(plain);
    if !help.is_empty() {
        writeln!(out, "{plain} {help}\n  {example}").ok();
    }
    for function in query::functions().into_iter().filter(|it| it.name.eq_ignore_ascii_case(plain)) {
        let kind = if function.aggregate { ", in `summarize`" } else { "" };
        writeln!(out, "{}{kind}: {}", function.usage, function.help).ok();
    }
    (!out.is_empty()).then_some(out)
}

/// The word of the language nearest to one that is none of it.
pub(crate) fn like(word: &str) -> Vec<String> {
    let lower = word.to_ascii_lowercase();
    let functions = query::functions().into_iter().map(|function| function.name);
    let mut found: Vec<String> = query::OPERATORS
        .into_iter()
        .chain(functions)
        .filter(|name| name.contains(lower.as_str()))
        .map(str::to_owned)
        .collect();
    found.dedup();
    found.truncate(8);
    found
}

/// Words in lines of at most so many letters.
fn wrapped(words: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let is_full = lines.last().is_some_and(|line| line.len() + 1 + word.len() > width);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_explained_with_an_example_that_parses() {
        for name in query::OPERATORS {
            let (help, example) = operator(name);
            assert!(!help.is_empty(), "{name}");
            assert_eq!(query::check(example), Ok(()), "{example}");
            assert!(example.contains(name), "{example}");
        }
    }

    #[test]
    fn words_are_found_and_the_overview_fits_a_terminal() {
        assert!(word("where").is_some_and(|text| text.contains("keeps")));
        assert!(word("strlen(").is_some_and(|text| text.starts_with("strlen(")));
        assert!(word(".mode").is_some_and(|text| text.contains("ndjson")));
        assert_eq!(word("nothing_like_it"), None);
        assert!(like("starts").contains(&"startofday".to_owned()) || !like("start").is_empty());
        assert!(overview().lines().all(|line| line.chars().count() <= 86), "{}", overview());
    }
}
