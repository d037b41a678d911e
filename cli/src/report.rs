//! What went wrong, as people and scripts read it: message, help, exit status, JSON line.

use std::fmt::Write as _;

use clap::error::ErrorKind;
use serde_json::{Map, Value};

use crate::Io;

/// Exit statuses; scripts rely on them.
pub(crate) struct Status;

impl Status {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const REFUSED: u8 = 3;
    pub(crate) const WARNINGS: u8 = 4;
    pub(crate) const DIFFERENT: u8 = 10;
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// The result of a command.
pub(crate) type Outcome<T = u8> = Result<T, Failure>;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A stable word for scripts, such as `noBackup`.
    pub(crate) code: &'static str,
    pub(crate) status: u8,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) file: Option<Box<str>>,
    pub(crate) line: Option<u64>,
    pub(crate) excerpts: Box<[Excerpt]>,
    /// Whoever read the output went away: nothing to say, nobody to say it to.
    pub(crate) silent: bool,
}

/// A place in a text, and what is wrong there.
#[derive(Debug, Clone)]
pub(crate) struct Excerpt {
    /// The whole text.
    pub(crate) text: String,
    /// Byte offset of the place.
    pub(crate) offset: usize,
    /// Its length in bytes.
    pub(crate) length: usize,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Failure {
    /// A failure with nothing but a code, a status and a message.
    pub(crate) fn new(code: &'static str, status: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            help: String::new(),
            file: None,
            line: None,
            excerpts: Box::default(),
            silent: false,
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", Status::USAGE, message)
    }

    /// Something of the contract that this version lacks.
    pub(crate) fn not_built(what: &str, help: &str) -> Self {
        let message = format!("{what} is not built yet in this version");
        Self::new("notBuilt", Status::FAILED, message).with_help(help)
    }

    /// A file operation outside the store that failed.
    pub(crate) fn file(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let failure = Self::new("disk", Status::FAILED, format!("{action} {}: {error}", path.display()));
        Self { file: Some(path.display().to_string().into()), ..failure }
    }

    /// Data that could not be printed.
    #[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
    pub(crate) fn output(error: std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        let status = if silent { Status::DONE } else { Status::FAILED };
        Self { silent, ..Self::new("output", status, format!("cannot write the output: {error}")) }
    }

    /// The same, with what to do about it.
    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// A library's message, which carries its advice behind the last semicolon.
    pub(crate) fn from_text(code: &'static str, status: u8, text: String) -> Self {
        match text.rsplit_once("; ") {
            Some((message, help)) => Self::new(code, status, message).with_help(help),
            None => Self::new(code, status, text),
        }
    }

    fn json(&self) -> String {
        let mut error = Map::new();
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.clone().into());
        error.insert("help".into(), self.help.clone().into());
        if let Some(file) = &self.file {
            error.insert("file".into(), (**file).into());
        }
        if let Some(line) = self.line {
            error.insert("line".into(), line.into());
        }
        if let Some(place) = self.excerpts.first() {
            let span = serde_json::json!({"offset": place.offset, "length": place.length});
            error.insert("span".into(), span);
        }
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))])).to_string()
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        use engine::Error as E;
        let (code, status) = match &error {
            E::Disk { .. } => ("disk", Status::FAILED),
            E::Damaged { .. } => ("damaged", Status::FAILED),
            E::NoStore { .. } => ("noStore", Status::FAILED),
            E::NewerFormat { .. } => ("newerFormat", Status::FAILED),
            E::Locked { .. } => ("locked", Status::REFUSED),
            E::ReadOnly { .. } => ("readOnly", Status::REFUSED),
            E::OtherTenant { .. } => ("otherTenant", Status::REFUSED),
            E::NoBackup { .. } => ("noBackup", Status::FAILED),
            E::Object { .. } => ("object", Status::FAILED),
            E::NoObject { .. } => ("noObject", Status::FAILED),
            E::Ambiguous { .. } => ("ambiguous", Status::FAILED),
            _ => ("invalid", Status::FAILED),
        };
        let file = match &error {
            E::Disk { path, .. } | E::Damaged { path, .. } | E::NewerFormat { path, .. } => {
                Some(path.display().to_string().into())
            }
            _ => None,
        };
        Self { file, ..Self::from_text(code, status, error.to_string()) }
    }
}

/// Says what went wrong on stderr, and returns the exit status.
pub(crate) fn failure(io: &mut Io<'_>, failure: &Failure, json: bool) -> u8 {
    if failure.silent {
        return failure.status;
    }
    io.say(&human(failure));
    if json {
        io.say(&failure.json());
    }
    failure.status
}

fn human(failure: &Failure) -> String {
    let mut text = format!("error: {}", printable(&failure.message));
    for place in &failure.excerpts {
        excerpt(&mut text, place);
    }
    // Each place has said its own.
    if !failure.help.is_empty() && failure.excerpts.is_empty() {
        text.push_str("\nhelp: ");
        text.push_str(&printable(&failure.help));
    }
    text
}

/// Shows the line of the place, and marks the place under it.
fn excerpt(out: &mut String, place: &Excerpt) {
    let start = floor(&place.text, place.offset);
    let end = floor(&place.text, start.saturating_add(place.length.max(1)));
    let line_start = place.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = place.text[start..].find('\n').map_or(place.text.len(), |at| start + at);
    let number = place.text[..start].matches('\n').count() + 1;
    let column = place.text[line_start..start].chars().count();
    let marked = place.text[start..end.clamp(start, line_end)].chars().count().max(1);
    let line: String = place.text[line_start..line_end]
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let label = printable(&place.message);
    let gutter = " ".repeat(number.to_string().len());
    write!(out, "\n{gutter} |\n{number} | {line}").ok();
    write!(out, "\n{gutter} | {}{} {label}", " ".repeat(column), "^".repeat(marked)).ok();
    if !place.help.is_empty() {
        write!(out, "\n{gutter} = help: {}", printable(&place.help)).ok();
    }
}

/// The nearest character boundary at or before an offset that comes from elsewhere.
fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Keeps names and values from other tenants from steering the terminal.
fn printable(text: &str) -> String {
    crate::render::printable_lines(text)
}

/// Answers `--help` and `--version` on stdout, and a command line that does not parse on stderr.
pub(crate) fn usage(io: &mut Io<'_>, error: &clap::Error, json: bool) -> u8 {
    let colored = io.variable("NO_COLOR").is_none()
        && if error.use_stderr() { io.stderr_is_terminal } else { io.stdout_is_terminal };
    let rendered = error.render();
    let text = if colored { rendered.ansi().to_string() } else { rendered.to_string() };
    if !error.use_stderr() {
        return match io.stdout.write_all(text.as_bytes()) {
            Ok(()) => Status::DONE,
            Err(error) => failure(io, &Failure::output(error), json),
        };
    }
    io.say(text.trim_end());
    if json {
        let plain = rendered.to_string();
        let mut lines = plain.trim_start_matches("error: ").lines();
        let message = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "expected a verb".to_owned(),
            _ => first_paragraph(&mut lines),
        };
        let help = lines.find_map(|line| line.trim().strip_prefix("tip: ")).unwrap_or_default();
        io.say(&Failure::usage(message).with_help(help).json());
    }
    Status::USAGE
}

/// The first lines up to an empty one, as one: what is missing stands below the words that something is.
fn first_paragraph<'text>(lines: &mut impl Iterator<Item = &'text str>) -> String {
    let words: Vec<&str> = lines.map(str::trim).take_while(|line| !line.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
