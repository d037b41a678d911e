//! Completions of dot commands; all others are the language's.

use query::Context;
use query::language::{self, Completion, Help};

use super::dot;

/// Everything that could stand at the cursor, the likeliest first.
pub(crate) fn complete(line: &str, cursor: usize, context: &Context<'_>) -> Vec<Completion> {
    let text = line.get(..cursor).unwrap_or(line);
    if dot::is_dot(text) { argument(text, context) } else { language::complete(text, cursor, context) }
}

/// Completions behind a dot command, or of its own name.
fn argument(text: &str, context: &Context<'_>) -> Vec<Completion> {
    let line = text.trim_start();
    let indent = text.len() - line.len();
    let Some((command, rest)) = line.split_once(char::is_whitespace) else {
        let found = dot::COMMANDS.iter().map(|command| (command.name.to_owned(), command.help.to_owned()));
        return matching(found, line, indent);
    };
    let argument = rest.trim_start();
    let start = text.len() - argument.len();
    let plain =
        |words: Vec<String>, what: &'static str| words.into_iter().map(move |it| (it, what.to_owned()));
    match command {
        ".schema" => matching(plain(context.tables.names(), "table"), argument, start),
        ".use" => matching(context.tables.points().into_iter(), argument, start),
        ".mode" => {
            let names = dot::MODES.map(|(name, _)| name.to_owned()).to_vec();
            matching(plain(names, "format"), argument, start)
        }
        ".timing" => matching(plain(vec!["on".to_owned(), "off".to_owned()], ""), argument, start),
        ".help" => {
            let operators = language::operators().iter().map(Help::Operator);
            let functions = language::functions().into_iter().map(Help::Function);
            let words = operators.chain(functions).map(|help| match help {
                Help::Operator(operator) => (operator.name.to_owned(), operator.help.to_owned()),
                Help::Function(function) => (function.name.to_owned(), function.usage.to_owned()),
            });
            matching(words, argument, start)
        }
        ".explain" => {
            let inner = complete(argument, argument.len(), context);
            inner.into_iter().map(|it| Completion { start: it.start + start, ..it }).collect()
        }
        _ => Vec::new(),
    }
}

/// Those that begin with what is typed, in any case; what is typed in full already is no help.
fn matching(found: impl Iterator<Item = (String, String)>, word: &str, start: usize) -> Vec<Completion> {
    let lower = word.to_lowercase();
    let fitting = found.filter(|(value, _)| value.to_lowercase().starts_with(&lower) && value != word);
    fitting.map(|(value, description)| Completion { value, description, start }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use query::NoTables;

    use super::*;

    fn values(text: &str) -> Vec<String> {
        let context = Context::new(&NoTables, Timestamp::UNIX_EPOCH);
        complete(text, text.len(), &context).into_iter().map(|found| found.value).collect()
    }

    #[test]
    fn dot_commands_and_what_follows_them() {
        assert_eq!(values(".sch"), [".schema"]);
        assert_eq!(values(".mode nd"), ["ndjson"]);
        assert_eq!(values(".timing o"), ["on", "off"]);
        assert!(values(".help mv").contains(&"mv-expand".to_owned()));
        assert_eq!(values(".explain users | mv"), ["mv-expand"]);
        let context = Context::new(&NoTables, Timestamp::UNIX_EPOCH);
        assert_eq!(complete(".explain users | mv", 19, &context)[0].start, 17);
        assert_eq!(values("users | mv"), ["mv-expand"]);
    }
}
