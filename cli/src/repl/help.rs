//! What `.help` says.

use std::fmt::Write as _;

use query::language::{self, Help};

use super::dot::COMMANDS;

const OVERVIEW: &str = "\
A query is a table, then operators, each behind a `|`:
  users | where department == \"Sales\" | summarize n = count() by city | sort by n
Tables take a point in time: users(\"latest~1\"), users(\"2026-11-20\"), users(ago(7d)).
What changed: diff(\"latest~1\", \"latest\"), changes(…), history(ago(90d)).
What matters of it: findings(\"latest~1\", \"latest\").

Enter runs a line that is a whole query; a line that ends with `|`, `,` or an open
bracket goes on. More than one line runs at a `;` or at an empty line. Alt-Enter
begins a new line anyway. `let` definitions stay for later inputs. Tab completes,
the right arrow takes the grey suggestion, Ctrl-R searches the history, Ctrl-C stops
a query or drops the input, Ctrl-D ends. An input with a space in front is not kept.

";

/// What the words in the columns of some tables mean, by the name of the table.
const TABLES: [(&str, &str); 5] = [
    ("changes", EVENTS),
    ("history", EVENTS),
    (
        "diff",
        "diff(from, to): a row for each object that differs
  change          added, updated, softDeleted, hardDeleted, deleted, restored, purged,
                  createdAndDeleted
  recoveryAction  what would undo it: update, restore, softDelete, recreate, add,
                  remove, none
  attributes      what differs: name, fromValue, toValue
  links           which came and went: relation, targetId, change (added, removed)
",
    ),
    (
        "links",
        "links: a row for each link of an object; users that are members are
  links | where relation == \"members\" | project sourceName, targetName
",
    ),
    ("deletedItems", "deletedItems: a row for each object in the recycle bin\n"),
];

const EVENTS: &str = "\
changes(from, to), history(from, to, \"id\"): a row for each thing that differs
  change  of its object: added, updated, softDeleted, hardDeleted, deleted, restored,
          purged, createdAndDeleted
  kind    object, attribute, link; lostLink, lostIncomingLink: a link that ended
          because an object at one of its ends did
  name    of the attribute, or of the relation of the link
  action  set (an attribute), added, removed (a link); empty for an object
";

/// What the words in the columns of a table mean; nothing where the columns say it themselves.
pub(crate) fn table(name: &str) -> Option<&'static str> {
    TABLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The whole of it.
pub(crate) fn overview() -> String {
    let mut out = OVERVIEW.to_owned();
    for command in &COMMANDS {
        let usage = command.usage.split(" [table|").next().unwrap_or(command.usage);
        writeln!(out, "  {usage:<16} {}", command.help).ok();
    }
    out.push_str("\nOperators (.help OPERATOR says more):\n");
    let names = language::operators().iter().map(|operator| operator.name);
    for line in wrapped(names, 78) {
        writeln!(out, "  {line}").ok();
    }
    out
}

/// What is known of a word: an operator, a function, a dot command.
pub(crate) fn word(word: &str) -> Option<String> {
    let mut out = String::new();
    let plain = word.trim_end_matches(['(', ')']);
    let found = language::help(plain);
    let is_operator = found.iter().any(|help| matches!(help, Help::Operator(_)));
    let command =
        COMMANDS.iter().find(|command| command.name.trim_start_matches('.') == plain.trim_start_matches('.'));
    if let Some(command) = command.filter(|_| word.starts_with('.') || !is_operator) {
        writeln!(out, "{}: {}", command.usage, command.help).ok();
    }
    for help in found {
        match help {
            Help::Operator(operator) => {
                writeln!(out, "{plain} {}\n  {}", operator.help, operator.example).ok();
            }
            Help::Function(function) => {
                let kind = if function.aggregate { ", in `summarize`" } else { "" };
                writeln!(out, "{}{kind}: {}", function.usage, function.help).ok();
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Words in lines of at most so many letters.
fn wrapped<'w>(words: impl Iterator<Item = &'w str>, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let is_full = lines.last().is_some_and(|line| line.len() + 1 + word.len() > width);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tables_hold_is_said_in_the_words_of_the_store() {
        let kinds = [engine::ChangeKind::Purged, engine::ChangeKind::CreatedAndDeleted];
        for name in ["changes", "history", "diff"] {
            assert!(
                kinds.iter().all(|kind| table(name).is_some_and(|text| text.contains(kind.name()))),
                "{name}"
            );
        }
        assert!(TABLES.iter().flat_map(|(_, text)| text.lines()).all(|line| line.len() <= 86));
        assert_eq!(table("users"), None);
    }

    #[test]
    fn words_are_found_and_the_overview_fits_a_terminal() {
        assert!(word("where").is_some_and(|text| text.contains("keeps")));
        assert!(word("strlen(").is_some_and(|text| text.starts_with("strlen(")));
        assert!(word(".mode").is_some_and(|text| text.contains("ndjson")));
        assert_eq!(word("nothing_like_it"), None);
        assert!(overview().lines().all(|line| line.chars().count() <= 86), "{}", overview());
    }
}
