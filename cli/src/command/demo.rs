//! `demo`: the whole story in one command, each step as a person would type it.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use engine::Store;
use engine::schema::TypeId;

use super::RunLine;
use crate::bridge::incident::DemoTenant;
use crate::bridge::scratch::Scratch;
use crate::error::{Failure, Outcome, Status};
use crate::io::Io;
use crate::output::text::{grouped, printable};
use crate::session::Session;

/// Runs the command lines of the demo.
struct DemoScript<'s> {
    folder: &'s Path,
    tenant: &'s DemoTenant,
    run_line: RunLine,
}

/// Tells the whole story on a simulated tenant, in a temporary store
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap demo --objects 2000")]
pub(crate) struct Options {
    /// Objects in the simulated tenant
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub(crate) objects: u32,
    /// The same seed gives the same tenant
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Serves a simulated tenant, and tells its story over HTTP.
///
/// # Errors
/// When the folder cannot be written, or a step fails.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options, run_line: RunLine) -> Outcome {
    let folder = Scratch::new();
    let temporary = std::env::temp_dir();
    let folder = folder.map_err(|error| Failure::file("cannot make a folder in", &temporary, &error))?;
    let tenant = DemoTenant::serve(options.objects, options.seed, (session.io.seed)())?;
    let intro = format!(
        "A simulated tenant of about {} objects, served as Microsoft Graph on this machine; the store goes away at the end.\n",
        grouped(options.objects.into())
    );
    session.print_text(&intro)?;
    let script = DemoScript { folder: folder.path(), tenant: &tenant, run_line };
    before(session, &script)?;
    let store = script.store(session)?;
    let incident = tenant.attack(&store)?;
    drop(store);
    let acts: Vec<String> = incident.acts.iter().map(|act| format!("  - {act}")).collect();
    after(session, &script, &format!("At night, an intruder\n{}", acts.join("\n")))?;
    tenant.move_user(&incident.victim.0, "Legal")?;
    recover(session, &script, &incident.victim.1)?;
    session.print_text(
        "\nThat was all. The same works on your own tenant: entrasnap setup, then entrasnap backup\n",
    )?;
    Ok(Status::Done)
}

fn before(session: &mut Session<'_, '_>, script: &DemoScript<'_>) -> Outcome<()> {
    script.show(session, "Everything there is, read through Graph.", &["backup", "--note", "before"])
}

fn after(session: &mut Session<'_, '_>, script: &DemoScript<'_>, incident: &str) -> Outcome<()> {
    script.show(session, incident, &["backup", "--note", "after"])?;
    script.show(session, "Which backups are there?", &["backups"])?;
    script.show(session, "What changed, in numbers?", &["diff", "latest~1", "--summary"])?;
    script.show(session, "What matters of it, by risk?", &["findings", "latest~1"])?;
    script.show(
        session,
        "What exactly, among the policies?",
        &["diff", "latest~1", "--types", TypeId::ConditionalAccessPolicy.token()],
    )?;
    let properties = "diff(\"latest~1\", \"latest\") | mv-expand a = attributes | summarize objects = count() by type, property = tostring(a.name) | top 5 by objects";
    script.show(
        session,
        "Which properties changed most often? Any question can be asked.",
        &["query", properties],
    )?;
    let secrets = "applications | where array_length(passwordCredentials) > 0 | join kind=leftanti applications(\"latest~1\") on id | project displayName, createdDateTime";
    script.show(session, "Which applications are new, and have a secret?", &["query", secrets])
}

fn recover(session: &mut Session<'_, '_>, script: &DemoScript<'_>, victim: &str) -> Outcome<()> {
    script.show(
        session,
        "How does it go back to what it was? A plan sends nothing.",
        &["plan", "latest~1", "latest", "--soft-delete", "--out", "plan.json"],
    )?;
    script.show(
        session,
        "What would happen? A rehearsal on a copy, with Graph's rules and limits.",
        &["apply", "plan.json", "--rehearse"],
    )?;
    script.show_refused(
        session,
        "Guards stop a plan that gives privileges or enables accounts, until each is allowed by name.",
        &["apply", "plan.json", "--yes"],
    )?;
    let why = format!(
        "Meanwhile the people of HR moved {victim} to Legal, which is right, so it must stay.\nThe guards were read, and are meant so. Now for real:"
    );
    script.show(
        session,
        &why,
        &[
            "apply",
            "plan.json",
            "--yes",
            "--reason",
            "incident 7",
            "--allow",
            "grants-privilege,re-enables-account",
        ],
    )?;
    script.show(
        session,
        "What is different now from before the incident?",
        &["backup", "--note", "recovered"],
    )?;
    script.show(session, "", &["diff", "latest~2", "latest"])?;
    script.show(
        session,
        "Who recovered what?",
        &["query", "recoveries | project status, reason, modifiedObjects, modifiedLinks, conflicts"],
    )?;
    let store = script.store(session)?;
    let recovery = ingest::apply::recoveries(&store)?.pop().map(|summary| summary.id).unwrap_or_default();
    drop(store);
    script.show(
        session,
        "Was it wrong? What a recovery did can be undone: this is the plan.",
        &["recovery", "undo", &recovery, "--out", "undo.json"],
    )?;
    script.show(session, "Is every byte of the store what was written?", &["verify", "--deep"])
}

impl DemoScript<'_> {
    /// The store that the commands wrote.
    fn store(&self, session: &Session<'_, '_>) -> Outcome<Store> {
        Ok(Store::open_on(Arc::clone(&session.io.disk), &self.folder.join("entrasnap.store"))?)
    }

    /// Shows a command as a person would type it, and runs just that.
    fn show(&self, session: &mut Session<'_, '_>, why: &str, typed: &[&str]) -> Outcome<()> {
        self.run_typed(session, why, typed, &[Status::Done, Status::Warnings])
    }

    /// As [`DemoScript::show`], of a command that is refused.
    fn show_refused(&self, session: &mut Session<'_, '_>, why: &str, typed: &[&str]) -> Outcome<()> {
        self.run_typed(session, why, typed, &[Status::Refused])
    }

    fn run_typed(
        &self,
        session: &mut Session<'_, '_>,
        why: &str,
        typed: &[&str],
        expected: &[Status],
    ) -> Outcome<()> {
        let shown: Vec<String> = typed.iter().map(|word| quoted(word)).collect();
        let why: Vec<String> = why.lines().map(|line| format!("# {}\n", printable(line))).collect();
        let gap = if why.is_empty() { "" } else { "\n" };
        session.print_text(&format!("{gap}{}$ entrasnap {}\n", why.concat(), shown.join(" ")))?;
        let args = std::iter::once("entrasnap").chain(typed.iter().copied());
        let color = if session.look.color { "always" } else { "never" };
        let args = args.chain(["--color", color, "-o", "table", "--quiet", "--no-pager"]).map(OsString::from);
        let mut inner = Io {
            stdin: &mut std::io::empty(),
            stdin_is_terminal: false,
            stdout_is_terminal: true,
            current_dir: self.folder.to_owned(),
            environment: &|name| self.tenant.variable(name),
            ..session.io.inner()
        };
        let status = (self.run_line)(args.collect(), &mut inner);
        if expected.contains(&status) {
            return Ok(());
        }
        let message = format!("this step ended with exit status {}", u8::from(status));
        Err(Failure::new("demo", status, message))
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
