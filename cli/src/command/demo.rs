//! `demo`: the whole story in one command, each step as a person would type it.

use std::ffi::OsString;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::Io;
use crate::args::Demo;
use crate::bridge::tenant::{self, Story};
use crate::render::{self, counted};
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;

/// One step: why, in some lines, and what is typed.
struct Step {
    why: Vec<String>,
    typed: Vec<String>,
}

/// Writes a simulated tenant into a temporary folder, and runs the steps there.
///
/// # Errors
/// When the folder cannot be written, or a step fails.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Demo) -> Outcome {
    let folder = tempfile::Builder::new().prefix("entrasnap-demo-").tempdir();
    let temporary = std::env::temp_dir();
    let folder = folder.map_err(|error| Failure::file("cannot make a folder in", &temporary, &error))?;
    let story = tenant::write(folder.path(), options.objects, options.seed)?;
    let intro = format!(
        "A simulated tenant of {}, in a temporary store that goes away at the end.\n",
        counted(story.objects, "object")
    );
    render::raw(session, &intro)?;
    let last_midnight = midnight((session.io.now)());
    for step in steps(&story, last_midnight) {
        tell(session, folder.path(), &step)?;
    }
    render::raw(session, "\nThat was all. The same works on your own exports: entrasnap import FOLDER\n")?;
    Ok(Status::DONE)
}

fn midnight(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400).unwrap_or(now)
}

fn steps(story: &Story, last_midnight: Timestamp) -> Vec<Step> {
    let night_before = last_midnight - SignedDuration::from_hours(24);
    let (before, after) = (night_before.to_string(), last_midnight.to_string());
    let acts: Vec<String> = story.incident.iter().map(|act| format!("  - {act}")).collect();
    let incident = format!("At night, an intruder:\n{}", acts.join("\n"));
    let step = |why: &str, typed: &[&str]| Step {
        why: why.lines().map(str::to_owned).collect(),
        typed: typed.iter().map(|word| (*word).to_owned()).collect(),
    };
    vec![
        step(
            "The tenant as it was the night before last.",
            &["import", tenant::BEFORE, "--taken-at", &before],
        ),
        step(&incident, &["import", tenant::AFTER, "--taken-at", &after, "--note", "after"]),
        step("Which backups are there?", &["backups"]),
        step("What changed, in numbers?", &["diff", "latest~1", "--summary"]),
        step("What exactly, among the most interesting?", &["diff", "latest~1", "--types", &story.types]),
        step(
            "Which properties changed most often? Any question can be asked.",
            &[
                "query",
                "diff(\"latest~1\", \"latest\") | mv-expand a = attributes | summarize objects = count() by type, property = tostring(a.name) | top 5 by objects",
            ],
        ),
        step("Since when has this object looked like that?", &["history", &story.suspect]),
        step("Keep the difference for the ticket.", &["report", "create", "latest~1", "--name", "incident"]),
        step("Is every byte of the store what was written?", &["verify", "--deep"]),
        step("What does it cost?", &["stats"]),
    ]
}

/// Shows a command as a person would type it, and runs just that.
fn tell(session: &mut Session<'_, '_>, folder: &Path, step: &Step) -> Outcome<()> {
    let typed: Vec<String> = step.typed.iter().map(|word| quoted(word)).collect();
    let why = step.why.iter().map(|line| format!("# {}", render::printable(line)));
    let why = why.collect::<Vec<_>>().join("\n");
    let text = format!("\n{why}\n$ entrasnap {}\n", typed.join(" "));
    render::raw(session, &text)?;
    let args = std::iter::once("entrasnap").chain(step.typed.iter().map(String::as_str));
    let color = if session.look.color { "always" } else { "never" };
    let args = args.chain(["--color", color, "-o", "table", "--quiet"]).map(OsString::from);
    let io = &mut *session.io;
    let mut inner = Io {
        stdin: &mut std::io::empty(),
        stdout: &mut *io.stdout,
        stderr: &mut *io.stderr,
        stdin_is_terminal: false,
        stdout_is_terminal: true,
        stderr_is_terminal: io.stderr_is_terminal,
        width: io.width,
        height: io.height,
        current_dir: folder.to_owned(),
        now: io.now,
        environment: &|_| None,
        seed: io.seed,
        interrupt: io.interrupt,
    };
    match crate::run(args, &mut inner) {
        Status::DONE | Status::WARNINGS => Ok(()),
        status => Err(Failure::new("demo", status, format!("this step ended with exit status {status}"))),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~:/=,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
