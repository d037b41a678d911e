//! What went wrong, as people and scripts read it: message, help, exit status, JSON line.
//!
//! Errors of queries are drawn here, not by a crate: long lines are clipped, and characters that steer a terminal hidden.

use std::fmt::Write as _;
use std::path::Path;

use clap::error::ErrorKind;
use serde_json::{Map, Value};

use crate::Io;
use crate::engine_help::help_of_engine;
use crate::render::grid::width;

/// Most findings that are shown, one below the other.
const PLACES_MAX: usize = 20;
/// Most letters of a line that are shown on each side of where a finding begins.
const BESIDE_MAX: usize = 100;

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

impl Excerpt {
    fn span(&self) -> Value {
        serde_json::json!({"offset": self.offset, "length": self.length})
    }

    fn line(&self) -> usize {
        self.text[..floor(&self.text, self.offset)].matches('\n').count() + 1
    }
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

    /// A file operation that failed.
    pub(crate) fn file(action: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{action} {}: {error}", path.display());
        let failure = Self::new("disk", Status::FAILED, message).with_help(advice(error));
        Self { file: Some(path.display().to_string().into()), ..failure }
    }

    /// Data that could not be printed.
    #[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
    pub(crate) fn output(error: std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        let status = if silent { Status::DONE } else { Status::FAILED };
        Self { silent, ..Self::new("output", status, format!("cannot write the output: {error}")) }
    }

    /// The same, of what came after something was committed: whoever reads the exit status must not do it again.
    pub(crate) fn after(self, what: &str) -> Self {
        let message = format!("{what} is committed, but {}", self.message);
        Self { code: "committed", status: Status::WARNINGS, message, ..self }
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
            error.insert("span".into(), place.span());
        }
        if self.excerpts.len() > 1 {
            let findings = self.excerpts.iter().take(PLACES_MAX).map(|place| {
                serde_json::json!({"message": place.message, "help": place.help, "line": place.line(), "span": place.span()})
            });
            error.insert("findings".into(), findings.collect());
        }
        Value::Object(Map::from_iter([("error".to_owned(), Value::Object(error))])).to_string()
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&engine::Error> for Failure {
    fn from(error: &engine::Error) -> Self {
        use engine::Error as E;
        let (code, status) = match error {
            E::Disk { action, path, source } => {
                let failure = Self::file(action, path, source);
                let help = "restore this file from a copy; `entrasnap verify` says what else is wrong";
                return if is_missing_part(path, source) { failure.with_help(help) } else { failure };
            }
            E::Damaged { .. } => ("damaged", Status::FAILED),
            E::NoStore { .. } => ("noStore", Status::FAILED),
            E::NewerFormat { .. } => ("newerFormat", Status::FAILED),
            E::Locked { .. } => ("locked", Status::REFUSED),
            E::ReadOnly { .. } => ("readOnly", Status::REFUSED),
            E::OtherTenant { .. } => ("otherTenant", Status::REFUSED),
            E::OutOfOrder { .. } => ("outOfOrder", Status::REFUSED),
            E::Committed { .. } => ("committed", Status::WARNINGS),
            E::NoBackup { .. } => ("noBackup", Status::FAILED),
            E::Object { .. } => ("object", Status::FAILED),
            E::NoObject { .. } => ("noObject", Status::FAILED),
            E::Ambiguous { .. } => ("ambiguous", Status::FAILED),
            _ => ("invalid", Status::FAILED),
        };
        let file = match error {
            E::Damaged { path, .. } | E::NewerFormat { path, .. } => Some(path.display().to_string().into()),
            _ => None,
        };
        let help = help_of_engine(&error).unwrap_or_default();
        Self { file, ..Self::new(code, status, error.message()).with_help(help) }
    }
}

/// Whether a file is not there that a store made and never removes while it is needed.
fn is_missing_part(path: &Path, error: &std::io::Error) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    error.kind() == std::io::ErrorKind::NotFound
        && folder.is_some_and(|folder| folder == "segments" || folder == "manifests")
}

/// What to do when the operating system refuses a file operation; empty where its own words say it all.
fn advice(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "check the path; it, or a folder of it, is not there",
        K::PermissionDenied | K::ReadOnlyFilesystem => "check who owns it and what it permits",
        K::StorageFull | K::QuotaExceeded => "make room, then try again",
        K::IsADirectory => "name a file instead of a folder",
        K::NotADirectory => "check the path; a part of it is a file",
        _ => "",
    }
}

/// Says what went wrong on stderr, and returns the exit status.
pub(crate) fn failure(io: &mut Io<'_>, failure: &Failure, json: bool) -> u8 {
    if failure.silent {
        return failure.status;
    }
    let dumb = io.variable("TERM").is_some_and(|term| term == "dumb");
    let paint = Paint { is_on: io.stderr_is_terminal && io.variable("NO_COLOR").is_none() && !dumb };
    io.say(&human(failure, paint));
    if json {
        io.say(&crate::render::json::unsteering(&failure.json()));
    }
    failure.status
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

/// Message, place and help; of several findings, each has its own.
fn human(failure: &Failure, paint: Paint) -> String {
    let headline = |message: &str| format!("{}: {}", paint.red("error"), paint.bold(&printable(message)));
    let help = |text: &str| match text {
        "" => String::new(),
        text => format!("\n{}: {}", paint.bold("help"), printable(text)),
    };
    match &*failure.excerpts {
        [] => headline(&failure.message) + &help(&failure.help),
        [place] => {
            let mut text = headline(&failure.message);
            excerpt(&mut text, place, failure.file.as_deref(), paint);
            text + &help(&failure.help)
        }
        places => {
            let mut text = String::new();
            for place in places.iter().take(PLACES_MAX) {
                text.push_str(&headline(&place.message));
                excerpt(&mut text, place, failure.file.as_deref(), paint);
                text.push_str(&help(&place.help));
                text.push_str("\n\n");
            }
            let rest = places.len().saturating_sub(PLACES_MAX);
            let more = if rest == 0 { String::new() } else { format!("; the first {PLACES_MAX} are above") };
            text + &headline(&format!("{}{more}", failure.message))
        }
    }
}

/// Shows the line of the place, and marks the place under it.
fn excerpt(out: &mut String, place: &Excerpt, file: Option<&str>, paint: Paint) {
    let start = floor(&place.text, place.offset);
    let end = floor(&place.text, start.saturating_add(place.length.max(1)));
    let line_start = place.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = place.text[start..].find('\n').map_or(place.text.len(), |at| start + at);
    let number = place.text[..start].matches('\n').count() + 1;
    let column = place.text[line_start..start].chars().count();
    let plain = |text: &str| -> String {
        text.chars().map(|letter| if crate::render::is_steering(letter) { ' ' } else { letter }).collect()
    };
    // Lines that programs wrote may be endless; what stands next to the place is what counts.
    let marked = plain(&place.text[start..end.clamp(start, line_end)]);
    let before: String = {
        let tail: Vec<char> = place.text[line_start..start].chars().rev().take(BESIDE_MAX + 1).collect();
        let cut = if tail.len() > BESIDE_MAX { "…" } else { "" };
        cut.chars()
            .chain(plain(&tail.iter().rev().skip(cut.chars().count()).collect::<String>()).chars())
            .collect()
    };
    let behind = crate::render::grid::cut(&plain(&place.text[start..line_end]), BESIDE_MAX);
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
