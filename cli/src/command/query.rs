//! `query --check`: the text of a query, without a store.

use std::path::Path;

use crate::args::Query;
use crate::bridge;
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;

/// Parses a query.
///
/// # Errors
/// What is wrong with the text, each with its place; or that running queries is not built.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Query) -> Outcome {
    if !options.check {
        let help = "`entrasnap query --check` parses one; `diff`, `show` and `history` answer today";
        return Err(Failure::not_built("running a `query`", help));
    }
    let text = match (&options.text, &options.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(session, file)?,
        (None, None) => return Err(Failure::usage("expected a query, or -f FILE")),
    };
    let findings = bridge::query::check(&text);
    if findings.is_empty() {
        session.note("the query is well formed");
        return Ok(Status::DONE);
    }
    let message = match findings.as_slice() {
        [one] => one.message.clone(),
        several => format!("{} errors in the query", several.len()),
    };
    let help = findings.first().map(|first| first.help.clone()).unwrap_or_default();
    let file = options.file.as_ref().map(|file| file.display().to_string().into());
    let line = findings.first().map(|first| 1 + text[..first.offset].matches('\n').count() as u64);
    let failure = Failure::new("query", Status::USAGE, message).with_help(help);
    Err(Failure { file, line, excerpts: findings.into(), ..failure })
}

fn read(session: &mut Session<'_, '_>, file: &Path) -> Outcome<String> {
    if file.as_os_str() != "-" {
        let path = session.path(file);
        return std::fs::read_to_string(&path).map_err(|error| Failure::file("cannot read", &path, &error));
    }
    let mut text = String::new();
    let read = session.io.stdin.read_to_string(&mut text);
    read.map_err(|error| Failure::file("cannot read", file, &error))?;
    Ok(text)
}
