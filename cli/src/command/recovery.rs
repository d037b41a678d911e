//! `recovery`: what became of one, and stopping it, going on with it, or going back.

use std::path::PathBuf;

use clap::Subcommand;
use engine::{Point, Store};
use ingest::apply::{
    RecoverySummary, StepOutcome, find, recoveries, recovery_steps, request_cancel, resume, undo_plan,
};
use ingest::graph::Access;

use crate::applying::{apply_plan, conclude, may_apply, on_conflict, request_of, with_progress};
use crate::args::Format;
use crate::args::recovery::{Applying, Conflict};
use crate::args::tenant::{Tenant, Waiting};
use crate::bridge::graph::{connect, until_interrupted};
use crate::error::{Failure, Outcome, Status};
use crate::heading;
use crate::output::html::{self, Script};
use crate::output::{json, markdown, recovery};
use crate::session::Session;
use crate::wait::{self, Work};
use crate::{plan_file, planning};

/// Shows, stops, resumes or undoes a recovery
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  entrasnap recoveries")]
pub(crate) enum Options {
    /// Shows a recovery and what became of each step
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Show(RecoveryId),
    /// Asks a recovery that runs elsewhere to stop
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Cancel(RecoveryId),
    /// Goes on with a recovery that was interrupted or cancelled
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Resume(Resume),
    /// Plans the opposite of a recovery, and applies it with `--yes`
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Undo(Undo),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RecoveryId {
    /// The recovery's ID, or the beginning of one
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) recovery: RecoveryId,
    /// What to do where something stands that is neither as planned nor as wanted
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Conflict::Skip)]
    pub(crate) on_conflict: Conflict,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Undo {
    #[command(flatten)]
    pub(crate) recovery: RecoveryId,
    /// The plan file to write
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    pub(crate) out: Option<PathBuf>,
    /// Applies it at once
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// To whom requests are sent, and which guards may be raised.
#[derive(Debug, clap::Args)]
pub(crate) struct Sending {
    /// Allows a guard by its name; `resume` also allows those that were allowed when it began
    #[arg(long, value_name = "GUARD", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// The tenant that is meant, where neither the plan nor its store says one
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// Shows, stops, resumes or undoes a recovery.
///
/// # Errors
/// When there is no such recovery, or the tenant cannot be reached.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    match options {
        Options::Show(typed) => show(session, &typed.id),
        Options::Cancel(typed) => cancel(session, &typed.id),
        Options::Resume(typed) => go_on(session, typed),
        Options::Undo(typed) => undo(session, typed),
    }
}

fn cancel(session: &mut Session<'_, '_>, typed: &str) -> Outcome {
    let id = request_cancel(&session.open()?, typed)?;
    session.note(&format!("recovery {id} was asked to stop; requests that left are waited for"));
    Ok(Status::Done)
}

fn go_on(session: &mut Session<'_, '_>, typed: &Resume) -> Outcome {
    may_apply(session)?;
    let Resume { recovery, on_conflict: way, sending } = typed;
    planning::check_allowed(&sending.allow)?;
    let connection = connect(session, &sending.tenant, Access::ReadWrite)?;
    let store = session.open()?;
    wait::until_free(session, &store, Work::Recovery, sending.waiting.wait)?;
    // What others did meanwhile counts.
    let mut store = session.open()?;
    let mut request = request_of(session, &store, &connection, &sending.allow)?;
    request.on_conflict = on_conflict(*way);
    request.tenant_id.clone_from(&sending.tenant_id);
    let summary = until_interrupted(session, &connection.cancel, |session| {
        with_progress(session, |progress| {
            resume(&mut store, &connection.client, &recovery.id, &request, progress)
        })
    })?;
    conclude(session, &store, &summary)
}

fn undo(session: &mut Session<'_, '_>, typed: &Undo) -> Outcome {
    let Undo { recovery, sending, .. } = typed;
    let store = session.open()?;
    let newest = store.resolve(&Point::Latest { back: 0 })?.id;
    let context = planning::context(session, &store, &newest, Default::default(), &sending.allow)?;
    let plan = undo_plan(&store, &recovery.id, &context)?;
    drop(store);
    if let Some(out) = &typed.out {
        plan_file::write(session, out, &plan)?;
    }
    if !typed.yes {
        plan_file::print(session, &plan)?;
        return Ok(Status::Done);
    }
    let reason = if typed.reason.is_empty() { format!("undo {}", recovery.id) } else { typed.reason.clone() };
    let tenant_id = sending.tenant_id.clone();
    let waiting = sending.waiting;
    let applying = Applying { yes: true, reason, tenant_id, waiting, ..Applying::default() };
    apply_plan(session, &plan, &applying, &sending.allow, &sending.tenant)
}

/// Shows a recovery: its head, and what became of each step.
fn show(session: &mut Session<'_, '_>, typed: &str) -> Outcome {
    let store = session.open()?;
    let id = find(&store, typed)?;
    let known = recoveries(&store)?.into_iter().find(|summary| summary.id == id);
    let summary =
        known.ok_or_else(|| Failure::new("invalid", Status::Failed, format!("no recovery {typed}")))?;
    let steps = recovery_steps(&store, &id)?;
    match session.format {
        Format::Json | Format::Ndjson => {
            let whole = recovery::whole(&summary, &steps);
            let text = if session.format == Format::Json {
                serde_json::to_string_pretty(&whole)
            } else {
                serde_json::to_string(&whole)
            };
            let text = text.expect("a recovery is plain data");
            session.print_text(&format!("{}\n", json::unsteering(&text)))?;
        }
        Format::Table => {
            session.print_text(&recovery::head(&summary))?;
            session.print_rows(&recovery::step_rows(&steps))?;
        }
        Format::Md | Format::Html => print_document(session, &store, &summary, &steps)?,
        _ => session.print_rows(&recovery::step_rows(&steps))?,
    }
    Ok(Status::Done)
}

/// Prints a recovery as a page or a document.
fn print_document(
    session: &mut Session<'_, '_>,
    store: &Store,
    summary: &RecoverySummary,
    steps: &[StepOutcome],
) -> Outcome<()> {
    let head = heading::of_recovery(store, summary, (session.io.now)());
    if session.format == Format::Html {
        return session.print_page(&head, Script::None, &mut |out| html::recovery_body(out, summary, steps));
    }
    let out = &mut *session.io.stdout;
    markdown::recovery_document(out, &head, summary, steps).map_err(Failure::output)
}
