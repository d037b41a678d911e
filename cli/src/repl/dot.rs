//! Dot commands: one table from which they are read, completed and explained.

use std::path::Path;

use crate::args::Format;

/// One dot command.
pub(crate) struct DotCommand {
    pub(crate) name: &'static str,
    pub(crate) usage: &'static str,
    pub(crate) help: &'static str,
}

const fn command(name: &'static str, usage: &'static str, help: &'static str) -> DotCommand {
    DotCommand { name, usage, help }
}

/// Every dot command.
pub(crate) const COMMANDS: [DotCommand; 12] = [
    command(".help", ".help [WORD]", "explains the language, or one operator, function, table or command"),
    command(".tables", ".tables", "lists the tables"),
    command(".schema", ".schema TABLE", "lists the columns of a table, or of any pipe"),
    command(".functions", ".functions", "lists the functions"),
    command(".rules", ".rules [NAME]", "lists the rules of `findings`, or prints one"),
    command(".backups", ".backups", "lists the backups"),
    command(".use", ".use [POINT]", "says or sets the point in time of tables that name none"),
    command(".mode", ".mode [table|json|ndjson|csv|tsv|md|html|line]", "lists or sets how rows are printed"),
    command(".output", ".output [FILE]", "prints rows into a file of that format, or to the terminal again"),
    command(".timing", ".timing on|off", "says how long queries take, or not"),
    command(".explain", ".explain QUERY", "shows the steps of a query, and takes none"),
    command(".quit", ".quit", "ends; so does Ctrl-D"),
];

/// How rows are printed, by name.
pub(crate) const MODES: [(&str, Format); 8] = [
    ("table", Format::Table),
    ("json", Format::Json),
    ("ndjson", Format::Ndjson),
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("md", Format::Md),
    ("html", Format::Html),
    ("line", Format::Line),
];

/// What a dot command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dot {
    Help(Option<String>),
    Tables,
    Schema(String),
    Functions,
    Rules(Option<String>),
    Backups,
    Use(Option<String>),
    Mode(Option<Format>),
    Output(Option<String>),
    Timing(bool),
    Explain(String),
    Quit,
}

/// Whether an input is a dot command: no query begins with a dot.
pub(crate) fn is_dot(text: &str) -> bool {
    let mut letters = text.trim_start().chars();
    letters.next() == Some('.') && letters.next().is_none_or(|letter| !letter.is_ascii_digit())
}

/// What the words mean that other programs take for this: no query is one of them.
pub(crate) fn of_habit(text: &str) -> Option<Dot> {
    match text.trim().trim_end_matches(';').trim_end().to_ascii_lowercase().as_str() {
        "exit" | "quit" | "exit()" | "quit()" | "\\q" | ":q" => Some(Dot::Quit),
        "help" | "?" | "\\?" | "help()" => Some(Dot::Help(None)),
        _ => None,
    }
}

/// Where the name of a dot command ends, if the input is one.
pub(crate) fn command_end(text: &str) -> Option<usize> {
    let indent = text.len() - text.trim_start().len();
    let end = text[indent..].find(char::is_whitespace).map_or(text.len(), |at| indent + at);
    is_dot(text).then_some(end)
}

/// Reads a dot command.
///
/// # Errors
/// What is wrong with it, and how it is written.
pub(crate) fn parse(text: &str) -> Result<Dot, (String, String)> {
    let line = text.trim().trim_end_matches(';').trim_end();
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    let name = match name.to_ascii_lowercase().as_str() {
        ".exit" | ".q" => ".quit".to_owned(),
        ".h" | ".?" => ".help".to_owned(),
        ".timer" => ".timing".to_owned(),
        name => name.to_owned(),
    };
    let given = (!argument.is_empty()).then(|| argument.to_owned());
    let usage = || {
        let found = COMMANDS.iter().find(|command| command.name == name);
        let usage = found.map_or("", |command| command.usage);
        (format!("`{name}` does not take \"{argument}\""), format!("it is written {usage}"))
    };
    let required = || given.clone().ok_or_else(|| (format!("`{name}` requires more"), usage().1));
    let nothing = |dot: Dot| if given.is_none() { Ok(dot) } else { Err(usage()) };
    match name.as_str() {
        ".help" => Ok(Dot::Help(given)),
        ".tables" => nothing(Dot::Tables),
        ".schema" => required().map(Dot::Schema),
        ".functions" => nothing(Dot::Functions),
        ".rules" => Ok(Dot::Rules(given)),
        ".backups" => nothing(Dot::Backups),
        ".use" => Ok(Dot::Use(given.map(|point| point.trim_matches(['"', '\'']).to_owned()))),
        ".mode" => match given {
            None => Ok(Dot::Mode(None)),
            Some(wanted) => {
                let found = MODES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&wanted));
                found.map(|(_, format)| Dot::Mode(Some(*format))).ok_or_else(usage)
            }
        },
        ".output" => Ok(Dot::Output(given.filter(|file| file != "stdout"))),
        ".timing" => match argument {
            "on" => Ok(Dot::Timing(true)),
            "off" => Ok(Dot::Timing(false)),
            _ => Err(usage()),
        },
        ".explain" => required().map(Dot::Explain),
        ".quit" => nothing(Dot::Quit),
        _ => {
            let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
            Err((format!("there is no command `{name}`"), format!("there are: {}", names.join(", "))))
        }
    }
}

/// How rows are printed into a file with this name; nothing where its ending says nothing.
pub(crate) fn format_of(path: &Path) -> Option<Format> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let name = match ending.as_str() {
        "txt" => "table",
        "jsonl" => "ndjson",
        "htm" => "html",
        "markdown" => "md",
        "tab" => "tsv",
        "line" => return None,
        ending => ending,
    };
    MODES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
}

/// The name of a way to print.
pub(crate) fn mode_name(format: Format) -> &'static str {
    MODES.iter().find(|(_, known)| *known == format).map_or("table", |(name, _)| name)
}

#[cfg(test)]
mod tests;
