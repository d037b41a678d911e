//! Prints why a command stopped: for people with the position in their text, for scripts as one line of JSON.
//!
//! Errors of queries are drawn here, not by a crate: long lines are clipped, and characters that steer a terminal hidden.

use std::fmt::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::{Map, Value};

use super::verb::instead_of;
use super::{Excerpt, Failure, Status};
use crate::io::Io;
use crate::output::json::unsteering;
use crate::output::text::{cut, is_steering, printable_lines as printable, width};

/// Most findings that are shown, one below the other.
const FINDING_COUNT_MAX: usize = 20;
/// Most letters of a line that are shown on each side of where a finding begins.
const BESIDE_MAX: usize = 100;

/// Says what went wrong on stderr, and returns the exit status.
pub(crate) fn failure(io: &mut Io<'_>, failure: &Failure, json: bool) -> Status {
    if failure.silent {
        return failure.status;
    }
    let dumb = io.variable("TERM").is_some_and(|term| term == "dumb");
    let paint = Paint { is_on: io.stderr_is_terminal && io.variable("NO_COLOR").is_none() && !dumb };
    io.say(&human(failure, paint));
    if json {
        io.say(&unsteering(&failure.json()));
    }
    failure.status
}

impl Excerpt {
    fn span(&self) -> Value {
        serde_json::json!({"offset": self.offset, "length": self.length})
    }

    fn line(&self) -> usize {
        self.text[..floor(&self.text, self.offset)].matches('\n').count() + 1
    }
}

impl Failure {
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
        if let Some(excerpt) = self.excerpts.first() {
            error.insert("span".into(), excerpt.span());
        }
        if self.excerpts.len() > 1 {
            let findings = self.excerpts.iter().take(FINDING_COUNT_MAX).map(|excerpt| {
                serde_json::json!({"message": excerpt.message, "help": excerpt.help, "line": excerpt.line(), "span": excerpt.span()})
            });
            error.insert("findings".into(), findings.collect());
        }
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))])).to_string()
    }
}

/// Colours of messages.
#[derive(Debug, Clone, Copy)]
struct Paint {
    is_on: bool,
}

impl Paint {
    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn blue(self, text: &str) -> String {
        self.with("1;34", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Message, excerpt and help; of several findings, each has its own.
fn human(failure: &Failure, paint: Paint) -> String {
    let headline = |message: &str| format!("{}: {}", paint.red("error"), paint.bold(&printable(message)));
    let help = |text: &str| match text {
        "" => String::new(),
        text => format!("\n{}: {}", paint.bold("help"), printable(text)),
    };
    match &*failure.excerpts {
        [] => headline(&failure.message) + &help(&failure.help),
        [excerpt] => {
            let mut text = headline(&failure.message);
            write_excerpt(&mut text, excerpt, failure.file.as_deref(), paint);
            text + &help(&failure.help)
        }
        excerpts => {
            let mut text = String::new();
            for excerpt in excerpts.iter().take(FINDING_COUNT_MAX) {
                text.push_str(&headline(&excerpt.message));
                write_excerpt(&mut text, excerpt, failure.file.as_deref(), paint);
                text.push_str(&help(&excerpt.help));
                text.push_str("\n\n");
            }
            let rest = excerpts.len().saturating_sub(FINDING_COUNT_MAX);
            let more =
                if rest == 0 { String::new() } else { format!("; the first {FINDING_COUNT_MAX} are above") };
            text + &headline(&format!("{}{more}", failure.message))
        }
    }
}

/// Shows the line of an excerpt, with marks under what is wrong.
fn write_excerpt(out: &mut String, excerpt: &Excerpt, file: Option<&str>, paint: Paint) {
    let start = floor(&excerpt.text, excerpt.offset);
    let end = floor(&excerpt.text, start.saturating_add(excerpt.length.max(1)));
    let line_start = excerpt.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = excerpt.text[start..].find('\n').map_or(excerpt.text.len(), |at| start + at);
    let number = excerpt.text[..start].matches('\n').count() + 1;
    let column = excerpt.text[line_start..start].chars().count();
    let plain = |text: &str| -> String {
        text.chars().map(|letter| if is_steering(letter) { ' ' } else { letter }).collect()
    };
    // Lines that programs wrote may be endless; only what is next to the excerpt counts.
    let marked = plain(&excerpt.text[start..end.clamp(start, line_end)]);
    let before: String = {
        let tail: Vec<char> = excerpt.text[line_start..start].chars().rev().take(BESIDE_MAX + 1).collect();
        let cut = if tail.len() > BESIDE_MAX { "…" } else { "" };
        cut.chars()
            .chain(plain(&tail.iter().rev().skip(cut.chars().count()).collect::<String>()).chars())
            .collect()
    };
    let behind = cut(&plain(&excerpt.text[start..line_end]), BESIDE_MAX);
    let mark = width(&marked).clamp(1, width(&behind).max(1));
    let gutter = " ".repeat(number.to_string().len());
    if let Some(file) = file {
        write!(out, "\n{gutter}{} {}:{number}:{}", paint.blue("-->"), printable(file), column + 1).ok();
    }
    let bar = paint.blue("|");
    write!(
        out,
        "\n{gutter} {bar}\n{} {bar} {}",
        paint.blue(&number.to_string()),
        (before.clone() + &behind).trim_end()
    )
    .ok();
    write!(out, "\n{gutter} {bar} {}{}", " ".repeat(width(&before)), paint.red(&"^".repeat(mark))).ok();
}

/// The nearest character boundary at or before an offset that comes from elsewhere.
fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Answers `--help` and `--version` on stdout, and a command line that does not parse on stderr.
pub(crate) fn usage(io: &mut Io<'_>, error: &clap::Error, json: bool) -> Status {
    let colored = io.variable("NO_COLOR").is_none()
        && if error.use_stderr() { io.stderr_is_terminal } else { io.stdout_is_terminal };
    if let Some((verb, help)) = known_elsewhere(error) {
        let message = format!("there is no verb `{verb}`");
        return failure(io, &Failure::usage(message).with_help(help), json);
    }
    let rendered = error.render();
    let text = if colored { rendered.ansi().to_string() } else { rendered.to_string() };
    if !error.use_stderr() {
        return match io.stdout.write_all(text.as_bytes()) {
            Ok(()) => Status::Done,
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
    Status::Usage
}

/// A verb that other programs have, and what does here what it means.
fn known_elsewhere(error: &clap::Error) -> Option<(&str, &'static str)> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(verb)) => instead_of(verb).map(|help| (verb.as_str(), help)),
        _ => None,
    }
}

/// The first lines up to an empty one, as one: clap lists what is missing below the sentence that says so.
fn first_paragraph<'text>(lines: &mut impl Iterator<Item = &'text str>) -> String {
    let words: Vec<&str> = lines.map(str::trim).take_while(|line| !line.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
